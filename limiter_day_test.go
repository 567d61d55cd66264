package zoom_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// The clock of a bubble begins at midnight UTC.

const (
	perSecond429  = "You have reached the maximum per-second rate limit for this API. Try again later."
	daily429      = "You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."
	perUser429    = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00."
	concurrent429 = "Too many concurrent requests. A request to disassociate this user has already been made."
)

func unhurried(class zoom.RateClass) zoom.LimiterOption { return zoom.LimitRate(class, 1e6) }

func midnight(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour) }

// isDailyLimit checks the error of a shut gate and returns when it opens.
func isDailyLimit(t *testing.T, err error) time.Time {
	t.Helper()
	require.ErrorIs(t, err, zoom.ErrDailyLimit)
	var e *zoom.Error
	require.ErrorAs(t, err, &e)
	return e.RetryAt
}

func TestLimiterDayBudgets(t *testing.T) {
	for plan, classes := range published {
		for class, limit := range classes {
			if limit[1] == 0 {
				continue
			}
			t.Run(fmt.Sprint(plan, class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := zoom.NewLocalLimiter(plan, unhurried(class))
					waits(t, l, class, limit[1])
					opens := isDailyLimit(t, l.Wait(t.Context(), class))
					assert.False(t, opens.Before(midnight(time.Now())))
					assert.Less(t, opens.Sub(midnight(time.Now())), time.Minute, "jitter")
					time.Sleep(time.Until(opens))
					require.NoError(t, l.Wait(t.Context(), class), "RetryAt is when this process goes on")
					assert.Equal(t, 1, l.Stats()[class].UsedToday)
				})
			})
		}
	}
}

func TestLimiterSharedBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro, unhurried(zoom.ClassHeavy), unhurried(zoom.ClassResourceIntensive), zoom.LimitPerDay(zoom.ClassResourceIntensive, 10))
		waits(t, l, zoom.ClassHeavy, 6)
		waits(t, l, zoom.ClassResourceIntensive, 4)
		isDailyLimit(t, l.Wait(t.Context(), zoom.ClassHeavy))
		isDailyLimit(t, l.Wait(t.Context(), zoom.ClassResourceIntensive))
		waits(t, l, zoom.ClassLight, 1)
	})
	synctest.Test(t, func(t *testing.T) { // on a Free account each class has its own
		l := zoom.NewLocalLimiter(zoom.PlanFree, unhurried(zoom.ClassHeavy), zoom.LimitPerDay(zoom.ClassHeavy, 3))
		waits(t, l, zoom.ClassHeavy, 3)
		isDailyLimit(t, l.Wait(t.Context(), zoom.ClassHeavy))
		waits(t, l, zoom.ClassResourceIntensive, 1)
		assert.Equal(t, 30_000, l.Stats()[zoom.ClassResourceIntensive].PerDay)
	})
}

// A request counts for the day on which it is sent, also when it began to wait
// for its turn the day before.
func TestLimiterCountsOnTheDayOfSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const budget = 20
		l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassHeavy, 1), zoom.LimitPerDay(zoom.ClassHeavy, budget))
		day := midnight(time.Now())
		time.Sleep(time.Until(day.Add(-10 * time.Second)))
		var mu sync.Mutex
		sent := map[bool]int{}
		for range budget + 5 {
			go func() {
				if l.Wait(t.Context(), zoom.ClassHeavy) == nil {
					mu.Lock()
					defer mu.Unlock()
					sent[time.Now().Before(day)]++
				}
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.GreaterOrEqual(t, sent[true], 9)
		for range budget {
			if l.Wait(t.Context(), zoom.ClassHeavy) == nil {
				sent[false]++
			}
		}
		assert.Equal(t, budget, sent[false], "the new day has its budget and no more")
	})
}

