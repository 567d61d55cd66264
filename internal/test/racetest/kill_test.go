//go:build linux || darwin

package racetest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomtest"
)

const grace = time.Hour // for which the fake takes a replaced refresh token, where it does

// A tally is what was found after the kills.
type tally struct {
	kills, lost, replayed int
	salvaged              int // the new token stood whole in a temporary file
	temps                 int // temporary files left behind
	cycles                time.Duration
}

// window is how long in a cycle a grant can be lost, as the kills found it: they come
// evenly over two cycles.
func (f *tally) window() (window, cycle float64) {
	kills := float64(max(f.kills, 1))
	cycle = f.cycles.Seconds() * 1000 / kills
	return cycle * float64(f.lost+f.replayed) / kills, cycle
}

// TestFaultAU05 kills a process that refreshes in a loop, at random moments, and looks
// at what it left. The next process, which was open all the time, goes on.
func TestFaultAU05(t *testing.T) {
	t.Parallel()
	t.Run("without grace", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, zoomtest.Quirks{})
		found := a.killMany(t)
		_, refused := a.gate.counts()
		require.Equal(t, found.lost, refused, "rejected token calls: one for each grant that was lost")
	})
	t.Run("with grace", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, zoomtest.Quirks{RefreshGrace: grace})
		found := a.killMany(t)
		_, refused := a.gate.counts()
		require.Zero(t, refused, "rejected token calls")
		require.Zero(t, found.lost, "grants lost")
	})
}

func (a *account) killMany(t *testing.T) tally {
	t.Helper()
	random := rand.New(rand.NewPCG(*seed, 0))
	began := time.Now()
	var found tally
	var moment time.Duration
	defer func() {
		if t.Failed() {
			t.Logf("kill %d of seed %d, %v after the end of a call; a cycle took %v", found.kills, *seed, moment, a.cycle)
		}
	}()
	a.authorize(t)
	victim := a.start(t)
	victim.await(t, ready)
	a.goOn(t, victim, false)
	for range *kills {
		next := a.start(t) // beside the loop: it takes a while
		a.loop(t, victim, random)
		next.await(t, ready)
		found.cycles += a.cycle
		moment = time.Duration(random.Float64() * 2 * float64(a.cycle))
		time.Sleep(moment) // the kill is to come at any point of a cycle
		victim.kill()
		require.Empty(t, victim.stderr.String(), victim.name)
		a.gate.spendTokens(false)
		found.kills++
		a.goOn(t, next, a.inspect(t, &found))
		victim = next
	}
	victim.end(t)
	a.requireSound(t)
	require.Equal(t, found.replayed, a.gate.replays(), "replays: one for each kill in the window, where there is a grace")
	renewed, refused := a.gate.counts()
	window, cycle := found.window()
	t.Logf("%d kills, seed %d: grant lost %d times, each in the window; %d times a token was found whole in a temporary file; "+
		"%d times saved by a replay; the window is about %.1f ms of a cycle of %.1f ms; %d token calls, %d rejected; %d temporary files; %.1f s",
		found.kills, *seed, found.lost, found.salvaged, found.replayed, window, cycle, renewed, refused, found.temps, time.Since(began).Seconds())
	return found
}

// loop has a worker call without end, each access token good for one call, and
// returns at the end of one of the first cycles.
func (a *account) loop(t *testing.T, w *worker, random *rand.Rand) {
	t.Helper()
	a.gate.spendTokens(true)
	w.tell(t, loop)
	cycles := 2 + random.IntN(3)
	began := time.Now()
	for range cycles {
		require.Equal(t, good, w.outcome(t), w.name)
	}
	a.cycle = time.Since(began) / time.Duration(cycles)
}

// inspect looks at what a killed process left, and says whether the grant is lost. It
// may be in one case: the last renewal was that process's, its refresh token is not in
// the file but the one before is, and nobody has seen its access token.
func (a *account) inspect(t *testing.T, found *tally) (lost bool) {
	t.Helper()
	a.requireFree(t)
	a.salvage(t, found)
	stored, last := a.stored(t), a.gate.last()
	alive := a.fake.GrantAlive(stored.Refresh)
	inWindow := stored.Refresh != last.next
	if inWindow {
		require.Equal(t, last.old, stored.Refresh, "the file holds the token before the last renewal")
		require.False(t, a.gate.wasUsed(last.access), "a token was used before it was saved")
	} else {
		require.Equal(t, last.access, stored.Access)
		require.True(t, alive, "the file holds the latest token: its grant is alive")
	}
	second, err := a.store.LastGood(t.Context())
	require.NoError(t, err, "the second copy")
	require.Contains(t, []string{stored.Refresh, a.gate.before(stored.Refresh)}, recordOf(t, second).Refresh, "the second copy")
	whole := a.ageTemps(t, found, last.next)
	switch {
	case !alive:
		require.False(t, whole, "a token that is whole on disk is lost")
		found.lost++
	case inWindow:
		found.replayed++
	}
	return !alive
}

// goOn has the next process refresh. Where the grant was lost it must ask for a
// person, and go on once somebody has clicked Allow.
func (a *account) goOn(t *testing.T, w *worker, lost bool) {
	t.Helper()
	a.fake.RevokeTokens()
	w.tell(t, call)
	outcome := w.outcome(t)
	if lost {
		require.Regexp(t, "^"+reauthorize, outcome, w.name)
		require.True(t, a.stored(t).Suspect, "the dead token stays and is marked")
		a.authorize(t)
		a.fake.RevokeTokens()
		w.tell(t, call)
		outcome = w.outcome(t)
	}
	require.Equal(t, good, outcome, w.name)
	a.requireSound(t)
}

// TestFaultMP03 kills a process at the two ends of the window.
func TestFaultMP03(t *testing.T) {
	t.Parallel()
	for _, point := range []struct {
		name  string
		at    place
		saved bool
	}{
		{"answer on its way", tokenAnswer, false},
		{"saved and not used yet", firstUse, true},
	} {
		for name, quirks := range map[string]zoomtest.Quirks{"without grace": {}, "with grace": {RefreshGrace: grace}} {
			t.Run(point.name+" "+name, func(t *testing.T) {
				a := newAccount(t, quirks)
				a.authorize(t)
				victim, next := a.start(t), a.start(t)
				victim.await(t, ready)
				next.await(t, ready)
				a.goOn(t, victim, false)
				a.fake.RevokeTokens()
				reached := a.gate.hold(point.at)
				victim.tell(t, call)
				waitFor(t, reached)
				victim.kill()
				var found tally
				lost := a.inspect(t, &found)
				require.Equal(t, !point.saved && quirks.RefreshGrace == 0, lost)
				require.Equal(t, !point.saved && quirks.RefreshGrace > 0, found.replayed == 1)
				a.goOn(t, next, lost)
				next.end(t)
			})
		}
	}
}

func waitFor(t *testing.T, reached <-chan struct{}) {
	t.Helper()
	select {
	case <-reached:
	case <-time.After(patience):
		require.FailNow(t, "nothing came to the gate")
	}
}
