// Package limitertest proves that a limiter which you wrote keeps the contract of
// [zoom.Limiter].
//
//	func TestLimiter(t *testing.T) {
//		limitertest.Run(t, func(t *testing.T, account string, l zoom.Limits) zoom.Limiter {
//			return mylimiter.Open(dsn, account, l)
//		}, limitertest.Options{Handles: 3, Slack: 50 * time.Millisecond})
//	}
//
// Each rule is a subtest whose name says what is promised. In real time a limiter that
// keeps them all passes in about 55 seconds.
//
// Not proven, because the interface does not show it in the time of a test:
//
//   - in real time: limits per minute, the next day, the recovery after a 429, and the moment
//     when a gate opens; Virtual tests them;
//   - that the handles share the limits across processes: they do as far as open makes handles
//     like those of other processes;
//   - what happens when the server behind a shared limiter fails or its clock is wrong;
//   - that a request is sent at once when Wait has returned: that is for the caller.
package limitertest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seatkit/zoom"
)

// Options say how a limiter is tested. The zero value is real time, one handle.
type Options struct {
	// Virtual runs each rule in a bubble of testing/synctest: for a limiter that does no
	// I/O. It is fast, exact, and tests the rules that need minutes and days as well.
	Virtual bool

	// Slack is what the network and the clock of a shared limiter may add. Windows are
	// shorter by that, and what is to come at once may take so much longer.
	Slack time.Duration

	// Handles is how many handles on an account are used side by side; default 1.
	Handles int
}

// Run tests a limiter. Each call of open returns one more handle on the limits of an
// account, as another process has it. Every rule uses an account of its own, of a new
// name, with limits of its own; a class without an entry in them is not used. Handles that
// have a method Close() error are closed.
func Run(t *testing.T, open func(t *testing.T, account string, l zoom.Limits) zoom.Limiter, o Options) {
	t.Helper()
	o.Handles = max(o.Handles, 1)
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if c.virtual && !o.Virtual {
				t.Skip("it takes minutes, and is tested on virtual time alone")
			}
			run := func(t *testing.T) {
				account := fmt.Sprintf("%s-%d", t.Name(), time.Now().UnixNano())
				handles := make([]zoom.Limiter, o.Handles)
				for i := range handles {
					handles[i] = open(t, account, c.limits)
					if closer, ok := handles[i].(interface{ Close() error }); ok {
						t.Cleanup(func() { _ = closer.Close() })
					}
				}
				c.run(&bench{tb: t, handles: handles, slack: o.Slack, limits: c.limits})
			}
			if o.Virtual {
				synctest.Test(t, run)
				return
			}
			run(t)
		})
	}
}

// A check is one rule.
type check struct {
	name    string
	virtual bool // it takes too long for real time
	limits  zoom.Limits
	run     func(b *bench)
}

// limitsOf are small, so that real time suffices.
func limitsOf(perDay map[zoom.RateClass]int) zoom.Limits {
	return zoom.Limits{
		PerSecond: map[zoom.RateClass]int{zoom.ClassLight: 20, zoom.ClassMedium: 10, zoom.ClassHeavy: 5},
		PerMinute: map[zoom.RateClass]int{zoom.ClassResourceIntensive: 30},
		PerDay:    perDay,
		Pace:      zoom.PlanLimits(zoom.PlanPro).Pace,
	}
}

// minute returns them with another limit per minute.
func minute(limit int, perDay map[zoom.RateClass]int) zoom.Limits {
	l := limitsOf(perDay)
	l.PerMinute[zoom.ClassResourceIntensive] = limit
	return l
}

var (
	noBudget = limitsOf(nil)
	rare     = minute(3, nil)
	brisk    = minute(120, nil)
	rareDay  = minute(12, map[zoom.RateClass]int{zoom.ClassHeavy: 2})
	own      = minute(120, map[zoom.RateClass]int{zoom.ClassLight: 4, zoom.ClassMedium: 3, zoom.ClassHeavy: 3, zoom.ClassResourceIntensive: 2})
	shared   = limitsOf(map[zoom.RateClass]int{zoom.ClassHeavy: 4})
	apart    = limitsOf(map[zoom.RateClass]int{zoom.ClassHeavy: 2, zoom.ClassResourceIntensive: 2})
)

var checks = []check{
	{"no window of a second above the limit", false, noBudget, windowOfASecond},
	{"no window of a minute above the limit", true, noBudget, windowOfAMinute},
	{"pauses save up nothing", false, noBudget, pauses},
	{"the limit is used", false, noBudget, limitIsUsed},
	{"the limit of a minute is used", true, noBudget, limitOfAMinuteIsUsed},
	{"classes do not wait for each other", false, noBudget, classesAreIndependent},
	{"heavy and resource-intensive share the day's budget", false, shared, sharedBudget},
	{"budgets that are set for each class are apart", false, apart, budgetsApart},
	{"a spent budget is ErrDailyLimit at once", false, own, spentBudget},
	{"a spent budget ends the waits that have begun", false, rareDay, spentEndsWaits},
	{"the budget is back on the next day", true, own, nextDay},
	{"a day is a day of UTC", true, own, dayOfUTC},
	{"a daily 429 shuts the gate until RetryAt", false, noBudget, dailyShuts},
	{"a daily 429 without RetryAt shuts the gate until midnight", false, noBudget, dailyWithoutMoment},
	{"heavy and resource-intensive share the gate", false, noBudget, sharedGate},
	{"the gate opens when RetryAt has come", true, noBudget, gateOpens},
	{"a gate that shuts ends the waits that have begun", false, noBudget, gateEndsWaits},
	{"a gate that shuts ends the waits whose turn is far off", false, rare, gateEndsFarWaits},
	{"nothing left of the day on a success shuts the gate", false, noBudget, spentOnSuccess},
	{"nothing left of the day on a success ends the waits that have begun", false, rare, spentOnSuccessEndsWaits},
	{"a turn beyond the deadline is refused at once", false, noBudget, beyondDeadline},
	{"a turn within the deadline is given", false, noBudget, withinDeadline},
	{"a caller that leaves returns at once", false, noBudget, cancelled},
	{"a context that is done takes no turn", false, shared, contextIsDone},
	{"a wait that ends in an error costs nothing of the day", false, shared, refundOfAWait},
	{"a 429 slows its class down", false, noBudget, slowsDown},
	{"a 429 of the minute slows its class down", false, brisk, slowsDownByTheMinute},
	{"429s within a second slow a class down once", false, noBudget, slowsDownOnce},
	{"a 429 after that second slows it down further", false, noBudget, slowsDownFurther},
	{"a 429 does not slow other classes down", false, noBudget, slowsItsClassAlone},
	{"the rate recovers after a 429", true, noBudget, recovers},
	{"the rate never falls to nothing", true, noBudget, neverNothing},
	{"a 429 of one user or operation does not slow", false, noBudget, otherKinds},
	{"an answer that says nothing changes nothing", false, noBudget, silentAnswers},
}
