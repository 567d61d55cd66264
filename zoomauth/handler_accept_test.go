package zoomauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// revocations counts the grants that were ended at the fake.
func revocations(srv *zoomtest.Server) int {
	n := 0
	for _, r := range srv.Requests() {
		if r.Route == "/oauth/revoke" {
			n++
		}
	}
	return n
}

// holdAnother puts a token of another account into the store of a service.
func (s *service) holdAnother(t *testing.T, account string, change func(*zoomauth.Token)) *zoomauth.Token {
	t.Helper()
	old, err := s.app.NewToken(jwt(account), "refresh-canary-1", time.Now().Add(time.Hour))
	require.NoError(t, err)
	if change != nil {
		change(old)
	}
	require.NoError(t, s.store.Save(t.Context(), old))
	return old
}

// The admin of another Zoom account clicks Allow for the same customer.
func TestHandlerKeepsTheAccount(t *testing.T) {
	for name, c := range map[string]struct {
		account  string // "=": the same
		change   func(*zoomauth.Token)
		replaced bool
	}{
		"another":                          {"acc-other", nil, false},
		"another, access token over":       {"acc-other", func(o *zoomauth.Token) { o.Expiry = time.Now().Add(-time.Hour) }, false},
		"another, may be spent":            {"acc-other", func(o *zoomauth.Token) { o.Suspect = true }, false},
		"another, whose end is near":       {"acc-other", func(o *zoomauth.Token) { o.RefreshIssued = time.Now().Add(-89 * day) }, false},
		"another, refused by Zoom":         {"acc-other", func(o *zoomauth.Token) { o.Refused = true }, true},
		"another, after 90 days":           {"acc-other", func(o *zoomauth.Token) { o.RefreshIssued = time.Now().Add(-90 * day) }, true},
		"the same":                         {"=", nil, true},
		"not known":                        {"", nil, true},
		"another, by a store without lock": {"acc-other", nil, false},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			var failed error
			s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
				o.Failed = func(w http.ResponseWriter, _ *http.Request, err error) {
					failed = err
					zoomauth.ServeFailure(w, err)
				}
				if name == "another, by a store without lock" {
					o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return plain{s.store}, nil }
				}
			})
			if c.account == "=" {
				c.account = s.zoom.AccountID()
			}
			old := s.holdAnother(t, c.account, c.change)
			v := s.visitor()
			res := v.back(v.allowed().Encode())
			held, err := s.store.Load(t.Context())
			require.NoError(t, err)
			if c.replaced {
				checkPage(t, http.StatusOK, res)
				assert.Equal(t, s.zoom.AccountID(), held.AccountID)
				assert.Zero(t, revocations(s.zoom))
				return
			}
			assert.Equal(t, http.StatusConflict, res.StatusCode)
			assert.Contains(t, res.body, "disconnect the former one first")
			require.ErrorIs(t, failed, zoom.ErrAccountMismatch)
			assertSilent(t, failed, "acc-other", s.zoom.AccountID())
			assert.True(t, held.Same(old), "the former grant is kept")
			assert.Equal(t, 1, revocations(s.zoom), "the new one is ended")

			src := sourceOf(t, s.app, s.store, nil)
			require.NoError(t, s.store.Delete(t.Context())) // as after Disconnect
			require.NoError(t, src.Reload(t.Context()))
			checkPage(t, http.StatusOK, v.back(v.allowed().Encode()))
		}))
	}
}

// An empty store takes any account, and is empty again if it does not.
func TestHandlerAccept(t *testing.T) {
	no := errors.New("not of this tenant")
	for name, c := range map[string]struct {
		accept func(context.Context) error
		empty  bool
		down   bool // the revocation fails
		is     error
		status int
	}{
		"accepts another account": {accept: func(context.Context) error { return nil }, status: http.StatusOK},
		"accepts the first":       {accept: func(context.Context) error { return nil }, empty: true, status: http.StatusOK},
		"refuses":                 {accept: func(context.Context) error { return no }, is: no, status: http.StatusConflict},
		"refuses the first":       {accept: func(context.Context) error { return no }, empty: true, is: no, status: http.StatusConflict},
		"refuses as no login":     {accept: func(context.Context) error { return zoomauth.ErrLogin }, is: zoomauth.ErrLogin, status: http.StatusConflict},
		"hangs":                   {accept: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, is: context.DeadlineExceeded, status: http.StatusConflict},
		"refuses, Zoom is down":   {accept: func(context.Context) error { return no }, down: true, is: no, status: http.StatusInternalServerError},
		"panics":                  {accept: func(context.Context) error { panic("no rules") }},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			var old *zoomauth.Token
			var failed error
			s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
				withSessions(s, o)
				o.Accept = func(ctx context.Context, l *zoomauth.Login, former, next *zoomauth.Token) error {
					assert.Equal(t, "customer 1", l.Session)
					assert.True(t, former.Same(old))
					assert.Equal(t, s.zoom.AccountID(), next.AccountID)
					return c.accept(ctx)
				}
				o.Failed = func(w http.ResponseWriter, _ *http.Request, err error) {
					failed = err
					zoomauth.ServeFailure(w, err)
				}
			})
			if !c.empty {
				old = s.holdAnother(t, "acc-other", nil)
			}
			if c.down {
				for range 9 {
					s.zoom.Inject(zoomtest.ServerError(503).On("POST", "/oauth/revoke"))
				}
			}
			v := s.visitor()
			v.session = "customer 1"
			good := v.allowed().Encode()
			if c.status == 0 {
				assert.PanicsWithValue(t, "no rules", func() { v.back(good) })
			} else {
				checkPage(t, c.status, v.back(good))
				require.ErrorIs(t, failed, c.is)
			}
			held, err := s.store.Load(t.Context())
			switch {
			case c.status == http.StatusOK:
				require.NoError(t, err)
				assert.Equal(t, s.zoom.AccountID(), held.AccountID)
			case c.empty:
				require.ErrorIs(t, err, zoomauth.ErrNoToken)
			default:
				assert.True(t, held.Same(old))
			}
			if c.status != http.StatusOK && !c.down {
				assert.Equal(t, 1, revocations(s.zoom))
			}
			lease, err := s.store.Lock(t.Context())
			require.NoError(t, err, "the lock was given back")
			require.NoError(t, lease.Release())
		}))
	}
}

// Two admins come back at the same moment: one account is connected, the other refused.
func TestHandlerTwoAccountsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &zoomauth.MemoryStore{}
		same := func(_ *service, o *zoomauth.HandlerOptions) {
			o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil }
		}
		first, second := newService(t, same), newService(t, func(s *service, o *zoomauth.HandlerOptions) {
			s.zoom = zoomtest.NewServer(zoomtest.WithCredentials("acc-second", "client-second", "secret-second"))
			s.app = appOf(s.zoom)
			o.Apps = zoomauth.Apps{s.app}
			same(s, o)
		})
		one, two := first.visitor(), second.visitor()
		backOne, backTwo := one.allowed().Encode(), two.allowed().Encode()
		var statuses []int
		done := make(chan int)
		go func() { done <- one.back(backOne).StatusCode }()
		go func() { done <- two.back(backTwo).StatusCode }()
		statuses = append(statuses, <-done, <-done)
		assert.ElementsMatch(t, []int{http.StatusOK, http.StatusConflict}, statuses)
		assert.Equal(t, 1, revocations(first.zoom)+revocations(second.zoom))
	})
}
