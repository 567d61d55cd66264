// Reclaim gives seats back. It is a dry run unless -apply is given: it shows what
// it would do and changes nothing.
//
//	go -C examples run ./reclaim
//	go -C examples run ./reclaim -apply leaver@example.com
//	go -C examples run ./reclaim -apply -method downgrade idle@example.com other@example.com
//
// Users are named by e-mail address or id, after the flags; put -- before an id
// that begins with "-". The method deactivate, the default, blocks the sign-in and
// takes away all licences; downgrade makes the user Basic.
//
// The owner, admins and others that [zoom.UsersService.Reclaim] protects are never
// changed. A user who cannot be reclaimed does not stop the run; an error that
// would come back for everybody does, and the rest is not tried. The exit status
// is 0 only if every user was reclaimed, or had no seat, or would be in a dry run.
//
// The scopes are user:read:admin and user:write:admin. The environment says which
// account: see [cli.Account]; without credentials it is an invented one, and if no
// user is named some of it are chosen.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.Flags("reclaim", "[flags] user ...")
	account := cli.AccountFlags(flags)
	apply := flags.Bool("apply", false, "change the users; without it this is a dry run")
	var method zoom.ReclaimMethod // its zero value deactivates
	flags.Func("method", "`deactivate` (the default) or downgrade", func(s string) error {
		method = slices.IndexFunc...
		return nil
	})
	return nil
}
