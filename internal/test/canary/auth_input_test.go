package canary_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// Apps that cannot work are refused without being repeated, wherever the secrets
// stand in them.
func TestAuthInput(t *testing.T) {
	s := newSite(t, authScanner())
	defer s.close()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	none := wire(func(*http.Request) (*http.Response, error) { return nil, net.ErrClosed })
	for i, secret := range append(s.List(), s.Words()...) {
		if skips(i) {
			continue
		}
		v, escaped := secret.Value, url.PathEscape(secret.Value)
		var apps []zoomauth.App
		change := func(f func(a *zoomauth.App)) {
			app := s.app(none)
			f(&app)
			apps = append(apps, app)
		}
		change(func(a *zoomauth.App) { a.ClientID = v + "\n" })
		change(func(a *zoomauth.App) { a.ClientID = "" })
		change(func(a *zoomauth.App) { a.ClientSecret = " " + v })
		for _, address := range []string{
			v, "https://user:" + v + "@[::1", "https://user:" + escaped + "@vendor.example.com/", "https://vendor.example.com/#" + escaped, "http://vendor.example.com/" + escaped,
			"http://127.0.0.1:0/?" + url.QueryEscape(v), "http://127.0.0.1:" + escaped + "/", "http://" + taken.Addr().String() + "/" + escaped, "://" + v,
			"https://zoom.us:port" + v, "https://zoom.us/?token=" + url.QueryEscape(v),
		} {
			change(func(a *zoomauth.App) { a.RedirectURL = address })
			change(func(a *zoomauth.App) {
				a.Endpoints = zoomauth.Endpoints{Authorize: address, Token: address, Revoke: address, Device: address, API: address}
			})
			change(func(a *zoomauth.App) { a.Endpoints.Revoke, a.Endpoints.API = address, address })
		}
		for _, app := range apps {
			s.refused(app, v)
		}
		s.may(second(s.app(none).NewToken(v+"\n", s.RefreshToken, time.Now())))
		s.may(second(s.app(none).NewToken(s.AccessToken, v+" "+v, time.Now())))
		s.may(second(zoomauth.Apps{s.app(none)}.Region(zoomauth.Region(v))))
		s.may(second(zoomauth.NewFileStore(v+"/", &fileLock{})))
		s.may(second(zoomauth.NewFileStore(v, nil)))
		for _, text := range []string{
			v, `"` + v + `"`, `{"state":"` + v, fmt.Sprintf(`{"state":%q,"state":%[1]q}`, v), fmt.Sprintf(`{%q:1,%[1]q:2}`, v), fmt.Sprintf(`{"version":%q}`, v),
			fmt.Sprintf(`{"version":1,"state":%q}`, v), fmt.Sprintf(`{"version":1,"expires":%q}`, v), fmt.Sprintf(`{"state":{%q:1}}`, v), `{}` + v, strings.Repeat(v, 10_000),
		} {
			s.may(second(zoomauth.DecodeLogin([]byte(text))))
			s.may(second(zoomauth.DecodeToken([]byte(text))))
		}
	}
	s.long()
}

// refused calls all there is of an app, with a login and a token that it did not make.
func (s *site) refused(app zoomauth.App, v string) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Millisecond)
	defer cancel()
	_, login, err := app.AuthCodeURL()
	s.may(err)
	s.value(login)
	s.may(second(app.Exchange(ctx, s.login(), url.Values{"state": {v}, "code": {v}})))
	s.may(second(app.Exchange(ctx, s.login(), s.callback())))
	s.may(second(app.Exchange(ctx, nil, s.callback())))
	s.may(app.Revoke(ctx, s.token(time.Hour)))
	s.may(app.Revoke(ctx, nil))
	s.may(second(app.DeviceLogin(ctx, func(zoomauth.DeviceCode) error { return nil })))
	s.may(second(app.Login(ctx, &zoomauth.LoginOptions{Open: func(context.Context, string) error { return nil }})))
	s.may(second(app.TokenSource(nil, nil)))
	s.may(second(app.TokenSource(&zoomauth.MemoryStore{}, nil)))
	s.may(second(app.ServerToServer(v, &zoomauth.MemoryStore{}, &zoomauth.SourceOptions{AccountID: s.AccountID})))
	s.may(second(zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps:  zoomauth.Apps{app, app},
		Store: func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, nil },
	})))
	s.may(second(app.Client(&zoomauth.Source{})))
	s.value(app)
}

// long scans what is too long to be stored.
func (s *site) long() {
	login := s.login()
	login.Session = strings.Repeat(s.Email, 4000)
	s.may(second(login.Encode()))
	token := *s.token(time.Hour)
	token.Scopes = []string{strings.Repeat(s.RefreshToken, 600)}
	s.may(second(token.Encode()))
	s.may(zoomauth.Keep(s.t.Context(), nil, &token))
}

// What the caller's own functions say, or panic with, stays there.
func TestAuthFuncs(t *testing.T) {
	everyAuthSecret(t, func(t *testing.T, s *site, _ string, err error) {
		device := s.app(s.deviceCode(s.tokens()))
		s.may(second(device.DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error { return err })))
		s.may(second(device.DeviceLogin(t.Context(), func(c zoomauth.DeviceCode) error {
			return fmt.Errorf("no screen for %s at %s: %w", c.UserCode, c.FullLink, err)
		})))
		refused := wire(func(req *http.Request) (*http.Response, error) {
			return echoes(http.StatusBadRequest, "invalid_grant", "Invalid Token!", 0)()(req)
		})
		for _, rt := range []wire{refused, s.tokens()} {
			for _, at := range []string{"", "swap"} {
				store := &brokenStore{at: at, err: err}
				require.NoError(t, store.MemoryStore.Save(t.Context(), s.token(-time.Hour)))
				src, errNew := s.app(rt).TokenSource(store, &zoomauth.SourceOptions{
					Reauthorize: func(context.Context, error) { panic(err) },
					Expiring:    func(context.Context, time.Time) { panic(err) },
					StoreFailed: func(context.Context, error) { panic(err) },
				})
				require.NoError(t, errNew)
				raised(func() { s.may(second(s.clientOf(src, rt).Users.Get(t.Context(), s.Email))) })
				raised(func() { s.may(second(src.Token(t.Context()))) })
				raised(func() { s.closed(src) })
			}
		}
	})
}

// raised makes a call that may raise the panic of a hook.
func raised(call func()) {
	defer func() { _ = recover() }()
	call()
}
