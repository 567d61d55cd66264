package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/pace"
)

// turnstile is a limiter whose words are given.
type turnstile struct {
	wait  func(context.Context) error
	later time.Duration
	told  []pace.Rate
}

func (l *turnstile) Wait(ctx context.Context, _ pace.Class) (pace.Turn, error) {
	if l.wait == nil {
		return pace.Turn{}, nil
	}
	return pace.Turn{}, l.wait(ctx)
}

func (l *turnstile) Observe(_ context.Context, _ pace.Class, r *pace.Rate) {
	l.told = append(l.told, *r)
	if !r.RetryAt.IsZero() {
		r.RetryAt = r.RetryAt.Add(l.later)
	}
}

// counted is a source of tokens whose words are given by how often it was asked.
type counted struct {
	say   func(asked int) (string, error)
	held  func() (string, bool) // nil: "a"
	asked int
}

func (s *counted) Token(context.Context) (string, error) {
	s.asked++
	return s.say(s.asked)
}

func (s *counted) Held(context.Context) (string, bool) {
	if s.held == nil {
		return "a", true
	}
	return s.held()
}

func (s *counted) Rejected(context.Context, string) bool { return false }
func (s *counted) Accepted(string)                       {}
func (s *counted) Useless(string)                        {}

// A refused token is status 401, or code 124 under a status that does not decide; under a success
// only a small body is looked at.
func TestRefusedToken(t *testing.T) {
	refusal := func(size int) string {
		const frame = `{"code":124,"message":""}`
		return `{"code":124,"message":"` + strings.Repeat("x", size-len(frame)) + `"}`
	}
	for _, tc := range []struct {
		name    string
		status  int
		body    string
		refused bool
	}{
		{"401", 401, "", true},
		{"401 with another code", 401, `{"code":300}`, true},
		{"400 with code 124", 400, refusal(100), true},
		{"400 with code 124 in a long body", 400, refusal(5000), true},
		{"404 with code 124", 404, refusal(100), true},
		{"200 with code 124", 200, refusal(100), true},
		{"299 with code 124", 299, refusal(100), true},
		{"200 with code 124 in 4 KiB", 200, refusal(4 << 10), true},
		{"200 with code 124 in one byte more", 200, refusal(4<<10 + 1), false},
		{"200 without a code", 200, `{"id":124}`, false},
		{"200 with another code", 200, `{"code":1240}`, false},
		{"400 with another code", 400, `{"code":300}`, false},
		{"400 without a code", 400, ``, false},
		{"403", 403, ``, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				given := &tokens{list: []string{"a", "b"}}
				s := &script{steps: []step{answers(tc.status, tc.body), answers(200, "{}")}}
				_, attempts, err := newTestRoad(s, func(c *Config) { c.Tokens, c.MaxBody = given, 1<<20 }).Do(t.Context(), get())
				assert.LessOrEqual(t, s.elapsed(), atOnce)
				if tc.refused {
					require.NoError(t, err)
					assert.Equal(t, []string{"a"}, given.rejected)
					assert.Equal(t, []string{"Bearer a", "Bearer b"}, s.auth)
					return
				}
				assert.Equal(t, 1, attempts)
				assert.Empty(t, given.rejected)
			})
		})
	}
}

