package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// A subject is whom and what a call asks about.
type subject struct {
	client    *zoom.Client
	user      string // id
	email     string
	group     string
	meeting   int64
	uuid      string
	from, to  time.Time
	pageSize  int
	wholeList bool // every page of a listing, else the first one
}

// An outcome is what the client made of the last answer.
type outcome struct {
	key    string // under which the items of a listing stand in the JSON; empty: the body is the value
	values []any
	page   any // the envelope of a listing, where it was one page
}

// A call is one use of one method of the client.
type call struct {
	name  string
	needs func(s *subject) bool // nil: nothing beyond the window
	run   func(ctx context.Context, s *subject) (*outcome, error)
	want  object // the body that has to leave; nil: whatever
	user  object // what the user of the mock is, where the example will not do; writes change it
}

func hasUser(s *subject) bool    { return s.user != "" }
func hasGroup(s *subject) bool   { return s.group != "" }
func hasMeeting(s *subject) bool { return s.meeting != 0 }
func hasUUID(s *subject) bool    { return s.uuid != "" }

// envelope has the members of a page as Zoom writes them.
type envelope struct {
	NextPageToken string `json:"next_page_token"`
	PageSize      int    `json:"page_size"`
	TotalRecords  int    `json:"total_records"`
}

func list[T any](ctx context.Context, s *subject, key string, l *zoom.List[T]) (*outcome, error) {
	out := &outcome{key: key}
	var items []T
	if s.wholeList {
		all, err := l.Collect(ctx)
		if err != nil {
			return nil, err
		}
		items = all
	} else {
		page, err := l.Page(ctx, "") // exactly one request: the mock's page token never ends
		if err != nil {
			return nil, err
		}
		items = page.Items
		out.page = envelope{page.NextPageToken, page.PageSize, page.TotalRecords}
	}
	for _, item := range items {
		out.values = append(out.values, item)
	}
	return out, nil
}

// joined is for a listing that joins several of Zoom's: its page tokens are the
// client's own.
func joined(out *outcome, err error) (*outcome, error) {
	if out != nil {
		out.page = nil
	}
	return out, err
}

func one(value any, err error) (*outcome, error) {
	if err != nil {
		return nil, err
	}
	return &outcome{values: []any{value}}, nil
}

func none(err error) (*outcome, error) {
	if err != nil {
		return nil, err
	}
	return &outcome{}, nil
}

// reads are the calls that change nothing.
func reads() []call {
	calls := []call{
		{name: "Users.Get", needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return one(s.client.Users.Get(ctx, s.user))
		}},
		{name: "Users.Roster", run: func(ctx context.Context, s *subject) (*outcome, error) {
			return joined(list(ctx, s, "users", s.client.Users.Roster(&zoom.RosterOptions{PageSize: s.pageSize})))
		}},
		{name: "Users.Summary", run: func(ctx context.Context, s *subject) (*outcome, error) {
			return one(s.client.Users.Summary(ctx))
		}},
		{name: "Meetings.Instances", needs: hasMeeting, run: func(ctx context.Context, s *subject) (*outcome, error) {
			instances, err := s.client.Meetings.Instances(ctx, strconv.FormatInt(s.meeting, 10))
			out := &outcome{key: "meetings"}
			for _, i := range instances {
				out.values = append(out.values, i)
			}
			return out, err
		}},
		{name: "Reports.Participants by number", needs: hasMeeting, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return participants(ctx, s, strconv.FormatInt(s.meeting, 10))
		}},
		{name: "Reports.Participants by UUID", needs: hasUUID, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return participants(ctx, s, s.uuid)
		}},
		{name: "Reports.SignIns", run: func(ctx context.Context, s *subject) (*outcome, error) {
			return joined(list(ctx, s, "activity_logs", s.client.Reports.SignIns(
				&zoom.SignInsOptions{PageSize: s.pageSize, From: s.from, To: s.to})))
		}},
		{name: "ListOf /groups/{groupId}/members", needs: hasGroup, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return list(ctx, s, "members", zoom.ListOf[*zoom.User](s.client, &zoom.Request{
				Path: "/groups/{groupId}/members", PathValues: []string{s.group},
				Query: url.Values{"page_size": {strconv.Itoa(s.pageSize)}},
			}, "members"))
		}},
	}
	for _, status := range []zoom.UserStatus{zoom.StatusActive, zoom.StatusInactive, zoom.StatusPending} {
		calls = append(calls, call{name: "Users.List " + string(status), run: func(ctx context.Context, s *subject) (*outcome, error) {
			return list(ctx, s, "users", s.client.Users.List(&zoom.ListUsersOptions{
				PageSize: s.pageSize, Status: status, IncludeFields: "custom_attributes",
			}))
		}})
	}
	calls = append(calls, call{name: "Users.List by role, host keys", run: func(ctx context.Context, s *subject) (*outcome, error) {
		return list(ctx, s, "users", s.client.Users.List(&zoom.ListUsersOptions{
			PageSize: s.pageSize, RoleID: zoom.RoleMember, IncludeFields: "host_key",
		}))
	}})
	for _, kind := range []zoom.MeetingListType{"scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings"} {
		calls = append(calls, call{name: "Meetings.List " + string(kind), needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return list(ctx, s, "meetings", s.client.Meetings.List(s.user, &zoom.ListMeetingsOptions{
				PageSize: s.pageSize, Type: kind, From: s.from, To: s.to, Timezone: "Europe/Rome",
			}))
		}})
	}
	for _, kind := range []zoom.HostType{zoom.HostsActive, zoom.HostsInactive} {
		calls = append(calls, call{name: "Reports.Hosts " + string(kind), run: func(ctx context.Context, s *subject) (*outcome, error) {
			return joined(list(ctx, s, "users", s.client.Reports.Hosts(
				&zoom.HostsOptions{PageSize: s.pageSize, Type: kind, From: s.from, To: s.to})))
		}})
	}
	for _, kind := range []zoom.UserMeetingsType{"past", "pastOne", "pastJoined"} {
		calls = append(calls, call{name: "Reports.UserMeetings " + string(kind), needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return joined(list(ctx, s, "meetings", s.client.Reports.UserMeetings(s.user,
				&zoom.UserMeetingsOptions{PageSize: s.pageSize, Type: kind, From: s.from, To: s.to})))
		}})
	}
	return calls
}

