package zoom_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

// weather is a source of tokens that takes its time, gives out tokens of any life, and
// now and then fails.
type weather struct {
	mu     sync.Mutex
	random *rand.Rand
	made   int
	takes  []time.Duration
	lives  []time.Duration
	fails  float64
}

func (w *weather) Token(ctx context.Context) (*oauth2.Token, error) {
	w.mu.Lock()
	w.made++
	name := fmt.Sprintf("t%d", w.made)
	takes, life, fails := w.takes[w.random.IntN(len(w.takes))], w.lives[w.random.IntN(len(w.lives))], w.random.Float64() < w.fails
	w.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(takes):
	}
	if fails {
		return nil, errors.New("the token endpoint is down")
	}
	return &oauth2.Token{AccessToken: name, Expiry: time.Now().Add(life)}, nil
}

// The property: whatever tokens do - refreshes that take seconds, tokens that end in
// seconds, tokens that the API refuses, failures, callers that leave - no window of a
// second holds more requests of a class than its limit.
func TestFaultRL24NoWindowAboveTheLimitWhateverWaits(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for name, tc := range map[string]struct {
		plan    zoom.Plan
		limit   int
		takes   []time.Duration
		lives   []time.Duration
		refuses []time.Duration // when the API refuses the tokens given out before
		fails   float64
		leave   bool
	}{
		"RL24 Pro, refresh of 3 s":                  {zoom.PlanPro, 30, []time.Duration{3 * s}, []time.Duration{time.Hour}, []time.Duration{s}, 0, false},
		"RL24 Business, refresh of 0.3 s":           {zoom.PlanBusiness, 80, []time.Duration{300 * ms}, []time.Duration{time.Hour}, []time.Duration{s}, 0, false},
		"RL24 Business, refused twice":              {zoom.PlanBusiness, 80, []time.Duration{1500 * ms}, []time.Duration{time.Hour}, []time.Duration{s, 3 * s}, 0, false},
		"RL24 Pro, tokens of seconds":               {zoom.PlanPro, 30, []time.Duration{10 * ms, 300 * ms, 2 * s}, []time.Duration{s, 3 * s, 10 * s}, nil, 0, false},
		"RL24 Business, tokens that come expired":   {zoom.PlanBusiness, 80, []time.Duration{200 * ms}, []time.Duration{-time.Hour, 0, s}, nil, 0, false},
		"RL24 Pro, callers that leave":              {zoom.PlanPro, 30, []time.Duration{10 * ms, 3 * s}, []time.Duration{2 * s, 20 * s}, []time.Duration{2 * s, 5 * s}, 0, true},
		"RL24 Business, refreshes that fail":        {zoom.PlanBusiness, 80, []time.Duration{10 * ms, s}, []time.Duration{2 * s, 20 * s}, []time.Duration{2 * s}, 0.3, true},
		"RL24 Free, everything at once":             {zoom.PlanFree, 4, []time.Duration{10 * ms, 3 * s}, []time.Duration{s, 20 * s}, []time.Duration{3 * s, 20 * s}, 0.2, true},
		"RL24 Pro, tokens that end before the turn": {zoom.PlanPro, 30, []time.Duration{100 * ms}, []time.Duration{2 * s}, nil, 0, false},
	} {
		for seed := range uint64(2) {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(seed, 24))
					src := &weather{random: random, takes: tc.takes, lives: tc.lives, fails: tc.fails}
					begin, refused := time.Now(), map[string]bool{}
					tp := newTape(answer{do: func(req *http.Request) answer {
						src.mu.Lock()
						defer src.mu.Unlock()
						for i, at := range tc.refuses {
							if time.Since(begin) > at {
								refused[fmt.Sprintf("Bearer t%d", i+1)] = true
							}
						}
						if refused[req.Header.Get("Authorization")] {
							return answer{status: http.StatusUnauthorized}
						}
						a := ok(traceUser)
						a.delay = time.Duration(random.IntN(100)) * ms
						return a
					}})
					c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithPlan(tc.plan))
					require.NoError(t, err)
					calls, done := 10*tc.limit, 0
					var callers sync.WaitGroup
					for range calls {
						ctx, cancel := context.WithCancel(t.Context())
						src.mu.Lock()
						if tc.leave && random.IntN(3) == 0 {
							time.AfterFunc(time.Duration(random.IntN(15_000))*ms, cancel)
						}
						src.mu.Unlock()
						callers.Go(func() {
							defer cancel()
							if _, err := c.Users.Get(ctx, "u1"); err == nil {
								src.mu.Lock()
								done++
								src.mu.Unlock()
							}
						})
					}
					callers.Wait()
					took := time.Since(begin)
					require.NoError(t, c.Close()) // waits for a fetch
					var at []time.Time
					for _, r := range tp.requests() {
						at = append(at, r.at)
					}
					assert.LessOrEqual(t, mostWithin(at, time.Second-1), tc.limit)
					if tc.fails == 0 && !tc.leave && len(tc.refuses) < 2 {
						assert.Equal(t, calls, done, "everybody gets through")
					}
					assert.Less(t, took, 3*time.Minute, "and nobody starves")
				})
			})
		}
	}
}

