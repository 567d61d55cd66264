package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

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
				// No grant is left at Zoom that nobody holds.
				assert.Zero(t, codesSent(s.zoom), "the code was exchanged")
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

func (s *failingStore) Swap(context.Context, *zoomauth.Token, *zoomauth.Token) error { return s.err }
