package zoom

import (
	"context"
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
	Start func(ctx context.Context, c Call) context.Context
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

// A Call is what is known of an operation before it begins.
type Call struct {
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
	Call       Call // the operation; "token" for a request for an access token
	Number     int  // from 1
	StatusCode int  // 0: no answer
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
	UnreadFields int    // values that could not be read: see User.UnreadFields
	Note         string // "": nothing special; else a Note constant
}

// What a listing can notice about itself.
const (
	NoteRestarted     = "page token expired, part listed again" // a roster, at most once for each of its walks over a status
	NoteListedAgain   = "rows missing, part listed again"       // pages are read again, or the part is
	NoteCountDiffers  = "fewer rows than total_records"         // a few rows are missing, also when read again, or the count is too high
	NoteTotalMismatch = "rows differ from total_records"        // any other listing: there are more rows than Zoom counts
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
