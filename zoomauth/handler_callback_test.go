package zoomauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

func TestHandlerConnects(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	res := v.get(t.Context(), startPath)
	assert.Equal(t, http.StatusFound, res.StatusCode)
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	link := res.Header.Get("Location")
	assert.True(t, strings.HasPrefix(link, "https://zoom.us/oauth/authorize?"))
	done := v.back(allow(t, s.zoom, link).Encode())
	checkPage(t, http.StatusOK, done)
	assert.Equal(t, zoomauth.Pages()[0], done.body)
	kept, err := s.store.Load(t.Context())
	require.NoError(t, err)
	assert.True(t, s.zoom.GrantAlive(refreshTokenOf(t, kept)))
	assert.Equal(t, zoomauth.RegionEU, kept.Region)
	assert.Equal(t, s.zoom.AccountID(), kept.AccountID)
	assert.Equal(t, 1, codesSent(s.zoom))
}

func TestFaultAU25CallbackOfNoLogin(t *testing.T) {
	s := newService(t, nil)
	for name := range foreignCallbacks(url.Values{"code": {"c"}, "state": {"s"}}) {
		t.Run(name, func(t *testing.T) {
			s.zoom.ResetRequests()
			v := s.visitor()
			v.t = t
			good := v.allowed()
			checkPage(t, http.StatusBadRequest, v.back(foreignCallbacks(good)[name]))
			assert.Zero(t, codesSent(s.zoom), "the code was exchanged")
			assert.Equal(t, http.StatusOK, v.back(good.Encode()).StatusCode, "the login does not wait any more")
			assert.Equal(t, 1, codesSent(s.zoom))
		})
	}
}

func TestFaultAU25CallbackUsedBefore(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	good := v.allowed().Encode()
	require.Equal(t, http.StatusOK, v.back(good).StatusCode)
	for range 3 {
		checkPage(t, http.StatusBadRequest, v.back(good))
	}
	assert.Equal(t, 1, codesSent(s.zoom))
}

func TestFaultAU25CallbackOfAnotherBrowser(t *testing.T) {
	s := newService(t, nil)
	victim, attacker := s.visitor(), s.visitor()
	good := victim.allowed()
	attacker.start("")
	own := victim.cookies[cookieName]
	for name, cookies := range map[string]string{
		"none":                 "",
		"of another login":     cookieName + "=" + attacker.cookies[cookieName],
		"both":                 cookieName + "=" + own + "; " + cookieName + "=" + attacker.cookies[cookieName],
		"both, the other way":  cookieName + "=" + attacker.cookies[cookieName] + "; " + cookieName + "=" + own,
		"twice":                cookieName + "=" + own + "; " + cookieName + "=" + own,
		"empty":                cookieName + "=",
		"cut":                  cookieName + "=" + own[:40],
		"longer":               cookieName + "=" + own + "AAAA",
		"not base64":           cookieName + "=" + strings.Repeat("!", 43),
		"without the prefix":   "zoom_login=" + own,
		"of another service":   "session=" + own,
		"in another case":      cookieName + "=" + swapCase(own),
		"a name in small":      strings.ToLower(cookieName) + "=" + own,
		"hidden in another":    `a="; ` + cookieName + "=" + own[:20] + `"`,
		"with the state in it": cookieName + "=" + good.Get("state"),
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "https://vendor.example"+callbackPath+"?"+good.Encode(), nil)
			if cookies != "" {
				r.Header.Set("Cookie", cookies)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			checkPage(t, http.StatusBadRequest, shown{w.Result(), w.Body.String()})
			assert.Zero(t, codesSent(s.zoom))
		})
	}
	// Login CSRF: the attacker's own code and state, in the victim's browser.
	checkPage(t, http.StatusBadRequest, victim.back(attacker.allowed().Encode()))
	assert.Zero(t, codesSent(s.zoom))
	assert.Equal(t, http.StatusOK, victim.back(good.Encode()).StatusCode)
	assert.Equal(t, 1, codesSent(s.zoom))
}

func TestFaultAU25CallbackOfAnotherSession(t *testing.T) {
	s := newService(t, withSessions)
	v := s.visitor()
	v.session = "customer 1"
	good := v.allowed().Encode()
	for _, other := range []string{"customer 2", "customer 1 ", "Customer 1", "customer 1\" \"x"} {
		v.session = other
		checkPage(t, http.StatusBadRequest, v.back(good))
	}
	assert.Zero(t, codesSent(s.zoom))
	v.session = "customer 1"
	assert.Equal(t, http.StatusOK, v.back(good).StatusCode, "the login does not wait any more")
}

// A text of the state and a name of a session cannot be made to look like others.
func TestHandlerBindsStateAndSessionApart(t *testing.T) {
	s := newService(t, withSessions)
	v := s.visitor()
	v.session = "a\x00b"
	good := v.allowed()
	for _, glue := range []string{"\x00", " ", `" "`} {
		v.session = "b"
		checkPage(t, http.StatusBadRequest, v.back(with(good, "state", good.Get("state")+glue+"a")))
	}
	assert.Zero(t, codesSent(s.zoom))
}

func TestFaultAU25CallbackTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, nil)
		v := s.visitor()
		good := v.allowed().Encode()
		time.Sleep(5*time.Minute - time.Nanosecond)
		other := s.visitor()
		other.cookies[cookieName] = v.cookies[cookieName]
		late := other.allowed().Encode()
		time.Sleep(time.Nanosecond)
		checkPage(t, http.StatusBadRequest, v.back(good))
		assert.Zero(t, codesSent(s.zoom))
		assert.Equal(t, http.StatusOK, v.back(late).StatusCode)
	})
}

func TestFaultAU26CallbackDenied(t *testing.T) {
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) { o.Failed = s.remember })
	v := s.visitor()
	back, err := s.zoom.Deny(v.start(""))
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)

	v.back(with(u.Query(), "state", strings.Repeat("A", 43))) // of somebody who wants to end the login
	require.Len(t, s.failed, 1)
	require.ErrorIs(t, s.failed[0], zoomauth.ErrLogin)
	require.NotErrorIs(t, s.failed[0], zoom.ErrReauthorize)

	v.back(u.RawQuery)
	require.Len(t, s.failed, 2)
	require.ErrorIs(t, s.failed[1], zoom.ErrReauthorize)
	assert.NotErrorIs(t, s.failed[1], zoomauth.ErrLogin)

	v.back(u.RawQuery)
	require.Len(t, s.failed, 3)
	require.ErrorIs(t, s.failed[2], zoomauth.ErrLogin, "a refusal is good once")
	assert.Zero(t, codesSent(s.zoom))
	assert.False(t, s.connected())
}
