package zoom_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

var limiterCalls = flag.Int("limiter.calls", 10_000, "requests of each class and plan that a limiter is asked for")

var allClasses = []zoom.RateClass{zoom.ClassLight, zoom.ClassMedium, zoom.ClassHeavy, zoom.ClassResourceIntensive}

// published are Zoom's limits: requests within a second, or a minute for
// resource-intensive ones, and within a day.
var published = map[zoom.Plan]map[zoom.RateClass][2]int{
	zoom.PlanFree:     {zoom.ClassLight: {4, 6000}, zoom.ClassMedium: {2, 2000}, zoom.ClassHeavy: {1, 1000}, zoom.ClassResourceIntensive: {10, 30_000}},
	zoom.PlanPro:      {zoom.ClassLight: {30, 0}, zoom.ClassMedium: {20, 0}, zoom.ClassHeavy: {10, 30_000}, zoom.ClassResourceIntensive: {10, 30_000}},
	zoom.PlanBusiness: {zoom.ClassLight: {80, 0}, zoom.ClassMedium: {60, 0}, zoom.ClassHeavy: {40, 60_000}, zoom.ClassResourceIntensive: {20, 60_000}},
}

func windowOf(class zoom.RateClass) time.Duration {
	if class == zoom.ClassResourceIntensive {
		return time.Minute
	}
	return time.Second
}

// mostWithin is the largest number of moments in a window of the length, both
// ends included.
func mostWithin(at []time.Time, length time.Duration) (most int) {
	first := 0
	for i := range at {
		for at[i].Sub(at[first]) > length {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func waits(t *testing.T, l zoom.Limiter, class zoom.RateClass, n int) []time.Time {
	t.Helper()
	at := make([]time.Time, 0, n)
	for range n {
		require.NoError(t, l.Wait(t.Context(), class))
		at = append(at, time.Now())
	}
	return at
}

// Many requests of each class of each plan: no window ever holds more than the limit, and
// the limiter uses nearly all of it.
func TestFaultRL15NoWindowAboveTheLimit(t *testing.T) {
	for plan, classes := range published {
		for class, limit := range classes {
			t.Run(fmt.Sprint(plan, class), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l := zoom.NewLocalLimiter(plan, zoom.LimitPerDay(class, 0))
					at := waits(t, l, class, *limiterCalls)
					window := windowOf(class)
					assert.LessOrEqual(t, mostWithin(at, window-time.Nanosecond), limit[0])
					least := 0.89 * float64(limit[0])
					took := at[len(at)-1].Sub(at[0])
					assert.GreaterOrEqual(t, float64(len(at))*float64(window)/float64(took), least, "not slower than needed")
				})
			})
		}
	}
}

// The same while Zoom refuses 30 % of them: the rate falls, and no window makes up for
// it.
func TestFaultRL15NoWindowAboveTheLimitUnder429s(t *testing.T) {
	for plan, classes := range published {
		for class, limit := range classes {
			t.Run(fmt.Sprint(plan, class), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					calls := *limiterCalls
					l := zoom.NewLocalLimiter(plan, zoom.LimitPerDay(class, 0))
					random := rand.New(rand.NewPCG(uint64(plan), uint64(class)))
					at, refused := make([]time.Time, 0, calls), 0
					for range calls {
						at = append(at, waits(t, l, class, 1)...)
						said := zoom.RateLimit{Status: http.StatusOK}
						if random.Float64() < 0.3 {
							said.Status, said.Message = http.StatusTooManyRequests, perSecond429
							refused++
						}
						l.Observe(t.Context(), class, said)
					}
					assert.InDelta(t, 0.3*float64(calls), refused, 0.02*float64(calls))
					assert.LessOrEqual(t, mostWithin(at, windowOf(class)-time.Nanosecond), limit[0])
					full := time.Duration(float64(calls) / l.Stats()[class].Full * float64(time.Second))
					assert.Greater(t, at[calls-1].Sub(at[0]), full*5/4, "the rate falls")
				})
			})
		}
	}
}

