package zoom

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// Zoom's error codes that have a meaning of their own. Most others are covered
// by the HTTP status.
const (
	codeNoPermission     = 200
	codeValidation       = 300
	codeTokenExpired     = 301 // page token, on marketplace endpoints
	codeUserNotFound     = 1001
	codeForeignUser      = 1010
	codeNotPaid          = 1109
	codeNoInvitation     = 1120
	codeBasicQuota       = 2033
	codeNoSeats          = 2034
	codeNoSeatsOfPlan    = 2038
	codeNoBasicSeats     = 2039
	codeMeetingNotFound  = 3001
	codeQuota            = 3412
	codeInvalidToken     = 124
	codeScopesBrokenJSON = 104
	codeScopesOrToken    = 4700
	codeScopes           = 4711
	codeTypeNotPermitted = 1108
	codeOwnerGone        = 4735 // the token's owner does not exist any more
	codeNotAuthorised    = 4737
	codeDisabledByAdmin  = 4738
	codeRevoked          = 4741
)

// newError makes the public error of a call that did not succeed.
func newError(o *operation, err error) *Error {
	e := &Error{Op: o.op, Method: o.method, Path: o.path, Err: err}
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok {
		return e
	}
	e.Attempts, e.RetryAt, e.wait = f.Attempts, f.RetryAt, f.Wait
	api := &wire.APIError{}
	if f.Answer != nil {
		e.StatusCode = f.Answer.Status
		e.TrackingID = redact.ID(f.Answer.Header.Get("X-Zm-Trackingid"), f.Hidden...)
		if refused, ok := errors.AsType[*wire.APIError](f.Err); ok {
			api = refused
		} else if e.StatusCode >= http.StatusBadRequest {
			api = wire.ParseAPIError(f.Answer.Body)
		}
		e.Code = api.Code
		e.Message = scrubValues(api.Message, f.Hidden...)
		for _, field := range api.Fields {
			e.Fields = append(e.Fields, FieldError{
				Field: scrubValues(field.Field, f.Hidden...), Message: scrubValues(field.Message, f.Hidden...),
			})
		}
	}
	e.Err = causeOf(f, e, api.Message)
	return e
}

// causeOf chooses what Unwrap gives: a sentinel, or a sentinel with its cause.
func causeOf(f *transport.Failure, e *Error, message string) error {
	cause := kindCause(f, e, message)
	if f.Open {
		return withSentinel(ErrOutcomeUnknown, cause)
	}
	return cause
}

func kindCause(f *transport.Failure, e *Error, message string) error {
	switch f.Kind {
	case transport.KindContext:
		return f.Err
	case transport.KindToken, transport.KindLimiter:
		return adopt(e, cleanCause(f.Err, f.Hidden...))
	case transport.KindUnauthorized:
		return ErrUnauthorized
	case transport.KindStatus:
		sentinel, scopes := sentinelOf(f, e, message)
		e.Scopes = scrubScopes(scopes, f.Hidden)
		return sentinel
	case transport.KindTooLarge:
		return ErrBodyTooLarge
	case transport.KindRedirect:
		return ErrRedirect
	case transport.KindTLS:
		return withSentinel(ErrTLS, f.Err)
	case transport.KindBadStatus, transport.KindProtocol, transport.KindBadBody:
		return withSentinel(ErrBadResponse, f.Err)
	case transport.KindTimeout:
		return withSentinel(ErrTimeout, f.Err)
	default:
		return withSentinel(ErrUnreachable, f.Err)
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
	clean.Op, clean.Method, clean.Path = scrubValues(e.Op, hidden...), scrubValues(e.Method, hidden...), scrubValues(e.Path, hidden...)
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

// sentinelOf maps an answer: by code first, because Zoom's codes say more than
// its statuses, by words only where one code means several things.
func sentinelOf(f *transport.Failure, e *Error, message string) (error, []string) {
	words := strings.ToLower(message)
	switch e.Code {
	case codeInvalidToken:
		return ErrUnauthorized, nil
	case codeScopesBrokenJSON, codeScopes:
		return ErrScope, missingScopes(message)
	case codeScopesOrToken:
		if strings.Contains(words, "scope") {
			return ErrScope, missingScopes(message)
		}
		return ErrUnauthorized, nil
	case codeOwnerGone, codeNotAuthorised, codeRevoked:
		return ErrReauthorize, nil
	case codeDisabledByAdmin, codeTypeNotPermitted:
		return ErrForbidden, nil
	case codeUserNotFound, codeMeetingNotFound, codeForeignUser, codeNoInvitation:
		return ErrNotFound, nil
	case codeBasicQuota, codeNoSeats, codeNoSeatsOfPlan, codeNoBasicSeats, codeQuota:
		return ErrNoSeats, nil
	case codeNoPermission:
		switch {
		case strings.Contains(words, "does not contain permissions"):
			return ErrScope, missingScopes(message)
		case strings.Contains(words, "zoom room"), strings.Contains(words, "admin users"):
			return ErrProtected, nil
		case strings.Contains(words, "no permission"):
			return ErrForbidden, nil
		}
	case codeValidation, codeTokenExpired:
		if strings.Contains(words, "page token") {
			return ErrPageTokenExpired, nil
		}
		if strings.Contains(words, "validation") || len(e.Fields) > 0 {
			return ErrInvalidArgument, nil
		}
	}
	return sentinelOfStatus(f), nil
}

func sentinelOfStatus(f *transport.Failure) error {
	switch status := f.Answer.Status; {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusRequestTimeout:
		return ErrTimeout
	case status == http.StatusProxyAuthRequired:
		return ErrUnreachable
	case f.Rate.Daily():
		return ErrDailyLimit
	case f.Rate.Concurrent():
		return ErrConcurrentOp
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 500, status == http.StatusTooEarly:
		return ErrServer
	default:
		return nil
	}
}

var (
	scopeList  = regexp.MustCompile(`\[([^\]]*)\]`)
	scopeShape = regexp.MustCompile(`[A-Za-z_]+(?::[A-Za-z_]+)+`)
)

// missingScopes reads the scopes out of Zoom's three ways of naming them.
func missingScopes(message string) []string {
	list := message
	if m := scopeList.FindStringSubmatch(message); m != nil {
		list = m[1]
	}
	return scopeShape.FindAllString(list, -1)
}
