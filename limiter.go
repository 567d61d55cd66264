package zoom

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/seatkit/zoom/internal/transport"
)

const opLimiter = "limiter"

// How a limiter keeps its distance to a limit and comes back to it.
const (
	paceFast     = 0.95                   // of a limit of fastLimit a second or more
	paceSlow     = 0.90                   // of a lower one
	fastLimit    = 40                     // requests a second
	cutFactor    = 0.5                    // of the rate that is left after a 429
	cutPause     = time.Second            // within which further 429s count as the same
	raiseShare   = 0.1                    // of the full rate that comes back every raiseEvery
	raiseEvery   = 10 * time.Second       //
	slowestRate  = rate.Limit(1.0 / 10.0) // requests a second; below, only the published limit goes
	resumeJitter = time.Minute            // within which the processes of an account come back after midnight UTC
)

// A LocalLimiter is a [Limiter] for one process. It lets single requests through
// at even distances, a little below the limit, so that no window of a second
// ever holds more than the limit; it halves a class's rate on a 429 and gives it
// back by and by; it counts the day's requests and shuts the gate when Zoom says
// that the day's budget is spent. Days are UTC.
type LocalLimiter struct {
	err    error // a bad option, told by every Wait
	jitter time.Duration

	apart bool // resource-intensive requests do not draw on the heavy budget

	mu      sync.Mutex
	classes [numClasses]pace
	days    [numClasses]day // the gates by gateOf, the budgets by budgetOf
}

// pace is the rate of one class.
type pace struct {
	bucket *rate.Limiter
	full   rate.Limit // the most that is ever sent
	cutAt  time.Time
	raised time.Time
	line   line
}

// day is the budget and the gate of the classes that share them.
type day struct {
	limit int // 0: none
	used  int
	ends  time.Time
	shut  time.Time // until when Zoom answers nothing
}

// gateOf tells whose gate holds a class up: heavy and resource-intensive requests
// share one.
func gateOf(c RateClass) RateClass {
	if c == ClassResourceIntensive {
		return ClassHeavy
	}
	return c
}

// budgetOf tells whose budget a class draws on, which on a Free account is its
// own.
func (l *LocalLimiter) budgetOf(c RateClass) *day {
	if l.apart {
		return &l.days[c]
	}
	return &l.days[gateOf(c)]
}

// A LimiterOption changes the limits of [NewLimiter].
type LimiterOption func(*limits) error

// LimitShare uses only a share of the account's limits and budgets, above 0 up
// to 1, and leaves the rest to the account's other apps.
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
		if class < 0 || class >= numClasses {
			return errors.New("rate: unknown class")
		}
		if !(perSecond >= 1e-6 && perSecond <= 1e6) {
			return errors.New("rate: want a millionth to a million")
		}
		l.perSecond[class] = perSecond
		return nil
	}
}

// LimitPerDay replaces the day's budget of a class; 0 means none. Heavy and
// resource-intensive requests share one, so that setting either sets both, but not on a Free account.
func LimitPerDay(class RateClass, requests int) LimiterOption {
	return func(l *limits) error {
		if class < 0 || class >= numClasses {
			return errors.New("per day: unknown class")
		}
		if requests < 0 || requests > 1e9 {
			return errors.New("per day: want 0 to a thousand million")
		}
		if !l.apart {
			class = gateOf(class)
		}
		l.perDay[class] = requests
		return nil
	}
}

// NewLimiter returns a limiter with Zoom's published limits for the plan. A plan
// or option that is out of range is kept and becomes [ErrInvalidArgument] in
// [NewClient] and in every Wait.
//
// API: https://developers.zoom.us/docs/api/rate-limits/
func NewLimiter(p Plan, opts ...LimiterOption) *LocalLimiter {
	l := limitsOf(p)
	err := l.apply(opts)
	if p < PlanFree || p > PlanBusiness {
		err = errors.Join(errors.New("plan: want PlanFree, PlanPro or PlanBusiness"), err)
	}
	limiter := newLocalLimiter(l)
	if err != nil {
		limiter.err = fmt.Errorf("zoom: limiter: %w: %w", err, ErrInvalidArgument)
	}
	return limiter
}

func newLocalLimiter(l limits) *LocalLimiter {
	limiter := &LocalLimiter{jitter: rand.N(resumeJitter), apart: l.apart}
	for class := range limiter.classes {
		full := rate.Limit(l.perSecond[class] * l.share * paceOf(l.perSecond[class]))
		limiter.classes[class] = pace{bucket: rate.NewLimiter(full, 1), full: full}
		limiter.days[class].limit = int(float64(l.perDay[class]) * l.share)
		if l.perDay[class] > 0 && limiter.days[class].limit == 0 {
			limiter.days[class].limit = 1
		}
	}
	return limiter
}

func paceOf(perSecond float64) float64 {
	if perSecond >= fastLimit {
		return paceFast
	}
	return paceSlow
}

// Observe learns from an answer: a 429 halves the rate of the class, the word
// that a day's budget is spent shuts the gate of the classes that share it.
func (l *LocalLimiter) Observe(class RateClass, r RateLimit) {
	if l.check(class) != nil {
		return
	}
	said := transport.Rate(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case said.PerUser(), said.Concurrent(): // not the account's limit
	case said.Daily():
		l.shut(class, &said, now)
	case said.Status == http.StatusTooManyRequests:
		l.classes[class].cut(now)
	case said.Remaining == 0 && said.IsDailyType():
		l.shut(class, &said, now)
	}
}

// shut closes the gate until the moment that the server names, or midnight UTC by
// its clock. Each process waits a little longer by its own jitter, so that not
// all come back at once.
func (l *LocalLimiter) shut(class RateClass, said *transport.Rate, now time.Time) {
	until := now.Add(said.UntilReset(now)).Add(l.jitter)
	if day := &l.days[gateOf(class)]; until.After(day.shut) {
		day.shut = until
	}
}

// roll begins a new day.
func (d *day) roll(now time.Time) {
	if now.Before(d.ends) {
		return
	}
	y, m, dd := now.UTC().Date()
	d.ends = time.Date(y, m, dd+1, 0, 0, 0, 0, time.UTC)
	d.used = 0
}

// cut halves the rate. What is sent before the cut is felt does not cut again.
func (p *pace) cut(now time.Time) {
	if now.Sub(p.cutAt) < cutPause {
		return
	}
	p.cutAt, p.raised = now, now
	p.bucket.SetLimitAt(now, max(p.bucket.Limit()*cutFactor, min(p.full, slowestRate)))
}

// raise gives back a tenth of the full rate for every ten seconds since the cut.
func (p *pace) raise(now time.Time) {
	if p.bucket.Limit() >= p.full {
		return
	}
	steps := now.Sub(p.raised) / raiseEvery
	if steps <= 0 {
		return
	}
	p.raised = p.raised.Add(steps * raiseEvery)
	p.bucket.SetLimitAt(now, min(p.full, p.bucket.Limit()+rate.Limit(float64(steps)*raiseShare)*p.full))
}

func dailyLimit(until time.Time) error {
	return &Error{Op: opLimiter, RetryAt: until, Err: ErrDailyLimit}
}
