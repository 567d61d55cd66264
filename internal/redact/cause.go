package redact

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// Cause makes an error of unknown origin fit to be part of ours: it prints the
// plain words of its text, without the values, and it is not unwrapped. What it
// is can still be asked: [errors.Is] looks through it, [errors.As] finds what the
// standard library says of networks and certificates, and any type of the
// caller's own that does not lead to a request, an answer, an address or a token.
func Cause(err error, values ...string) error {
	switch known := err.(type) { //nolint:errorlint // the very type: what is wrapped is another matter
	case nil:
		return nil
	case *cause, *netCause, syscall.Errno:
		return err
	case *url.Error:
		if known.Err != nil && !known.Timeout() {
			return Cause(known.Err, values...)
		}
	}
	text := words(strip(err).Error(), values, standardWords(err))
	if text == "" {
		text = "unknown cause"
	}
	if text == err.Error() && isPlain(err) {
		return err
	}
	c := cause{text: text, raw: func() error { return err }}
	if n, ok := errors.AsType[net.Error](err); ok {
		return &netCause{c, n.Timeout(), n.Timeout()}
	}
	return &c
}

// strip takes off what prints an address before its cause.
func strip(err error) error {
	for {
		u, ok := err.(*url.Error) //nolint:errorlint // the outermost alone can be taken off
		if !ok || u.Err == nil {
			return err
		}
		err = u.Err
	}
}

// isPlain reports whether an error is a mere text, or one without a part that
// could tell anything.
func isPlain(err error) bool {
	if err == io.EOF || err == io.ErrUnexpectedEOF { //nolint:errorlint // the very values
		return true
	}
	kind := fmt.Sprintf("%T", err)
	return kind == "*errors.errorString" || kind == "context.deadlineExceededError"
}

// standardWords are words of errors of the standard library that hold names of
// hosts and nothing of a request.
func standardWords(err error) map[string]bool {
	var texts []string
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		texts = append(texts, e.Name, e.Server)
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && e.Err != nil && isCertificate(e.Err) {
		texts = append(texts, e.Error())
	} else if isCertificate(err) {
		texts = append(texts, err.Error())
	}
	allowed := map[string]bool{}
	for _, text := range texts {
		for word := range strings.FieldsSeq(text) {
			if !strings.ContainsAny(word, "@/?=&%") {
				allowed[word], allowed[strings.Trim(word, ":,")] = true, true
			}
		}
	}
	return allowed
}

func isCertificate(err error) bool {
	switch err.(type) { //nolint:errorlint // a wrapper has words of its own
	case x509.UnknownAuthorityError, x509.HostnameError, x509.CertificateInvalidError, tls.RecordHeaderError, tls.AlertError:
		return true
	default:
		return false
	}
}

// cause keeps the error behind a func, where nothing that follows fields finds it.
type cause struct {
	text string
	raw  func() error
}

func (c *cause) Error() string { return c.text }

// Is reports whether the error behind is the target.
func (c *cause) Is(target error) bool { return errors.Is(c.raw(), target) }

// As gives out what may be had of the error behind. Types of the standard library
// with a text in them come as copies.
func (c *cause) As(target any) bool {
	raw := c.raw()
	switch t := target.(type) {
	case **net.OpError:
		ok := errors.As(raw, t)
		if ok {
			copied := **t
			copied.Op, copied.Net, copied.Err = words(copied.Op, nil, nil), words(copied.Net, nil, nil), Cause(copied.Err)
			*t = &copied
		}
		return ok
	case **net.DNSError:
		ok := errors.As(raw, t)
		if ok {
			copied := **t
			copied.Err, copied.UnwrapErr = words(copied.Err, nil, nil), Cause(copied.UnwrapErr)
			*t = &copied
		}
		return ok
	case **os.SyscallError:
		ok := errors.As(raw, t)
		if ok {
			*t = &os.SyscallError{Syscall: words((*t).Syscall, nil, nil), Err: Cause((*t).Err)}
		}
		return ok
	case **fs.PathError:
		ok := errors.As(raw, t)
		if ok {
			*t = &fs.PathError{Op: words((*t).Op, nil, nil), Path: words((*t).Path, nil, nil), Err: Cause((*t).Err)}
		}
		return ok
	case *syscall.Errno, **tls.CertificateVerificationError, *tls.RecordHeaderError, *tls.AlertError,
		*x509.UnknownAuthorityError, *x509.HostnameError, *x509.CertificateInvalidError:
		return errors.As(raw, t)
	default:
		return !tells(target) && errors.As(raw, target)
	}
}

// Format prints the text under every verb.
func (c *cause) Format(f fmt.State, verb rune) {
	if verb == 'v' || verb == 's' {
		_, _ = io.WriteString(f, c.text)
		return
	}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), c.text)
}

// MarshalText returns the text.
func (c *cause) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// LogValue returns the text.
func (c *cause) LogValue() slog.Value { return slog.StringValue(c.text) }

// netCause is a cause that is a [net.Error].
type netCause struct {
	cause
	timeout, temporary bool
}

func (c *netCause) Timeout() bool   { return c.timeout }
func (c *netCause) Temporary() bool { return c.temporary }
