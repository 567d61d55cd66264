package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// fileLock is a lock that several stores share, as processes do. It counts the tries.
type fileLock struct {
	mu     sync.Mutex
	held   bool
	tries  int
	err    error // of a try
	unlock error
	panics bool
}

func newLock() *fileLock { return &fileLock{} }

func (l *fileLock) try() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	if l.panics {
		panic("refresh-canary-1")
	}
	if l.err != nil || l.held {
		return false, l.err
	}
	l.held = true
	return true, nil
}

func (l *fileLock) TryLockContext(ctx context.Context, delay time.Duration) (bool, error) {
	for {
		if ok, err := l.try(); ok || err != nil {
			return ok, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(delay):
		}
	}
}

func (l *fileLock) Unlock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
	return l.unlock
}

// Some network disks know no locks: nothing is refreshed there.
func TestFaultMP13FilesCannotBeLocked(t *testing.T) {
	for name, err := range map[string]error{
		"no locks":  &fs.PathError{Op: "flock", Path: "/srv/canary-home/token.lock", Err: syscall.ENOLCK},
		"no places": os.NewSyscallError("open", syscall.ENOSPC),
		"its own":   errors.New("cannot lock /srv/canary-home/token.lock for refresh-canary-1"),
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
			lock := newLock()
			store, path := fileOf(t, lock)
			token, errNew := w.app().NewToken("access-canary-1", "refresh-canary-1", time.Now().Add(time.Minute))
			require.NoError(t, errNew)
			require.NoError(t, store.Save(t.Context(), token))
			lock.err = err
			src := sourceOf(t, w.app(), store, nil)
			time.Sleep(45 * time.Second)
			assert.Equal(t, "access-canary-1", accessOf(t, src), "good for a while")
			time.Sleep(time.Minute)
			_, got := src.Token(t.Context())
			require.ErrorIs(t, got, zoomauth.ErrStore)
			require.NotErrorIs(t, got, zoomauth.ErrStoreUnavailable, "to wait does not help")
			assertSilent(t, got, path)
			assert.Empty(t, w.requests())
			assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
			lock.err = nil
			assert.Equal(t, "access-canary-2", accessOf(t, src))
		}))
	}
}

// The lock is asked for every 10 ms, and no longer than the caller has time.
func TestFaultMP13TheFileLockIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := newLock()
		here, path := fileOf(t, lock)
		there, err := zoomauth.NewFileStore(path, lock)
		require.NoError(t, err)
		lease, err := there.Lock(t.Context())
		require.NoError(t, err)
		require.NoError(t, lease.Check(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err = here.Lock(ctx)
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assertSilent(t, err, path)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.InDelta(t, 101, lock.tries, 2)

		time.AfterFunc(time.Second, func() { assert.NoError(t, lease.Release()) })
		begin = time.Now()
		mine, err := here.Lock(t.Context())
		require.NoError(t, err)
		assert.InDelta(t, time.Second, time.Since(begin), float64(10*time.Millisecond))

		_, err = here.Lock(ctx) // in this process the queue is a channel
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, mine.Release())
		require.NoError(t, mine.Release(), "twice does no harm")
		next, err := here.Lock(t.Context())
		require.NoError(t, err)
		require.NoError(t, next.Release())
	})
}

// Whatever a lock does, the next one who wants it is not shut out for ever.
func TestFaultMP13AnOddFileLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), brings("access-canary-3", "refresh-canary-3")}}
		lock := newLock()
		store, path := fileOf(t, lock)
		first, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
		require.NoError(t, err)
		require.NoError(t, store.Save(t.Context(), first))
		src := sourceOf(t, w.app(), store, nil)
		lock.panics = true
		_, err = src.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStore)
		assertSilent(t, err, path)
		lock.panics, lock.unlock = false, fmt.Errorf("unlock %s: %w", path, syscall.EIO)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		src.Rejected(t.Context(), "access-canary-2")
		assert.Equal(t, "access-canary-3", accessOf(t, src))
		lease, err := store.Lock(t.Context())
		require.NoError(t, err)
		err = lease.Release()
		require.ErrorIs(t, err, zoomauth.ErrStore)
		assertSilent(t, err, path)
		assert.Equal(t, "refresh-canary-3", refreshIn(t, store))
	})
}

// refusing says that it is held, whoever asks.
type refusing struct{}

func (refusing) TryLockContext(context.Context, time.Duration) (bool, error) { return false, nil }
func (refusing) Unlock() error                                               { return nil }

func TestFaultMP13RefusedWithoutAnError(t *testing.T) {
	store, _ := fileOf(t, refusing{})
	for range 2 {
		_, err := store.Lock(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	}
}

func TestNewFileStore(t *testing.T) {
	for _, path := range []string{"", ".", "..", "dir/", "dir/..", string(filepath.Separator)} {
		_, err := zoomauth.NewFileStore(path, newLock())
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, path)
	}
	_, err := zoomauth.NewFileStore("token", nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	t.Chdir(t.TempDir())
	require.NoError(t, os.Chmod(".", 0o700))
	store, err := zoomauth.NewFileStore("token", newLock())
	require.NoError(t, err, "beside the program")
	token, err := (&wire{}).app().NewToken("access-canary-1", "", time.Time{})
	require.NoError(t, err)
	require.NoError(t, store.Save(t.Context(), token))
	assert.FileExists(t, "token")
}
