package zoomauth_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

var slowRuns = flag.Int("slow.runs", 20, "runs of sources over a slow store")

// rotating is a token endpoint that replaces the refresh token with each use, keeps count
// of those that were used twice, and answers late.
type rotating struct {
	mu      sync.Mutex
	current string
	n       int
	spent   []string // that were sent again
	cut     int      // answers that nobody waited for
	life    int      // of an access token, seconds
	answers func() time.Duration
}

func (r *rotating) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	status, answer := http.StatusOK, ""
	r.mu.Lock()
	if sent := form.Get("refresh_token"); sent == r.current {
		r.n++
		r.current = fmt.Sprint("refresh-", r.n)
		answer = fmt.Sprintf(`{"access_token":"access-%d","refresh_token":%q,"expires_in":%d}`, r.n, r.current, r.life)
	} else {
		r.spent = append(r.spent, sent)
		status, answer = http.StatusBadRequest, `{"error":"invalid_grant"}`
	}
	r.mu.Unlock()
	select {
	case <-time.After(r.answers()):
	case <-req.Context().Done():
		r.mu.Lock()
		r.cut++
		r.mu.Unlock()
		return nil, req.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

// slowStore is slow in every call, by its context or in spite of it, and may have written
// what it reports as failed.
type slowStore struct {
	zoomauth.MemoryStore
	mu     sync.Mutex
	random *rand.Rand
	quick  bool
}

func (s *slowStore) chance(p float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64() < p
}

// slow waits: from nothing to 90 seconds.
func (s *slowStore) slow(ctx context.Context) error {
	s.mu.Lock()
	d, obeys, quick := time.Duration(s.random.Int64N(int64(90*time.Second))), s.random.IntN(2) == 0, s.quick || s.random.IntN(3) == 0
	s.mu.Unlock()
	switch {
	case quick:
		return nil
	case !obeys:
		time.Sleep(d)
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slowStore) Load(ctx context.Context) (*zoomauth.Token, error) {
	if err := s.slow(ctx); err != nil {
		return nil, err
	}
	return s.MemoryStore.Load(ctx)
}

func (s *slowStore) Save(ctx context.Context, t *zoomauth.Token) error {
	if err := s.slow(ctx); err != nil {
		return err
	}
	return errors.Join(s.MemoryStore.Save(ctx, t), s.slow(ctx))
}

func (s *slowStore) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if err := s.slow(ctx); err != nil {
		return err
	}
	if err := s.MemoryStore.Swap(ctx, old, next); err != nil {
		return err
	}
	if s.chance(0.2) {
		return s.slow(ctx)
	}
	return nil
}

func (s *slowStore) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if err := s.slow(ctx); err != nil {
		return nil, err
	}
	lease, err := s.MemoryStore.Lock(ctx)
	if err != nil {
		return nil, err
	}
	return slowLease{s, lease}, nil
}

type slowLease struct {
	store *slowStore
	zoomauth.Lease
}

func (l slowLease) Check(ctx context.Context) error { return l.store.slow(ctx) }

// However slow the store is, no refresh token is sent twice and no grant is lost.
func TestFaultAU33SlowStore(t *testing.T) {
	for seed := range uint64(*slowRuns) {
		t.Run(fmt.Sprint("AU33 seed ", seed), inBubble(func(t *testing.T) { overASlowStore(t, seed) }))
	}
}

func overASlowStore(t *testing.T, seed uint64) {
	store := &slowStore{random: rand.New(rand.NewPCG(seed, 33))}
	endpoint := &rotating{current: "refresh-0", life: 900, answers: func() time.Duration {
		store.mu.Lock()
		defer store.mu.Unlock()
		return time.Duration(store.random.Int64N(int64(9 * time.Second)))
	}}
	app := zoomauth.App{ClientID: wireID, ClientSecret: wireSecret, HTTPClient: &http.Client{Transport: endpoint}}
	first, err := app.NewToken("", "refresh-0", time.Time{})
	require.NoError(t, err)
	require.NoError(t, store.MemoryStore.Save(t.Context(), first))
	var sources []*zoomauth.Source
	for range 3 { // as of three processes
		src, err := app.TokenSource(store, &zoomauth.SourceOptions{Reauthorize: func(_ context.Context, err error) { assert.NoError(t, err, "nobody need come") }})
		require.NoError(t, err)
		sources = append(sources, src)
	}
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			src := sources[i%3]
			for begin := time.Now(); time.Since(begin) < 3*time.Hour; time.Sleep(30 * time.Second) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				tok, err := src.Token(ctx)
				cancel()
				if err != nil {
					assert.NotErrorIs(t, err, zoom.ErrReauthorize)
				} else if store.chance(0.02) {
					src.Rejected(t.Context(), tok.AccessToken)
				}
			}
		})
	}
	group.Wait()
	store.mu.Lock()
	store.quick = true
	store.mu.Unlock()
	for _, src := range sources {
		require.NoError(t, src.Close())
	}
	assert.Empty(t, endpoint.spent, "sent twice")
	assert.Zero(t, endpoint.cut, "answers that were cut off")
	assert.GreaterOrEqual(t, endpoint.n, 3, "it was refreshed at all")
	stored, err := store.MemoryStore.Load(t.Context())
	require.NoError(t, err)
	_, refresh := texts(t, stored)
	assert.Equal(t, endpoint.current, refresh)
	time.Sleep(time.Hour)
	assert.Equal(t, fmt.Sprint("access-", endpoint.n+1), accessOf(t, sourceOf(t, app, store, nil)), "the grant lives")
}

