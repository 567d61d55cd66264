package transport

import (
	"errors"
	"net/http"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/wire"
)

// A verdict says how a failed attempt is taken: how many attempts a call may
// make in all, from which base the back-off grows and up to where, and what a
// retry costs of the budget.
type verdict struct {
	tries    int
	base     time.Duration
	maxDelay time.Duration
	cost     int
}

// judge is the retry policy. A call that may not be repeated gets another
// attempt only when the former one surely had no effect.
func judge(call *Call, f *Failure, p Policy) verdict {
	v := verdict{tries: 1, base: p.MinDelay, maxDelay: p.MaxDelay, cost: costRetry}
	switch f.Kind {
	case KindStatus:
		return judgeStatus(call, f, p, v)
	case KindBadBody:
		if shape, ok := errors.AsType[*wire.ShapeError](f.Err); !ok || !shape.Final {
			v.tries = p.MaxAttempts
		}
	case KindTimeout, KindUnreachable, KindProtocol:
		v.tries = p.MaxAttempts
		if isNameError(f.Err) {
			v.tries = min(triesUnknownName, p.MaxAttempts)
		}
	}
	if !call.Repeatable && !f.Unsent {
		v.tries = 1
	}
	return v
}

func judgeStatus(call *Call, f *Failure, p Policy, v verdict) verdict {
	switch status := f.Answer.Status; {
	case f.Rate.Daily():
	case f.Rate.Concurrent():
		v.base, v.cost = max(p.MinDelay, baseConcurrent), costThrottled
		if call.Repeatable {
			v.tries = min(triesConcurrent, p.MaxAttempts)
		}
	case f.Rate.Status == http.StatusTooManyRequests: // a limit: the request was not carried out
		v.base, v.cost = max(p.MinDelay, baseThrottled), costThrottled
		if call.Repeatable || (!f.isVague() && !call.isUnproven(f.Answer)) {
			v.tries = p.MaxAttempts
		}
		if f.Rate.Kind() == pace.KindPerMinute || call.Class == pace.ResourceIntensive {
			v.base, v.maxDelay = basePerMinute, max(p.MaxDelay, perMinuteMaxWait)
		}
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		if call.Repeatable {
			v.tries = p.MaxAttempts
		}
	}
	return v
}
