package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

// headerTimeout is how long an answer may take to begin.
const headerTimeout = 15 * time.Second

var (
	errTimeout      = errors.New("the attempt took too long")
	errBodyTooLarge = errors.New("the body exceeds the limit")
	errLateRead     = errors.New("the attempt is over")
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

func (l *attempt) send(parent context.Context, c *trip) (*Answer, *Failure) {
	if f := c.leave(parent); f != nil {
		return nil, f
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var sent sending
	if !c.call.Repeatable {
		ctx = sent.trace(ctx)
	}

	start := time.Now()
	timeout := min(l.timeout, c.left())
	timer := time.AfterFunc(min(timeout, headerTimeout), func() { cancel(errTimeout) })
	defer timer.Stop()
	door := door{turn: c.turn, timer: timer, timeout: min(timeout, headerTimeout)}
	req := newRequest(door.trace(ctx), c)
	if !c.call.Repeatable {
		sent.watch(req)
	}

	c.attempts++
	resp, err := l.next.RoundTrip(req)
	held := time.Duration(door.held.Load())
	c.inLimiter += held
	if err == nil && resp == nil {
		err = errors.New("the RoundTripper returned neither answer nor error")
	}
	var answer *Answer
	if err == nil {
		if timer.Stop() {
			timer.Reset(timeout + held - time.Since(start))
		}
		answer, err = l.read(ctx, resp, c)
	}
	var failure *Failure
	if err != nil {
		failure = classify(parent, ctx, err, answer, c)
		failure.Unsent = answer == nil && sent.isUnsent(failure.Kind)
	}
	if l.events.Attempted != nil {
		c.nameAnswer(answer)
		l.events.Attempted(parent, c.call, c.attempts, answer, errorOrNil(failure), time.Since(start))
	}
	if failure != nil {
		return nil, failure
	}
	return answer, nil
}

// leave waits until the turn's request may leave: something may have held it back.
func (c *trip) leave(ctx context.Context) *Failure {
	start := time.Now()
	err := c.turn.Leave(ctx)
	c.inLimiter += time.Since(start)
	if err != nil {
		return &Failure{Kind: KindContext, Err: err, Unsent: true}
	}
	return nil
}

// A door does the same when net/http has got a connection, before it writes: requests
// that wait for connections would leave in a crowd when these come. Time at the door is
// not the attempt's.
type door struct {
	turn    pace.Turn
	timer   *time.Timer
	timeout time.Duration
	held    atomic.Int64
}

func (d *door) trace(ctx context.Context) context.Context {
	if d.turn == (pace.Turn{}) {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { d.pass(ctx) }})
}

func (d *door) pass(ctx context.Context) {
	if !d.timer.Stop() {
		return // too late
	}
	start := time.Now()
	_ = d.turn.Leave(ctx) // net/http sees for itself that ctx is done
	d.held.Add(int64(time.Since(start)))
	d.timer.Reset(d.timeout)
}

// newRequest makes a request that belongs to this attempt alone: whatever a
// RoundTripper writes to it does not reach the next one.
func newRequest(ctx context.Context, c *trip) *http.Request {
	u := *c.call.URL
	req := &http.Request{
		Method: c.call.Method, URL: &u, Host: u.Host, Header: c.call.Header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body := c.call.Body; body != nil {
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) {
			if len(body) == 0 {
				return http.NoBody, nil
			}
			return io.NopCloser(bytes.NewReader(body)), nil
		}
		req.Body, _ = req.GetBody() // it never fails
	}
	return req.WithContext(ctx)
}

// errorOrNil keeps a nil *Failure from becoming an error that is not nil.
func errorOrNil(f *Failure) error {
	if f == nil {
		return nil
	}
	return f
}

// read takes the answer in. What it returns with an error is how far it came.
func (l *attempt) read(ctx context.Context, resp *http.Response, c *trip) (*Answer, error) {
	body := resp.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header}
	err := errorOrNil(checkStatus(resp.StatusCode))
	if err == nil {
		err = l.readBody(a, &patience{ctx: ctx, body: body}, resp.ContentLength, c.call.Method)
	}
	a.setError(parseError(a), c)
	return a, err
}

// setError notes what the answer says went wrong, and with it which limit it speaks of.
func (a *Answer) setError(e *wire.APIError, c *trip) {
	a.Error = e
	a.Rate = parseRate(a, time.Now())
	if a.Rate.Message != "" {
		a.Rate.Message = redact.Text(a.Rate.Message, c.hiddenOfLimits()...)
	}
}

// readBody keeps a success whole, and of an error the beginning, which says all that is
// ever looked at. An error's body that ends early says no less than its status.
func (l *attempt) readBody(a *Answer, body *patience, length int64, method string) (err error) {
	if a.isError() {
		kept := &head{ctx: body.ctx, most: min(l.maxBody, wire.MaxErrorBody), limit: l.maxBody}
		_, err = io.Copy(kept, body)
		if a.Body = kept.text; errors.Is(err, errBodyTooLarge) {
			return err
		}
		return nil
	}
	a.Body, err = readAll(body, length, l.maxBody)
	if err == nil && length > int64(len(a.Body)) && method != http.MethodHead {
		return io.ErrUnexpectedEOF // a RoundTripper that does not check for itself
	}
	return err
}

// mostEmpty is how many reads in a row may bring nothing.
const mostEmpty = 100

