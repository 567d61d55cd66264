// Roster lists everybody who has an account: licence, status and last sign-in,
// and how many hold which licence.
//
//	go -C examples run ./roster -demo
//	go -C examples run ./roster -format csv -include-free no
//	go -C examples run ./roster -format json -status active,inactive -o roster.json
//
// With -include-free no, free users (Basic ones, and those without any meetings
// licence) are left out, and counted as left out.
//
// A roster is complete or it is an error. With -o the file of yesterday stays
// until the new roster is complete; without it the rows are printed as they come,
// and the exit status says whether they are all.
//
// The credentials of a server-to-server OAuth app are in ZOOM_ACCOUNT_ID,
// ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or an access token is in
// ZOOM_ACCESS_TOKEN. The scope is user:read:admin. With -demo the account is an invented
// one inside the program, and every row says so.
//
// The exit status is 0 for a complete roster, 1 for one that failed or is incomplete, 2
// for wrong flags or missing credentials.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
	"github.com/seatkit/zoom/examples/internal/output"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.Flags("roster", "[flags]")
	account := cli.AccountFlags(flags)
	out := output.Flags(flags)
	setting := zoom.Classifier{IncludeFreeUsers: true}
	flags.Func("include-free", "list free users too, `yes or no`; yes is the default, a blank means no", func(s string) (err error) {
		setting.IncludeFreeUsers, err = zoom.ParseIncludeFreeUsers(s)
		return err
	})
	var opts zoom.RosterOptions // its zero value means all statuses
	flags.Func("status", "only users of these `statuses`, some of active,inactive,pending; all is the default", func(s string) (err error) {
		opts.Statuses, err = parseStatuses(s)
		return err
	})
	if err := cli.Parse(flags, args, stderr); err != nil {
		return err
	}
	if err := cli.NoArguments(flags); err != nil {
		return err
	}

	client, err := account.Connect(stderr)
	if err != nil {
		return err
	}
	defer account.Close()
	out.Demo = account.Demo
	rows, err := out.Open(stdout, "email", "name", "dept", "license", "status", "last_sign_in", "id")
	if err != nil {
		return err
	}
	defer rows.Close()
	progress := cli.NewProgress(stderr, rows.Live())
	defer progress.Clear()

	var licenses zoom.LicenseSummary
	leftOut := 0
	for user, err := range client.Users.Roster(&opts).All(ctx) {
		if err != nil {
			progress.Clear()
			return fmt.Errorf("the roster is incomplete: %w", err)
		}
		if !setting.Includes(user) {
			leftOut++
			continue
		}
		licenses.Add(user)
		progress.Show("%d users", licenses.Total+leftOut)
		err := rows.Row(user.Email, name(user), user.Dept, zoom.LicenseOf(user).String(), user.Status, user.LastLoginTime.Time(), user.ID)
		if err != nil {
			return err
		}
	}
	progress.Clear()
	return rows.Commit(stderr, summary(licenses, leftOut, opts.Statuses))
}

// parseStatuses keeps the order in which a roster misses nobody who moves from one
// status to another while it is read.
func parseStatuses(list string) ([]zoom.UserStatus, error) {
	all := []zoom.UserStatus{zoom.StatusPending, zoom.StatusActive, zoom.StatusInactive}
	var asked []zoom.UserStatus
	for word := range strings.SplitSeq(list, ",") {
		status := zoom.UserStatus(strings.ToLower(strings.TrimSpace(word)))
		if !slices.Contains(all, status) {
			return nil, errors.New("want active, inactive, pending or some of them, with commas between")
		}
		asked = append(asked, status)
	}
	return slices.DeleteFunc(all, func(s zoom.UserStatus) bool { return !slices.Contains(asked, s) }), nil
}
