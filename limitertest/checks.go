package limitertest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/seatkit/zoom"
)

const (
	light     = zoom.ClassLight
	mediumC   = zoom.ClassMedium
	heavy     = zoom.ClassHeavy
	intensive = zoom.ClassResourceIntensive
)

// The classes with a limit in each second, and all of them.
var (
	quick = []zoom.RateClass{light, mediumC, heavy}
	all   = []zoom.RateClass{light, mediumC, heavy, intensive}
)

var (
	daily      = zoom.RateLimit{Status: http.StatusTooManyRequests, Type: "Daily-limit"}
	perSecond  = zoom.RateLimit{Status: http.StatusTooManyRequests, Type: "QPS"}
	perMinute  = zoom.RateLimit{Status: http.StatusTooManyRequests, Type: "QPS", Category: "Resource-intensive"}
	spent      = zoom.RateLimit{Status: http.StatusOK, Type: "Daily-limit", Limit: 1000, HasLimit: true, HasRemaining: true}
	perUser    = zoom.RateLimit{Status: http.StatusTooManyRequests, Message: "You have exceeded the daily rate limit (100) of requests permitted for this particular user."}
	concurrent = zoom.RateLimit{Status: http.StatusTooManyRequests, Message: "Too many concurrent requests. A request has already been made."}
)

func windowOfASecond(b *bench) {
	b.each(quick, func(class zoom.RateClass) {
		limit := b.limits.PerSecond[class]
		b.atMost(class, limit, b.waits(class, 3*limit))
	})
}

func windowOfAMinute(b *bench) {
	limit := b.limits.PerMinute[intensive]
	if most := busiest(b.waits(intensive, 3*limit), time.Minute-b.slack); most > limit {
		b.Errorf("%d turns in a minute, the limit is %d", most, limit)
	}
}

func pauses(b *bench) {
	b.each(quick, func(class zoom.RateClass) {
		limit := b.limits.PerSecond[class]
		var at []time.Time
		for range 3 {
			at = append(at, b.waits(class, limit+limit/2)...)
			time.Sleep(1300 * time.Millisecond)
		}
		b.atMost(class, limit, at)
	})
}

func limitIsUsed(b *bench) {
	b.each(quick, func(class zoom.RateClass) {
		limit := b.limits.PerSecond[class]
		if got := b.rate(class, 2*limit); got < float64(limit)/2 {
			b.Errorf("%s: %.1f turns a second of %d allowed, want half of it at least", class, got, limit)
		}
	})
}

func limitOfAMinuteIsUsed(b *bench) {
	limit := b.limits.PerMinute[intensive]
	if got := b.rate(intensive, 2*limit) * 60; got < float64(limit)/2 {
		b.Errorf("%.1f turns a minute of %d allowed, want half of it at least", got, limit)
	}
}

func classesAreIndependent(b *bench) {
	leave, results := b.line(heavy, 30*len(b.handles))
	defer results()
	defer leave()
	for _, class := range []zoom.RateClass{light, mediumC, intensive} {
		if took, err := b.one(1, class); err != nil || took > b.soon() {
			b.Errorf("Wait(%s) beside a line of another class: %v after %s, want a turn at once", class, err, took)
		}
	}
}

func sharedBudget(b *bench) {
	b.mustGet(0, heavy)
	b.mustGet(1, heavy)
	b.mustGet(2, intensive)
	b.mustGet(0, heavy)
	b.isShut(heavy)
	b.isShut(intensive)
	b.isOpen(light, mediumC)
}

func budgetsApart(b *bench) {
	b.mustGet(0, heavy)
	b.mustGet(1, heavy)
	b.isShut(heavy)
	b.mustGet(2, intensive)
	b.isOpen(light, mediumC)
}

// spend takes the day's budget of each class.
func (b *bench) spend() {
	b.Helper()
	b.each(all, func(class zoom.RateClass) {
		for i := range b.limits.PerDay[class] {
			b.mustGet(i, class)
		}
	})
}

