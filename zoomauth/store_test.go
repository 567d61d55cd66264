package zoomauth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		store := holding(t, w.app(), 0)
		old := *store.inStore(t)
		old.Generation = 7
		require.NoError(t, store.Save(t.Context(), &old))
		anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Time{})
		require.NoError(t, err)
		lease, err := store.Lock(t.Context())
		require.NoError(t, err)
		time.AfterFunc(time.Minute, func() { _ = lease.Release() })
		begin := time.Now()
		require.NoError(t, zoomauth.Keep(t.Context(), store, anew))
		assert.Equal(t, time.Minute, time.Since(begin), "once no refresh is under way")
		assert.Equal(t, int64(8), store.inStore(t).Generation)
		assert.Zero(t, anew.Generation, "what was passed is not changed")

		for _, call := range []string{"lock", "save"} {
			store.on(func(_ context.Context, at string, _ *zoomauth.Token) error {
				if at == call {
					return errDisk
				}
				return nil
			})
			err := zoomauth.Keep(t.Context(), store, anew)
			require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable, call)
			require.ErrorIs(t, err, errDisk)
		}
		store.on(func(_ context.Context, at string, _ *zoomauth.Token) error {
			if at == "load" {
				return zoomauth.ErrStoreCorrupt
			}
			return nil
		})
		require.NoError(t, zoomauth.Keep(t.Context(), store, anew), "a new authorisation mends a damaged store")
	})
	require.ErrorIs(t, zoomauth.Keep(t.Context(), nil, &zoomauth.Token{}), zoom.ErrInvalidArgument)
	require.ErrorIs(t, zoomauth.Keep(t.Context(), &zoomauth.MemoryStore{}, nil), zoom.ErrInvalidArgument)
}

func TestMemoryStoreLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store zoomauth.MemoryStore
		lease, err := store.Lock(t.Context())
		require.NoError(t, err)
		require.NoError(t, lease.Check(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = store.Lock(ctx)
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, lease.Release())
		require.NoError(t, lease.Release(), "twice does no harm")
		next, err := store.Lock(t.Context())
		require.NoError(t, err)
		require.NoError(t, lease.Release())
		_, err = store.Lock(ctx)
		require.Error(t, err, "a lease that was given back frees nobody else's")
		require.NoError(t, next.Release())
	})
}
