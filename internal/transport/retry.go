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

// Do takes one call down the road and returns how many requests it put on the
// wire. Its error is a *Failure.
func (r *Road) Do(ctx context.Context, call *Call) (*Answer, int, error) {
	t := &try{road: r, trip: trip{call: call, start: time.Now(), maxElapsed: r.policy.MaxElapsed}}
	// retryablehttp's hooks see neither the request nor its context, hence a
	// client value of its own for every call.
	loop := retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: t},
		RetryMax:     onlyCheckRetryEnds,
		CheckRetry:   t.check,
		Backoff:      t.backoff,
		ErrorHandler: giveUp,
	}
	req := &http.Request{Method: call.Method, URL: call.URL, Header: http.Header{}}
	resp, err := loop.Do(&retryablehttp.Request{Request: req.WithContext(ctx)})
	if resp != nil {
		_ = resp.Body.Close() // http.NoBody: attempt has read and closed the real one
	}
	if err == nil {
		r.budgets.of(call).give(t.spent)
		return t.answer, t.trip.attempts, nil
	}
	return nil, t.trip.attempts, t.failure(ctx, err)
}

// try is the retry layer's view of one call. For retryablehttp it is what sends a
// request: check decides whether there is another attempt and how long to wait for it,
// backoff returns that wait.
type try struct {
	road    *Road
	trip    trip
	answer  *Answer  // what the latest attempt brought
	latest  *Failure // or why it did not
	counted int      // attempts that count against MaxAttempts
	spent   int      // of the retry budget
	wait    time.Duration
	last    *Failure // of the attempts so far
}

// RoundTrip sends one attempt down the layers. The loop gets a stand-in for the answer,
// with nothing in it that it could act on.
func (t *try) RoundTrip(req *http.Request) (*http.Response, error) {
	t.answer, t.latest = t.road.top.send(req.Context(), &t.trip)
	if t.latest != nil {
		return nil, t.latest
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// check is retryablehttp's CheckRetry. An error from it ends the loop.
func (t *try) check(ctx context.Context, _ *http.Response, err error) (bool, error) {
	failure := t.outcome(err)
	if failure == nil {
		return false, nil
	}
	if failure.Answer == nil && t.last != nil {
		failure.Answer, failure.Rate = t.last.Answer, t.last.Rate // keep the last status
	}
	t.last = failure
	if failure.renewed {
		t.wait = atOnce
		return true, nil
	}
	if failure.Kind == KindUnauthorized || failure.Kind == KindContext {
		return false, failure
	}
	t.counted++
	verdict := judge(t.trip.call, failure, t.road.policy)
	if t.counted >= verdict.tries {
		return false, failure
	}
	t.wait = t.delay(failure, verdict)
	if !t.affordable(ctx, failure, verdict) {
		return false, failure
	}
	if t.road.events.Waited != nil {
		t.road.events.Waited(ctx, WaitRetry, t.wait)
	}
	return true, nil
}

// outcome is the Failure of the latest attempt, or nil for a success.
func (t *try) outcome(err error) *Failure {
	now, f := time.Now(), t.latest
	switch {
	case f != nil:
	case err != nil: // nothing was sent
		f = networkFailure(err, t.trip.hidden()...)
	case t.answer.isError():
		f = &Failure{Kind: KindStatus, Answer: t.answer}
	default:
		if f = t.accept(); f == nil {
			return nil
		}
		f.Answer = t.answer
	}
	if f.Answer != nil {
		f.Rate = f.Answer.Rate
	}
	f.RetryAt, f.Wait = f.Rate.RetryAt, f.Rate.Wait(now)
	f.Open = !t.trip.call.Repeatable && f.isOpen(t.trip.call)
	return f
}

func (t *try) accept() *Failure {
	if t.trip.call.Accept == nil {
		return nil
	}
	err := t.trip.call.Accept(t.answer)
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*wire.APIError](err); ok {
		if t.answer.Error == nil { // only the caller knows that the rest of the body is none
			t.answer.setError(refused, &t.trip)
		}
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
	if !t.road.Patient(ctx, f.Wait, t.wait) || t.trip.left() <= t.wait || !t.road.budgets.of(t.trip.call).take(v.cost) {
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
		f = &Failure{Kind: KindUnreachable, Err: redact.Cause(err, t.trip.hidden()...)}
		if ctx.Err() != nil {
			f = &Failure{Kind: KindContext, Err: ctx.Err()}
		}
		if t.last != nil {
			f.Answer, f.Rate, f.RetryAt, f.Unsent = t.last.Answer, t.last.Rate, t.last.RetryAt, t.last.Unsent
		}
	}
	f.Attempts, f.Hidden = t.trip.attempts, t.trip.hidden()
	return f
}
