package zoomhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	maxBody      = 1 << 20
	answerWithin = 2500 * time.Millisecond // Zoom waits for 3 s
)

// Handlers are called with the events that Zoom signed, from many goroutines at
// once. Those that are nil are skipped: their events are accepted and dropped.
//
// The context ends 2.5 s after the request began, because Zoom waits for 3 s: work
// that takes longer belongs in a queue, and a nil error then means that it is
// safely there. An error, or a panic, makes Zoom send the event again, after 5, 20
// and 60 minutes, and then never.
type Handlers struct {
	AppDeauthorized func(context.Context, *AppDeauthorized) error
	User            func(context.Context, *UserEvent) error
	Other           func(context.Context, *Event) error // all that is neither

	// Failed is told of each request that was answered with an error status, after
	// the status was set: without it nobody hears of them. The errors name nobody
	// and hold no value of the request; of a handler's error the plain words are
	// left, and [errors.Is] still knows it. It should not take long, as the answer
	// leaves when it returns.
	Failed func(ctx context.Context, status int, err error)
}

// NewHandler serves the endpoint that Zoom sends events to. It answers
//
//   - 200 to the challenge by which Zoom validates the endpoint, every 72 hours,
//   - 204 when the handler returned nil, or when there is none for the event,
//   - 400 when the event cannot be read, 401 when it is not signed or is stale, 405
//     when it is not a POST, 413 when it is longer than 1 MiB: Zoom gives it up,
//   - 500 when the handler failed or the body did not arrive: Zoom sends it again.
//
// A request without both headers, or with a timestamp outside of the window, is answered
// with 401 before its body is read. A body must arrive within 2.5 s; this needs a
// ResponseWriter with read deadlines ([http.ResponseController]), which net/http's have and
// a middleware may hide: then only the ReadTimeout of the server ends a body that stalls.
//
// The only value of a request that stands in an answer is that of a signed
// challenge. A verifier that was not made by [NewVerifier], or with a bad
// [Verifier.WithMaxAge], is [zoom.ErrInvalidArgument].
func NewHandler(v *Verifier, h Handlers) (http.Handler, error) {
	if err := v.check(); err != nil {
		return nil, fmt.Errorf("zoomhook: %w", err)
	}
	return &handler{verifier: v, Handlers: h}, nil
}

type handler struct {
	verifier *Verifier
	Handlers
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	// Also for what is refused unread: the server reads the rest of a body after the answer.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(answerWithin))
	status, answer, err := h.serve(ctx, w, r)
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	if answer != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	if answer != nil {
		_, _ = w.Write(answer) //nolint:gosec // JSON of a text that Zoom signed
	}
	if err != nil && h.Failed != nil {
		h.Failed(r.Context(), status, fmt.Errorf("zoomhook: %w", err))
	}
}

// serve returns the status, the body of the answer, and what went wrong.
func (h *handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) (int, []byte, error) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, nil, errors.New("the method is not POST")
	}
	if err := h.verifier.precheck(r.Header, time.Now()); err != nil {
		return http.StatusUnauthorized, nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge, nil, errors.New("the body is longer than 1 MiB")
	}
	if err != nil {
		return http.StatusInternalServerError, nil, fmt.Errorf("the body did not arrive: %w", redact.Cause(err))
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the whole body is here
	secret, err := h.verifier.verify(r.Header, body, time.Now())
	if err != nil {
		return http.StatusUnauthorized, nil, err
	}
	event, err := parse(body)
	if err != nil {
		return http.StatusBadRequest, nil, fmt.Errorf("the event cannot be read: %w", err)
	}
	if plain, ok := event.(challenge); ok {
		return http.StatusOK, answerTo(plain, secret), nil
	}
	if err := h.handle(withDigest(ctx, body), event, body); err != nil {
		return http.StatusInternalServerError, nil, err
	}
	return http.StatusNoContent, nil, nil
}

// answerTo must be called for what Zoom signed only: whoever could ask without
// having signed would be given signatures.
func answerTo(plain challenge, secret redact.Secret) []byte {
	answer, _ := wire.Encode(struct { // two texts can always be written
		PlainToken     string `json:"plainToken"`
		EncryptedToken string `json:"encryptedToken"`
	}{string(plain), sum(secret, "", []byte(plain))})
	return answer
}

// handle calls the handler of an event. What it says is freed of what the body
// holds: a handler tells of the user that it could not find.
func (h *handler) handle(ctx context.Context, event any, body []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a handler panicked at %s: %w", panicSite(), redact.Cause(fmt.Errorf("%v", p), wire.Texts(body)...))
		}
	}()
	switch e := event.(type) {
	case *AppDeauthorized:
		err = call(ctx, h.AppDeauthorized, e)
	case *UserEvent:
		err = call(ctx, h.User, e)
	case *Event:
		err = call(ctx, h.Other, e)
	}
	if err != nil {
		return fmt.Errorf("a handler failed: %w", redact.Cause(err, wire.Texts(body)...))
	}
	return nil
}

func call[E any](ctx context.Context, handle func(context.Context, E) error, event E) error {
	if handle == nil {
		return nil
	}
	return handle(ctx, event)
}

// panicSite returns the file and line of the panic that is being recovered from,
// which would be lost with the stack.
func panicSite() string {
	const above = 3 // runtime.Callers, this function, the deferred one
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(above, pcs)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", path.Base(frame.File), frame.Line)
		}
	}
}
