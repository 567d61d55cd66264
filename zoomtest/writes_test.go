package zoomtest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// staff is an account with one of each kind of user, named after the kind.
func staff(opts ...zoomtest.Option) *zoomtest.Server {
	s := zoomtest.NewServer(append([]zoomtest.Option{zoomtest.WithTime(today)}, opts...)...)
	for name, u := range map[string]zoom.User{
		"owner":    {Type: 2, RoleID: zoom.RoleOwner},
		"admin":    {Type: 2, RoleID: zoom.RoleAdmin},
		"basic":    {Type: 1},
		"licensed": {Type: 2, FirstName: "Jill", LastName: "Chill"},
		"none":     {Type: 4},
		"pending":  {Type: 2, Status: zoom.StatusPending},
		"inactive": {Type: 1, Status: zoom.StatusInactive},
		"bundle":   {Type: 2, ZoomOneType: 1 << 56},
		"united":   {Type: 2, PlanUnitedType: "1"},
		"room":     {Type: 2},
		"events":   {Type: 2},
	} {
		u.Email = name + "@example.com"
		s.AddUser(u)
	}
	s.SetRoom("room@example.com", true)
	s.SetUpcomingEvents("events@example.com", true)
	return s
}

func TestPatchUser(t *testing.T) {
	onQuirks := zoomtest.Quirks{
		ProtectAdmins: true, RefuseBasicAgain: true, AllowOnPrem: true, InactivePatch: zoomtest.InactivePatchApplied,
	}
	for _, tt := range []struct {
		name, user, body string
		quirks           zoomtest.Quirks
		status, code     int
		after            func(*zoom.User) bool
	}{
		{name: "downgrade", user: "licensed", body: `{"type":1}`, status: 204, after: func(u *zoom.User) bool { return u.Type == 1 }},
		{name: "upgrade", user: "basic", body: `{"type":2}`, status: 204, after: func(u *zoom.User) bool { return u.Type == 2 }},
		{name: "same type again", user: "basic", body: `{"type":1}`, status: 204},
		{name: "same type again, refused", user: "basic", body: `{"type":1}`, quirks: onQuirks, status: 400, code: 1109},
		{name: "on-prem", user: "basic", body: `{"type":3}`, status: 400, code: 300},
		{name: "on-prem allowed", user: "basic", body: `{"type":3}`, quirks: onQuirks, status: 204, after: func(u *zoom.User) bool { return u.Type == 3 }},
		{name: "type that is none", user: "basic", body: `{"type":99}`, status: 400, code: 300},
		{name: "two plans", user: "basic", body: `{"type":2,"zoom_one_type":16}`, status: 400, code: 300},
		{name: "room", user: "room", body: `{"type":1}`, status: 400, code: 200},
		{name: "room, other field", user: "room", body: `{"dept":"x"}`, status: 204, after: func(u *zoom.User) bool { return u.Dept == "x" }},
		{name: "events", user: "events", body: `{"type":1}`, status: 400, code: 300},
		{name: "admin", user: "admin", body: `{"type":1}`, status: 204},
		{name: "admin, protected", user: "admin", body: `{"type":1}`, quirks: onQuirks, status: 400, code: 1108},
		{name: "pending does nothing", user: "pending", body: `{"type":1}`, status: 204, after: func(u *zoom.User) bool { return u.Type == 2 }},
		{name: "inactive refused", user: "inactive", body: `{"type":2}`, status: 400, code: 300},
		{name: "inactive ignored", user: "inactive", body: `{"type":2}`, quirks: zoomtest.Quirks{InactivePatch: zoomtest.InactivePatchIgnored}, status: 204, after: func(u *zoom.User) bool { return u.Type == 1 }},
		{name: "inactive applied", user: "inactive", body: `{"type":2}`, quirks: onQuirks, status: 204, after: func(u *zoom.User) bool { return u.Type == 2 }},
		{name: "bundle, wrong call", user: "bundle", body: `{"type":1}`, status: 400, code: 300},
		{name: "bundle off", user: "bundle", body: `{"zoom_one_type":0}`, status: 204, after: func(u *zoom.User) bool { return u.Type == 1 && u.ZoomOneType == 0 }},
		{name: "bundle on", user: "basic", body: `{"zoom_one_type":576460752303423488}`, status: 204, after: func(u *zoom.User) bool { return u.Type == 2 && u.ZoomOneType == 1<<59 }},
		{name: "bundle rounded by JavaScript", user: "basic", body: `{"zoom_one_type":576460752303423500}`, status: 400, code: 300},
		{name: "bundle off for a room", user: "room", body: `{"zoom_one_type":0}`, status: 400, code: 200},
		{name: "bundle off with events", user: "events", body: `{"zoom_one_type":0}`, status: 400, code: 300},
		{name: "united off", user: "united", body: `{"plan_united_type":"none"}`, status: 204, after: func(u *zoom.User) bool { return u.Type == 1 && u.PlanUnitedType == "" }},
		{name: "united on", user: "basic", body: `{"plan_united_type":"64"}`, status: 204, after: func(u *zoom.User) bool { return u.PlanUnitedType == "64" }},
		{name: "united wrong", user: "basic", body: `{"plan_united_type":"65"}`, status: 400, code: 300},
		{
			name: "license list", user: "basic", body: `{"license_info_list":[{"license_type":"MEETING","license_option":2,"subscription_id":"S"}]}`, status: 204,
			after: func(u *zoom.User) bool { return u.Type == 2 && len(u.LicenseInfoList) == 1 },
		},
		{name: "license list with a hole", user: "basic", body: `{"license_info_list":[{"license_type":"MEETING","license_option":2}]}`, status: 400, code: 300},
		{name: "license list too long", user: "basic", body: `{"license_info_list":[{},{},{}]}`, status: 400, code: 300},
		{
			name: "rename", user: "licensed", body: `{"first_name":"Jo","dept":"HR","use_pmi":true,"feature":{"zoom_phone":false}}`, status: 204,
			after: func(u *zoom.User) bool { return u.DisplayName == "Jo Chill" && u.Dept == "HR" && u.UsePMI },
		},
		{name: "bad pmi", user: "licensed", body: `{"pmi":12}`, status: 400, code: 300},
		{name: "long name", user: "licensed", body: `{"first_name":"` + longText(65) + `"}`, status: 400, code: 300},
		{name: "many phones", user: "licensed", body: `{"phone_numbers":[{},{},{},{}]}`, status: 400, code: 300},
		{name: "many attributes", user: "licensed", body: `{"custom_attributes":[{},{},{},{},{},{}]}`, status: 400, code: 300},
		{name: "not JSON", user: "licensed", body: `type=1`, status: 400, code: 300},
		{name: "unknown user", user: "nobody", body: `{"type":1}`, status: 404, code: 1001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := staff(zoomtest.WithQuirks(tt.quirks))
			before, _ := s.User(tt.user + "@example.com")
			r := call(t, s).do(http.MethodPatch, "/users/"+tt.user+"@example.com", tt.body)
			assert.Equal(t, tt.status, r.status, r.body)
			assert.Equal(t, tt.code, r.code())
			after, _ := s.User(tt.user + "@example.com")
			switch {
			case tt.after != nil:
				assert.True(t, tt.after(&after), "%+v", after)
			case tt.status >= 400:
				assert.Equal(t, before, after)
			}
			if tt.status == http.StatusNoContent {
				assert.Empty(t, r.body)
			}
		})
	}
}

