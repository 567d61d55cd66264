package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
)

// A reader gathers who did what between two days.
type reader struct {
	client   *zoom.Client
	progress *cli.Progress
	from, to time.Time // both included
	limit    int       // 0: none

	byID, byEmail map[string]*person
	requests      int // of reports
	meetings      int // whose participants were read

	unreadHosts, unreadMeetings int // for want of requests
	goneHosts, goneMeetings     int // Zoom has no report of them, or not yet
	guests                      int // stays of people who are not in the account
}

// countReports is a hook that sees each request.
func (r *reader) countReports(ctx context.Context, call zoom.CallInfo) context.Context {
	if call.Class == zoom.ClassHeavy {
		r.requests++
	}
	return ctx
}

func (r *reader) spent() bool { return r.limit > 0 && r.requests >= r.limit }

// read returns everybody in the account, those with the most meetings first.
func (r *reader) read(ctx context.Context) ([]*person, error) {
	people, err := r.readRoster(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the roster: %w", err)
	}
	hosts, err := r.readHosts(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading who hosted: %w", err)
	}
	for i, id := range hosts {
		r.progress.Show("host %d of %d, %d meetings", i+1, len(hosts), r.meetings)
		if r.spent() {
			r.unreadHosts = len(hosts) - i
			break
		}
		if err := r.readMeetings(ctx, id); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(people, func(a, b *person) int {
		return cmp.Or(b.hosted+b.joined-a.hosted-a.joined, strings.Compare(a.user.Email, b.user.Email))
	})
	return people, nil
}

func (r *reader) readRoster(ctx context.Context) ([]*person, error) {
	r.byID, r.byEmail = map[string]*person{}, map[string]*person{}
	var people []*person
	for user, err := range r.client.Users.Roster(nil).All(ctx) {
		if err != nil {
			return nil, err
		}
		p := &person{user: user}
		people = append(people, p)
		r.byID[user.ID], r.byEmail[addressKey(user.Email)] = p, p
	}
	delete(r.byID, "") // pending users have no id
	delete(r.byEmail, "")
	return people, nil
}

// readHosts returns the ids of those who hosted. The report has a row for each
// host and month.
func (r *reader) readHosts(ctx context.Context) ([]string, error) {
	var ids []string
	seen := map[string]bool{}
	for host, err := range r.client.Reports.Hosts(&zoom.HostsOptions{From: r.from, To: r.to}).All(ctx) {
		if err != nil {
			return nil, err
		}
		if p := r.find(host.ID, host.Email); p != nil {
			p.hosted += host.Meetings
		}
		if !seen[host.ID] {
			seen[host.ID] = true
			ids = append(ids, host.ID)
		}
	}
	return ids, nil
}

func (r *reader) readMeetings(ctx context.Context, hostID string) error {
	meetings, err := r.client.Reports.UserMeetings(hostID, &zoom.UserMeetingsOptions{From: r.from, To: r.to}).Collect(ctx)
	if errors.Is(err, zoom.ErrNotFound) { // deleted since
		r.goneHosts++
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the meetings of a host: %w", err)
	}
	host := r.byID[hostID]
	for _, meeting := range meetings {
		if host != nil {
			host.visit(meeting, hosted)
		}
		if r.spent() {
			r.unreadMeetings++
			continue
		}
		if err := r.readParticipants(ctx, meeting); err != nil {
			return err
		}
	}
	return nil
}

// readParticipants adds the stays in one meeting. A person has a row for each
// join, device and breakout room.
func (r *reader) readParticipants(ctx context.Context, meeting *zoom.ReportMeeting) error {
	stays, err := r.client.Reports.Participants(meeting.UUID, nil).Collect(ctx)
	if errors.Is(err, zoom.ErrNotFound) { // not ready, or expired
		r.goneMeetings++
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the participants of a meeting: %w", err)
	}
	r.meetings++
	for _, stay := range stays {
		if stay.Status == zoom.ParticipantInWaitingRoom { // no attendance
			continue
		}
		p := r.find(stay.ParticipantUserID, stay.UserEmail)
		if p == nil {
			r.guests++
			continue
		}
		p.visit(meeting, joined).add(stay) // the host has a visit already
	}
	return nil
}

// find returns nil for people who are not in the account.
func (r *reader) find(id, email string) *person {
	if p := r.byID[id]; p != nil {
		return p
	}
	return r.byEmail[addressKey(email)]
}

// addressKey makes the letters of ASCII small: in any other letter two addresses differ.
func addressKey(email string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, email)
}

// gaps says what is not in the numbers.
func (r *reader) gaps() string {
	var b strings.Builder
	if r.guests > 0 {
		fmt.Fprintf(&b, "Not counted: %d stays of people who are not in the account.\n", r.guests)
	}
	if r.goneHosts+r.goneMeetings > 0 {
		fmt.Fprintf(&b, "Zoom has no report, or none yet, of %d hosts and %d meetings.\n", r.goneHosts, r.goneMeetings)
	}
	if r.unreadHosts+r.unreadMeetings > 0 {
		fmt.Fprintf(&b, "INCOMPLETE: after -limit %d requests the meetings of %d hosts and the participants of %d meetings were left out;\n"+
			"joined, minutes and last seen are too low, and rows that only those would tell of are missing.\n",
			r.limit, r.unreadHosts, r.unreadMeetings)
	}
	return b.String()
}
