package limitertest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/seatkit/zoom"
)

var realTime = flag.Bool("limitertest.real", false, "test LocalLimiter in real time as well, for about 55 seconds")

// local makes a LocalLimiter with given limits.
func local(t testing.TB, l zoom.Limits) *zoom.LocalLimiter {
	t.Helper()
	plan := zoom.PlanPro
	if _, apart := l.PerDay[zoom.ClassResourceIntensive]; apart {
		plan = zoom.PlanFree
	}
	var opts []zoom.LimiterOption
	for _, class := range []zoom.RateClass{zoom.ClassResourceIntensive, zoom.ClassHeavy, zoom.ClassMedium, zoom.ClassLight} {
		perSecond := float64(l.PerSecond[class]) + float64(l.PerMinute[class])/60
		opts = append(opts, zoom.LimitRate(class, perSecond), zoom.LimitPerDay(class, l.PerDay[class]))
	}
	limiter := zoom.NewLocalLimiter(plan, opts...)
	require.NotNil(t, limiter.Stats())
	return limiter
}

// accounts gives the handles of one account one limiter.
func accounts() func(t *testing.T, account string, l zoom.Limits) zoom.Limiter {
	var mu sync.Mutex
	known := map[string]zoom.Limiter{}
	return func(t *testing.T, account string, l zoom.Limits) zoom.Limiter {
		mu.Lock()
		defer mu.Unlock()
		if known[account] == nil {
			known[account] = local(t, l)
		}
		return known[account]
	}
}

func TestLocalLimiter(t *testing.T) {
	Run(t, accounts(), Options{Virtual: true, Handles: 3})
	Run(t, accounts(), Options{Virtual: true})
}

func TestLocalLimiterInRealTime(t *testing.T) {
	if !*realTime {
		t.Skip("asked for by -limitertest.real")
	}
	Run(t, accounts(), Options{Handles: 3, Slack: 50 * time.Millisecond})
}

// recorder is a test that may fail.
type recorder struct {
	ctx    context.Context //nolint:containedctx // like that of a test
	mu     sync.Mutex
	failed []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// brokenRules returns the names of the rules that a limiter breaks.
func brokenRules(t *testing.T, open func(testing.TB, zoom.Limits) func() zoom.Limiter) (names []string) {
	t.Helper()
	for _, c := range checks {
		r := &recorder{}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 7*24*time.Hour) // also when t is over
			defer cancel()
			r.ctx = ctx
			handle := open(t, c.limits)
			b := &bench{tb: r, handles: []zoom.Limiter{handle(), handle()}, limits: c.limits}
			var group sync.WaitGroup
			group.Go(func() { c.run(b) })
			group.Wait()
		})
		if len(r.failed) > 0 {
			names = append(names, c.name)
		}
	}
	return names
}

// The wrong limiters are a right one with one fault.
type faulty struct {
	*zoom.LocalLimiter
	wait    func(ctx context.Context, class zoom.RateClass) error
	observe func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit)
}

func (f *faulty) Wait(ctx context.Context, class zoom.RateClass) error {
	if f.wait != nil {
		return f.wait(ctx, class)
	}
	return f.LocalLimiter.Wait(ctx, class)
}

func (f *faulty) Observe(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
	if f.observe != nil {
		f.observe(ctx, class, r)
		return
	}
	f.LocalLimiter.Observe(ctx, class, r)
}