func longText(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = 'x'
	}
	return string(text)
}

func TestPutStatus(t *testing.T) {
	for _, tt := range []struct {
		user, body   string
		status, code int
		after        zoom.UserStatus
	}{
		{"licensed", `{"action":"deactivate"}`, 200, 0, zoom.StatusInactive},
		{"inactive", `{"action":"activate"}`, 200, 0, zoom.StatusActive},
		{"inactive", `{"action":"deactivate"}`, 200, 0, zoom.StatusInactive},
		{"licensed", `{"action":"activate"}`, 200, 0, zoom.StatusActive},
		{"licensed", `{"action":"clock_in"}`, 200, 0, zoom.StatusActive},
		{"pending", `{"action":"deactivate"}`, 200, 0, zoom.StatusPending},
		{"owner", `{"action":"deactivate"}`, 400, 200, zoom.StatusActive},
		{"admin", `{"action":"deactivate"}`, 400, 200, zoom.StatusActive},
		{"room", `{"action":"deactivate"}`, 400, 200, zoom.StatusActive},
		{"events", `{"action":"deactivate"}`, 400, 300, zoom.StatusActive},
		{"licensed", `{"status":"inactive"}`, 400, 300, zoom.StatusActive},
		{"licensed", `action=deactivate`, 400, 300, zoom.StatusActive},
		{"nobody", `{"action":"deactivate"}`, 404, 1001, ""},
	} {
		t.Run(tt.user+tt.body, func(t *testing.T) {
			s := staff()
			r := call(t, s).do(http.MethodPut, "/users/"+tt.user+"@example.com/status", tt.body)
			assert.Equal(t, tt.status, r.status, r.body)
			assert.Equal(t, tt.code, r.code())
			after, _ := s.User(tt.user + "@example.com")
			assert.Equal(t, tt.after, after.Status)
		})
	}
}

