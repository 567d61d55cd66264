package zoom

import (
	"errors"
	"maps"
	"slices"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// newError makes the public error of a call that did not succeed.
func newError(o *operation, err error) *Error {
	e := &Error{Op: o.op, Method: o.method, Path: o.path, Err: err}
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok {
		return e
	}
	e.Attempts, e.RetryAt, e.wait = f.Attempts, f.RetryAt, f.Wait
	e.oneUser = f.Rate.Kind() == pace.KindPerUser
	api := &wire.APIError{}
	if f.Answer != nil {
		e.StatusCode = f.Answer.Status
		e.TrackingID = redact.ID(f.Answer.Header.Get("X-Zm-Trackingid"), f.Hidden...)
		if refused, ok := errors.AsType[*wire.APIError](f.Err); ok {
			api = refused
		} else if f.Answer.Error != nil {
			api = f.Answer.Error
		}
		e.Code = api.Code
		e.Message = scrubValues(api.Message, f.Hidden...)
		for _, field := range api.Fields {
			e.Fields = append(e.Fields, FieldError{
				Field: scrubValues(field.Field, f.Hidden...), Message: scrubValues(field.Message, f.Hidden...),
			})
		}
	}
	e.Err = causeOf(f, e, api, o.asked())
	return e
}

// asked is what the meaning of an answer depends on.
func (o *operation) asked() meaning.Asked {
	asked := meaning.Asked{Method: o.method, Route: o.path, PageToken: o.query.Get("next_page_token") != ""}
	if body, err := wire.Encode(o.body); err == nil && o.body != nil {
		members, _ := wire.Members(body)
		asked.Members = slices.Collect(maps.Keys(members))
	}
	return asked
}

// causeOf chooses what Unwrap gives: a sentinel, or a sentinel with its cause.
func causeOf(f *transport.Failure, e *Error, api *wire.APIError, asked meaning.Asked) error {
	cause := kindCause(f, e, api, asked)
	if f.Open {
		return withSentinel(ErrOutcomeUnknown, cause)
	}
	return cause
}

// attemptCause is the cause of one attempt that failed.
func attemptCause(f *transport.Failure) error {
	return kindCause(f, &Error{}, &wire.APIError{}, meaning.Asked{})
}

func kindCause(f *transport.Failure, e *Error, api *wire.APIError, asked meaning.Asked) error {
	switch f.Kind {
	case transport.KindContext:
		return f.Err
	case transport.KindToken, transport.KindLimiter:
		return adopt(e, cleanCause(f.Err, f.Hidden...))
	case transport.KindStatus:
		sentinel, scopes := meaning.OfAnswer(f, api, asked)
		e.Scopes = scrubScopes(scopes, f.Hidden)
		return sentinel
	default:
		return withSentinel(meaning.OfKind(f.Kind), f.Err)
	}
}

// withSentinel joins what an error means with why it happened.
func withSentinel(sentinel, cause error) error {
	switch {
	case cause == nil:
		return sentinel
	case sentinel == nil || (sentinel != ErrOutcomeUnknown && errors.Is(cause, sentinel)): //nolint:errorlint // the very value
		return cause
	default:
		return &causedError{sentinel, cause}
	}
}

// causedError prints the meaning first.
type causedError struct{ sentinel, cause error }

func (e *causedError) Error() string   { return e.sentinel.Error() + ": " + scrub(e.cause.Error()) }
func (e *causedError) Unwrap() []error { return []error{e.sentinel, e.cause} }

// cleanCause makes an error of a token source or a limiter, which may be anybody's,
// fit to be part of ours. An *Error in it stays one, without what its maker put
// into it and should not have.
func cleanCause(err error, hidden ...string) error {
	switch known := err.(type) { //nolint:errorlint // the very type: what is wrapped comes below
	case nil:
		return nil
	case *causedError: // only we make it, and clean
		return known
	case *Error:
		if known != nil {
			return cleanError(known, hidden...)
		}
	}
	inner, ok := errors.AsType[*Error](err)
	if !ok || inner == nil {
		return redact.Cause(err, hidden...)
	}
	return &adoptedError{cleanError(inner, hidden...), redact.Cause(err, hidden...)}
}

func cleanError(e *Error, hidden ...string) *Error {
	clean := *e
	telling := tellingOf(hidden)
	clean.Op, clean.Method, clean.Path = scrubValues(e.Op, telling...), scrubValues(e.Method, telling...), scrubValues(e.Path, telling...)
	clean.Message, clean.TrackingID = scrubValues(e.Message, hidden...), redact.ID(e.TrackingID, hidden...)
	clean.Fields = nil
	for _, f := range e.Fields {
		clean.Fields = append(clean.Fields, FieldError{scrubValues(f.Field, hidden...), scrubValues(f.Message, hidden...)})
	}
	clean.Scopes = scrubScopes(e.Scopes, hidden)
	clean.Err = cleanCause(e.Err, hidden...)
	return &clean
}

// adoptedError prints the *Error in it and is still what wrapped that.
type adoptedError struct {
	inner *Error
	whole error
}

func (e *adoptedError) Error() string        { return e.inner.Error() }
func (e *adoptedError) Unwrap() error        { return e.inner }
func (e *adoptedError) Is(target error) bool { return errors.Is(e.whole, target) }

// adopt takes the fields of an error that a token source or a limiter made.
func adopt(e *Error, err error) error {
	inner, ok := errors.AsType[*Error](err)
	if !ok || inner == nil {
		return err
	}
	if !inner.RetryAt.IsZero() {
		e.RetryAt = inner.RetryAt
	}
	if e.StatusCode == 0 {
		e.StatusCode, e.Code, e.TrackingID = inner.StatusCode, inner.Code, inner.TrackingID
	}
	if inner.Op == opLimiter && inner.Err != nil {
		return inner.Err // nothing is left that e does not say
	}
	return err
}