func participants(ctx context.Context, s *subject, meeting string) (*outcome, error) {
	return list(ctx, s, "participants", s.client.Reports.Participants(meeting,
		&zoom.ParticipantsOptions{PageSize: s.pageSize, IncludeFields: "registrant_id"}))
}

// writes are the calls that change a user.
func writes() []call {
	calls := []call{
		{name: "Users.Deactivate", needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return none(s.client.Users.Deactivate(ctx, s.user))
		}},
		{name: "Users.Activate", needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return none(s.client.Users.Activate(ctx, s.user))
		}},
		{name: "Client.Do POST /users/features", needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return none(s.client.Do(ctx, &zoom.Request{
				Method: http.MethodPost, Path: "/users/features", Idempotent: true,
				Body: object{"feature_type": "user_type", "feature_value": "1", "users": array{object{"id": s.user}}},
			}, nil))
		}},
	}
	for _, action := range []zoom.StatusAction{zoom.ActionDeactivate, zoom.ActionActivate, zoom.ActionClockIn, zoom.ActionClockOut} {
		calls = append(calls, call{name: "Users.SetStatus " + string(action), needs: hasUser, run: func(ctx context.Context, s *subject) (*outcome, error) {
			return none(s.client.Users.SetStatus(ctx, s.user, action))
		}})
	}
	methods := []struct {
		name    string
		method  zoom.ReclaimMethod
		options zoom.ReclaimOptions
	}{
		{"dry run", zoom.ReclaimDeactivate, zoom.ReclaimOptions{DryRun: true, AllowLive: true}},
		{"downgrade", zoom.ReclaimDowngrade, zoom.ReclaimOptions{AllowLive: true}},
		{"deactivate", zoom.ReclaimDeactivate, zoom.ReclaimOptions{AllowLive: true}},
	}
	for _, m := range methods {
		calls = append(calls, call{name: "Users.Reclaim " + m.name, needs: hasUser, user: member(), run: func(ctx context.Context, s *subject) (*outcome, error) {
			_, err := s.client.Users.Reclaim(ctx, s.user, m.method, &m.options)
			return none(err)
		}})
	}
	return calls
}

// member is whom a reclaim is allowed to touch: an ordinary licensed member.
func member() object {
	return object{
		"type": json.Number("2"), "status": "active", "role_id": zoom.RoleMember, "role_name": "Member",
		"plan_united_type": "", "zoom_one_type": json.Number("0"), "license_info_list": array{},
	}
}