// A patience reads the body of an answer, which may be any code's. One that brings neither
// bytes nor an error is read a limited number of times, and one that goes on is not read
// beyond the context. What came with the first read is kept even so.
type patience struct {
	ctx   context.Context
	body  io.Reader
	begun bool
	empty int // reads in a row
}

func (p *patience) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if err != nil || len(b) == 0 {
		return n, err
	}
	if p.begun && p.ctx.Err() != nil {
		return n, p.ctx.Err()
	}
	p.begun = true
	if n > 0 {
		p.empty = 0
		return n, nil
	}
	if p.empty++; p.empty >= mostEmpty {
		return 0, io.ErrNoProgress
	}
	return 0, nil
}

// WriteTo lets a body in memory come without a copy of the whole.
func (p *patience) WriteTo(w io.Writer) (int64, error) {
	if whole, ok := p.body.(io.WriterTo); ok {
		return whole.WriteTo(w)
	}
	return io.Copy(w, struct{ io.Reader }{p})
}

// A head keeps the beginning of what is written to it, and takes no more than a limit, nor
// anything after the first piece once the context has ended.
type head struct {
	ctx         context.Context
	text        []byte
	most, limit int64
	n           int64
	begun       bool
}

func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:h.room(len(p))]...)
	return h.count(len(p))
}

// WriteString is Write for a body in memory, without a copy of the whole.
func (h *head) WriteString(s string) (int, error) {
	h.text = append(h.text, s[:h.room(len(s))]...)
	return h.count(len(s))
}

func (h *head) room(n int) int64 { return min(int64(n), h.most-int64(len(h.text))) }

func (h *head) count(n int) (int, error) {
	begun := h.begun
	h.begun = true
	if h.n += int64(n); h.n > h.limit {
		return 0, errBodyTooLarge
	}
	if begun && h.ctx.Err() != nil {
		return 0, h.ctx.Err()
	}
	return n, nil
}

func (a *Answer) isError() bool { return a.Status >= http.StatusBadRequest }

// parseError reads what the body says went wrong, once for all who want to know.
func parseError(a *Answer) *wire.APIError {
	if a.isError() {
		return wire.ParseAPIError(a.Body)
	}
	return wire.Refusal(a.Body)
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

// classify says what kind of fault ended the attempt.
func classify(parent, ctx context.Context, err error, answer *Answer, c *trip) *Failure {
	f, known := errors.AsType[*Failure](err)
	switch {
	case known:
	case parent.Err() != nil:
		f = &Failure{Kind: KindContext, Err: parent.Err()}
	case errors.Is(context.Cause(ctx), errTimeout):
		f = &Failure{Kind: KindTimeout, Err: context.DeadlineExceeded}
	case answer != nil:
		f = bodyFailure(err, c.hidden()...)
	default:
		f = networkFailure(err, c.hidden()...)
	}
	f.Answer = answer
	return f
}

// sending records how far a write got. The hooks run on the goroutines of the
// connection.
type sending struct {
	asked, connected, written, dialled, reached atomic.Bool

	body atomic.Uint32 // one of the constants below
}

const (
	bodyUnread uint32 = iota
	bodyRead
	bodyShut // unread, and no longer to be read
)

func (s *sending) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:          func(string) { s.asked.Store(true) },
		GotConn:          func(httptrace.GotConnInfo) { s.connected.Store(true) },
		WroteHeaderField: func(string, []string) { s.written.Store(true) },
		DNSStart:         func(httptrace.DNSStartInfo) { s.dialled.Store(true) },
		ConnectStart:     func(string, string) { s.dialled.Store(true) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				s.reached.Store(true)
			}
		},
	})
}

// watch records a read of the request's body or of a copy of it.
func (s *sending) watch(req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	getBody := req.GetBody
	req.Body = &watchedBody{req.Body, s}
	req.GetBody = func() (io.ReadCloser, error) {
		body, err := getBody()
		return &watchedBody{body, s}, err
	}
}

type watchedBody struct {
	io.ReadCloser
	sent *sending
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.sent.body.CompareAndSwap(bodyUnread, bodyRead)
	if b.sent.body.Load() == bodyShut {
		return 0, errLateRead
	}
	return b.ReadCloser.Read(p)
}

// shutBody reports whether nobody read the body, and if so lets nobody read it later.
func (s *sending) shutBody() bool {
	s.body.CompareAndSwap(bodyUnread, bodyShut)
	return s.body.Load() == bodyShut
}

// isUnsent reports whether nothing of the request was written. It needs two pieces of
// evidence: the transport reports that it wrote nothing, and nobody read the body, which a
// RoundTripper may have sent in a way that it does not report. A request without a body
// has the first one only.
func (s *sending) isUnsent(kind Kind) bool { return s.isReportedUnsent(kind) && s.shutBody() }

// isReportedUnsent reports what the hooks say. A RoundTripper that reports nothing proves
// nothing, and what its error says may be of another way that it tried after the request
// was carried out. One that asked for a connection and got none has written nothing, nor
// has one that dialled by itself and reached nobody; one that was broken off by us may be
// about to write on the connection that it got.
func (s *sending) isReportedUnsent(kind Kind) bool {
	switch {
	case s.written.Load():
		return false
	case !s.asked.Load():
		return s.dialled.Load() && !s.reached.Load()
	case !s.connected.Load():
		return true
	default:
		return kind != KindTimeout && kind != KindContext
	}
}
