package tokens

import (
	"context"
	"time"
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