func TestWrongLimitersAreCaught(t *testing.T) {
	one := func(fault func(l zoom.Limits, right *zoom.LocalLimiter) *faulty) func(testing.TB, zoom.Limits) func() zoom.Limiter {
		return func(t testing.TB, l zoom.Limits) func() zoom.Limiter {
			right := local(t, l)
			f := fault(l, right)
			f.LocalLimiter = right
			return func() zoom.Limiter { return f }
		}
	}
	noLimit := []string{"no window of a second above the limit", "pauses save up nothing", "a spent budget is ErrDailyLimit at once"}
	for name, tc := range map[string]struct {
		open func(testing.TB, zoom.Limits) func() zoom.Limiter
		want []string // of the rules, those that must be found broken
		only bool     // no other one is
	}{
		"none": {one(func(zoom.Limits, *zoom.LocalLimiter) *faulty { return &faulty{} }), nil, true},
		"a bucket that holds a second": {one(func(l zoom.Limits, right *zoom.LocalLimiter) *faulty {
			bucket := rate.NewLimiter(rate.Limit(l.PerSecond[light]), l.PerSecond[light])
			return &faulty{wait: func(ctx context.Context, class zoom.RateClass) error {
				if class == light {
					return bucket.Wait(ctx)
				}
				return right.Wait(ctx, class)
			}}
		}), []string{"no window of a second above the limit", "pauses save up nothing"}, false},
		"handles that do not know each other": {func(t testing.TB, l zoom.Limits) func() zoom.Limiter {
			return func() zoom.Limiter { return local(t, l) }
		}, []string{"no window of a second above the limit", "heavy and resource-intensive share the day's budget", "a daily 429 shuts the gate until RetryAt"}, false},
		"one line for all classes": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{wait: func(ctx context.Context, _ zoom.RateClass) error { return right.Wait(ctx, heavy) }}
		}), []string{"classes do not wait for each other"}, false},
		"deaf to 429s": {one(func(zoom.Limits, *zoom.LocalLimiter) *faulty {
			return &faulty{observe: func(context.Context, zoom.RateClass, zoom.RateLimit) {}}
		}), []string{"a daily 429 shuts the gate until RetryAt", "a 429 slows its class down", "a gate that shuts ends the waits that have begun"}, false},
		"a gate for each class": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			var shut [4]atomic.Bool
			return &faulty{
				wait: func(ctx context.Context, class zoom.RateClass) error {
					if class == heavy && !shut[heavy].Load() && shut[intensive].Load() {
						return nil
					}
					return right.Wait(ctx, class)
				},
				observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
					if r.Kind() == zoom.KindDaily {
						shut[class].Store(true)
					}
					right.Observe(ctx, class, r)
				},
			}
		}), []string{"heavy and resource-intensive share the gate"}, false},
		"no moment in the error": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{wait: func(ctx context.Context, class zoom.RateClass) error {
				if err := right.Wait(ctx, class); errors.Is(err, zoom.ErrDailyLimit) {
					return zoom.ErrDailyLimit
				} else {
					return err
				}
			}}
		}), []string{"a spent budget is ErrDailyLimit at once", "a daily 429 shuts the gate until RetryAt"}, false},
		"waits for the deadline": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{wait: func(ctx context.Context, class zoom.RateClass) error {
				if err := right.Wait(ctx, class); !errors.Is(err, zoom.ErrRateLimited) {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			}}
		}), []string{"a turn beyond the deadline is refused at once"}, false},
		"does not see that the caller left": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{wait: func(ctx context.Context, class zoom.RateClass) error {
				return right.Wait(context.WithoutCancel(ctx), class)
			}}
		}), []string{"a caller that leaves returns at once", "a context that is done takes no turn", "a turn beyond the deadline is refused at once"}, false},
		"counts who left": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{wait: func(ctx context.Context, class zoom.RateClass) error {
				err := right.Wait(ctx, class)
				if errors.Is(err, context.Canceled) {
					_ = right.Wait(context.WithoutCancel(ctx), class)
				}
				return err
			}}
		}), []string{"a wait that ends in an error costs nothing of the day", "a context that is done takes no turn"}, false},
		"takes each 429 for the account's": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
				if k := r.Kind(); k == zoom.KindPerUser || k == zoom.KindConcurrent {
					r = perSecond
				}
				right.Observe(ctx, class, r)
			}}
		}), []string{"a 429 of one user or operation does not slow"}, false},
		"takes an absent number for 0": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
				r.HasRemaining = true
				right.Observe(ctx, class, r)
			}}
		}), []string{"an answer that says nothing changes nothing"}, false},
		"its own midnight": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
				r.Date = time.Time{}
				right.Observe(ctx, class, r)
			}}
		}), []string{"a daily 429 without RetryAt shuts the gate until midnight"}, false},
		"slows all classes down": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
				right.Observe(ctx, class, r)
				if r.Kind() == zoom.KindPerSecond {
					right.Observe(ctx, light, r)
				}
			}}
		}), []string{"a 429 does not slow other classes down"}, false},
		"slows down for good": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			var slow atomic.Bool
			return &faulty{
				wait: func(ctx context.Context, class zoom.RateClass) error {
					err := right.Wait(ctx, class)
					if slow.Load() && err == nil {
						err = right.Wait(ctx, class)
					}
					return err
				},
				observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
					if r.Kind() == zoom.KindPerSecond {
						slow.Store(true)
					}
					right.Observe(ctx, class, r)
				},
			}
		}), []string{"the rate recovers after a 429"}, false},
		"every 429 halves the rate": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return (&slows{right: right, slow: make(chan struct{}, 1)}).limiter(func(level float64) float64 { return level / 2 })
		}), []string{"429s within a second slow a class down once"}, true},
		"no 429 counts while it is slow": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return (&slows{right: right, slow: make(chan struct{}, 1)}).limiter(func(float64) float64 { return 0.5 })
		}), []string{"a 429 after that second slows it down further"}, true},
		"waiters see the gate when a turn comes": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return (&lateGate{right: right}).limiter()
		}), []string{"a gate that shuts ends the waits whose turn is far off"}, true},
		"no limit for light":              {one(noLimitFor(light)), noLimit, false},
		"no limit for medium":             {one(noLimitFor(mediumC)), noLimit, false},
		"no limit for heavy":              {one(noLimitFor(heavy)), noLimit, false},
		"no limit for resource-intensive": {one(noLimitFor(intensive)), []string{"no window of a minute above the limit", "a spent budget is ErrDailyLimit at once"}, false},
		"no budget for medium": {func(t testing.TB, l zoom.Limits) func() zoom.Limiter {
			l.PerDay = maps.Clone(l.PerDay)
			delete(l.PerDay, mediumC)
			right := local(t, l)
			return func() zoom.Limiter { return right }
		}, []string{"a spent budget is ErrDailyLimit at once", "the budget is back on the next day", "a day is a day of UTC"}, true},
		"a budget of its own that is right": {ownBudget(&budget{}), nil, true},
		"a day of UTC+5":                    {ownBudget(&budget{zone: 5 * time.Hour}), []string{"a spent budget is ErrDailyLimit at once", "a day is a day of UTC"}, true},
		"the budget is back at midnight of UTC+5, its error says UTC": {
			ownBudget(&budget{zone: 5 * time.Hour, saysUTC: true}), []string{"a day is a day of UTC"}, true,
		},
		"a spent budget's RetryAt a day late": {ownBudget(&budget{late: 24 * time.Hour}), []string{"a spent budget is ErrDailyLimit at once", "a day is a day of UTC"}, true},
		"waiters see that the budget is spent when a turn comes": {
			ownBudget(&budget{counts: true}), []string{"a spent budget ends the waits that have begun"}, true,
		},
		"no 429 of the minute counts": {one(func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
			return &faulty{observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
				if r.Kind() != zoom.KindPerMinute {
					right.Observe(ctx, class, r)
				}
			}}
		}), []string{"a 429 of the minute slows its class down"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			broken := brokenRules(t, tc.open)
			if tc.only {
				assert.ElementsMatch(t, broken, tc.want)
			}
			assert.Subset(t, broken, tc.want)
		})
	}
}

