package zoomtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// code is that of a link on which somebody clicked Allow.
func code(t *testing.T, s *zoomtest.Server, changes ...string) string {
	t.Helper()
	back, err := s.Allow(link(changes...))
	require.NoError(t, err)
	return query(t, back).Get("code")
}

// exchange is the form for a code, with some parameters changed.
func exchange(code string, changes ...string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

func renewal(refreshToken string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}
}

func (r reply) text(name string) string {
	r.t.Helper()
	text, _ := r.json()[name].(string)
	return text
}

const (
	badToken = `{"reason":"Invalid Token!","error":"invalid_grant"}`
	badCode  = `{"reason":"Invalid authorization code","error":"invalid_grant"}`
	badApp   = `{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`
	badForm  = `{"reason":"Bad Request","error":"invalid_request"}`
)

func refused(t *testing.T, r reply, body string, why ...any) {
	t.Helper()
	assert.Equal(t, http.StatusBadRequest, r.status, why...)
	assert.JSONEq(t, body, r.body, why...)
}

func TestCodeExchange(t *testing.T) {
	s := app(zoomtest.WithScopes("user:read:user:admin", "user:read:list_users:admin"))
	text := code(t, s)
	s.SetScopes("later")
	r := fetch(t, s, "id", "secret", "", exchange(text))
	require.Equal(t, http.StatusOK, r.status, r.body)
	assert.Equal(t, "bearer", r.text("token_type"))
	assert.Equal(t, "user:read:user:admin user:read:list_users:admin", r.text("scope"), "what was allowed")
	assert.Equal(t, "https://api.zoom.us", r.text("api_url"))
	assert.EqualValues(t, "3600", r.json()["expires_in"])
	assert.True(t, s.GrantAlive(r.text("refresh_token")))

	me := (&caller{t, s, r.text("access_token")}).get("/users/me")
	assert.Equal(t, "owner@example.com", me.text("email"))

	refused(t, fetch(t, s, "id", "secret", "", exchange(text)), badCode, "one use")
	assert.True(t, s.GrantAlive(r.text("refresh_token")), "a second use of the code ends nothing")
	assert.Equal(t, 1, s.TokenCalls())
}

func TestRefusedExchanges(t *testing.T) {
	const badProof = `{"reason":"Invalid code verifier","error":"invalid_grant"}`
	plain := []string{"code_challenge_method", "plain", "code_challenge", verifier}
	for name, tt := range map[string]struct {
		login, exchange []string
		wait            time.Duration
		body            string // empty: accepted
	}{
		"S256":              {},
		"plain":             {login: plain},
		"plain by default":  {login: []string{"code_challenge_method", "", "code_challenge", verifier}},
		"without a proof":   {login: []string{"code_challenge_method", "", "code_challenge", ""}, exchange: []string{"code_verifier", ""}},
		"in time":           {wait: zoomtest.CodeLife - 1},
		"the S256 trap":     {login: []string{"code_challenge_method", ""}, body: badProof},
		"wrong verifier":    {exchange: []string{"code_verifier", strings.Repeat("x", 43)}, body: badProof},
		"no verifier":       {exchange: []string{"code_verifier", ""}, body: badProof},
		"short verifier":    {exchange: []string{"code_verifier", "abc"}, body: badProof},
		"odd verifier":      {exchange: []string{"code_verifier", verifier + "="}, body: badProof},
		"wrong plain":       {login: plain, exchange: []string{"code_verifier", challenge}, body: badProof},
		"challenge cut out": {login: []string{"code_challenge_method", "", "code_challenge", ""}, body: badProof},
		"too late":          {wait: zoomtest.CodeLife, body: `{"reason":"Authorization code expired","error":"invalid_grant"}`},
		"long forgotten":    {wait: 2 * time.Hour, body: `{"reason":"Authorization code expired","error":"invalid_grant"}`},
		"other redirect":    {exchange: []string{"redirect_uri", "https://example.com/"}, body: `{"reason":"Invalid request : Redirect URI mismatch.","error":"invalid_request"}`},
		"no redirect":       {exchange: []string{"redirect_uri", ""}, body: `{"reason":"Invalid request : Redirect URI mismatch.","error":"invalid_request"}`},
		"no code":           {exchange: []string{"code", ""}, body: badForm},
		"unknown code":      {exchange: []string{"code", "x"}, body: badCode},
	} {
		s := app()
		text := code(t, s, tt.login...)
		s.Advance(tt.wait)
		r := fetch(t, s, "id", "secret", "", exchange(text, tt.exchange...))
		if tt.body == "" {
			assert.Equal(t, http.StatusOK, r.status, name)
			continue
		}
		refused(t, r, tt.body, name)
		assert.Zero(t, s.TokenCalls(), name)
		if name == "wrong verifier" {
			assert.Equal(t, 200, fetch(t, s, "id", "secret", "", exchange(text)).status, "a refusal does not use the code up")
		}
	}
	s := app()
	text := code(t, s)
	s.Advance(2 * time.Hour)
	code(t, s)
	refused(t, fetch(t, s, "id", "secret", "", exchange(text)), badCode, "codes are forgotten in the end")
	refused(t, fetch(t, s, "id", "wrong", "", exchange(code(t, s))), badApp)
}

