package zoomauth_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

func TestFaultAU30Modes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	w := &wire{}
	store, path := savedFile(t, w.app())
	dir := filepath.Dir(path)
	assert.Equal(t, fs.ModeDir|0o700, modeOf(t, dir))
	assert.Equal(t, fs.FileMode(0o600), modeOf(t, path))
	assert.Equal(t, fs.FileMode(0o600), modeOf(t, path+".last"))
	refused := func(what string) {
		_, err := sourceOf(t, w.app(), store, nil).Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStore, what)
		require.NotErrorIs(t, err, zoomauth.ErrNoToken, what)
		assertSilent(t, err, path)
	}
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o620, 0o602, 0o666, 0o777, 0o601} {
		require.NoError(t, os.Chmod(path, mode))
		refused(mode.String())
		assert.Equal(t, mode, modeOf(t, path), "as it was")
	}
	require.NoError(t, os.Chmod(path, 0o600))
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	for _, mode := range []fs.FileMode{0o755, 0o750, 0o710, 0o701, 0o777} {
		require.NoError(t, os.Chmod(dir, mode))
		refused(mode.String())
		require.ErrorIs(t, store.Save(t.Context(), token), zoomauth.ErrStore)
		_, err := store.Lock(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStore)
		_, err = store.LastGood(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStore)
	}
	assert.Empty(t, w.requests())
	require.NoError(t, os.Chmod(dir, 0o700))
	require.NoError(t, os.Chmod(path, 0o644))
	require.NoError(t, store.Save(t.Context(), token), "a new token closes it")
	assert.Equal(t, fs.FileMode(0o600), modeOf(t, path))
}

// A damaged file that others can read is kept as well, closed to them.
func TestFaultAU29DamagedAndOpen(t *testing.T) {
	store, path := savedFile(t, (&wire{}).app())
	last, err := store.LastGood(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("damaged"), 0o600))
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	require.NoError(t, store.Save(t.Context(), last))
	assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
	damaged, err := os.ReadFile(path + ".corrupt")
	require.NoError(t, err)
	assert.Equal(t, "damaged", string(damaged))
	assert.Equal(t, fs.FileMode(0o600), modeOf(t, path+".corrupt"))
}

// A link is not read, and is replaced when a token is saved: what it leads to is not
// touched.
func TestFaultAU30Links(t *testing.T) {
	w := &wire{}
	for _, name := range []string{"token", "token.last", "token.corrupt"} {
		for _, inside := range []bool{true, false} {
			store, path := savedFile(t, w.app())
			good, err := os.ReadFile(path)
			require.NoError(t, err)
			token, err := store.Load(t.Context())
			require.NoError(t, err)
			target := filepath.Join(t.TempDir(), "target")
			if inside {
				target = filepath.Join(filepath.Dir(path), "target")
			}
			require.NoError(t, os.WriteFile(target, good, 0o600))
			link := filepath.Join(filepath.Dir(path), name)
			_ = os.Remove(link)
			require.NoError(t, os.Symlink(target, link))
			switch name {
			case "token":
				_, err = store.Load(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrStore)
				assertSilent(t, err, path, target)
			case "token.last":
				_, err = store.LastGood(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrStore)
			default:
				require.NoError(t, os.WriteFile(path, []byte("damaged"), 0o600))
			}
			require.NoError(t, store.Save(t.Context(), token))
			assert.True(t, modeOf(t, link).IsRegular(), name)
			after, err := os.ReadFile(target)
			require.NoError(t, err)
			assert.Equal(t, good, after, "not written through")
			assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
			require.NoError(t, store.Delete(t.Context()))
			assert.FileExists(t, target)
		}
	}
}

// What is no file is not read, and a save that fails leaves nothing behind.
func TestFaultAU30NoFile(t *testing.T) {
	w := &wire{}
	store, path := savedFile(t, w.app())
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.MkdirAll(filepath.Join(path, "full"), 0o700))
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	err = store.Save(t.Context(), token)
	require.ErrorIs(t, err, zoomauth.ErrStore)
	assertSilent(t, err, path)
	require.ErrorIs(t, store.Delete(t.Context()), zoomauth.ErrStore)
	assert.Equal(t, []string{"token"}, filesIn(t, path), "no temporary file with a token in it")

	dir := filepath.Dir(path)
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	for _, err := range []error{store.Save(t.Context(), token), store.Delete(t.Context())} {
		require.ErrorIs(t, err, zoomauth.ErrStore)
		assertSilent(t, err, path, dir)
	}
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = store.Load(gone)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, store.Save(gone, token), zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, store.Delete(gone), zoomauth.ErrStoreUnavailable)
	require.Error(t, store.Save(t.Context(), nil))
}
