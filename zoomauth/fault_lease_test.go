package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// committing is a store written with one transaction for a lease: what is saved under it
// is committed by Release, which can fail.
type committing struct {
	zoomauth.MemoryStore
	mu      sync.Mutex
	pending *zoomauth.Token
	open    bool
	fails   int // of the next commits
}

var errCommit = errors.New("could not serialize access")

func (s *committing) Load(ctx context.Context) (*zoomauth.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending != nil {
		return s.pending, nil
	}
	return s.MemoryStore.Load(ctx)
}

func (s *committing) Save(ctx context.Context, t *zoomauth.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return s.MemoryStore.Save(ctx, t)
	}
	s.pending = t
	return nil
}

// Swap hides that of the memory: it would write past the transaction.
func (s *committing) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	current, err := s.Load(ctx)
	if err != nil && !errors.Is(err, zoomauth.ErrNoToken) {
		return err
	}
	if !current.Same(old) {
		return zoomauth.ErrStoreChanged
	}
	return s.Save(ctx, next)
}

func (s *committing) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := s.MemoryStore.Lock(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	return commitLease{s, lease}, nil
}

type commitLease struct {
	store *committing
	zoomauth.Lease
}

func (l commitLease) Release() error {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	pending := l.store.pending
	l.store.open, l.store.pending = false, nil
	defer l.Lease.Release()
	if l.store.fails > 0 {
		l.store.fails--
		return errCommit
	}
	if pending == nil {
		return nil
	}
	return l.store.MemoryStore.Save(context.Background(), pending)
}

// A Release that fails is told, and what it lost is saved again.
func TestFaultST01ReleaseFails(t *testing.T) {
	for _, fails := range []int{1, 3} {
		t.Run("ST01 commit", inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), brings("access-canary-3", "refresh-canary-3")}}
			store := &committing{}
			first, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
			require.NoError(t, err)
			require.NoError(t, zoomauth.Keep(t.Context(), store, first))
			told := 0
			src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{StoreFailed: func(_ context.Context, err error) {
				told++
				assert.ErrorIs(t, err, errCommit)
			}})
			store.fails = fails
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			assert.Equal(t, 1, told)
			time.Sleep(10 * time.Second)
			stored, err := store.Load(t.Context())
			require.NoError(t, err)
			_, refresh := texts(t, stored)
			assert.Equal(t, "refresh-canary-2", refresh)
			require.NoError(t, src.Close())

			next := sourceOf(t, w.app(), store, nil) // another process
			assert.Equal(t, "access-canary-2", accessOf(t, next))
			next.Rejected(t.Context(), "access-canary-2")
			assert.Equal(t, "access-canary-3", accessOf(t, next))
			assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-2"}, w.sent(t))
		}))
	}
	t.Run("ST01 Close says what is lost", inBubble(func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := &committing{}
		first, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
		require.NoError(t, err)
		require.NoError(t, zoomauth.Keep(t.Context(), store, first))
		src := sourceOf(t, w.app(), store, nil)
		store.fails = 1000
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		require.ErrorIs(t, src.Close(), zoomauth.ErrStore)
		store.fails = 0
		require.NoError(t, src.Close())
		stored, err := store.Load(t.Context())
		require.NoError(t, err)
		_, refresh := texts(t, stored)
		assert.Equal(t, "refresh-canary-2", refresh)
	}))
	t.Run("ST01 Keep", func(t *testing.T) {
		w := &wire{}
		store := &committing{fails: 1}
		token, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
		require.NoError(t, err)
		require.ErrorIs(t, zoomauth.Keep(t.Context(), store, token), errCommit)
		require.NoError(t, zoomauth.Keep(t.Context(), store, token))
	})
	t.Run("ST01 the lock alone", inBubble(func(t *testing.T) { // what was saved is there
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		stuck := &unreleased{watched: store}
		told := 0
		src := sourceOf(t, w.app(), stuck, &zoomauth.SourceOptions{StoreFailed: func(context.Context, error) { told++ }})
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Equal(t, 1, told)
		time.Sleep(time.Minute)
		assertStored(t, store, "refresh-canary-2", false)
		require.NoError(t, src.Close())
		token, err := w.app().NewToken("", "refresh-canary-9", time.Time{})
		require.NoError(t, err)
		require.NoError(t, zoomauth.Keep(t.Context(), stuck, token), "it is saved")
	}))
}

// unreleased gives every lock back and says that it could not.
type unreleased struct{ *watched }

func (u *unreleased) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := u.watched.Lock(ctx)
	return failedRelease{lease}, err
}

type failedRelease struct{ zoomauth.Lease }

func (f failedRelease) Release() error {
	_ = f.Lease.Release()
	return errCommit
}

// lateRelease gives the lock back, takes its time, and says that it could not.
type lateRelease struct {
	*watched
	then func()
}

func (l *lateRelease) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := l.watched.Lock(ctx)
	return lateLease{lease, l}, err
}

type lateLease struct {
	zoomauth.Lease
	store *lateRelease
}

func (l lateLease) Release() error {
	_ = l.Lease.Release()
	if then := l.store.then; then != nil {
		l.store.then = nil
		then()
	}
	return errCommit
}

