package zoomtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func TestListUsersOneStatusAtATime(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	s.AddUser(zoom.User{Email: "a@example.com"})
	s.AddUser(zoom.User{Email: "b@example.com", Status: zoom.StatusInactive})
	s.AddUser(zoom.User{Email: "c@example.com", Status: zoom.StatusPending, Type: zoom.TypeLicensed, FirstName: "New", LastName: "Hire"})
	s.AddUser(zoom.User{Email: "d@example.com", RoleID: zoom.RoleAdmin})
	c := call(t, s)

	for query, want := range map[string][]string{
		"":                                   {"a@example.com", "d@example.com"},
		"?status=active":                     {"a@example.com", "d@example.com"},
		"?status=inactive":                   {"b@example.com"},
		"?status=pending":                    {"c@example.com"},
		"?role_id=1":                         {"d@example.com"},
		"?page_number=2&page_size=1":         {"d@example.com"},
		"?license=zoom_workforce_management": {},
	} {
		assert.Equal(t, want, values(c.get("/users"+query).list("users"), "email"), query)
	}
	for _, query := range []string{"?status=gone", "?page_size=0", "?page_size=x", "?include_fields=host_key,custom_attributes", "?license=x"} {
		r := c.get("/users" + query)
		assert.Equal(t, http.StatusBadRequest, r.status, query)
		assert.Equal(t, 300, r.code(), query)
		assert.Contains(t, r.body, "errors", query)
	}
}

