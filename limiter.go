package zoom

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seatkit/zoom/internal/pace"
)

const opLimiter = "limiter"

// resumeJitter is the time after midnight UTC within which the processes of an account
// continue.
const resumeJitter = time.Minute

// A LocalLimiter is a [Limiter] for one process. It gives out turns at even distances, a
// little below the limit, so that no window of a second ever holds more than the limit.
// It halves the rate of a class on a 429 and recovers gradually. It counts the day's
// requests and shuts the gate when Zoom says that the day's budget is spent. Days are UTC.
type LocalLimiter struct {
	err  error // a bad option, returned by every Wait
	pace *pace.Limiter
}

// A LimiterOption changes the limits of [NewLocalLimiter].
type LimiterOption func(*limits) error

// LimitShare uses only a share of the account's limits and budgets, above 0 up
// to 1, and leaves the rest to the account's other apps. A limit per second is rounded
// down to whole requests. A part below one request a second, and any part of the limit per
// minute, cannot be kept apart exactly: several processes that share an account so can
// break it together by a request each. One limiter for all of them does not.
func LimitShare(share float64) LimiterOption {
	return func(l *limits) error {
		if !(share > 0 && share <= 1) {
			return errors.New("share: want more than 0 and at most 1")
		}
		l.share = share
		return nil
	}
}

// LimitRate replaces the limit of a class, in requests a second for the whole
// account. The limiter stays a little below it.
func LimitRate(class RateClass, perSecond float64) LimiterOption {
	return func(l *limits) error {
		if !class.isKnown() {
			return errors.New("rate: unknown class")
		}
		if !(perSecond >= 1e-6 && perSecond <= 1e6) {
			return errors.New("rate: want 1e-6 to 1e6")
		}
		l.perSecond[class] = perSecond
		return nil
	}
}

// LimitPerDay replaces the day's budget of a class; 0 means none. Heavy and
// resource-intensive requests share one, so that setting either sets both. On a Free
// account each class has its own.
func LimitPerDay(class RateClass, requests int) LimiterOption {
	return func(l *limits) error {
		if !class.isKnown() {
			return errors.New("per day: unknown class")
		}
		if requests < 0 || requests > 1e9 {
			return errors.New("per day: want 0 to 1e9")
		}
		if !l.apart {
			class = RateClass(pace.Class(class).Gate())
		}
		l.perDay[class] = requests
		return nil
	}
}

// NewLocalLimiter returns a limiter with Zoom's published limits for the plan. A plan
// or option that is out of range is kept and becomes [ErrInvalidArgument] in
// [NewClient] and in every Wait.
//
// API: https://developers.zoom.us/docs/api/rate-limits/
func NewLocalLimiter(p Plan, opts ...LimiterOption) *LocalLimiter {
	l := limitsOf(p)
	err := l.apply(opts)
	if !p.isKnown() {
		err = errors.Join(errors.New("plan: want PlanFree, PlanPro or PlanBusiness"), err)
	}
	limiter := newLocalLimiter(l)
	if err != nil {
		limiter.err = fmt.Errorf("zoom: limiter: %w: %w", err, ErrInvalidArgument)
	}
	return limiter
}

func newLocalLimiter(l limits) *LocalLimiter { return &LocalLimiter{pace: pace.New(l.config())} }

// Wait returns when a request of the class may be sent. A wait that would
// outlast the deadline of ctx is not begun: the error is [ErrRateLimited] and
// [context.DeadlineExceeded]. While the day's budget is spent it is
// [ErrDailyLimit] with RetryAt.
func (l *LocalLimiter) Wait(ctx context.Context, class RateClass) error {
	_, err := l.wait(ctx, class)
	return err
}

// wait is Wait with a turn that can be given back.
func (l *LocalLimiter) wait(ctx context.Context, class RateClass) (pace.Turn, error) {
	if err := l.check(class); err != nil {
		return pace.Turn{}, err
	}
	if ctx == nil {
		return pace.Turn{}, fmt.Errorf("zoom: limiter: the context is nil: %w", ErrInvalidArgument)
	}
	turn, err := l.pace.Wait(ctx, pace.Class(class))
	return turn, limiterError(err)
}

// limiterError makes the public error of what a limiter refuses.
func limiterError(err error) error {
	switch refused := err.(type) { //nolint:errorlint // pace returns the very types
	case *pace.DayError:
		return &Error{Op: opLimiter, RetryAt: refused.Until, Err: ErrDailyLimit}
	case *pace.LateError:
		return &Error{Op: opLimiter, RetryAt: refused.At, Err: withSentinel(ErrRateLimited, context.DeadlineExceeded)}
	default:
		return err
	}
}

func (l *LocalLimiter) check(class RateClass) error {
	switch {
	case l == nil || l.pace == nil:
		return fmt.Errorf("zoom: the limiter was not made by NewLocalLimiter: %w", ErrInvalidArgument)
	case l.err != nil:
		return l.err
	case !class.isKnown():
		return fmt.Errorf("zoom: limiter: unknown rate class: %w", ErrInvalidArgument)
	default:
		return nil
	}
}

// Observe learns from an answer to a request of the class. A 429 halves the rate, the
// word that a day's budget is spent shuts the gate. The category of the answer, if it
// has one, says of which class.
func (l *LocalLimiter) Observe(_ context.Context, class RateClass, r RateLimit) {
	if l.check(class) == nil {
		rate := pace.Rate(r)
		l.pace.Observe(pace.Class(class), &rate)
	}
}

// ResumeDelay returns how long after midnight UTC, or after the moment that Zoom
// names, this limiter continues when the day's budget was spent: up to a minute,
// drawn by lot, so that the processes of an account do not come back all at once.
func (l *LocalLimiter) ResumeDelay() time.Duration {
	if l == nil || l.pace == nil {
		return 0
	}
	return l.pace.Jitter()
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
	stats := make([]LimiterStats, 0, numClasses)
	for class := range RateClass(numClasses) {
		s := l.pace.Stats(pace.Class(class))
		stats = append(stats, LimiterStats{
			Class: class, PerSecond: s.PerSecond, Full: s.Full, UsedToday: s.UsedToday, PerDay: s.PerDay, ShutUntil: s.ShutUntil,
		})
	}
	return stats
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

func (unlimited) Observe(context.Context, RateClass, RateLimit) {}

var (
	_ Limiter       = (*LocalLimiter)(nil)
	_ ResumeDelayer = (*LocalLimiter)(nil)
)

// newRandomDelay draws the jitter of a limiter.
func newRandomDelay() time.Duration { return rand.N(resumeJitter) }