func TestDeactivationTakesTheLicencesForGood(t *testing.T) {
	s := staff()
	c := call(t, s)
	s.SetFeatures("bundle@example.com", map[string]any{"webinar": true})
	assert.Equal(t, 200, c.do(http.MethodPut, "/users/bundle@example.com/status", `{"action":"deactivate"}`).status)
	u, _ := s.User("bundle@example.com")
	assert.Equal(t, zoom.TypeBasic, u.Type)
	assert.Zero(t, u.ZoomOneType)
	assert.Equal(t, 200, c.do(http.MethodPut, "/users/bundle@example.com/status", `{"action":"activate"}`).status)
	u, _ = s.User("bundle@example.com")
	assert.Equal(t, zoom.TypeBasic, u.Type)
	assert.Equal(t, false, c.get("/users/bundle@example.com/settings").json()["feature"].(map[string]any)["webinar"])

	s.SetQuirks(zoomtest.Quirks{InactiveKeepsType: true, StatusCode: 204})
	r := c.do(http.MethodPut, "/users/licensed@example.com/status", `{"action":"deactivate"}`)
	assert.Equal(t, 204, r.status)
	assert.Empty(t, r.body)
	u, _ = s.User("licensed@example.com")
	assert.Equal(t, zoom.TypeLicensed, u.Type)
	c.do(http.MethodPut, "/users/licensed@example.com/status", `{"action":"activate"}`)
	u, _ = s.User("licensed@example.com")
	assert.Equal(t, zoom.TypeBasic, u.Type)
}

func TestSeats(t *testing.T) {
	s := staff()
	c := call(t, s)
	patch := func(user, body string) reply { return c.do(http.MethodPatch, "/users/"+user+"@example.com", body) }
	used := s.SeatsUsed(zoom.TypeLicensed)
	assert.Equal(t, 6, used, "without the room and the invited one")
	s.SetSeats(zoom.TypeLicensed, used)

	for code, quirk := range map[int]int{2034: 0, 3412: 3412, 2038: 2038} {
		s.SetQuirks(zoomtest.Quirks{SeatErrorCode: quirk})
		r := patch("basic", `{"type":2}`)
		assert.Equal(t, http.StatusBadRequest, r.status)
		assert.Equal(t, code, r.code())
	}
	s.SetQuirks(zoomtest.Quirks{})
	assert.Equal(t, 2038, patch("basic", `{"zoom_one_type":16}`).code())
	assert.Equal(t, 204, patch("licensed", `{"type":1}`).status)
	assert.Equal(t, 204, patch("basic", `{"type":2}`).status, "the seat was free again")

	s.SetSeats(zoom.TypeBasic, 1)
	assert.Equal(t, 2033, patch("basic", `{"type":1}`).code())
	assert.Equal(t, 2039, patch("bundle", `{"zoom_one_type":0}`).code())
	assert.Equal(t, 2033, c.do(http.MethodPut, "/users/inactive@example.com/status", `{"action":"activate"}`).code())
	s.SetQuirks(zoomtest.Quirks{SeatErrorCode: 3412})
	assert.Equal(t, 3412, c.do(http.MethodPut, "/users/inactive@example.com/status", `{"action":"activate"}`).code())
	s.SetSeats(zoom.TypeUnassigned, 0)
	assert.Equal(t, 3412, patch("basic", `{"type":4}`).code())
	s.SetSeats(zoom.TypeBasic, -1)
	assert.Equal(t, 204, patch("basic", `{"type":1}`).status)

	usage := c.get("/accounts/me/plans/usage").json()
	base := usage["plan_base"].(map[string]any)
	assert.Equal(t, json.Number("6"), base["hosts"])
	assert.Equal(t, json.Number("5"), base["usage"])
	assert.Contains(t, usage, "plan_zoom_one")
	assert.Equal(t, 404, c.get("/accounts/other/plans/usage").status)
	assert.Equal(t, 200, call(t, zoomtest.NewServer(zoomtest.WithPlan(zoom.PlanFree))).get("/accounts/me/plans/usage").code())
}

