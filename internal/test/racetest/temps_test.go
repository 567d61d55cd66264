//go:build linux || darwin

package racetest

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// salvage takes the lock as the next process does, which puts in its place what the
// dead one had written whole.
func (a *account) salvage(t *testing.T, found *tally) {
	t.Helper()
	before := a.stored(t).Generation
	lease, err := a.store.Lock(t.Context())
	require.NoError(t, err)
	require.NoError(t, lease.Release())
	if a.stored(t).Generation > before {
		found.salvaged++
	}
}

// ageTemps looks at the temporary files of a killed process, and makes them old enough
// for the next to remove. It reports whether one of them holds the refresh token.
func (a *account) ageTemps(t *testing.T, found *tally, refresh string) (whole bool) {
	t.Helper()
	temps := a.temps(t)
	require.LessOrEqual(t, len(temps), 1, "temporary files of one process")
	for _, path := range temps {
		found.temps++
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if token, err := zoomauth.DecodeToken(data); err == nil {
			whole = recordOf(t, token).Refresh == refresh
		}
		longAgo := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(path, longAgo, longAgo))
	}
	return whole
}

// TestFaultAU05Deleted: a token that a killed process had written whole is gone with
// the one that it was to follow, and never takes the place of a later grant's.
func TestFaultAU05Deleted(t *testing.T) {
	t.Parallel()
	a := newAccount(t, zoomtest.Quirks{})
	a.authorize(t)
	first, err := a.store.Load(t.Context())
	require.NoError(t, err)
	dead, err := a.job.app().NewToken("access", "refresh", time.Now().Add(zoomtest.TokenLife))
	require.NoError(t, err)
	dead.Generation = first.Generation + 1
	text, err := dead.Encode()
	require.NoError(t, err)
	for _, name := range []string{".new-", ".last.new-"} {
		require.NoError(t, os.WriteFile(a.job.Path+name+strings.Repeat("A", 26), text, 0o600))
	}
	require.NoError(t, a.store.Delete(t.Context()))
	require.Empty(t, a.temps(t), "temporary files with a token that was deleted")
	a.authorize(t)
	w := a.start(t)
	w.await(t, ready)
	a.goOn(t, w, false)
	w.end(t)
}