// What another login or a refresh puts in the place of a new token stays, although the
// login of that one could not give its lock back and is not sure of its token.
func TestFaultAU35OthersAreFasterThanTheRelease(t *testing.T) {
	for _, next := range []string{"a login", "a refresh"} {
		for _, failures := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("AU35 %s, then %d loads fail", next, failures), inBubble(func(t *testing.T) {
				store := &lateRelease{watched: &watched{}}
				c := newConnecting(t, store)
				store.then = func() {
					time.Sleep(time.Second)
					if next == "a login" {
						assert.NoError(t, zoomauth.Keep(t.Context(), store.watched, authorize(t, c.zoom, c.app)))
					} else {
						src := sourceOf(t, c.app, store.watched, nil)
						src.Rejected(t.Context(), accessOf(t, src))
						accessOf(t, src)
					}
					store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
						if call == "load" && failures > 0 {
							failures--
							return errDisk
						}
						return nil
					})
				}
				assert.Equal(t, http.StatusOK, c.connect().StatusCode)
				_, refresh := texts(t, store.inStore(t))
				assert.NotEqual(t, c.given.tokens[0], refresh)
				assert.Equal(t, []string{refresh}, c.given.alive(c.zoom))
			}))
		}
	}
}

// bound is a store whose lease ends with the context of Lock, as a transaction does.
type bound struct {
	zoomauth.MemoryStore
}

func (s *bound) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := s.MemoryStore.Lock(ctx)
	if err != nil {
		return nil, err
	}
	release := sync.OnceFunc(func() { _ = lease.Release() })
	context.AfterFunc(ctx, release)
	return boundLease{lease, ctx, release}, nil
}

type boundLease struct {
	zoomauth.Lease
	ctx     context.Context
	release func()
}

func (l boundLease) Check(context.Context) error { return l.ctx.Err() }

func (l boundLease) Release() error {
	l.release()
	return nil
}

// However long the wait for the lock took, the context that Lock was given lives as long
// as the lease.
func TestFaultST01TheContextOfLock(t *testing.T) {
	for _, held := range []time.Duration{0, 30 * time.Second, 55 * time.Second, 59*time.Second + 999*time.Millisecond} {
		t.Run("ST01 held for "+held.String(), inBubble(func(t *testing.T) {
			slow := brings("access-canary-2", "refresh-canary-2")
			slow.delay = 8 * time.Second
			w := &wire{answers: []wireAnswer{slow, invalidGrant}}
			store := &bound{}
			first, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
			require.NoError(t, err)
			require.NoError(t, store.Save(t.Context(), first))
			lease, err := store.Lock(context.Background())
			require.NoError(t, err)
			time.AfterFunc(held, func() { _ = lease.Release() })
			var group sync.WaitGroup
			for i := range 3 {
				group.Go(func() {
					time.Sleep(time.Duration(i) * 3 * time.Second)
					src := sourceOf(t, w.app(), store, nil)
					token, err := src.Token(t.Context())
					if errors.Is(err, zoomauth.ErrStoreUnavailable) { // it waited for its minute
						token, err = src.Token(t.Context())
					}
					if assert.NoError(t, err) {
						assert.Equal(t, "access-canary-2", token.AccessToken)
					}
				})
			}
			group.Wait()
			assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
		}))
	}
}

// A wait for the lock ends with the caller's context and leaves no lock behind.
func TestFaultST01TheWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		store := &bound{}
		lease, err := store.Lock(t.Context())
		require.NoError(t, err)
		token, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err = zoomauth.Keep(ctx, store, token)
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(begin))
		require.NoError(t, lease.Release())
		require.NoError(t, zoomauth.Keep(t.Context(), store, token))
	})
}

// A state is the same text exactly for the same state.
func TestTokenState(t *testing.T) {
	app := (&wire{}).app()
	at := time.Now()
	token := func(access, refresh string, change func(*zoomauth.Token)) *zoomauth.Token {
		made, err := app.NewToken(access, refresh, at)
		require.NoError(t, err)
		if change != nil {
			change(made)
		}
		return made
	}
	states := []*zoomauth.Token{
		nil,
		token("a", "r", nil),
		token("a", "r2", nil),
		token("a2", "r", nil),
		token("", "r", nil),
		token("a", "", nil),
		token("ar", "", nil),
		token("", "ar", nil),
		token("a", "r", func(t *zoomauth.Token) { t.Generation = 1 }),
	}
	for i, a := range states {
		for j, b := range states {
			assert.Equal(t, i == j, a.Same(b), "%d %d", i, j)
			assert.Equal(t, i == j, a.State() == b.State(), "%d %d", i, j)
		}
	}
	marked := *states[1]
	marked.Suspect, marked.Expiry, marked.Scopes = true, at.Add(time.Hour), []string{"x"}
	assert.True(t, marked.Same(states[1]))
	assert.Equal(t, states[1].State(), marked.State())
	assert.NotContains(t, token("access-canary-1", "refresh-canary-1", nil).State(), "canary")
	data, err := states[1].Encode()
	require.NoError(t, err)
	again, err := zoomauth.DecodeToken(data)
	require.NoError(t, err)
	assert.Equal(t, states[1].State(), again.State())
}
