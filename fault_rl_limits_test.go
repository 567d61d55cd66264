package zoom_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func eachTryTakesATurn(t *testing.T) {
	again := tooMany(perSecond, map[string]string{"Retry-After": "0"})
	tp := newTape(again)
	limiter := &countingLimiter{Limiter: zoom.Unlimited()}
	_, err := tp.client(t, zoom.WithLimiter(limiter)).Users.Summary(t.Context())
	require.ErrorIs(t, err, zoom.ErrRateLimited)
	assert.Len(t, tp.requests(), 5)
	assert.Equal(t, 5, limiter.turns)

	const limit = 10
	tp = newTape(again)
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassMedium, limit))))
	for range 40 {
		go func() { _, _ = c.Users.Summary(t.Context()) }()
	}
	time.Sleep(5 * time.Minute)
	assert.Greater(t, len(tp.requests()), 40)
	assert.LessOrEqual(t, busiest(tp.requests(), time.Second), limit, "retries count like any request")
}

func turnBeyondTheDeadline(t *testing.T) {
	tp := newTape(ok(`{"total_users_count":1}`))
	c := tp.client(t, zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassMedium, 0.01))))
	_, err := c.Users.Summary(t.Context())
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	begin := time.Now()
	_, err = c.Users.Summary(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, zoom.ErrRateLimited)
	e := asError(t, err)
	assert.Zero(t, e.Attempts)
	assert.True(t, e.RetryAt.After(begin.Add(5*time.Second)))
	assert.Zero(t, time.Since(begin), "a wait that cannot end well is not begun")
	assert.Len(t, tp.requests(), 1)
}

func limitsOfZero(t *testing.T) {
	for name, option := range map[string]zoom.LimiterOption{
		"share 0":             zoom.LimitShare(0),
		"rate 0":              zoom.LimitRate(zoom.ClassHeavy, 0),
		"negative rate":       zoom.LimitRate(zoom.ClassLight, -1),
		"negative day":        zoom.LimitPerDay(zoom.ClassLight, -1),
		"class out of bounds": zoom.LimitRate(zoom.RateClass(9), 1),
	} {
		tp := newTape(ok(`{}`))
		limiter := zoom.NewLocalLimiter(zoom.PlanPro, option)
		_, err := zoom.NewClient(zoom.StaticToken("x"), zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(limiter))
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
		require.ErrorIs(t, limiter.Wait(t.Context(), zoom.ClassLight), zoom.ErrInvalidArgument, name)
		assert.Empty(t, tp.requests())
	}
}

// Zoom left the headers out one day, and a client that counted on them crashed.
func headersOfNonsense(t *testing.T) {
	names := []string{"X-RateLimit-Category", "X-RateLimit-Type", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date"}
	for _, value := range []string{"", " ", "-1", "abc", "1.5", "99999999999999999999", "\x80\xff"} {
		header := map[string]string{}
		for _, name := range names {
			header[name] = value
		}
		tp := newTape(answer{status: http.StatusOK, header: header, body: userJSON("u1", "active")})
		limiter := zoom.NewLocalLimiter(zoom.PlanPro)
		c := tp.client(t, zoom.WithLimiter(limiter))
		for range 2 {
			_, err := c.Users.Get(t.Context(), "u1")
			require.NoError(t, err, "%q", value)
		}
		assert.Len(t, tp.requests(), 2)
		stats := limiter.Stats()[zoom.ClassLight]
		assert.InDelta(t, stats.Full, stats.PerSecond, 1e-9)

		tp = newTape(tooMany("", header), ok(userJSON("u1", "active")))
		_, err := tp.client(t).Users.Get(t.Context(), "u1")
		require.NoError(t, err, "%q", value)
		assert.LessOrEqual(t, gaps(tp.requests())[0], time.Second, "the usual back-off")
	}
}

func retryBudget(t *testing.T) {
	tp := newTape(answer{status: http.StatusServiceUnavailable})
	c := tp.client(t)
	single := 0
	for range 1000 {
		_, err := c.Users.Summary(t.Context())
		require.ErrorIs(t, err, zoom.ErrServer)
		if asError(t, err).Attempts == 1 {
			single++
		}
	}
	requests := len(tp.requests())
	assert.LessOrEqual(t, requests, 1000+35)
	assert.Greater(t, requests, 1000+30, "the budget is used up first")
	assert.Greater(t, single, 980, "then the first failure is returned")

	tp.answers = []answer{ok(`{"total_users_count":1}`)}
	for range 14 {
		_, err := c.Users.Summary(t.Context())
		require.NoError(t, err)
	}
	tp.mu.Lock()
	tp.answers, tp.asked = []answer{{status: http.StatusBadGateway}, ok(`{"total_users_count":1}`)}, nil
	tp.mu.Unlock()
	_, err := c.Users.Summary(t.Context())
	require.NoError(t, err, "successes fill the budget again")
	assert.Len(t, tp.requests(), 2)
}
