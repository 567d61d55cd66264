package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

// A Kind is what went wrong, as far as the road can tell.
type Kind uint8

// The kinds of failure.
const (
	KindStatus       Kind = iota // an answer that is not a success
	KindBadBody                  // cut, broken, or not the described shape
	KindBadStatus                // a number that is no final HTTP status
	KindProtocol                 // not HTTP, or a header beyond its limit
	KindTooLarge                 // body beyond the limit
	KindRedirect                 // an answer that points elsewhere
	KindTimeout                  // the attempt or the call took too long
	KindUnreachable              // no connection, or one that broke
	KindProxy                    // the proxy refused
	KindTLS                      // no secure connection
	KindLimiter                  // the limiter refused
	KindToken                    // there is no access token
	KindUnauthorized             // the token was refused, also a new one
	KindContext                  // the caller's context ended

	NumKinds // how many there are
)

// A Failure is why a call did not succeed.
type Failure struct {
	Kind     Kind
	Answer   *Answer   // the latest answer; nil: none
	Rate     pace.Rate // what it said about limits
	Wait     time.Duration
	RetryAt  time.Time
	Attempts int
	Unsent   bool     // the request surely never left: the server has not acted on it
	Hidden   []string // what no text about the call may repeat
	Open     bool     // of a call that must not be repeated: it may have been carried out all the same
	Err      error

	renewed bool // the token was refused for the first time: the call is to be sent again at once
}

// Error returns the text of the cause; the caller knows better words.
func (f *Failure) Error() string {
	if f.Err == nil {
		return "request failed"
	}
	return f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// isOpen reports whether the server can have acted on a request although it ended
// so: the answer was lost, or tells of a failure after the fact.
func (f *Failure) isOpen(call *Call) bool {
	switch {
	case !f.Unsent && call.isUnproven(f.Answer):
		return true
	case f.Unsent || f.Kind == KindRedirect || f.Kind == KindUnauthorized:
		return false
	case f.Kind == KindStatus:
		status := f.Answer.Status
		return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooEarly || f.Rate.Concurrent() || f.isVague()
	default:
		return true
	}
}

// isUnproven reports an answer that would let a call be sent again, and is no proof that a
// call which must be sent once was not carried out: a limit, or a refused token, under the
// status of a success, and a 429 with neither a code nor a header of Zoom's.
func (c *Call) isUnproven(a *Answer) bool {
	if !c.Once || a == nil {
		return false
	}
	code := 0
	if a.Error != nil {
		code = a.Error.Code
	}
	if a.Status == http.StatusTooManyRequests {
		r := &a.Rate
		return code == 0 && r.Category == "" && r.Type == "" && !r.HasLimit && !r.HasRemaining
	}
	return !a.isError() && (code == wire.CodeTooMany || code == wire.CodeInvalidToken)
}

// isVague reports a 429 of Zoom's that does not say which limit was reached: no header
// does, and its words are not known. It may mean that another operation on the same
// user is under way.
func (f *Failure) isVague() bool {
	if f.Rate.Status != http.StatusTooManyRequests || f.Answer.Error == nil || f.Answer.Error.Code == 0 {
		return false
	}
	return f.Rate.Type == "" && f.Rate.RetryAt.IsZero() && !strings.Contains(strings.ToLower(f.Rate.Message), "rate limit")
}

// networkFailure sorts an error of the RoundTripper or of the body, whose text can
// be anything: the whole request, hidden or not. A *url.Error is stripped: it
// carries the URL.
func networkFailure(err error, hidden ...string) *Failure {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = wrapped.Err
	}
	text := err.Error()
	cause := redact.Cause(err, hidden...)
	var shape *wire.ShapeError
	switch {
	case errors.Is(err, errBodyTooLarge):
		return &Failure{Kind: KindTooLarge}
	case isTLS(err, text):
		return &Failure{Kind: KindTLS, Err: cause}
	case strings.Contains(text, "proxyconnect"), strings.Contains(text, "Proxy Authentication Required"):
		return &Failure{Kind: KindProxy, Err: errors.New("the proxy refused or cannot be reached")}
	case strings.Contains(text, "server response headers exceeded"), strings.Contains(text, "response header list larger"):
		return &Failure{Kind: KindTooLarge}
	case isMalformed(text):
		return &Failure{Kind: KindProtocol, Err: errors.New("the answer is not HTTP")} // the text quotes the answer
	case errors.As(err, &shape):
		return &Failure{Kind: KindBadBody, Err: shape}
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "gzip:"), strings.Contains(text, "flate:"):
		return &Failure{Kind: KindBadBody, Err: cause}
	case errors.Is(err, context.DeadlineExceeded), isNetTimeout(err):
		return &Failure{Kind: KindTimeout, Err: cause}
	default:
		return &Failure{Kind: KindUnreachable, Err: cause}
	}
}

// bodyFailure sorts an error of the body of an answer that had begun. Whatever
// broke it, what is there is cut.
func bodyFailure(err error, hidden ...string) *Failure {
	f := networkFailure(err, hidden...)
	switch f.Kind {
	case KindTooLarge, KindTimeout, KindBadBody:
		return f
	default:
		return &Failure{Kind: KindBadBody, Err: &cutError{f.Err}}
	}
}

// cutError is an [io.ErrUnexpectedEOF] that keeps its cause.
type cutError struct{ cause error }

func (e *cutError) Error() string   { return "the body was cut: " + e.cause.Error() }
func (e *cutError) Unwrap() []error { return []error{io.ErrUnexpectedEOF, e.cause} }

// isMalformed knows the words of net/http for an answer that it cannot read.
func isMalformed(text string) bool {
	for _, words := range []string{
		"malformed HTTP", "malformed MIME", "malformed chunked", "bad Content-Length", "Content-Length header",
		"transfer encoding", "PROTOCOL_ERROR",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

func isNetTimeout(err error) bool {
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout() && !errors.Is(err, syscall.ECONNREFUSED)
}

func isTLS(err error, text string) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return true
	}
	return strings.Contains(text, "tls: ") || strings.Contains(text, "server gave HTTP response to HTTPS client")
}

// isNameError reports that a host name was not found, which a second look may
// mend and a fifth will not.
func isNameError(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