func TestAssignmentCap(t *testing.T) {
	s := staff(zoomtest.WithQuirks(zoomtest.Quirks{AssignmentCap: 1}))
	c := call(t, s)
	patch := func(body string) reply { return c.do(http.MethodPatch, "/users/basic@example.com", body) }
	assert.Equal(t, 204, patch(`{"type":2}`).status)
	assert.Equal(t, 204, patch(`{"type":1}`).status)
	r := patch(`{"type":2}`)
	assert.Equal(t, 300, r.code())
	assert.Contains(t, r.body, "You have exceeded the limit of license assignments for your account.")
	assert.Equal(t, 204, c.do(http.MethodPatch, "/users/licensed@example.com", `{"type":1}`).status, "moves down are always accepted")
	s.Advance(31 * 24 * time.Hour)
	c.token = s.IssueToken()
	assert.Equal(t, 204, patch(`{"type":2}`).status)
}

func TestReadDelay(t *testing.T) {
	s := staff(zoomtest.WithQuirks(zoomtest.Quirks{ReadDelay: 5 * time.Second}))
	c := call(t, s)
	inactive := len(c.get("/users?status=inactive").list("users"))
	require.Equal(t, 200, c.do(http.MethodPut, "/users/licensed@example.com/status", `{"action":"deactivate"}`).status)
	assert.Equal(t, "active", c.get("/users/licensed@example.com").json()["status"])
	assert.Len(t, c.get("/users?status=inactive").list("users"), inactive)
	s.Advance(5 * time.Second)
	assert.Equal(t, "inactive", c.get("/users/licensed@example.com").json()["status"])
	page := c.get("/users?status=inactive")
	assert.Len(t, page.list("users"), inactive+1)
	assert.Equal(t, json.Number("2"), page.json()["total_records"])
}

func TestDeleteUser(t *testing.T) {
	s := staff()
	c := call(t, s)
	for _, tt := range []struct {
		path string
		want int
	}{
		{"room@example.com", 200},
		{"owner@example.com?action=delete", 1117},
		{"admin@example.com", 1117},
		{"events@example.com", 300},
		{"basic@example.com?transfer_email=Basic@example.com", 300},
		{"basic@example.com?action=forget", 300},
		{"nobody@example.com", 1001},
		{"pending@example.com", 0},
		{"basic@example.com?transfer_email=licensed@example.com", 0},
	} {
		r := c.do(http.MethodDelete, "/users/"+tt.path, "")
		assert.Equal(t, tt.want, r.code(), tt.path)
		if tt.want == 0 {
			assert.Equal(t, http.StatusNoContent, r.status, tt.path)
		}
	}
	assert.Equal(t, 1001, c.get("/users/basic@example.com").code())
	assert.Equal(t, 204, c.do(http.MethodDelete, "/users/licensed@example.com/token", "").status)
	assert.Equal(t, 1001, c.do(http.MethodDelete, "/users/x/token", "").code())
}