func spentBudget(b *bench) {
	b.spend()
	for range 2 { // to be refused costs nothing, and mends nothing
		for _, class := range all {
			b.opensAt(b.isShut(class), midnight(time.Now()))
		}
	}
}

func nextDay(b *bench) {
	for range 2 {
		b.spend()
		var opens time.Time
		for _, class := range all {
			if at := b.isShut(class); at.After(opens) {
				opens = at
			}
		}
		time.Sleep(time.Until(opens) + b.slack)
	}
	b.spend()
}

// dayOfUTC spends the budget in an afternoon. It is back at midnight: neither at that of
// another zone nor after 24 hours.
func dayOfUTC(b *bench) {
	const afternoon = 14*time.Hour + 30*time.Minute
	now := time.Now()
	time.Sleep(midnight(now).Add(afternoon).Sub(now))
	ends := midnight(time.Now())
	b.spend()
	for time.Until(ends) > time.Hour {
		for _, class := range all {
			b.opensAt(b.isShut(class), ends)
		}
		time.Sleep(time.Hour)
	}
	time.Sleep(time.Until(b.isShut(light)) + 2*time.Minute)
	b.spend()
	for _, class := range all {
		b.opensAt(b.isShut(class), ends.Add(24*time.Hour))
	}
}

// spentEndsWaits: a limiter that counts a request when its turn comes, some seconds after
// that of the one before, refuses the others of the line too late.
func spentEndsWaits(b *bench) {
	var mu sync.Mutex
	var lastTurn, lastRefusal time.Time
	turns := 0
	var callers sync.WaitGroup
	for i := range 5 {
		callers.Go(func() {
			_, err := b.one(i, intensive)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				turns, lastTurn = turns+1, time.Now()
			case errors.Is(err, zoom.ErrDailyLimit):
				lastRefusal = time.Now()
			default:
				b.Errorf("Wait(%s): %v, want ErrDailyLimit", intensive, err)
			}
		})
	}
	callers.Wait()
	if want := b.limits.PerDay[heavy]; turns != want {
		b.Errorf("%d turns with a budget of %d", turns, want)
	}
	if late := lastRefusal.Sub(lastTurn); late > 2*time.Second+b.soon() {
		b.Errorf("a wait ended in ErrDailyLimit %s after the budget was spent", late)
	}
}

func dailyShuts(b *bench) {
	r := daily
	for i, class := range quick {
		r.RetryAt = time.Now().Add(time.Hour)
		b.observe(class, r)
		b.opensAt(b.isShut(class), r.RetryAt)
		b.isOpen(quick[i+1:]...)
	}
}

func dailyWithoutMoment(b *bench) {
	now := time.Now()
	r := daily
	r.Date = now.Add(-3 * time.Hour) // the server's clock counts
	b.observe(light, r)
	b.opensAt(b.isShut(light), now.Add(midnight(r.Date).Sub(r.Date)))
}

func sharedGate(b *bench) {
	r := daily
	r.RetryAt = time.Now().Add(time.Hour)
	b.observe(intensive, r)
	b.isShut(intensive)
	b.isShut(heavy)
	b.isOpen(light, mediumC)
}

func gateOpens(b *bench) {
	r := daily
	r.RetryAt = time.Now().Add(6 * time.Hour)
	b.observe(heavy, r)
	opens := b.isShut(heavy)
	b.opensAt(opens, r.RetryAt)
	time.Sleep(time.Until(opens) - time.Second)
	b.isShut(heavy)
	time.Sleep(time.Second + b.slack)
	b.isOpen(heavy)
}

func gateEndsWaits(b *bench) { b.shutEnds(heavy, 30, 15, dailyFor(time.Hour)) }

// gateEndsFarWaits: a waiter that looks at the gate when its turn comes looks too late.
func gateEndsFarWaits(b *bench) {
	b.shutEnds(intensive, 10, 10-b.limits.PerMinute[intensive], dailyFor(time.Hour))
}

