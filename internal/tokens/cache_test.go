package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/tokens"
)

var (
	errOverrun = errors.New("overrun")
	errSource  = errors.New("the source failed")
)

const timeout = 30 * time.Second

// bubble runs a test on virtual time.
func bubble(run func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, run) }
}

// source makes tokens: t1, t2, … Its behaviour is for a test to set.
type source struct {
	mu    sync.Mutex
	calls []tokens.Want
	at    []time.Time
	do    func(ctx context.Context, n int) error // n counts from 1
	life  time.Duration
	found bool
}

func (s *source) fetch(ctx context.Context, w tokens.Want) (*tokens.Token[int], error) {
	s.mu.Lock()
	s.calls, s.at = append(s.calls, w), append(s.at, time.Now())
	n, do, life, found := len(s.calls), s.do, s.life, s.found
	s.mu.Unlock()
	if do != nil {
		if err := do(ctx, n); err != nil {
			return nil, err
		}
	}
	if life == 0 {
		life = time.Hour
	}
	now := time.Now()
	return &tokens.Token[int]{Access: fmt.Sprint("t", n), Due: now.Add(life - life/12), Expiry: now.Add(life), Value: n, Found: found}, nil
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

func (s *source) cache() *tokens.Cache[int] {
	return tokens.New(tokens.Config[int]{Fetch: s.fetch, Timeout: timeout, Overrun: errOverrun})
}

func access(t *testing.T, c *tokens.Cache[int]) string {
	t.Helper()
	got, err := c.Access(t.Context(), nil)
	require.NoError(t, err)
	return got
}

// hangs ignores its context until the test ends.
func hangs(t *testing.T) func() {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	return func() { <-end }
}

func TestFaultIN19(t *testing.T) {
	t.Run("IN19 a fetch that hangs is given up and forgotten", bubble(func(t *testing.T) {
		hang := hangs(t)
		s := &source{do: func(_ context.Context, n int) error {
			if n <= 3 {
				hang()
			}
			return nil
		}}
		c := s.cache()
		for range 3 {
			begin := time.Now()
			var group sync.WaitGroup
			for range 5 {
				group.Go(func() {
					_, err := c.Access(t.Context(), nil)
					assert.ErrorIs(t, err, errOverrun)
				})
			}
			group.Wait()
			assert.Equal(t, timeout, time.Since(begin))
		}
		assert.Equal(t, "t4", access(t, c))
		c.Wait()
	}))
	t.Run("IN19 a late result is dropped", bubble(func(t *testing.T) {
		s := &source{do: func(_ context.Context, n int) error {
			if n == 1 {
				time.Sleep(time.Minute)
			}
			return nil
		}}
		c := s.cache()
		_, err := c.Access(t.Context(), nil)
		require.ErrorIs(t, err, errOverrun)
		assert.Equal(t, "t2", access(t, c))
		time.Sleep(time.Minute)
		assert.Equal(t, "t2", access(t, c))
	}))
	t.Run("IN19 the held token serves", bubble(func(t *testing.T) {
		hang := hangs(t)
		s := &source{do: func(_ context.Context, n int) error {
			if n > 1 {
				hang()
			}
			return nil
		}}
		c := s.cache()
		access(t, c)
		time.Sleep(55 * time.Minute)
		for begin := time.Now(); time.Since(begin) < 5*time.Minute; time.Sleep(time.Second) {
			now := time.Now()
			assert.Equal(t, "t1", access(t, c))
			assert.Zero(t, time.Since(now))
		}
		_, err := c.Access(t.Context(), nil)
		require.ErrorIs(t, err, errOverrun)
	}))
	t.Run("IN19 a source that only ever hangs", bubble(func(t *testing.T) {
		hang := hangs(t)
		s := &source{do: func(context.Context, int) error { hang(); return nil }}
		c := s.cache()
		for begin := time.Now(); time.Since(begin) < 24*time.Hour; time.Sleep(time.Second) {
			_, err := c.Access(t.Context(), nil)
			require.ErrorIs(t, err, errOverrun)
		}
		assert.LessOrEqual(t, s.count(), 8+7+24, "goroutines after a day")
		assert.GreaterOrEqual(t, s.count(), 8+24, "and it is still asked")
	}))
	t.Run("IN19 fetches that return make room", bubble(func(t *testing.T) {
		s := &source{do: func(context.Context, int) error { time.Sleep(10 * time.Minute); return errSource }}
		c := s.cache()
		for range 50 {
			_, err := c.Access(t.Context(), nil)
			require.ErrorIs(t, err, errOverrun)
			time.Sleep(20 * time.Minute)
		}
		assert.Equal(t, 50, s.count())
	}))
	t.Run("IN19 a fetch that ends its goroutine", bubble(func(t *testing.T) {
		s := &source{do: func(_ context.Context, n int) error {
			if n == 1 {
				runtime.Goexit()
			}
			return nil
		}}
		c := s.cache()
		_, err := c.Access(t.Context(), nil)
		require.Error(t, err)
		assert.Equal(t, "t2", access(t, c))
	}))
}

func TestFaultIN20NobodyWaitsWhileTheTokenIsGood(t *testing.T) {
	for name, do := range map[string]func(ctx context.Context, n int) error{
		"slow":    func(context.Context, int) error { time.Sleep(20 * time.Second); return nil },
		"failing": func(context.Context, int) error { return errSource },
		"slow, then failing": func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run("IN20 "+name, bubble(func(t *testing.T) {
			s := &source{}
			c := s.cache()
			access(t, c)
			s.do = do
			time.Sleep(55 * time.Minute)
			for left := 5 * time.Minute; left > 0; left -= time.Second {
				now := time.Now()
				held, ok := c.Held()
				assert.True(t, ok)
				assert.Equal(t, access(t, c), held)
				assert.Zero(t, time.Since(now))
				time.Sleep(time.Second)
			}
			if name == "slow" {
				assert.Equal(t, "t2", access(t, c))
				return
			}
			_, ok := c.Held()
			assert.False(t, ok, "never beyond its end")
			_, err := c.Access(t.Context(), nil)
			require.Error(t, err)
			assert.LessOrEqual(t, s.count(), 1+10+1)
		}))
	}
}

// An API that refuses every token, at any pace, from any number of callers.
func TestFaultRL29OneForcedFetchInThirtySeconds(t *testing.T) {
	for _, looks := range []bool{false, true} {
		for seed := range uint64(20) {
			t.Run(fmt.Sprintf("RL29 looks %t, seed %d", looks, seed), bubble(func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 29))
				s := &source{}
				made := []time.Time{}
				c := tokens.New(tokens.Config[int]{
					Looks: looks, Timeout: timeout, Overrun: errOverrun,
					Fetch: func(ctx context.Context, w tokens.Want) (*tokens.Token[int], error) {
						if w.LookOnly {
							return &tokens.Token[int]{Access: w.Refused, Found: true}, nil
						}
						if w.Refused != "" {
							made = append(made, time.Now())
						}
						return s.fetch(ctx, w)
					},
				})
				s.do = func(context.Context, int) error { time.Sleep(time.Duration(len(made)%4) * time.Second); return nil }
				var group sync.WaitGroup
				for range 1 + random.IntN(5) {
					pace := time.Duration(random.Int64N(int64(5 * time.Second)))
					group.Go(func() {
						for begin := time.Now(); time.Since(begin) < 10*time.Minute; time.Sleep(pace + time.Millisecond) {
							c.Rejected(access(t, c))
						}
					})
				}
				group.Wait()
				for i := 1; i < len(made); i++ {
					assert.GreaterOrEqual(t, made[i].Sub(made[i-1]), 30*time.Second)
				}
				assert.GreaterOrEqual(t, len(made), 15, "and it goes on trying")
			}))
		}
	}
	t.Run("RL29 what was there already is no new token", bubble(func(t *testing.T) {
		s := &source{found: true} // by another process
		c := tokens.New(tokens.Config[int]{Fetch: s.fetch, Timeout: timeout, Overrun: errOverrun, Looks: true})
		for range 10 {
			c.Rejected(access(t, c))
		}
		for _, w := range s.calls {
			assert.False(t, w.LookOnly)
		}
	}))
	t.Run("RL29 once in a while", bubble(func(t *testing.T) {
		s := &source{}
		c := s.cache()
		for n := range 10 {
			c.Rejected(fmt.Sprint("t", n))
			c.Rejected(fmt.Sprint("t", n))
			assert.Equal(t, fmt.Sprint("t", n+1), access(t, c), "at once")
			time.Sleep(30 * time.Second)
		}
	}))
}