func TestCreateUser(t *testing.T) {
	s := staff()
	c := call(t, s)
	r := c.do(http.MethodPost, "/users", `{"action":"create","user_info":{"email":"x@example.com","type":1,"first_name":"X"}}`)
	assert.Equal(t, http.StatusCreated, r.status)
	assert.Len(t, r.json()["id"], 22)
	u, _ := s.User("x@example.com")
	assert.Equal(t, zoom.StatusPending, u.Status)
	assert.Empty(t, u.ID)
	r = c.do(http.MethodPost, "/users", `{"action":"custCreate","user_info":{"email":"y@example.com","type":2}}`)
	u, _ = s.User("y@example.com")
	assert.Equal(t, r.json()["id"], u.ID)
	s.SetSeats(zoom.TypeLicensed, 0)
	for body, want := range map[string]int{
		`{"action":"create","user_info":{"email":"x@example.com","type":1}}`:  1005,
		`{"action":"create","user_info":{"email":"z@example.com","type":2}}`:  2034,
		`{"action":"create","user_info":{"email":"z@example.com","type":12}}`: 300,
		`{"action":"make","user_info":{"email":"z@example.com","type":1}}`:    300,
		`{"action":"create","user_info":{}}`:                                  300,
	} {
		assert.Equal(t, want, c.do(http.MethodPost, "/users", body).code(), body)
	}
}

func TestBulkFeatures(t *testing.T) {
	s := staff()
	c := call(t, s)
	id := func(name string) string {
		u, _ := s.User(name + "@example.com")
		return u.ID
	}
	r := c.do(http.MethodPost, "/users/features", `{"feature_type":"user_type","feature_value":"1","users":[
		{"id":"`+id("licensed")+`"},{"email":"basic@example.com"},{"id":"gone"},{"id":"gone2"},{"email":"room@example.com"},
		{"email":"bundle@example.com"},{"email":"united@example.com"},{"email":"events@example.com"},{"email":"inactive@example.com"}]}`)
	assert.Equal(t, http.StatusCreated, r.status)
	assert.JSONEq(t, `{"success_user_ids":["`+id("licensed")+`"],"fail_details":[
		{"user_ids":["`+id("basic")+`","`+id("inactive")+`"],"reason":"No need to update"},{"user_ids":["gone","gone2"],"reason":"Users not found"},
		{"user_ids":["`+id("room")+`"],"reason":"Can't update for Zoom Room users"},
		{"user_ids":["`+id("bundle")+`"],"reason":"Can't update for Zoom One users"},
		{"user_ids":["`+id("united")+`"],"reason":"Can't update for Zoom United users"},
		{"user_ids":["`+id("events")+`"],"reason":"Have upcoming events"}]}`, r.body)
	s.SetSeats(zoom.TypeLicensed, 0)
	r = c.do(http.MethodPost, "/users/features", `{"feature_type":"user_type","feature_value":"2","users":[{"email":"basic@example.com"}]}`)
	assert.Contains(t, r.body, "Not enough seats")
	for _, body := range []string{
		`{"feature_type":"user_type","feature_value":"2","users":[]}`,
		`{"feature_type":"user_type","feature_value":2,"users":[{"id":"a"}]}`,
		`{"feature_type":"user_type","feature_value":"3","users":[{"id":"a"}]}`,
		`{"feature_type":"zoom_one_type","feature_value":"3","users":[{"id":"a"}]}`,
		`{"feature_type":"other","feature_value":"3","users":[{"id":"a"}]}`,
	} {
		assert.Equal(t, 300, c.do(http.MethodPost, "/users/features", body).code(), body)
	}
	for _, body := range []string{
		`{"feature_type":"zoom_one_type","feature_value":"0","users":[{"email":"bundle@example.com"}]}`,
		`{"feature_type":"plan_united_type","feature_value":"none","users":[{"email":"united@example.com"}]}`,
		`{"feature_type":"webinar","feature_value":"500","users":[{"email":"admin@example.com"}]}`,
	} {
		assert.NotContains(t, c.do(http.MethodPost, "/users/features", body).body, "reason", body)
	}
}
