package zoomauth

import (
	"context"
	"errors"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/tokens"
	"github.com/seatkit/zoom/internal/transport"
)

// traced adds the hooks of the app to those in the context, which are of the client that
// needs a token.
func (a App) traced(ctx context.Context) context.Context {
	if a.Trace == nil {
		return ctx
	}
	return transport.WithEvents(ctx, joined(transport.EventsOf(ctx), eventsOf(a.Trace)))
}

func eventsOf(t *zoom.Trace) (e transport.Events) {
	if hook := t.Wait; hook != nil {
		e.Waited = func(ctx context.Context, reason string, d time.Duration) {
			hook(ctx, zoom.WaitInfo{Reason: zoom.WaitReason(reason), Duration: d})
		}
	}
	if hook := t.Attempt; hook != nil {
		e.Attempted = func(ctx context.Context, c *transport.Call, number int, a *transport.Answer, err error, d time.Duration) {
			info := zoom.AttemptInfo{Call: zoom.CallInfo{Op: c.Op, Method: c.Method, Path: c.Route}, Number: number, Duration: d}
			if a != nil {
				info.StatusCode, info.TrackingID = a.Status, a.TrackingID
			}
			if f, ok := errors.AsType[*transport.Failure](err); ok {
				info.Err = newError(c.Op, "", f, number).Err
			}
			hook(ctx, info)
		}
	}
	return e
}

// joined calls the hooks of both.
func joined(first, second transport.Events) transport.Events {
	e := first
	if second.Waited != nil {
		e.Waited = func(ctx context.Context, reason string, d time.Duration) {
			if first.Waited != nil {
				first.Waited(ctx, reason, d)
			}
			second.Waited(ctx, reason, d)
		}
	}
	if second.Attempted != nil {
		e.Attempted = func(ctx context.Context, c *transport.Call, number int, a *transport.Answer, err error, d time.Duration) {
			if first.Attempted != nil {
				first.Attempted(ctx, c, number, a, err, d)
			}
			second.Attempted(ctx, c, number, a, err, d)
		}
	}
	return e
}

func tokenInfo(f tokens.Fetched) zoom.TokenInfo {
	return zoom.TokenInfo{Duration: f.Duration, Expiry: f.Expiry, Err: f.Err}
}