// A call forces one refresh, whatever comes between two refusals.
func TestFaultRL28OneForcedRefreshACall(t *testing.T) {
	broken := fails(errors.New("broken"))
	for name, tc := range map[string]struct {
		steps    []step
		attempts int
		rejected []string
		kind     Kind // 255: none
	}{
		"RL28 401 and 500 in turns":        {[]step{answers(401, ""), answers(500, ""), answers(401, ""), answers(500, "")}, 3, []string{"a"}, KindUnauthorized},
		"RL28 500 and 401 in turns":        {[]step{answers(500, ""), answers(401, ""), answers(500, ""), answers(401, "")}, 4, []string{"a"}, KindUnauthorized},
		"RL28 401 between broken answers":  {[]step{answers(401, ""), broken, answers(401, "")}, 3, []string{"a"}, KindUnauthorized},
		"RL28 401s alone":                  {[]step{answers(401, "")}, 2, []string{"a"}, KindUnauthorized},
		"RL28 a 401 takes no try":          {[]step{answers(500, ""), answers(500, ""), answers(401, ""), answers(500, ""), answers(500, ""), answers(500, "")}, 6, []string{"a"}, KindStatus},
		"RL28 a 401 and then good":         {[]step{answers(401, ""), broken, broken, answers(200, "{}")}, 4, []string{"a"}, 255},
		"RL28 code 124 counts like a 401":  {[]step{answers(400, `{"code":124}`), answers(500, ""), answers(200, `{"code":124}`)}, 3, []string{"a"}, KindUnauthorized},
		"RL28 429 between the refusals":    {[]step{answers(401, ""), answers(429, ""), answers(401, "")}, 3, []string{"a"}, KindUnauthorized},
		"RL28 refusals come after the end": {[]step{answers(404, ""), answers(401, "")}, 1, nil, KindStatus},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				given := &tokens{list: []string{"a", "b", "c", "d"}}
				_, attempts, err := newTestRoad(&script{steps: tc.steps}, func(c *Config) { c.Tokens = given }).Do(t.Context(), get())
				assert.Equal(t, tc.attempts, attempts)
				assert.Equal(t, tc.rejected, given.rejected)
				if tc.kind == 255 {
					require.NoError(t, err)
					return
				}
				assert.Equal(t, tc.kind, failureOf(t, err).Kind)
			})
		})
	}
}

// A status that says by itself what happened outweighs code 124: the token may be good, and
// a write may have been carried out.
func TestFaultBD33Code124UnderAStatusThatDecides(t *testing.T) {
	for status, want := range map[int]struct {
		reads, writes int
		open          bool
	}{
		407: {1, 1, false}, 408: {5, 1, true}, 425: {5, 1, true}, 429: {5, 1, true},
		500: {5, 1, true}, 502: {5, 1, true}, 503: {5, 1, true}, 504: {5, 1, true}, 599: {5, 1, true},
	} {
		for call, attempts := range map[*Call]int{get(): want.reads, post(): want.writes} {
			t.Run(fmt.Sprint(status, call.Method), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					given := &tokens{list: []string{"a", "b"}}
					s := &script{steps: []step{answers(status, `{"code":124,"message":"Invalid access token."}`)}}
					_, n, err := newTestRoad(s, func(c *Config) { c.Tokens = given }).Do(t.Context(), call)
					f := failureOf(t, err)
					assert.Equal(t, attempts, n)
					assert.Equal(t, KindStatus, f.Kind)
					assert.Equal(t, want.open && !call.Repeatable, f.Open)
					assert.Empty(t, given.rejected)
					assert.Empty(t, given.accepted, "nor does it say that the token is good")
				})
			})
		}
	}
}