func TestHookThatPanicsDoesSoInACaller(t *testing.T) {
	t.Run("that waits", bubble(func(t *testing.T) {
		s := &source{}
		c := tokens.New(tokens.Config[int]{Fetch: s.fetch, Timeout: timeout, Overrun: errOverrun, After: func(context.Context, tokens.Fetched) {
			if s.count() == 1 {
				panic("hook")
			}
		}})
		assert.PanicsWithValue(t, "hook", func() { _, _ = c.Access(t.Context(), nil) })
		assert.Equal(t, "t1", access(t, c))
	}))
	t.Run("that comes next", bubble(func(t *testing.T) {
		s := &source{}
		c := tokens.New(tokens.Config[int]{Fetch: s.fetch, Timeout: timeout, Overrun: errOverrun, After: func(context.Context, tokens.Fetched) {
			if s.count() == 2 {
				panic("hook")
			}
		}})
		access(t, c)
		time.Sleep(56 * time.Minute)
		assert.Equal(t, "t1", access(t, c))
		synctest.Wait()
		_, ready := c.Ready(t.Context(), nil)
		assert.False(t, ready)
		assert.PanicsWithValue(t, "hook", func() { _, _ = c.Access(t.Context(), nil) })
		assert.Equal(t, "t2", access(t, c))
	}))
}

