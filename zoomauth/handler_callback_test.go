package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/canary"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
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
	for _, other := range []string{"customer 2", "", "customer 1 ", "Customer 1", "customer 1\" \"x"} {
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

func TestHandlerPagesOfFailures(t *testing.T) {
	pages := zoomauth.Pages()
	const done, denied, refused, down, failed = 0, 1, 3, 4, 5
	for name, c := range map[string]struct {
		fault  zoomtest.Fault
		status int
		page   int
	}{
		"works":                 {zoomtest.Fault{}, http.StatusOK, done},
		"code refused":          {zoomtest.Fault{Status: 400, Body: `{"reason":"x","error":"invalid_grant"}`}, http.StatusBadRequest, refused},
		"app disabled by admin": {zoomtest.Fault{Status: 400, Body: `{"code":4738,"message":"x"}`}, http.StatusBadRequest, refused},
		"secret wrong":          {zoomtest.Fault{Status: 400, Body: `{"reason":"x","error":"invalid_client"}`}, http.StatusInternalServerError, failed},
		"redirect mismatch":     {zoomtest.Fault{Status: 400, Body: `{"code":4709,"message":"x"}`}, http.StatusInternalServerError, failed},
		"server failure":        {zoomtest.ServerError(502), http.StatusBadGateway, down},
		"lost answer":           {zoomtest.LostAnswer(), http.StatusBadGateway, down},
		"not JSON":              {zoomtest.Fault{Status: 200, Body: "<html>"}, http.StatusBadGateway, down},
		"no refresh token":      {zoomtest.Fault{Status: 200, Body: `{"access_token":"a"}`}, http.StatusBadGateway, down},
		"redirect":              {zoomtest.Fault{Status: 302, Header: http.Header{"Location": {"https://evil.example"}}}, http.StatusBadGateway, down},
		"rate limit":            {zoomtest.RateLimited().Repeat(-1), http.StatusBadGateway, down},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, nil)
				v := s.visitor()
				good := v.allowed().Encode()
				if name != "works" {
					s.zoom.Inject(c.fault.On("POST", "/oauth/token"))
				}
				res := v.back(good)
				checkPage(t, c.status, res)
				assert.Equal(t, pages[c.page], res.body)
				assert.Equal(t, name == "works", s.connected())
			})
		})
	}
	t.Run("denied", func(t *testing.T) {
		s := newService(t, nil)
		v := s.visitor()
		back, err := s.zoom.Deny(v.start(""))
		require.NoError(t, err)
		u, _ := url.Parse(back)
		res := v.back(u.RawQuery)
		checkPage(t, http.StatusForbidden, res)
		assert.Equal(t, pages[denied], res.body)
	})
}

func TestHandlerSession(t *testing.T) {
	refuses := errors.New("nobody is signed in")
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Session = func(r *http.Request) (string, error) {
			if name := r.Header.Get("Session"); name != "" {
				return name, nil
			}
			return "", refuses
		}
		o.Store = func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) {
			assert.Equal(t, "customer 1", l.Session)
			assert.Equal(t, zoomauth.RegionEU, l.Region)
			return s.store, nil
		}
	})
	v := s.visitor()
	checkPage(t, http.StatusForbidden, v.get(t.Context(), startPath))
	assert.Empty(t, v.cookies)
	v.session = "customer 1"
	good := v.allowed().Encode()
	v.session = ""
	checkPage(t, http.StatusForbidden, v.back(good))
	assert.Zero(t, codesSent(s.zoom))
	v.session = "customer 1"
	checkPage(t, http.StatusOK, v.back(good))
	assert.True(t, s.connected())
}

func TestHandlerTellsFailedWhatSessionSaid(t *testing.T) {
	refuses := errors.New("nobody is signed in")
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Failed = s.remember
		o.Session = func(*http.Request) (string, error) { return "", refuses }
	})
	res := s.visitor().get(t.Context(), startPath)
	assert.Equal(t, http.StatusTeapot, res.StatusCode)
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	require.Len(t, s.failed, 1)
	assert.ErrorIs(t, s.failed[0], refuses)
}

// logins is a store whose answers a test chooses.
type logins struct {
	zoomauth.MemoryLogins
	put  func() error
	take func(*zoomauth.Login) (*zoomauth.Login, error)
}

