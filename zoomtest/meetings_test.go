package zoomtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// calendar is an account with a host, a guest and meetings of every kind.
func calendar(opts ...zoomtest.Option) (*zoomtest.Server, zoom.User, zoom.User) {
	s := zoomtest.NewServer(append([]zoomtest.Option{zoomtest.WithTime(today)}, opts...)...)
	host := s.AddUser(zoom.User{Email: "host@example.com", Type: zoom.TypeLicensed, DisplayName: "Hos T", Dept: "HR"})
	mate := s.AddUser(zoom.User{Email: "mate@example.com", DisplayName: "Mate"})
	return s, host, mate
}

func TestListMeetings(t *testing.T) {
	s, host, _ := calendar()
	s.AddMeeting(zoom.Meeting{HostID: host.ID, Topic: "soon", Agenda: strings.Repeat("é", 300)})
	s.AddMeeting(zoom.Meeting{HostID: host.ID, Topic: "any time", Type: 3})
	s.AddMeeting(zoom.Meeting{HostID: host.ID, Topic: "instant", Type: 1})
	s.AddMeeting(zoom.Meeting{HostID: host.ID, Topic: "next month", StartTime: at(today.AddDate(0, 0, 20))})
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "last week", Start: today.AddDate(0, 0, -7), End: today.AddDate(0, 0, -7).Add(time.Hour)})
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "expired", Start: today.AddDate(0, 0, -31), End: today.AddDate(0, 0, -31).Add(time.Hour)})
	live := s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "running"})
	c := call(t, s)

	path := "/users/" + host.ID + "/meetings"
	for query, want := range map[string][]string{
		"":                               {"soon", "any time", "next month", "last week", "running"},
		"?type=live":                     {"running"},
		"?type=upcoming":                 {"soon", "any time", "next month", "running"},
		"?type=upcoming_meetings":        {"soon", "any time", "next month", "running"},
		"?type=previous_meetings":        {"last week"},
		"?from=2026-12-01&to=2026-12-31": {"any time", "next month"},
		"?from=2026-11-23&to=2026-11-23&timezone=Europe/Berlin": {"soon", "any time", "running"},
	} {
		assert.Equal(t, want, values(c.get(path+query).list("meetings"), "topic"), query)
	}
	for _, query := range []string{"?type=none", "?from=x", "?timezone=Nowhere", "?from=2026-12-01&to=2026-11-01", "?type=upcoming&from=2026-01-01&to=2026-12-01"} {
		assert.Equal(t, 300, c.get(path+query).code(), query)
	}
	rows := c.get(path).list("meetings")
	assert.NotContains(t, rows[1], "start_time", "type 3 has none")
	assert.Len(t, []rune(rows[0]["agenda"].(string)), 250)

	s.EndMeeting(live.UUID)
	assert.Empty(t, c.get(path+"?type=live").list("meetings"))

	upcoming := c.get("/users/host@example.com/upcoming_meetings")
	assert.Equal(t, []string{"soon"}, values(upcoming.list("meetings"), "topic"))
	r := c.get("/users/nobody/upcoming_meetings")
	assert.Equal(t, http.StatusNotFound, r.status)
	assert.Equal(t, 3001, r.code())
}

func TestWhoCannotHost(t *testing.T) {
	c := call(t, staff())
	r := c.get("/users/none@example.com/meetings")
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Equal(t, 3161, r.code())
}