// noLimitFor lets a class pass as it comes.
func noLimitFor(free zoom.RateClass) func(zoom.Limits, *zoom.LocalLimiter) *faulty {
	return func(_ zoom.Limits, right *zoom.LocalLimiter) *faulty {
		return &faulty{wait: func(ctx context.Context, class zoom.RateClass) error {
			if class == free {
				return ctx.Err()
			}
			return right.Wait(ctx, class)
		}}
	}
}

// budget is the budget of a day, right but for what its fields say.
type budget struct {
	zone    time.Duration // midnight is so much earlier than that of UTC
	saysUTC bool          // but the error names that of UTC
	late    time.Duration // and so much later
	counts  bool          // a request counts when its turn comes, not when it joins the line

	right *zoom.LocalLimiter // without a budget
	limit map[zoom.RateClass]int
	mu    sync.Mutex
	used  map[zoom.RateClass]int
	ends  time.Time
}

// ownBudget makes limiters like b.
func ownBudget(b *budget) func(testing.TB, zoom.Limits) func() zoom.Limiter {
	return func(t testing.TB, l zoom.Limits) func() zoom.Limiter {
		own := &budget{zone: b.zone, saysUTC: b.saysUTC, late: b.late, counts: b.counts, limit: l.PerDay}
		l.PerDay = nil
		own.right = local(t, l)
		f := &faulty{LocalLimiter: own.right, wait: own.wait}
		return func() zoom.Limiter { return f }
	}
}