func (l *logins) Put(ctx context.Context, key string, login *zoomauth.Login) error {
	if l.put != nil {
		return l.put()
	}
	return l.MemoryLogins.Put(ctx, key, login)
}

func (l *logins) Take(ctx context.Context, key string) (*zoomauth.Login, error) {
	login, err := l.MemoryLogins.Take(ctx, key)
	if l.take != nil {
		return l.take(login)
	}
	return login, err
}

func TestHandlerLoginStoreFails(t *testing.T) {
	broken := errors.New("the cache is away")
	other := func(t *testing.T, app zoomauth.App) *zoomauth.Login {
		_, login, err := app.AuthCodeURL()
		require.NoError(t, err)
		return login
	}
	for name, c := range map[string]struct {
		take   func(*testing.T, *service, *zoomauth.Login) (*zoomauth.Login, error)
		status int
		is     error
	}{
		"error":             {func(*testing.T, *service, *zoomauth.Login) (*zoomauth.Login, error) { return nil, broken }, 500, zoomauth.ErrStoreUnavailable},
		"error and a login": {func(_ *testing.T, _ *service, l *zoomauth.Login) (*zoomauth.Login, error) { return l, broken }, 500, broken},
		"corrupt":           {func(*testing.T, *service, *zoomauth.Login) (*zoomauth.Login, error) { return zoomauth.DecodeLogin(nil) }, 500, zoomauth.ErrStoreCorrupt},
		"ErrLogin in another": {func(*testing.T, *service, *zoomauth.Login) (*zoomauth.Login, error) {
			return nil, fmt.Errorf("x: %w", zoomauth.ErrLogin)
		}, 400, zoomauth.ErrLogin},
		"nil": {func(*testing.T, *service, *zoomauth.Login) (*zoomauth.Login, error) { return nil, nil }, 400, zoomauth.ErrLogin},
		"another login": {func(t *testing.T, s *service, _ *zoomauth.Login) (*zoomauth.Login, error) {
			return other(t, s.app), nil
		}, 400, zoomauth.ErrLogin},
		"of another app": {func(t *testing.T, s *service, _ *zoomauth.Login) (*zoomauth.Login, error) {
			a := s.app
			a.ClientID = "x"
			return other(t, a), nil
		}, 400, zoomauth.ErrLogin},
		"of another session": {func(_ *testing.T, _ *service, l *zoomauth.Login) (*zoomauth.Login, error) {
			l.Session = "x"
			return l, nil
		}, 400, zoomauth.ErrLogin},
		"of an unknown region": {func(_ *testing.T, _ *service, l *zoomauth.Login) (*zoomauth.Login, error) {
			l.Region = "x"
			return l, nil
		}, 500, zoom.ErrInvalidArgument},
		"an empty login": {func(*testing.T, *service, *zoomauth.Login) (*zoomauth.Login, error) {
			return &zoomauth.Login{Region: zoomauth.RegionEU}, nil
		}, 500, zoom.ErrInvalidArgument},
		"one that has expired": {func(_ *testing.T, _ *service, l *zoomauth.Login) (*zoomauth.Login, error) {
			l.Expires = time.Now()
			return l, nil
		}, 400, zoomauth.ErrLogin},
		"one that was used": {func(t *testing.T, s *service, l *zoomauth.Login) (*zoomauth.Login, error) {
			use(t, s.app, l)
			return l, nil
		}, 400, zoomauth.ErrLogin},
		"one without an expiry": {func(_ *testing.T, _ *service, l *zoomauth.Login) (*zoomauth.Login, error) {
			l.Expires = time.Time{}
			return l, nil
		}, 400, zoomauth.ErrLogin},
	} {
		t.Run(name, func(t *testing.T) {
			store := &logins{}
			var failed error
			s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) {
				o.Logins = store
				o.Failed = func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }
			})
			store.take = func(l *zoomauth.Login) (*zoomauth.Login, error) { return c.take(t, s, l) }
			v := s.visitor()
			good := v.allowed().Encode()
			before := codesSent(s.zoom)
			v.back(good)
			require.ErrorIs(t, failed, c.is)
			assert.Equal(t, before, codesSent(s.zoom))

			plain := newService(t, func(_ *service, o *zoomauth.HandlerOptions) { o.Logins = store }) // its pages
			v = plain.visitor()
			good = v.allowed().Encode()
			store.take = func(l *zoomauth.Login) (*zoomauth.Login, error) { return c.take(t, plain, l) }
			checkPage(t, c.status, v.back(good))
		})
	}
	t.Run("put", func(t *testing.T) {
		store := &logins{put: func() error { return broken }}
		s := newService(t, func(s *service, o *zoomauth.HandlerOptions) { o.Logins = store })
		res := s.visitor().get(t.Context(), startPath)
		checkPage(t, http.StatusInternalServerError, res)
	})
}

