package zoom_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

func TestFaultIN13ZeroValues(t *testing.T) {
	ctx := t.Context()
	var none *zoom.Client
	for name, c := range map[string]*zoom.Client{
		"nil services":  new(zoom.Client),
		"zero services": {Users: new(zoom.UsersService), Meetings: new(zoom.MeetingsService), Reports: new(zoom.ReportsService)},
	} {
		t.Run(name, func(t *testing.T) {
			for method, call := range byUser {
				require.ErrorIs(t, call(ctx, c, "u1"), zoom.ErrInvalidArgument, method)
			}
			_, err := c.Users.Roster(nil).Collect(ctx)
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			_, err = c.Users.Roster(nil).Page(ctx, "")
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			_, err = c.Users.Summary(ctx)
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			_, err = c.Meetings.Instances(ctx, "1")
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			_, err = c.Reports.SignIns(nil).Collect(ctx)
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			_, err = c.Reports.Hosts(nil).Collect(ctx)
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			require.NoError(t, c.Close())
		})
	}
	require.ErrorIs(t, none.Do(ctx, &zoom.Request{Path: "/users"}, nil), zoom.ErrInvalidArgument)
	require.NoError(t, none.Close())
	var list *zoom.List[*zoom.User]
	for _, l := range []*zoom.List[*zoom.User]{list, new(zoom.List[*zoom.User]), list.Resume("t").Prefetch(), zoom.ListOf[*zoom.User](nil, &zoom.Request{Path: "/x"}, "x")} {
		_, err := l.Collect(ctx)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
		_, err = l.Page(ctx, "")
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	}
}

func TestFaultIN13NilOptions(t *testing.T) {
	_, err := zoom.NewClient(nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)

	tp := newTape(ok(`{"id":"u1","type":1}`))
	c := tp.client(t, nil, zoom.WithTrace(nil), zoom.WithTrace(&zoom.Trace{}), zoom.WithLogger(nil), zoom.WithUserAgent(""), zoom.WithRetry(zoom.RetryPolicy{}))
	_, err = c.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	for _, opts := range [][]zoom.Option{{zoom.WithHTTPClient(nil)}, {zoom.WithLimiter(nil)}, {zoom.WithLimiter(nil), zoom.WithPlan(zoom.PlanPro)}} {
		_, err = zoom.NewClient(zoom.StaticToken("t"), opts...)
		require.NoError(t, err)
	}

	require.ErrorIs(t, c.Do(t.Context(), nil, nil), zoom.ErrInvalidArgument)
	require.ErrorIs(t, c.Users.Update(t.Context(), "u1", nil), zoom.ErrInvalidArgument)
	_, err = zoom.ListOf[*zoom.User](c, nil, "users").Collect(t.Context())
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	for _, src := range []zoom.TokenSource{(*zoom.ServerToServerSource)(nil), new(zoom.ServerToServerSource), zoom.FromOAuth2(nil)} {
		broken, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}))
		require.NoError(t, err)
		_, err = broken.Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	}
	assert.Len(t, tp.requests(), 1, "only the first call is one to send")
}

// watchedBody is a body that tells whether it was closed.
type watchedBody struct {
	io.Reader
	open *atomic.Int32
}

func (w watchedBody) Close() error { w.open.Add(-1); return nil }

func watchedAnswer(open *atomic.Int32, status int, body string) answer {
	return answer{status: status, reader: func(*http.Request) io.ReadCloser {
		open.Add(1)
		return watchedBody{strings.NewReader(body), open}
	}}
}

// In a bubble a goroutine that is left behind is a deadlock, which fails the test.
func TestFaultIN14NothingIsLeftOpen(t *testing.T) {
	const page = `{"users":[{"id":"u1","type":1},{"id":"u2","type":1}],"next_page_token":"n"}`
	for _, prefetch := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var open atomic.Int32
			tp := newTape(watchedAnswer(&open, 200, page), watchedAnswer(&open, 503, `x`), watchedAnswer(&open, 200, page))
			list := tp.client(t).Users.List(nil)
			if prefetch {
				list = list.Prefetch()
			}
			for range list.All(t.Context()) {
				break
			}
			assert.Zero(t, open.Load(), "break")
			assert.Panics(t, func() {
				for range list.All(t.Context()) {
					panic("the loop's own")
				}
			})
			assert.Zero(t, open.Load(), "panic")
		})
	}
}