// A refresh beside the calls costs no turn: the token that is held serves.
func TestFaultRL24RefreshCostsNoThroughput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &weather{
			random: rand.New(rand.NewPCG(1, 1)), takes: []time.Duration{3 * time.Second},
			lives: []time.Duration{20 * time.Second},
		}
		tp := newTape(ok(traceUser))
		c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithPlan(zoom.PlanPro))
		require.NoError(t, err)
		require.NoError(t, get(t.Context(), c))
		begin := time.Now()
		var callers sync.WaitGroup
		const calls = 2000
		for range calls {
			callers.Go(func() { assert.NoError(t, get(t.Context(), c)) })
		}
		callers.Wait()
		assert.LessOrEqual(t, time.Since(begin).Seconds(), calls/27.0*1.005)
		require.NoError(t, c.Close())
		assert.Greater(t, src.made, 4, "while it was replaced several times")
	})
}

// The class that the answer names is the one whose gate shuts and whose rate falls.
func TestFaultRL25TheAnswersCategoryDecides(t *testing.T) {
	classes := map[string]zoom.RateClass{
		"Light": zoom.ClassLight, "Medium": zoom.ClassMedium, "Heavy": zoom.ClassHeavy, "Resource-intensive": zoom.ClassResourceIntensive,
	}
	shares := func(a, b zoom.RateClass) bool { // a gate
		heavy := func(c zoom.RateClass) bool { return c == zoom.ClassHeavy || c == zoom.ClassResourceIntensive }
		return a == b || heavy(a) && heavy(b)
	}
	for category, named := range classes {
		for _, asked := range classes {
			t.Run(fmt.Sprintf("RL25 %s for %s", category, asked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					call := func(kind string) *zoom.LocalLimiter {
						l := zoom.NewLocalLimiter(zoom.PlanPro)
						tp := newTape(answer{
							status: http.StatusTooManyRequests, body: `{"code":429,"message":"no more"}`,
							header: map[string]string{"X-RateLimit-Category": category, "X-RateLimit-Type": kind, "Retry-After": "3600"},
						})
						err := tp.client(t, zoom.WithLimiter(l)).Do(t.Context(), &zoom.Request{Path: "/report/daily", Class: asked}, nil)
						require.Error(t, err)
						return l
					}
					for _, s := range call("Daily-limit").Stats() {
						assert.Equal(t, shares(s.Class, named), !s.ShutUntil.IsZero(), "gate of %s", s.Class)
						assert.InDelta(t, s.Full, s.PerSecond, 1e-9)
					}
					for _, s := range call("QPS").Stats() {
						assert.True(t, s.ShutUntil.IsZero())
						assert.Equal(t, s.Class == named, s.PerSecond < s.Full, "rate of %s", s.Class)
					}
				})
			})
		}
	}
}

