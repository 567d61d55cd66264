package tokens

import (
	"context"
	"time"

	"github.com/seatkit/zoom/internal/transport"
)

// Fetched is the end of a fetch.
type Fetched struct {
	Duration time.Duration
	Expiry   time.Time
	Err      error
}

type observerKey struct{}

// WithObserver puts a hook into the context of a caller: it is called after a fetch that
// the caller begins, on the goroutine of the fetch.
func WithObserver(ctx context.Context, observe func(context.Context, Fetched)) context.Context {
	return context.WithValue(ctx, observerKey{}, observe)
}

func observerOf(ctx context.Context) func(context.Context, Fetched) {
	observe, _ := ctx.Value(observerKey{}).(func(context.Context, Fetched))
	return observe
}

// A recorder puts off the hooks of the requests that a fetch makes. Between the answer
// and the saving of a new refresh token, no hook may block or panic.
type recorder struct{ calls []func() }

// events are those of the context, recorded.
func (r *recorder) events(ctx context.Context) transport.Events {
	hooks, recorded := transport.EventsOf(ctx), transport.Events{}
	if hooks.Waited != nil {
		recorded.Waited = func(ctx context.Context, reason string, d time.Duration) {
			r.calls = append(r.calls, func() { hooks.Waited(ctx, reason, d) })
		}
	}
	if hooks.Attempted != nil {
		recorded.Attempted = func(ctx context.Context, call *transport.Call, number int, a *transport.Answer, err error, d time.Duration) {
			r.calls = append(r.calls, func() { hooks.Attempted(ctx, call, number, a, err, d) })
		}
	}
	return recorded
}

func (r *recorder) replay() {
	for _, call := range r.calls {
		call()
	}
}
