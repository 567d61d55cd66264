// Reclaim gives seats back. It is a dry run unless -apply is given: it shows what
// it would do and changes nothing.
//
//	go -C examples run ./reclaim -demo
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
// is 0 only if every user was reclaimed, or had no seat, or would be in a dry run; it is
// 2 for wrong flags or missing credentials, and else 1.
//
// The credentials of a server-to-server OAuth app are in ZOOM_ACCOUNT_ID,
// ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or an access token is in
// ZOOM_ACCESS_TOKEN. With -demo the account is an invented one inside the program, of
// which some users are chosen if none is named. The scopes are user:read:admin,
// user:write:admin and, for the look for meetings, meeting:read:admin; the granular ones
// are those of [zoom.TaskReclaim]: see [zoom.Task.Scopes].
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.Flags("reclaim", "[flags] user ...")
	account := cli.AccountFlags(flags)
	apply := flags.Bool("apply", false, "change the users; without it this is a dry run")
	method := zoom.ReclaimDeactivate
	flags.Func("method", "the `method`: deactivate (the default) or downgrade", func(s string) error {
		return method.UnmarshalText([]byte(s))
	})
	if err := cli.Parse(flags, args, stderr); err != nil {
		return err
	}
	if err := cli.FlagsFirst(flags); err != nil {
		return err
	}

	client, err := account.Connect(stderr)
	if err != nil {
		return err
	}
	defer account.Close()
	if account.Demo {
		if _, err := io.WriteString(stdout, "DEMO: all of these people are invented.\n"); err != nil {
			return err
		}
	}
	users := flags.Args()
	switch {
	case len(users) > 0:
	case account.Demo:
		cli.Printf(stderr, "No user is named: these have a licence and the oldest sign-ins.\n")
		users, err = chooseUsers(ctx, client, method)
		if err != nil {
			return err
		}
	default:
		return cli.Usagef("name the users to reclaim, by e-mail address or id")
	}
	if !*apply {
		cli.Printf(stderr, "Dry run: nothing is changed without -apply.\n")
	}

	failed := 0
	for i, user := range users {
		result, err := client.Users.Reclaim(ctx, user, method, &zoom.ReclaimOptions{DryRun: !*apply})
		if err := report(stdout, user, result, err); err != nil {
			return fmt.Errorf("stopped, %d of %d users were not tried: %w", len(users)-i-1, len(users), err)
		}
		if err != nil {
			failed++
		}
		if zoom.StopsRun(err) {
			return fmt.Errorf("stopped, %d of %d users were not tried: %w", len(users)-i-1, len(users), err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d users cannot be reclaimed or were not", failed, len(users))
	}
	return nil
}