// What a person has authorised meanwhile is not replaced by a fetch from before.
// Late hooks keep nobody waiting but Wait, whatever they do.
func TestLateHooks(t *testing.T) {
	for name, c := range map[string]struct {
		late   func()
		raised bool
	}{
		"slow":   {func() { time.Sleep(time.Minute) }, false},
		"panics": {func() { time.Sleep(time.Minute); panic("hook") }, true},
		"exits":  {func() { time.Sleep(time.Minute); runtime.Goexit() }, false},
	} {
		t.Run(name, bubble(func(t *testing.T) {
			s := &source{}
			var done atomic.Int32
			cache := tokens.New(tokens.Config[int]{Fetch: s.fetch, Timeout: timeout, Overrun: errOverrun, Late: func(_ context.Context, f tokens.Fetched) {
				defer done.Add(1)
				assert.False(t, f.Expiry.IsZero())
				c.late()
			}})
			begin := time.Now()
			assert.Equal(t, "t1", access(t, cache))
			cache.Rejected("t1")
			assert.Equal(t, "t2", access(t, cache), "nor does the next fetch")
			<-cache.Idle()
			assert.Less(t, time.Since(begin), time.Minute)
			cache.Close(errOverrun)
			cache.Wait()
			assert.Equal(t, int32(2), done.Load())
			if c.raised {
				assert.PanicsWithValue(t, "hook", func() { _, _ = cache.Access(t.Context(), nil) })
			}
			assert.Equal(t, "t2", access(t, cache))
		}))
	}
	t.Run("also after a fetch that was given up", bubble(func(t *testing.T) {
		called := make(chan bool, 1)
		cache := tokens.New(tokens.Config[int]{
			Timeout: timeout, Overrun: errOverrun,
			Fetch: func(context.Context, tokens.Want) (*tokens.Token[int], error) {
				time.Sleep(2 * timeout)
				return nil, errOverrun
			},
			Late: func(context.Context, tokens.Fetched) { called <- true },
		})
		_, err := cache.Access(t.Context(), nil)
		require.ErrorIs(t, err, errOverrun)
		cache.Wait()
		assert.Empty(t, called)
		assert.True(t, <-called)
	}))
}

func TestPutOutdatesAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{do: func(context.Context, int) error { time.Sleep(10 * time.Second); return nil }}
		c := s.cache()
		waiting := make(chan string)
		go func() {
			got, err := c.Access(t.Context(), nil)
			assert.NoError(t, err)
			waiting <- got
		}()
		synctest.Wait()
		c.Put(&tokens.Token[int]{Access: "anew", Expiry: time.Now().Add(time.Hour)})
		assert.Equal(t, "anew", <-waiting, "nobody waits any more")
		time.Sleep(time.Minute)
		assert.Equal(t, "anew", access(t, c))
		c.Forget()
		assert.Equal(t, "t2", access(t, c))
	})
}

// A cache under random failures, against what is always true.
func TestInvariants(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), bubble(func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 20))
			var mu sync.Mutex
			chance := func(p float64) bool {
				mu.Lock()
				defer mu.Unlock()
				return random.Float64() < p
			}
			length := func(d time.Duration) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(random.Int64N(int64(d)))
			}
			running := 0
			s := &source{life: 2 * time.Minute}
			s.do = func(ctx context.Context, _ int) error {
				mu.Lock()
				running++
				assert.LessOrEqual(t, running, 1+9, "fetches, with those that were given up")
				mu.Unlock()
				defer func() {
					mu.Lock()
					running--
					mu.Unlock()
				}()
				takes := length(50 * time.Second)
				if chance(0.5) {
					select {
					case <-time.After(takes):
					case <-ctx.Done():
						return ctx.Err()
					}
				} else {
					time.Sleep(takes)
				}
				if chance(0.3) {
					return errSource
				}
				return nil
			}
			c := s.cache()
			var group sync.WaitGroup
			for range 5 {
				group.Go(func() {
					for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(length(20 * time.Second)) {
						_, good := c.Held()
						now, patience := time.Now(), length(40*time.Second)
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						tok, err := c.Get(ctx, nil)
						cancel()
						took := time.Since(now)
						assert.LessOrEqual(t, took, min(patience, 2*timeout))
						if good {
							assert.NoError(t, err)
							assert.Zero(t, took)
						}
						if err == nil {
							assert.True(t, time.Now().Before(tok.Expiry))
							if chance(0.05) {
								c.Rejected(tok.Access)
							}
						}
					}
				})
			}
			group.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			c.Wait()
			require.NoError(t, ctx.Err())
			time.Sleep(time.Minute) // for what was given up
		}))
	}
}

type linked struct {
	link
	c *tokens.Cache[int]
}

type link = tokens.Link

type wrapper struct{ *linked }

func TestLink(t *testing.T) {
	c := (&source{}).cache()
	l := &linked{c: c}
	l.link = tokens.NewLink(l, c)
	assert.Equal(t, c, tokens.Of(l))
	copied := *l
	for name, other := range map[string]any{
		"nil": nil, "a nil pointer": (*linked)(nil), "without a link": &source{}, "unmade": &linked{}, "a copy": &copied,
		"a wrapper": &wrapper{l}, "a wrapper by value": wrapper{l}, "a wrapper of nil": &wrapper{},
	} {
		assert.Nil(t, tokens.Of(other), name)
	}
}
