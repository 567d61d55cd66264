package zoom_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

const traceUser = `{"id":"u1","email":"canary@example.com","type":2,"status":"active"}`

type traceKey struct{}

func TestTraceTellsOfOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		var calls []zoom.CallInfo
		var waits []zoom.WaitInfo
		var attempts []zoom.AttemptInfo
		var done []zoom.DoneInfo
		marked := func(ctx context.Context) { assert.Equal(t, "mark", ctx.Value(traceKey{}), "the context of Start") }
		first := &zoom.Trace{
			Start: func(ctx context.Context, c zoom.CallInfo) context.Context {
				told, calls = append(told, "start"), append(calls, c)
				return context.WithValue(ctx, traceKey{}, "mark")
			},
			Wait: func(ctx context.Context, w zoom.WaitInfo) {
				marked(ctx)
				told, waits = append(told, "wait"), append(waits, w)
			},
			Attempt: func(ctx context.Context, a zoom.AttemptInfo) {
				marked(ctx)
				told, attempts = append(told, "attempt"), append(attempts, a)
			},
			Done: func(ctx context.Context, d zoom.DoneInfo) {
				marked(ctx)
				told, done = append(told, "done"), append(done, d)
			},
		}
		second := &zoom.Trace{Start: func(ctx context.Context, _ zoom.CallInfo) context.Context {
			marked(ctx)
			told = append(told, "second")
			return nil // means: no other context
		}}
		tp := newTape(answer{status: 503, header: map[string]string{"Retry-After": "7", "X-Zm-Trackingid": "v=2.0;rid=WEB_1"}, delay: time.Second}, ok(traceUser))
		c := tp.client(t, zoom.WithTrace(first), zoom.WithTrace(second))
		_, err := c.Users.Get(t.Context(), "canary@example.com")
		require.NoError(t, err)
		assert.Equal(t, []string{"start", "second", "attempt", "wait", "attempt", "done"}, told)
		assert.Equal(t, []zoom.CallInfo{{Op: "users.get", Method: "GET", Path: "/users/{userId}", Class: zoom.ClassLight}}, calls)
		require.Len(t, waits, 1)
		assert.Equal(t, zoom.WaitRetry, waits[0].Reason)
		assert.InDelta(t, 7.35, waits[0].Duration.Seconds(), 0.351)
		require.Len(t, attempts, 2)
		assert.Equal(t, zoom.AttemptInfo{Call: calls[0], Number: 1, StatusCode: 503, Duration: time.Second, TrackingID: "v=2.0;rid=WEB_1"}, attempts[0])
		assert.Equal(t, 2, attempts[1].Number)
		assert.Equal(t, 200, attempts[1].StatusCode)
		require.Len(t, done, 1)
		assert.Equal(t, 2, done[0].Attempts)
		assert.Equal(t, time.Second+waits[0].Duration, done[0].Duration)
		assert.NoError(t, done[0].Err)
	})
}

// The request for an access token is an attempt too, and names itself.
func TestTraceReportsTheTokenRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []zoom.AttemptInfo
		trace := &zoom.Trace{Attempt: func(_ context.Context, a zoom.AttemptInfo) { attempts = append(attempts, a) }}
		tp := newTape(answer{status: 503, delay: time.Second}, ok(`{"access_token":"hunter2","expires_in":3600}`), ok(traceUser))
		c, err := zoom.NewClient(zoom.ServerToServer("account", "id", "secret"), zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithTrace(trace))
		require.NoError(t, err)
		_, err = c.Users.Get(t.Context(), "u1")
		require.NoError(t, err)
		token := zoom.CallInfo{Op: "token", Method: "POST", Path: "/oauth/token"}
		assert.Equal(t, []zoom.AttemptInfo{
			{Call: token, Number: 1, StatusCode: 503, Duration: time.Second},
			{Call: token, Number: 2, StatusCode: 200},
			{Call: zoom.CallInfo{Op: "users.get", Method: "GET", Path: "/users/{userId}", Class: zoom.ClassLight}, Number: 1, StatusCode: 200},
		}, attempts)
	})
}

func TestTraceTellsOfFailures(t *testing.T) {
	var attempts []zoom.AttemptInfo
	var done []zoom.DoneInfo
	trace := &zoom.Trace{
		Attempt: func(_ context.Context, a zoom.AttemptInfo) { attempts = append(attempts, a) },
		Done:    func(_ context.Context, d zoom.DoneInfo) { done = append(done, d) },
	}
	tp := newTape(answer{err: errors.New("tls: handshake failure")})
	_, err := tp.client(t, zoom.WithTrace(trace)).Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrTLS)
	require.Len(t, attempts, 1)
	assert.Zero(t, attempts[0].StatusCode)
	require.ErrorIs(t, attempts[0].Err, zoom.ErrTLS)
	require.Len(t, done, 1)
	assert.Equal(t, err, done[0].Err)
}

func TestTraceTellsOfLimiterTokenAndPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []zoom.WaitInfo
		var tokens []zoom.TokenInfo
		var pages []zoom.PageInfo
		trace := &zoom.Trace{
			Wait:  func(_ context.Context, w zoom.WaitInfo) { waits = append(waits, w) },
			Token: func(_ context.Context, i zoom.TokenInfo) { tokens = append(tokens, i) },
			Page:  func(_ context.Context, p zoom.PageInfo) { pages = append(pages, p) },
		}
		expiry := time.Now().Add(time.Hour)
		src := sourceFunc(func(context.Context) (*oauth2.Token, error) {
			time.Sleep(time.Second)
			return &oauth2.Token{AccessToken: "hunter2", Expiry: expiry}, nil
		})
		tp := newTape(ok(`{"users":[`+traceUser+`],"next_page_token":"n","total_records":1}`), ok(`{"users":[`+traceUser+`],"total_records":1}`))
		c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithTrace(trace),
			zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassMedium, 0.1))))
		require.NoError(t, err)
		_, err = c.Users.List(nil).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, waits, 1)
		assert.Equal(t, zoom.WaitLimiter, waits[0].Reason)
		assert.Equal(t, []zoom.TokenInfo{{Duration: time.Second, Expiry: expiry}}, tokens)
		assert.Equal(t, []zoom.PageInfo{
			{Op: "users.list", Number: 1, Items: 1, TotalRecords: 1},
			{Op: "users.list", Number: 2, Items: 1, TotalRecords: 1},
			{Op: "users.list", Number: 2, TotalRecords: 1, Note: zoom.NoteTotalMismatch},
		}, pages)
	})
}

// The log has the route and the status, and nothing that names a person or opens
// a door.
func TestLogIsClean(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	failing := sourceFunc(func(context.Context) (*oauth2.Token, error) {
		return nil, &oauth2.RetrieveError{Body: []byte("hunter2"), Response: &http.Response{StatusCode: http.StatusBadRequest}, ErrorCode: "invalid_grant"}
	})
	tp := newTape(answer{status: 400, body: `{"code":300,"message":"canary@example.com is wrong"}`, header: map[string]string{"X-Zm-Trackingid": "rid=canary@example.com"}},
		answer{err: errors.New("proxyconnect tcp: https://user:hunter2@proxy:3128 refused")}, ok(`{"users":[`+traceUser+`],"next_page_token":"","total_records":0}`))
	c := tp.client(t, zoom.WithLogger(logger))
	_, err := c.Users.Get(t.Context(), "canary@example.com")
	require.Error(t, err)
	_, err = c.Users.Get(t.Context(), "canary@example.com")
	require.Error(t, err)
	_, err = c.Users.List(&zoom.ListUsersOptions{RoleID: "canary"}).Resume("canary-token").Collect(t.Context())
	require.NoError(t, err)
	_, err = c.Users.List(nil).Collect(t.Context())
	require.NoError(t, err)
	broken, err := zoom.NewClient(failing, zoom.WithLogger(logger), zoom.WithHTTPClient(&http.Client{Transport: tp}))
	require.NoError(t, err)
	_, err = broken.Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrReauthorize)

	for _, secret := range []string{"canary", "hunter2", "test-token", "api.zoom.us"} {
		assert.NotContains(t, text.String(), secret)
	}
	for _, want := range []string{`"path":"/users/{userId}"`, `"op":"users.get"`, `"status":400`, `"level":"WARN"`, `"level":"DEBUG"`, string(zoom.NoteTotalMismatch), "zoom: access token"} {
		assert.Contains(t, text.String(), want)
	}
	assert.GreaterOrEqual(t, strings.Count(text.String(), "\n"), 5)
}

// A hook runs inline: its panic reaches the caller of the call, whichever hook it
// is, and leaves nothing behind: no goroutine, no body, no turn of the limiter.
func TestFaultIN16HooksThatPanic(t *testing.T) {
	for name, trace := range map[string]*zoom.Trace{
		"start":   {Start: func(context.Context, zoom.CallInfo) context.Context { panic("hook") }},
		"wait":    {Wait: func(context.Context, zoom.WaitInfo) { panic("hook") }},
		"attempt": {Attempt: func(context.Context, zoom.AttemptInfo) { panic("hook") }},
		"token":   {Token: func(context.Context, zoom.TokenInfo) { panic("hook") }},
		"page":    {Page: func(context.Context, zoom.PageInfo) { panic("hook") }},
		"done":    {Done: func(context.Context, zoom.DoneInfo) { panic("hook") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var open atomic.Int32
				const page = `{"users":[` + traceUser + `],"total_records":1}`
				limiter := zoom.NewLocalLimiter(zoom.PlanFree)
				tp := newTape(watchedAnswer(&open, 503, `x`), watchedAnswer(&open, 200, page), watchedAnswer(&open, 200, page))
				src := zoom.StaticToken("t")
				c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(limiter), zoom.WithTrace(trace))
				require.NoError(t, err)
				assert.PanicsWithValue(t, "hook", func() { _, _ = c.Users.List(nil).Collect(t.Context()) })
				assert.Zero(t, open.Load(), "every body is closed")
				// The limiter serves the next client at its usual pace.
				calm, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: newTape(ok(page))}), zoom.WithLimiter(limiter))
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				_, err = calm.Users.List(nil).Collect(ctx)
				require.NoError(t, err)
				require.NoError(t, c.Close())
			})
		})
	}
}
