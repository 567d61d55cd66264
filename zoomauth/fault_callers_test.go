package zoomauth_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// The caller who caused a refresh goes; the refresh does not.
func TestFaultAU07CallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := brings("access-canary-2", "refresh-canary-2")
		answer.delay = 100 * time.Millisecond
		w := &wire{answers: []wireAnswer{answer}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		begin := time.Now()
		_, err := src.Token(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 50*time.Millisecond, time.Since(begin))
		time.Sleep(time.Second)
		assertStored(t, store, "refresh-canary-2", false)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Len(t, w.sent(t), 1)
	})
}

func TestFaultAU08CallerHasLittleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := brings("access-canary-2", "refresh-canary-2")
		answer.delay = 3 * time.Second
		w := &wire{answers: []wireAnswer{answer}}
		src := sourceOf(t, w.app(), holding(t, w.app(), 0), nil)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := src.Token(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(begin), 150*time.Millisecond)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Len(t, w.sent(t), 1)
	})
}

// A context that ended long ago holds nothing up, whoever came with it first.
func TestFaultAU09FirstContextEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := brings("access-canary-2", "refresh-canary-2")
		answer.delay = 50 * time.Millisecond
		w := &wire{answers: []wireAnswer{answer, brings("access-canary-3", "refresh-canary-3")}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := src.Token(gone)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Len(t, w.sent(t), 1)
		time.Sleep(time.Hour)
		assert.Equal(t, "access-canary-3", accessOf(t, src))
		assertStored(t, store, "refresh-canary-3", false)
	})
}

func TestFaultAU10OneRefresh(t *testing.T) {
	for _, sources := range []int{1, 4, 100} {
		t.Run("", inBubble(func(t *testing.T) {
			srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
			srv.Inject(zoomtest.Slow(200*time.Millisecond).On("POST", "/oauth/token").Repeat(-1))
			app := appOf(srv)
			store := installed(t, srv, app)
			calls := srv.TokenCalls()
			time.Sleep(2 * time.Hour)
			all := make([]*zoomauth.Source, sources)
			for i := range all {
				all[i] = sourceOf(t, app, store, nil)
			}
			var mu sync.Mutex
			seen := map[string]int{}
			var group sync.WaitGroup
			for i := range 100 {
				group.Go(func() {
					tok, err := all[i%sources].Token(t.Context())
					if assert.NoError(t, err) {
						mu.Lock()
						defer mu.Unlock()
						seen[tok.AccessToken]++
					}
				})
			}
			group.Wait()
			assert.Len(t, seen, 1)
			assert.Equal(t, calls+1, srv.TokenCalls())
		}))
	}
}

// Through clients that are built for each request, as a web service does.
func TestFaultAU10AClientForEachRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		app := appOf(srv)
		src := sourceOf(t, app, installed(t, srv, app), nil)
		calls := srv.TokenCalls()
		time.Sleep(2 * time.Hour)
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				c, err := app.Client(src, zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}))
				if assert.NoError(t, err) {
					_, err = c.Users.Get(t.Context(), "me")
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		assert.Equal(t, calls+1, srv.TokenCalls())
	})
}

// Another process has refreshed: its token is in the store, and the one in memory is
// refused.
func TestFaultMP11AnotherProcessRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{SingleToken: true}))
		app := appOf(srv)
		store := installed(t, srv, app)
		here, there := sourceOf(t, app, store, nil), sourceOf(t, app, store, nil)
		c, err := app.Client(here, zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}))
		require.NoError(t, err)
		_, err = c.Users.Get(t.Context(), "me")
		require.NoError(t, err)
		there.Rejected(t.Context(), accessOf(t, there))
		newer := accessOf(t, there) // the former one is dead at Zoom
		calls := srv.TokenCalls()
		srv.ResetRequests()
		_, err = c.Users.Get(t.Context(), "me")
		require.NoError(t, err)
		assert.Len(t, srv.Requests(), 2, "refused, and again with the stored token")
		assert.Equal(t, newer, accessOf(t, here))
		assert.Equal(t, calls, srv.TokenCalls())
		stored, err := store.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, int64(2), stored.Generation, "one for the login, one for the refresh")
	})
}

func TestFaultMP13NeverWithoutTheLock(t *testing.T) {
	for _, c := range []struct {
		name, call string
	}{{"lock fails", "lock"}, {"lease ends before the request", "check"}} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
			store := holding(t, w.app(), 0)
			errNoLocks := errors.New("no locks available refresh-canary-1")
			store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
				if call == c.call {
					return errNoLocks
				}
				return nil
			})
			src := sourceOf(t, w.app(), store, nil)
			s2s, err := w.app().ServerToServer("account-canary-", store, nil)
			require.NoError(t, err)
			for _, s := range []*zoomauth.Source{src, s2s} {
				for range 3 {
					_, err := s.Token(t.Context())
					require.ErrorIs(t, err, zoomauth.ErrStore)
					require.ErrorIs(t, err, errNoLocks)
					assertSilent(t, err)
				}
			}
			assert.Empty(t, w.requests())
			assertStored(t, store, "refresh-canary-1", false)
		}))
	}
}

// A lock that is not given back: who waits learns it when the lock of a dead process would
// be free, and a token that
// is still good is used.
func TestFaultMP13TheLockIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 4*time.Minute)
		src := sourceOf(t, w.app(), store, nil)
		lease, err := store.Lock(t.Context())
		require.NoError(t, err)
		time.Sleep(3 * time.Minute)
		assert.Equal(t, "access-canary-1", accessOf(t, src))
		time.Sleep(2 * time.Minute)
		begin := time.Now()
		_, err = src.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(begin), 90*time.Second)
		assert.Empty(t, w.requests())

		// The lock comes late, and there is time for the answer all the same.
		slow := brings("access-canary-2", "refresh-canary-2")
		slow.delay = 9 * time.Second
		w.answers = []wireAnswer{slow}
		time.AfterFunc(58*time.Second, func() { _ = lease.Release() })
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Len(t, w.sent(t), 1)
		assertStored(t, store, "refresh-canary-2", false)
	})
}
