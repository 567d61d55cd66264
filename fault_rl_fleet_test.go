package zoom_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// What several clients, or a long time, make of the limits.
func TestFaultRateLimitsOverTime(t *testing.T) {
	runFaults(t, []fault{
		{"RL15_no_window_above_the_limit", inBubble(noWindowAbove)},
		{"RL19_remaining_zero_shuts_the_gate", inBubble(remainingZero)},
		{"RL19_one_warning_at_five_percent", inBubble(oneWarning)},
		{"RL22_fleet_comes_back_over_a_minute", inBubble(fleetComesBack)},
		{"RL23_server_admits_a_fifth", inBubble(serverAdmitsAFifth)},
		{"RL23_server_admits_nothing", inBubble(serverAdmitsNothing)},
	})
}

func noWindowAbove(t *testing.T) {
	const limit, calls = 20, 2000
	tp := newTape(ok(`{"total_users_count":1}`))
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro))) // medium: 20/s
	for range 8 {
		go func() {
			for range calls / 8 {
				_, err := c.Users.Summary(t.Context())
				assert.NoError(t, err)
			}
		}()
	}
	begin := time.Now()
	time.Sleep(10 * time.Minute)
	requests := tp.requests()
	require.Len(t, requests, calls)
	assert.LessOrEqual(t, busiest(requests, time.Second), limit)
	assert.Less(t, requests[calls-1].at.Sub(begin), calls*time.Second/(limit*85/100), "and the limit is used")
}

func remainingZero(t *testing.T) {
	date := time.Now().UTC().Add(time.Hour)
	tp := newTape(answer{status: http.StatusOK, body: `{"total_users_count":1}`, header: map[string]string{
		"X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "30000", "X-RateLimit-Remaining": "0", "Date": date.Format(http.TimeFormat),
	}})
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
	_, err := c.Users.Summary(t.Context())
	require.NoError(t, err)
	_, err = c.Users.Summary(t.Context())
	require.ErrorIs(t, err, zoom.ErrDailyLimit)
	e := asError(t, err)
	assert.Len(t, tp.requests(), 1)
	assert.Zero(t, e.Attempts)
	opens := time.Now().Add(nextMidnight(date).Sub(date)) // by the server's clock
	assert.False(t, e.RetryAt.Before(opens))
	assert.True(t, e.RetryAt.Before(opens.Add(time.Minute)))

	tp = newTape(answer{status: http.StatusOK, body: `{"total_users_count":1}`, header: map[string]string{
		"X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0",
	}})
	c = tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
	for range 3 {
		_, err = c.Users.Summary(t.Context())
		require.NoError(t, err, "the last request of a second is not the last of the day")
	}
}

func oneWarning(t *testing.T) {
	var remaining atomic.Int64
	tp := newTape(answer{do: func(*http.Request) answer {
		return answer{status: http.StatusOK, body: `{"total_users_count":1}`, header: map[string]string{
			"X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "1000", "Date": time.Now().UTC().Format(http.TimeFormat),
			"X-RateLimit-Remaining": strconv.FormatInt(remaining.Add(-1), 10),
		}}
	}})
	var told []zoom.BudgetInfo
	log := &lines{}
	c := tp.client(t, zoom.WithLogger(log.logger()), zoom.WithTrace(&zoom.Trace{
		Budget: func(_ context.Context, b zoom.BudgetInfo) { told = append(told, b) },
	}))
	for _, day := range []string{"first", "second"} {
		told = nil
		remaining.Store(60)
		for range 40 {
			_, err := c.Users.Summary(t.Context())
			require.NoError(t, err)
		}
		require.Len(t, told, 1, "%s day", day)
		assert.Equal(t, zoom.BudgetInfo{Class: zoom.ClassMedium, Remaining: 50, Limit: 1000}, told[0])
		time.Sleep(24 * time.Hour)
	}
	assert.Equal(t, 2, log.count("zoom: daily budget nearly spent"))
}

