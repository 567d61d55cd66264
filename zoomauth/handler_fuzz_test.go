package zoomauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// FuzzCallback brings any query to the callback. STATE in it stands for the state of the
// login. Without that state, once, and one code or one error, the login goes on waiting
// and no code is exchanged.
func FuzzCallback(f *testing.F) {
	for _, query := range foreignCallbacks(url.Values{"code": {"c0de"}, "state": {"STATE"}}) {
		f.Add(query)
	}
	for _, query := range []string{
		"code=c0de&state=STATE", "error=access_denied&state=STATE", "state=STATE&code=%63", "code=c&state=%53TATE", "code=c&state=STATE&", "&&&code=c&&state=STATE",
		"state=STATE&error=", "=&=", "%", "?code=c&state=STATE", "code=c&state=STATE#", "code=<script>&state=STATE", "state=STATE\x00&code=c", "code=c&state=STATE;",
		"code&state=STATE", "code=c&state", "error&state=STATE", "code=%00&state=STATE", "code=c&state=STATE&state", "code=c&state=STATE&error",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		var failed error
		s, state, res := fuzzed(t, query, func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err })
		exchanges := s.app.HTTPClient.Transport.(*spy)
		assert.Empty(t, res.Header.Get("Location")+res.Header.Get("Set-Cookie")+res.body)

		read, err := url.ParseQuery(strings.ReplaceAll(query, "STATE", state))
		isOurs := err == nil && len(read["state"]) == 1 && read["state"][0] == state
		once := func(name, other string) bool { return len(read[name]) == 1 && read[name][0] != "" && !read.Has(other) }
		switch {
		case len(exchanges.seen) > 0:
			assert.True(t, isOurs && once("code", "error"), "exchanged")
			require.Len(t, exchanges.seen, 1)
			assert.Equal(t, read["code"], exchanges.seen[0].form["code"])
			assert.Equal(t, "https://zoom.us/oauth/token", exchanges.seen[0].url.String())
			require.ErrorIs(t, failed, zoom.ErrReauthorize)
		case errors.Is(failed, zoom.ErrReauthorize):
			assert.True(t, isOurs && once("error", "code"), "ended")
		default:
			require.ErrorIs(t, failed, zoomauth.ErrLogin)
			s.back(url.Values{"code": {"x"}, "state": {state}}.Encode())
			assert.Len(t, exchanges.seen, 1, "the login is over")
		}
		assert.False(t, s.connected())

		_, _, page := fuzzed(t, query, nil)
		if page.StatusCode != http.StatusForbidden { // of a denial
			assert.Equal(t, http.StatusBadRequest, page.StatusCode)
		}
		checkPage(t, page.StatusCode, page)
		assert.NotEmpty(t, page.body)
	})
}

// fuzzed begins a login and brings a query back, at a Zoom that takes no code.
func fuzzed(t *testing.T, query string, failed func(http.ResponseWriter, *http.Request, error)) (*visitor, string, shown) {
	t.Helper()
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		s.app.HTTPClient.Transport = &spy{next: refuseAll{}}
		o.Failed = failed
	})
	v := s.visitor()
	link, err := url.Parse(v.start(""))
	require.NoError(t, err)
	state := link.Query().Get("state")
	r := httptest.NewRequest(http.MethodGet, "https://vendor.example"+callbackPath, nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: v.cookies[cookieName]})
	r.URL.RawQuery = strings.ReplaceAll(query, "STATE", state)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return v, state, shown{w.Result(), w.Body.String()}
}