func spentOnSuccessEndsWaits(b *bench) {
	b.shutEnds(intensive, 10, 10-b.limits.PerMinute[intensive], spent)
}

// dailyFor is a daily 429 that says when to come back.
func dailyFor(d time.Duration) zoom.RateLimit {
	r := daily
	r.RetryAt = time.Now().Add(d)
	return r
}

// shutEnds shuts the gate by an answer while n callers wait. So many of them at least are
// refused.
func (b *bench) shutEnds(class zoom.RateClass, n, least int, r zoom.RateLimit) {
	leave, results := b.line(class, n)
	defer leave()
	begin := time.Now()
	b.observe(class, r)
	refused := 0
	for _, err := range results() {
		switch {
		case errors.Is(err, zoom.ErrDailyLimit):
			refused++
		case err != nil:
			b.Errorf("Wait(%s): %v, want ErrDailyLimit", class, err)
		}
	}
	if took := time.Since(begin); took > 2*time.Second+b.slack || refused < least {
		b.Errorf("%d of %d waits ended in ErrDailyLimit, after %s", refused, n, took)
	}
}

func spentOnSuccess(b *bench) {
	now := time.Now()
	for i, class := range quick {
		b.observe(class, spent)
		b.opensAt(b.isShut(class), midnight(now))
		b.isOpen(quick[i+1:]...)
	}
}

func beyondDeadline(b *bench) {
	leave, results := b.line(heavy, 30)
	defer results()
	defer leave()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Second)
	defer cancel()
	begin := time.Now()
	err := b.of(1).Wait(ctx, heavy) // the line takes six seconds
	took := time.Since(begin)
	if !errors.Is(err, zoom.ErrRateLimited) || !errors.Is(err, context.DeadlineExceeded) {
		b.Errorf("Wait(heavy): %v, want ErrRateLimited and context.DeadlineExceeded", err)
	}
	if len(b.handles) == 1 && took > b.soon() {
		b.Errorf("Wait(heavy) was refused after %s, want at once", took)
	}
	if took > 2*time.Second+b.soon() {
		b.Errorf("Wait(heavy) lasted %s, with a deadline of 2 s", took)
	}
}

func withinDeadline(b *bench) {
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second+b.slack)
	defer cancel()
	for i := range 4 {
		if err := b.of(i).Wait(ctx, heavy); err != nil {
			b.Errorf("Wait(heavy) with time enough: %v", err)
		}
	}
}

func cancelled(b *bench) {
	leave, results := b.line(heavy, 30)
	begin := time.Now()
	leave()
	left := 0
	for _, err := range results() {
		if errors.Is(err, context.Canceled) {
			left++
		} else if err != nil {
			b.Errorf("Wait(heavy): %v, want context.Canceled", err)
		}
	}
	if took := time.Since(begin); took > b.soon() || left < 20 {
		b.Errorf("%d of 30 callers left, after %s, want nearly all at once", left, took)
	}
	if took, err := b.one(0, heavy); err != nil || took > 2*time.Second+b.slack {
		b.Errorf("Wait(heavy) when the line is empty: %v after %s", err, took)
	}
}

func contextIsDone(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	for i := range 10 {
		if err := b.of(i).Wait(ctx, heavy); !errors.Is(err, context.Canceled) {
			b.Errorf("Wait with a context that is done: %v, want context.Canceled", err)
		}
	}
	for i := range b.limits.PerDay[heavy] {
		b.mustGet(i, heavy)
	}
}

func refundOfAWait(b *bench) {
	b.mustGet(0, heavy)
	leave, results := b.line(heavy, 2)
	leave()
	taken := 1
	for _, err := range results() {
		if err == nil {
			taken++
		}
	}
	for i := range b.limits.PerDay[heavy] - taken {
		b.mustGet(i, heavy)
	}
	b.isShut(heavy)
}

func slowsDown(b *bench) {
	b.each(quick, func(class zoom.RateClass) {
		n := b.limits.PerSecond[class]
		before := b.rate(class, n)
		b.observe(class, perSecond)
		if after := b.rate(class, n); after > 0.8*before {
			b.Errorf("%s: %.1f turns a second after a 429, %.1f before", class, after, before)
		}
	})
}

