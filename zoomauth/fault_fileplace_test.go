package zoomauth_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// refusesAll checks that a store does nothing, and says no path.
func refusesAll(t *testing.T, store *zoomauth.FileStore, token *zoomauth.Token, path string) {
	t.Helper()
	_, loadErr := store.Load(t.Context())
	_, lastErr := store.LastGood(t.Context())
	_, lockErr := store.Lock(t.Context())
	for _, err := range []error{loadErr, lastErr, lockErr, store.Save(t.Context(), token)} {
		require.ErrorIs(t, err, zoomauth.ErrStore)
		require.NotErrorIs(t, err, zoomauth.ErrNoToken)
		require.NotErrorIs(t, err, zoomauth.ErrStoreUnavailable, "to wait does not help")
		assertSilent(t, err, path)
	}
}

// A directory in place of the file is seen before a code is exchanged.
func TestFaultAU35ADirectoryInPlaceOfTheFile(t *testing.T) {
	for _, full := range []bool{false, true} {
		store, path := fileOf(t, newLock())
		require.NoError(t, os.MkdirAll(path, 0o700))
		if full {
			require.NoError(t, os.WriteFile(filepath.Join(path, "other"), nil, 0o600))
		}
		c := newConnecting(t, store)
		assert.Equal(t, http.StatusInternalServerError, c.connect().StatusCode)
		assert.Zero(t, codesSent(c.zoom))
		assert.Empty(t, c.given.alive(c.zoom))
		require.ErrorIs(t, store.Delete(t.Context()), zoomauth.ErrStore)
		assert.DirExists(t, path)
		require.NoError(t, os.RemoveAll(path))
		assert.Equal(t, http.StatusOK, c.connect().StatusCode)
	}
}

// A link in place of the directory is not followed, however the path is written. One in a
// directory above is.
func TestFaultAU30ALinkedDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	linked, path := savedFile(t, (&wire{}).app())
	token, err := linked.Load(t.Context())
	require.NoError(t, err)
	above := t.TempDir()
	link := filepath.Join(above, "canary-link")
	require.NoError(t, os.Symlink(filepath.Dir(path), link))
	for _, dir := range []string{link + "/", link + "//", link + "/./", link + "/.//./"} {
		store, err := zoomauth.NewFileStore(dir+"token", newLock())
		require.NoError(t, err)
		refusesAll(t, store, token, "canary-link")
		require.ErrorIs(t, store.Delete(t.Context()), zoomauth.ErrStore)
		assert.Equal(t, "refresh-canary-1", refreshIn(t, linked), "as it was")
	}

	nowhere := filepath.Join(above, "canary-nowhere")
	require.NoError(t, os.Symlink(filepath.Join(above, "gone"), nowhere))
	dangling, err := zoomauth.NewFileStore(filepath.Join(nowhere, "token"), newLock())
	require.NoError(t, err)
	refusesAll(t, dangling, token, "canary-nowhere")
	assert.NoDirExists(t, filepath.Join(above, "gone"))

	below, err := zoomauth.NewFileStore(filepath.Join(link, "sub", "token"), newLock())
	require.NoError(t, err)
	require.NoError(t, below.Save(t.Context(), token))
	assert.Equal(t, "refresh-canary-1", refreshIn(t, below))

	t.Chdir(filepath.Dir(path))
	for _, name := range []string{"token", "./token", "../" + filepath.Base(filepath.Dir(path)) + "/token"} {
		here, err := zoomauth.NewFileStore(name, newLock())
		require.NoError(t, err)
		assert.Equal(t, "refresh-canary-1", refreshIn(t, here), name)
	}
}

// A directory with the name of a copy is not ours: it hinders no Delete, and stays.
func TestFaultAU30DirectoriesWithTheNamesOfCopies(t *testing.T) {
	for _, suffix := range []string{
		".new-" + strings.Repeat("A", 26), ".new-" + strings.Repeat("Q", 26), ".last.new-" + strings.Repeat("A", 26), ".last", ".corrupt",
	} {
		for _, full := range []bool{false, true} {
			store, path := savedFile(t, (&wire{}).app())
			token, err := store.Load(t.Context())
			require.NoError(t, err)
			foreign := path + suffix
			_ = os.Remove(foreign)
			require.NoError(t, os.Mkdir(foreign, 0o700))
			if full {
				require.NoError(t, os.WriteFile(filepath.Join(foreign, "other"), nil, 0o600))
			}
			require.NoError(t, store.Save(t.Context(), token), suffix)
			assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
			locked(t, store)
			require.NoError(t, store.Delete(t.Context()), suffix)
			assert.Equal(t, []string{filepath.Base(foreign)}, filesIn(t, path), "the token and its copies are gone")
			_, err = store.Load(t.Context())
			require.ErrorIs(t, err, zoomauth.ErrNoToken)
			require.NoError(t, store.Save(t.Context(), token), suffix)
			assert.DirExists(t, foreign)
		}
	}
}

// Root can read what belongs to another user, who can read it too.
func TestFaultAU30AnotherOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away, and read it then")
	}
	const other = 12345
	chown := func(path string, uid int) {
		if err := os.Lchown(path, uid, -1); errors.Is(err, os.ErrPermission) {
			t.Skip("root may not give files away here")
		} else {
			require.NoError(t, err)
		}
	}
	store, path := savedFile(t, (&wire{}).app())
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	good, err := os.ReadFile(path)
	require.NoError(t, err)

	chown(path, other)
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	require.NotErrorIs(t, err, zoomauth.ErrStoreCorrupt)
	assertSilent(t, err, path)
	require.NoError(t, store.Save(t.Context(), token), "a new token closes it")
	assert.Equal(t, "refresh-canary-1", refreshIn(t, store))

	planted := path + ".new-" + strings.Repeat("A", 26) // the next token, as its text says
	next := strings.NewReplacer("refresh-canary-1", "refresh-canary-2", `"generation":0`, `"generation":1`).Replace(string(good))
	require.NotEqual(t, string(good), next)
	require.NoError(t, os.WriteFile(planted, []byte(next), 0o600))
	chown(planted, other)
	locked(t, store)
	assert.Equal(t, "refresh-canary-1", refreshIn(t, store), "what another user left is not taken up")

	chown(filepath.Dir(path), other)
	refusesAll(t, store, token, path)
	chown(filepath.Dir(path), 0)
	assert.Equal(t, "refresh-canary-1", refreshIn(t, store))
}