func TestRefresh(t *testing.T) {
	s := app()
	access, first := s.IssueGrant()
	r := fetch(t, s, "id", "secret", "", renewal(first))
	require.Equal(t, 200, r.status, r.body)
	second := r.text("refresh_token")
	assert.NotEqual(t, first, second)
	for _, token := range []string{access, r.text("access_token")} {
		assert.Equal(t, 200, (&caller{t, s, token}).get("/users/me").status, "the old access token stays good")
	}
	refused(t, fetch(t, s, "id", "secret", "", renewal(first)), badToken)
	refused(t, fetch(t, s, "id", "secret", "", renewal("unknown")), badToken)
	refused(t, fetch(t, s, "id", "secret", "", renewal("")), badForm)
	assert.False(t, s.GrantAlive(first))
	assert.Equal(t, 200, fetch(t, s, "id", "secret", "?"+renewal(second).Encode(), nil).status, "in the query")
	assert.Equal(t, 2, s.TokenCalls())

	_, token := s.IssueGrant()
	s.Advance(zoomtest.RefreshTokenLife - 1)
	assert.True(t, s.GrantAlive(token))
	s.Advance(1)
	assert.False(t, s.GrantAlive(token))
	refused(t, fetch(t, s, "id", "secret", "", renewal(token)), badToken)
}

func TestRefreshQuirks(t *testing.T) {
	s := app(zoomtest.WithQuirks(zoomtest.Quirks{RefreshGrace: time.Minute}))
	_, first := s.IssueGrant()
	second := fetch(t, s, "id", "secret", "", renewal(first)).text("refresh_token")
	s.Advance(time.Minute - 1)
	third := fetch(t, s, "id", "secret", "", renewal(first)).text("refresh_token")
	s.Advance(1)
	assert.False(t, s.GrantAlive(first), "the second use does not prolong the grace")
	assert.True(t, s.GrantAlive(second))
	assert.True(t, s.GrantAlive(third))

	s.SetQuirks(zoomtest.Quirks{KeepRefreshToken: true})
	_, kept := s.IssueGrant()
	s.Advance(60 * 24 * time.Hour)
	r := fetch(t, s, "id", "secret", "", renewal(kept))
	assert.NotContains(t, r.json(), "refresh_token")
	s.Advance(60 * 24 * time.Hour)
	assert.True(t, s.GrantAlive(kept), "90 days without use")

	s.SetQuirks(zoomtest.Quirks{OldGrantError: true})
	r = fetch(t, s, "id", "secret", "", renewal("dead"))
	assert.Equal(t, http.StatusUnauthorized, r.status)
	assert.JSONEq(t, `{"reason":"Invalid Token!","error":"invalid_request"}`, r.body)

	s.SetQuirks(zoomtest.Quirks{SingleToken: true})
	serverToServer := s.IssueToken()
	access, token := s.IssueGrant()
	renewed := fetch(t, s, "id", "secret", "", renewal(token)).text("access_token")
	assert.Equal(t, 124, (&caller{t, s, access}).get("/users").code())
	assert.Equal(t, 200, (&caller{t, s, renewed}).get("/users").status)
	assert.Equal(t, 200, (&caller{t, s, serverToServer}).get("/users").status, "of another kind")

	for raw, want := range map[string]string{`"3599.5"`: `"expires_in":"3599.5",`, "1e400": `"expires_in":1e400,`, `""`: `"expires_in":"",`, "0": `"expires_in":0,`} {
		s.SetQuirks(zoomtest.Quirks{ExpiresIn: raw})
		_, token := s.IssueGrant()
		assert.Contains(t, fetch(t, s, "id", "secret", "", renewal(token)).body, want)
	}
	s.SetQuirks(zoomtest.Quirks{ExpiresIn: "-"})
	_, token = s.IssueGrant()
	assert.NotContains(t, fetch(t, s, "id", "secret", "", renewal(token)).body, "expires_in")
}

