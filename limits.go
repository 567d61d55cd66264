package zoom

import (
	"errors"
	"math"

	"github.com/seatkit/zoom/internal/pace"
)

// How far below a limit requests are sent.
const (
	paceFast  = 0.95 // of a limit of fastLimit a second or more
	paceSlow  = 0.90 // of a lower one
	fastLimit = 40   // requests a second
)

// Limits are the limits of an account, for a [Limiter] of your own.
//
// Heavy and resource-intensive requests draw on one budget a day, that of ClassHeavy,
// unless PerDay has an entry for ClassResourceIntensive. They always share one gate.
type Limits struct {
	PerSecond map[RateClass]int // requests in any second
	PerMinute map[RateClass]int // requests in any minute, for classes without an entry in PerSecond
	PerDay    map[RateClass]int // requests in a day, UTC; no entry: no limit

	// Pace returns how many requests to send in a second to a class with a limit of so
	// many, so that no window of a second holds more. For a limit per minute it
	// returns the same of a minute. Nil: the limit itself.
	Pace func(perSecond int) float64
}

// PlanLimits returns Zoom's published limits for a plan, and the pace that
// [LocalLimiter] keeps. For a value that is no plan it returns Pro's rates without a
// budget for the day. The maps are the caller's to change.
//
// API: https://developers.zoom.us/docs/api/rate-limits/
func PlanLimits(p Plan) Limits {
	l := Limits{
		PerSecond: map[RateClass]int{ClassLight: 30, ClassMedium: 20, ClassHeavy: 10},
		PerMinute: map[RateClass]int{ClassResourceIntensive: 10},
		PerDay:    map[RateClass]int{},
		Pace:      func(perSecond int) float64 { return float64(perSecond) * paceOf(float64(perSecond)) },
	}
	switch p {
	case PlanFree:
		l.PerSecond = map[RateClass]int{ClassLight: 4, ClassMedium: 2, ClassHeavy: 1}
		l.PerDay = map[RateClass]int{ClassLight: 6000, ClassMedium: 2000, ClassHeavy: 1000, ClassResourceIntensive: 30_000}
	case PlanPro:
		l.PerDay[ClassHeavy] = 30_000
	case PlanBusiness:
		l.PerSecond = map[RateClass]int{ClassLight: 80, ClassMedium: 60, ClassHeavy: 40}
		l.PerMinute[ClassResourceIntensive] = 20
		l.PerDay[ClassHeavy] = 60_000
	}
	return l
}

func paceOf(perSecond float64) float64 {
	if perSecond >= fastLimit {
		return paceFast
	}
	return paceSlow
}

// limits are those of an account as the options of a LocalLimiter change them.
type limits struct {
	share     float64
	apart     bool // resource-intensive requests have a budget of their own
	perSecond [numClasses]float64
	perDay    [numClasses]int // 0: none
}

func limitsOf(p Plan) limits {
	published := PlanLimits(p)
	l := limits{share: 1}
	_, l.apart = published.PerDay[ClassResourceIntensive]
	for class := range RateClass(numClasses) {
		l.perSecond[class] = float64(published.PerSecond[class]) + float64(published.PerMinute[class])/60
		l.perDay[class] = published.PerDay[class]
	}
	return l
}

func (l *limits) apply(opts []LimiterOption) error {
	var errs []error
	for _, opt := range opts {
		if opt != nil {
			errs = append(errs, opt(l))
		}
	}
	return errors.Join(errs...)
}

// shareOf is a share of a limit: a whole number from one a second up, because a second
// holds a part of a request as a whole one, and several shares would break the limit.
func shareOf(limit, share float64) float64 {
	const slack = 1e-9 // of a product that should be whole
	part := limit * share
	if share == 1 || part < 1 {
		return part
	}
	return math.Floor(part + slack)
}

// config takes the share, and what is kept below each limit, off the limits.
func (l *limits) config() pace.Config {
	c := pace.Config{Apart: l.apart, Jitter: newRandomDelay()}
	for class := range c.PerSecond {
		c.Limit[class] = shareOf(l.perSecond[class], l.share)
		c.PerSecond[class] = c.Limit[class] * paceOf(l.perSecond[class])
		c.PerDay[class] = int(float64(l.perDay[class]) * l.share)
		if l.perDay[class] > 0 {
			c.PerDay[class] = max(1, c.PerDay[class])
		}
	}
	return c
}
