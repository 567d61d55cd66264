package canary_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// A way is a call of zoomauth that meets a fault, with all that hangs on it.
type way struct {
	name string
	run  func(s *site, ctx context.Context, rt wire)
}

var ways = []way{
	{"exchange", func(s *site, ctx context.Context, rt wire) {
		login := s.login()
		token, err := s.app(rt).Exchange(ctx, login, s.callback())
		s.may(err)
		s.got(token)
		s.may(second(s.app(rt).Exchange(ctx, login, s.callback()))) // it is used
		public := s.app(rt)
		public.ClientSecret = ""
		s.may(second(public.Exchange(ctx, s.login(), s.callback())))
	}},
	{"revoke", func(s *site, ctx context.Context, rt wire) {
		s.may(s.app(rt).Revoke(ctx, s.token(time.Hour)))
		s.may(s.app(rt).Revoke(ctx, s.token(-time.Hour)))
	}},
	{"device", func(s *site, ctx context.Context, rt wire) {
		token, err := s.app(rt).DeviceLogin(ctx, func(zoomauth.DeviceCode) error { return nil })
		s.may(err)
		s.got(token)
	}},
	{"poll", func(s *site, ctx context.Context, rt wire) {
		token, err := s.app(s.deviceCode(rt)).DeviceLogin(ctx, func(zoomauth.DeviceCode) error { return nil })
		s.may(err)
		s.got(token)
	}},
	{"callback", func(s *site, _ context.Context, rt wire) {
		s.comeBack(s.handler(rt, true, &zoomauth.MemoryStore{}), s.callback())
		s.comeBack(s.handler(rt, false, &zoomauth.MemoryStore{}), s.callback())
	}},
	{"source", func(s *site, ctx context.Context, rt wire) {
		store := &zoomauth.MemoryStore{}
		require.NoError(s.t, store.Save(ctx, s.token(-time.Second)))
		src := s.source(rt, store)
		s.may(second(src.Token(ctx)))
		s.may(second(src.Installation(ctx)))
		s.may(src.Close())
	}},
	{"source with a client", func(s *site, ctx context.Context, rt wire) {
		store := &zoomauth.MemoryStore{}
		require.NoError(s.t, store.Save(ctx, s.token(time.Hour)))
		s.use(s.source(rt, store))
	}},
	{"server to server", func(s *site, ctx context.Context, rt wire) {
		src, err := s.app(rt).ServerToServer(s.AccountID, &zoomauth.MemoryStore{}, s.sourceOptions())
		require.NoError(s.t, err)
		s.may(second(s.clientOf(src, rt).Users.Get(ctx, s.Email)))
		s.may(second(src.Token(ctx)))
		s.may(src.Close())
	}},
	{"disconnect", func(s *site, ctx context.Context, rt wire) {
		for _, left := range []time.Duration{time.Hour, -time.Hour} {
			store := &zoomauth.MemoryStore{}
			require.NoError(s.t, store.Save(ctx, s.token(left)))
			src := s.source(rt, store)
			s.may(src.Disconnect(ctx))
			s.may(src.Close())
		}
	}},
}

// got scans a token that came of a fault all the same.
func (s *site) got(token *zoomauth.Token) {
	if token != nil {
		s.value(token, token.Region)
	}
}

// deviceCode answers the first call of a device login.
func (s *site) deviceCode(then wire) wire {
	return func(req *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(req.URL.Path, "/devicecode") {
			return then(req)
		}
		body := oddAnswers()["device, then nothing"]
		return response(req, http.StatusOK, telltale(req), strings.NewReader(body)), nil
	}
}

// No error path of zoomauth tells a secret: each fault in each way, under each sink.
func TestAuth(t *testing.T) {
	kinds := authFaults()
	for i, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			scanner := authScanner()
			for j, name := range slices.Sorted(maps.Keys(kinds)) {
				if skips(i + j) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := newSite(t, scanner)
						defer s.close()
						ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
						defer cancel()
						way.run(s, ctx, kinds[name]())
					})
				})
			}
			secrets, forms, sinks, texts := scanner.Stats()
			require.Positive(t, texts)
			t.Logf("%s: %d faults, %d secrets, %d forms, %d sinks, %d texts", way.name, len(kinds), secrets, forms, sinks, texts)
		})
	}
}

// The same where Zoom is well and the caller's time is not.
func TestAuthLifetime(t *testing.T) {
	scanner := authScanner()
	hangs := oauthFaults()["BD24 hangs"]()
	for _, way := range ways {
		for name, cause := range map[string]error{"before": nil, "during": nil, "with a cause": errors.New("enough")} {
			t.Run(way.name+", ended "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSite(t, scanner)
					defer s.close()
					if cause != nil {
						cause = errors.New(s.AccessToken + " " + s.RefreshToken + " " + s.UserCode)
					}
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					if name == "before" {
						cancel(nil)
					} else {
						time.AfterFunc(time.Second, func() { cancel(cause) })
					}
					way.run(s, ctx, hangs)
					time.Sleep(10 * time.Minute) // of the bubble: what goes on without the caller ends and tells
					synctest.Wait()
				})
			})
		}
	}
}

// A tracking id is kept as it came, unless it repeats a value.
func TestAuthTracking(t *testing.T) {
	s := newSite(t, authScanner())
	defer s.close()
	for i, last := 0, false; !last; i++ {
		s.may(second(s.app(wire(func(req *http.Request) (*http.Response, error) {
			forms := slices.DeleteFunc(pieces(req), func(piece string) bool { return strings.HasPrefix(piece, "QmFz") }) // base64 of "Bas"
			last = i == len(forms)-1
			header := http.Header{"X-Zm-Trackingid": {"rid=" + forms[i]}}
			return response(req, http.StatusBadRequest, header, strings.NewReader(`{"error":"invalid_grant"}`)), nil
		})).Exchange(t.Context(), s.login(), s.callback())))
	}
}