// Whatever clock the server has, RetryAt is ahead by the caller's own.
func TestFaultRL26RetryAtIsAhead(t *testing.T) {
	for _, skew := range []time.Duration{0, -time.Hour, time.Hour, -40 * 365 * 24 * time.Hour, 24 * time.Hour} {
		for _, kind := range []string{"QPS", "Daily-limit"} {
			t.Run(fmt.Sprintf("RL26 %s %s", skew, kind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					header := map[string]string{
						"Date": time.Now().Add(skew).UTC().Format(http.TimeFormat), "Retry-After": "120", "X-RateLimit-Type": kind,
					}
					_, err := newTape(tooMany(perSecond, header)).client(t).Users.Get(t.Context(), "u1")
					assert.WithinDuration(t, time.Now().Add(2*time.Minute), asError(t, err).RetryAt, time.Second)
					delete(header, "Retry-After")
					l := zoom.NewLocalLimiter(zoom.PlanPro)
					_, err = newTape(tooMany(perDay, header)).client(t, zoom.WithLimiter(l)).Users.Get(t.Context(), "u1")
					if kind == "Daily-limit" {
						ahead := time.Until(asError(t, err).RetryAt)
						assert.Positive(t, ahead)
						assert.LessOrEqual(t, ahead, 24*time.Hour+time.Minute)
						assert.Equal(t, l.Stats()[zoom.ClassLight].ShutUntil.UTC(), asError(t, err).RetryAt.UTC(), "when the gate opens")
					}
				})
			})
		}
	}
}

// Whatever holds requests back behind their turns - connections that are slow to come, a
// pool of connections that is full, a hook that blocks, a RoundTripper that waits - they
// do not leave in a crowd.
func TestFaultRL24HeldBackBehindTheTurn(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	type holdUp struct {
		dial, hook, inner func(since time.Duration) time.Duration // how long it takes then
		answer            time.Duration
		conns             int // 0: as many as are asked for
	}
	none := func(time.Duration) time.Duration { return 0 }
	until := func(from, to time.Duration) func(time.Duration) time.Duration {
		return func(since time.Duration) time.Duration {
			if since >= from && since < to {
				return to - since
			}
			return 0
		}
	}
	for name, h := range map[string]holdUp{
		"RL24 the first connections take 3 s":    {dial: until(0, 3*s), hook: none, inner: none, answer: 50 * ms},
		"RL24 the first connections take 12 s":   {dial: until(0, 12*s), hook: none, inner: none, answer: 50 * ms},
		"RL24 every connection takes 0.2 s":      {dial: func(time.Duration) time.Duration { return 200 * ms }, hook: none, inner: none, answer: 300 * ms},
		"RL24 no answer for 3 s, 40 connections": {dial: none, hook: none, inner: none, answer: 3 * s, conns: 40},
		"RL24 a hook blocks for 2 s":             {dial: none, hook: until(s, 3*s), inner: none, answer: 50 * ms},
		"RL24 a RoundTripper blocks for 2 s":     {dial: none, hook: none, inner: until(s, 3*s), answer: 50 * ms},
		"RL24 all of it":                         {dial: until(2*s, 5*s), hook: until(s, 2*s), inner: until(4*s, 6*s), answer: s, conns: 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const limit, calls = 30, 300
				begin := time.Now()
				blocks := func(f func(time.Duration) time.Duration) { time.Sleep(f(time.Since(begin))) }
				server := &pipeServer{answer: func(conn net.Conn, _ *http.Request) {
					time.Sleep(h.answer)
					whole(conn, http.StatusOK, traceUser)
				}}
				wire := &http.Transport{MaxConnsPerHost: h.conns, MaxIdleConnsPerHost: 10, DialContext: func(context.Context, string, string) (net.Conn, error) {
					blocks(h.dial)
					ours, theirs := net.Pipe()
					server.serving.Go(func() { server.serve(theirs) })
					return ours, nil
				}}
				c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithBaseURL("http://127.0.0.1/v2"), zoom.WithPlan(zoom.PlanPro),
					zoom.WithTrace(&zoom.Trace{Wait: func(context.Context, zoom.WaitInfo) { blocks(h.hook) }}),
					zoom.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
						blocks(h.inner)
						return wire.RoundTrip(req)
					})}))
				require.NoError(t, err)
				var callers sync.WaitGroup
				for range calls {
					callers.Go(func() { assert.NoError(t, get(t.Context(), c)) })
				}
				callers.Wait()
				took := time.Since(begin)
				time.Sleep(time.Second) // connections that were dialled and not needed
				wire.CloseIdleConnections()
				server.serving.Wait()
				var at []time.Time
				for _, r := range server.requests() {
					at = append(at, r.at)
				}
				assert.Len(t, at, calls)
				assert.LessOrEqual(t, mostWithin(at, time.Second), limit)
				slowest := 20 * s
				if h.conns == 40 || h.dial(0) > 10*s { // 40 in three seconds, whatever the limit
					slowest = 30 * s
				}
				assert.Less(t, took, slowest, "and not slower than needed")
			})
		})
	}
}
