package zoomtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const (
	callback  = "http://127.0.0.1:8085/callback"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// app is a server with known credentials and one owner.
func app(opts ...zoomtest.Option) *zoomtest.Server {
	opts = append([]zoomtest.Option{zoomtest.WithTime(today), zoomtest.WithCredentials("acc", "id", "secret")}, opts...)
	s := zoomtest.NewServer(opts...)
	s.AddUser(zoom.User{Email: "jill@example.com"})
	s.AddUser(zoom.User{Email: "admin@example.com", RoleID: zoom.RoleAdmin})
	s.AddUser(zoom.User{Email: "owner@example.com", RoleID: zoom.RoleOwner})
	return s
}

// link is a good link to the consent page with some parameters changed; an empty
// value takes one out.
func link(changes ...string) string {
	q := url.Values{
		"response_type": {"code"}, "client_id": {"id"}, "redirect_uri": {callback}, "state": {"a state & more"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return "https://zoom.us/oauth/authorize?" + q.Encode()
}

// browse asks for a page, or posts a form to it.
func browse(t *testing.T, s *zoomtest.Server, address string, form url.Values) reply {
	t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, address, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.RoundTripper().RoundTrip(req)
	require.NoError(t, err)
	return read(t, res)
}

// between returns what stands on a page between two texts.
func (r reply) between(before, after string) string {
	r.t.Helper()
	_, rest, found := strings.Cut(r.body, before)
	require.True(r.t, found, "no %s in %s", before, r.body)
	text, _, _ := strings.Cut(rest, after)
	return html.UnescapeString(text)
}

func (r reply) ticket() string { return r.between(`name="ticket" value="`, `"`) }

// query is what a callback was given.
func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query()
}

func TestConsentPage(t *testing.T) {
	s := app(zoomtest.WithScopes("user:read:list_users:admin", "user:read", "report:read:admin", "billing:master", "phone:read:list_call_logs:admin", "tsp", "x:y"))
	r := browse(t, s, link(), nil)
	require.Equal(t, http.StatusOK, r.status)
	assert.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
	assert.Equal(t, "no-referrer", r.header.Get("Referrer-Policy"))
	assert.Equal(t, "no-store", r.header.Get("Cache-Control"))
	for _, text := range []string{
		"<h1>Permissions Requested</h1>", "zoomtest – not Zoom", `id="allow"`, `id="deny"`, "<strong>owner@example.com</strong>", "<strong>127.0.0.1:8085</strong>",
		"View the list of users<small>whole account</small></span><code>user:read:list_users:admin</code>",
		"View users<small>your own</small></span><code>user:read</code>",
		"View reports<small>whole account</small></span><code>report:read:admin</code>",
		"View and change plans<small>sub-accounts too</small></span><code>billing:master</code>",
		"View list call logs (phone)<small>whole account</small>", "Use tsp<small>", "Use x (x)<small>",
	} {
		assert.Contains(t, r.body, text)
	}
	assert.NotContains(t, r.body, "<script")
	assert.NotContains(t, r.body, "a state")
	assert.NotContains(t, r.body, challenge)
	assert.Equal(t, 1, strings.Count(r.body, "<h3>user</h3>"))

	sum := sha256.Sum256([]byte(r.between("<style>", "</style>")))
	assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; form-action 'self' http://127.0.0.1:8085; base-uri 'none'; frame-ancestors 'none'", r.header.Get("Content-Security-Policy"))
	assert.Empty(t, regexp.MustCompile(`(src|href)=|url\(|@import`).FindString(r.body))

	s.SetScopes()
	assert.Contains(t, browse(t, s, link(), nil).body, "the app has no scopes")
	assert.NotContains(t, browse(t, zoomtest.NewServer(zoomtest.WithCredentials("acc", "id", "secret")), link(), nil).body, "on behalf of")
	r = browse(t, s, link("redirect_uri", "http://[::1]:80/"), nil)
	assert.Contains(t, r.header.Get("Content-Security-Policy"), "form-action 'self' http:;", "a policy cannot name an IPv6 address")
}

func TestEveryScopeHasWords(t *testing.T) {
	for _, scope := range zoomtest.AllScopes() {
		s := app(zoomtest.WithScopes(scope))
		assert.NotRegexp(t, `\([a-z]+\)<small>`, browse(t, s, link(), nil).body, scope)
	}
}

func TestRefusedLinks(t *testing.T) {
	for name, tt := range map[string]struct {
		link, code, reason string
	}{
		"client":            {link("client_id", "<b>"), "4702", "Invalid client_id: <b>"},
		"no client":         {link("client_id", ""), "4702", "Invalid client_id: "},
		"no redirect":       {link("redirect_uri", ""), "4709", "Redirect URI mismatch: "},
		"other redirect":    {link("redirect_uri", "https://example.com/other"), "4709", "Redirect URI mismatch: https://example.com/other"},
		"redirect and more": {link("redirect_uri", "https://example.com/cb?x=2"), "4709", "Redirect URI mismatch: https://example.com/cb?x=2"},
		"scope":             {link("scope", "user:read"), "invalid_scope", "Invalid scope: user:read"},
		"response type":     {link("response_type", "token"), "unsupported_response_type", "Invalid response_type: token"},
		"no response type":  {link("response_type", ""), "unsupported_response_type", "Invalid response_type: "},
		"short challenge":   {link("code_challenge", "abc"), "invalid_request", "Invalid code_challenge or code_challenge_method."},
		"long S256":         {link("code_challenge", challenge+"x"), "invalid_request", "Invalid code_challenge or code_challenge_method."},
		"long plain":        {link("code_challenge", strings.Repeat("x", 129), "code_challenge_method", "plain"), "invalid_request", "Invalid code_challenge or code_challenge_method."},
		"method":            {link("code_challenge_method", "s256"), "invalid_request", "Invalid code_challenge or code_challenge_method."},
		"method alone":      {link("code_challenge", ""), "invalid_request", "Invalid code_challenge or code_challenge_method."},
		"twice":             {link() + "&state=b", "invalid_request", "The parameter state is there twice."},
	} {
		s := app(zoomtest.WithRedirectURLs(callback, "https://example.com/cb"))
		r := browse(t, s, tt.link, nil)
		assert.Equal(t, http.StatusBadRequest, r.status, name)
		assert.Equal(t, tt.reason, r.between(`id="reason" class="wrong">`, "<"), name)
		assert.Equal(t, tt.code, r.between(`id="code">`, "<"), name)
		assert.Empty(t, r.header.Get("Location"), name)
		assert.Contains(t, r.header.Get("Content-Security-Policy"), "form-action 'none'", name)
		assert.NotContains(t, r.body, "<b>", name)

		_, err := s.Allow(tt.link)
		assert.EqualError(t, err, "zoomtest: Allow: "+tt.reason, name)
	}
}

func TestRedirectURLs(t *testing.T) {
	for text, good := range map[string]bool{
		"https://example.com":                 true,
		"https://app.example.com:8443/a/b?c":  true,
		"http://127.0.0.1:1/":                 true,
		"http://127.9.9.9/":                   true,
		"http://[::1]:3000/cb":                true,
		"https://[2001:db8::1]/cb":            true,
		"":                                    false,
		"/callback":                           false,
		"http://localhost:3000/":              false,
		"http://example.com/":                 false,
		"http://192.0.2.1/":                   false,
		"javascript:alert(1)":                 false,
		"myapp://callback":                    false,
		"https:example.com":                   false,
		"https://":                            false,
		"https://user@example.com/":           false,
		"https://example.com/#":               false,
		`https://example.com\@evil.example/`:  false,
		"https://example.com;script-src/":     false,
		"https://a.example,https://b.example": false,
		"https://example.com/\r\nX-Own: 1":    false,
		"https://münchen.example/":            false,
		"https://example.com:x/":              false,
		"https://example.com/%zz":             false,
	} {
		want := http.StatusBadRequest
		if good {
			want = http.StatusOK
			assert.NotPanics(t, func() { zoomtest.WithRedirectURLs(text) }, text)
		} else {
			assert.Panics(t, func() { zoomtest.WithRedirectURLs(text) }, text)
		}
		assert.Equal(t, want, browse(t, app(), link("redirect_uri", text), nil).status, text)
	}
	assert.Panics(t, func() { zoomtest.WithRedirectURLs() })
}

func TestAllowAndDeny(t *testing.T) {
	for redirect, want := range map[string]string{
		callback:                          callback + "?",
		"https://example.com/cb?":         "https://example.com/cb?",
		"https://example.com/cb?a=%41&b":  "https://example.com/cb?a=%41&b&",
		"https://example.com/cb?a=1&&":    "https://example.com/cb?a=1&&",
		"https://example.com/a%2Fb?c=d+e": "https://example.com/a%2Fb?c=d+e&",
	} {
		s := app()
		back, err := s.Allow(link("redirect_uri", redirect))
		require.NoError(t, err)
		rest, found := strings.CutPrefix(back, want+"code=")
		require.True(t, found, back)
		_, state, _ := strings.Cut(rest, "&")
		assert.Equal(t, "state=a+state+%26+more", state)

		back, err = s.Deny(link("redirect_uri", redirect))
		require.NoError(t, err)
		assert.Equal(t, want+"error=access_denied&state=a+state+%26+more", back)
	}
	s := app()
	back, err := s.Allow(strings.TrimPrefix(link("state", ""), "https://zoom.us"))
	require.NoError(t, err)
	assert.NotContains(t, back, "state")

	_, err = s.Deny("https://zoom.us/elsewhere")
	assert.EqualError(t, err, "zoomtest: Deny: this is no page of consent: status 404")
	_, err = s.Allow("https://a b/")
	assert.Error(t, err)
	s.Inject(zoomtest.ConnectionReset().On("GET", "/oauth/authorize"))
	_, err = s.Allow(link())
	assert.ErrorContains(t, err, "connection reset")
	s.Inject(zoomtest.LostAnswer().On("POST", "/oauth/authorize"))
	_, err = s.Allow(link())
	assert.ErrorContains(t, err, "connection reset")
	s.Inject(zoomtest.ServerError(502).On("POST", "/oauth/authorize"))
	_, err = s.Allow(link())
	assert.EqualError(t, err, "zoomtest: Allow: this is no page of consent: status 502")
}

func TestATicketServesOneClick(t *testing.T) {
	s := app()
	const consent = "https://zoom.us/oauth/authorize"
	page := browse(t, s, link(), nil)
	form := func(ticket, decision string) url.Values {
		return url.Values{"ticket": {ticket}, "decision": {decision}}
	}

	r := browse(t, s, consent, form(page.ticket(), "perhaps"))
	assert.Equal(t, http.StatusBadRequest, r.status)
	r = browse(t, s, consent, form(page.ticket(), "allow"))
	assert.Equal(t, http.StatusFound, r.status)
	assert.Empty(t, r.body)
	assert.Equal(t, "no-referrer", r.header.Get("Referrer-Policy"))
	r = browse(t, s, consent, form(page.ticket(), "allow"))
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Contains(t, r.body, "used already")
	assert.Equal(t, http.StatusBadRequest, browse(t, s, consent, form("", "allow")).status)
	assert.Equal(t, http.StatusBadRequest, browse(t, s, link(), url.Values{}).status, "the parameters are not enough")

	page = browse(t, s, link(), nil)
	s.Advance(15 * time.Minute)
	assert.Equal(t, http.StatusBadRequest, browse(t, s, consent, form(page.ticket(), "allow")).status)
	assert.Equal(t, 200, browse(t, s, link(), nil).status)
}

func TestConsentOverTheNetwork(t *testing.T) {
	s := app()
	defer s.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(s.AuthorizeURL() + strings.TrimPrefix(link(), "https://zoom.us/oauth/authorize"))
	require.NoError(t, err)
	page := read(t, res)
	res, err = client.PostForm(s.AuthorizeURL(), url.Values{"ticket": {page.ticket()}, "decision": {"allow"}})
	require.NoError(t, err)
	r := read(t, res)
	assert.Equal(t, http.StatusFound, r.status)
	assert.NotEmpty(t, query(t, r.header.Get("Location")).Get("code"))

	back, err := s.Allow(s.AuthorizeURL() + strings.TrimPrefix(link(), "https://zoom.us/oauth/authorize"))
	require.NoError(t, err)
	assert.Equal(t, "a state & more", query(t, back).Get("state"))
}