func TestInstances(t *testing.T) {
	s, host, _ := calendar()
	const id = 85_412_345_678
	for _, days := range []int{1, 8, 500} {
		start := today.AddDate(0, 0, -days)
		s.AddPastMeeting(zoomtest.PastMeeting{ID: id, UUID: fmt.Sprint("uuid", days), Type: 8, HostID: host.Email, Start: start, End: start.Add(time.Hour)})
	}
	s.AddPastMeeting(zoomtest.PastMeeting{ID: id, UUID: "running", HostID: host.Email})
	scheduled := s.AddMeeting(zoom.Meeting{HostID: host.ID})
	c := call(t, s)
	rows := c.get(fmt.Sprint("/past_meetings/", id, "/instances"))
	assert.Equal(t, []string{"uuid8", "uuid1"}, values(rows.list("meetings"), "uuid"), "ended ones of 15 months")
	assert.NotContains(t, rows.json(), "next_page_token")
	assert.Empty(t, c.get(fmt.Sprint("/past_meetings/", scheduled.ID, "/instances")).list("meetings"))
	assert.Equal(t, 3001, c.get("/past_meetings/1/instances").code())
	assert.Equal(t, 300, c.get("/past_meetings/uuid8/instances").code())

	for name, tt := range map[string]struct{ status, code int }{
		fmt.Sprint(id): {404, 3001}, // the latest one is not over
		"running":      {404, 3001},
		"uuid8":        {200, 0},
		"uuid500":      {400, 12702},
		"none":         {404, 3001},
		"77":           {404, 3001},
	} {
		for _, path := range []string{"/past_meetings/" + name, "/past_meetings/" + name + "/participants", "/report/meetings/" + name, "/report/meetings/" + name + "/participants"} {
			r := c.get(path)
			assert.Equal(t, tt.status, r.status, path)
			assert.Equal(t, tt.code, r.code(), path)
		}
	}
	s.EndMeeting("running")
	assert.Equal(t, "running", c.get(fmt.Sprint("/past_meetings/", id)).json()["uuid"])
	assert.Panics(t, func() { s.AddPastMeeting(zoomtest.PastMeeting{UUID: "running", HostID: host.ID}) })
}

func TestUUIDsInPaths(t *testing.T) {
	s, host, mate := calendar()
	end := today.Add(-time.Hour)
	add := func(uuid string) {
		s.AddPastMeeting(zoomtest.PastMeeting{
			UUID: uuid, HostID: host.ID, Start: end.Add(-time.Hour), End: end,
			Participants: []zoom.Participant{{UserEmail: host.Email}, {ParticipantUserID: mate.ID}},
		})
	}
	once := func(uuid string) string { return url.QueryEscape(uuid) }
	twice := func(uuid string) string { return once(once(uuid)) }
	c := call(t, s)
	for _, tt := range []struct {
		uuid, escaped string
		found         bool
	}{
		{"/pfVhAbC+EdFg==", twice("/pfVhAbC+EdFg=="), true},
		{"/pfVhAbC+EdFg==", once("/pfVhAbC+EdFg=="), false},
		{"ab//cd1==", twice("ab//cd1=="), true},
		{"ab//cd1==", once("ab//cd1=="), false},
		{"ab/cd2==", once("ab/cd2=="), true},
		{"ab/cd2==", twice("ab/cd2=="), true},
		{"abcd+3==", once("abcd+3=="), true},
		{"abcd+3==", twice("abcd+3=="), true},
		{"abcd+3==", "abcd+3==", false}, // a plus sign must be escaped
		{"abcd4==", "abcd4==", true},
	} {
		if _, known := s.User("x"); !known && c.get("/report/meetings/"+twice(tt.uuid)).status != 200 {
			add(tt.uuid)
		}
		r := c.get("/report/meetings/" + tt.escaped + "/participants")
		assert.Equal(t, tt.found, r.status == 200, "%s as %s: %s", tt.uuid, tt.escaped, r.body)
	}
	r := c.get("/past_meetings/" + once("/pfVhAbC+EdFg=="))
	assert.Equal(t, http.StatusNotFound, r.status)
	assert.JSONEq(t, `{"code":3001,"message":"Meeting does not exist: pfVhAbC+EdFg==."}`, r.body, "the slash is lost")
	assert.Equal(t, 2300, c.get("/past_meetings//pfVhAbC").code())
}

