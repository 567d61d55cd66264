package pace

import (
	"time"

	"golang.org/x/time/rate"
)

// How a class slows down on a 429 and recovers.
const (
	cutFactor   = 0.5                    // of the rate that is left after a 429
	cutPause    = time.Second            // 429s within it count as one
	raiseShare  = 0.1                    // of the full rate comes back every raiseEvery
	raiseEvery  = 10 * time.Second       //
	slowestRate = rate.Limit(1.0 / 10.0) // requests a second; only a lower full rate goes below
)

// turns gives out the turns of one class at even distances.
type turns struct {
	line   line
	bucket *rate.Limiter
	full   rate.Limit // the most that is ever sent
	taken  time.Time  // when the last turn was
	former time.Time  // and the one before it
	cutAt  time.Time
	raised time.Time
	exits  exits
	shut   chan struct{} // of the head that waits for its turn: closed when the gate shuts
	late   time.Duration // so late a waiter may wake up without delaying the next turn
}

// mostLate is what timers are late on a busy machine. The rest of what the pace leaves to
// the limit is for the way to the server.
const mostLate = 10 * time.Millisecond

func newTurns(full, limit float64) turns {
	t := turns{full: rate.Limit(full), bucket: rate.NewLimiter(rate.Limit(full), 1), exits: newExits(limit, full)}
	if limit > full { // a window with so much more in it is still below the limit
		t.late = min(mostLate, time.Duration(0.2*(limit/full-1)*float64(time.Second)))
	}
	return t
}

func (t *turns) perSecond() float64 { return float64(t.bucket.Limit()) }

// forecast is when a caller that joins the line now has its turn, at today's rate.
func (t *turns) forecast(now time.Time) time.Time {
	ahead := 0
	if t.line.headed {
		ahead = t.line.behind.Len() + 1
	}
	return later(now, t.line.next).Add(timeOf(ahead, t.perSecond()))
}

// reserve takes the next turn out of the bucket and returns when it is.
func (t *turns) reserve(now time.Time) (*rate.Reservation, time.Time) {
	t.raise(now)
	turn := t.bucket.ReserveN(now, 1)
	// The bucket saves a turn up while its taker wakes up late, and the next would
	// follow at once: keep the distance from the last turn.
	t.line.next = later(now.Add(turn.DelayFrom(now)), t.taken.Add(timeOf(1, t.perSecond())))
	return turn, t.line.next
}

// take returns the time that the next turn keeps its distance from: when the turn was to
// be, or if its taker woke up too late, shortly before now.
func (t *turns) take(now time.Time) time.Time {
	t.former, t.taken = t.taken, later(t.line.next, now.Add(-t.late))
	return t.taken
}

// drop makes a turn that was not used the next one's. It does nothing if another turn
// has been taken since.
func (t *turns) drop(taken time.Time) {
	if t.taken.Equal(taken) {
		t.taken, t.bucket = t.former, rate.NewLimiter(t.bucket.Limit(), 1)
	}
}

// cut halves the rate. What is sent before the cut is felt does not cut again.
func (t *turns) cut(now time.Time) {
	if now.Sub(t.cutAt) < cutPause {
		return
	}
	t.cutAt, t.raised = now, now
	t.bucket.SetLimitAt(now, max(t.bucket.Limit()*cutFactor, min(t.full, slowestRate)))
}

// raise gives back a tenth of the full rate for every ten seconds since the cut.
func (t *turns) raise(now time.Time) {
	if t.bucket.Limit() >= t.full {
		return
	}
	steps := int64(now.Sub(t.raised) / raiseEvery)
	if steps <= 0 {
		return
	}
	t.raised = t.raised.Add(time.Duration(steps) * raiseEvery)
	t.bucket.SetLimitAt(now, min(t.full, t.bucket.Limit()+rate.Limit(float64(steps)*raiseShare)*t.full))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
