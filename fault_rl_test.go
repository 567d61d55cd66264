package zoom_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestFaultRateLimits(t *testing.T) {
	runFaults(t, []fault{
		{"RL01_daily_iso_retry_after", inBubble(dailyShutsTheGate)},
		{"RL01_listing_resumes_from_the_same_page", inBubble(dailyInMidList)},
		{"RL02_daily_by_words_of_one_user", inBubble(dailyOfOneUser)},
		{"RL02_daily_by_words_of_the_account", inBubble(dailyByWords)},
		{"RL03_per_second_without_header", inBubble(perSecondBacksOff)},
		{"RL13_skewed_clock", inBubble(skewedClock)},
		{"RL14_concurrent_read", inBubble(concurrentRead)},
		{"RL14_concurrent_write", inBubble(concurrentWrite)},
		{"RL16_each_try_takes_a_turn", inBubble(eachTryTakesATurn)},
		{"RL17_turn_beyond_the_deadline", inBubble(turnBeyondTheDeadline)},
		{"RL18_limits_of_zero", limitsOfZero},
		{"RL20_headers_of_nonsense", inBubble(headersOfNonsense)},
		{"RL21_retry_budget", inBubble(retryBudget)},
	})
}

// captured are the headers of a daily limit as Zoom documents them.
func captured(until time.Time) map[string]string {
	return map[string]string{
		"X-RateLimit-Category": "Medium", "X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "30000",
		"X-RateLimit-Remaining": "0", "Retry-After": until.UTC().Format(time.RFC3339),
	}
}

func nextMidnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour) }

func dailyShutsTheGate(t *testing.T) {
	midnight := nextMidnight(time.Now())
	tp := newTape(tooMany(perDay, captured(midnight)))
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanBusiness)))
	begin := time.Now()
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			_, err := c.Users.Summary(t.Context())
			if !assert.ErrorIs(t, err, zoom.ErrDailyLimit) {
				return
			}
			e := asError(t, err)
			assert.LessOrEqual(t, e.Attempts, 1)
			assert.False(t, e.RetryAt.Before(midnight), "RetryAt is %s", e.RetryAt)
			assert.True(t, e.RetryAt.Before(midnight.Add(time.Minute)), "RetryAt is %s", e.RetryAt)
		})
	}
	calls.Wait()
	assert.Len(t, tp.requests(), 1, "the others wait for their turn and find the gate shut")
	assert.Less(t, time.Since(begin), time.Second)

	_, err := tp.client(t).Users.Summary(t.Context())
	assert.Equal(t, midnight, asError(t, err).RetryAt, "without a gate it is what the server says")

	tp.answers = []answer{ok(userJSON("u1", "active"))}
	_, err = c.Users.Get(t.Context(), "u1")
	require.NoError(t, err, "the gate of another class is open")
}

func dailyInMidList(t *testing.T) {
	midnight := nextMidnight(time.Now())
	tp := newTape(
		ok(activePage(secretPage, "u1", "u2")),
		tooMany(perDay, captured(midnight)),
		ok(activePage("", "u3")),
	)
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
	list := c.Users.List(nil)
	ids, err := collect(t, list)
	require.ErrorIs(t, err, zoom.ErrDailyLimit)
	var stop *zoom.PageError
	require.ErrorAs(t, err, &stop)
	assert.Equal(t, 2, stop.Yielded)
	assert.Len(t, tp.requests(), 2)

	time.Sleep(time.Until(asError(t, err).RetryAt))
	rest, err := collect(t, list.Resume(stop.Token))
	require.NoError(t, err, "at RetryAt the gate of this process is open")
	assert.Equal(t, []string{"u1", "u2", "u3"}, append(ids, rest...))
	requests := tp.requests()
	require.Len(t, requests, 3)
	assert.Equal(t, requests[1].query, requests[2].query, "the same page again")
}

// The headers are those of forum thread 18928: no type, no Retry-After.
func dailyOfOneUser(t *testing.T) {
	date := time.Now().UTC().Add(9*time.Hour + 30*time.Minute)
	tp := newTape(tooMany(perUser, map[string]string{
		"X-RateLimit-Category": "Light", "X-RateLimit-Limit": "6000", "X-RateLimit-Remaining": "5893",
		"Date": date.Format(http.TimeFormat),
	}), ok(userJSON("u2", "active")))
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
	_, err := c.Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrDailyLimit)
	e := asError(t, err)
	assert.WithinDuration(t, time.Now().Add(nextMidnight(date).Sub(date)), e.RetryAt, time.Second, "the server's midnight, by our clock")
	assert.Equal(t, 1, e.Attempts)
	_, err = c.Users.Get(t.Context(), "u2")
	require.NoError(t, err, "one user's limit is not the account's")
	assert.Len(t, tp.requests(), 2)
}

func dailyByWords(t *testing.T) {
	date := time.Now().UTC().Add(9*time.Hour + 30*time.Minute)
	tp := newTape(tooMany(perDay, map[string]string{"Date": date.Format(http.TimeFormat)}))
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro)))
	for range 2 {
		_, err := c.Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrDailyLimit)
		assert.NotZero(t, asError(t, err).RetryAt)
	}
	assert.Len(t, tp.requests(), 1)
	_, err := tp.client(t).Users.Get(t.Context(), "u1")
	assert.WithinDuration(t, time.Now().Add(nextMidnight(date).Sub(date)), asError(t, err).RetryAt, time.Second)

	begin := time.Now()
	tp = newTape(tooMany(perDay, captured(begin.Add(20*time.Second))))
	_, err = tp.client(t).Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrDailyLimit)
	assert.Len(t, tp.requests(), 1, "also shortly before midnight")
	assert.Zero(t, time.Since(begin))

	past := captured(time.Now().Add(-time.Hour)) // a moment that has passed says nothing
	_, err = newTape(tooMany(perDay, past)).client(t).Users.Get(t.Context(), "u1")
	assert.Equal(t, nextMidnight(time.Now()), asError(t, err).RetryAt)
}

