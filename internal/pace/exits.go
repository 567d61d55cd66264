package pace

import (
	"context"
	"slices"
	"time"
)

// mostExits is the limit from which on exits are not watched: 1,000 in a second is no
// limit of Zoom's.
const mostExits = 1000

// exits is when the latest requests of a class left for the wire. Their turns are at even
// distances, but something can hold requests back behind their turns: a connection that
// is slow to come, a hook that blocks. They would then leave in a crowd.
type exits struct {
	limit  int // in a window; 0: not watched
	window time.Duration
	latest []*exit // by time
}

// An exit is that of one request. It can lie ahead.
type exit struct{ at time.Time }

// newExits watches a limit a second. Turns at the pace are never held up.
func newExits(limit, perSecond float64) exits {
	const margin = 0.7 // of what the pace leaves to the limit
	n := max(1, int(limit))
	if limit <= perSecond || n > mostExits {
		return exits{}
	}
	window := min((1+margin*(limit/perSecond-1))*max(1, 1/limit), margin*float64(n)/perSecond+(1-margin)*float64(n)/limit)
	return exits{limit: n, window: time.Duration(window * float64(time.Second))}
}

// leave returns when a request may leave that could leave now: behind those that left
// before it, and when the window has room.
func (x *exits) leave(e *exit, now time.Time) time.Time {
	if x.limit == 0 {
		return now
	}
	if i := slices.Index(x.latest, e); i >= 0 {
		x.latest = slices.Delete(x.latest, i, i+1)
	}
	e.at = now
	if n := len(x.latest); n > 0 {
		e.at = later(e.at, x.latest[n-1].at)
	}
	if n := len(x.latest); n >= x.limit {
		e.at = later(e.at, x.latest[n-x.limit].at.Add(x.window))
	}
	x.latest = append(x.latest, e)
	if old := len(x.latest) - 2*x.limit; old > 0 && now.Sub(x.latest[old-1].at) > x.window {
		x.latest = slices.Delete(x.latest, 0, old)
	}
	return e.at
}

// Leave says that the request of the turn is about to be written, and waits until it may
// be. It may be called again, if something has held the request back since.
func (t Turn) Leave(ctx context.Context) error { return sleep(ctx, t.leaves()) }

func (t Turn) leaves() time.Time {
	if t.limiter == nil {
		return time.Time{}
	}
	t.limiter.mu.Lock()
	defer t.limiter.mu.Unlock()
	now, class := time.Now(), &t.limiter.classes[t.class]
	at := class.exits.leave(t.exit, now)
	if at.After(now) {
		class.taken = later(class.taken, at) // the next turn comes behind it
	}
	return at
}