// What must be sent once is sent again after a 429 only if that is Zoom's, and never after an
// answer with the status of a success.
func TestFaultBD31AnswersThatDoNotProve(t *testing.T) {
	const limit = `{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}`
	for name, tc := range map[string]struct {
		step     step
		once     int // attempts of what must be sent once
		write    int // of another write
		kind     Kind
		rejected bool
	}{
		"Zoom's":                        {answers(429, limit), 5, 5, KindStatus, false},
		"Zoom's by a category":          {answers(429, "", "X-RateLimit-Category", "Light"), 5, 5, KindStatus, false},
		"Zoom's by a type":              {answers(429, "<html>", "X-RateLimit-Type", "QPS"), 5, 5, KindStatus, false},
		"Zoom's by a number":            {answers(429, "{}", "X-RateLimit-Remaining", "0"), 5, 5, KindStatus, false},
		"nobody's":                      {answers(429, ""), 1, 5, KindStatus, false},
		"a gateway's":                   {answers(429, "<html>slow down</html>"), 1, 5, KindStatus, false},
		"a gateway's, in JSON":          {answers(429, `{"message":"rate limit"}`), 1, 5, KindStatus, false},
		"a gateway's that names a time": {answers(429, "", "Retry-After", "1"), 1, 5, KindStatus, false},
		"a gateway's that names a day":  {answers(429, `{"message":"daily rate limit"}`), 1, 1, KindStatus, false},
		"a limit under 200":             {answers(200, limit), 1, 5, KindStatus, false},
		"a limit under 201":             {answers(201, limit, "X-RateLimit-Type", "QPS"), 1, 5, KindStatus, false},
		"code 124 under 201":            {answers(201, `{"code":124}`), 1, 2, KindUnauthorized, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, once := range []bool{true, false} {
					call, given := post(), &tokens{list: []string{"a", "b", "c"}}
					call.Once = once
					call.Accept = func(a *Answer) error { return errorOfBody(a) }
					_, attempts, err := newTestRoad(&script{steps: []step{tc.step}}, func(c *Config) { c.Tokens = given }).Do(t.Context(), call)
					f := failureOf(t, err)
					assert.Equal(t, tc.kind, f.Kind)
					assert.Equal(t, tc.rejected, len(given.rejected) > 0)
					if once {
						assert.Equal(t, tc.once, attempts)
						assert.Equal(t, tc.once == 1, f.Open)
					} else {
						assert.Equal(t, tc.write, attempts)
						assert.False(t, f.Open)
					}
				}
			})
		})
	}
}

// errorOfBody keeps a nil *wire.APIError from becoming an error that is not nil.
func errorOfBody(a *Answer) error {
	if a.Error == nil {
		return nil
	}
	return a.Error
}

// What was refused was not carried out.
func TestRefusedWriteIsNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := &tokens{list: []string{"a", "b", "c"}}
		_, attempts, err := newTestRoad(&script{steps: []step{answers(401, "")}}, func(c *Config) { c.Tokens = given }).Do(t.Context(), post())
		f := failureOf(t, err)
		assert.Equal(t, KindUnauthorized, f.Kind)
		assert.Equal(t, 2, attempts)
		assert.Equal(t, 401, f.Answer.Status)
		assert.False(t, f.Open)
	})
}

// A turn whose token ended meanwhile is not used. Both begin again, and nobody waits for
// a token with a turn in hand.
func TestFaultRL24TurnWithoutATokenIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		ended := 3 // turns in a row that come without a token
		limit := &turnstile{wait: func(context.Context) error {
			order = append(order, "turn")
			return nil
		}}
		given := &counted{
			say: func(int) (string, error) {
				order = append(order, "token")
				return "a", nil
			},
			held: func() (string, bool) {
				ended--
				return "b", ended < 0
			},
		}
		s := &script{steps: []step{answers(200, "{}")}}
		_, attempts, err := newTestRoad(s, func(c *Config) { c.Limiter, c.Tokens = limit, given }).Do(t.Context(), get())
		require.NoError(t, err)
		assert.Equal(t, 1, attempts)
		assert.Equal(t, []string{"token", "turn", "token", "turn", "token", "turn", "token", "turn"}, order)
		assert.Equal(t, []string{"Bearer b"}, s.auth, "the token that is held when it leaves")
	})
}

// A token that never stays is given up with the time of the call.
func TestFaultRL24TokenThatNeverStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := &counted{
			say: func(int) (string, error) {
				time.Sleep(time.Second)
				return "a", nil
			},
			held: func() (string, bool) { return "", false },
		}
		begin := time.Now()
		_, attempts, err := newTestRoad(&script{steps: []step{answers(200, "{}")}}, func(c *Config) {
			c.Limiter, c.Tokens = &turnstile{}, given
		}).Do(t.Context(), post())
		f := failureOf(t, err)
		assert.Equal(t, KindTimeout, f.Kind)
		assert.True(t, f.Unsent)
		assert.Zero(t, attempts)
		assert.LessOrEqual(t, time.Since(begin), 2*testPolicy.MaxElapsed)
	})
}

