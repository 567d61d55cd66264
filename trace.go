package zoom

import (
	"context"
	"log/slog"
	"time"

	"github.com/seatkit/zoom/internal/transport"
)

// A Trace is a set of hooks, run inline on the goroutine that makes the call: a hook
// that blocks makes the call wait, one that panics ends it. That goroutine is not always
// the caller's. A roster reads its statuses side by side, a listing with [List.Prefetch]
// reads ahead, and a token is fetched beside the calls: hooks of one operation run on
// several goroutines at once. Hooks must be safe for concurrent use.
//
// Nil hooks are skipped. No hook is ever given a URL, a query, a body, a header, a token
// or an error that holds one. Several traces compose: each is called in the order of the
// options.
type Trace struct {
	// Start is called once for each operation; the context that it returns is
	// used for it and given to the other hooks.
	Start func(ctx context.Context, c CallInfo) context.Context
	// Wait is called after a wait: for the limiter, or before another attempt.
	Wait func(ctx context.Context, w WaitInfo)
	// Attempt is called after each request that was put on the wire.
	Attempt func(ctx context.Context, a AttemptInfo)
	// Token is called after each fetch of an access token.
	Token func(ctx context.Context, t TokenInfo)
	// Page is called after each page of a listing, and when a listing notices
	// something about itself.
	Page func(ctx context.Context, p PageInfo)
	// Budget is called when an answer says that little is left of the day's
	// requests: a twentieth or less, once for each class and day (UTC).
	Budget func(ctx context.Context, b BudgetInfo)
	// Done is called once at the end of each operation that had a Start.
	Done func(ctx context.Context, d DoneInfo)
}

// A CallInfo is what is known of an operation before it begins.
type CallInfo struct {
	Op     string // "users.get"
	Method string // "GET"
	Path   string // the route template
	Class  RateClass
}

// A WaitInfo is time that a call did not spend on the wire.
type WaitInfo struct {
	Reason   WaitReason
	Duration time.Duration
}

// A WaitReason says what a call waited for.
type WaitReason string

// The reasons for which a call waits.
const (
	WaitLimiter WaitReason = transport.WaitLimiter
	WaitRetry   WaitReason = transport.WaitRetry
)

// An AttemptInfo is one request that was put on the wire.
type AttemptInfo struct {
	Call       CallInfo // the operation; "token" for a request for an access token
	Number     int      // from 1
	StatusCode int      // 0: no answer
	Duration   time.Duration
	TrackingID string
	Err        error // why there is no answer, else nil
}

// A TokenInfo is one fetch of an access token.
type TokenInfo struct {
	Duration time.Duration
	Expiry   time.Time
	Err      error
}

// A PageInfo is one page of a listing.
type PageInfo struct {
	Op           string
	Number       int // from 1, over all parts of the listing
	Items        int // rows that Zoom sent
	TotalRecords int
	UnreadFields int      // values that could not be read: see User.UnreadFields
	Note         ListNote // "": nothing special
}

// A ListNote is what a listing can notice about itself.
type ListNote string

// The notes of listings.
const (
	NoteRestarted     ListNote = "page token expired, part listed again" // a roster, at most once for each of its walks over a status
	NoteListedAgain   ListNote = "rows missing, part listed again"       // pages are read again, or the part is
	NoteCountDiffers  ListNote = "fewer rows than total_records"         // a few rows are missing, also when read again, or the count is too high
	NoteTotalMismatch ListNote = "rows differ from total_records"        // any other listing: there are more rows than Zoom counts
)

// A BudgetInfo is what Zoom says is left of a day's requests. All apps of the
// account draw on them.
type BudgetInfo struct {
	Class     RateClass
	Remaining int
	Limit     int
}

// A DoneInfo is the end of an operation.
type DoneInfo struct {
	Attempts     int
	Duration     time.Duration
	UnreadFields int // values of the answer that could not be read: see User.UnreadFields
	Err          error
}

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
	call := CallInfo{Op: o.op, Method: o.method, Path: o.path, Class: o.class}
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
			slog.Int("total_records", p.TotalRecords), slog.String("note", string(p.Note)))
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
	call := CallInfo{Op: c.Op, Method: c.Method, Path: c.Route, Class: RateClass(c.Class)}
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
