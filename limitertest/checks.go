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

var (
	daily      = zoom.RateLimit{Status: http.StatusTooManyRequests, Type: "Daily-limit"}
	perSecond  = zoom.RateLimit{Status: http.StatusTooManyRequests, Type: "QPS"}
	perUser    = zoom.RateLimit{Status: http.StatusTooManyRequests, Message: "You have exceeded the daily rate limit (100) of requests permitted for this particular user."}
	concurrent = zoom.RateLimit{Status: http.StatusTooManyRequests, Message: "Too many concurrent requests. A request has already been made."}
)

func windowOfASecond(b *bench) {
	limit := b.limits.PerSecond[light]
	if most := busiest(b.waits(light, 3*limit), time.Second-b.slack); most > limit {
		b.Errorf("%d turns in a second, the limit is %d", most, limit)
	}
}

func windowOfAMinute(b *bench) {
	limit := b.limits.PerMinute[intensive]
	if most := busiest(b.waits(intensive, 3*limit), time.Minute-b.slack); most > limit {
		b.Errorf("%d turns in a minute, the limit is %d", most, limit)
	}
}

func pauses(b *bench) {
	limit := b.limits.PerSecond[light]
	var at []time.Time
	for range 3 {
		at = append(at, b.waits(light, limit+limit/2)...)
		time.Sleep(1300 * time.Millisecond)
	}
	if most := busiest(at, time.Second-b.slack); most > limit {
		b.Errorf("%d turns in a second, the limit is %d", most, limit)
	}
}

func limitIsUsed(b *bench) {
	limit := b.limits.PerSecond[light]
	if got := b.rate(light, 2*limit); got < float64(limit)/2 {
		b.Errorf("%.1f turns a second of %d allowed, want half of it at least", got, limit)
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

func spentBudget(b *bench) {
	for i := range b.limits.PerDay[heavy] {
		b.mustGet(i, heavy)
	}
	b.opensAt(b.isShut(heavy), midnight(time.Now()))
	b.isShut(heavy) // to be refused costs nothing, and mends nothing
}

func nextDay(b *bench) {
	for range 2 {
		for i := range b.limits.PerDay[heavy] {
			b.mustGet(i, heavy)
		}
		time.Sleep(time.Until(b.isShut(heavy)) + b.slack)
	}
	b.mustGet(0, heavy)
}

func dailyShuts(b *bench) {
	r := daily
	r.RetryAt = time.Now().Add(time.Hour)
	b.observe(mediumC, r)
	b.opensAt(b.isShut(mediumC), r.RetryAt)
	b.isOpen(light, heavy)
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

func gateEndsWaits(b *bench) { b.shutEnds(heavy, 30, 15) }

// gateEndsFarWaits: a waiter that looks at the gate when its turn comes looks too late.
func gateEndsFarWaits(b *bench) { b.shutEnds(intensive, 10, 10-b.limits.PerMinute[intensive]) }

// shutEnds shuts the gate while n callers wait. So many of them at least are refused.
func (b *bench) shutEnds(class zoom.RateClass, n, least int) {
	leave, results := b.line(class, n)
	defer leave()
	r := daily
	r.RetryAt = time.Now().Add(time.Hour)
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
	b.observe(mediumC, zoom.RateLimit{Status: http.StatusOK, Type: "Daily-limit", Limit: 1000, HasLimit: true, HasRemaining: true})
	b.opensAt(b.isShut(mediumC), midnight(now))
	b.isOpen(light)
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
	before := b.rate(light, 20)
	b.observe(light, perSecond)
	if after := b.rate(light, 20); after > 0.8*before {
		b.Errorf("%.1f turns a second after a 429, %.1f before", after, before)
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
	before := b.rate(light, 20)
	for range 3 {
		b.observe(light, perSecond)
		time.Sleep(2 * time.Second)
	}
	time.Sleep(10 * time.Minute)
	if after := b.rate(light, 20); after < 0.8*before {
		b.Errorf("%.1f turns a second ten minutes after the last 429, %.1f before", after, before)
	}
}

func neverNothing(b *bench) {
	for range 50 {
		b.observe(light, perSecond)
		time.Sleep(2 * time.Second)
	}
	for i := range 3 {
		if took, err := b.one(i, light); err != nil || took > time.Minute {
			b.Errorf("Wait(light) after many 429s: %v after %s", err, took)
		}
	}
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
