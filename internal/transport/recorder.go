package transport

import (
	"context"
	"time"
)

// A Recorder puts off the hooks of requests. Between an answer with tokens and their saving
// no hook may block or panic. The zero value is ready; it serves one goroutine at a time.
type Recorder struct{ calls []func() }

// Record returns a context whose requests are recorded for the hooks of ctx.
func (r *Recorder) Record(ctx context.Context) context.Context {
	hooks, recorded := EventsOf(ctx), Events{}
	if hooks.Waited != nil {
		recorded.Waited = func(ctx context.Context, reason string, d time.Duration) {
			r.calls = append(r.calls, func() { hooks.Waited(ctx, reason, d) })
		}
	}
	if hooks.Attempted != nil {
		recorded.Attempted = func(ctx context.Context, call *Call, number int, a *Answer, err error, d time.Duration) {
			r.calls = append(r.calls, func() { hooks.Attempted(ctx, call, number, a, err, d) })
		}
	}
	return WithEvents(ctx, recorded)
}

// Replay calls the hooks, each once. If one panics, the next Replay calls those after it.
func (r *Recorder) Replay() {
	for len(r.calls) > 0 {
		call := r.calls[0]
		r.calls = r.calls[1:]
		call()
	}
}
