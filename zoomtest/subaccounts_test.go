package zoomtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func TestPathsUnderAnAccount(t *testing.T) {
	s := numbered(3)
	held := s.AddPastMeeting(zoomtest.PastMeeting{HostID: "u0@example.com", Start: today.AddDate(0, 0, -3), End: today.AddDate(0, 0, -3).Add(3600e9), UUID: "/ab=="})
	c := call(t, s)
	for _, account := range []string{"me", s.AccountID()} {
		for _, path := range []string{
			"/users?page_size=2", "/users/summary", "/users/u1@example.com", "/users/u1@example.com/settings", "/users/u0@example.com/meetings",
			"/past_meetings/%252Fab%253D%253D", "/past_meetings/%252Fab%253D%253D/participants",
			"/report/users?from=2026-11-01&to=2026-11-20", "/report/users/u0@example.com/meetings?from=2026-11-01&to=2026-11-20&type=pastOne",
			"/report/meetings/%252Fab%253D%253D/participants", "/report/activities",
		} {
			want, got := c.get(path), c.get("/accounts/"+account+path)
			assert.Equal(t, 200, got.status, path)
			if path != "/users?page_size=2" { // its token is sealed for the path
				assert.Equal(t, want.body, got.body, path)
			}
		}
		assert.Len(t, c.all("/accounts/"+account+"/users?page_size=2", "users"), 3)
		assert.Equal(t, 204, c.do(http.MethodPatch, "/accounts/"+account+"/users/u1@example.com", `{"type":2}`).status)
		assert.Equal(t, 200, c.do(http.MethodPut, "/accounts/"+account+"/users/u1@example.com/status", `{"action":"deactivate"}`).status)
		u, _ := s.User("u1@example.com")
		assert.Equal(t, zoom.StatusInactive, u.Status)
		s.SetStatus("u1@example.com", zoom.StatusActive)
	}
	assert.Equal(t, 204, c.do(http.MethodDelete, "/accounts/me/users/u2@example.com", "").status)
	assert.Equal(t, "/ab==", held.UUID)

	for _, path := range []string{"/users", "/users/u0@example.com", "/report/users", "/past_meetings/1", "/plans/usage"} {
		r := c.get("/accounts/other" + path)
		assert.Equal(t, http.StatusNotFound, r.status, path)
		assert.JSONEq(t, `{"code":2001,"message":"Account does not exist: other."}`, r.body, path)
	}
	for _, path := range []string{"/accounts/me/groups", "/accounts/me", "/accounts/me/oauth/token", "/accounts//users", "/accounts/me/accounts/me/users"} {
		assert.Equal(t, 2300, c.get(path).code(), path)
	}
	token := c.get("/users?page_size=1").next()
	assert.Equal(t, 300, c.get("/accounts/me/users?page_size=1&next_page_token="+token).code(), "another listing")
}

func TestMasterScopes(t *testing.T) {
	s := numbered(1, zoomtest.WithScopes("user:master"))
	c := call(t, s)
	for path, want := range map[string]int{"/accounts/me/users": 200, "/users": 400, "/accounts/me/report/users": 400} {
		assert.Equal(t, want, c.get(path).status, path)
	}
	assert.Contains(t, c.get("/accounts/me/report/users").body, "[report:read:list_users:master]")
	for _, scope := range []string{"user:read:list_users:master", "user:read:list_users:admin", "user:read:admin"} {
		s.SetScopes(scope)
		assert.Equal(t, 200, call(t, s).get("/accounts/me/users").status, scope)
	}
	for _, scope := range zoomtest.AllScopes() {
		assert.NotContains(t, scope, ":master")
	}
}

func TestLogAndFaultsUnderAnAccount(t *testing.T) {
	s := numbered(1)
	c := call(t, s)
	s.Inject(zoomtest.ServerError(502).On("GET", "/users"))
	s.Inject(zoomtest.ServerError(503).On("GET", "/accounts/{accountId}/users"))
	var routes []string
	s.OnPage(func(p *zoomtest.Page) { routes = append(routes, p.Route) })
	for _, want := range []int{502, 503, 200} {
		assert.Equal(t, want, c.get("/accounts/me/users").status)
	}
	s.Inject(zoomtest.ServerError(503).On("GET", "/accounts/{accountId}/users"))
	assert.Equal(t, 200, c.get("/users").status)
	assert.Equal(t, []string{"/users", "/users"}, routes)
	log := s.Requests()
	require.Len(t, log, 4)
	assert.Equal(t, "/v2/accounts/me/users", log[0].Path)
	assert.Equal(t, "/accounts/{accountId}/users", log[0].Route)
	assert.Equal(t, zoom.ClassMedium, log[0].Class)
}
