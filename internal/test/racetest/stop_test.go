//go:build linux || darwin

package racetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomtest"
)

const pause = 2 * time.Second // for which a process is stopped: it is the fault, and waits for nothing

// TestFaultMP02 stops a process that holds the lock, with the answer to its refresh on
// its way. The others wait; then it goes on, or is killed.
func TestFaultMP02(t *testing.T) {
	t.Parallel()
	t.Run("goes on", func(t *testing.T) {
		f, stopped := stop(t, zoomtest.Quirks{})
		f.workers[stopped].resume(t)
		for _, w := range f.workers {
			require.Equal(t, good, w.outcome(t), w.name)
		}
		require.Equal(t, 1, f.tokenCalls(), "token calls")
		f.finish(t)
	})
	t.Run("killed, with grace", func(t *testing.T) {
		f, stopped := stop(t, zoomtest.Quirks{RefreshGrace: grace})
		f.remove(stopped)
		for _, w := range f.workers {
			require.Equal(t, good, w.outcome(t), w.name)
		}
		require.Equal(t, 2, f.tokenCalls(), "token calls: one answer was lost")
		f.finish(t)
	})
	t.Run("killed, without grace", func(t *testing.T) {
		f, stopped := stop(t, zoomtest.Quirks{})
		f.remove(stopped)
		for _, w := range f.workers {
			require.True(t, strings.HasPrefix(w.outcome(t), reauthorize), w.name)
		}
		require.Equal(t, f.gate.last().old, f.stored(t).Refresh, "the file holds the token before the last renewal")
		require.False(t, f.gate.wasUsed(f.gate.last().access))
		f.authorize(t)
		f.round(t)
		require.Empty(t, f.errors)
	})
}

// stop stops one worker of a fleet and returns when the others have waited for it for
// a while.
func stop(t *testing.T, quirks zoomtest.Quirks) (f *fleet, stopped int) {
	t.Helper()
	a := newAccount(t, quirks)
	a.authorize(t)
	f = newFleet(t, a)
	a.fake.RevokeTokens()
	reached := a.gate.hold(tokenAnswer)
	holder, others := f.workers[0], f.workers[1:]
	holder.tell(t, call)
	waitFor(t, reached)
	holder.pause(t)
	a.gate.release() // the answer lies before a process that stands still
	for _, w := range others {
		w.tell(t, call)
		w.await(t, waits)
	}
	time.Sleep(pause)
	for _, w := range f.workers {
		require.Empty(t, w.lines, "%s goes on without the lock", w.name)
	}
	require.Equal(t, 1, f.tokenCalls(), "token calls")
	return f, 0
}

// remove kills a worker.
func (f *fleet) remove(i int) {
	f.workers[i].kill()
	f.workers = append(f.workers[:i:i], f.workers[i+1:]...)
}

// finish has those that are left go on for a while.
func (f *fleet) finish(t *testing.T) {
	t.Helper()
	calls := f.tokenCalls()
	for range 3 {
		f.round(t)
	}
	require.Empty(t, f.errors)
	require.Equal(t, calls+3, f.tokenCalls(), "token calls, one a round")
	_, refused := f.gate.counts()
	require.Zero(t, refused, "rejected token calls")
	f.end(t)
}