func TestFaultRL01DailyLimitShutsTheGate(t *testing.T) {
	for _, from := range []zoom.RateClass{zoom.ClassHeavy, zoom.ClassResourceIntensive} {
		synctest.Test(t, func(t *testing.T) {
			l := zoom.NewLocalLimiter(zoom.PlanPro)
			reset := time.Now().Add(6 * time.Hour).UTC()
			l.Observe(t.Context(), from, zoom.RateLimit{Status: 429, Type: "Daily-limit", Message: daily429, RetryAt: reset})
			for _, class := range []zoom.RateClass{zoom.ClassHeavy, zoom.ClassResourceIntensive} {
				start := time.Now()
				opens := isDailyLimit(t, l.Wait(t.Context(), class))
				assert.Zero(t, time.Since(start), "at once")
				assert.False(t, opens.Before(reset))
				assert.Less(t, opens.Sub(reset), time.Minute)
				assert.Equal(t, opens, l.Stats()[class].ShutUntil)
			}
			waits(t, l, zoom.ClassLight, 1)
			waits(t, l, zoom.ClassMedium, 1)
			time.Sleep(7 * time.Hour)
			waits(t, l, from, 1)
			assert.Zero(t, l.Stats()[from].ShutUntil)
		})
	}
}

func TestFaultRL01OnTheRoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reset := midnight(time.Now())
		tp := newTape(answer{status: 429, body: `{"code":429,"message":"` + daily429 + `"}`, delay: time.Second, header: map[string]string{
			"X-RateLimit-Type": "Daily-limit", "X-RateLimit-Category": "Heavy", "Retry-After": reset.Format(time.RFC3339),
		}})
		c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanBusiness)))
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				_, err := c.Reports.SignIns(nil).Page(t.Context(), "")
				assert.ErrorIs(t, err, zoom.ErrDailyLimit)
				var e *zoom.Error
				if assert.ErrorAs(t, err, &e) {
					assert.False(t, e.RetryAt.Before(reset))
					assert.LessOrEqual(t, e.Attempts, 1)
				}
			})
		}
		group.Wait()
		assert.LessOrEqual(t, len(tp.requests()), 50)
		sent := len(tp.requests())
		_, err := c.Reports.Participants("1", nil).Page(t.Context(), "")
		require.ErrorIs(t, err, zoom.ErrDailyLimit)
		assert.Len(t, tp.requests(), sent, "the gate is shut for the whole class")
	})
}

func TestFaultRL19SpentBudgetOfASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: 200, Type: "QPS", HasRemaining: true})
		l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: 200, HasRemaining: true})
		l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: 200, Type: "Daily-limit"})
		waits(t, l, zoom.ClassHeavy, 1)
		l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: 200, Type: "Daily-limit", HasRemaining: true})
		opens := isDailyLimit(t, l.Wait(t.Context(), zoom.ClassHeavy))
		assert.Less(t, opens.Sub(midnight(time.Now())), time.Minute)
		assert.False(t, opens.Before(midnight(time.Now())))
	})
}

// The gate closes on those who wait already.
func TestGateClosesOnWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassHeavy, 0.1))
		waits(t, l, zoom.ClassHeavy, 1)
		time.AfterFunc(time.Second, func() {
			l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: 429, Type: "Daily-limit"})
		})
		isDailyLimit(t, l.Wait(t.Context(), zoom.ClassHeavy))
		assert.Equal(t, 1, l.Stats()[zoom.ClassHeavy].UsedToday)
	})
}

func TestFaultRL03RateIsHalvedAndRecovers(t *testing.T) {
	now := func(l *zoom.LocalLimiter) float64 { return l.Stats()[zoom.ClassMedium].PerSecond }
	slow := zoom.RateLimit{Status: http.StatusTooManyRequests, Message: perSecond429}
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		assert.InDelta(t, 18, now(l), 1e-9)
		l.Observe(t.Context(), zoom.ClassMedium, slow)
		assert.InDelta(t, 9, now(l), 1e-9)
		l.Observe(t.Context(), zoom.ClassMedium, slow)
		assert.InDelta(t, 9, now(l), 1e-9, "429s of one second count once")
		assert.InDelta(t, 27, l.Stats()[zoom.ClassLight].PerSecond, 1e-9, "other classes keep their rate")
		time.Sleep(10 * time.Second)
		assert.InDelta(t, 10.8, now(l), 1e-9)
		time.Sleep(25 * time.Second)
		assert.InDelta(t, 14.4, now(l), 1e-9)
		time.Sleep(time.Minute)
		assert.InDelta(t, 18, now(l), 1e-9)
		for range 20 {
			l.Observe(t.Context(), zoom.ClassMedium, slow)
			time.Sleep(time.Second)
		}
		assert.GreaterOrEqual(t, now(l), 0.1, "never below one in ten seconds")
		for _, r := range []zoom.RateLimit{{Status: 429, Message: perUser429}, {Status: 429, Message: concurrent429}, {Status: 503}, {Status: 200}} {
			l = zoom.NewLocalLimiter(zoom.PlanPro)
			l.Observe(t.Context(), zoom.ClassMedium, r)
			assert.InDelta(t, 18, now(l), 1e-9, "%+v", r)
			assert.Zero(t, l.Stats()[zoom.ClassMedium].ShutUntil)
			require.NoError(t, l.Wait(t.Context(), zoom.ClassMedium))
		}
	})
}

