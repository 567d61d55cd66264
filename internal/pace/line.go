package pace

import (
	"container/list"
	"context"
	"time"
)

// A line is the waiters for a turn of one class, first come, first served. Only its
// head has a time for its turn, so that each waiter gets a turn at the rate in force
// when it reaches the head. Joining, leaving and moving up cost the same however long
// the line is.
type line struct {
	headed bool      // there is a head
	next   time.Time // when its turn is; in the past: not known yet
	behind list.List // of *waiter
}

// A waiter stands behind the head.
type waiter struct {
	ready chan struct{} // closed when it becomes the head
	place *list.Element // nil: it is the head
}

// join makes the caller the head and returns nil, or puts it at the end of the line.
func (q *line) join() *waiter {
	if !q.headed {
		q.headed = true
		return nil
	}
	w := &waiter{ready: make(chan struct{})}
	w.place = q.behind.PushBack(w)
	return w
}

// promote makes the first waiter the head.
func (q *line) promote() {
	first := q.behind.Front()
	if q.headed = first != nil; !q.headed {
		return
	}
	w := q.behind.Remove(first).(*waiter)
	w.place = nil
	close(w.ready)
}

// leave takes a waiter out of the line. One that has become the head meanwhile leaves
// the head to the next.
func (q *line) leave(w *waiter) {
	if w.place == nil {
		q.promote()
		return
	}
	q.behind.Remove(w.place)
}

// longest bounds a forecast: a century is never, and cannot overflow.
const longest = 100 * 365 * 24 * time.Hour

// timeOf is how long n turns take at a rate.
func timeOf(n int, perSecond float64) time.Duration {
	if ns := float64(n) / perSecond * float64(time.Second); ns < float64(longest) {
		return time.Duration(ns)
	}
	return longest
}

// sleep waits until a moment, at most as long as ctx lasts.
func sleep(ctx context.Context, until time.Time) error {
	delay := time.Until(until)
	if delay <= 0 {
		return nil
	}
	return Pause(ctx, delay)
}

// Pause waits, at most as long as ctx lasts.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