func fleetComesBack(t *testing.T) {
	const processes = 100
	midnight := nextMidnight(time.Now())
	time.Sleep(20 * time.Hour)
	tp := newTape(answer{do: func(*http.Request) answer {
		if time.Now().Before(midnight) {
			return tooMany(perDay, captured(midnight))
		}
		return ok(`{"total_users_count":1}`)
	}})
	seeded := rand.New(rand.NewPCG(1, 2))
	for range processes {
		limiter := zoom.NewLocalLimiter(zoom.PlanPro)
		drawn := opensAfterMidnight(t, limiter)
		assert.GreaterOrEqual(t, drawn, time.Duration(0))
		assert.Less(t, drawn, time.Minute)

		limiter = zoom.NewLocalLimiter(zoom.PlanPro)
		jitter := time.Duration(seeded.Int64N(int64(time.Minute)))
		zoom.SetResumeJitter(limiter, jitter)
		c := tp.client(t, zoom.WithLimiter(limiter))
		go func() {
			for range 2 {
				_, err := c.Users.Summary(t.Context())
				assert.ErrorIs(t, err, zoom.ErrDailyLimit)
				assert.Equal(t, midnight.Add(jitter), asError(t, err).RetryAt.UTC(), "the moment when this process goes on")
			}
			time.Sleep(time.Until(midnight.Add(jitter)))
			_, err := c.Users.Summary(t.Context())
			assert.NoError(t, err)
		}()
	}
	time.Sleep(5 * time.Hour)
	requests := tp.requests()
	require.Len(t, requests, 2*processes)
	assert.True(t, requests[processes-1].at.Before(midnight))
	assert.LessOrEqual(t, busiest(requests[processes:], time.Second), 10)
}

// opensAfterMidnight tells how long after midnight a limiter's gate opens.
func opensAfterMidnight(t *testing.T, l *zoom.LocalLimiter) time.Duration {
	t.Helper()
	l.Observe(t.Context(), zoom.ClassMedium, zoom.RateLimit{Status: http.StatusTooManyRequests, Type: "Daily-limit"})
	err := l.Wait(t.Context(), zoom.ClassMedium)
	return asError(t, err).RetryAt.Sub(nextMidnight(time.Now()))
}

func serverAdmitsAFifth(t *testing.T) {
	const admitted = 4 // a second, of a limit of 20
	var successes atomic.Int64
	var mu sync.Mutex
	var window []time.Time
	tp := newTape(answer{do: func(*http.Request) answer {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		for len(window) > 0 && now.Sub(window[0]) >= time.Second {
			window = window[1:]
		}
		if len(window) >= admitted {
			return tooMany(perSecond, nil)
		}
		window = append(window, now)
		return ok(`{"total_users_count":1}`)
	}})
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
	end := time.Now().Add(10 * time.Minute)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for time.Now().Before(end) {
				if _, err := c.Users.Summary(t.Context()); err == nil {
					successes.Add(1)
				}
			}
		})
	}
	workers.Wait()
	requests := int64(len(tp.requests()))
	assert.LessOrEqual(t, requests, 2*successes.Load())
	assert.Greater(t, successes.Load(), int64(600), "at least one a second gets through")
}

func serverAdmitsNothing(t *testing.T) {
	tp := newTape(tooMany(perSecond, nil))
	limiter := zoom.NewLocalLimiter(zoom.PlanPro)
	c := tp.client(t, zoom.WithLimiter(limiter))
	end := time.Now().Add(10 * time.Minute)
	for time.Now().Before(end) {
		_, err := c.Users.Summary(t.Context())
		require.ErrorIs(t, err, zoom.ErrRateLimited)
		assert.GreaterOrEqual(t, limiter.Stats()[zoom.ClassMedium].PerSecond, 0.1)
	}
	requests := tp.requests()
	assert.GreaterOrEqual(t, len(requests), 60, "never below one in ten seconds")
	assert.Less(t, len(requests), 1500, "and never spins")
}