func TestReportParticipants(t *testing.T) {
	s, host, mate := calendar()
	start := today.Add(-3 * time.Hour)
	p := s.AddPastMeeting(zoomtest.PastMeeting{
		HostID: host.ID, Topic: "talk", Start: start, End: start.Add(30 * time.Minute),
		Participants: []zoom.Participant{
			{UserEmail: host.Email},
			{ParticipantUserID: mate.ID, JoinTime: at(start), LeaveTime: at(start.Add(259 * time.Second)), RegistrantID: "reg"},
			{ParticipantUserID: mate.ID, JoinTime: at(start.Add(5 * time.Minute))},
			{Name: "Guest", CustomerKey: "key"},
			{Name: "Lurker", Status: zoom.ParticipantInWaitingRoom},
		},
	})
	solo := s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Start: start, End: start.Add(time.Hour)})
	c := call(t, s)
	path := fmt.Sprint("/report/meetings/", p.ID, "/participants")

	rows := c.all(path+"?page_size=2", "participants")
	require.Len(t, rows, 5)
	assert.Equal(t, json.Number("259"), rows[1]["duration"])
	assert.Equal(t, mate.ID, rows[1]["participant_user_id"])
	assert.Equal(t, mate.ID, rows[1]["id"])
	assert.NotEqual(t, rows[1]["user_id"], rows[2]["user_id"], "changes on every rejoin")
	assert.Equal(t, json.Number("1500"), rows[2]["duration"])
	assert.Equal(t, "", rows[3]["participant_user_id"])
	assert.Equal(t, "", rows[3]["user_email"])
	assert.Equal(t, "in_waiting_room", rows[4]["status"])
	assert.NotContains(t, rows[1], "registrant_id")
	assert.Equal(t, "reg", c.get(path + "?include_fields=registrant_id").list("participants")[1]["registrant_id"])
	assert.Equal(t, 300, c.get(path+"?include_fields=x").code())

	past := c.get(fmt.Sprint("/past_meetings/", p.ID, "/participants"))
	assert.Equal(t, true, past.list("participants")[0]["internal_user"])
	assert.NotContains(t, past.json(), "page_number")

	details := c.get(fmt.Sprint("/report/meetings/", p.ID)).json()
	assert.Equal(t, json.Number("3"), details["participants_count"], "who waited was none")
	assert.Equal(t, json.Number("30"), details["duration"])
	assert.Equal(t, json.Number("90"), details["total_minutes"])
	assert.Equal(t, host.ID, c.get(fmt.Sprint("/past_meetings/", p.ID)).json()["host_id"])

	alone := fmt.Sprint("/report/meetings/", solo.ID, "/participants")
	assert.Empty(t, c.get(alone).list("participants"))
	assert.Empty(t, c.get(fmt.Sprint("/past_meetings/", solo.ID, "/participants")).list("participants"))
	s.SetQuirks(zoomtest.Quirks{SoloReportMissing: true})
	assert.Equal(t, 3001, c.get(alone).code())
	s.SetQuirks(zoomtest.Quirks{ReportLag: 3 * time.Hour})
	assert.Equal(t, 3001, c.get(path).code())
	s.Advance(time.Hour)
	c.token = s.IssueToken()
	assert.Equal(t, 200, c.get(path).status)

	s.RemoveUser(host.ID)
	s.RemoveUser(mate.ID)
	assert.Equal(t, mate.ID, c.get(path).list("participants")[1]["id"], "who left keeps the id")
}

func TestReportWindows(t *testing.T) {
	s, host, _ := calendar()
	c := call(t, s)
	for _, path := range []string{"/report/users?type=active", "/report/users/" + host.ID + "/meetings?type=past", "/report/activities?x=y", "/metrics/meetings?type=past"} {
		for query, good := range map[string]bool{
			"from=2026-10-01&to=2026-10-31": true,
			"from=2026-10-01&to=2026-11-01": false, // more than a month
			"from=2026-11-23&to=2026-11-23": true,
			"from=2026-05-23&to=2026-06-01": true,
			"from=2026-05-22&to=2026-06-01": false, // more than six months ago
			"from=2026-11-23&to=2026-11-22": false,
			"from=2026-11-01":               false,
			"to=2026-11-01":                 false,
			"from=11/01/2026&to=2026-11-02": false,
		} {
			r := c.get(path + "&" + query)
			if good {
				assert.Equal(t, http.StatusOK, r.status, "%s %s", path, query)
				continue
			}
			assert.Equal(t, http.StatusBadRequest, r.status, "%s %s", path, query)
			assert.Equal(t, 300, r.code(), "%s %s", path, query)
		}
	}
	assert.Equal(t, 300, c.get("/report/users?type=x&from=2026-11-01&to=2026-11-02").code())
	assert.Equal(t, 300, c.get("/report/users/"+host.ID+"/meetings?type=x&from=2026-11-01&to=2026-11-02").code())
	assert.Equal(t, 300, c.get("/metrics/meetings?type=x&from=2026-11-01&to=2026-11-02").code())
	r := c.get("/report/users/x/meetings?from=2026-11-01&to=2026-11-02")
	assert.Equal(t, http.StatusNotFound, r.status)
	assert.JSONEq(t, `{"code":1001,"message":"User x not exist or not belong to this account."}`, r.body)
}

