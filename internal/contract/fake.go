package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// How large the company of the fake is, and how much of it is looked at.
const (
	fakeUsers    = 120
	fakeSeed     = 7
	fakePageSize = 50
	fakeMeetings = 40
	fakeWrites   = 16
)

// checkFake runs the client over Prism's validating proxy in front of zoomtest.
// The proxy runs without --errors: it lets every answer through and writes its
// findings into a header, so that a known defect does not hide what comes after.
func checkFake(ctx context.Context, p *report, command []string, d *description, file string) error {
	fake := zoomtest.NewServer(zoomtest.WithUsers(fakeUsers, fakeSeed))
	defer fake.Close()
	proxy, err := startPrism(ctx, command, "proxy", file, fake.URL())
	if err != nil {
		return err
	}
	defer proxy.stop()
	rec, client, err := newClient(d, proxy.url, zoom.StaticToken(fake.IssueToken()))
	if err != nil {
		return err
	}
	p.heading("zoomtest behind Prism's validating proxy:")
	w := &walker{rec: rec, p: p, meetings: map[string]int64{}}
	to := fake.Now().AddDate(0, 0, -1)
	all := subject{client: client, from: to.AddDate(0, 0, -20), to: to, pageSize: fakePageSize, wholeList: true}

	users, err := client.Users.Roster(nil).Collect(ctx)
	if err != nil {
		return fmt.Errorf("the roster: %w", err)
	}
	people := subjects(all, users)
	var later []call
	for _, c := range reads() {
		switch {
		case c.mock:
		case c.needs == nil:
			w.run(ctx, &c, []subject{all})
		case c.needs(&people[0]):
			w.run(ctx, &c, people)
		default:
			later = append(later, c) // needs a meeting: the calls above find some
		}
	}
	for _, c := range later {
		w.run(ctx, &c, w.meetingSubjects(all))
	}
	some := subjects(all, oneOfEach(users))
	for _, c := range append(writes(), updates(d)...) {
		if !c.mock {
			w.run(ctx, &c, some[:min(fakeWrites, len(some))])
		}
	}
	fake.SetQuirks(zoomtest.Quirks{StatusCode: http.StatusNoContent})
	for _, c := range refusals(client, people[0].user) {
		w.run(ctx, &c, []subject{all})
	}
	return ctx.Err()
}

// A walker runs calls over many subjects and remembers the meetings it meets.
type walker struct {
	rec      *recorder
	p        *report
	meetings map[string]int64 // UUID to number
}

func (w *walker) run(ctx context.Context, c *call, over []subject) {
	r := newResult(c.name)
	done := false
	for i := range over {
		if ctx.Err() != nil {
			return // told by checkFake
		}
		w.rec.begin(nil)
		out, err := c.run(ctx, &over[i])
		r.absorb(w.rec.take(), &w.p.found)
		switch {
		case err == nil:
			done = true
			if out != nil && out.key != "" {
				r.items += len(out.values)
			}
			w.meet(out)
		case refused(err):
			r.refused++
		default:
			r.problem("ended in %v", err)
		}
	}
	if !done && len(r.problems) == 0 {
		r.problem("never succeeded")
	}
	w.p.add(r)
}

// meet takes the meetings out of what a call found.
func (w *walker) meet(out *outcome) {
	if out == nil {
		return
	}
	for _, value := range out.values {
		switch m := value.(type) {
		case *zoom.Meeting:
			w.meetings[m.UUID] = m.ID
		case *zoom.ReportMeeting:
			w.meetings[m.UUID] = m.ID
		}
	}
}

// meetingSubjects gives the meetings that were met, those first whose UUID has a
// slash.
func (w *walker) meetingSubjects(base subject) []subject {
	uuids := slices.Sorted(maps.Keys(w.meetings))
	slices.SortStableFunc(uuids, func(a, b string) int {
		return strings.Count(b, "/") - strings.Count(a, "/")
	})
	var over []subject
	for _, uuid := range uuids[:min(fakeMeetings, len(uuids))] {
		s := base
		s.uuid, s.meeting = uuid, w.meetings[uuid]
		over = append(over, s)
	}
	return over
}

// refused reports whether an error is one of those that every account has:
// unknown, not allowed, protected.
func refused(err error) bool {
	if errors.Is(err, zoom.ErrProtected) {
		return true
	}
	var e *zoom.Error
	return errors.As(err, &e) && (e.StatusCode == http.StatusBadRequest || e.StatusCode == http.StatusNotFound)
}

func subjects(base subject, users []*zoom.User) []subject {
	var over []subject
	for _, u := range users {
		if u.ID != "" {
			s := base
			s.user = u.ID
			over = append(over, s)
		}
	}
	return over
}

// oneOfEach picks a user for each combination of licence, status and role.
func oneOfEach(users []*zoom.User) []*zoom.User {
	seen := map[string]bool{}
	var picked []*zoom.User
	for _, u := range users {
		kind := fmt.Sprint(zoom.LicenseOf(u), u.Status, u.RoleID)
		if !seen[kind] {
			seen[kind] = true
			picked = append(picked, u)
		}
	}
	return picked
}

// refusals are calls that have to end in a certain error, and writes that Zoom is
// known to answer in a second way.
func refusals(client *zoom.Client, user string) []call {
	ends := func(name string, want error, do func(ctx context.Context) error) call {
		return call{name: name, run: func(ctx context.Context, _ *subject) (*outcome, error) {
			err := do(ctx)
			if !errors.Is(err, want) {
				return nil, fmt.Errorf("not %w: %w", want, err)
			}
			return &outcome{}, nil
		}}
	}
	return []call{
		ends("refused: unknown user", zoom.ErrNotFound, func(ctx context.Context) error {
			_, err := client.Users.Get(ctx, "nobody@example.com")
			return err
		}),
		ends("refused: unknown meeting", zoom.ErrNotFound, func(ctx context.Context) error {
			_, err := client.Meetings.Instances(ctx, 1)
			return err
		}),
		ends("refused: unknown UUID with slashes", zoom.ErrNotFound, func(ctx context.Context) error {
			_, err := client.Reports.Participants("/no//such+meeting==", nil).Page(ctx, "")
			return err
		}),
		ends("refused: page token of another listing", zoom.ErrPageTokenExpired, func(ctx context.Context) error {
			_, err := client.Users.List(nil).Page(ctx, "b43YBRLJFg3V4vsSpxvGdKIGtNbxn9h9If2")
			return err
		}),
		ends("204 for PUT status", nil, func(ctx context.Context) error {
			return client.Users.Activate(ctx, user)
		}),
	}
}
