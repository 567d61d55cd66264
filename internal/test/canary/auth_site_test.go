package canary_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
)

const callbackURL = "https://vendor.example.com/zoom/callback"

// authScanner looks for every secret, those of letters alone among them.
func authScanner() *canary.Scanner {
	s := canary.New()
	return canary.NewScanner(append(s.List(), s.Words()...)...)
}

// app is the vendor's app over a wire.
func (s *site) app(rt http.RoundTripper) zoomauth.App {
	return zoomauth.App{
		Region: zoomauth.RegionEU, ClientID: s.ClientID, ClientSecret: s.ClientSecret, RedirectURL: callbackURL,
		HTTPClient: &http.Client{Transport: rt},
	}
}

// login is one under way, with the secrets as its state and verifier.
func (s *site) login() *zoomauth.Login {
	s.t.Helper()
	login, err := zoomauth.DecodeLogin(jsonOf(map[string]any{
		"version": 1, "region": zoomauth.RegionEU, "session": s.Email, "expires": time.Now().Add(time.Minute),
		"client_id": s.ClientID, "redirect_url": callbackURL, "state": s.State, "verifier": s.Verifier,
	}))
	require.NoError(s.t, err)
	return login
}

// token is one that was stored; its access token has left seconds to live.
func (s *site) token(left time.Duration) *zoomauth.Token {
	s.t.Helper()
	token, err := zoomauth.DecodeToken(s.storedToken(left))
	require.NoError(s.t, err)
	return token
}

func (s *site) storedToken(left time.Duration) []byte {
	now := time.Now()
	return jsonOf(map[string]any{
		"version": 1, "client_id": s.ClientID, "region": zoomauth.RegionEU, "account_id": s.AccountID, "generation": 3,
		"scope": "user:read user:write", "api_url": "https://api-eu.zoom.us", "access_token": s.AccessToken, "refresh_token": s.RefreshToken,
		"expiry": now.Add(left), "issued": now.Add(left - time.Hour), "refresh_issued": now.Add(-80 * 24 * time.Hour), "authorized": now.Add(-80 * 24 * time.Hour),
	})
}

func jsonOf(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// callback is how the browser comes back.
func (s *site) callback() url.Values { return url.Values{"state": {s.State}, "code": {s.Code}} }

// source is one over a store that watches its hooks.
func (s *site) source(rt http.RoundTripper, store zoomauth.TokenStore) *zoomauth.Source {
	s.t.Helper()
	src, err := s.app(rt).TokenSource(store, s.sourceOptions())
	require.NoError(s.t, err)
	return src
}

func (s *site) sourceOptions() *zoomauth.SourceOptions {
	return &zoomauth.SourceOptions{
		AccountID:   s.AccountID,
		Reauthorize: func(ctx context.Context, err error) { s.hook("Reauthorize", ctx, err) },
		Expiring:    func(ctx context.Context, at time.Time) { s.hook("Expiring", ctx, at) },
		StoreFailed: func(ctx context.Context, err error) { s.hook("StoreFailed", ctx, err) },
	}
}

// use makes a source fail in each of its methods, and a client on top of it.
func (s *site) use(src *zoomauth.Source) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	c := s.clientOf(src, wire(func(req *http.Request) (*http.Response, error) {
		return response(req, http.StatusUnauthorized, telltale(req), strings.NewReader(refusal(124, "Invalid access token %s.")(dump(req), pieces(req)))), nil
	}))
	s.may(second(c.Users.Get(ctx, s.Email)))
	s.may(second(src.Token(ctx)))
	tok, err := src.Installation(ctx)
	s.may(err)
	if tok != nil {
		s.value(tok)
		src.Rejected(ctx, tok.OAuth2().AccessToken)
		s.may(second(src.Token(ctx)))
	}
	s.may(src.Disconnect(ctx))
	s.closed(src)
	s.may(second(src.Token(ctx)))
}

// closed closes a source, waits for what went on beside it, and scans what is left.
func (s *site) closed(src *zoomauth.Source) {
	s.t.Helper()
	s.may(src.Close())
	synctest.Wait()
	s.value(src)
}

// may scans an error, if there is one.
func (s *site) may(err error) {
	s.t.Helper()
	if err == nil {
		return
	}
	s.fails(err)
	s.add(s.scanner.Walk(s.name+": "+err.Error(), err)...)
}

// shown scans what a browser is given. The Location to Zoom and the cookie are the two
// places where the state and the binding have to stand.
func (s *site) shown(w *httptest.ResponseRecorder) {
	s.t.Helper()
	res := w.Result()
	header := maps.Clone(res.Header)
	if at, err := res.Location(); err == nil && at.Host == "zoom.us" {
		header.Del("Location")
	}
	header.Del("Set-Cookie")
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	s.add(s.scanner.Text(s.name, "page", string(body))...)
	for name, values := range header {
		s.add(s.scanner.Text(s.name, "header "+name, name+": "+strings.Join(values, "\n"))...)
	}
	s.add(s.scanner.Text(s.name, "status line", res.Status)...)
}

// logins is a LoginStore that knows one login, or fails.
type logins struct {
	login    func() *zoomauth.Login
	put      func(key string, l *zoomauth.Login) error
	takeFail error
}

func (l logins) Put(_ context.Context, key string, login *zoomauth.Login) error {
	if l.put == nil {
		return nil
	}
	return l.put(key, login)
}

func (l logins) Take(context.Context, string) (*zoomauth.Login, error) {
	if l.takeFail != nil {
		return nil, l.takeFail
	}
	return l.login(), nil
}

// handler is one whose browser is on its way back, with hooks that are watched or the
// pages of the package.
func (s *site) handler(rt http.RoundTripper, hooks bool, store zoomauth.TokenStore, change ...func(*zoomauth.HandlerOptions)) *zoomauth.Handler {
	s.t.Helper()
	opts := zoomauth.HandlerOptions{
		Apps:    zoomauth.Apps{s.app(rt)},
		Store:   func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil },
		Session: func(*http.Request) (string, error) { return s.Email, nil },
		Logins:  logins{login: s.login},
	}
	if hooks {
		opts.Failed = func(_ http.ResponseWriter, r *http.Request, err error) { s.hook("Failed", r.Context(), err) }
		opts.Done = func(_ http.ResponseWriter, r *http.Request, l *zoomauth.Login, t *zoomauth.Token) {
			s.hook("Done", r.Context(), l, t)
		}
	}
	for _, f := range change {
		f(&opts)
	}
	h, err := zoomauth.NewHandler(opts)
	require.NoError(s.t, err)
	return h
}

// comeBack sends the browser to a handler.
func (s *site) comeBack(h *zoomauth.Handler, q url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, callbackURL+"?"+q.Encode(), http.NoBody)
	return s.visit(h.Callback(), r)
}

func (s *site) visit(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	r.AddCookie(&http.Cookie{Name: "__Host-zoom_login", Value: s.Cookie})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	s.shown(w)
	return w
}
