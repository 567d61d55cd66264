package zoom

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// A line is those who wait for a turn of one class, first come, first served.
// Only its head holds a reservation of the bucket, for the next turn: whoever
// stands behind it gets his by the rate of then, not by that of when he came.
type line struct {
	headed bool            // somebody waits for the next turn, or takes it
	next   time.Time       // when that is; not known yet: in the past
	taken  time.Time       // when the last turn was
	behind []chan struct{} // closed for the one who becomes the head
}

// pass makes the next in line the head.
func (q *line) pass() {
	if q.headed = len(q.behind) > 0; q.headed {
		close(q.behind[0])
		q.behind = slices.Delete(q.behind, 0, 1)
	}
}

// leave takes somebody out who waits behind the head. It reports false when he
// has become the head meanwhile.
func (q *line) leave(place chan struct{}) bool {
	i := slices.Index(q.behind, place)
	if i < 0 {
		return false
	}
	q.behind = slices.Delete(q.behind, i, i+1)
	return true
}

// Wait returns when a request of the class may be sent. A wait that would
// outlast the deadline of ctx is not begun: the error is [ErrRateLimited] and
// [context.DeadlineExceeded]. While the day's budget is spent it is
// [ErrDailyLimit] with RetryAt.
func (l *LocalLimiter) Wait(ctx context.Context, class RateClass) error {
	if err := l.check(class); err != nil {
		return err
	}
	if ctx == nil {
		return fmt.Errorf("zoom: limiter: the context is nil: %w", ErrInvalidArgument)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	place, charged, err := l.enter(ctx, class)
	if err != nil {
		return err
	}
	if err := l.queue(ctx, class, place); err != nil {
		l.refund(class, charged)
		return err
	}
	// From here on we are the head, and pass that on whatever happens.
	if err := l.headTurn(ctx, class, charged); err != nil {
		l.refund(class, charged)
		return err
	}
	return nil
}

func (l *LocalLimiter) check(class RateClass) error {
	switch {
	case l == nil || l.classes[0].bucket == nil:
		return fmt.Errorf("zoom: the limiter was not made by NewLimiter: %w", ErrInvalidArgument)
	case l.err != nil:
		return l.err
	case class < 0 || class >= numClasses:
		return fmt.Errorf("zoom: limiter: unknown rate class: %w", ErrInvalidArgument)
	default:
		return nil
	}
}

// enter takes a place in the line and one request of the day's budget, and tells
// of which day. A nil place is that of the head.
func (l *LocalLimiter) enter(ctx context.Context, class RateClass) (place chan struct{}, charged time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if shut := l.days[gateOf(class)].shut; now.Before(shut) {
		return nil, time.Time{}, dailyLimit(shut)
	}
	day := l.budgetOf(class)
	if err := day.charge(now, l.jitter); err != nil {
		return nil, time.Time{}, err
	}
	p := &l.classes[class]
	p.raise(now)
	if !p.line.headed {
		p.line.headed = true
		return nil, day.ends, nil
	}
	ahead := time.Duration(float64(len(p.line.behind)+1) / float64(p.bucket.Limit()) * float64(time.Second))
	at := later(now, p.line.next).Add(ahead)
	if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
		day.refund(day.ends)
		return nil, time.Time{}, tooLate(at)
	}
	place = make(chan struct{})
	p.line.behind = append(p.line.behind, place)
	return place, day.ends, nil
}

// queue returns when the place is that of the head.
func (l *LocalLimiter) queue(ctx context.Context, class RateClass, place chan struct{}) error {
	if place == nil {
		return nil
	}
	select {
	case <-place:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := &l.classes[class].line; !q.leave(place) {
		q.pass()
	}
	return ctx.Err()
}

// headTurn waits for the next turn of the class, takes it, and passes the head
// of the line on.
func (l *LocalLimiter) headTurn(ctx context.Context, class RateClass, charged time.Time) error {
	defer l.passOn(class)
	turn, at, err := l.reserve(ctx, class)
	if err != nil {
		return err
	}
	if delay := time.Until(at); delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			turn.Cancel()
			return ctx.Err()
		case <-timer.C:
		}
	}
	return l.take(class, charged)
}

func (l *LocalLimiter) passOn(class RateClass) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.classes[class].line.pass()
}

// reserve takes the next turn out of the bucket and tells when it is.
func (l *LocalLimiter) reserve(ctx context.Context, class RateClass) (*rate.Reservation, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if shut := l.days[gateOf(class)].shut; now.Before(shut) { // while we stood in line
		return nil, now, dailyLimit(shut)
	}
	p := &l.classes[class]
	p.raise(now)
	turn := p.bucket.ReserveN(now, 1)
	// The bucket saves a turn up while its taker is late, and the next would follow
	// on his heels: keep the distance from when it was taken.
	distance := time.Duration(float64(time.Second) / float64(p.bucket.Limit()))
	p.line.next = later(now.Add(turn.DelayFrom(now)), p.line.taken.Add(distance))
	if deadline, ok := ctx.Deadline(); ok && p.line.next.After(deadline) {
		turn.CancelAt(now)
		return nil, now, tooLate(p.line.next)
	}
	return turn, p.line.next, nil
}

// take looks once more, now that the turn has come, whether the day allows it: the
// gate may have shut and a new day may have begun.
func (l *LocalLimiter) take(class RateClass, charged time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if shut := l.days[gateOf(class)].shut; now.Before(shut) {
		return dailyLimit(shut)
	}
	day := l.budgetOf(class)
	if day.roll(now); !day.ends.Equal(charged) {
		if err := day.charge(now, l.jitter); err != nil {
			return err
		}
	}
	l.classes[class].line.taken = now
	return nil
}

// refund gives a request back that was not sent.
func (l *LocalLimiter) refund(class RateClass, charged time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.budgetOf(class).refund(charged)
}

// charge takes one request of the budget of the day that it is.
func (d *day) charge(now time.Time, jitter time.Duration) error {
	d.roll(now)
	if d.limit > 0 && d.used >= d.limit {
		return dailyLimit(d.ends.Add(jitter))
	}
	d.used++
	return nil
}

// refund gives one back to the day that it was taken from.
func (d *day) refund(charged time.Time) {
	if d.ends.Equal(charged) {
		d.used--
	}
}

func tooLate(at time.Time) error {
	return &Error{Op: opLimiter, RetryAt: at, Err: withSentinel(ErrRateLimited, context.DeadlineExceeded)}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
