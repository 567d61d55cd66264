package zoomauth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// leased is a store whose lease has an end, as one in a database has: of 75 seconds from
// the last Check.
type leased struct {
	zoomauth.MemoryStore

	mu    sync.Mutex
	last  int
	owner int
	end   time.Time
}

const leasedLife = 75 * time.Second

func (s *leased) take(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != 0 && time.Now().Before(s.end) {
		return false
	}
	s.owner, s.end = id, time.Now().Add(leasedLife)
	return true
}

// handle is a process's own way to a store: its calls can fail while those of others do not.
type handle struct {
	*leased
	before func(ctx context.Context, call string) error
}

func (h *handle) Load(ctx context.Context) (*zoomauth.Token, error) {
	if err := h.before(ctx, "load"); err != nil {
		return nil, err
	}
	return h.leased.Load(ctx)
}

func (h *handle) Save(ctx context.Context, t *zoomauth.Token) error {
	if err := h.before(ctx, "save"); err != nil {
		return err
	}
	return h.leased.Save(ctx, t)
}

func (h *handle) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if err := h.before(ctx, "save"); err != nil {
		return err
	}
	return h.leased.Swap(ctx, old, next)
}

func (h *handle) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if err := h.before(ctx, "lock"); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.last++
	id := h.last
	h.mu.Unlock()
	for !h.take(id) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return &handleLease{h, id}, nil
}

type handleLease struct {
	h  *handle
	id int
}

func (l *handleLease) Check(ctx context.Context) error {
	if err := l.h.before(ctx, "check"); err != nil {
		return err
	}
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	if l.h.owner != l.id || !time.Now().Before(l.h.end) {
		return errors.New("the lease was lost")
	}
	l.h.end = time.Now().Add(leasedLife)
	return nil
}

func (l *handleLease) Release() error {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	if l.h.owner == l.id {
		l.h.owner = 0
	}
	return nil
}

// locking hides Swap.
type locking struct {
	plain
	zoomauth.Locker
}

// as returns a handle as a store that swaps, or as one that does not.
func (h *handle) as(swaps bool) zoomauth.TokenStore {
	if swaps {
		return h
	}
	return locking{plain{h}, h}
}

func works(context.Context, string) error { return nil }

// holdingLeased is a store with a token whose access token is over.
func holdingLeased(t *testing.T, app zoomauth.App) *leased {
	t.Helper()
	token, err := app.NewToken("access-canary-1", "refresh-canary-1", time.Now())
	require.NoError(t, err)
	store := &leased{}
	require.NoError(t, store.Save(t.Context(), token))
	return store
}

func (s *leased) refresh(t *testing.T) string {
	t.Helper()
	token, err := s.Load(t.Context())
	require.NoError(t, err)
	_, refresh := texts(t, token)
	return refresh
}

var kinds = map[string]bool{"a swapper": true, "a locker alone": false}

// While the store holds a refresh token that was used up, the lease is not given back for a
// Check that fails: the next process would send it.
func TestFaultAU05TheKeptLeaseCannotBeChecked(t *testing.T) {
	for name, swaps := range kinds {
		for _, outage := range []time.Duration{time.Second / 2, 5 * time.Second, 40 * time.Second} {
			t.Run("AU05 MP03 "+name+", for "+outage.String(), inBubble(func(t *testing.T) {
				w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), invalidGrant}}
				store := holdingLeased(t, w.app())
				var ends time.Time
				breaks := &handle{store, func(_ context.Context, call string) error {
					if call == "save" && ends.IsZero() {
						ends = time.Now().Add(outage)
					}
					if time.Now().Before(ends) {
						return errReset
					}
					return nil
				}}
				first := sourceOf(t, w.app(), breaks.as(swaps), nil)
				second := sourceOf(t, w.app(), (&handle{store, works}).as(swaps), nil)
				assert.Equal(t, "access-canary-2", accessOf(t, first))
				assert.Equal(t, "access-canary-2", accessOf(t, second))
				assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
			}))
		}
		t.Run("AU05 "+name+", for ever", inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), invalidGrant}}
			store := holdingLeased(t, w.app())
			saves := 0
			h := &handle{store, func(_ context.Context, call string) error {
				if call == "save" {
					saves++
				}
				if call == "save" && saves == 1 || call == "check" && saves > 0 {
					return errReset
				}
				return nil
			}}
			src := sourceOf(t, w.app(), h.as(swaps), nil)
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			time.Sleep(5 * time.Second)
			if !swaps { // the lease has to end by itself
				assert.Equal(t, "refresh-canary-1", store.refresh(t))
				time.Sleep(2 * leasedLife)
			}
			assert.Equal(t, "refresh-canary-2", store.refresh(t))
			require.NoError(t, src.Close())
			assert.True(t, store.take(99), "the lock is free")
		}))
	}
}

