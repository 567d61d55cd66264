package zoomauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

func TestHandlerCookie(t *testing.T) {
	cookieOf := func(redirect string) *http.Cookie {
		s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) {
			o.Apps[0].RedirectURL = redirect
		})
		res := s.visitor().get(t.Context(), startPath)
		require.Len(t, res.Cookies(), 1)
		return res.Cookies()[0]
	}
	c := cookieOf(redirectURL)
	assert.Equal(t, cookieName, c.Name)
	assert.True(t, c.Secure)
	assert.True(t, c.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
	assert.Equal(t, "/", c.Path, "the prefix wants it")
	assert.Empty(t, c.Domain, "the prefix wants it")
	assert.Equal(t, 300, c.MaxAge)
	assert.Len(t, c.Value, 43, "256 bits")
	assert.NotEqual(t, c.Value, cookieOf(redirectURL).Value)

	c = cookieOf("http://127.0.0.1:8080/zoom/callback")
	assert.Equal(t, "zoom_login", c.Name)
	assert.False(t, c.Secure)
	assert.True(t, c.HttpOnly)
}

// A cookie that somebody else planted is taken only if it looks like one of ours, and
// two of them not at all.
func TestHandlerStartReplacesOddCookies(t *testing.T) {
	s := newService(t, nil)
	for _, header := range []string{cookieName + "=fixed", cookieName + "=" + strings.Repeat("A", 44), cookieName + "=a; " + cookieName + "=b"} {
		r := httptest.NewRequest(http.MethodGet, "https://vendor.example"+startPath, nil)
		r.Header.Set("Cookie", header)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Len(t, w.Result().Cookies(), 1)
		assert.Len(t, w.Result().Cookies()[0].Value, 43)
		assert.NotContains(t, header, w.Result().Cookies()[0].Value)
	}
}

func TestHandlerRegions(t *testing.T) {
	stores := map[zoomauth.Region]*zoomauth.MemoryStore{zoomauth.RegionNA: {}, zoomauth.RegionEU: {}}
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		na := s.app
		na.Region, na.RedirectURL = zoomauth.RegionNA, "https://vendor.example/zoom/callback/na"
		o.Apps = zoomauth.Apps{s.app, na}
		o.Store = func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) { return stores[l.Region], nil }
	})
	for _, query := range []string{"", "?region=", "?region=XX", "?region=eu", "?region=EU%00", "?region=%3Cscript%3E", "?Region=EU", "?region=;EU"} {
		v := s.visitor()
		checkPage(t, http.StatusBadRequest, v.get(t.Context(), startPath+query))
		assert.Empty(t, v.cookies, query)
	}
	v := s.visitor()
	link := v.start("?region=NA")
	u, err := url.Parse(link)
	require.NoError(t, err)
	assert.Equal(t, "https://vendor.example/zoom/callback/na", u.Query().Get("redirect_uri"))
	checkPage(t, http.StatusOK, v.back(allow(t, s.zoom, link).Encode()))
	kept, err := stores[zoomauth.RegionNA].Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, zoomauth.RegionNA, kept.Region)
	_, err = stores[zoomauth.RegionEU].Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrNoToken)

	one := newService(t, nil)
	assert.NotEmpty(t, one.visitor().start(""), "one app needs no parameter")
	assert.NotEmpty(t, one.visitor().start("?region=EU"))
	checkPage(t, http.StatusBadRequest, one.visitor().get(t.Context(), startPath+"?region=NA"))
}

func TestHandlerStartIsGETOnly(t *testing.T) {
	s := newService(t, nil)
	for _, method := range []string{"HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "https://vendor.example"+startPath, nil))
		checkPage(t, http.StatusMethodNotAllowed, shown{w.Result(), w.Body.String()})
		assert.Equal(t, "GET", w.Header().Get("Allow"))
	}
}

// Nothing of the request of Start stands in the link: no redirect to a given address.
func TestHandlerIsNoOpenRedirect(t *testing.T) {
	s := newService(t, nil)
	link := s.visitor().start("?redirect_uri=https://evil.example&state=s&next=//evil.example&client_id=evil&scope=evil")
	u, err := url.Parse(link)
	require.NoError(t, err)
	assert.Equal(t, "https://zoom.us/oauth/authorize", u.Scheme+"://"+u.Host+u.Path)
	assert.Equal(t, redirectURL, u.Query().Get("redirect_uri"))
	assert.NotContains(t, link, "evil")
}