func slowsDownByTheMinute(b *bench) {
	before := b.rateFor(intensive, 3*time.Second)
	b.observe(intensive, perMinute)
	if after := b.rateFor(intensive, 4*time.Second); after > 0.8*before {
		b.Errorf("%.1f turns a second after a 429 of the minute, %.1f before", after, before)
	}
}

// slowsDownOnce: many requests are under way when a class is too fast, and each gets a 429.
func slowsDownOnce(b *bench) {
	const twoCuts = 0.35 // of the rate: above a half of a half
	before := b.rate(light, 20)
	for range 2 {
		var answers sync.WaitGroup
		for i := range 4 {
			answers.Go(func() { b.observeBy(i, light, perSecond) })
		}
		answers.Wait()
		time.Sleep(400 * time.Millisecond)
	}
	if after := b.rateFor(light, 2*time.Second); after < twoCuts*before {
		b.Errorf("%.1f turns a second after eight 429s within a second, which count as one, %.1f before", after, before)
	}
}

func slowsDownFurther(b *bench) {
	b.mustGet(0, light)
	b.observe(light, perSecond)
	before := b.rateFor(light, 2*time.Second) // the second in which 429s count as one passes
	b.observe(light, perSecond)
	if after := b.rateFor(light, 2*time.Second); after > 0.8*before {
		b.Errorf("%.1f turns a second after a second 429, two seconds after the first, %.1f before", after, before)
	}
}

func slowsItsClassAlone(b *bench) {
	before := b.rate(light, 20)
	b.observe(mediumC, perSecond)
	if after := b.rate(light, 20); after < 0.8*before {
		b.Errorf("%.1f turns a second after a 429 of another class, %.1f before", after, before)
	}
}

func recovers(b *bench) {
	b.each(quick, func(class zoom.RateClass) {
		n := b.limits.PerSecond[class]
		before := b.rate(class, n)
		for range 3 {
			b.observe(class, perSecond)
			time.Sleep(2 * time.Second)
		}
		time.Sleep(10 * time.Minute)
		if after := b.rate(class, n); after < 0.8*before {
			b.Errorf("%s: %.1f turns a second ten minutes after the last 429, %.1f before", class, after, before)
		}
	})
}

func neverNothing(b *bench) {
	b.each(quick, func(class zoom.RateClass) {
		for range 50 {
			b.observe(class, perSecond)
			time.Sleep(2 * time.Second)
		}
		for i := range 3 {
			if took, err := b.one(i, class); err != nil || took > time.Minute {
				b.Errorf("Wait(%s) after many 429s: %v after %s", class, err, took)
			}
		}
	})
}

func otherKinds(b *bench) {
	before := b.rate(light, 20)
	b.observe(light, perUser)
	b.observe(light, concurrent)
	if after := b.rate(light, 20); after < 0.8*before {
		b.Errorf("%.1f turns a second after 429s that are not of the account, %.1f before", after, before)
	}
}

func silentAnswers(b *bench) {
	before := b.rate(light, 20)
	for _, r := range []zoom.RateLimit{
		{},
		{Status: http.StatusOK},
		{Status: http.StatusServiceUnavailable, RetryAt: time.Now().Add(time.Hour)},
		{Status: http.StatusOK, Type: "QPS", HasRemaining: true},
		{Status: http.StatusOK, HasRemaining: true},
		{Status: http.StatusOK, Type: "Daily-limit"},
		{Status: http.StatusOK, Type: "Daily-limit", Limit: 10, HasLimit: true, Remaining: 1, HasRemaining: true},
	} {
		b.observe(light, r)
	}
	if after := b.rate(light, 20); after < 0.8*before {
		b.Errorf("%.1f turns a second after answers that say nothing, %.1f before", after, before)
	}
}

// midnight is the next one, UTC.
func midnight(t time.Time) time.Time {
	return t.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}
