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
)

// checkFake runs the client over Prism's validating proxy in front of zoomtest.
// The proxy runs without --errors: it lets every answer through and writes its
// findings into a header, so that a known defect does not hide what comes after.
func checkFake(ctx context.Context, p *report, command []string, d *description, file string) error {
	fake := zoomtest.NewServer(zoomtest.WithUsers(fakeUsers, fakeSeed))
	defer fake.Close()
	fake.AddUser(oddity())
	proxy, err := startPrism(ctx, command, "proxy", file, fake.URL())
	if err != nil {
		return err
	}
	defer proxy.stop()
	rec := newRecorder(d)
	client, err := newClient(rec, proxy.url, fake.IssueToken())
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
	for _, c := range slices.Concat(reads(), others()) {
		switch {
		case c.needs == nil:
			w.run(ctx, &c, []subject{all})
		case c.needs(&subject{meeting: 1, uuid: "1"}):
			later = append(later, c) // the calls before find the meetings
		default:
			w.run(ctx, &c, people)
		}
	}
	for _, c := range later {
		w.run(ctx, &c, w.meetingSubjects(all))
	}
	changes := slices.Concat(writes(), updates(d))
	for i, c := range changes {
		var share []subject // people whom no other call has changed
		for j := i; j < len(people); j += len(changes) {
			share = append(share, people[j])
		}
		w.run(ctx, &c, share)
	}
	for _, c := range oddAnswers(fake, rec, proxy.url) {
		w.run(ctx, &c, []subject{all})
	}
	return ctx.Err()
}

// oddity is a user as Zoom sends them in spite of its description.
func oddity() zoom.User {
	return zoom.User{
		Email: "oddity@example.com", Type: 42, Status: zoom.StatusActive, RoleID: zoom.RoleMember,
		FirstName: "Odd", LastName: "Ity", LastLoginTime: new(zoom.Time),
		LicenseInfoList: []zoom.LicenseInfo{{LicenseType: "ZOOM_WORKPLACE_BUNDLE", LicenseOption: 1 << 59, SubscriptionID: "SUBREF-1"}},
	}
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
		if c.needs != nil && !c.needs(&over[i]) {
			continue
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
		if u.ID == "" {
			continue
		}
		s := base
		s.user, s.email = u.ID, u.Email
		if len(u.GroupIDs) > 0 {
			s.group = u.GroupIDs[0]
		}
		over = append(over, s)
	}
	return over
}