// Processes that split an account by shares do not break its limit together.
func TestFaultRL15SharesTogether(t *testing.T) {
	for _, c := range []struct {
		plan   zoom.Plan
		class  zoom.RateClass
		shares []float64
	}{
		{zoom.PlanPro, zoom.ClassHeavy, []float64{0.25, 0.25, 0.25, 0.25}},
		{zoom.PlanPro, zoom.ClassMedium, []float64{0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125}},
		{zoom.PlanPro, zoom.ClassLight, []float64{0.7, 0.3}},
		{zoom.PlanFree, zoom.ClassLight, []float64{0.6, 0.4}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			for _, share := range c.shares {
				begin := time.Now()
				l := zoom.NewLocalLimiter(c.plan, zoom.LimitShare(share), zoom.LimitPerDay(c.class, 0))
				for _, left := range waits(t, l, c.class, 200) {
					at = append(at, time.Time{}.Add(left.Sub(begin)))
				}
			}
			slices.SortFunc(at, time.Time.Compare)
			assert.LessOrEqual(t, mostWithin(at, time.Second-1), published[c.plan][c.class][0], "%v %v", c.class, c.shares)
		})
	}
}

// Pauses save up nothing.
func TestFaultRL15NoBurstAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		var at []time.Time
		for range 50 {
			at = append(at, waits(t, l, zoom.ClassMedium, 30)...)
			time.Sleep(1300 * time.Millisecond)
		}
		assert.LessOrEqual(t, mostWithin(at, time.Second), 20)
	})
}

func TestFaultRL15ManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		sent := make(chan time.Time, 1000)
		for i := range 1000 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*100*time.Millisecond)
				defer cancel()
				if i%3 == 0 { // some leave while they wait
					time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
				}
				if l.Wait(ctx, zoom.ClassMedium) == nil {
					sent <- time.Now()
				}
			}()
		}
		synctest.Wait()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		close(sent)
		var at []time.Time
		for moment := range sent {
			at = append(at, moment)
		}
		assert.Greater(t, len(at), 300, "who leaves makes room")
		assert.LessOrEqual(t, mostWithin(at, time.Second), 20)
	})
}

func TestLimitShareAndRate(t *testing.T) {
	full := func(l *zoom.LocalLimiter, class zoom.RateClass) zoom.LimiterStats {
		for _, s := range l.Stats() {
			if s.Class == class {
				return s
			}
		}
		return zoom.LimiterStats{}
	}
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitShare(0.5))
		assert.InDelta(t, 9, full(l, zoom.ClassMedium).Full, 1e-9)
		assert.Equal(t, 15_000, full(l, zoom.ClassHeavy).PerDay)
		assert.LessOrEqual(t, mostWithin(waits(t, l, zoom.ClassMedium, 1000), time.Second), 10)
		l = zoom.NewLocalLimiter(zoom.PlanFree, zoom.LimitRate(zoom.ClassHeavy, 50), zoom.LimitPerDay(zoom.ClassHeavy, 7), zoom.LimitShare(0.5))
		assert.InDelta(t, 50*0.95*0.5, full(l, zoom.ClassHeavy).Full, 1e-9)
		assert.Equal(t, 3, full(l, zoom.ClassHeavy).PerDay)
		l = zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitPerDay(zoom.ClassLight, 1), zoom.LimitShare(0.1))
		assert.Equal(t, 1, full(l, zoom.ClassLight).PerDay, "a budget never becomes none")
	})
}

