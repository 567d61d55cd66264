package transport

import (
	"errors"
	"net/http"
	"time"
)

// limited lets every attempt, retries included, wait for its turn, and tells the
// limiter what every answer said.
type limited struct {
	next    http.RoundTripper
	limiter Limiter
	tokens  Tokens // may be nil
	events  Events
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	st := stateOf(ctx)
	if l.tokens != nil {
		// Who waits for a token waits here: behind the limiter all would leave at
		// once, whatever distance it had given them.
		if _, err := l.tokens.Token(ctx); err != nil {
			return nil, tokenFailure(ctx, err)
		}
	}
	start := time.Now()
	err := l.limiter.Wait(ctx, st.call.Class)
	waited := time.Since(start)
	st.limited += waited
	if l.events.Waited != nil && waited > 0 {
		l.events.Waited(ctx, "limiter", waited)
	}
	if err != nil {
		f, known := errors.AsType[*Failure](err)
		switch {
		case known:
		case ctx.Err() != nil:
			f = &Failure{Kind: KindContext, Err: ctx.Err()}
		default:
			f = &Failure{Kind: KindLimiter, Err: err}
		}
		f.Unsent = true
		return nil, f
	}
	before := st.attempts
	resp, err := l.next.RoundTrip(req)
	if st.answer != nil && st.attempts > before { // there may have been no token to send
		later := l.limiter.Observe(ctx, st.call.Class, st.rate)
		if !st.rate.RetryAt.IsZero() {
			st.rate.RetryAt = st.rate.RetryAt.Add(later)
		}
	}
	return resp, err
}
