package zoomauth_test

import (
	"context"
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

const day = 24 * time.Hour

// warnings notes when Expiring is called, and for which end.
type warnings struct{ at, end []time.Time }

func (w *warnings) options() *zoomauth.SourceOptions {
	return &zoomauth.SourceOptions{Expiring: func(_ context.Context, end time.Time) {
		w.at, w.end = append(w.at, time.Now()), append(w.end, end)
	}}
}

// A refresh token that nothing replaces: told once, 14 days before its end. That it was
// told stands in the store, as its age does.
func TestFaultAU21RefreshTokenComesToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{body: `{"access_token":"access-canary-2"}`}}} // keeps the old one
		store := holding(t, w.app(), 0)
		end := time.Now().Add(zoomauth.RefreshLife)
		var told, later warnings
		src := sourceOf(t, w.app(), store, told.options())
		for range 89 {
			accessOf(t, src)
			time.Sleep(day)
		}
		require.Len(t, told.at, 1)
		assert.Equal(t, end.Add(-14*day), told.at[0])
		assert.True(t, end.Equal(told.end[0]))
		accessOf(t, sourceOf(t, w.app(), store, later.options()))
		synctest.Wait()
		assert.Empty(t, later.at)
		unmarked := *store.inStore(t)
		unmarked.Warned = false
		require.NoError(t, store.Save(t.Context(), &unmarked))
		accessOf(t, sourceOf(t, w.app(), store, later.options()))
		synctest.Wait()
		require.Len(t, later.at, 1, "a process that begins later")
		assert.True(t, end.Equal(later.end[0]))
		assertStored(t, store, "refresh-canary-1", false)
	})
}

// Each refresh that brings a new one begins the 90 days anew.
func TestFaultAU21RotationPreventsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		app := appOf(srv)
		var told warnings
		store := installed(t, srv, app)
		src := sourceOf(t, app, store, told.options())
		for range 4 {
			time.Sleep(85 * day)
			accessOf(t, src)
		}
		assert.Empty(t, told.at)
		stored, err := store.Load(t.Context())
		require.NoError(t, err)
		assert.True(t, time.Now().Equal(stored.RefreshIssued))
		assert.Equal(t, time.Now().Add(90*day).Unix(), stored.RefreshExpiry().Unix())
		_, refresh := texts(t, stored)
		assert.True(t, srv.GrantAlive(refresh))

		time.Sleep(91 * day) // nobody asked
		_, err = src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		synctest.Wait()
		assert.Len(t, told.at, 1, "too late, and told all the same")
		_, err = store.Load(t.Context())
		require.NoError(t, err, "never deleted")
	})
}

// It is told as well where nothing can be refreshed.
func TestFaultAU21NothingCanBeRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{status: http.StatusServiceUnavailable}}}
		var told warnings
		src := sourceOf(t, w.app(), holding(t, w.app(), 0), told.options())
		for range 3 {
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrServer)
			time.Sleep(40 * day)
		}
		synctest.Wait()
		require.Len(t, told.at, 1)
		none := sourceOf(t, w.app(), &zoomauth.MemoryStore{}, told.options())
		_, err := none.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
		synctest.Wait()
		assert.Len(t, told.at, 1, "there is none")
	})
}

// Our clock is wrong by hours: Zoom's word counts, and one refresh is enough.
func TestFaultAU22ClockIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		src := sourceOf(t, app, store, nil)
		c, err := app.Client(src, zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}))
		require.NoError(t, err)
		_, err = c.Users.Get(t.Context(), "me")
		require.NoError(t, err)
		srv.Advance(10 * time.Hour)
		calls := srv.TokenCalls()
		for range 5 {
			_, err = c.Users.Get(t.Context(), "me")
			require.NoError(t, err)
		}
		assert.Equal(t, calls+1, srv.TokenCalls())
	})
}

// What was stored by a clock that was ahead or behind.
func TestFaultAU22StoredByAnotherClock(t *testing.T) {
	for _, c := range []struct {
		name   string
		issued time.Duration // from now
		calls  int
	}{{"ahead", 10 * time.Hour, 1}, {"behind", -10 * time.Hour, 1}, {"a century ahead", 100 * 365 * day, 1}} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
			store := holding(t, w.app(), 0)
			wrong := *store.inStore(t)
			wrong.Issued, wrong.RefreshIssued = time.Now().Add(c.issued), time.Now().Add(c.issued)
			wrong.Expiry = wrong.Issued.Add(time.Hour)
			require.NoError(t, store.Save(t.Context(), &wrong))
			src := sourceOf(t, w.app(), store, nil)
			for range 5 { // what Zoom refuses is replaced once
				if tok := accessOf(t, src); tok == "access-canary-1" {
					src.Rejected(t.Context(), tok)
				}
			}
			assert.Len(t, w.sent(t), c.calls)
			assertStored(t, store, "refresh-canary-2", false)
			assert.True(t, time.Now().Add(time.Hour).Equal(store.inStore(t).Expiry))
		}))
	}
}

// slowLimiter lets a request through after 45 minutes.
type slowLimiter struct{}

func (slowLimiter) Wait(ctx context.Context, _ zoom.RateClass) error {
	select {
	case <-time.After(45 * time.Minute):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (slowLimiter) Observe(context.Context, zoom.RateClass, zoom.RateLimit) {}

// A token that ends while its call waits for the limiter is not sent.
func TestFaultAU31TokenEndsWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		src := sourceOf(t, app, store, nil)
		accessOf(t, src)
		c, err := app.Client(src, zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}), zoom.WithLimiter(slowLimiter{}))
		require.NoError(t, err)
		srv.ResetRequests()
		calls := srv.TokenCalls()
		time.Sleep(30 * time.Minute)
		_, err = c.Users.Get(t.Context(), "me")
		require.NoError(t, err)
		var statuses []int
		for _, r := range srv.Requests() {
			if r.Route == "/users/{userId}" {
				statuses = append(statuses, r.Status)
			}
		}
		assert.Equal(t, []int{http.StatusOK}, statuses)
		assert.Equal(t, calls+1, srv.TokenCalls())
	})
}
