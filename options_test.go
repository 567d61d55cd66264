package zoom_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

func TestOptionsAreRefused(t *testing.T) {
	for name, opts := range map[string][]zoom.Option{
		"plan 0":                  {zoom.WithPlan(0)},
		"plan 4":                  {zoom.WithPlan(4)},
		"plan -1":                 {zoom.WithPlan(-1)},
		"user agent CR LF":        {zoom.WithUserAgent("a\r\nHost: evil")},
		"user agent ä":            {zoom.WithUserAgent("ä")},
		"negative attempts":       {zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: -1})},
		"negative delay":          {zoom.WithRetry(zoom.RetryPolicy{MinDelay: -1})},
		"negative ceiling":        {zoom.WithRetry(zoom.RetryPolicy{MaxDelay: -1})},
		"negative patience":       {zoom.WithRetry(zoom.RetryPolicy{MaxRetryAfter: -1})},
		"negative attempt":        {zoom.WithRetry(zoom.RetryPolicy{AttemptTimeout: -1})},
		"negative elapsed":        {zoom.WithRetry(zoom.RetryPolicy{MaxElapsed: -1})},
		"floor above ceiling":     {zoom.WithRetry(zoom.RetryPolicy{MinDelay: time.Minute, MaxDelay: time.Second})},
		"floor above default":     {zoom.WithRetry(zoom.RetryPolicy{MinDelay: time.Minute})},
		"nil *http.Transport":     {zoom.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})},
		"nil *tape":               {zoom.WithHTTPClient(&http.Client{Transport: (*tape)(nil)})},
		"nil *LocalLimiter":       {zoom.WithLimiter((*zoom.LocalLimiter)(nil))},
		"nil *ownLimiter":         {zoom.WithLimiter((*nilLimiter)(nil))},
		"good and then a bad one": {zoom.WithPlan(zoom.PlanPro), nil, zoom.WithBaseURL("http://x")},
	} {
		c, err := zoom.NewClient(zoom.StaticToken("t"), opts...)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
		assert.Nil(t, c)
	}
	for _, plan := range []zoom.Plan{zoom.PlanFree, zoom.PlanPro, zoom.PlanBusiness} {
		_, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithPlan(plan))
		require.NoError(t, err)
	}
}

// All that is bad is reported at once.
func TestBadOptionsAreReportedTogether(t *testing.T) {
	_, err := zoom.NewClient(zoom.ServerToServer("", "id", "secret\n"), zoom.WithBaseURL("http://x"), zoom.WithUserAgent("ä"), zoom.WithPlan(99))
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	for _, named := range []string{"account id", "client secret", "base URL", "user agent", "plan"} {
		assert.ErrorContains(t, err, named)
	}
}

// nilLimiter needs what it points to.
type nilLimiter struct{ zoom.Limiter }

// An interface that holds a nil pointer is refused before the first call, which would panic.
func TestFaultIN13NilPointersAreRefused(t *testing.T) {
	for name, src := range map[string]zoom.TokenSource{
		"nil": nil, "pointer": (*nilSource)(nil),
	} {
		_, err := zoom.NewClient(src)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	var oauth *nilOAuth2
	nilTransport := zoom.TokenHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})
	for name, src := range map[string]zoom.TokenSource{
		"oauth2": zoom.FromOAuth2(oauth), "transport of the token call": zoom.ServerToServer("a", "b", "c", nilTransport),
	} {
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
		assert.NotContains(t, err.Error(), "panic", name)
	}
}

type nilSource struct{ zoom.TokenSource }

type nilOAuth2 struct{ oauth2.TokenSource }

func TestUserAgent(t *testing.T) {
	for product, want := range map[string]string{"": `^seatkit-zoom/\d+\.\d+\.\d+ \(go\S+\)$`, "acme-seats/1.4": `^acme-seats/1.4 seatkit-zoom/`} {
		tp := newTape(answer{do: func(req *http.Request) answer {
			assert.Regexp(t, want, req.Header.Get("User-Agent"))
			assert.Equal(t, "application/json", req.Header.Get("Accept"))
			assert.Empty(t, req.Header.Get("Content-Type"), "a GET has no body")
			return fine
		}})
		require.NoError(t, get(t.Context(), tp.client(t, zoom.WithUserAgent(product))))
		assert.Len(t, tp.requests(), 1)
	}
}

// jar fails the test when it is asked.
type jar struct{ http.CookieJar }

func TestHTTPClientIsNotWrittenTo(t *testing.T) {
	tp := newTape(answer{status: 302, header: map[string]string{"Location": "https://evil.example.com/", "Set-Cookie": "a=b"}})
	hc := &http.Client{Transport: tp, Timeout: 7 * time.Second, Jar: jar{}, CheckRedirect: func(*http.Request, []*http.Request) error {
		t.Error("CheckRedirect is not used")
		return nil
	}}
	c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithHTTPClient(hc), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	require.ErrorIs(t, get(t.Context(), c), zoom.ErrRedirect)
	assert.Len(t, tp.requests(), 1)
	assert.Same(t, tp, hc.Transport)
	assert.Equal(t, 7*time.Second, hc.Timeout)
}

