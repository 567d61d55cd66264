package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

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
