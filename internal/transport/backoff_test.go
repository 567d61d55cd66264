package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/pace"
)

// draws is enough of them that the widest and the narrowest come close to the
// bounds: that none of so many lies in a given tenth happens once in 10^13.
const draws = 300

// waitsOf makes a call that fails to its end, draws times, and returns how long
// the road waited before each retry.
func waitsOf(t *testing.T, call *Call, s step, change func(*Policy)) [][]time.Duration {
	t.Helper()
	var all [][]time.Duration
	synctest.Test(t, func(t *testing.T) {
		for range draws {
			var told []time.Duration
			wire := &script{steps: []step{s}}
			road := newTestRoad(wire, underPolicy(func(p *Policy) { p.MaxElapsed = time.Hour }), underPolicy(change), func(c *Config) {
				c.Events.Waited = func(_ context.Context, reason string, d time.Duration) {
					assert.Equal(t, "retry", reason)
					told = append(told, d)
				}
			})
			_, attempts, err := road.Do(t.Context(), call)
			require.Error(t, err)
			require.Len(t, told, attempts-1)
			for i, d := range told {
				require.Equal(t, d, wire.at[i+1].Sub(wire.at[i]), "what is told is what is waited")
				if i == len(all) {
					all = append(all, nil)
				}
				all[i] = append(all[i], d)
			}
		}
	})
	return all
}

func same(*Policy) {}

// Full jitter under a ceiling that doubles, and never under a tenth of a second.
func TestBackOffBounds(t *testing.T) {
	const s = time.Second
	minute := get()
	minute.Class = pace.ResourceIntensive
	concurrent := answers(429, `{"code":429,"message":"Too many concurrent requests."}`)
	for _, tc := range []struct {
		name     string
		call     *Call
		step     step
		change   func(*Policy)
		ceilings []time.Duration // of the waits, in order
	}{
		{"a server error", get(), answers(500, ""), same, []time.Duration{s / 2, s, 2 * s, 4 * s}},
		{"no connection", get(), fails(errors.New("broken")), same, []time.Duration{s / 2, s, 2 * s, 4 * s}},
		{"no such name", get(), fails(&net.DNSError{IsNotFound: true}), same, []time.Duration{s / 2}},
		{
			"up to the longest", get(), answers(503, ""), func(p *Policy) { p.MaxAttempts = 10 },
			[]time.Duration{s / 2, s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s, 30 * s},
		},
		{
			"a longest that no doubling hits", get(), answers(503, ""), func(p *Policy) { p.MaxDelay = 3 * s },
			[]time.Duration{s / 2, s, 2 * s, 3 * s},
		},
		{"429", get(), answers(429, ""), same, []time.Duration{s, 2 * s, 4 * s, 8 * s}},
		{"429 of a write", post(), answers(429, ""), same, []time.Duration{s, 2 * s, 4 * s, 8 * s}},
		{"429 under a patient policy", get(), answers(429, ""), func(p *Policy) { p.MinDelay, p.MaxAttempts = 3*s, 3 }, []time.Duration{3 * s, 6 * s}},
		{"429 of another operation", get(), concurrent, same, []time.Duration{2 * s, 4 * s}},
		{"429 of a limit per minute", minute, answers(429, ""), same, []time.Duration{20 * s, 40 * s, 60 * s, 60 * s}},
		{
			"429 of a category with a limit per minute", get(), answers(429, "", "X-RateLimit-Category", "Resource-intensive"), same,
			[]time.Duration{20 * s, 40 * s, 60 * s, 60 * s},
		},
		{
			"429 of a limit per minute under a patient policy", minute, answers(429, ""), func(p *Policy) { p.MaxDelay = 2 * time.Minute },
			[]time.Duration{20 * s, 40 * s, 80 * s, 120 * s},
		},
		{"a Retry-After that has passed", get(), answers(503, "", "Retry-After", "0"), same, []time.Duration{s / 2, s, 2 * s, 4 * s}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			waits := waitsOf(t, tc.call, tc.step, tc.change)
			require.Len(t, waits, len(tc.ceilings))
			for i, ceiling := range tc.ceilings {
				widest, narrowest := slices.Max(waits[i]), slices.Min(waits[i])
				assert.Less(t, widest, ceiling, "wait %d", i)
				assert.Greater(t, widest, ceiling*9/10, "wait %d: the whole width is used", i)
				assert.GreaterOrEqual(t, narrowest, 100*time.Millisecond, "wait %d", i)
				assert.Less(t, narrowest, max(ceiling/10, 100*time.Millisecond+1), "wait %d: down to the shortest", i)
			}
		})
	}
}

// What the server asks for is waited, and up to a tenth more.
func TestFaultRL04RetryAfterIsWaitedAndALittleMore(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504, 408, 425} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			waits := waitsOf(t, get(), answers(status, "", "Retry-After", "10"), func(p *Policy) { p.MaxAttempts = 3 })
			require.Len(t, waits, 2)
			for _, w := range waits {
				assert.GreaterOrEqual(t, slices.Min(w), 10*time.Second)
				assert.Less(t, slices.Min(w), 10100*time.Millisecond)
				assert.Greater(t, slices.Max(w), 10900*time.Millisecond)
				assert.LessOrEqual(t, slices.Max(w), 11*time.Second)
			}
		})
	}
}

// A policy that wants to be quicker than a tenth of a second is obeyed; a server
// that asks for less than that is not.
func TestShortestWait(t *testing.T) {
	for _, w := range waitsOf(t, get(), answers(500, ""), func(p *Policy) { p.MinDelay, p.MaxDelay = time.Millisecond, 30*time.Millisecond }) {
		assert.Equal(t, 30*time.Millisecond, slices.Min(w))
		assert.Equal(t, 30*time.Millisecond, slices.Max(w))
	}
	for _, ahead := range []time.Duration{1, 9, 10, 99 * time.Millisecond / 2} {
		soon := func(*http.Request) (*http.Response, error) {
			return answers(503, "", "Retry-After", time.Now().Add(ahead).Format(time.RFC3339Nano))(nil)
		}
		for _, w := range waitsOf(t, get(), soon, same) {
			assert.Equal(t, 100*time.Millisecond, slices.Min(w), ahead)
			assert.Equal(t, 100*time.Millisecond, slices.Max(w), ahead)
		}
	}
}

// However many attempts a policy allows, the ceiling stays the policy's longest.
func TestBackOffOfManyAttempts(t *testing.T) {
	f := &Failure{Kind: KindStatus, Answer: &Answer{Status: 500}}
	for counted := 7; counted <= 200; counted++ {
		for _, p := range []Policy{
			{MaxAttempts: 1000, MinDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second},
			{MaxAttempts: 1000, MinDelay: 30 * time.Hour << 8, MaxDelay: 30 * time.Hour << 10}, // doubled, it leaves 64 bits behind
			{MaxAttempts: 1000, MinDelay: 1 << 48, MaxDelay: 1 << 50},                          // doubled, it ends in zeros alone
		} {
			d := (&try{counted: counted}).delay(f, judge(get(), f, p))
			assert.GreaterOrEqual(t, d, 100*time.Millisecond)
			assert.Less(t, d, p.MaxDelay)
		}
	}
}
