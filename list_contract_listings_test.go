package zoom_test

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seatkit/zoom"
)

// listing is one listing of the client, as the contract test sees it.
type listing struct {
	name  string
	key   string   // of the items in an answer
	path  string   // as it is asked for
	param string   // the query parameter that tells the parts apart; "": one part
	parts []string // its values, in order
	row   func(part int, name string) string
	open  func(c *zoom.Client) lister
}

type group struct {
	ID string `json:"id"`
}

func rowOf(format string) func(int, string) string {
	return func(_ int, name string) string { return strings.ReplaceAll(format, "NAME", name) }
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}

// The clock of a synctest bubble begins at 2000-01-01 00:00 UTC: the windows of
// the reports lie before that.
var (
	autumn       = date(1999, 10, 1)
	december     = date(1999, 12, 2)
	yearEnd      = date(1999, 12, 31)
	autumnMonths = []string{"1999-10-01", "1999-10-31", "1999-11-30", "1999-12-30"}
)

const userRow = `{"id":"NAME","email":"NAME@example.com","type":2,"status":"active"}`

func userName(u *zoom.User) string { return strings.TrimSuffix(u.Email, "@example.com") }

// rosterRow is a user as the roster's part lists them: pending ones have no id.
func rosterRow(part int, name string) string {
	id := fmt.Sprintf(`"id":%q,`, name)
	if part == 0 {
		id = ""
	}
	return fmt.Sprintf(`{%s"email":"%s@example.com","type":1,"status":%q}`, id, name, rosterParts[part])
}

var rosterParts = []string{"pending", "active", "inactive"}

// listings are all that the client has.
func listings() []*listing {
	hostRow := rowOf(`{"id":"NAME","email":"NAME@example.com","meetings":1}`)
	hostName := func(h *zoom.Host) string { return h.ID }
	meetingRow := rowOf(`{"uuid":"NAME","id":97763643886,"host_id":"h","type":2}`)
	return []*listing{
		{
			name: "Users.List", key: "users", path: "/v2/users", row: rowOf(userRow),
			open: func(c *zoom.Client) lister { return named[*zoom.User]{c.Users.List(nil), userName} },
		},
		rosterListing(),
		{
			name: "Meetings.List", key: "meetings", path: "/v2/users/u%2F1/meetings", row: meetingRow,
			open: func(c *zoom.Client) lister {
				return named[*zoom.Meeting]{c.Meetings.List("u/1", nil), func(m *zoom.Meeting) string { return m.UUID }}
			},
		},
		participantsListing(),
		{
			name: "Reports.Hosts of a month", key: "users", path: "/v2/report/users", row: hostRow,
			param: "from", parts: []string{"1999-12-02"},
			open: func(c *zoom.Client) lister {
				return named[*zoom.Host]{c.Reports.Hosts(&zoom.HostsOptions{From: december, To: yearEnd}), hostName}
			},
		},
		{
			name: "Reports.Hosts of several months", key: "users", path: "/v2/report/users", row: hostRow,
			param: "from", parts: autumnMonths,
			open: func(c *zoom.Client) lister {
				return named[*zoom.Host]{c.Reports.Hosts(&zoom.HostsOptions{From: autumn, To: yearEnd}), hostName}
			},
		},
		{
			name: "Reports.UserMeetings", key: "meetings", path: "/v2/report/users/u1/meetings", row: meetingRow,
			param: "from", parts: autumnMonths,
			open: func(c *zoom.Client) lister {
				l := c.Reports.UserMeetings("u1", &zoom.UserMeetingsOptions{From: autumn, To: yearEnd})
				return named[*zoom.ReportMeeting]{l, func(m *zoom.ReportMeeting) string { return m.UUID }}
			},
		},
		{
			name: "Reports.SignIns", key: "activity_logs", path: "/v2/report/activities",
			param: "from", parts: autumnMonths,
			row: rowOf(`{"email":"NAME","time":"1999-12-03T08:00:00Z","type":"Sign in"}`),
			open: func(c *zoom.Client) lister {
				l := c.Reports.SignIns(&zoom.SignInsOptions{From: autumn, To: yearEnd})
				return named[*zoom.SignIn]{l, func(s *zoom.SignIn) string { return s.Email }}
			},
		},
		{
			name: "ListOf", key: "members", path: "/v2/groups/g1/members", row: rowOf(`{"id":"NAME"}`),
			open: func(c *zoom.Client) lister {
				l := zoom.ListOf[group](c, &zoom.Request{
					Path: "/groups/{groupId}/members", PathValues: []string{"g1"}, Query: url.Values{"page_size": {"300"}},
				}, "members")
				return named[group]{l, func(g group) string { return g.ID }}
			},
		},
	}
}

func rosterListing() *listing {
	return &listing{
		name: "Users.Roster without the proof", key: "users", path: "/v2/users", param: "status", parts: rosterParts, row: rosterRow,
		open: func(c *zoom.Client) lister {
			return named[*zoom.User]{c.Users.Roster(&zoom.RosterOptions{CountOnly: true}), userName}
		},
	}
}

func participantsListing() *listing {
	return &listing{
		name: "Reports.Participants", key: "participants", path: "/v2/report/meetings/97763643886/participants",
		row: rowOf(`{"user_id":"NAME","participant_user_id":"p","name":"A guest"}`),
		open: func(c *zoom.Client) lister {
			l := c.Reports.Participants("977 6364 3886", nil)
			return named[*zoom.Participant]{l, func(p *zoom.Participant) string { return p.UserID }}
		},
	}
}