// The limiter hears each answer once, although the next attempt may have no token.
func TestLimiterHearsEachAnswerOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := &turnstile{}
		given := &counted{say: func(asked int) (string, error) {
			if asked == 2 {
				return "", errors.New("lost")
			}
			return "a", nil
		}}
		_, attempts, err := newTestRoad(&script{steps: []step{answers(503, "")}}, func(c *Config) { c.Limiter, c.Tokens = limit, given }).Do(t.Context(), get())
		f := failureOf(t, err)
		assert.Equal(t, KindToken, f.Kind)
		assert.True(t, f.Unsent)
		assert.Equal(t, 1, attempts)
		assert.Len(t, limit.told, 1)
	})
}

func TestLimiterHearsEveryAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := &turnstile{}
		s := &script{steps: []step{answers(429, "", "X-RateLimit-Limit", "10"), fails(errors.New("broken")), answers(200, "{}", "X-RateLimit-Remaining", "3")}}
		_, _, err := newTestRoad(s, func(c *Config) { c.Limiter = limit }).Do(t.Context(), get())
		require.NoError(t, err)
		assert.Equal(t, []pace.Rate{{Status: 429, Limit: 10, HasLimit: true}, {Status: 200, Remaining: 3, HasRemaining: true}}, limit.told)
	})
}

// The moment to come back is when the limiter lets something through again; where
// the server named none, the limiter invents none.
func TestRetryAtIsTheLimiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		for _, tc := range []struct {
			step step
			want time.Time
		}{
			{answers(429, "", "Retry-After", "3600"), begin.Add(time.Hour + 42*time.Second).UTC()},
			{answers(404, ""), time.Time{}},
		} {
			limit := &turnstile{later: 42 * time.Second}
			_, attempts, err := newTestRoad(&script{steps: []step{tc.step}}, func(c *Config) { c.Limiter = limit }).Do(t.Context(), get())
			assert.Equal(t, tc.want, failureOf(t, err).RetryAt)
			assert.Equal(t, 1, attempts)
		}
	})
}

// A wait is told when there was one.
func TestLimiterWaitsAreTold(t *testing.T) {
	for _, wait := range []time.Duration{0, 1, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var told []string
			limit := &turnstile{wait: func(context.Context) error {
				time.Sleep(wait)
				return nil
			}}
			_, _, err := newTestRoad(&script{steps: []step{answers(200, "{}")}}, func(c *Config) {
				c.Limiter = limit
				c.Events.Waited = func(_ context.Context, reason string, d time.Duration) {
					told = append(told, fmt.Sprint(reason, " ", d))
				}
			}).Do(t.Context(), get())
			require.NoError(t, err)
			if wait == 0 {
				assert.Empty(t, told)
				return
			}
			assert.Equal(t, []string{"limiter " + wait.String()}, told)
		})
	}
}

// Who gives up in the limiter's queue has sent nothing, and hears why.
func TestEndInTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("still in the queue: %w", ctx.Err())
		}
		refusal := errors.New("not today")
		for name, tc := range map[string]struct {
			wait func(context.Context) error
			kind Kind
			err  error
		}{
			"the caller's end":       {queue, KindContext, context.DeadlineExceeded},
			"a refusal":              {func(context.Context) error { return refusal }, KindLimiter, refusal},
			"a refusal of ours":      {func(context.Context) error { return &Failure{Kind: KindUnreachable, Err: refusal} }, KindUnreachable, refusal},
			"an end of its own time": {func(context.Context) error { return context.DeadlineExceeded }, KindLimiter, context.DeadlineExceeded},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			s := &script{steps: []step{answers(200, "{}")}}
			_, attempts, err := newTestRoad(s, func(c *Config) {
				c.Limiter, c.Policy.MaxAttempts = &turnstile{wait: tc.wait}, 1
			}).Do(ctx, post())
			cancel()
			f := failureOf(t, err)
			assert.Equal(t, tc.kind, f.Kind, name)
			require.ErrorIs(t, err, tc.err, name)
			assert.Zero(t, attempts, name)
			assert.True(t, f.Unsent, name)
			assert.False(t, f.Open, name)
			assert.Nil(t, f.Answer, name)
		}
	})
}
