package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/seatkit/zoom/internal/redact"
)

// headerTimeout is how long an answer may take to begin.
const headerTimeout = 15 * time.Second

var (
	errTimeout      = errors.New("the attempt took too long")
	errBodyTooLarge = errors.New("the body exceeds the limit")
)

// attempt puts one request on the wire within a time limit and reads the body,
// so that a body that is cut, slow or too large is a fault of the attempt like
// any other. It is the only place that reads and closes bodies.
type attempt struct {
	next    http.RoundTripper
	timeout time.Duration
	maxBody int64
	events  Events
}

func (l *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	parent := req.Context()
	st := stateOf(parent)
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var sent sending
	if !st.call.Repeatable {
		ctx = sent.trace(ctx)
	}

	start := time.Now()
	limit := min(l.timeout, st.left())
	timer := time.AfterFunc(min(limit, headerTimeout), func() { cancel(errTimeout) })
	defer timer.Stop()

	st.attempts++
	st.answer, st.rate = nil, Rate{}
	resp, err := l.next.RoundTrip(req.WithContext(ctx))
	if err == nil && resp == nil {
		err = errors.New("the RoundTripper returned neither answer nor error")
	}
	if err == nil {
		if timer.Stop() {
			timer.Reset(limit - time.Since(start))
		}
		err = l.read(resp, st)
	}
	var failure *Failure
	if err != nil {
		failure = l.classify(parent, ctx, err, st, &sent)
	}
	if l.events.Attempted != nil {
		st.nameAnswer()
		l.events.Attempted(parent, st.call, st.attempts, st.answer, errorOrNil(failure), time.Since(start))
	}
	if failure != nil {
		return nil, failure
	}
	return resp, nil
}

// errorOrNil keeps a nil *Failure from becoming an error that is not nil.
func errorOrNil(f *Failure) error {
	if f == nil {
		return nil
	}
	return f
}

// read takes the answer in and leaves resp without a body.
func (l *attempt) read(resp *http.Response, st *state) error {
	body := resp.Body
	resp.Body = http.NoBody
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	st.answer = &Answer{Status: resp.StatusCode, Header: resp.Header}
	if failure := checkStatus(resp.StatusCode); failure != nil {
		st.rate = parseRate(st.answer, time.Now())
		return failure
	}
	text, err := readAll(body, resp.ContentLength, l.maxBody)
	st.answer.Body = text
	st.rate = parseRate(st.answer, time.Now())
	if st.rate.Message != "" {
		st.rate.Message = redact.Text(st.rate.Message, st.hidden()...)
	}
	if err != nil && resp.StatusCode >= http.StatusBadRequest && !errors.Is(err, errBodyTooLarge) {
		return nil // the status already says all that matters
	}
	if err == nil && resp.ContentLength > int64(len(text)) && st.call.Method != http.MethodHead {
		err = io.ErrUnexpectedEOF // a RoundTripper that does not check for itself
	}
	return err
}

// checkStatus refuses what is neither a success nor an error: redirects, which
// are never followed, and numbers that are no final status.
func checkStatus(status int) *Failure {
	switch {
	case status == http.StatusNotModified, status < 200, status >= 600:
		return &Failure{Kind: KindBadStatus}
	case status >= 300 && status < 400:
		return &Failure{Kind: KindRedirect}
	default:
		return nil
	}
}

// classify says what kind of fault ended the attempt, and whether the request
// surely never left.
func (l *attempt) classify(parent, ctx context.Context, err error, st *state, sent *sending) *Failure {
	f, known := errors.AsType[*Failure](err)
	switch {
	case known:
	case parent.Err() != nil:
		f = &Failure{Kind: KindContext, Err: parent.Err()}
	case errors.Is(context.Cause(ctx), errTimeout):
		f = &Failure{Kind: KindTimeout, Err: context.DeadlineExceeded}
	case st.answer != nil:
		f = bodyFailure(err, st.hidden()...)
	default:
		f = networkFailure(err, st.hidden()...)
	}
	f.Unsent = st.answer == nil && (f.neverConnected() || sent.surelyNot(f.Kind))
	return f
}

// sending follows how far a write got. The hooks run on the goroutines of the
// connection.
type sending struct{ asked, connected, written atomic.Bool }

func (s *sending) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:          func(string) { s.asked.Store(true) },
		GotConn:          func(httptrace.GotConnInfo) { s.connected.Store(true) },
		WroteHeaderField: func(string, []string) { s.written.Store(true) },
	})
}

// surelyNot needs evidence: a RoundTripper that reports nothing proves nothing.
// One that asked for a connection and got none has written nothing; one that was
// broken off by us may be about to write on the connection that it got.
func (s *sending) surelyNot(kind Kind) bool {
	switch {
	case !s.asked.Load():
		return false
	case !s.connected.Load():
		return true
	default:
		return !s.written.Load() && kind != KindTimeout && kind != KindContext
	}
}
