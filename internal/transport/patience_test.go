package transport

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wait is slept through up to the policy's cap, that included; a longer one is
// told instead, at once.
func TestFaultRL07RetryAfterAtTheCap(t *testing.T) {
	for _, tc := range []struct {
		after    string
		attempts int
	}{{"59", 2}, {"60", 2}, {"61", 1}, {"60.5", 1}, {"86400", 1}} {
		t.Run(tc.after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s := &script{steps: []step{answers(429, "", "Retry-After", tc.after), answers(200, "{}")}}
				_, attempts, err := newTestRoad(s).Do(t.Context(), get())
				assert.Equal(t, tc.attempts, attempts)
				if tc.attempts == 2 {
					require.NoError(t, err)
					return
				}
				assert.Zero(t, time.Since(begin))
				f := failureOf(t, err)
				at, ok := parseRetryAfter(tc.after, begin.UTC())
				require.True(t, ok)
				assert.Equal(t, at, f.RetryAt)
				assert.Equal(t, at.Sub(begin), f.Wait)
			})
		})
	}
}

// A wait that would end with the caller's deadline, or with the time of the call,
// leaves nothing for the attempt after it.
func TestWaitMustEndBeforeTheDeadline(t *testing.T) {
	const wait = 100 * time.Millisecond // steady
	for _, tc := range []struct {
		name              string
		deadline, elapsed time.Duration // 0: none
		attempts          int
	}{
		{"neither", 0, time.Hour, 2},
		{"deadline at the end of the wait", wait, time.Hour, 1},
		{"deadline a moment later", wait + 1, time.Hour, 2},
		{"deadline before", wait / 2, time.Hour, 1},
		{"call's time over at the end of the wait", 0, wait, 1},
		{"call's time over a moment later", 0, wait + 1, 2},
		{"call's time over before", 0, wait / 2, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tc.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tc.deadline)
					defer cancel()
				}
				begin := time.Now()
				s := &script{steps: []step{answers(500, ""), answers(200, "{}")}}
				_, attempts, err := newTestRoad(s, underPolicy(steady), underPolicy(func(p *Policy) { p.MaxElapsed = tc.elapsed })).Do(ctx, get())
				assert.Equal(t, tc.attempts, attempts)
				if tc.attempts == 2 {
					require.NoError(t, err)
					assert.Equal(t, wait, time.Since(begin))
					return
				}
				assert.Zero(t, time.Since(begin), "what cannot succeed is not waited for")
				assert.Equal(t, 500, failureOf(t, err).Answer.Status)
			})
		})
	}
}

// The time of a call is spent by its attempts and its waits alike.
func TestCallEndsInItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return answers(500, "")(nil)
		}
		s := &script{steps: []step{slow}}
		begin := time.Now()
		_, attempts, err := newTestRoad(s, underPolicy(steady), underPolicy(func(p *Policy) {
			p.MaxElapsed, p.MaxAttempts = 3300*time.Millisecond, 100
		})).Do(t.Context(), get())
		require.Error(t, err)
		assert.Equal(t, 3, attempts, "a fourth would begin when the time is over")
		assert.Equal(t, 3200*time.Millisecond, time.Since(begin))
	})
}

func TestPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		road := newTestRoad(&script{})
		soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for _, tc := range []struct {
			name        string
			ctx         context.Context
			asked, wait time.Duration
			want        bool
		}{
			{"nothing asked", t.Context(), 0, time.Second, true},
			{"as long as the policy allows", t.Context(), time.Minute, time.Minute, true},
			{"a moment longer", t.Context(), time.Minute + 1, time.Minute + 1, false},
			{"our own wait may be longer", t.Context(), 0, time.Hour, true},
			{"before the deadline", soon, 0, 10*time.Second - 1, true},
			{"with the deadline", soon, 0, 10 * time.Second, false},
			{"after the deadline", soon, 0, 11 * time.Second, false},
		} {
			assert.Equal(t, tc.want, road.Patient(tc.ctx, tc.asked, tc.wait), tc.name)
		}
	})
}

// An outage costs 35 retries for each client, and then one request a call.
func TestFaultRL21OutageIsNotMultiplied(t *testing.T) {
	for _, tc := range []struct {
		name    string
		down    step
		retries int
	}{
		{"down", answers(500, ""), 500 / 14},
		{"no connection", fails(errors.New("broken")), 500 / 14},
		{"throttled", answers(429, ""), 500 / 5},
		{"in the way of another operation", answers(429, `{"message":"Too many concurrent requests"}`), 500 / 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const calls = 200
				s := &script{steps: []step{tc.down}}
				road := newTestRoad(s, underPolicy(func(p *Policy) { p.MaxDelay = time.Second }))
				for range calls {
					_, _, err := road.Do(t.Context(), get())
					require.Error(t, err)
				}
				assert.Len(t, s.auth, calls+tc.retries)
			})
		})
	}
}

// What a retry costs comes back when the call succeeds, and a call that needs none
// earns one token of the 14 that a retry costs, up to the size of the budget.
func TestBudgetIsPaidBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		road := newTestRoad(s, underPolicy(steady))
		do := func(steps ...step) int {
			s.steps, s.auth, s.at = steps, nil, nil
			_, attempts, _ := road.Do(t.Context(), get()) // how it ends is not the point
			return attempts
		}
		down, up := answers(500, ""), answers(200, "{}")
		for i := range 100 {
			require.Equal(t, 2, do(down, up), "call %d", i)
		}
		for range 50 {
			require.Equal(t, 1, do(up))
		}
		exhaust := func() (retries int) {
			for {
				n := do(down) - 1
				retries += n
				if n == 0 {
					return retries
				}
			}
		}
		require.Equal(t, 35, exhaust(), "no more than the budget holds") // 10 of 500 are left
		for i := range 3 {
			require.Equal(t, 1, do(down), "success %d", i)
			require.Equal(t, 1, do(up))
		}
		require.Equal(t, 1, do(down), "13 are not enough")
		require.Equal(t, 1, do(up))
		assert.Equal(t, 2, do(down, up), "14 are")
		assert.Equal(t, 1, exhaust(), "and they came back")
	})
}

// A call that gives up without waiting costs nothing.
func TestImpatienceIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{answers(503, "", "Retry-After", "3600")}}
		road := newTestRoad(s, underPolicy(steady))
		for range 1000 {
			_, attempts, err := road.Do(t.Context(), get())
			require.Error(t, err)
			require.Equal(t, 1, attempts)
		}
		s.steps = []step{answers(503, "")}
		_, attempts, err := road.Do(t.Context(), get())
		require.Error(t, err)
		assert.Equal(t, 5, attempts)
	})
}
