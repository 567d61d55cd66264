package pace

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
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

// Exits hold up nobody who leaves at its turn: whatever the limit, the pace has room.
func TestExitsDoNotHoldUpTurns(t *testing.T) {
	for _, limit := range []float64{1.0 / 6, 1.0 / 3, 0.5, 1, 2, 3.5, 4, 10, 15.7, 20, 30, 40, 60, 80, 999, 5000} {
		for _, share := range []float64{0.9, 0.95, 0.5} {
			x, now := newExits(limit, limit*share), time.Unix(0, 0)
			for i := range 3000 {
				if at := x.leave(&exit{}, now); !at.Equal(now) {
					t.Fatalf("limit %v at %v: turn %d is held up for %s", limit, share, i, at.Sub(now))
				}
				now = now.Add(timeOf(1, limit*share))
			}
			assert.LessOrEqual(t, len(x.latest), 2*x.limit+1, "what is long past is forgotten")
		}
	}
}

// However requests are held back, no window has more exits than the limit.
func TestExitsOfACrowd(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 24))
		const limit = 30
		x, now := newExits(limit, 27), time.Unix(0, 0)
		all := make([]*exit, 400)
		for i := range all {
			all[i] = &exit{}
			x.leave(all[i], now)
			now = now.Add(time.Duration(random.IntN(80)) * time.Millisecond)
			if random.IntN(20) == 0 { // a crowd of those who were held back
				for _, e := range all[max(0, i-100) : i+1] {
					if e.at.Before(now) && random.IntN(2) == 0 {
						x.leave(e, now)
					}
				}
			}
		}
		var at []time.Time
		for _, e := range all {
			at = append(at, e.at)
		}
		slices.SortFunc(at, time.Time.Compare)
		for i := limit; i < len(at); i++ {
			require.GreaterOrEqual(t, at[i].Sub(at[i-limit]), time.Second, "seed %d", seed)
		}
	}
}

// A waiter that wakes up late costs the next one nothing, and no window gets more than
// the limit.
func TestLateWakersCostNoThroughput(t *testing.T) {
	for _, tc := range []struct{ limit, share float64 }{{30, 0.9}, {20, 0.9}, {10, 0.9}, {4, 0.9}, {1, 0.9}, {80, 0.95}, {60, 0.95}, {40, 0.95}} {
		for _, late := range []time.Duration{0, 2 * time.Millisecond, 9 * time.Millisecond, 200 * time.Millisecond} {
			random := rand.New(rand.NewPCG(uint64(tc.limit), 7))
			turns, now := newTurns(tc.limit*tc.share, tc.limit), time.Unix(1000, 0)
			const n = 5000
			at := make([]time.Time, n)
			for i := range at {
				_, next := turns.reserve(now)
				now = later(now, next).Add(time.Duration(random.Int64N(int64(late) + 1)))
				turns.take(now)
				at[i] = now
			}
			for i := int(tc.limit); i < n; i++ {
				require.GreaterOrEqual(t, at[i].Sub(at[i-int(tc.limit)]), time.Second, "limit %v, late by %s", tc.limit, late)
			}
			if late < mostLate {
				assert.GreaterOrEqual(t, n/at[n-1].Sub(at[0]).Seconds(), 0.99*tc.limit*tc.share, "limit %v, late by %s", tc.limit, late)
			}
		}
	}
}

// A gate that shuts ends the waits behind it at once, however far off their turn is, and no
// other ones.
func TestShutGateEndsWaitsAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		observed Class
		rate     Rate
		ends     bool
	}{
		"daily 429":             {ResourceIntensive, Rate{Status: 429, Type: "Daily-limit"}, true},
		"daily 429, same gate":  {Heavy, Rate{Status: 429, Type: "Daily-limit"}, true},
		"spent on a success":    {Heavy, Rate{Status: 200, Type: "Daily-limit", HasRemaining: true}, true},
		"daily 429, other gate": {Light, Rate{Status: 429, Type: "Daily-limit"}, false},
		"429 of a second":       {ResourceIntensive, Rate{Status: 429, Type: "QPS"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c Config
				for class := range c.PerSecond {
					c.PerSecond[class] = 1.0 / 60
				}
				l := New(c)
				_, err := l.Wait(t.Context(), ResourceIntensive)
				require.NoError(t, err)
				begin := time.Now()
				took, errs := make([]time.Duration, 3), make([]error, 3)
				var callers sync.WaitGroup
				for i := range errs {
					callers.Go(func() {
						_, errs[i] = l.Wait(t.Context(), ResourceIntensive)
						took[i] = time.Since(begin)
					})
				}
				synctest.Wait()
				l.Observe(tc.observed, &tc.rate)
				callers.Wait()
				for i, err := range errs {
					if tc.ends {
						require.ErrorIs(t, err, ErrDay)
						require.Zero(t, took[i])
					} else {
						require.NoError(t, err)
						require.GreaterOrEqual(t, took[i], time.Minute)
					}
				}
			})
		})
	}
}