// The kept lease is prolonged while another call of the store keeps the saving waiting.
func TestFaultAU05TheKeptLeaseIsProlonged(t *testing.T) {
	for name, swaps := range kinds {
		t.Run("AU05 MP03 "+name, inBubble(func(t *testing.T) {
			slow := brings("access-canary-2", "refresh-canary-2")
			slow.delay = 9 * time.Second
			w := &wire{answers: []wireAnswer{slow, invalidGrant}}
			store := holdingLeased(t, w.app())
			stalls := map[string]bool{"save": true}
			var mu sync.Mutex
			h := &handle{store, func(ctx context.Context, call string) error {
				mu.Lock()
				stall := stalls[call]
				delete(stalls, call)
				mu.Unlock()
				if !stall {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}}
			first := sourceOf(t, w.app(), h.as(swaps), nil)
			second := sourceOf(t, w.app(), (&handle{store, works}).as(swaps), nil)
			assert.Equal(t, "access-canary-2", accessOf(t, first))
			mu.Lock()
			stalls["load"] = true
			mu.Unlock()
			go func() { _ = first.Reload(t.Context()) }()
			time.Sleep(30 * time.Second)
			token, err := second.Token(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "access-canary-2", token.AccessToken)
			time.Sleep(2 * time.Minute)
			assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
			assert.Equal(t, "refresh-canary-2", store.refresh(t))
		}))
	}
}

// The hook Expiring costs no call of the store while the end is far: who waits gets the
// token that was saved.
func TestFaultAU08ExpiringAsksNoStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		saved := false
		store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
			if saved && call != "release" {
				<-ctx.Done()
				return ctx.Err()
			}
			saved = saved || call == "save"
			return nil
		})
		src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Expiring: func(context.Context, time.Time) { assert.Fail(t, "it does not end soon") }})
		begin := time.Now()
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Zero(t, time.Since(begin))
	})
}

// The warning waits for a store that hangs, and nobody waits for the warning but Close. The
// hook may ask the source.
func TestFaultAU08NobodyWaitsForTheWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), time.Hour)
		old := *store.inStore(t)
		old.RefreshIssued = time.Now().Add(-80 * day)
		require.NoError(t, store.Save(t.Context(), &old))
		store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
			if call != "lock" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		var src *zoomauth.Source
		var told []string
		src = sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Expiring: func(context.Context, time.Time) {
			told = append(told, accessOf(t, src))
		}})
		begin := time.Now()
		for range 3 {
			assert.Equal(t, "access-canary-1", accessOf(t, src))
		}
		assert.Zero(t, time.Since(begin))
		assert.Empty(t, told)
		require.NoError(t, src.Close())
		assert.Equal(t, []string{"access-canary-1"}, told, "Close waits for it")
		assert.LessOrEqual(t, time.Since(begin), time.Minute)
	})
}

// A lock that the warning could not give back is reported, and so is the end of the token.
func TestFaultAU08TheWarningCannotUnlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		store := holding(t, w.app(), time.Hour)
		old := *store.inStore(t)
		old.RefreshIssued = time.Now().Add(-80 * day)
		require.NoError(t, store.Save(t.Context(), &old))
		warned, failed := 0, 0
		src := sourceOf(t, w.app(), &unreleased{watched: store}, &zoomauth.SourceOptions{
			Expiring:    func(context.Context, time.Time) { warned++ },
			StoreFailed: func(_ context.Context, err error) { failed++; assert.ErrorIs(t, err, zoomauth.ErrStore) },
		})
		accessOf(t, src)
		synctest.Wait()
		assert.Equal(t, 1, warned)
		assert.Equal(t, 1, failed)
	})
}

// The holder of the lock died: who waits gets it when the lease has ended, and no error.
func TestFaultMP03TheHolderDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holdingLeased(t, w.app())
		require.True(t, store.take(99))
		begin := time.Now()
		assert.Equal(t, "access-canary-2", accessOf(t, sourceOf(t, w.app(), &handle{store, works}, nil)))
		assert.LessOrEqual(t, time.Since(begin), leasedLife+time.Second)
	})
}

// stopsAfterCheck stops its process when a check of the lease has been answered.
type stopsAfterCheck struct {
	*handle
	stop bool
}

func (s *stopsAfterCheck) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := s.handle.Lock(ctx)
	return stoppedLease{lease, s}, err
}

type stoppedLease struct {
	zoomauth.Lease
	store *stopsAfterCheck
}

func (l stoppedLease) Check(ctx context.Context) error {
	err := l.Lease.Check(ctx)
	if l.store.stop {
		l.store.stop = false
		time.Sleep(90 * time.Second)
	}
	return err
}

// A process that is stopped between the check of its lease and Delete deletes no newer
// token, also where the mark that stands in place of the former one is shown.
func TestFaultAU35StoppedBeforeDelete(t *testing.T) {
	for name, swaps := range kinds {
		t.Run("AU35 "+name, inBubble(func(t *testing.T) {
			app := (&wire{}).app()
			store := &leased{}
			former, err := app.NewToken(jwt("account"), "refresh-canary-1", time.Now().Add(time.Hour))
			require.NoError(t, err)
			require.NoError(t, store.Save(t.Context(), former))
			time.Sleep(10 * time.Minute)
			one := &stopsAfterCheck{handle: &handle{store, works}, stop: true}
			var here zoomauth.TokenStore = one
			if !swaps {
				here = locking{plain{one}, one}
			}
			time.AfterFunc(80*time.Second, func() {
				anew, err := app.NewToken(jwt("account"), "refresh-canary-anew", time.Now().Add(time.Hour))
				assert.NoError(t, err)
				assert.NoError(t, zoomauth.Keep(t.Context(), (&handle{store, works}).as(swaps), anew))
			})
			_, err = zoomauth.Forget(t.Context(), here, zoomauth.Removal{ClientID: wireID, AccountID: "account", At: time.Now()})
			require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
			assert.Equal(t, "refresh-canary-anew", store.refresh(t))
		}))
	}
}