func TestReportMeetings(t *testing.T) {
	s, host, mate := calendar()
	start := time.Date(2026, 11, 2, 16, 20, 0, 0, time.UTC)
	for i, people := range [][]zoom.Participant{
		{{UserEmail: host.Email}, {UserEmail: mate.Email}, {Name: "Guest"}},
		{{UserEmail: host.Email}, {UserEmail: host.Email}}, // one person, twice
	} {
		s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: fmt.Sprint(i), Start: start, End: start.Add(time.Hour), Participants: people})
	}
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "running", Start: start})
	c := call(t, s)
	list := func(user, kind string) []map[string]any {
		return c.get("/report/users/" + user + "/meetings?from=2026-11-01&to=2026-11-30&type=" + kind).list("meetings")
	}
	rows := list(host.ID, "past")
	require.Len(t, rows, 1)
	assert.Equal(t, "11/02/2026 16:20", rows[0]["join_time"])
	assert.Equal(t, json.Number("3"), rows[0]["participants_count"])
	assert.Equal(t, json.Number("2"), rows[0]["participants_count_my_account"])
	assert.Equal(t, []string{"1"}, values(list(host.ID, "pastOne"), "topic"))
	assert.Empty(t, list(mate.ID, "past"))
	assert.Equal(t, []string{"0"}, values(list(mate.ID, "pastJoined"), "topic"))
	assert.Equal(t, []string{"0"}, values(list(host.Email, "pastJoined"), "topic"))
}

func TestHosts(t *testing.T) {
	s, host, mate := calendar()
	group := s.AddGroup("g")
	s.UpdateUser(mate.ID, func(u *zoom.User) { u.GroupIDs = []string{group} })
	s.AddUser(zoom.User{Email: "off@example.com", Status: zoom.StatusInactive})
	s.AddUser(zoom.User{Email: "new@example.com", Status: zoom.StatusPending})
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Start: start, End: start.Add(50 * time.Minute)})
	s.AddPastMeeting(zoomtest.PastMeeting{
		HostID: host.ID, Start: start, End: start.Add(10 * time.Minute),
		Participants: []zoom.Participant{{UserEmail: host.Email}, {UserEmail: mate.Email}},
	})
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Start: start.AddDate(0, 1, 0), End: start.AddDate(0, 1, 0).Add(time.Hour)})
	c := call(t, s)

	active := c.get("/report/users?type=active&from=2026-11-01&to=2026-11-30")
	assert.JSONEq(t, `[{"id":"`+host.ID+`","email":"host@example.com","user_name":"Hos T","dept":"HR","type":2,"meetings":2,"meeting_minutes":60,"participants":3}]`,
		string(must(json.Marshal(active.json()["users"]))))
	for name, want := range map[string]string{"from": "2026-11-01", "to": "2026-11-30", "total_meetings": "2", "total_meeting_minutes": "60", "total_participants": "3", "total_records": "1"} {
		assert.Equal(t, want, fmt.Sprint(active.json()[name]), name)
	}
	inactive := c.get("/report/users?type=inactive&from=2026-11-01&to=2026-11-30")
	assert.Equal(t, []string{"mate@example.com"}, values(inactive.list("users"), "email"), "who only joined")
	assert.Empty(t, c.get("/report/users?type=active&from=2026-11-01&to=2026-11-30&group_id="+group).list("users"))
	assert.Empty(t, c.get("/report/users?type=active&from=2026-10-01&to=2026-10-30").list("users"))
}