func TestWhatEndsAGrant(t *testing.T) {
	dead := func(s *zoomtest.Server, access, token string) {
		t.Helper()
		assert.Equal(t, 124, (&caller{t, s, access}).get("/users").code())
		assert.False(t, s.GrantAlive(token))
		refused(t, fetch(t, s, "id", "secret", "", renewal(token)), badToken)
	}
	s := app()
	access, token := s.IssueGrant()
	other, latest := s.IssueGrant()
	dead(s, access, token) // authorised again
	fetch(t, s, "id", "secret", "", exchange(code(t, s)))
	dead(s, other, latest)

	s = app()
	access, token = s.IssueGrant()
	s.RemoveUser("owner@example.com")
	assert.Equal(t, 1001, (&caller{t, s, access}).get("/users/me").code())
	refused(t, fetch(t, s, "id", "secret", "", renewal(token)), badToken, "the person left")

	s = app()
	access, token = s.IssueGrant()
	s.RevokeTokens()
	assert.Equal(t, 124, (&caller{t, s, access}).get("/users").code())
	assert.True(t, s.GrantAlive(token), "access tokens only")

	text := code(t, s)
	serverToServer := call(t, s)
	s.Uninstall()
	dead(s, access, token)
	assert.Equal(t, 124, serverToServer.get("/users").code())
	refused(t, fetch(t, s, "id", "secret", "", exchange(text)), badCode)
	form := url.Values{"grant_type": {"account_credentials"}, "account_id": {"acc"}}
	refused(t, fetch(t, s, "id", "secret", "", form), `{"reason":"The app has been disabled.","error":"invalid_client"}`)
	require.Zero(t, s.TokenCalls())
	assert.Equal(t, 200, fetch(t, s, "id", "secret", "", exchange(code(t, s))).status, "installed again")
	assert.Equal(t, 200, fetch(t, s, "id", "secret", "", form).status)
	assert.Equal(t, 2, s.TokenCalls())
}

func revoke(t *testing.T, s *zoomtest.Server, secret string, form url.Values) reply {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "https://zoom.us/oauth/revoke", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("id", secret)
	res, err := s.RoundTripper().RoundTrip(req)
	require.NoError(t, err)
	return read(t, res)
}

func TestRevoke(t *testing.T) {
	s := app()
	for _, which := range []string{"access", "refresh"} {
		access, token := s.IssueGrant()
		text := token
		if which == "access" {
			text = access
		}
		refused(t, revoke(t, s, "wrong", url.Values{"token": {text}}), badApp)
		assert.True(t, s.GrantAlive(token), which)
		r := revoke(t, s, "secret", url.Values{"token": {text}})
		assert.Equal(t, 200, r.status, which)
		assert.JSONEq(t, `{"status":"success"}`, r.body, which)
		assert.False(t, s.GrantAlive(token), which)
		assert.Equal(t, 124, (&caller{t, s, access}).get("/users").code(), which)
	}
	c, other := call(t, s), call(t, s)
	assert.Equal(t, 200, revoke(t, s, "secret", url.Values{"token": {c.token}}).status)
	assert.Equal(t, 124, c.get("/users").code())
	assert.Equal(t, 200, other.get("/users").status, "a server-to-server token ends alone")
	assert.Equal(t, 200, revoke(t, s, "secret", url.Values{"token": {"unknown"}}).status)
	refused(t, revoke(t, s, "secret", nil), badForm)
}

func TestPublicClient(t *testing.T) {
	s := app(zoomtest.WithPublicClient())
	r := browse(t, s, link("code_challenge", "", "code_challenge_method", ""), nil)
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Contains(t, r.body, "has to send a code_challenge")

	form := exchange(code(t, s), "client_id", "id")
	refused(t, fetch(t, s, "id", "secret", "", form), badApp, "no secret in the header")
	refused(t, fetch(t, s, "", "", "?client_secret=secret", form), badApp, "no secret in the form")
	refused(t, fetch(t, s, "", "", "", exchange("x")), badApp, "no name")
	r = fetch(t, s, "", "", "", form)
	require.Equal(t, 200, r.status, r.body)
	form = renewal(r.text("refresh_token"))
	form.Set("client_id", "id")
	assert.Equal(t, 200, fetch(t, s, "", "", "", form).status)
	_, err := s.Client().Users.Get(t.Context(), "jill@example.com")
	assert.NoError(t, err, "server-to-server keeps its secret")
}

