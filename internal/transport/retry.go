package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	shortestWait       = 100 * time.Millisecond
	baseThrottled      = time.Second      // back-off base after a 429
	baseConcurrent     = 2 * time.Second  // after a 429 that means another operation
	basePerMinute      = 20 * time.Second // after a 429 of a limit per minute
	perMinuteMaxWait   = 60 * time.Second
	triesConcurrent    = 3
	triesUnknownName   = 2
	onlyCheckRetryEnds = 1 << 20 // RetryMax: the loop itself never gives up

	// atOnce is not 0: timers that are due from the start run in whoever selects on
	// them, and the race detector of Go 1.26 breaks when many do so in one bubble of
	// testing/synctest (golang/go#78156), which a caller's tests may well do.
	atOnce = time.Nanosecond
)

// Do takes one call down the road and tells how many requests it put on the
// wire. Its error is a *Failure.
func (r *Road) Do(ctx context.Context, call *Call) (*Answer, int, error) {
	t := &try{road: r, st: state{call: call, start: time.Now(), limit: r.policy.MaxElapsed}}
	// retryablehttp's hooks see neither the request nor its context, hence a
	// client value of its own for every call.
	loop := retryablehttp.Client{
		HTTPClient:   r.client,
		RetryMax:     onlyCheckRetryEnds,
		CheckRetry:   t.check,
		Backoff:      t.backoff,
		ErrorHandler: giveUp,
	}
	ctx = context.WithValue(ctx, stateKey{}, &t.st)
	req := &retryablehttp.Request{Request: newRequest(ctx, call)}
	if call.Body != nil {
		if err := req.SetBody(call.Body); err != nil {
			return nil, 0, &Failure{Kind: KindProtocol, Err: err, Unsent: true}
		}
	}
	resp, err := loop.Do(req)
	if resp != nil {
		_ = resp.Body.Close() // http.NoBody: attempt has read and closed the real one
	}
	if err == nil {
		r.budgets.of(call).give(t.spent)
		return t.st.answer, t.st.attempts, nil
	}
	return nil, t.st.attempts, t.failure(ctx, err)
}

// newRequest shares the call's header, which no layer writes to.
func newRequest(ctx context.Context, call *Call) *http.Request {
	req := &http.Request{
		Method: call.Method, URL: call.URL, Host: call.URL.Host, Header: call.Header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return req.WithContext(ctx)
}

// try is the retry layer's view of one call: check decides whether there is
// another attempt and how long to wait for it, backoff returns that wait.
type try struct {
	road    *Road
	st      state
	counted int // attempts that count against MaxAttempts
	spent   int // of the retry budget
	wait    time.Duration
	last    *Failure // of the latest attempt
}

// check is retryablehttp's CheckRetry. An error from it ends the loop.
func (t *try) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	failure := t.outcome(resp, err)
	again := t.st.again
	t.st.again = false
	if failure == nil {
		return false, nil
	}
	if failure.Answer == nil && t.last != nil {
		failure.Answer, failure.Rate = t.last.Answer, t.last.Rate // keep the last status
	}
	t.last = failure
	if failure.Kind == KindUnauthorized || failure.Kind == KindContext {
		return false, failure
	}
	if again { // with a new token
		t.wait = atOnce
		return true, nil
	}
	t.counted++
	verdict := judge(t.st.call, failure, t.road.policy)
	if t.counted >= verdict.tries {
		return false, failure
	}
	t.wait = t.delay(failure, verdict)
	if !t.affordable(ctx, failure, verdict) {
		return false, failure
	}
	if t.road.events.Waited != nil {
		t.road.events.Waited(ctx, "retry", t.wait)
	}
	return true, nil
}

// outcome turns what an attempt brought into a Failure, or nil for a success.
func (t *try) outcome(resp *http.Response, err error) *Failure {
	now := time.Now()
	var f *Failure
	switch {
	case err != nil:
		var known bool
		if f, known = errors.AsType[*Failure](err); !known {
			f = networkFailure(err, t.st.hidden()...)
		}
	case resp.StatusCode < 300:
		if t.st.again { // code 124 under a success
			f = &Failure{Kind: KindStatus}
			break
		}
		if f = t.accept(); f == nil {
			return nil
		}
	default:
		f = &Failure{Kind: KindStatus}
	}
	if f.Answer == nil {
		f.Answer, f.Rate = t.st.answer, t.st.rate
	}
	f.RetryAt, f.Wait = f.Rate.RetryAt, f.Rate.Wait(now)
	f.Open = !t.st.call.Repeatable && f.isOpen()
	return f
}

func (t *try) accept() *Failure {
	if t.st.call.Accept == nil {
		return nil
	}
	err := t.st.call.Accept(t.st.answer)
	if err == nil {
		return nil
	}
	if _, refused := errors.AsType[*wire.APIError](err); refused {
		return &Failure{Kind: KindStatus, Err: err}
	}
	return &Failure{Kind: KindBadBody, Err: err}
}

// delay is how long to wait for the next attempt: what the server asks for, and
// up to a tenth more so that not all come back at once; else full jitter under
// an exponential ceiling.
func (t *try) delay(f *Failure, v verdict) time.Duration {
	ceiling := v.maxDelay
	if doublings := t.counted - 1; v.base <= v.maxDelay>>doublings {
		ceiling = v.base << doublings
	}
	if f.Wait > 0 {
		return max(f.Wait+rand.N(f.Wait/10+1), shortestWait)
	}
	return max(rand.N(ceiling), min(shortestWait, v.maxDelay))
}

// affordable reports whether the wait fits into the caller's deadline, the
// call's time and the retry budget. A wait that does not fit is not slept
// through: the caller gets its end in RetryAt now.
func (t *try) affordable(ctx context.Context, f *Failure, v verdict) bool {
	if !t.road.Patient(ctx, f.Wait, t.wait) || t.st.left() <= t.wait || !t.road.budgets.of(t.st.call).take(v.cost) {
		return false
	}
	t.spent += v.cost
	return true
}

// Patient reports whether a wait may be slept through: the server does not ask for
// longer than the policy allows, and the caller's deadline does not come first.
func (r *Road) Patient(ctx context.Context, asked, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return asked <= r.policy.MaxRetryAfter && (!ok || wait < time.Until(deadline))
}

func (t *try) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return t.wait }

// giveUp is retryablehttp's ErrorHandler: without one it would write an error of
// its own, with the URL in it.
func giveUp(_ *http.Response, err error, _ int) (*http.Response, error) { return nil, err }

// failure completes the error that ended the loop.
func (t *try) failure(ctx context.Context, err error) *Failure {
	f, known := errors.AsType[*Failure](err)
	if !known { // the loop ends so when the context ends during a wait
		f = &Failure{Kind: KindUnreachable, Err: redact.Cause(err, t.st.hidden()...)}
		if ctx.Err() != nil {
			f = &Failure{Kind: KindContext, Err: ctx.Err()}
		}
		if t.last != nil {
			f.Answer, f.Rate, f.RetryAt, f.Unsent = t.last.Answer, t.last.Rate, t.last.RetryAt, t.last.Unsent
		}
	}
	f.Attempts, f.Hidden = t.st.attempts, t.st.hidden()
	return f
}
