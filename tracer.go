package zoom

import (
	"context"
	"log/slog"
	"time"

	"github.com/seatkit/zoom/internal/transport"
)

// tracer calls the hooks and writes the log. Its zero value does neither.
type tracer struct {
	traces []*Trace
	logger *slog.Logger
}

func newTracer(traces []*Trace, logger *slog.Logger) tracer {
	return tracer{traces: traces, logger: logger}
}

// start calls the Start hooks.
func (t *tracer) start(ctx context.Context, o *operation) context.Context {
	if t.silent() {
		return ctx
	}
	call := Call{Op: o.op, Method: o.method, Path: o.path, Class: o.class}
	for _, h := range t.traces {
		if h.Start == nil {
			continue
		}
		if changed := h.Start(ctx, call); changed != nil {
			ctx = changed
		}
	}
	return ctx
}

func (t *tracer) silent() bool { return t.logger == nil && len(t.traces) == 0 }

func (t *tracer) done(ctx context.Context, o *operation, attempts int, d time.Duration, err error) {
	for _, h := range t.traces {
		if h.Done != nil {
			h.Done(ctx, DoneInfo{Attempts: attempts, Duration: d, UnreadFields: o.unread, Err: err})
		}
	}
}

func (t *tracer) page(ctx context.Context, p PageInfo) {
	for _, h := range t.traces {
		if h.Page != nil {
			h.Page(ctx, p)
		}
	}
	if t.logger == nil {
		return
	}
	if p.Note != "" {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "zoom: listing", slog.String("op", p.Op), slog.Int("page", p.Number),
			slog.Int("total_records", p.TotalRecords), slog.String("note", p.Note))
	}
	if p.UnreadFields > 0 {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "zoom: fields that cannot be read", slog.String("op", p.Op), slog.Int("page", p.Number),
			slog.Int("unread_fields", p.UnreadFields))
	}
}

func (t *tracer) budget(ctx context.Context, b BudgetInfo) {
	for _, h := range t.traces {
		if h.Budget != nil {
			h.Budget(ctx, b)
		}
	}
	if t.logger != nil {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "zoom: daily budget nearly spent", slog.String("class", b.Class.String()),
			slog.Int("remaining", b.Remaining), slog.Int("limit", b.Limit))
	}
}

func (t *tracer) token(ctx context.Context, info TokenInfo) {
	for _, h := range t.traces {
		if h.Token != nil {
			h.Token(ctx, info)
		}
	}
	if t.logger == nil {
		return
	}
	level, attrs := slog.LevelDebug, []slog.Attr{slog.Duration("took", info.Duration)}
	if info.Err != nil {
		level, attrs = slog.LevelWarn, append(attrs, slog.String("err", scrub(info.Err.Error())))
	}
	t.logger.LogAttrs(ctx, level, "zoom: access token", attrs...)
}

// events connects the road. Nothing is called for a client without hooks and
// without a logger.
func (t *tracer) events() transport.Events {
	if t.silent() {
		return transport.Events{}
	}
	return transport.Events{Waited: t.waited, Attempted: t.attempted}
}

func (t *tracer) waited(ctx context.Context, reason string, d time.Duration) {
	for _, h := range t.traces {
		if h.Wait != nil {
			h.Wait(ctx, WaitInfo{Reason: WaitReason(reason), Duration: d})
		}
	}
}

func (t *tracer) attempted(ctx context.Context, c *transport.Call, number int, a *transport.Answer, err error, d time.Duration) {
	call := Call{Op: c.Op, Method: c.Method, Path: c.Route, Class: RateClass(c.Class)}
	info := AttemptInfo{Call: call, Number: number, Duration: d}
	if a != nil {
		info.StatusCode, info.TrackingID = a.Status, a.TrackingID
	}
	if f, ok := err.(*transport.Failure); ok { //nolint:errorlint // the road gives the very type
		info.Err = attemptCause(f)
	}
	for _, h := range t.traces {
		if h.Attempt != nil {
			h.Attempt(ctx, info)
		}
	}
	if t.logger == nil {
		return
	}
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("op", call.Op), slog.String("method", call.Method), slog.String("path", call.Path),
		slog.Int("attempt", number), slog.Int("status", info.StatusCode), slog.Duration("took", d),
		slog.String("tracking_id", info.TrackingID),
	}
	if info.Err != nil || info.StatusCode >= 400 {
		level = slog.LevelWarn
	}
	if info.Err != nil {
		attrs = append(attrs, slog.String("err", scrub(info.Err.Error())))
	}
	t.logger.LogAttrs(ctx, level, "zoom: attempt", attrs...)
}