// A 429 slows those who wait already, and what they were promised before does not
// come on top when the rate is back.
func TestFaultRL03WaitersFeelTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		var mu sync.Mutex
		var at []time.Time
		for range 1000 {
			go func() {
				if l.Wait(t.Context(), zoom.ClassMedium) == nil {
					mu.Lock()
					defer mu.Unlock()
					at = append(at, time.Now())
				}
			}()
		}
		time.Sleep(time.Second)
		start := time.Now()
		l.Observe(t.Context(), zoom.ClassMedium, zoom.RateLimit{Status: 429})
		time.Sleep(9 * time.Second)
		mu.Lock()
		felt := 0
		for _, moment := range at {
			if moment.After(start) {
				felt++
			}
		}
		mu.Unlock()
		assert.InDelta(t, 81, felt, 2, "nine seconds at half of 18 a second")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		assert.Len(t, at, 1000)
		assert.LessOrEqual(t, mostWithin(at, time.Second), 20)
	})
}

func TestFaultRL23NeverSpins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Another app leaves us a fifth of the medium limit: four a second.
		var admitted []time.Time
		tp := newTape(answer{do: func(*http.Request) answer {
			now := time.Now()
			for len(admitted) > 0 && now.Sub(admitted[0]) >= time.Second {
				admitted = admitted[1:]
			}
			if len(admitted) >= 4 {
				return answer{status: 429, body: `{"code":429,"message":"` + perSecond429 + `"}`}
			}
			admitted = append(admitted, now)
			return ok(`{"users":[]}`)
		}})
		c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
		success, end := 0, time.Now().Add(10*time.Minute)
		for time.Now().Before(end) {
			_, err := c.Users.List(nil).Page(t.Context(), "")
			if err == nil {
				success++
			} else {
				require.ErrorIs(t, err, zoom.ErrRateLimited)
			}
		}
		assert.Greater(t, success, 600)
		assert.LessOrEqual(t, len(tp.requests()), 2*success)
	})
}

func TestFaultRL22JitterAfterMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shut := zoom.RateLimit{Status: 429, Type: "Daily-limit"}
		inSecond := map[int64]int{}
		for range 100 {
			l := zoom.NewLocalLimiter(zoom.PlanPro)
			l.Observe(t.Context(), zoom.ClassHeavy, shut)
			late := isDailyLimit(t, l.Wait(t.Context(), zoom.ClassHeavy)).Sub(midnight(time.Now()))
			require.GreaterOrEqual(t, late, time.Duration(0))
			require.Less(t, late, time.Minute)
			inSecond[int64(late/time.Second)]++
		}
		for second, n := range inSecond {
			assert.LessOrEqual(t, n, 12, "second %d", second)
		}
	})
}

// A wrong clock of ours does not move the moment when the server's day ends.
func TestFaultRL13GateByTheServersClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		date := time.Now().Add(3 * time.Hour)
		l.Observe(t.Context(), zoom.ClassHeavy, zoom.RateLimit{Status: 429, Type: "Daily-limit", Date: date})
		opens := isDailyLimit(t, l.Wait(t.Context(), zoom.ClassHeavy))
		late := time.Until(opens) - midnight(date).Sub(date)
		assert.GreaterOrEqual(t, late, time.Duration(0), "the server's midnight, and the jitter")
		assert.Less(t, late, time.Minute)
	})
}

func TestLimiterStatsPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro)
		waits(t, l, zoom.ClassHeavy, 2)
		stats := l.Stats()
		require.Len(t, stats, 4)
		assert.Equal(t, "heavy: 9.00 of 9.00/s, 2 of 30000 today", stats[zoom.ClassHeavy].String())
		for i, s := range stats {
			assert.Equal(t, zoom.RateClass(i), s.Class)
		}
	})
}