func TestPendingUserRow(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	s.AddUser(zoom.User{ID: "ignored", Email: "new.hire@example.com", FirstName: "New", LastName: "Hire", Type: 2, Status: zoom.StatusPending})
	assert.JSONEq(t, `{"email":"new.hire@example.com","first_name":"New","last_name":"Hire","display_name":"New Hire","type":2,
		"pmi":0,"timezone":"","verified":0,"dept":"","created_at":"2026-11-23T12:00:00Z","status":"pending"}`,
		string(must(json.Marshal(call(t, s).get("/users?status=pending").list("users")[0]))))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestUserRowKeepsEveryField(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	u := s.AddUser(zoom.User{
		Email: "o'neil+zoom@example.com", FirstName: "Zoë", LastName: "O'\"Neil", Type: zoom.TypeLicensed, Dept: "R&D", Verified: 1,
		LastLoginTime: at(today), LastClientVersion: "6.5(mac)", Timezone: "Europe/Berlin", GroupIDs: []string{"g1", "g2"}, IMGroupIDs: []string{"i"},
		DivisionIDs: []string{"d"}, EmployeeUniqueID: "E1", HostKey: "123456", CustomAttributes: []zoom.CustomAttribute{{Key: "k", Name: "n", Value: "v"}},
		PlanUnitedType: "32", ZoomOneType: 1 << 59, JobTitle: "Cook", Company: "C", Location: "L", Manager: "m@example.com", Pronouns: "she", PronounsOption: 1,
		LicenseInfoList: []zoom.LicenseInfo{{LicenseType: "ZOOM_WORKPLACE_BUNDLE", LicenseOption: 1 << 59, SubscriptionID: "S"}},
		PhoneNumbers:    []zoom.PhoneNumber{{Number: "1"}}, VanityURL: "v", PicURL: "p", CMSUserID: "c", UsePMI: true, LoginTypes: []int{101},
	})
	c := call(t, s)

	var listed zoom.User
	row := c.get("/users").list("users")[0]
	require.NoError(t, json.Unmarshal(must(json.Marshal(row)), &listed))
	assert.Equal(t, s.Roster()[0], listed)
	assert.NotContains(t, row, "host_key")
	assert.NotContains(t, row, "zoom_one_type")
	assert.Equal(t, "123456", c.get("/users?include_fields=host_key").list("users")[0]["host_key"])
	assert.Contains(t, c.get("/users?include_fields=custom_attributes").list("users")[0], "custom_attributes")

	for _, key := range []string{u.ID, url.QueryEscape(u.Email), url.QueryEscape("O'Neil+Zoom@Example.COM")} {
		r := c.get("/users/" + key)
		require.Equal(t, http.StatusOK, r.status, r.body)
		var got zoom.User
		require.NoError(t, json.Unmarshal([]byte(r.body), &got))
		want := u
		want.HostKey = "" // only in lists
		want.RoleName, want.AccountID, want.AccountNumber, want.Cluster, want.Language = "Member", s.AccountID(), got.AccountNumber, "us06", "en-US"
		want.JID, want.PersonalMeetingURL = u.ID+"@xmpp.zoom.us", got.PersonalMeetingURL
		assert.Equal(t, want, got)
	}
	assert.Equal(t, http.StatusNotFound, c.get("/users/o'neil+zoom@example.com").status, "a plus sign that is not escaped is a blank")
	assert.Equal(t, http.StatusOK, c.get("/users/E1?search_by_unique_id=true").status)
	assert.Equal(t, 1001, c.get("/users/E2?search_by_unique_id=true").code())
}

func TestUserLookups(t *testing.T) {
	s := zoomtest.NewServer()
	s.AddUser(zoom.User{Email: "p@example.com", Status: zoom.StatusPending})
	s.AddForeigner("Else@example.org")
	c := call(t, s)

	r := c.get("/users/nobody@example.com")
	assert.Equal(t, http.StatusNotFound, r.status)
	assert.JSONEq(t, `{"code":1001,"message":"User does not exist: nobody@example.com."}`, r.body)
	r = c.get("/users/else@example.org")
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Equal(t, 1010, r.code())
	assert.NotContains(t, c.get("/users/p@example.com").json(), "id")

	for email, want := range map[string]bool{"p@example.com": true, "else@example.org": true, "x@example.com": false} {
		assert.Equal(t, want, c.get("/users/email?email=" + email).json()["existed_email"], email)
	}
	assert.Equal(t, 300, c.get("/users/email").code())
}

func TestUnknownEndpoints(t *testing.T) {
	c := call(t, zoomtest.NewServer())
	for _, path := range []string{"", "/", "/nothing", "/users/", "/users/a/b/c"} {
		r := c.get(path)
		assert.Equal(t, http.StatusBadRequest, r.status, path)
		assert.JSONEq(t, `{"code":2300,"message":"This API endpoint is not recognized."}`, r.body, path)
	}
	assert.Equal(t, 2300, c.do(http.MethodPatch, "/users", "{}").code())
}

func TestSummaryFitsTheState(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	for i, kind := range []zoom.UserType{1, 1, 2, 2, 2, 3, 4, 99, 7} {
		s.AddUser(zoom.User{Email: fmt.Sprintf("u%d@example.com", i), Type: kind})
	}
	s.AddUser(zoom.User{Email: "room@example.com", Type: 2})
	s.SetRoom("room@example.com", true)
	s.AddUser(zoom.User{Email: "off@example.com", Status: zoom.StatusInactive})
	s.AddUser(zoom.User{Email: "new@example.com", Status: zoom.StatusPending})
	assert.JSONEq(t, `{"licensed_users_count":3,"basic_users_count":3,"on_prem_users_count":1,"room_users_count":1,
		"pending_users_count":1,"join_only_users_count":2,"total_users_count":10}`, call(t, s).get("/users/summary").body)
}

func TestSettingsShowFeatures(t *testing.T) {
	s := zoomtest.NewServer()
	s.AddUser(zoom.User{Email: "a@example.com", Type: zoom.TypeLicensed, RoleID: zoom.RoleAdmin})
	s.SetFeatures("a@example.com", map[string]any{"webinar": true, "webinar_capacity": 500})
	c := call(t, s)
	feature := c.get("/users/a@example.com/settings").json()["feature"].(map[string]any)
	assert.Equal(t, true, feature["webinar"])
	assert.Equal(t, json.Number("500"), feature["webinar_capacity"])
	assert.Equal(t, json.Number("300"), feature["meeting_capacity"])
	assert.Contains(t, c.get("/users/a@example.com/permissions").body, "User:Edit")
	for _, path := range []string{"/users/x/settings", "/users/x/permissions", "/users/x/meetings"} {
		assert.Equal(t, 1001, c.get(path).code(), path)
	}
}

func TestGroupsAndRoles(t *testing.T) {
	s := zoomtest.NewServer()
	group, role := s.AddGroup("Keep"), s.AddRole("Help desk")
	s.AddUser(zoom.User{Email: "a@example.com", GroupIDs: []string{group}, RoleID: role, Dept: "HR"})
	s.AddUser(zoom.User{Email: "b@example.com"})
	c := call(t, s)

	assert.Equal(t, json.Number("1"), c.get("/groups").list("groups")[0]["total_members"])
	assert.Equal(t, []string{"a@example.com"}, values(c.get("/groups/"+group+"/members").list("members"), "email"))
	assert.Equal(t, http.StatusNotFound, c.get("/groups/none/members").status)
	assert.Equal(t, []string{"Owner", "Admin", "Member", "Help desk"}, values(c.get("/roles").list("roles"), "name"))
	assert.Equal(t, []string{"HR"}, values(c.get("/roles/"+role+"/members").list("members"), "department"))
	assert.Equal(t, 1034, c.get("/roles/none/members").code())
	assert.Equal(t, "Help desk", c.get("/users/a@example.com").json()["role_name"])
}

func TestTestSideChanges(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	u := s.AddUser(zoom.User{})
	assert.Len(t, u.ID, 22)
	assert.Equal(t, zoom.TypeBasic, u.Type)
	assert.Equal(t, today.AddDate(-1, 0, 0), u.UserCreatedAt.Time())
	assert.Panics(t, func() { s.AddUser(zoom.User{Email: u.Email}) })

	u.GroupIDs = append(u.GroupIDs, "mine") // a copy
	stored, found := s.User(u.ID)
	require.True(t, found)
	assert.Empty(t, stored.GroupIDs)

	s.UpdateUser(u.ID, func(u *zoom.User) { u.Email = "other@example.com"; u.LastLoginTime = at(today.Add(time.Millisecond)) })
	moved, found := s.User("Other@example.com")
	require.True(t, found)
	assert.Equal(t, today, moved.LastLoginTime.Time())
	_, found = s.User(u.Email)
	assert.False(t, found)

	p := s.AddUser(zoom.User{Email: "p@example.com", Status: zoom.StatusPending})
	assert.Empty(t, p.ID)
	assert.NotEmpty(t, s.SetStatus("p@example.com", zoom.StatusActive).ID)
	s.RemoveUser("other@example.com")
	assert.Len(t, s.Users(), 1)
	for name, panics := range map[string]func(){
		"UpdateUser": func() { s.UpdateUser("x", nil) }, "SetStatus": func() { s.SetStatus("x", "") }, "RemoveUser": func() { s.RemoveUser("x") },
		"SetRoom": func() { s.SetRoom("x", true) }, "AddMeeting": func() { s.AddMeeting(zoom.Meeting{}) }, "EndMeeting": func() { s.EndMeeting("x") },
	} {
		assert.Panics(t, panics, name)
	}
}