func TestFaultRL18BadOptions(t *testing.T) {
	for name, opt := range map[string]zoom.LimiterOption{
		"share 0": zoom.LimitShare(0), "share -1": zoom.LimitShare(-1), "share 1.1": zoom.LimitShare(1.1), "share NaN": zoom.LimitShare(math.NaN()),
		"rate 0": zoom.LimitRate(zoom.ClassLight, 0), "rate -1": zoom.LimitRate(zoom.ClassLight, -1), "rate NaN": zoom.LimitRate(zoom.ClassLight, math.NaN()),
		"rate Inf": zoom.LimitRate(zoom.ClassLight, math.Inf(1)), "rate of no class": zoom.LimitRate(9, 1), "rate of a negative class": zoom.LimitRate(-1, 1),
		"day -1": zoom.LimitPerDay(zoom.ClassLight, -1), "day of no class": zoom.LimitPerDay(4, 1),
	} {
		l := zoom.NewLocalLimiter(zoom.PlanPro, nil, opt)
		require.ErrorIs(t, l.Wait(t.Context(), zoom.ClassLight), zoom.ErrInvalidArgument, name)
		assert.Nil(t, l.Stats())
		l.Observe(t.Context(), zoom.ClassLight, zoom.RateLimit{Status: 429}) // no panic
		_, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithLimiter(l))
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	for name, l := range map[string]*zoom.LocalLimiter{"zero": new(zoom.LocalLimiter), "nil": nil} {
		require.ErrorIs(t, l.Wait(t.Context(), zoom.ClassLight), zoom.ErrInvalidArgument, name)
		assert.Nil(t, l.Stats())
		l.Observe(t.Context(), zoom.ClassLight, zoom.RateLimit{Status: 429})
		_, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithLimiter(l))
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	l := zoom.NewLocalLimiter(zoom.PlanPro)
	for _, class := range []zoom.RateClass{-1, 4} {
		require.ErrorIs(t, l.Wait(t.Context(), class), zoom.ErrInvalidArgument)
		l.Observe(t.Context(), class, zoom.RateLimit{Status: 429})
		assert.Equal(t, "unknown", class.String())
	}
	assert.Equal(t, "light medium heavy resource-intensive", fmt.Sprint(allClasses[0], " ", allClasses[1], " ", allClasses[2], " ", allClasses[3]))
}

func TestFaultRL17WaitBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanFree)
		tp := newTape(ok(`{"users":[]}`))
		c := tp.client(t, zoom.WithLimiter(l))
		waits(t, l, zoom.ClassMedium, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := c.Users.List(nil).Page(ctx, "")
		require.ErrorIs(t, err, zoom.ErrRateLimited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, time.Since(start), "at once")
		assert.Empty(t, tp.requests())
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, start.Add(time.Second*10/18).Truncate(time.Millisecond), e.RetryAt.Truncate(time.Millisecond))
		// The turn that was not taken is there for somebody else.
		waits(t, l, zoom.ClassMedium, 1)
		assert.InDelta(t, 10.0/18, time.Since(start).Seconds(), 1e-6)
	})
}

func TestLimiterGivesACancelledTurnBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassHeavy, 0.1))
		waits(t, l, zoom.ClassHeavy, 1)
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.ErrorIs(t, l.Wait(ctx, zoom.ClassHeavy), context.Canceled)
		assert.Equal(t, time.Second, time.Since(start))
		waits(t, l, zoom.ClassHeavy, 1)
		assert.InDelta(t, 1/0.09, time.Since(start).Seconds(), 1e-6)
		assert.Equal(t, 2, l.Stats()[zoom.ClassHeavy].UsedToday, "nor does it count for the day")
		require.ErrorIs(t, l.Wait(ctx, zoom.ClassHeavy), context.Canceled, "a context that is done takes no turn")
		assert.Equal(t, 2, l.Stats()[zoom.ClassHeavy].UsedToday)
	})
}

func TestUnlimited(t *testing.T) {
	l := zoom.Unlimited()
	require.NoError(t, l.Wait(t.Context(), zoom.ClassHeavy))
	l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: http.StatusTooManyRequests})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Wait(ctx, zoom.ClassHeavy), context.Canceled)
}

// Every attempt takes a turn, those of a 429 included.
func TestFaultRL16EveryAttemptTakesATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		tp := newTape(answer{status: 429, header: map[string]string{"Retry-After": "0"}})
		_, err := tp.client(t, zoom.WithLimiter(l)).Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrRateLimited)
		require.NotErrorIs(t, err, zoom.ErrDailyLimit)
		assert.Len(t, tp.requests(), 5)
		assert.Equal(t, 5, l.Stats()[zoom.ClassLight].UsedToday)
	})
}
