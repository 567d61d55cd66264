package zoom

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seatkit/zoom/internal/transport"
)

// limits are those of an account.
type limits struct {
	share     float64
	apart     bool // resource-intensive requests have a budget of their own
	perSecond [numClasses]float64
	perDay    [numClasses]int // 0: none
}

// limitsOf returns Zoom's published limits; those of Pro and no budget for a plan
// that is not known.
func limitsOf(p Plan) limits {
	l := limits{share: 1}
	l.perSecond = [numClasses]float64{ClassLight: 30, ClassMedium: 20, ClassHeavy: 10, ClassResourceIntensive: 10.0 / 60}
	switch p {
	case PlanFree:
		l.apart = true
		l.perSecond = [numClasses]float64{ClassLight: 4, ClassMedium: 2, ClassHeavy: 1, ClassResourceIntensive: 10.0 / 60}
		l.perDay = [numClasses]int{ClassLight: 6000, ClassMedium: 2000, ClassHeavy: 1000, ClassResourceIntensive: 30_000}
	case PlanPro:
		l.perDay[ClassHeavy] = 30_000
	case PlanBusiness:
		l.perSecond = [numClasses]float64{ClassLight: 80, ClassMedium: 60, ClassHeavy: 40, ClassResourceIntensive: 20.0 / 60}
		l.perDay[ClassHeavy] = 60_000
	}
	return l
}

func (l *limits) apply(opts []LimiterOption) error {
	var errs []error
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		errs = append(errs, opt(l))
	}
	return errors.Join(errs...)
}

// newLimiter returns the limiter of a client.
func (c *config) newLimiter() (Limiter, error) {
	switch {
	case c.limiter == nil && c.plan == 0:
		return newLocalLimiter(limitsOf(0)), nil
	case c.limiter == nil:
		return NewLimiter(c.plan), nil
	}
	if local, ok := c.limiter.(*LocalLimiter); ok {
		if err := local.check(ClassMedium); err != nil {
			return nil, err
		}
	}
	return c.limiter, nil
}

// Unlimited returns a limiter that never waits: behind a proxy that limits, and
// in tests.
func Unlimited() Limiter { return unlimited{} }

type unlimited struct{}

func (unlimited) Wait(ctx context.Context, _ RateClass) error {
	if ctx == nil {
		return fmt.Errorf("zoom: limiter: the context is nil: %w", ErrInvalidArgument)
	}
	return ctx.Err()
}

func (unlimited) Observe(RateClass, RateLimit) {}

// limiterAdapter puts a Limiter on the road.
type limiterAdapter struct {
	limiter Limiter
	watch   *budgetWatch
}

func (a limiterAdapter) Wait(ctx context.Context, class int) error {
	return a.limiter.Wait(ctx, RateClass(class))
}

func (a limiterAdapter) Observe(ctx context.Context, class int, r transport.Rate) time.Duration {
	a.limiter.Observe(RateClass(class), RateLimit(r))
	a.watch.observe(ctx, RateClass(class), &r)
	if local, ok := a.limiter.(resumer); ok && r.Daily() && !r.PerUser() {
		return local.ResumeDelay()
	}
	return 0
}

// resumer is a Limiter that goes on some time after the day's budget is back.
type resumer interface{ ResumeDelay() time.Duration }

var _ resumer = (*LocalLimiter)(nil)

// ResumeDelay returns how long after midnight UTC, or after the moment that Zoom
// names, this limiter goes on when the day's budget was spent: up to a minute,
// drawn by lot, so that the processes of an account do not come back all at once.
func (l *LocalLimiter) ResumeDelay() time.Duration {
	if l == nil {
		return 0
	}
	return l.jitter
}

// budgetWatch tells, once for each class and day, that a day's budget is nearly
// spent.
type budgetWatch struct {
	tracer *tracer

	mu   sync.Mutex
	told [numClasses]time.Time // the day
}

const nearlySpent = 20 // one part in so many is left

func (w *budgetWatch) observe(ctx context.Context, class RateClass, r *transport.Rate) {
	if w.tracer.silent() || !r.IsDailyType() || r.Limit <= 0 || r.Remaining < 0 || r.Remaining > r.Limit/nearlySpent {
		return
	}
	if w.isNew(gateOf(class), r.Day(time.Now())) {
		w.tracer.budget(ctx, BudgetInfo{Class: class, Remaining: r.Remaining, Limit: r.Limit})
	}
}

func (w *budgetWatch) isNew(class RateClass, day time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told[class].Equal(day) {
		return false
	}
	w.told[class] = day
	return true
}

// LimiterStats is what a [LocalLimiter] is doing with one class.
type LimiterStats struct {
	Class     RateClass
	PerSecond float64   // requests a second that it lets through now
	Full      float64   // requests a second when nothing slows it down
	UsedToday int       // requests of the classes that share the budget, since 00:00 UTC
	PerDay    int       // the budget of those classes; 0: none
	ShutUntil time.Time // zero: the gate is open
}

// String is one line for a log.
func (s LimiterStats) String() string {
	return fmt.Sprintf("%s: %.2f of %.2f/s, %d of %d today", s.Class, s.PerSecond, s.Full, s.UsedToday, s.PerDay)
}

// Stats returns what the limiter is doing, class by class.
func (l *LocalLimiter) Stats() []LimiterStats {
	if l.check(ClassMedium) != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	stats := make([]LimiterStats, 0, numClasses)
	for class := range RateClass(numClasses) {
		p, day, gate := &l.classes[class], l.budgetOf(class), &l.days[gateOf(class)]
		p.raise(now)
		day.roll(now)
		s := LimiterStats{
			Class: class, PerSecond: float64(p.bucket.Limit()), Full: float64(p.full),
			UsedToday: day.used, PerDay: day.limit,
		}
		if now.Before(gate.shut) {
			s.ShutUntil = gate.shut
		}
		stats = append(stats, s)
	}
	return stats
}
