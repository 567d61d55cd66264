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

var errDisk = errors.New("no space left on device")

// failing makes a store refuse the next n tokens; negative: all.
func failing(n int) func(context.Context, string, *zoomauth.Token) error {
	var mu sync.Mutex
	return func(_ context.Context, call string, _ *zoomauth.Token) error {
		mu.Lock()
		defer mu.Unlock()
		if call != "save" || n == 0 {
			return nil
		}
		n--
		return errDisk
	}
}

// reports counts the calls of StoreFailed.
func reports(t *testing.T, n *int) *zoomauth.SourceOptions {
	return &zoomauth.SourceOptions{StoreFailed: func(_ context.Context, err error) {
		*n++
		assert.ErrorIs(t, err, zoomauth.ErrStore)
		assert.ErrorIs(t, err, errDisk)
		assertSilent(t, err)
	}}
}

func TestFaultAU05SavedBeforeUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		var mu sync.Mutex
		var events []string
		note := func(event string) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, event)
		}
		saved := make(chan struct{})
		store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
			note(call)
			if call == "save" {
				<-saved
			}
			return nil
		})
		src := sourceOf(t, w.app(), store, nil)
		for range 10 {
			go func() {
				_, err := src.Token(t.Context())
				assert.NoError(t, err)
				note("used")
			}()
		}
		synctest.Wait()
		time.Sleep(5 * time.Second)
		before := []string{"load", "lock", "load", "check", "save"}
		assert.Equal(t, before, events, "nobody has it")
		close(saved)
		synctest.Wait()
		assert.Equal(t, append(before, "release", "used"), events[:7])
		assert.Len(t, events, 16)
		assertStored(t, store, "refresh-canary-2", false)
	})
}

func TestFaultAU06SaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		told := 0
		src := sourceOf(t, w.app(), store, reports(t, &told))
		fail := failing(4)
		var at []time.Duration
		begin := time.Now()
		store.on(func(ctx context.Context, call string, next *zoomauth.Token) error {
			if call == "save" {
				at = append(at, time.Since(begin))
			}
			return fail(ctx, call, next)
		})
		assert.Equal(t, "access-canary-2", accessOf(t, src), "it is used all the same")
		assert.Equal(t, 1, told)
		assertStored(t, store, "refresh-canary-1", false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, []time.Duration{0, 1 * time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second}, at)
		assertStored(t, store, "refresh-canary-2", false)
		assert.Equal(t, int64(1), store.inStore(t).Generation)
		assert.Equal(t, 1, told)
		require.NoError(t, src.Close())
		assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
	})
}

// A second refresh while the first one's token is not saved yet.
func TestFaultAU06RefreshedAgainWhileUnsaved(t *testing.T) {
	for name, next := range map[string]wireAnswer{
		"granted": brings("access-canary-3", "refresh-canary-3"),
		"lost":    lostAnswer,
		"refused": invalidGrant,
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), next}}
			store := holding(t, w.app(), 0)
			told := 0
			src := sourceOf(t, w.app(), store, reports(t, &told))
			store.on(failing(-1))
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			src.Rejected(t.Context(), "access-canary-2")
			tok, err := src.Token(t.Context())
			assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-2"}, w.sent(t)[:2], "the latest one is sent, wherever it is")
			assertStored(t, store, "refresh-canary-1", false)
			store.on(nil)
			time.Sleep(2 * time.Second)
			if name == "granted" {
				require.NoError(t, err)
				assert.Equal(t, "access-canary-3", tok.AccessToken)
				assert.Equal(t, 2, told)
				assertStored(t, store, "refresh-canary-3", false)
				assert.Equal(t, int64(2), store.inStore(t).Generation)
				return
			}
			require.Error(t, err)
			assertStored(t, store, "refresh-canary-2", true)
			assert.Equal(t, 1, told)
		}))
	}
}

func TestFaultAU06SomebodyElseWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		told := 0
		src := sourceOf(t, w.app(), store, reports(t, &told))
		store.on(failing(1))
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.NoError(t, zoomauth.Keep(t.Context(), store, anew))
		time.Sleep(5 * time.Second)
		assertStored(t, store, "refresh-canary-anew", false)
		store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
			assert.Fail(t, "there is nothing left to save", call)
			return nil
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		store.on(nil)
		src.Rejected(t.Context(), "access-canary-2")
		assert.Equal(t, "access-canary-anew", accessOf(t, src))
		require.NoError(t, src.Close())
		assert.Len(t, w.sent(t), 1)
	})
}

// A store that fails for a moment while the source is closed costs no grant.
func TestFaultAU06CloseTriesForAWhile(t *testing.T) {
	inBubble(func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		store.on(failing(-1))
		src := sourceOf(t, w.app(), store, nil)
		accessOf(t, src)
		store.on(failing(5))
		begin := time.Now()
		require.NoError(t, src.Close())
		assert.LessOrEqual(t, time.Since(begin), 10*time.Second)
		assertStored(t, store, "refresh-canary-2", false)
	})(t)
}

func TestFaultAU06Close(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails int
		kept  string
	}{{"saves it", 1, "refresh-canary-2"}, {"tells that it cannot", -1, "refresh-canary-1"}} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			store.on(failing(c.fails))
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			err := src.Close()
			assertStored(t, store, c.kept, false)
			if c.fails > 0 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, zoomauth.ErrStore)
				assertSilent(t, err)
				store.on(nil)
				require.NoError(t, src.Close(), "a second try")
				assertStored(t, store, "refresh-canary-2", false)
			}
			assert.Equal(t, "access-canary-2", accessOf(t, src), "a closed source gives out what it holds")
		}))
	}
}

// The store did take it, and its answer was lost.
func TestFaultAU06SavedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		var once sync.Once
		store.on(func(ctx context.Context, call string, next *zoomauth.Token) (err error) {
			if call == "save" {
				once.Do(func() { err = errors.Join(store.MemoryStore.Save(ctx, next), errDisk) })
			}
			return err
		})
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		time.Sleep(2 * time.Second)
		require.NoError(t, src.Close())
		assertStored(t, store, "refresh-canary-2", false)
	})
}
