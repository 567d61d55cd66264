// Roster lists everybody who has an account: licence, status and last sign-in,
// and how many hold which licence.
//
//	go -C examples run ./roster
//	go -C examples run ./roster -format csv -include-free yes
//	go -C examples run ./roster -format json -status active,inactive -o roster.json
//
// Free users (Basic ones, and those without any meetings licence) are left out, and
// counted as left out, unless -include-free says yes.
//
// A roster is complete or it is an error. With -o the file of yesterday stays
// until the new roster is complete; without it the rows are printed as they come,
// and the exit status says whether they are all. The scope is user:read:admin. The
// environment says which account: see [cli.Account]; without credentials it is an
// invented one.
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
	var setting zoom.Classifier // its zero value leaves free users out
	flags.Func("include-free", "list free users too, `yes or no`; no is the default", func(s string) (err error) {
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
	return rows.Commit(stderr, summary(licenses, leftOut))
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

func name(u *zoom.User) string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// summary has a line for each licence that somebody holds.
func summary(s zoom.LicenseSummary, leftOut int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d users\n", s.Total, s.Total+leftOut)
	for _, line := range []struct {
		count int
		what  string
	}{
		{s.Licensed, "Licensed"}, {s.OnPrem, "On-Prem"}, {s.Basic, "Basic"}, {s.Unassigned, "Unassigned"}, {s.None, "None"},
		{s.Unknown, "Unknown"}, {s.Pending, "pending"}, {s.Inactive, "deactivated, of these"}, {s.Bundles, "with a bundle, of these"},
		{leftOut, "free users are left out; -include-free yes lists them"},
	} {
		if line.count > 0 {
			fmt.Fprintf(&b, "%7d %s\n", line.count, line.what)
		}
	}
	return b.String()
}
