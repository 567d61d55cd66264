//go:build linux || darwin

package racetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomtest"
)

const processes = 4

// A fleet is the workers of one account that call at the same time.
type fleet struct {
	*account
	workers []*worker
	rounds  int
	calls   int
	errors  []string
	began   time.Time
	before  int // token calls before the first round
}

// newFleet starts the workers. Each of them holds a token when it returns.
func newFleet(t *testing.T, a *account, change ...func(*job)) *fleet {
	t.Helper()
	f := &fleet{account: a}
	for range processes {
		f.workers = append(f.workers, a.start(t, change...))
	}
	for _, w := range f.workers {
		w.await(t, ready)
		w.tell(t, call)
		require.Equal(t, good, w.outcome(t), w.name)
	}
	f.before, f.began = a.fake.TokenCalls(), time.Now()
	return f
}

// round ends the life of all access tokens and has every worker call at once.
func (f *fleet) round(t *testing.T) {
	t.Helper()
	f.rounds++
	f.fake.RevokeTokens()
	for _, w := range f.workers {
		w.tell(t, call)
	}
	for _, w := range f.workers {
		f.calls++
		if outcome := w.outcome(t); outcome != good {
			f.errors = append(f.errors, fmt.Sprintf("round %d, %s: %s", f.rounds, w.name, outcome))
		}
	}
}

func (f *fleet) tokenCalls() int { return f.fake.TokenCalls() - f.before }

func (f *fleet) report(t *testing.T) {
	t.Helper()
	waited := 0
	for _, w := range f.workers {
		waited += w.waited
	}
	_, refused := f.gate.counts()
	t.Logf("%d processes, %d rounds: %d calls, %d failed; %d token calls, %d rejected; a process waited for the lock %d times; %.1f s",
		len(f.workers), f.rounds, f.calls, len(f.errors), f.tokenCalls(), refused, waited, time.Since(f.began).Seconds())
}

// end ends the workers, who must have left everything in order.
func (f *fleet) end(t *testing.T) {
	t.Helper()
	f.requireSound(t)
	for _, w := range f.workers {
		w.end(t)
	}
	f.requireFree(t)
}

// race has the workers call in many rounds, with one token call in each.
func race(t *testing.T, a *account) {
	f := newFleet(t, a)
	for range *rounds {
		f.round(t)
		require.Empty(t, f.errors)
		require.Equal(t, f.rounds, f.tokenCalls(), "token calls, one a round")
	}
	f.report(t)
	_, refused := a.gate.counts()
	require.Zero(t, refused, "rejected token calls")
	f.end(t)
}

func TestFaultMP01(t *testing.T) {
	t.Parallel()
	a := newAccount(t, zoomtest.Quirks{})
	a.authorize(t)
	race(t, a)
}

func TestFaultAU24(t *testing.T) {
	t.Parallel()
	a := newAccount(t, zoomtest.Quirks{SingleToken: true})
	a.serverToServer()
	race(t, a)
}

// TestFaultMP11: what another process refreshed is read, and not refreshed again.
func TestFaultMP11(t *testing.T) {
	t.Parallel()
	a := newAccount(t, zoomtest.Quirks{})
	a.authorize(t)
	f := newFleet(t, a)
	generation := a.stored(t).Generation
	a.fake.RevokeTokens()
	for _, w := range f.workers { // one after the other
		w.tell(t, call)
		require.Equal(t, good, w.outcome(t), w.name)
		require.Equal(t, 1, f.tokenCalls(), w.name)
	}
	require.Equal(t, generation+1, a.stored(t).Generation)
	f.end(t)
}

// TestControl has the same workers with a lock that locks nothing. Calls must fail:
// else the races above would measure nothing.
func TestControl(t *testing.T) {
	t.Parallel()
	t.Run("refresh tokens", func(t *testing.T) {
		a := newAccount(t, zoomtest.Quirks{})
		a.authorize(t)
		f := newFleet(t, a, unlocked)
		for refused := 0; f.rounds < 300 && (refused == 0 || len(f.errors) == 0); {
			f.round(t)
			_, refused = a.gate.counts()
		}
		f.report(t)
		_, refused := a.gate.counts()
		require.NotZero(t, refused, "rejected token calls")
		require.NotEmpty(t, f.errors)
	})
	t.Run("server-to-server", func(t *testing.T) {
		a := newAccount(t, zoomtest.Quirks{SingleToken: true})
		a.serverToServer()
		f := newFleet(t, a, unlocked)
		for f.rounds < 300 && (f.tokenCalls() == f.rounds || len(f.errors) == 0) {
			f.round(t)
		}
		f.report(t)
		require.Greater(t, f.tokenCalls(), f.rounds, "token calls")
		require.NotEmpty(t, f.errors)
	})
}

func unlocked(j *job) { j.Unlocked = true }