// One call of the store after the other, slow by itself.
func TestFaultAU33OneSlowCall(t *testing.T) {
	for _, c := range []struct {
		call  string
		nth   int
		takes time.Duration
		sent  bool
	}{
		{"load", 1, 59 * time.Second, true},
		{"load", 1, 3 * time.Minute, true},
		{"load", 2, 59 * time.Second, true}, // under the lock
		{"load", 2, 3 * time.Minute, true},
		{"lock", 1, 59 * time.Second, true},
		{"check", 1, 14 * time.Second, true},
		{"check", 1, 16 * time.Second, false}, // its minute may be over before the answer is saved
		{"check", 1, 59 * time.Second, false},
		{"save", 1, 30 * time.Second, true},
		{"save", 1, 90 * time.Second, true},
	} {
		t.Run(fmt.Sprintf("AU33 %s %d takes %s", c.call, c.nth, c.takes), inBubble(func(t *testing.T) {
			slow := brings("access-canary-2", "refresh-canary-2")
			slow.delay = 9 * time.Second
			w := &wire{answers: []wireAnswer{slow}}
			store := holding(t, w.app(), 0)
			calls := 0
			store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
				if call == c.call {
					if calls++; calls == c.nth {
						time.Sleep(c.takes) // in spite of the context
					}
				}
				return nil
			})
			src := sourceOf(t, w.app(), store, nil)
			_, err := src.Token(t.Context())
			if !c.sent {
				require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
				assert.Empty(t, w.requests())
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, "access-canary-2", accessOf(t, src), "the next call")
			assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
			assertStored(t, store, "refresh-canary-2", false)
		}))
	}
}

// While the store holds a spent refresh token the lock is kept: another process cannot
// read that token and send it.
func TestFaultAU33TheLockIsKeptUntilItIsSaved(t *testing.T) {
	for name, takes := range map[string]time.Duration{"AU33 saves fail": 0, "AU33 saves take 35 s": 35 * time.Second} {
		t.Run(name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), brings("access-canary-3", "refresh-canary-3")}}
			store := holding(t, w.app(), 0)
			here, there := sourceOf(t, w.app(), store, nil), sourceOf(t, w.app(), store, nil)
			if takes == 0 {
				store.on(failing(30))
			} else {
				store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
					if call != "save" {
						return nil
					}
					select {
					case <-time.After(takes):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
			}
			assert.Equal(t, "access-canary-2", accessOf(t, here), "it is used all the same")
			assert.Equal(t, "access-canary-2", first(t, there), "when it is saved")
			assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
			assertStored(t, store, "refresh-canary-2", false)
		}))
	}
}

// A source that is closed during a refresh keeps the lock until it has saved the answer.
func TestFaultAU33ClosedDuringARefresh(t *testing.T) {
	inBubble(func(t *testing.T) {
		slow := brings("access-canary-2", "refresh-canary-2")
		slow.delay = 5 * time.Second
		w := &wire{answers: []wireAnswer{slow, brings("access-canary-3", "refresh-canary-3")}}
		store := holding(t, w.app(), 0)
		store.on(failing(1))
		here, there := sourceOf(t, w.app(), store, nil), sourceOf(t, w.app(), store, nil)
		var group sync.WaitGroup
		group.Go(func() { assert.Equal(t, "access-canary-2", accessOf(t, here)) })
		time.Sleep(time.Second)
		group.Go(func() { assert.Equal(t, "access-canary-2", accessOf(t, there), "when it is saved") })
		time.Sleep(time.Second)
		require.NoError(t, here.Close())
		group.Wait()
		assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
		assertStored(t, store, "refresh-canary-2", false)
	})(t)
}

// A save that fails has written its token, which is refreshed before it is saved again:
// the next token replaces it there.
func TestFaultAU33AfterASaveThatFailedAndWrote(t *testing.T) {
	inBubble(func(t *testing.T) {
		w := &wire{answers: []wireAnswer{
			brings("access-canary-2", "refresh-canary-2"), brings("access-canary-3", "refresh-canary-3"), invalidGrant,
		}}
		store := &wroteAndFailed{fails: 1}
		token, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
		require.NoError(t, err)
		require.NoError(t, store.MemoryStore.Save(t.Context(), token))
		src := sourceOf(t, w.app(), store, nil)
		require.Equal(t, "access-canary-2", accessOf(t, src))
		src.Rejected(t.Context(), "access-canary-2")
		require.Equal(t, "access-canary-3", accessOf(t, src))
		assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-2"}, w.sent(t))
		require.NoError(t, src.Close())
		stored, err := store.MemoryStore.Load(t.Context())
		require.NoError(t, err)
		_, refresh := texts(t, stored)
		assert.Equal(t, "refresh-canary-3", refresh)
	})(t)
}

// wroteAndFailed is a store whose first swaps write and report a failure. The first load
// after that fails too.
type wroteAndFailed struct {
	zoomauth.MemoryStore
	fails, loads int
}

func (s *wroteAndFailed) Load(ctx context.Context) (*zoomauth.Token, error) {
	if s.loads > 0 {
		s.loads--
		return nil, errReset
	}
	return s.MemoryStore.Load(ctx)
}

func (s *wroteAndFailed) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	err := s.MemoryStore.Swap(ctx, old, next)
	if err == nil && s.fails > 0 {
		s.fails--
		s.loads = 2 // of the fetch, and of the one under the lock
		return errReset
	}
	return err
}

// first asks until there is a token.
func first(t *testing.T, src *zoomauth.Source) string {
	t.Helper()
	for range 10 {
		tok, err := src.Token(t.Context())
		if err == nil {
			return tok.AccessToken
		}
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	}
	require.Fail(t, "no token")
	return ""
}