func TestSignIns(t *testing.T) {
	s, host, _ := calendar()
	day := func(n int) time.Time { return today.AddDate(0, 0, n) }
	s.AddSignIn(zoom.SignIn{Email: host.Email, Time: at(day(-20))})
	s.AddSignIn(zoom.SignIn{Email: host.Email, Time: at(day(-18))})
	u, _ := s.User(host.ID)
	assert.Equal(t, day(-20), u.LastLoginTime.Time(), "not three days later")
	s.AddSignIn(zoom.SignIn{Email: host.Email, Time: at(day(-17))})
	s.AddSignIn(zoom.SignIn{Email: host.Email, Time: at(day(-10)), Type: "Sign out"})
	s.AddSignIn(zoom.SignIn{Email: "gone@example.com"})
	u, _ = s.User(host.ID)
	assert.Equal(t, day(-17), u.LastLoginTime.Time())

	c := call(t, s)
	page := c.get("/report/activities?from=2026-11-01&to=2026-11-15&page_size=2")
	assert.Equal(t, "2026-11-01T00:00:00Z", page.json()["from"])
	assert.Equal(t, "2026-11-15T00:00:00Z", page.json()["to"])
	assert.NotContains(t, page.json(), "total_records")
	assert.Len(t, c.all("/report/activities?from=2026-11-01&to=2026-11-15&page_size=2", "activity_logs"), 4)
	assert.Len(t, c.get("/report/activities").list("activity_logs"), 5, "the last 30 days")
}

func TestMetrics(t *testing.T) {
	s, host, mate := calendar()
	start := today.Add(-4 * time.Hour)
	two := []zoom.Participant{{UserEmail: host.Email}, {UserEmail: mate.Email}}
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "two", Start: start, End: start.Add(90 * time.Minute), Participants: two})
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "one", Start: start, End: start.Add(56 * time.Second)})
	s.AddPastMeeting(zoomtest.PastMeeting{HostID: host.ID, Topic: "now"})
	c := call(t, s)
	list := func(kind string) []map[string]any {
		return c.get("/metrics/meetings?from=2026-11-23&to=2026-11-23&type=" + kind).list("meetings")
	}
	assert.Equal(t, "01:30:00", list("past")[0]["duration"])
	assert.Equal(t, "Licensed", list("past")[0]["user_type"])
	assert.Equal(t, "00:56", list("pastOne")[0]["duration"])
	assert.Equal(t, []string{"now"}, values(list("live"), "topic"))

	pro := call(t, zoomtest.NewServer(zoomtest.WithPlan(zoom.PlanPro)))
	assert.Equal(t, 400, pro.get("/metrics/meetings?from=2026-11-23&to=2026-11-23").code())
}

// Zoom goes on showing the meetings of a host who has left.
func TestMeetingsOfAHostWhoLeft(t *testing.T) {
	server := zoomtest.NewServer(zoomtest.WithTime(today))
	host := server.AddUser(zoom.User{Email: "left@example.com", Type: zoom.TypeLicensed})
	guest := server.AddUser(zoom.User{Email: "stays@example.com"})
	held := server.AddPastMeeting(zoomtest.PastMeeting{
		HostID: host.ID, Start: today.AddDate(0, 0, -5), End: today.AddDate(0, 0, -5).Add(time.Hour),
		Participants: []zoom.Participant{{ParticipantUserID: host.ID}, {ParticipantUserID: guest.ID}},
	})
	client := server.Client()
	server.RemoveUser(host.ID)

	joined, err := client.Reports.UserMeetings(guest.ID, &zoom.UserMeetingsOptions{
		Type: "pastJoined", From: today.AddDate(0, 0, -20), To: today,
	}).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, joined, 1)
	assert.Equal(t, held.UUID, joined[0].UUID)
	assert.Equal(t, host.Email, joined[0].UserEmail)

	hosts, err := client.Reports.Hosts(&zoom.HostsOptions{From: today.AddDate(0, 0, -20), To: today}).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, hosts, 1)
	assert.Equal(t, host.Email, hosts[0].Email)
	inactive, err := client.Reports.Hosts(&zoom.HostsOptions{
		Type: zoom.HostsInactive, From: today.AddDate(0, 0, -20), To: today,
	}).Collect(t.Context())
	require.NoError(t, err)
	for _, row := range inactive {
		assert.NotEqual(t, host.Email, row.Email)
	}
}
