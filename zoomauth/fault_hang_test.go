package zoomauth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// hanging makes a call of a store wait until its time is over.
func hanging(call string) func(context.Context, string, *zoomauth.Token) error {
	return func(ctx context.Context, at string, _ *zoomauth.Token) error {
		if at != call {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

// A store that does not answer: whoever asks leaves when his own time is over, what is
// good is used, and nothing is sent without lock and stored token.
func TestFaultAU08TheStoreHangs(t *testing.T) {
	for _, call := range []string{"load", "lock", "check"} {
		t.Run(call, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
			store := holding(t, w.app(), 10*time.Minute)
			src := sourceOf(t, w.app(), store, nil)
			assert.Equal(t, "access-canary-1", accessOf(t, src))
			store.on(hanging(call))
			time.Sleep(6 * time.Minute)
			begin := time.Now()
			assert.Equal(t, "access-canary-1", accessOf(t, src))
			for range 20 { // while the same renewal is under way
				time.Sleep(time.Second)
				assert.Equal(t, "access-canary-1", accessOf(t, src))
			}
			assert.Equal(t, 20*time.Second, time.Since(begin), "nobody waits")

			time.Sleep(5 * time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := src.Token(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			begin = time.Now()
			_, err = src.Token(t.Context())
			require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
			assertSilent(t, err)
			assert.LessOrEqual(t, time.Since(begin), 90*time.Second)
			assert.Empty(t, w.requests())
			assertStored(t, store, "refresh-canary-1", false)
			store.on(nil)
			assert.Equal(t, "access-canary-2", accessOf(t, src))
		}))
	}
}

// A save that hangs keeps the new token from nobody for longer than its ten seconds, and
// Close says that it is not saved.
func TestFaultAU06TheSaveHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), brings("access-canary-3", "refresh-canary-3")}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		store.on(hanging("save"))
		begin := time.Now()
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Equal(t, 10*time.Second, time.Since(begin))
		time.Sleep(2 * time.Second)
		src.Rejected(t.Context(), "access-canary-2") // while it is being saved again
		assert.Equal(t, "access-canary-3", accessOf(t, src))
		assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-2"}, w.sent(t))
		begin = time.Now()
		require.ErrorIs(t, src.Close(), zoomauth.ErrStoreUnavailable)
		assert.LessOrEqual(t, time.Since(begin), 20*time.Second)
		assertStored(t, store, "refresh-canary-1", false)
		store.on(nil)
		require.NoError(t, src.Close())
		assertStored(t, store, "refresh-canary-3", false)
	})
}

// However long the refresh took, there is time to save what it brought.
func TestFaultAU06TimeToSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := brings("access-canary-2", "refresh-canary-2")
		slow.delay = 5 * time.Second
		w := &wire{answers: []wireAnswer{slow}}
		store := holding(t, w.app(), 0)
		told := 0
		store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
			switch call {
			case "check":
				time.Sleep(14 * time.Second) // of the minute
			case "save":
				time.Sleep(5 * time.Second)
				return ctx.Err()
			}
			return nil
		})
		assert.Equal(t, "access-canary-2", accessOf(t, sourceOf(t, w.app(), store, reports(t, &told))))
		assert.Zero(t, told)
		assertStored(t, store, "refresh-canary-2", false)
	})
}

// Close waits for a refresh under way: its new token is not lost.
func TestFaultAU06CloseWhileRefreshing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := brings("access-canary-2", "refresh-canary-2")
		slow.delay = 5 * time.Second
		w := &wire{answers: []wireAnswer{slow}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		store.on(failing(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := src.Token(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, src.Close())
		assertStored(t, store, "refresh-canary-2", false)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Len(t, w.sent(t), 1)
	})
}

// A token that Zoom refuses while its successor is fetched is not given out again, also
// when there is no successor.
func TestFaultAU01RefusedWhileRenewing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := wireAnswer{status: 503, delay: 5 * time.Second}
		w := &wire{answers: []wireAnswer{slow}}
		store := holding(t, w.app(), time.Minute)
		src := sourceOf(t, w.app(), store, nil)
		time.Sleep(40 * time.Second)
		assert.Equal(t, "access-canary-1", accessOf(t, src))
		src.Rejected(t.Context(), "access-canary-1")
		src.Rejected(t.Context(), "access-canary-other") // nobody's
		_, err := src.Token(t.Context())
		require.Error(t, err)
		assert.Len(t, w.sent(t), 2)
		w.answers = []wireAnswer{brings("access-canary-2", "refresh-canary-2")}
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		src.Rejected(t.Context(), "access-canary-1") // of a call from before
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		assert.Len(t, w.sent(t), 3)
		assertStored(t, store, "refresh-canary-2", false)
	})
}
