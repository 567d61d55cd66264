package main

import (
	"context"
	"net/url"
	"time"

	"github.com/seatkit/zoom"
)

// others are reads that the client does not model and the fake does, through
// Client.Do: for the sake of the fake's answers.
func others() []call {
	user := func(s *subject) []string { return []string{s.user} }
	uuid := func(s *subject) []string { return []string{s.uuid} }
	fixed := func(values ...string) func(*subject) []string {
		return func(*subject) []string { return values }
	}
	days := func(s *subject) url.Values {
		return url.Values{"from": {s.from.Format(time.DateOnly)}, "to": {s.to.Format(time.DateOnly)}, "type": {"past"}}
	}
	return []call{
		do("/users/{userId}/permissions", hasUser, user, nil),
		do("/users/{userId}/settings", hasUser, user, nil),
		do("/users/{userId}/upcoming_meetings", hasUser, user, nil),
		do("/users/email", hasUser, fixed(), func(s *subject) url.Values { return url.Values{"email": {s.email}} }),
		do("/groups", nil, fixed(), nil),
		do("/roles", nil, fixed(), nil),
		do("/roles/{roleId}/members", nil, fixed(zoom.RoleMember), nil),
		do("/past_meetings/{meetingId}", hasUUID, uuid, nil),
		do("/past_meetings/{meetingId}/participants", hasUUID, uuid, nil),
		do("/report/meetings/{meetingId}", hasUUID, uuid, nil),
		do("/metrics/meetings", nil, fixed(), days),
	}
}

func do(path string, needs func(*subject) bool, values func(*subject) []string, query func(*subject) url.Values) call {
	return call{name: "Client.Do " + path, needs: needs, run: func(ctx context.Context, s *subject) (*outcome, error) {
		request := &zoom.Request{Path: path, PathValues: values(s)}
		if query != nil {
			request.Query = query(s)
		}
		var answer object
		return none(s.client.Do(ctx, request, &answer))
	}}
}
