package zoomauth_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// A store that can neither lock nor swap serves one source.
func TestFaultAU10AStoreWithoutALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), plain{store}, nil)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { assert.Equal(t, "access-canary-2", accessOf(t, src)) })
		}
		group.Wait()
		assert.Len(t, w.sent(t), 1)
		assertStored(t, store, "refresh-canary-2", false)

		src.Rejected(t.Context(), "access-canary-2")
		anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Now().Add(time.Hour))
		require.NoError(t, err)
		late := brings("access-canary-3", "refresh-canary-3")
		late.do = func() { assert.NoError(t, zoomauth.Keep(t.Context(), store, anew), "as another process does") }
		w.answers = []wireAnswer{late}
		assert.Equal(t, "access-canary-anew", accessOf(t, src), "what a person authorised meanwhile is not overwritten")
		assertStored(t, store, "refresh-canary-anew", false)
	})
}

// What a store says of itself never looks like a word of Zoom's: no grant is given up
// for it.
func TestFaultAU19TheStoreIsToBlame(t *testing.T) {
	for _, call := range []string{"lock", "check", "load"} {
		for name, said := range map[string]error{
			"no token": zoomauth.ErrNoToken, "reauthorize": zoom.ErrReauthorize, "changed": zoomauth.ErrStoreChanged, "its own": errDisk,
		} {
			if call == "load" && name == "no token" {
				continue // means what it says
			}
			t.Run(call+" "+name, inBubble(func(t *testing.T) {
				w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
				store := holding(t, w.app(), 0)
				asked := 0
				src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { asked++ }})
				store.on(func(_ context.Context, at string, _ *zoomauth.Token) error {
					if at == call {
						return said
					}
					return nil
				})
				_, err := src.Token(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrStore)
				assert.Empty(t, w.requests())
				assert.Zero(t, asked)
				assertStored(t, store, "refresh-canary-1", false)
				store.on(nil)
				assert.Equal(t, "access-canary-2", accessOf(t, src))
			}))
		}
	}
}

// A store that panics, or ends the goroutine that asks it, fails like any other.
func TestFaultAU06TheStorePanics(t *testing.T) {
	for name, strike := range map[string]func(){"panic": func() { panic("refresh-canary-1") }, "Goexit": runtime.Goexit} {
		for _, call := range []string{"lock", "check", "load", "save", "release"} {
			t.Run(name+" "+call, inBubble(func(t *testing.T) {
				w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), brings("access-canary-3", "refresh-canary-3")}}
				store := holding(t, w.app(), 0)
				src := sourceOf(t, w.app(), store, nil)
				var once sync.Once
				store.on(func(_ context.Context, at string, _ *zoomauth.Token) error {
					if at == call {
						once.Do(strike)
					}
					return nil
				})
				_, err := src.Token(t.Context())
				if err != nil {
					assertSilent(t, err)
				}
				time.Sleep(5 * time.Second)
				tok := accessOf(t, src)
				access, refresh := texts(t, store.inStore(t))
				assert.Equal(t, tok, access)
				sent := w.sent(t)
				assert.Len(t, sent, 1, "what Zoom gave out was not lost")
				assert.Equal(t, "refresh-canary-2", refresh)
				require.NoError(t, src.Close())
			}))
		}
	}
}

// A hook that panics does so in a caller, and costs nobody the token.
func TestFaultAU06AHookPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		store.on(failing(1))
		src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{StoreFailed: func(context.Context, error) { panic("refresh-canary-2") }})
		assert.PanicsWithValue(t, "refresh-canary-2", func() { _, _ = src.Token(t.Context()) })
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		time.Sleep(2 * time.Second)
		assertStored(t, store, "refresh-canary-2", false)
		assert.Len(t, w.sent(t), 1)
	})
}

// A hook may use the store, also one with a lock.
func TestFaultAU06AHookUsesTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{invalidGrant}}
		store := holding(t, w.app(), 0)
		anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Now().Add(time.Hour))
		require.NoError(t, err)
		src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(ctx context.Context, _ error) {
			assert.NoError(t, zoomauth.Keep(ctx, store, anew))
		}})
		begin := time.Now()
		assert.Equal(t, "access-canary-anew", accessOf(t, src), "whoever waits gets it")
		assert.Zero(t, time.Since(begin))
	})
}

// odd is a store that breaks its promises.
type odd struct {
	zoomauth.TokenStore
	lease zoomauth.Lease
}

func (odd) Load(context.Context) (*zoomauth.Token, error)      { return nil, nil }
func (o odd) Lock(context.Context) (zoomauth.Lease, error)     { return o.lease, nil }
func (odd) Swap(_ context.Context, _, _ *zoomauth.Token) error { return zoomauth.ErrStoreChanged }

func TestFaultMP13AnOddStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "")}}
		none := &zoomauth.MemoryStore{}
		_, err := s2sSource(t, w, odd{TokenStore: none}).Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable, "no lease is no lock")
		assert.Empty(t, w.requests())
		lease, err := none.Lock(t.Context())
		require.NoError(t, err)
		src := s2sSource(t, w, odd{TokenStore: none, lease: lease})
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		require.ErrorIs(t, src.Close(), zoomauth.ErrStoreUnavailable, "it replaces nothing")
	})
}