func TestWhoClickedAllow(t *testing.T) {
	s := zoomtest.NewServer(zoomtest.WithTime(today))
	access, token := s.IssueGrant()
	c := &caller{t, s, access}
	assert.Equal(t, 1001, c.get("/users/me").code(), "nobody is there")
	assert.True(t, s.GrantAlive(token))
	s.AddUser(zoom.User{Email: "new@example.com", Status: zoom.StatusPending})
	s.AddUser(zoom.User{Email: "gone@example.com", RoleID: zoom.RoleOwner, Status: zoom.StatusInactive})
	for _, who := range []zoom.User{
		{Email: "custom@example.com", RoleID: "custom"},
		{Email: "admin@example.com", RoleID: zoom.RoleAdmin},
		{Email: "owner@example.com", RoleID: zoom.RoleOwner},
	} {
		s.AddUser(who)
		assert.Equal(t, who.Email, c.get("/users/me").text("email"))
	}
	assert.Equal(t, 200, c.get("/users/me/meetings").status)
	assert.Equal(t, 200, c.get("/users/me/upcoming_meetings").status)
	assert.Equal(t, 200, c.get("/report/users/me/meetings?from=2026-11-01&to=2026-11-20").status)
	assert.Equal(t, 204, c.do(http.MethodPatch, "/users/me", `{"dept":"IT"}`).status)
	assert.Equal(t, 1001, call(t, s).get("/users/me").code(), "a server-to-server token has no person")
}

func TestFaultsOfTheOAuthHost(t *testing.T) {
	for _, tt := range []struct{ method, route, path string }{
		{"POST", "/oauth/token", "/oauth/token"},
		{"POST", "/oauth/revoke", "/oauth/revoke"},
		{"POST", "/oauth/devicecode", "/oauth/devicecode"},
		{"GET", "/oauth/authorize", "/oauth/authorize"},
		{"POST", "/oauth/authorize", "/oauth/authorize"},
		{"GET", "/oauth_device", "/oauth_device"},
		{"POST", "/oauth_device", "/oauth_device"},
		{"GET", "/oauth/device/complete/{userCode}", "/oauth/device/complete/abc"},
	} {
		s := app()
		s.Inject(zoomtest.ServerError(503).On(tt.method, tt.route))
		form := url.Values{"a": {"b"}}
		if tt.method == "GET" {
			form = nil
		}
		r := browse(t, s, "https://zoom.us"+tt.path, form)
		assert.Equal(t, 503, r.status, tt.route)
		assert.Equal(t, "text/html", r.header.Get("Content-Type"), tt.route)
		assert.NotEqual(t, 503, browse(t, s, "https://zoom.us"+tt.path, form).status, tt.route)
		assert.Equal(t, tt.route, s.Requests()[0].Route)
	}
}

func TestLostTokens(t *testing.T) {
	for name, fault := range map[string]zoomtest.Fault{
		"reset":       zoomtest.LostAnswer(),
		"cut":         zoomtest.CutBody(0),
		"half a body": zoomtest.CutBody(40),
		"gateway":     {Status: 504, Apply: true},
	} {
		for _, where := range []string{"in memory", "listener"} {
			s := app()
			t.Cleanup(s.Close)
			address, client := "https://zoom.us/oauth/token", &http.Client{Transport: s.RoundTripper()}
			if where == "listener" {
				address, client = s.TokenURL(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			}
			access, token := s.IssueGrant()
			s.Inject(fault.On("POST", "/oauth/token"))
			req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(renewal(token).Encode()))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.SetBasicAuth("id", "secret")
			res, err := client.Do(req)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			switch name {
			case "reset":
				assert.ErrorIs(t, err, syscall.ECONNRESET, where)
			case "gateway":
				assert.Equal(t, 504, res.StatusCode, where)
			default:
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s %s", name, where)
			}
			assert.False(t, s.GrantAlive(token), "%s %s: the token was replaced", name, where)
			assert.Equal(t, 1, s.TokenCalls(), "%s %s", name, where)
			assert.Equal(t, 200, (&caller{t, s, access}).get("/users").status)
		}
	}
}