func TestAttemptTimeouts(t *testing.T) {
	for name, tc := range map[string]struct {
		client time.Duration
		policy zoom.RetryPolicy
		want   time.Duration
	}{
		"headers within 15 s":            {0, zoom.RetryPolicy{}, 15 * time.Second},
		"policy":                         {0, zoom.RetryPolicy{AttemptTimeout: 4 * time.Second}, 4 * time.Second},
		"the client's lowers it":         {3 * time.Second, zoom.RetryPolicy{AttemptTimeout: 4 * time.Second}, 3 * time.Second},
		"the client's does not raise it": {time.Hour, zoom.RetryPolicy{AttemptTimeout: 4 * time.Second}, 4 * time.Second},
		"the call's":                     {0, zoom.RetryPolicy{MaxElapsed: 2 * time.Second}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape(answer{status: 200, delay: time.Hour})
				tc.policy.MaxAttempts = 1
				c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithHTTPClient(&http.Client{Transport: tp, Timeout: tc.client}),
					zoom.WithLimiter(zoom.Unlimited()), zoom.WithRetry(tc.policy))
				require.NoError(t, err)
				start := time.Now()
				require.ErrorIs(t, get(t.Context(), c), zoom.ErrTimeout)
				assert.Equal(t, tc.want, time.Since(start))
			})
		})
	}
}

func TestRetryPolicyIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape(answer{status: 503})
		policy := zoom.RetryPolicy{MaxAttempts: 3, MinDelay: 8 * time.Second, MaxDelay: 8 * time.Second}
		start := time.Now()
		require.ErrorIs(t, get(t.Context(), tp.client(t, zoom.WithRetry(policy))), zoom.ErrServer)
		assert.Len(t, tp.requests(), 3)
		assert.LessOrEqual(t, time.Since(start), 16*time.Second)
		assert.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond)
	})
	synctest.Test(t, func(t *testing.T) { // a call ends with its time, whatever the attempts
		tp := newTape(answer{status: 503, header: map[string]string{"Retry-After": "50"}})
		start := time.Now()
		require.ErrorIs(t, get(t.Context(), tp.client(t)), zoom.ErrServer)
		assert.LessOrEqual(t, time.Since(start), 120*time.Second)
		assert.Less(t, len(tp.requests()), 5)
	})
	synctest.Test(t, func(t *testing.T) { // a wait beyond the patience is returned
		tp := newTape(answer{status: 503, header: map[string]string{"Retry-After": "5"}})
		start := time.Now()
		require.ErrorIs(t, get(t.Context(), tp.client(t, zoom.WithRetry(zoom.RetryPolicy{MaxRetryAfter: 4 * time.Second}))), zoom.ErrServer)
		assert.Zero(t, time.Since(start))
	})
}

// Options record; what is passed may be changed afterwards.
func TestTraceIsCopied(t *testing.T) {
	calls := 0
	trace := &zoom.Trace{Done: func(context.Context, zoom.DoneInfo) { calls++ }}
	tp := newTape(fine)
	c := tp.client(t, zoom.WithTrace(trace))
	trace.Done = nil
	require.NoError(t, get(t.Context(), c))
	assert.Equal(t, 1, calls)
}

func TestSilentByDefault(t *testing.T) {
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	defer slog.SetDefault(old)
	tp := newTape(refusal(400, 300, "x"))
	require.Error(t, get(t.Context(), tp.client(t)))
	assert.Empty(t, b.String())
}

// Of WithPlan and WithLimiter the later one counts.
func TestTheLaterOfPlanAndLimiterCounts(t *testing.T) {
	asked := 0
	own := limiterFunc(func() { asked++ })
	for name, tc := range map[string]struct {
		opts []zoom.Option
		want int
	}{
		"limiter last": {[]zoom.Option{zoom.WithPlan(zoom.PlanFree), zoom.WithLimiter(own)}, 1},
		"plan last":    {[]zoom.Option{zoom.WithLimiter(own), zoom.WithPlan(zoom.PlanFree)}, 0},
		"none at last": {[]zoom.Option{zoom.WithLimiter(own), zoom.WithLimiter(nil)}, 0},
	} {
		asked = 0
		_, err := newTape(ok(traceUser)).client(t, tc.opts...).Users.Get(t.Context(), "u1")
		require.NoError(t, err, name)
		assert.Equal(t, tc.want, asked, name)
	}
}

type limiterFunc func()

func (f limiterFunc) Wait(context.Context, zoom.RateClass) error {
	f()
	return nil
}

func (limiterFunc) Observe(context.Context, zoom.RateClass, zoom.RateLimit) {}
