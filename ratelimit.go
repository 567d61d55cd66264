package zoom

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/seatkit/zoom/internal/pace"
)

// A RateClass is the rate-limit label that Zoom gives to an endpoint.
//
// API: https://developers.zoom.us/docs/api/rate-limits/
type RateClass int

// The four labels. The zero value is Medium.
const (
	ClassMedium            = RateClass(pace.Medium)
	ClassLight             = RateClass(pace.Light)
	ClassHeavy             = RateClass(pace.Heavy)
	ClassResourceIntensive = RateClass(pace.ResourceIntensive)

	numClasses = pace.NumClasses
)

var classNames = [numClasses]string{"medium", "light", "heavy", "resource-intensive"}

// String returns "light", "medium", "heavy" or "resource-intensive".
func (c RateClass) String() string {
	if !c.isKnown() {
		return "unknown"
	}
	return classNames[c]
}

func (c RateClass) isKnown() bool { return pace.Class(c).IsKnown() }

// A Plan is the kind of Zoom account whose published limits apply. No API tells
// which plan an account has.
type Plan int

// The plans that Zoom publishes limits for. PlanBusiness stands for Business,
// Education, Enterprise and Partner.
const (
	PlanFree Plan = iota + 1
	PlanPro
	PlanBusiness
)

func (p Plan) isKnown() bool { return p >= PlanFree && p <= PlanBusiness }

// A Limiter stands for one account: Zoom counts requests per account, over all
// apps and users on it. It holds the rates, the day's budget and the gate that a
// daily limit shuts. Share one among all clients of an account.
//
// This is the contract, for a Limiter of your own; [PlanLimits] has the numbers, and
// package limitertest proves one:
//
//   - Both methods are called by many goroutines at once.
//   - Classes have rates of their own: a class that waits never holds up another one.
//   - No window of a second holds more requests of a class than PerSecond says, and
//     none of a minute more than PerMinute, over all handles and processes of the
//     account. Pauses save up nothing.
//   - Heavy and resource-intensive requests share the gate. They share the day's
//     budget, too, unless the limits have one for each.
//   - A day is a day of UTC. A request counts for the day in which Wait returns.
//
// A Limiter may be a [ResumeDelayer] as well.
type Limiter interface {
	// Wait returns nil when a request of the class may be sent, which is then sent at
	// once. It is called before every attempt, retries included.
	//
	// It returns an error, which costs nothing of the limits, and at once:
	//   - when ctx is done, during the wait as well: the error of ctx;
	//   - when the turn would come after the deadline of ctx: one that is
	//     [ErrRateLimited] and [context.DeadlineExceeded];
	//   - while the gate is shut or the day's budget is spent: one that is
	//     [ErrDailyLimit]. An [*Error] with RetryAt says until when. A gate that
	//     shuts, and a budget that is spent, also end the waits that have begun, within two
	//     seconds, however far off their turn is.
	//
	// A turn can go unused: the caller gives up, or its access token ends while it waits.
	Wait(ctx context.Context, class RateClass) error

	// Observe is called with what each answer said, of whatever status. ctx bounds
	// what it may take. class is that of the answer: the one that the answer names,
	// else that of the request. By r.Kind:
	//   - KindDaily shuts the gate until r.RetryAt. If that is zero, the gate stays shut
	//     for as long as it is from r.Date, which is the server's clock, to the next
	//     midnight UTC. If r.Date is zero, the clock of this process counts;
	//   - KindPerSecond and KindPerMinute slow the class down, by half or so. The rate
	//     comes back within minutes; it never falls to nothing;
	//   - KindPerUser and KindConcurrent are not limits of the account and change
	//     nothing, nor does KindNone.
	// Requests that were sent before the class slowed down get a 429 as well: those of
	// the class that are observed within a second after the one that slowed it down change
	// nothing. A later one slows it down further.
	// An answer of another status with a daily Type, HasRemaining and Remaining 0
	// shuts the gate in the same way: the day's budget is spent.
	Observe(ctx context.Context, class RateClass, r RateLimit)
}

// A ResumeDelayer is a [Limiter] that opens its gate some time after the moment that
// Zoom names, so that the processes of an account do not come back all at once. The
// delay is added to RetryAt of the error.
type ResumeDelayer interface {
	ResumeDelay() time.Duration
}

// A RateLimit is what one answer said about limits. Zoom sends few of these on
// most answers: every field may be absent. The zero value says nothing.
type RateLimit struct {
	Status       int       // HTTP status of the answer
	Category     string    // X-RateLimit-Category: Light, Medium, Heavy, Resource-intensive
	Type         string    // X-RateLimit-Type: QPS or Daily-limit
	Message      string    // Zoom's words on a 429
	Limit        int       // X-RateLimit-Limit, if HasLimit
	Remaining    int       // X-RateLimit-Remaining, if HasRemaining
	HasLimit     bool      //
	HasRemaining bool      //
	RetryAt      time.Time // when to come back, by the clock of this process; zero: not said
	Date         time.Time // the server's clock; zero: not said
}

// Kind says which limit a 429 speaks of; of any other status it is KindNone.
func (r RateLimit) Kind() RateKind {
	rate := pace.Rate(r)
	return RateKind(rate.Kind())
}

// A RateKind says which limit was reached.
type RateKind int

// The kinds of a 429.
const (
	KindNone       = RateKind(pace.KindNone)       // no limit was reached
	KindPerSecond  = RateKind(pace.KindPerSecond)  // or one that nothing tells more of
	KindPerMinute  = RateKind(pace.KindPerMinute)  // of resource-intensive requests
	KindDaily      = RateKind(pace.KindDaily)      // the account's day is spent
	KindPerUser    = RateKind(pace.KindPerUser)    // too many requests about one user
	KindConcurrent = RateKind(pace.KindConcurrent) // another operation on the same user is under way
)

var kindNames = map[RateKind]string{
	KindNone: "none", KindPerSecond: "per second", KindPerMinute: "per minute", KindDaily: "daily",
	KindPerUser: "per user", KindConcurrent: "concurrent",
}

// String returns "none", "per second", "per minute", "daily", "per user" or "concurrent".
func (k RateKind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "unknown"
}

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
