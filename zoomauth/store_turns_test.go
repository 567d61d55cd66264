package zoomauth_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// uncomparable is a store without a lock whose values cannot be compared.
type uncomparable struct {
	plain
	_ func()
}

// withoutLock are the ways to hand out one store that has no lock.
func withoutLock(store zoomauth.TokenStore) map[string]func() zoomauth.TokenStore {
	one := &plain{store}
	return map[string]func() zoomauth.TokenStore{
		"one pointer":    func() zoomauth.TokenStore { return one },
		"equal values":   func() zoomauth.TokenStore { return plain{store} },
		"other pointers": func() zoomauth.TokenStore { return &plain{store} },
		"uncomparable":   func() zoomauth.TokenStore { return uncomparable{plain: plain{store}} },
	}
}

// Sources of one process over one store without a lock refresh one at a time.
func TestSourcesShareAStoreWithoutALock(t *testing.T) {
	for _, name := range []string{"one pointer", "equal values"} {
		for _, fails := range []int{0, 30} {
			t.Run(fmt.Sprint(name, ", saves fail: ", fails), inBubble(func(t *testing.T) {
				store := &watched{}
				endpoint := &rotating{current: "refresh-0", life: 900, answers: func() time.Duration { return 5 * time.Second }}
				app := zoomauth.App{ClientID: wireID, ClientSecret: wireSecret, HTTPClient: &http.Client{Transport: endpoint}}
				first, err := app.NewToken("", "refresh-0", time.Time{})
				require.NoError(t, err)
				require.NoError(t, store.Save(t.Context(), first))
				store.on(failing(fails))
				var sources []*zoomauth.Source
				hand := withoutLock(store)[name]
				for range 3 {
					src, err := app.TokenSource(hand(), nil)
					require.NoError(t, err)
					sources = append(sources, src)
				}
				var group sync.WaitGroup
				for _, src := range sources {
					group.Go(func() {
						for begin := time.Now(); time.Since(begin) < 2*time.Hour; time.Sleep(30 * time.Second) {
							accessOf(t, src)
						}
					})
				}
				group.Wait()
				for _, src := range sources {
					require.NoError(t, src.Close())
				}
				assert.Empty(t, endpoint.spent, "sent twice")
				assert.Less(t, endpoint.n, 15, "once for all of them")
				_, refresh := texts(t, store.inStore(t))
				assert.Equal(t, endpoint.current, refresh)
			}))
		}
	}
}

// They also report a refused token once.
func TestSourcesOverAStoreWithoutALockReportOnce(t *testing.T) {
	inBubble(func(t *testing.T) {
		refused := invalidGrant
		refused.delay = time.Second
		w := &wire{answers: []wireAnswer{refused}}
		store := holding(t, w.app(), 0)
		var mu sync.Mutex
		asked := 0
		opts := &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) {
			mu.Lock()
			defer mu.Unlock()
			asked++
		}}
		var group sync.WaitGroup
		for range 3 {
			src := sourceOf(t, w.app(), plain{store}, opts)
			group.Go(func() {
				_, err := src.Token(t.Context())
				assert.ErrorIs(t, err, zoom.ErrReauthorize)
			})
		}
		group.Wait()
		assert.Equal(t, 1, asked)
		assert.Len(t, w.sent(t), 1)
	})(t)
}

// Keep and Forget wait for a refresh over the same store, and a wait ends with its time.
func TestKeepWaitsForARefreshOverAStoreWithoutALock(t *testing.T) {
	inBubble(func(t *testing.T) {
		slow := brings("access-canary-2", "refresh-canary-2")
		slow.delay = 9 * time.Second
		w := &wire{answers: []wireAnswer{slow}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), plain{store}, nil)
		var group sync.WaitGroup
		group.Go(func() { assert.Equal(t, "access-canary-2", accessOf(t, src)) })
		time.Sleep(time.Second)
		anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Now().Add(time.Hour))
		require.NoError(t, err)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, zoomauth.Keep(short, plain{store}, anew), zoomauth.ErrStoreUnavailable)
		assertStored(t, store, "refresh-canary-1", false)
		require.NoError(t, zoomauth.Keep(t.Context(), plain{store}, anew))
		group.Wait()
		assertStored(t, store, "refresh-canary-anew", false)
	})(t)
}

// Two callbacks of one session, over an empty store without a lock: what the last one
// that succeeded was given is in the store, however the store is handed out.
func TestCallbacksOverAStoreWithoutALock(t *testing.T) {
	for name := range withoutLock(nil) {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(30) {
				inBubble(func(t *testing.T) { twoCallbacks(t, name, seed) })(t)
			}
		})
	}
}

func twoCallbacks(t *testing.T, name string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2))
	var mu sync.Mutex
	upTo := func(most time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.Int64N(int64(most)))
	}
	store := &watched{}
	hand := withoutLock(store)[name]
	c := newConnecting(t, store)
	store.on(func(context.Context, string, *zoomauth.Token) error {
		time.Sleep(upTo(3 * time.Second))
		return nil
	})
	c.service = newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		c.given = &givenOut{next: s.zoom.RoundTripper()}
		s.app.HTTPClient = &http.Client{Transport: c.given}
		o.Apps = zoomauth.Apps{s.app}
		o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return hand(), nil }
		withSessions(s, o)
	})
	c.zoom.InjectFunc(func(r zoomtest.Request) *zoomtest.Fault {
		f := &zoomtest.Fault{Delay: upTo(3 * time.Second)}
		if r.Route == "/oauth/token" && upTo(3) == 0 {
			f.Status, f.Body = http.StatusBadRequest, `{"error":"invalid_grant"}`
		}
		return f
	})
	var group sync.WaitGroup
	succeeded := 0
	for range 2 {
		v := c.visitor()
		v.session = "customer 1"
		query := v.allowed().Encode()
		group.Go(func() {
			time.Sleep(upTo(3 * time.Second))
			if v.back(query).StatusCode == http.StatusOK {
				mu.Lock()
				defer mu.Unlock()
				succeeded++
			}
		})
	}
	group.Wait()
	stored, err := store.MemoryStore.Load(t.Context())
	if succeeded == 0 {
		assert.Empty(t, c.given.alive(c.zoom))
		return
	}
	require.NoError(t, err, "seed %d: it is empty", seed)
	_, refresh := texts(t, stored)
	assert.Equal(t, []string{refresh}, c.given.alive(c.zoom), "seed %d", seed)
}
