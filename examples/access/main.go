// Access shows who hosted and who joined meetings on the last days, from the
// reports of an account.
//
//	go -C examples run ./access -demo
//	go -C examples run ./access -days 90 -format csv -o access.csv
//	go -C examples run ./access -meetings
//
// The window is of whole days in UTC and ends yesterday, because reports lag. The
// columns: meetings hosted, meetings of others joined, minutes in meetings (those
// at which somebody was in two at once count once), when the last one was left.
// Zoom's reports go back six months and tell the participants only of meetings
// with two or more; nobody is in the output who did neither, and that alone is no
// proof that a licence is not used.
//
// With -meetings there is a row for each person and meeting, oldest first, with the
// role (hosted or joined) and the minutes of the person in it: 0 for a host who was
// not there or of whose meeting no participants were read. Meetings that were hosted
// but have no row, such as those nobody else came to, are counted below.
//
// Reports are expensive: there is one request for each host and one for each
// meeting, about -limit of them at most, and what was left out for that is said.
//
// The credentials of a server-to-server OAuth app are in ZOOM_ACCOUNT_ID,
// ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or an access token is in
// ZOOM_ACCESS_TOKEN. The scopes are user:read:admin and report:read:admin, or
// granular user:read:list_users:admin, report:read:list_users:admin,
// report:read:user:admin and report:read:list_meeting_participants:admin. With -demo the
// account is an invented one inside the program, and every row says so.
//
// The exit status is 0 for a complete result, 1 for one that failed or that -limit cut
// short, 2 for wrong flags or missing credentials. A result that was cut short is printed
// and says so; it replaces no file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
	"github.com/seatkit/zoom/examples/internal/output"
)

const (
	defaultDays  = 30
	maxDays      = 180   // less than the six months of the reports
	defaultLimit = 5_000 // of the 30,000 heavy requests that a Pro account has a day
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.Flags("access", "[flags]")
	account := cli.AccountFlags(flags)
	out := output.Flags(flags)
	days := flags.Int("days", defaultDays, "the last `days`, yesterday included, at most 180")
	limit := flags.Int("limit", defaultLimit, "begin no listing after so many report `requests`; 0: no limit")
	byMeeting := flags.Bool("meetings", false, "a row for each person and meeting")
	setting := zoom.Classifier{IncludeFreeUsers: true}
	flags.Func("include-free", "show free users too, `yes or no`; yes is the default, a blank means no", func(s string) (err error) {
		setting.IncludeFreeUsers, err = zoom.ParseIncludeFreeUsers(s)
		return err
	})
	if err := cli.Parse(flags, args, stderr); err != nil {
		return err
	}
	if err := cli.NoArguments(flags); err != nil {
		return err
	}
	if *days < 1 || *days > maxDays || *limit < 0 {
		return cli.Usagef("want -days from 1 to %d and no negative -limit", maxDays)
	}

	r := &reader{limit: *limit, to: time.Now().UTC().AddDate(0, 0, -1)}
	r.from = r.to.AddDate(0, 0, 1-*days)
	client, err := account.Connect(stderr, zoom.WithTrace(&zoom.Trace{Start: r.countReports}))
	if err != nil {
		return err
	}
	defer account.Close()
	columns, write := personColumns, writePerson
	if *byMeeting {
		columns, write = meetingColumns, writeMeetings
	}
	out.Demo = account.Demo
	rows, err := out.Open(stdout, columns...)
	if err != nil {
		return err
	}
	defer rows.Close()

	r.client, r.progress = client, cli.NewProgress(stderr, nil)
	defer r.progress.Clear()
	people, err := r.read(ctx)
	r.progress.Clear()
	if err != nil {
		return err // nothing was written: half an answer would look like people who do nothing
	}
	shown, leftOut, unlisted := 0, 0, 0
	for _, p := range people {
		switch {
		case p.hosted == 0 && p.joined == 0:
			continue
		case !setting.Includes(p.user):
			leftOut++
			continue
		}
		shown++
		unlisted += p.unlisted()
		if err := write(rows, p); err != nil {
			return err
		}
	}
	summary := fmt.Sprintf("%s to %s: %d people hosted or joined, in %d meetings with participants.\n",
		r.from.Format(time.DateOnly), r.to.Format(time.DateOnly), shown, r.meetings)
	if leftOut > 0 {
		summary += fmt.Sprintf("%d free users who did are left out.\n", leftOut)
	}
	if *byMeeting && unlisted > 0 {
		summary += fmt.Sprintf("Without a row: %d meetings that these people hosted.\n", unlisted)
	}
	if r.unreadHosts+r.unreadMeetings == 0 {
		return rows.Commit(stderr, summary+r.gaps())
	}
	if err := rows.CommitPart(stderr, summary+r.gaps()); err != nil {
		return err
	}
	return errors.New("the result is incomplete: -limit was reached")
}