func (b *budget) wait(ctx context.Context, class zoom.RateClass) error {
	take, refund := b.take, b.refund
	if b.counts {
		take, refund = b.look, func(zoom.RateClass) {}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := take(class); err != nil {
		return err
	}
	err := b.right.Wait(ctx, class)
	if err != nil {
		refund(class)
		return err
	}
	if b.counts {
		return b.take(class)
	}
	return nil
}

func (b *budget) of(class zoom.RateClass) zoom.RateClass {
	if _, apart := b.limit[intensive]; apart {
		return class
	}
	return gateOf(class)
}

// look is an error if the budget is spent.
func (b *budget) look(class zoom.RateClass) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent(class)
}

func (b *budget) take(class zoom.RateClass) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.spent(class); err != nil {
		return err
	}
	b.used[b.of(class)]++
	return nil
}

func (b *budget) refund(class zoom.RateClass) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used[b.of(class)]--
}

func (b *budget) spent(class zoom.RateClass) error {
	now := time.Now()
	if !now.Before(b.ends) {
		b.used, b.ends = map[zoom.RateClass]int{}, midnight(now.Add(b.zone)).Add(-b.zone)
	}
	limit := b.limit[b.of(class)]
	if limit == 0 || b.used[b.of(class)] < limit {
		return nil
	}
	until := b.ends
	if b.saysUTC {
		until = midnight(now)
	}
	return &zoom.Error{RetryAt: until.Add(b.late), Err: zoom.ErrDailyLimit}
}

// slows slows each class down by a rule of its own, for a minute. A turn is the last of so
// many of the right limiter's as the rate is lower.
type slows struct {
	right *zoom.LocalLimiter
	slow  chan struct{} // holds one element while somebody takes turns
	mu    sync.Mutex
	level [4]float64
	since [4]time.Time // the last 429
}

func (s *slows) limiter(next func(level float64) float64) *faulty {
	return &faulty{
		wait: func(ctx context.Context, class zoom.RateClass) (err error) {
			turns := int(1 / s.now(class))
			if turns > 1 { // one by one
				select {
				case s.slow <- struct{}{}:
					defer func() { <-s.slow }()
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			for range turns {
				if err = s.right.Wait(ctx, class); err != nil {
					break
				}
			}
			return err
		},
		observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
			if r.Kind() != zoom.KindPerSecond {
				s.right.Observe(ctx, class, r)
				return
			}
			level := max(next(s.now(class)), 1.0/64)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.level[class], s.since[class] = level, time.Now()
		},
	}
}

func (s *slows) now(class zoom.RateClass) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.since[class]) > time.Minute {
		return 1
	}
	return s.level[class]
}

// lateGate passes on that the gate shuts when somebody's turn has come.
type lateGate struct {
	right *zoom.LocalLimiter
	mu    sync.Mutex
	shut  [4]time.Time // of the class
	late  [4]*zoom.RateLimit
}

func (g *lateGate) limiter() *faulty {
	return &faulty{
		wait: func(ctx context.Context, class zoom.RateClass) error {
			if err := g.look(ctx, class, false); err != nil {
				return err
			}
			if err := g.right.Wait(ctx, class); err != nil {
				return err
			}
			return g.look(ctx, class, true)
		},
		observe: func(ctx context.Context, class zoom.RateClass, r zoom.RateLimit) {
			if r.Kind() != zoom.KindDaily {
				g.right.Observe(ctx, class, r)
				return
			}
			if r.RetryAt.IsZero() {
				r.RetryAt = time.Now().Add(midnight(r.Date).Sub(r.Date))
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			g.shut[gateOf(class)], g.late[gateOf(class)] = r.RetryAt, &r
		},
	}
}

func gateOf(class zoom.RateClass) zoom.RateClass {
	if class == intensive {
		return heavy
	}
	return class
}

func (g *lateGate) look(ctx context.Context, class zoom.RateClass, hasTurn bool) error {
	gate := gateOf(class)
	g.mu.Lock()
	shut, late := g.shut[gate], g.late[gate]
	if hasTurn {
		g.late[gate] = nil
	}
	g.mu.Unlock()
	if !time.Now().Before(shut) {
		return nil
	}
	if hasTurn && late != nil {
		g.right.Observe(ctx, class, *late)
	}
	return &zoom.Error{RetryAt: shut, Err: zoom.ErrDailyLimit}
}
