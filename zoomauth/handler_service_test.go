package zoomauth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

const (
	startPath    = "/zoom/connect"
	callbackPath = "/zoom/callback"
	cookieName   = "__Host-zoom_login"
)

// service is a vendor's web service in front of a fake Zoom.
type service struct {
	t       *testing.T
	zoom    *zoomtest.Server
	app     zoomauth.App
	store   *zoomauth.MemoryStore
	handler *zoomauth.Handler

	mu     sync.Mutex
	failed []error
}

// newService makes a service with one app.
func newService(t *testing.T, change func(*service, *zoomauth.HandlerOptions)) *service {
	t.Helper()
	s := &service{t: t, zoom: zoomtest.NewServer(zoomtest.WithUsers(5, 1)), store: &zoomauth.MemoryStore{}}
	s.app = appOf(s.zoom)
	opts := zoomauth.HandlerOptions{
		Apps:  zoomauth.Apps{s.app},
		Store: func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return s.store, nil },
	}
	if change != nil {
		change(s, &opts)
	}
	var err error
	s.handler, err = zoomauth.NewHandler(opts)
	require.NoError(t, err)
	return s
}

// withSessions takes the session from a header, as a service does from its own cookie.
func withSessions(_ *service, o *zoomauth.HandlerOptions) {
	o.Session = func(r *http.Request) (string, error) { return r.Header.Get("Session"), nil }
}

// remember is a Failed hook.
func (s *service) remember(w http.ResponseWriter, _ *http.Request, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, err)
	w.WriteHeader(http.StatusTeapot)
}

// ServeHTTP mounts the two halves.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == startPath {
		s.handler.Start().ServeHTTP(w, r)
		return
	}
	s.handler.Callback().ServeHTTP(w, r)
}

// codesSent counts the requests at Zoom's token endpoint.
func codesSent(srv *zoomtest.Server) int {
	n := 0
	for _, r := range srv.Requests() {
		if r.Route == "/oauth/token" {
			n++
		}
	}
	return n
}

// connected reports whether a token was kept.
func (s *service) connected() bool {
	_, err := s.store.Load(s.t.Context())
	return err == nil
}

// visitor is a browser: it keeps the cookies and sends them.
type visitor struct {
	*service
	cookies map[string]string
	session string
}

func (s *service) visitor() *visitor { return &visitor{service: s, cookies: map[string]string{}} }

// shown is what a browser gets.
type shown struct {
	*http.Response
	body string
}

func (v *visitor) get(ctx context.Context, target string) shown {
	v.t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://vendor.example"+target, nil)
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	r.Header.Set("Session", v.session)
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	for _, c := range res.Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return shown{res, string(body)}
}

// start clicks the service's button and returns the link to Zoom.
func (v *visitor) start(query string) string {
	v.t.Helper()
	res := v.get(v.t.Context(), startPath+query)
	require.Equal(v.t, http.StatusFound, res.StatusCode, res.body)
	return res.Header.Get("Location")
}

// back comes to the callback.
func (v *visitor) back(query string) shown {
	v.t.Helper()
	return v.get(v.t.Context(), callbackPath+"?"+query)
}

// allowed clicks the button, then Allow, and returns what is to be brought back.
func (v *visitor) allowed() url.Values {
	v.t.Helper()
	return allow(v.t, v.zoom, v.start(""))
}

// checkPage sees that a page is one of ours, with the headers that keep it alone.
func checkPage(t *testing.T, status int, res shown) {
	t.Helper()
	assert.Equal(t, status, res.StatusCode)
	assert.True(t, res.body == "" || slices.Contains(zoomauth.Pages(), res.body), "not a page of ours: %s", res.body)
	assert.True(t, strings.HasPrefix(res.Header.Get("Content-Security-Policy"), "default-src 'none'; "))
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	assert.Empty(t, res.Header.Get("Location"))
	assert.Empty(t, res.Header.Get("Set-Cookie"))
}

// with returns a query with one parameter changed; no value takes it out.
func with(query url.Values, name string, values ...string) string {
	changed := url.Values{}
	for other, held := range query {
		changed[other] = held
	}
	if len(values) == 0 {
		delete(changed, name)
	} else {
		changed[name] = values
	}
	return changed.Encode()
}

// foreignCallbacks are callbacks that are not of the login whose good one is given.
func foreignCallbacks(good url.Values) map[string]string {
	state, code := good.Get("state"), good.Get("code")
	return map[string]string{
		"no query":              "",
		"state wrong":           with(good, "state", strings.Repeat("A", len(state))),
		"state of another case": with(good, "state", swapCase(state)),
		"state cut":             with(good, "state", state[:len(state)-1]),
		"state longer":          with(good, "state", state+"A"),
		"state with a blank":    with(good, "state", state+" "),
		"state with a NUL":      with(good, "state", state+"\x00"),
		"state too long":        with(good, "state", strings.Repeat("A", 4000)),
		"state missing":         with(good, "state"),
		"state empty":           with(good, "state", ""),
		"state doubled":         with(good, "state", state, state),
		"state doubled, second": with(good, "state", "A", state),
		"state in a list":       with(good, "state") + "&state[]=" + state,
		"state in capitals":     with(good, "state") + "&STATE=" + state,
		"code missing":          with(good, "code"),
		"code empty":            with(good, "code", ""),
		"code doubled":          with(good, "code", code, code),
		"code too long":         with(good, "code", strings.Repeat("c", 5000)),
		"code and error":        with(good, "error", "access_denied"),
		"code and no error":     with(good, "error", ""),
		"error empty":           "error=&state=" + state,
		"error doubled":         "error=access_denied&error=access_denied&state=" + state,
		"error, wrong state":    "error=access_denied&state=" + strings.Repeat("A", len(state)),
		"error, no state":       "error=access_denied",
		"broken escape":         good.Encode() + "&x=%zz",
		"semicolons":            strings.ReplaceAll(good.Encode(), "&", ";"),
		"huge":                  good.Encode() + "&x=" + strings.Repeat("x", 9000),
	}
}

func swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		default:
			return r
		}
	}, text)
}
