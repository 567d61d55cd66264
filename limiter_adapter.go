package zoom

import (
	"context"
	"sync"
	"time"

	"github.com/seatkit/zoom/internal/pace"
)

// newLimiter returns the limiter of a client.
func (c *config) newLimiter() (Limiter, error) {
	switch {
	case c.limiter == nil && c.plan == 0:
		return newLocalLimiter(limitsOf(0)), nil
	case c.limiter == nil:
		return NewLocalLimiter(c.plan), nil
	}
	if local, ok := c.limiter.(*LocalLimiter); ok {
		if err := local.check(ClassMedium); err != nil {
			return nil, err
		}
	}
	return c.limiter, nil
}

// limiterAdapter is a Limiter for the transport. What an answer said crosses from one
// package to the other here and nowhere else.
type limiterAdapter struct {
	limiter Limiter
	watch   *budgetWatch
}

func (a limiterAdapter) Wait(ctx context.Context, class pace.Class) (pace.Turn, error) {
	if local, ok := a.limiter.(*LocalLimiter); ok {
		return local.wait(ctx, RateClass(class))
	}
	return pace.Turn{}, a.limiter.Wait(ctx, RateClass(class))
}

func (a limiterAdapter) Observe(ctx context.Context, call pace.Class, r *pace.Rate) {
	class := r.Class(call)
	a.limiter.Observe(ctx, RateClass(class), RateLimit(*r))
	a.watch.observe(ctx, class, r)
	if late, ok := a.limiter.(ResumeDelayer); ok && r.Kind() == pace.KindDaily {
		r.RetryAt = r.RetryAt.Add(late.ResumeDelay())
	}
}

// budgetWatch reports once for each class and day that a day's budget is nearly spent.
type budgetWatch struct {
	tracer *tracer

	mu       sync.Mutex
	reported [numClasses]time.Time // the day
}

const nearlySpent = 20 // one part in so many is left

func (w *budgetWatch) observe(ctx context.Context, class pace.Class, r *pace.Rate) {
	known := r.IsDailyType() && r.HasLimit && r.HasRemaining && r.Limit > 0
	if w.tracer.silent() || !known || r.Remaining > r.Limit/nearlySpent {
		return
	}
	if w.isNew(class.Gate(), r.Day(time.Now())) {
		w.tracer.budget(ctx, BudgetInfo{Class: RateClass(class), Remaining: r.Remaining, Limit: r.Limit})
	}
}

func (w *budgetWatch) isNew(class pace.Class, day time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reported[class].Equal(day) {
		return false
	}
	w.reported[class] = day
	return true
}