func perSecondBacksOff(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		tp := newTape(tooMany(perSecond, nil))
		limiter := zoom.NewLocalLimiter(zoom.PlanPro)
		_, err := tp.client(t, zoom.WithLimiter(limiter)).Users.Summary(t.Context())
		require.ErrorIs(t, err, zoom.ErrRateLimited)
		e := asError(t, err)
		assert.Equal(t, http.StatusTooManyRequests, e.StatusCode)
		assert.Equal(t, perSecond, e.Message)
		assert.Equal(t, 5, e.Attempts)
		requests := tp.requests()
		require.Len(t, requests, 5)
		for i, gap := range gaps(requests) {
			assert.GreaterOrEqual(t, gap, 100*time.Millisecond)
			assert.LessOrEqual(t, gap, time.Second<<i+time.Second, "after try %d", i+1)
			seen[gap] = true
		}
		stats := limiter.Stats()[zoom.ClassMedium]
		assert.LessOrEqual(t, stats.PerSecond, stats.Full/2)
		time.Sleep(10 * time.Second)
		later := limiter.Stats()[zoom.ClassMedium]
		assert.InDelta(t, stats.PerSecond+stats.Full/10, later.PerSecond, stats.Full/1e6)
		time.Sleep(100 * time.Second)
		assert.InDelta(t, stats.Full, limiter.Stats()[zoom.ClassMedium].PerSecond, 1e-9)
	}
	assert.Greater(t, len(seen), 60, "the waits have jitter")

	for range 50 { // nothing but the back-off keeps these apart
		tp := newTape(tooMany(perSecond, map[string]string{"Retry-After": "0"}))
		_, err := tp.client(t).Users.Summary(t.Context())
		require.ErrorIs(t, err, zoom.ErrRateLimited)
		for _, gap := range gaps(tp.requests()) {
			assert.GreaterOrEqual(t, gap, 100*time.Millisecond)
		}
	}
}

func skewedClock(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		server := time.Now().Add(skew)
		tp := newTape(tooMany(perSecond, map[string]string{
			"Date": server.UTC().Format(http.TimeFormat), "Retry-After": server.Add(20 * time.Second).UTC().Format(time.RFC3339),
		}), ok(userJSON("u1", "active")))
		_, err := tp.client(t).Users.Get(t.Context(), "u1")
		require.NoError(t, err)
		wait := gaps(tp.requests())[0]
		assert.GreaterOrEqual(t, wait, 20*time.Second)
		assert.LessOrEqual(t, wait, 22*time.Second)
	}
	moment := time.Now().Add(20 * time.Second).UTC().Truncate(time.Second)
	tp := newTape(tooMany(perSecond, map[string]string{"Retry-After": moment.Format(time.RFC3339)}), ok(userJSON("u1", "active")))
	_, err := tp.client(t).Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	assert.False(t, tp.requests()[1].at.Before(moment), "without a Date it is our clock")
}

func concurrentRead(t *testing.T) {
	tp := newTape(tooMany(concurrent, nil))
	limiter := zoom.NewLocalLimiter(zoom.PlanPro)
	_, err := tp.client(t, zoom.WithLimiter(limiter)).Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrConcurrentOp)
	assert.Equal(t, 3, asError(t, err).Attempts)
	requests := tp.requests()
	require.Len(t, requests, 3)
	for i, gap := range gaps(requests) {
		assert.LessOrEqual(t, gap, 2*time.Second<<i)
	}
	stats := limiter.Stats()[zoom.ClassLight]
	assert.InDelta(t, stats.Full, stats.PerSecond, 1e-9, "it says nothing about the account's rate")
}

func concurrentWrite(t *testing.T) {
	tp := newTape(tooMany(concurrent, nil), ok(userJSON("u1", "active")), answer{status: http.StatusNoContent})
	require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
	assert.Equal(t, []string{"PUT", "GET", "PUT"}, methods(tp.requests()), "unknown: read, then written again")

	tp = newTape(tooMany(concurrent, nil), ok(userJSON("u1", "inactive")))
	require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
	assert.Equal(t, []string{"PUT", "GET"}, methods(tp.requests()), "the other operation was ours")

	tp = newTape(tooMany(concurrent, nil))
	err := tp.client(t).Users.Deactivate(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
	require.ErrorIs(t, err, zoom.ErrConcurrentOp)
	assertSilent(t, err)
	assert.Equal(t, []string{"PUT", "GET", "GET", "GET"}, methods(tp.requests()))
}

// methods are those of the requests, in order.
func methods(requests []asked) []string {
	names := make([]string, len(requests))
	for i, r := range requests {
		names[i] = r.method
	}
	return names
}

// countingLimiter counts the turns that are taken.
type countingLimiter struct {
	zoom.Limiter
	mu    sync.Mutex
	turns int
}

func (l *countingLimiter) Wait(ctx context.Context, class zoom.RateClass) error {
	l.mu.Lock()
	l.turns++
	l.mu.Unlock()
	return l.Limiter.Wait(ctx, class)
}
