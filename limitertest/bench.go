package limitertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/seatkit/zoom"
)

// tb is what a check needs of a test.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// A bench is a limiter under test: handles on the limits of one account.
type bench struct {
	tb
	handles []zoom.Limiter
	slack   time.Duration
	limits  zoom.Limits
}

// soon is what may pass for at once, of a limiter that asks somebody else.
func (b *bench) soon() time.Duration { return 50*time.Millisecond + 2*b.slack }

// of returns one of the handles.
func (b *bench) of(i int) zoom.Limiter { return b.handles[i%len(b.handles)] }

// waits takes n turns of a class by n callers at once, over all handles, and returns when
// each came.
func (b *bench) waits(class zoom.RateClass, n int) []time.Time {
	b.Helper()
	at := make([]time.Time, n)
	var callers sync.WaitGroup
	for i := range n {
		callers.Go(func() {
			if err := b.of(i).Wait(b.Context(), class); err != nil {
				b.Errorf("Wait(%s): %v", class, err)
			}
			at[i] = time.Now()
		})
	}
	callers.Wait()
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// each tests classes side by side.
func (b *bench) each(classes []zoom.RateClass, test func(class zoom.RateClass)) {
	var tests sync.WaitGroup
	for _, class := range classes {
		tests.Go(func() { test(class) })
	}
	tests.Wait()
}

// atMost checks that no second holds more turns of a class than its limit.
func (b *bench) atMost(class zoom.RateClass, limit int, at []time.Time) {
	b.Helper()
	if most := busiest(at, time.Second-b.slack); most > limit {
		b.Errorf("%s: %d turns in a second, the limit is %d", class, most, limit)
	}
}

// one takes a turn and returns how long it took and what came.
func (b *bench) one(i int, class zoom.RateClass) (time.Duration, error) {
	begin := time.Now()
	err := b.of(i).Wait(b.Context(), class)
	return time.Since(begin), err
}

// mustGet takes a turn.
func (b *bench) mustGet(i int, class zoom.RateClass) {
	b.Helper()
	if _, err := b.one(i, class); err != nil {
		b.Errorf("Wait(%s): %v, want a turn", class, err)
	}
}

// observe reports an answer through one handle; the others may take a moment to know.
func (b *bench) observe(class zoom.RateClass, r zoom.RateLimit) {
	b.observeBy(0, class, r)
	time.Sleep(b.slack)
}

func (b *bench) observeBy(i int, class zoom.RateClass, r zoom.RateLimit) {
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
	defer cancel()
	b.of(i).Observe(ctx, class, r)
}

// busiest is the largest number of moments in a half-open window.
func busiest(at []time.Time, window time.Duration) (most int) {
	first := 0
	for i := range at {
		for at[i].Sub(at[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// isShut checks that every handle refuses the class at once, with the moment when the gate
// opens, and returns that.
func (b *bench) isShut(class zoom.RateClass) (opens time.Time) {
	b.Helper()
	for i := range b.handles {
		took, err := b.one(i, class)
		if !errors.Is(err, zoom.ErrDailyLimit) {
			b.Fatalf("handle %d: Wait(%s): %v, want ErrDailyLimit", i, class, err)
		}
		if took > b.soon() {
			b.Errorf("handle %d: Wait(%s) took %s, want at once", i, class, took)
		}
		e, ok := errors.AsType[*zoom.Error](err)
		if !ok || e.RetryAt.IsZero() {
			b.Fatalf("handle %d: Wait(%s): %v, want a *zoom.Error with RetryAt", i, class, err)
		}
		if e.RetryAt.After(opens) {
			opens = e.RetryAt
		}
	}
	return opens
}

// opensAt checks the moment of isShut. A limiter may open somewhat later.
func (b *bench) opensAt(opens, want time.Time) {
	b.Helper()
	const late = 2 * time.Minute
	if opens.Before(want.Add(-time.Second-b.slack)) || opens.After(want.Add(late)) {
		b.Errorf("RetryAt is %s, want %s or little later", opens, want)
	}
}

// isOpen takes a turn of each class by each handle.
func (b *bench) isOpen(classes ...zoom.RateClass) {
	b.Helper()
	for _, class := range classes {
		for i := range b.handles {
			b.mustGet(i, class)
		}
	}
}

// line lets n callers wait for a class until leave is called, and returns what they get.
func (b *bench) line(class zoom.RateClass, n int) (leave func(), results func() []error) {
	ctx, cancel := context.WithCancel(b.Context())
	errs := make([]error, n)
	var callers sync.WaitGroup
	for i := range n {
		callers.Go(func() { errs[i] = b.of(i).Wait(ctx, class) })
	}
	time.Sleep(20*time.Millisecond + b.slack) // they stand in line
	return cancel, func() []error { callers.Wait(); return errs }
}

// rate measures how many turns of a class come in a second, after the first.
func (b *bench) rate(class zoom.RateClass, n int) float64 {
	b.Helper()
	at := b.waits(class, n)
	took := at[n-1].Sub(at[0])
	return float64(n-1) / max(took.Seconds(), 1e-9)
}

// rateFor measures the rate of a class that may be very slow: over a time.
func (b *bench) rateFor(class zoom.RateClass, d time.Duration) float64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	const most = 1000 // a limiter without a limit, on virtual time, would give turns for ever
	var at []time.Time
	for i := 0; i < most && ctx.Err() == nil; i++ {
		err := b.of(i).Wait(ctx, class)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
				b.Errorf("Wait(%s): %v", class, err)
			}
			break
		}
		at = append(at, time.Now())
	}
	<-ctx.Done()
	if len(at) < 2 {
		return 0
	}
	return float64(len(at)-1) / max(at[len(at)-1].Sub(at[0]).Seconds(), 1e-9)
}
