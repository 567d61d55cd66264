//go:build linux || darwin

package racetest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// An account is a Zoom account, the file with its token, and the workers on both.
type account struct {
	fake    *zoomtest.Server
	gate    *gate
	store   *zoomauth.FileStore
	job     job
	started int
	cycle   time.Duration // of a call with its refresh, in a loop
}

func newAccount(t *testing.T, quirks zoomtest.Quirks) *account {
	t.Helper()
	fake := zoomtest.NewServer(zoomtest.WithUsers(5, 1), zoomtest.WithQuirks(quirks), zoomtest.WithRequestLog(0))
	a := &account{fake: fake, gate: newGate(fake)}
	a.job = job{
		ClientID: fake.ClientID(), ClientSecret: fake.ClientSecret(),
		User: "me", Path: filepath.Join(t.TempDir(), "tokens", "token"),
	}
	var err error
	a.store, err = zoomauth.NewFileStore(a.job.Path, flock.New(a.job.Path+".lock"))
	require.NoError(t, err)
	return a
}

// authorize is an admin who clicks Allow.
func (a *account) authorize(t *testing.T) {
	t.Helper()
	access, refresh := a.fake.IssueGrant()
	token, err := a.job.app().NewToken(access, refresh, time.Now().Add(zoomtest.TokenLife))
	require.NoError(t, err)
	require.NoError(t, zoomauth.Keep(t.Context(), a.store, token))
}

// serverToServer has the workers that start from now on get their tokens without a
// person, for whom Zoom knows no "me".
func (a *account) serverToServer() {
	a.job.AccountID, a.job.User = a.fake.AccountID(), a.fake.Roster()[0].ID
}

// A record is what the file holds.
type record struct {
	Access     string `json:"access_token"`
	Refresh    string `json:"refresh_token"`
	Generation int64  `json:"generation"`
	Suspect    bool   `json:"suspect"`
}

// stored reads the file, which must never be damaged.
func (a *account) stored(t *testing.T) record {
	t.Helper()
	token, err := a.store.Load(t.Context())
	require.NoError(t, err)
	return recordOf(t, token)
}

func recordOf(t *testing.T, token *zoomauth.Token) record {
	t.Helper()
	text, err := token.Encode()
	require.NoError(t, err)
	var r record
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

// requireSound says that the file holds the latest token and that the grant lives.
func (a *account) requireSound(t *testing.T) {
	t.Helper()
	stored, last := a.stored(t), a.gate.last()
	require.Equal(t, last.access, stored.Access, "the file holds the latest access token")
	require.Equal(t, last.next, stored.Refresh, "the file holds the latest refresh token")
	if a.job.AccountID == "" {
		require.True(t, a.fake.GrantAlive(stored.Refresh), "the grant is alive")
	}
	require.False(t, stored.Suspect)
	require.Empty(t, a.temps(t), "temporary files")
}

// temps checks the directory and returns the temporary files in it.
func (a *account) temps(t *testing.T) []string {
	t.Helper()
	dir, name := filepath.Split(a.job.Path)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), "the directory")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var temps []string
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode(), entry.Name())
		switch rest := strings.TrimPrefix(entry.Name(), name); {
		case rest == "", rest == ".last", rest == ".lock":
		case strings.HasPrefix(rest, ".new-"), strings.HasPrefix(rest, ".last.new-"):
			temps = append(temps, filepath.Join(dir, entry.Name()))
		default:
			assert.Fail(t, "a file that nobody knows", entry.Name())
		}
	}
	return temps
}

// requireFree says that no dead process has left the lock behind.
func (a *account) requireFree(t *testing.T) {
	t.Helper()
	lock := flock.New(a.job.Path + ".lock")
	free, err := lock.TryLock()
	require.NoError(t, err)
	require.True(t, free, "the lock of a dead process is free")
	require.NoError(t, lock.Unlock())
}
