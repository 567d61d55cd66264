package canary_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
)

// tokens answers as Zoom does when all is well.
func (s *site) tokens() wire {
	return func(req *http.Request) (*http.Response, error) {
		body := fmt.Sprintf(`{"access_token":%q,"refresh_token":%q,"token_type":"bearer","expires_in":3600,"scope":"user:read","api_url":"https://api.zoom.us"}`, s.NextAccess, s.NextRefresh)
		return response(req, http.StatusOK, telltale(req), strings.NewReader(body)), nil
	}
}

// Requests that a handler refuses, with secrets wherever one fits: neither its pages
// nor what its hooks are told repeat them.
func TestAuthHandlerRefuses(t *testing.T) {
	scanner := authScanner()
	secrets := canary.New()
	var all []string
	for _, secret := range append(secrets.List(), secrets.Words()...) {
		all = append(all, secret.Value)
	}
	text := strings.Join(all, " ")
	for name, q := range map[string]url.Values{
		"AU25 no state":         {"code": {secrets.Code}},
		"AU25 wrong state":      {"code": {secrets.Code}, "state": {secrets.RefreshToken}},
		"AU25 two states":       {"code": {secrets.Code}, "state": {secrets.State, secrets.State}},
		"AU25 no code":          {"state": {secrets.State}},
		"AU25 two codes":        {"state": {secrets.State}, "code": {secrets.Code, secrets.AccessToken}},
		"AU25 both":             {"state": {secrets.State}, "code": {secrets.Code}, "error": {text}},
		"AU26 denied":           {"state": {secrets.State}, "error": {"access_denied"}, "error_description": {text}},
		"AU26 refused":          {"state": {secrets.State}, "error": {secrets.Code}, "error_uri": {text}},
		"AU26 refused, longer":  {"state": {secrets.State}, "error": {text}},
		"AU26 refused, message": {"state": {secrets.State}, "error": {"token " + secrets.UserCode + " of " + secrets.UserName}},
		"long":                  {"state": {secrets.State}, "code": {strings.Repeat(secrets.Code, 300)}},
		"more":                  {"state": {secrets.State}, "code": {secrets.Code}, "next": {text}, "region": {text}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, scanner)
			defer s.close()
			fails := wire(func(req *http.Request) (*http.Response, error) {
				return response(req, http.StatusBadRequest, telltale(req), strings.NewReader(`{"error":"invalid_grant","reason":"`+text+`"}`)), nil
			})
			for _, hooks := range []bool{true, false} {
				h := s.handler(fails, hooks, &zoomauth.MemoryStore{})
				s.comeBack(h, q)
				s.visit(h.Start(), httptest.NewRequest(http.MethodGet, "/zoom/connect?region="+url.QueryEscape(text), http.NoBody))
				for _, method := range []string{http.MethodPost, http.MethodOptions, http.MethodHead, "BREW"} {
					r := httptest.NewRequest(method, callbackURL+"?"+q.Encode(), strings.NewReader(q.Encode()))
					r.Header.Set("Authorization", "Bearer "+s.AccessToken)
					s.visit(h.Callback(), r)
					s.visit(h.Start(), r.Clone(t.Context()))
				}
				for _, query := range []string{"state=" + s.State + "&code=" + s.Code + "%zz", "state=" + s.State + ";code=" + s.Code} {
					r := httptest.NewRequest(http.MethodGet, callbackURL, http.NoBody)
					r.URL.RawQuery = query
					s.visit(h.Callback(), r)
				}
				none := httptest.NewRecorder() // no cookie, and one too many
				h.Callback().ServeHTTP(none, httptest.NewRequest(http.MethodGet, callbackURL+"?"+q.Encode(), http.NoBody))
				s.shown(none)
				twice := httptest.NewRequest(http.MethodGet, callbackURL+"?"+q.Encode(), http.NoBody)
				twice.AddCookie(&http.Cookie{Name: "__Host-zoom_login", Value: s.AccessToken})
				s.visit(h.Callback(), twice)
				s.value(h)
			}
		})
	}
}

// What the service's own parts say stays there: session, stores, logins.
func TestAuthHandlerParts(t *testing.T) {
	everyAuthSecret(t, func(t *testing.T, s *site, _ string, err error) {
		for _, change := range []func(*zoomauth.HandlerOptions){
			func(o *zoomauth.HandlerOptions) {
				o.Session = func(*http.Request) (string, error) { return s.Email, err }
			},
			func(o *zoomauth.HandlerOptions) {
				o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, err }
			},
			func(o *zoomauth.HandlerOptions) {
				o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, nil }
			},
			func(o *zoomauth.HandlerOptions) { o.Logins = logins{login: s.login, takeFail: err} },
			func(o *zoomauth.HandlerOptions) {
				o.Logins = logins{login: s.login, put: func(key string, l *zoomauth.Login) error {
					return fmt.Errorf("SET %s %s: %w", key, encoded(l), err)
				}}
			},
			func(o *zoomauth.HandlerOptions) { o.Logins = logins{login: func() *zoomauth.Login { return nil }} },
			func(o *zoomauth.HandlerOptions) {
				o.Session = func(*http.Request) (string, error) { return s.UserID, nil } // another's
			},
			func(o *zoomauth.HandlerOptions) { o.Apps[0].ClientID += "x" }, // the login began at another app
		} {
			for _, hooks := range []bool{true, false} {
				h := s.handler(s.tokens(), hooks, &zoomauth.MemoryStore{}, change)
				s.comeBack(h, s.callback())
				s.visit(h.Start(), httptest.NewRequest(http.MethodGet, "/zoom/connect", http.NoBody))
			}
		}
		for _, at := range storeCalls {
			store := &brokenStore{at: at, err: err, panics: false}
			s.comeBack(s.handler(s.tokens(), true, store), s.callback())
			s.comeBack(s.handler(s.tokens(), false, store), s.callback())
		}
	})
}

