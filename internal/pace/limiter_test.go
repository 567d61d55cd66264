package pace

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func medium(perSecond float64) *Limiter {
	c := Config{}
	for class := range c.PerSecond {
		c.PerSecond[class] = perSecond
	}
	return New(c)
}

// crowd lines up n waiters and returns how they leave.
func crowd(t testing.TB, l *Limiter, n int) (cancel context.CancelFunc, left *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(context.Background())
	left = new(sync.WaitGroup)
	for range n {
		left.Go(func() {
			if _, err := l.Wait(ctx, Medium); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	return cancel, left
}

// What a waiter costs does not grow with the line: to leave touches its neighbours only.
func TestFaultRL31LeavingALongLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiters = 5000
		l := medium(1)
		cancel, left := crowd(t, l, waiters)
		synctest.Wait()
		line := &l.classes[Medium].line
		assert.Equal(t, waiters-2, line.behind.Len(), "one has its turn, one is the head")
		begin := time.Now()
		cancel()
		left.Wait()
		assert.Zero(t, time.Since(begin))
		assert.Zero(t, line.behind.Len())
		assert.False(t, line.headed)
		_, err := l.Wait(t.Context(), Medium)
		require.NoError(t, err)
		assert.Equal(t, 2, l.Stats(Medium).UsedToday, "who leaves gives the request back")
	})
}

// A forecast that is beyond all measure is late for everybody.
func TestFaultRL31ForecastDoesNotOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, waiters := range []int{2, 900, 9000, 20_000} {
			l := medium(1e-6)
			cancel, left := crowd(t, l, waiters)
			synctest.Wait()
			ctx, end := context.WithTimeout(t.Context(), 5*time.Second)
			begin := time.Now()
			_, err := l.Wait(ctx, Medium)
			end()
			late, ok := errors.AsType[*LateError](err)
			require.True(t, ok, "%d: %v", waiters, err)
			assert.Zero(t, time.Since(begin), "known at once")
			assert.True(t, late.At.After(begin.Add(24*time.Hour)), "%s", late.At)
			cancel()
			left.Wait()
		}
	})
	for _, rate := range []float64{1e-300, 1e-9, 1e-6, 1, 1e6} {
		for _, n := range []int{0, 1, 9000, 1 << 40} {
			took := timeOf(n, rate)
			assert.GreaterOrEqual(t, took, time.Duration(0))
			assert.LessOrEqual(t, took, longest)
		}
	}
}

// Whoever leaves, drops its turn or comes late: turns that are used keep their distance,
// and the day counts them alone.
func TestTurnsKeepTheirDistance(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 31))
			const perSecond, limit = 18.0, 20
			l := medium(perSecond)
			var mu sync.Mutex
			var at []time.Time
			var all sync.WaitGroup
			for range 400 {
				time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
				drops, stays := random.IntN(4) == 0, time.Duration(random.IntN(20_000))*time.Millisecond
				all.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), stays)
					defer cancel()
					turn, err := l.Wait(ctx, Medium)
					switch {
					case err != nil:
					case drops:
						turn.Drop()
					default:
						mu.Lock()
						at = append(at, time.Now())
						mu.Unlock()
					}
				})
			}
			all.Wait()
			for i := range at {
				if i >= limit {
					assert.GreaterOrEqual(t, at[i].Sub(at[i-limit]), time.Second)
				}
			}
			assert.Equal(t, len(at), l.Stats(Medium).UsedToday)
		})
	}
}

// A turn that nobody used is there for the next one.
func TestDroppedTurnIsTheNextOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := medium(1)
		begin := time.Now()
		for range 5 {
			turn, err := l.Wait(t.Context(), Medium)
			require.NoError(t, err)
			turn.Drop()
		}
		assert.Zero(t, time.Since(begin))
		_, err := l.Wait(t.Context(), Medium)
		require.NoError(t, err)
		assert.Zero(t, time.Since(begin))
		_, err = l.Wait(t.Context(), Medium)
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.Equal(t, 2, l.Stats(Medium).UsedToday)
		Turn{}.Drop() // of a limiter that does not take turns back
	})
}

// 50,000 leave at once, and somebody wants the lock meanwhile.
func BenchmarkLeavingALongLine(b *testing.B) {
	for b.Loop() {
		l := medium(1)
		cancel, left := crowd(b, l, 50_000)
		for {
			l.mu.Lock()
			n := l.classes[Medium].line.behind.Len()
			l.mu.Unlock()
			if n >= 49_998 {
				break
			}
		}
		cancel()
		begin := time.Now()
		l.Observe(Medium, &Rate{Status: 429})
		b.ReportMetric(float64(time.Since(begin).Microseconds()), "µs/observe")
		left.Wait()
	}
}
