// Package transport is the road of one HTTP request. Each layer is in a file of its
// own and does one thing:
//
//   - retry (Road.Do): sends the attempts of a call and decides about another one;
//   - admission: access token and turn;
//   - attempt: one HTTP request within its time, its body read whole.
//
// A layer gets the trip of the call from the one above it and returns an answer or a
// failure to it. Nothing else passes between them.
package transport

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/wire"
)

// A Call is one operation on its way to the server.
type Call struct {
	Op         string // the operation's name, for Events
	Route      string // the path as a template, for Events
	Method     string
	URL        *url.URL
	Header     http.Header // sent as it is; not changed
	Body       []byte      // nil: none
	Class      pace.Class  // rate class, given to the Limiter
	Repeatable bool        // sending it twice does no more than sending it once
	Once       bool        // sending it twice does twice as much: sent again only on proof that it was not carried out

	// Accept takes a successful answer in. Its error means that the answer is
	// not what was described: a *wire.ShapeError, which is transient like any
	// other fault unless it is final, or a *wire.APIError, a refusal under the
	// status of a success. Nil accepts everything.
	Accept func(a *Answer) error

	// Values are what stands in the path, and credentials: no text about the call
	// may repeat them, nor its query, its body and its token.
	Values []string
}

// An Answer is what came back, read whole.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte
	TrackingID string // Zoom's name for the request, for its support

	// Error is what the body says went wrong. Of an error status it is never nil; of
	// another one it is nil unless the body is nothing but a refusal.
	Error *wire.APIError
	Rate  pace.Rate // what the answer says about limits
}

// A Limiter says when a request may be sent.
type Limiter interface {
	Wait(ctx context.Context, class pace.Class) (pace.Turn, error)

	// Observe learns from an answer to a call of the class. It moves RetryAt to when
	// the limiter lets a request through again.
	Observe(ctx context.Context, class pace.Class, r *pace.Rate)
}

// Tokens gives out access tokens.
type Tokens interface {
	// Token returns a token that may be sent now. It waits for a fetch if there is none.
	Token(ctx context.Context) (string, error)

	// Held returns the token that Token would return at once. It never blocks; ok is
	// false if Token would wait for a fetch. It may begin one beside.
	Held(ctx context.Context) (token string, ok bool)

	// Rejected reports a token that an answer refused. Undecided allows to send the call
	// once more with the same token, if there is no other.
	Rejected(ctx context.Context, accessToken string) (undecided bool)

	// Accepted reports a token that an answer accepted, once for each.
	Accepted(accessToken string)

	// Useless reports that the token that came in place of a refused one was refused too.
	Useless(accessToken string)
}

// Policy holds the numbers of the retry layer; none may be zero.
type Policy struct {
	MaxAttempts    int
	MinDelay       time.Duration // of the first back-off, before jitter
	MaxDelay       time.Duration
	MaxRetryAfter  time.Duration // a longer wait is returned instead of slept through
	AttemptTimeout time.Duration
	MaxElapsed     time.Duration // of a call, without its waits for the limiter
}

// The reasons for which a call waits.
const (
	WaitLimiter = "limiter"
	WaitRetry   = "retry"
)

// Events report what happens on the road. Nil ones are skipped.
type Events struct {
	Waited    func(ctx context.Context, reason string, d time.Duration)
	Attempted func(ctx context.Context, call *Call, number int, a *Answer, err error, d time.Duration)
}

type eventsKey struct{}

// WithEvents hands events to a call that is made below another one: the request for
// an access token reports to the hooks of the client that needs the token.
func WithEvents(ctx context.Context, e Events) context.Context {
	return context.WithValue(ctx, eventsKey{}, e)
}

// EventsOf returns what WithEvents put into the context.
func EventsOf(ctx context.Context) Events {
	e, _ := ctx.Value(eventsKey{}).(Events)
	return e
}

// Config is all that a Road is made of.
type Config struct {
	Wire    http.RoundTripper
	Limiter Limiter // nil: no limit
	Tokens  Tokens  // nil: the calls bring their own authorisation
	Policy  Policy
	MaxBody int64 // bytes, decoded
	Events  Events
}

// A Road sends calls. It is immutable and safe for concurrent use.
type Road struct {
	top     layer
	policy  Policy
	events  Events
	budgets budgets
}

// New lays a road.
func New(c Config) *Road {
	var top layer = &attempt{next: c.Wire, timeout: c.Policy.AttemptTimeout, maxBody: c.MaxBody, events: c.Events}
	if c.Tokens != nil || c.Limiter != nil {
		top = &admission{next: top, limiter: c.Limiter, tokens: c.Tokens, events: c.Events}
	}
	return &Road{top: top, policy: c.Policy, events: c.Events, budgets: newBudgets()}
}

// A layer takes one attempt of a call further. A failure after an answer had begun has
// that answer in it.
type layer interface {
	send(ctx context.Context, c *trip) (*Answer, *Failure)
}

// A trip is one call on its way, and what is known of it. It belongs to the goroutine of
// the call alone.
type trip struct {
	call       *Call
	start      time.Time
	maxElapsed time.Duration
	inLimiter  time.Duration // spent waiting for the limiter
	attempts   int           // requests put on the wire
	turn       pace.Turn     // of the latest attempt
	token      string        // the access token of the latest attempt
	refused    string        // the first one that was refused
	refreshed  bool          // another one was asked for because of that
	undecided  bool          // and the same one may be sent once more
}

// left is what the call may still take; its waits for the limiter do not count.
func (c *trip) left() time.Duration { return c.maxElapsed - (time.Since(c.start) - c.inLimiter) }

// readAll reads at most limit bytes. It grows by doubling and never beyond the
// limit, so that an endless body costs twice the limit and no more.
func readAll(r io.Reader, hint, limit int64) ([]byte, error) {
	const first = 8 << 10
	if hint <= 0 {
		hint = first
	}
	buf := make([]byte, 0, min(hint, limit)+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, errBodyTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*int64(cap(buf)), limit+1))
			copy(grown, buf)
			buf = grown
		}
	}
}