// use ends a login with a code that is refused.
func use(t *testing.T, app zoomauth.App, l *zoomauth.Login) {
	t.Helper()
	data, err := l.Encode()
	require.NoError(t, err)
	state := member(t, data, "state")
	app.HTTPClient = &http.Client{Transport: refuseAll{}}
	_, err = app.Exchange(t.Context(), l, url.Values{"state": {state}, "code": {"x"}})
	require.ErrorIs(t, err, zoom.ErrReauthorize)
}

func TestHandlerStoreFails(t *testing.T) {
	broken := errors.New("the vault is sealed")
	for name, c := range map[string]struct {
		store func() (zoomauth.TokenStore, error)
		is    error
	}{
		"Store":     {func() (zoomauth.TokenStore, error) { return nil, broken }, zoomauth.ErrStoreUnavailable},
		"Store nil": {func() (zoomauth.TokenStore, error) { return nil, nil }, zoom.ErrInvalidArgument},
		"Keep":      {func() (zoomauth.TokenStore, error) { return &failingStore{err: broken}, nil }, zoomauth.ErrStoreUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			for _, hook := range []bool{false, true} {
				s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
					o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return c.store() }
					o.Done = func(http.ResponseWriter, *http.Request, *zoomauth.Login, *zoomauth.Token) { t.Error("done") }
					if hook {
						o.Failed = s.remember
					}
				})
				v := s.visitor()
				res := v.back(v.allowed().Encode())
				if hook {
					require.Len(t, s.failed, 1)
					require.ErrorIs(t, s.failed[0], c.is)
				} else {
					checkPage(t, http.StatusInternalServerError, res)
				}
			}
		})
	}
}

type failingStore struct {
	zoomauth.MemoryStore
	err error
}

func (s *failingStore) Load(context.Context) (*zoomauth.Token, error) {
	return nil, zoomauth.ErrNoToken
}
func (s *failingStore) Save(context.Context, *zoomauth.Token) error { return s.err }

func TestHandlerHooks(t *testing.T) {
	var login *zoomauth.Login
	var token *zoomauth.Token
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Session = func(r *http.Request) (string, error) { return r.Header.Get("Session"), nil }
		o.Done = func(w http.ResponseWriter, r *http.Request, l *zoomauth.Login, tok *zoomauth.Token) {
			assert.True(t, s.connected(), "saved before")
			login, token = l, tok
			http.Redirect(w, r, "/settings", http.StatusSeeOther)
		}
	})
	v := s.visitor()
	v.session = "customer 1"
	res := v.back(v.allowed().Encode())
	assert.Equal(t, http.StatusSeeOther, res.StatusCode)
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"), "the address holds the code")
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Equal(t, "customer 1", login.Session)
	assert.Equal(t, s.zoom.AccountID(), token.AccountID)
}

// A hook that panics is net/http's to deal with; the token is kept, the login is over.
func TestHandlerHooksPanic(t *testing.T) {
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Done = func(http.ResponseWriter, *http.Request, *zoomauth.Login, *zoomauth.Token) {
			panic(http.ErrAbortHandler)
		}
		o.Failed = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	})
	v := s.visitor()
	good := v.allowed().Encode()
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back("state=x") })
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back(good) })
	assert.True(t, s.connected())
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back(good) })
	assert.Equal(t, 1, codesSent(s.zoom))
	good = v.allowed().Encode()
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back(good) }, "the next login works")
	assert.Equal(t, 2, codesSent(s.zoom))
}

func TestHandlerGoesOnWithoutTheBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, nil)
		v := s.visitor()
		good := v.allowed().Encode()
		s.zoom.Inject(zoomtest.Slow(8*time.Second).On("POST", "/oauth/token"))
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		v.get(ctx, callbackPath+"?"+good)
		assert.True(t, s.connected())
		assert.Equal(t, 1, codesSent(s.zoom))
	})
}

func TestHandlerTwoTabs(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	first := v.start("")
	cookie := v.cookies[cookieName]
	second := v.start("")
	assert.Equal(t, cookie, v.cookies[cookieName], "the second tab must not take the first one's login away")
	firstBack, secondBack := allow(t, s.zoom, first), allow(t, s.zoom, second)
	assert.NotEqual(t, firstBack.Get("state"), secondBack.Get("state"))
	checkPage(t, http.StatusOK, v.back(secondBack.Encode()))
	checkPage(t, http.StatusOK, v.back(firstBack.Encode()))
	assert.Equal(t, 2, codesSent(s.zoom))
}

// The code of one tab does not fit the state of the other.
func TestHandlerCodeOfAnotherTab(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	first, second := v.allowed(), v.allowed()
	checkPage(t, http.StatusBadRequest, v.back(with(first, "code", second.Get("code"))))
	assert.False(t, s.connected())
}

func TestHandlerParallelCallbacks(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	good := v.allowed().Encode()
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 20 {
		group.Go(func() {
			r := httptest.NewRequest(http.MethodGet, callbackPath+"?"+good, nil)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: v.cookies[cookieName]})
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
		})
	}
	group.Wait()
	assert.Equal(t, map[int]int{http.StatusOK: 1, http.StatusBadRequest: 19}, statuses)
	assert.Equal(t, 1, codesSent(s.zoom))
}

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

func TestNewHandlerChecks(t *testing.T) {
	app := zoomauth.App{ClientID: "id", ClientSecret: "secret", RedirectURL: redirectURL}
	store := func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, nil }
	with := func(change func(*zoomauth.App)) zoomauth.HandlerOptions {
		a := app
		change(&a)
		return zoomauth.HandlerOptions{Apps: zoomauth.Apps{a}, Store: store}
	}
	for name, opts := range map[string]zoomauth.HandlerOptions{
		"nothing":          {},
		"no store":         {Apps: zoomauth.Apps{app}},
		"no app":           {Store: store},
		"no client id":     with(func(a *zoomauth.App) { a.ClientID = "" }),
		"no redirect":      with(func(a *zoomauth.App) { a.RedirectURL = "" }),
		"relative":         with(func(a *zoomauth.App) { a.RedirectURL = "/callback" }),
		"http":             with(func(a *zoomauth.App) { a.RedirectURL = "http://vendor.example/callback" }),
		"localhost":        with(func(a *zoomauth.App) { a.RedirectURL = "http://localhost:1/callback" }),
		"user":             with(func(a *zoomauth.App) { a.RedirectURL = "https://u@vendor.example/callback" }),
		"fragment":         with(func(a *zoomauth.App) { a.RedirectURL = "https://vendor.example/callback#x" }),
		"javascript":       with(func(a *zoomauth.App) { a.RedirectURL = "javascript://vendor.example/%0aalert(1)" }),
		"endpoint":         with(func(a *zoomauth.App) { a.Endpoints.Token = "http://zoom.us/oauth/token" }),
		"authorize":        with(func(a *zoomauth.App) { a.Endpoints.Authorize = "https://zoom.us/oauth/authorize?x=y" }),
		"one region twice": {Apps: zoomauth.Apps{app, app}, Store: store},
	} {
		_, err := zoomauth.NewHandler(opts)
		assert.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	_, err := zoomauth.NewHandler(zoomauth.HandlerOptions{Apps: zoomauth.Apps{app}, Store: store})
	require.NoError(t, err)
}

// What the caller does to its slice afterwards does not reach the handler.
func TestHandlerCopiesTheApps(t *testing.T) {
	var apps zoomauth.Apps
	s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) { apps = o.Apps })
	apps[0].RedirectURL, apps[0].ClientID = "https://evil.example", "evil"
	assert.NotContains(t, s.visitor().start(""), "evil")
}