func TestFaultIN15RangesAreIndependent(t *testing.T) {
	tp := newTape(answer{do: func(req *http.Request) answer {
		switch req.URL.Query().Get("next_page_token") {
		case "":
			return ok(`{"users":[{"id":"a","type":1}],"next_page_token":"n1"}`)
		case "n1":
			return ok(`{"users":[{"id":"b","type":1}],"next_page_token":"n2"}`)
		default:
			return ok(`{"users":[{"id":"c","type":1}]}`)
		}
	}})
	list := tp.client(t).Users.List(nil)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 2 {
				users, err := list.Collect(t.Context())
				assert.NoError(t, err)
				if assert.Len(t, users, 3) {
					assert.Equal(t, "abc", users[0].ID+users[1].ID+users[2].ID)
				}
			}
		})
	}
	group.Wait()
	assert.Len(t, tp.requests(), 8*2*3)
}

// A call that waits for something leaves at once when it is cancelled.
func TestFaultIN17CancelWhileWaiting(t *testing.T) {
	slowToken := sourceFunc(func(context.Context) (*oauth2.Token, error) {
		time.Sleep(20 * time.Second)
		return &oauth2.Token{AccessToken: "late"}, nil
	})
	busy := func() zoom.Limiter {
		l := zoom.NewLocalLimiter(zoom.PlanFree, zoom.LimitRate(zoom.ClassLight, 0.05))
		assert.NoError(t, l.Wait(context.Background(), zoom.ClassLight))
		return l
	}
	for _, tc := range []struct {
		name    string
		src     zoom.TokenSource
		limiter func() zoom.Limiter
		answer  answer
		status  int
		sent    int
	}{
		{name: "limiter", limiter: busy, answer: ok(`{}`)},
		{name: "token", src: slowToken, answer: ok(`{}`)},
		{name: "answer", answer: answer{status: 200, delay: 20 * time.Second}, sent: 1},
		{name: "back-off", answer: answer{status: 503, header: map[string]string{"Retry-After": "30"}}, status: 503, sent: 1},
		{name: "body", answer: answer{status: 200, reader: func(req *http.Request) io.ReadCloser { return stalled{req.Context()} }}, status: 200, sent: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape(tc.answer)
				limiter := zoom.Unlimited()
				if tc.limiter != nil {
					limiter = tc.limiter()
				}
				src := tc.src
				if src == nil {
					src = zoom.StaticToken("t")
				}
				c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(limiter))
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				time.AfterFunc(3*time.Second, cancel)
				_, err = c.Users.Get(ctx, "u1")
				require.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, 3*time.Second, time.Since(start), "at once")
				var e *zoom.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, tc.status, e.StatusCode, "the last status is kept")
				assert.Len(t, tp.requests(), tc.sent)
				assert.Equal(t, tc.sent, e.Attempts)
				require.NoError(t, c.Close(), "waits for the fetch that goes on")
			})
		})
	}
}

// stalled is a body that never comes.
type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s stalled) Close() error             { return nil }

func TestFaultIN18Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetched := false
		src := sourceFunc(func(context.Context) (*oauth2.Token, error) {
			time.Sleep(2 * time.Second)
			fetched = true
			return &oauth2.Token{AccessToken: "t1"}, nil
		})
		tp := newTape(answer{status: 200, body: `{"id":"u1","type":1}`, delay: 5 * time.Second})
		c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(zoom.Unlimited()))
		require.NoError(t, err)
		var inFlight error
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, inFlight = c.Users.Get(t.Context(), "u1")
		}()
		time.Sleep(time.Second)
		start := time.Now()
		require.NoError(t, c.Close())
		assert.True(t, fetched, "the fetch is waited for")
		assert.Equal(t, time.Second, time.Since(start), "the call is not")
		_, err = c.Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrClosed)
		_, err = c.Users.List(nil).Collect(t.Context())
		require.ErrorIs(t, err, zoom.ErrClosed)
		require.ErrorIs(t, c.Users.Deactivate(t.Context(), "u1"), zoom.ErrClosed)
		<-done
		require.NoError(t, inFlight, "a call in flight ends as it would have")
		assert.Len(t, tp.requests(), 1)
		require.NoError(t, c.Close(), "twice is fine")
	})
}
