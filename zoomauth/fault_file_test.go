package zoomauth_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// fileOf is a file store in a directory of its own, and its path.
func fileOf(t *testing.T, lock zoomauth.FileLock) (*zoomauth.FileStore, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "canary-home", "token")
	store, err := zoomauth.NewFileStore(path, lock)
	require.NoError(t, err)
	return store, path
}

// savedFile is one with a token in it that is due.
func savedFile(t *testing.T, app zoomauth.App) (*zoomauth.FileStore, string) {
	t.Helper()
	store, path := fileOf(t, newLock())
	token, err := app.NewToken("access-canary-1", "refresh-canary-1", time.Now())
	require.NoError(t, err)
	require.NoError(t, store.Save(t.Context(), token))
	return store, path
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode()
}

func filesIn(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func refreshIn(t *testing.T, store *zoomauth.FileStore) string {
	t.Helper()
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	_, refresh := texts(t, token)
	return refresh
}

// What comes is on disk before anybody has it, for a process that begins anew.
func TestFaultAU05OnDiskBeforeUse(t *testing.T) {
	w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
	store, path := fileOf(t, newLock())
	_, err := store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrNoToken)
	require.NoError(t, store.Delete(t.Context()))
	first, err := w.app().NewToken("", "refresh-canary-1", time.Time{})
	require.NoError(t, err)
	require.NoError(t, zoomauth.Keep(t.Context(), store, first))
	assert.Equal(t, "access-canary-2", accessOf(t, sourceOf(t, w.app(), store, nil)))

	anew, err := zoomauth.NewFileStore(path, newLock())
	require.NoError(t, err)
	assert.Equal(t, "refresh-canary-2", refreshIn(t, anew))
	assert.Equal(t, "access-canary-2", accessOf(t, sourceOf(t, w.app(), anew, nil)))
	assert.Len(t, w.sent(t), 1)
	last, err := anew.LastGood(t.Context())
	require.NoError(t, err)
	_, refresh := texts(t, last)
	assert.Equal(t, "refresh-canary-2", refresh)
	assert.Equal(t, []string{"token", "token.last"}, filesIn(t, path))
	require.NoError(t, anew.Delete(t.Context()))
	assert.Empty(t, filesIn(t, path))
}

// A process was killed while it wrote: the whole token is the one before.
func TestFaultAU05KilledWhileWriting(t *testing.T) {
	w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
	store, path := savedFile(t, w.app())
	half := path + ".new-" + strings.Repeat("A", 26)
	require.NoError(t, os.WriteFile(half, []byte(`{"version":1,"refresh_token":"refresh-can`), 0o600))
	assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
	others := []string{path + ".new-store", path + ".new-", path + ".lock", path + "s.new-" + strings.Repeat("A", 26)}
	for _, name := range others { // of somebody else
		require.NoError(t, os.WriteFile(name, nil, 0o600))
		require.NoError(t, os.Chtimes(name, time.Time{}, time.Now().Add(-time.Hour)))
	}
	assert.Equal(t, "access-canary-2", accessOf(t, sourceOf(t, w.app(), store, nil)))
	assert.FileExists(t, half, "perhaps it is being written just now")
	for _, name := range []string{half, path + ".last.new-" + strings.Repeat("B", 26)} {
		require.NoError(t, os.WriteFile(name, []byte("refresh-canary-1"), 0o600))
		require.NoError(t, os.Chtimes(name, time.Time{}, time.Now().Add(-2*time.Minute)))
	}
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.Save(t.Context(), token))
	assert.Len(t, filesIn(t, path), 2+len(others))
	for _, name := range others {
		assert.FileExists(t, name)
	}
}

// A damaged file is left alone, and kept when a person puts another in its place.
func TestFaultAU29Damaged(t *testing.T) {
	w := &wire{}
	whole, path := savedFile(t, w.app())
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	kept, err := whole.Load(t.Context())
	require.NoError(t, err)
	for name, text := range map[string]string{
		"AU29 empty": "", "AU29 blank": " \n", "AU29 cut": string(good[:len(good)/2]), "AU29 cut at the end": string(good[:len(good)-1]),
		"AU29 null": "null", "AU29 array": "[]", "AU29 text": `"refresh-canary-1"`, "AU29 HTML": "<html>refresh-canary-1", "AU29 zeros": strings.Repeat("\x00", 512),
		"AU29 mark alone": "\xef\xbb\xbf", "AU29 two": string(good) + string(good), "AU29 no version": `{"client_id":"c","refresh_token":"refresh-canary-1"}`,
		"AU29 no client": `{"version":1,"refresh_token":"refresh-canary-1"}`, "AU29 no token": `{"version":1,"client_id":"c"}`,
		"AU29 doubled":     `{"version":1,"client_id":"c","refresh_token":"refresh-canary-1","refresh_token":"refresh-canary-2"}`,
		"AU29 breaks":      `{"version":1,"client_id":"c","refresh_token":"refresh-canary-1\r\n"}`,
		"AU29 wrong types": `{"version":1,"client_id":"c","refresh_token":{"refresh-canary-1":1}}`,
		"AU29 too long":    `{"version":1,"client_id":"c","refresh_token":"` + strings.Repeat("a", 64<<10) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			store, path := savedFile(t, w.app())
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			for range 2 {
				_, err := store.Load(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrStoreCorrupt)
				assertSilent(t, err, path)
				_, err = sourceOf(t, w.app(), store, nil).Token(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrStoreCorrupt)
				assertSilent(t, err, path)
			}
			assert.Empty(t, w.requests())
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, text, string(after), "as it was")

			last, err := store.LastGood(t.Context())
			require.NoError(t, err)
			require.NoError(t, store.Save(t.Context(), last))
			token, err := store.Load(t.Context())
			require.NoError(t, err)
			assert.Equal(t, kept.ClientID, token.ClientID)
			assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
			damaged, err := os.ReadFile(path + ".corrupt")
			if strings.TrimSpace(text) == "" {
				require.ErrorIs(t, err, fs.ErrNotExist, "nothing to keep")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, text, string(damaged))
			assert.Equal(t, fs.FileMode(0o600), modeOf(t, path+".corrupt"))
		})
	}
}

// The form of a newer version of this package is neither read nor overwritten.
func TestFaultAU29NewerVersion(t *testing.T) {
	w := &wire{}
	store, path := savedFile(t, w.app())
	const newer = `{"version":2,"sealed":"refresh-canary-1"}`
	require.NoError(t, os.WriteFile(path, []byte(newer), 0o600))
	_, err := sourceOf(t, w.app(), store, nil).Token(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	require.NotErrorIs(t, err, zoomauth.ErrStoreCorrupt)
	assertSilent(t, err, path)
	assert.Empty(t, w.requests())
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, newer, string(after))
}