func encoded(l *zoomauth.Login) string {
	text, err := l.Encode()
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Start tells the state to nobody but Zoom and the verifier to nobody at all.
func TestAuthStart(t *testing.T) {
	for _, hooks := range []bool{true, false} {
		s := newSite(t, authScanner())
		var kept *zoomauth.Login
		h := s.handler(s.tokens(), hooks, &zoomauth.MemoryStore{}, func(o *zoomauth.HandlerOptions) {
			o.Logins = logins{login: func() *zoomauth.Login { return kept }, put: func(_ string, l *zoomauth.Login) error {
				kept = l
				return nil
			}}
		})
		w := httptest.NewRecorder()
		h.Start().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/zoom/connect", http.NoBody))
		require.Equal(t, http.StatusFound, w.Code)
		res := w.Result()
		link, err := res.Location()
		require.NoError(t, err)
		require.Len(t, res.Cookies(), 1)
		cookie := res.Cookies()[0].Value
		_, verifier, _ := strings.Cut(encoded(kept), `"verifier":"`)
		verifier, _, _ = strings.Cut(verifier, `"`)
		require.NotEmpty(t, verifier)
		state := canary.Secret{Name: "state", Value: link.Query().Get("state")}
		s.scanner = canary.NewScanner(state, canary.Secret{Name: "verifier", Value: verifier},
			canary.Secret{Name: "cookie", Value: cookie}, canary.Secret{Name: "client secret", Value: s.ClientSecret})
		require.NotEmpty(t, s.scanner.Text("control", "Location", link.String()), "the link holds the state")
		s.shown(w)
		hits := canary.NewScanner(canary.Secret{Name: "verifier", Value: verifier}, canary.Secret{Name: "cookie", Value: cookie}).Text("Start", "Location", link.String())
		s.add(hits...)
		hits = canary.NewScanner(canary.Secret{Name: "verifier", Value: verifier}, state).Text("Start", "Set-Cookie", res.Header.Get("Set-Cookie"))
		s.add(hits...)
		s.value(kept, h)
		s.add(s.scanner.Walk("Login", kept)...)

		back := httptest.NewRequest(http.MethodGet, callbackURL+"?"+url.Values{"state": {state.Value}, "error": {"access_denied"}}.Encode(), http.NoBody)
		back.AddCookie(&http.Cookie{Name: "__Host-zoom_login", Value: cookie})
		w = httptest.NewRecorder()
		h.Callback().ServeHTTP(w, back)
		s.shown(w)
		s.close()
	}
}

// At a terminal: the page, the error, and the server's own log, over a real network.
func TestAuthLogin(t *testing.T) {
	kinds := authFaults()
	names := []string{"AU18 400 invalid_grant Invalid Token!", "AU20 code 4704", "BD04 cut", "AU18 HTML, refused", "AU14 no refresh", "NW10 redirect 307", "NW tls", "AU18 wire, tls"}
	for _, name := range append(names, "denied", "output") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, authScanner())
			rt := s.tokens()
			if kinds[name] != nil {
				rt = kinds[name]()
			}
			app := s.app(rt)
			app.ClientSecret, app.RedirectURL = "", "http://127.0.0.1:0/"+s.UserName
			var state string
			var browser sync.WaitGroup
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			token, err := app.Login(ctx, &zoomauth.LoginOptions{
				Output: brokenWriter{},
				Open: func(_ context.Context, link string) error {
					if name == "output" {
						state = link[strings.LastIndex(link, "/")+1:] // what the link holds
						return errors.New("cannot open " + link)
					}
					u, cookie := s.open(link)
					state = u.Query().Get("state")
					q := url.Values{"state": {state}, "code": {s.Code}}
					if name == "denied" {
						q = url.Values{"state": {state}, "error": {s.AccessToken}}
					}
					browser.Go(func() { s.browse(u.Query().Get("redirect_uri"), cookie, q) })
					return nil
				},
			})
			browser.Wait()
			s.may(err)
			s.got(token)
			s.scanner = canary.NewScanner(canary.Secret{Name: "state", Value: state})
			s.may(err)
			s.close()
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write(p []byte) (int, error) { return 0, fmt.Errorf("cannot write %q", p) }

// open is a browser that follows the link of a login to Zoom.
func (s *site) open(link string) (*url.URL, *http.Cookie) {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Get(link)
	require.NoError(s.t, err)
	require.NoError(s.t, res.Body.Close())
	u, err := res.Location()
	require.NoError(s.t, err)
	require.Len(s.t, res.Cookies(), 1)
	return u, res.Cookies()[0]
}

// browse is a browser on its way back, first with a state that is wrong.
func (s *site) browse(address string, cookie *http.Cookie, q url.Values) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, query := range []string{"state=" + s.AccessToken + "&code=" + s.Code, q.Encode()} {
		req, err := http.NewRequest(http.MethodGet, address+"?"+query, nil)
		require.NoError(s.t, err)
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
		res, err := client.Do(req)
		if err != nil {
			continue
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		s.hook("page", context.Background(), string(body), res.Header)
	}
}
