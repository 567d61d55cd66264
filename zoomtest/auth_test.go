package zoomtest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomtest"
)

// fetch asks the token endpoint.
func fetch(t *testing.T, s *zoomtest.Server, id, secret, query string, form url.Values) reply {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "https://zoom.us/oauth/token"+query, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	res, err := s.RoundTripper().RoundTrip(req)
	require.NoError(t, err)
	return read(t, res)
}

func TestTokenEndpoint(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today), zoomtest.WithCredentials("acc", "id", "secret"), zoomtest.WithScopes("a", "b"))
	good := url.Values{"grant_type": {"account_credentials"}, "account_id": {"acc"}}

	r := fetch(t, s, "id", "secret", "", good)
	require.Equal(t, http.StatusOK, r.status, r.body)
	fields := r.json()
	assert.Equal(t, "bearer", fields["token_type"])
	assert.Equal(t, "a b", fields["scope"])
	assert.Equal(t, "https://api.zoom.us", fields["api_url"])
	assert.NotContains(t, fields, "refresh_token")
	c := &caller{t, s, fields["access_token"].(string)}
	assert.Equal(t, 2300, c.get("/nothing").code(), "the token is good")

	assert.Equal(t, 200, fetch(t, s, "id", "secret", "?"+good.Encode(), nil).status, "the parameters may stand in the query")
	inForm := url.Values{"client_id": {"id"}, "client_secret": {"secret"}}
	assert.Equal(t, 200, fetch(t, s, "", "", "?"+good.Encode(), inForm).status)

	for name, tt := range map[string]struct {
		id, secret string
		form       url.Values
		body       string
	}{
		"wrong secret":  {"id", "no", good, `{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`},
		"no client":     {"", "", good, `{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`},
		"no grant":      {"id", "secret", nil, `{"reason":"Bad Request","error":"invalid_request"}`},
		"wrong grant":   {"id", "secret", url.Values{"grant_type": {"password"}}, `{"reason":"unsupported grant type","error":"unsupported_grant_type"}`},
		"wrong account": {"id", "secret", url.Values{"grant_type": {"account_credentials"}, "account_id": {"x"}}, `{"reason":"Bad Request","error":"invalid_request"}`},
	} {
		r := fetch(t, s, tt.id, tt.secret, "", tt.form)
		assert.Equal(t, http.StatusBadRequest, r.status, name)
		assert.JSONEq(t, tt.body, r.body, name)
	}
	for _, logged := range s.Requests() {
		if logged.Header.Get("Authorization") != "" {
			assert.Equal(t, "REDACTED", logged.Header.Get("Authorization"))
		}
	}
}

func TestAccessTokens(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	c := call(t, s)
	assert.Equal(t, 200, c.get("/users").status)

	s.Advance(zoomtest.TokenLife)
	r := c.get("/users")
	assert.Equal(t, http.StatusUnauthorized, r.status)
	assert.JSONEq(t, `{"code":124,"message":"Access token is expired."}`, r.body)

	c.token = "unknown"
	s.SetQuirks(zoomtest.Quirks{TokenErrorStatus: 400})
	r = c.get("/users")
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.JSONEq(t, `{"code":124,"message":"Invalid access token."}`, r.body)
	c.token = ""
	assert.Equal(t, 4700, c.get("/users").code())

	c.token = s.IssueToken()
	s.RevokeTokens()
	assert.Equal(t, 124, c.get("/users").code())
}

func TestSingleTokenMode(t *testing.T) {
	s := zoomtest.NewServer()
	first, second := call(t, s), call(t, s)
	assert.Equal(t, 200, first.get("/users").status)
	assert.Equal(t, 200, second.get("/users").status)
	s.SetQuirks(zoomtest.Quirks{SingleToken: true})
	third := call(t, s)
	assert.Equal(t, 124, first.get("/users").code())
	assert.Equal(t, 124, second.get("/users").code())
	assert.Equal(t, 200, third.get("/users").status)
}

func TestScopes(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithScopes())
	c := call(t, s)
	r := c.get("/users")
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.JSONEq(t, `{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read:list_users:admin]."}`, r.body)
	s.SetQuirks(zoomtest.Quirks{ScopeErrorCode: 104})
	r = c.get("/users")
	assert.Equal(t, `{"code":104,"message":"Invalid access token, does not contain scopes:["user:read:list_users:admin"]"}`, r.body)
	s.SetQuirks(zoomtest.Quirks{ScopeErrorCode: 4700})
	assert.JSONEq(t, `{"code":4700,"message":"Invalid access token, does not contain scopes."}`, c.get("/users").body)

	for _, scope := range []string{"user:read:admin", "user:write:admin", "user:read:list_users:admin"} {
		s.SetScopes(scope)
		c.token = s.IssueToken()
		assert.Equal(t, 200, c.get("/users").status, scope)
		assert.Equal(t, 400, c.get("/report/users").status, scope)
	}
	assert.Contains(t, zoomtest.AllScopes(), "report:read:list_meeting_participants:admin")
	assert.NotContains(t, zoomtest.AllScopes(), "user:read:admin")
}

func TestBadOptionsPanic(t *testing.T) {
	for name, option := range map[string]func(){
		"users":       func() { zoomtest.WithUsers(0, 1) },
		"plan":        func() { zoomtest.WithPlan(0) },
		"clock":       func() { zoomtest.WithClock(nil) },
		"credentials": func() { zoomtest.WithCredentials("", "a", "b") },
		"log":         func() { zoomtest.WithRequestLog(-1) },
	} {
		assert.Panics(t, option, name)
	}
}

func TestClock(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	s.Advance(time.Hour)
	assert.Equal(t, today.Add(time.Hour), s.Now())
	assert.Equal(t, "Mon, 23 Nov 2026 13:00:00 GMT", call(t, s).get("/users").header.Get("Date"))
}