// S1: no error that Failed is given shows a secret, whatever Zoom and the stores say.
func TestHandlerErrorsTellNothing(t *testing.T) {
	secrets := canary.New()
	scanner := canary.NewScanner(secrets.List()...)
	everything := func(form url.Values) string {
		return "said " + secrets.Code + " " + secrets.State + " " + secrets.Verifier + " " + secrets.Basic + " " + form.Encode()
	}
	check := func(t *testing.T, where string, err error) {
		t.Helper()
		require.Error(t, err, where)
		for _, hit := range scanner.Error(where, err) {
			t.Error(hit)
		}
	}
	for name, echo := range map[string]func(url.Values) *zoomtest.Fault{
		"page": func(f url.Values) *zoomtest.Fault { return &zoomtest.Fault{Status: 500, Body: everything(f)} },
		"refusal": func(f url.Values) *zoomtest.Fault {
			return &zoomtest.Fault{Status: 400, Body: fmt.Sprintf(`{"error":"invalid_grant","reason":%q}`, everything(f))}
		},
		"name": func(f url.Values) *zoomtest.Fault {
			return &zoomtest.Fault{Status: 400, Body: fmt.Sprintf(`{"error":%q}`, everything(f))}
		},
		"shape": func(f url.Values) *zoomtest.Fault {
			return &zoomtest.Fault{Status: 200, Body: fmt.Sprintf(`{"access_token":"","x":%q}`, everything(f))}
		},
		"header": func(url.Values) *zoomtest.Fault {
			return &zoomtest.Fault{Status: 400, Header: http.Header{"X-Zm-Trackingid": {secrets.Code}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := zoomtest.NewServer(zoomtest.WithCredentials(secrets.AccountID, secrets.ClientID, secrets.ClientSecret))
				s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
					s.zoom, s.app = srv, appOf(srv)
					o.Apps, o.Failed = zoomauth.Apps{s.app}, s.remember
				})
				srv.InjectFunc(func(r zoomtest.Request) *zoomtest.Fault {
					if r.Route != "/oauth/token" {
						return nil
					}
					form, _ := url.ParseQuery(string(r.Body))
					return echo(form)
				})
				v := s.visitor()
				good := v.allowed()
				v.back(with(good, "code", secrets.Code))
				require.Len(t, s.failed, 1)
				check(t, name, s.failed[0])
				assert.NotContains(t, fmt.Sprintf("%+v %#v", s.failed[0], s.failed[0]), good.Get("state"))
			})
		})
	}
	t.Run("callback", func(t *testing.T) {
		s := newService(t, func(s *service, o *zoomauth.HandlerOptions) { o.Failed = s.remember })
		v := s.visitor()
		good := v.allowed()
		v.back(url.Values{"code": {secrets.Code}, "state": {secrets.State}}.Encode())
		v.back(url.Values{"error": {secrets.Code}, "state": {secrets.State}}.Encode())
		v.back(url.Values{"error": {secrets.Code}, "error_description": {secrets.Email}, "state": good["state"]}.Encode())
		require.Len(t, s.failed, 3)
		for _, err := range s.failed {
			check(t, "callback", err)
		}
	})
	t.Run("hooks", func(t *testing.T) {
		leak := errors.New("cannot " + secrets.AccessToken + " for " + secrets.Email)
		for _, change := range []func(*zoomauth.HandlerOptions){
			func(o *zoomauth.HandlerOptions) { o.Session = func(*http.Request) (string, error) { return "", leak } },
			func(o *zoomauth.HandlerOptions) { o.Logins = &logins{put: func() error { return leak }} },
			func(o *zoomauth.HandlerOptions) {
				o.Logins = &logins{take: func(*zoomauth.Login) (*zoomauth.Login, error) { return nil, leak }}
			},
			func(o *zoomauth.HandlerOptions) {
				o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, leak }
			},
			func(o *zoomauth.HandlerOptions) {
				o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) {
					return &failingStore{err: leak}, nil
				}
			},
		} {
			s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
				o.Failed = s.remember
				change(o)
			})
			v := s.visitor()
			if res := v.get(t.Context(), startPath); res.StatusCode == http.StatusFound {
				v.back(allow(t, s.zoom, res.Header.Get("Location")).Encode())
			}
			require.Len(t, s.failed, 1)
			check(t, "hook", s.failed[0])
			assert.ErrorIs(t, s.failed[0], leak)
		}
	})
}
