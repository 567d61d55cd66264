package zoom

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// The defaults of a client.
const (
	defaultBaseURL = "https://api.zoom.us/v2"

	defaultMaxAttempts    = 5
	defaultMinDelay       = 500 * time.Millisecond
	defaultMaxDelay       = 30 * time.Second
	defaultMaxRetryAfter  = 60 * time.Second
	defaultAttemptTimeout = 30 * time.Second
	defaultMaxElapsed     = 120 * time.Second

	maxBody   = 32 << 20 // bytes of one answer, decoded
	maxHeader = 1 << 20  // bytes of one answer's header
)

// An Option sets one thing about a client. Options may be given in any order;
// [NewClient] validates them together and reports all that are bad. A nil option is passed over, and a nil
// value in an option means the default; an interface that holds a nil pointer is
// refused.
type Option func(*config) error

type config struct {
	base    *url.URL
	http    *http.Client
	agent   string
	plan    Plan
	limiter Limiter
	retry   RetryPolicy
	logger  *slog.Logger
	traces  []*Trace
	account secret
}

// A RetryPolicy says how often and how patiently a call is repeated. Zero fields
// mean the defaults.
type RetryPolicy struct {
	MaxAttempts    int           // requests of one call, the first included; default 5
	MinDelay       time.Duration // ceiling of the first back-off, which has full jitter; no wait is under 0.1 s; default 0.5 s
	MaxDelay       time.Duration // ceiling of the back-off; default 30 s
	MaxRetryAfter  time.Duration // longest wait that a server may ask for; a longer one is returned at once, with RetryAt; default 60 s
	AttemptTimeout time.Duration // of one request, body included; default 30 s
	MaxElapsed     time.Duration // of one call without its waits for the limiter; default 120 s
}

// isNilPointer reports whether an interface holds a nil pointer. It is not nil, and would
// panic at the first call.
func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

func invalidOption(name, reason string) error {
	return fmt.Errorf("zoom: %s: %s: %w", name, reason, ErrInvalidArgument)
}

// WithBaseURL sets the address of the API, for one of Zoom's regions, for
// ZoomGov, for a proxy or a fake. It must be https, or http on loopback, without
// user, query and fragment. The default is https://api.zoom.us/v2.
func WithBaseURL(u string) Option {
	return func(c *config) error {
		base, err := wire.Endpoint(u)
		if err != nil {
			return invalidOption("base URL", err.Error())
		}
		base.RawPath = strings.TrimRight(base.EscapedPath(), "/") // the escapes as they are
		base.Path, _ = url.PathUnescape(base.RawPath)             // EscapedPath escapes well
		c.base = base
		return nil
	}
}

// WithHTTPClient uses hc's Transport as the innermost layer and its Timeout, if
// there is one, to lower that of an attempt. Its Jar and CheckRedirect are not
// used: no cookies, and redirects are never followed. hc is never written to.
//
// A Transport of your own that sends with another context than the request's, or that reads
// the body of a write before there is a connection (to log, sign or send it), hides from the
// client how far the write came. After a failure to connect the write is then not sent again
// and ends in [ErrOutcomeUnknown]. [http.Transport] does neither. A write without a body that
// you send by yourself, and that reports nothing, cannot be seen: do not send it a second way.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error {
		if hc != nil && isNilPointer(hc.Transport) {
			return invalidOption("HTTP client", "its Transport is a nil pointer")
		}
		c.http = hc
		return nil
	}
}

// WithUserAgent puts the name of your product before the library's own in the
// User-Agent header, for example "acme-seats/1.4".
func WithUserAgent(product string) Option {
	return func(c *config) error {
		if strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return invalidOption("user agent", "want printable ASCII")
		}
		c.agent = product
		return nil
	}
}

// WithPlan keeps the client within Zoom's published limits for the plan, daily
// budgets included. Without it the rates are Pro's and there is no daily budget
// on our side. Of WithPlan and [WithLimiter] the later one counts.
func WithPlan(p Plan) Option {
	return func(c *config) error {
		if p < PlanFree || p > PlanBusiness {
			return invalidOption("plan", "want PlanFree, PlanPro or PlanBusiness")
		}
		c.plan, c.limiter = p, nil
		return nil
	}
}

// WithLimiter makes the client ask l before every request. Zoom counts per
// account: share one limiter among all clients of an account. Of [WithPlan] and
// WithLimiter the later one counts.
func WithLimiter(l Limiter) Option {
	return func(c *config) error {
		if isNilPointer(l) {
			return invalidOption("limiter", "is a nil pointer")
		}
		c.limiter, c.plan = l, 0
		return nil
	}
}

// WithRetry replaces the retry defaults; see [RetryPolicy].
func WithRetry(p RetryPolicy) Option {
	return func(c *config) error {
		if p.MaxAttempts < 0 || min(p.MinDelay, p.MaxDelay, p.MaxRetryAfter, p.AttemptTimeout, p.MaxElapsed) < 0 {
			return invalidOption("retry policy", "want no negative field")
		}
		c.retry = p
		return nil
	}
}

// WithLogger logs every attempt that failed at level Warn and the rest at level
// Debug: operation, route, status, attempt, duration, tracking id; never a URL,
// a body, a token or an e-mail address. The default is silence.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		c.logger = l
		return nil
	}
}

// WithTrace adds hooks, which must be safe for concurrent use: calls of one listing run
// side by side. It may be given several times.
func WithTrace(t *Trace) Option {
	return func(c *config) error {
		if t != nil {
			copied := *t
			c.traces = append(c.traces, &copied)
		}
		return nil
	}
}

func newConfig(opts []Option) (*config, error) {
	c := &config{}
	var errs []error
	opts = append([]Option{WithBaseURL(defaultBaseURL)}, opts...)
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(c); err != nil {
			errs = append(errs, err)
		}
	}
	if policy := c.policy(); policy.MinDelay > policy.MaxDelay {
		errs = append(errs, invalidOption("retry policy", "want MinDelay no longer than MaxDelay"))
	}
	return c, errors.Join(errs...)
}

// policy is the retry policy with the defaults filled in.
func (c *config) policy() transport.Policy {
	or := func(d, otherwise time.Duration) time.Duration {
		if d == 0 {
			return otherwise
		}
		return d
	}
	p := transport.Policy{
		MaxAttempts:    c.retry.MaxAttempts,
		MinDelay:       or(c.retry.MinDelay, defaultMinDelay),
		MaxDelay:       or(c.retry.MaxDelay, defaultMaxDelay),
		MaxRetryAfter:  or(c.retry.MaxRetryAfter, defaultMaxRetryAfter),
		AttemptTimeout: or(c.retry.AttemptTimeout, defaultAttemptTimeout),
		MaxElapsed:     or(c.retry.MaxElapsed, defaultMaxElapsed),
	}
	if p.MaxAttempts == 0 {
		p.MaxAttempts = defaultMaxAttempts
	}
	if c.http != nil && c.http.Timeout > 0 {
		p.AttemptTimeout = min(p.AttemptTimeout, c.http.Timeout)
	}
	return p
}

// wire is the innermost layer: the caller's RoundTripper, or one of our own.
func (c *config) wire() (rt http.RoundTripper, ours bool) {
	if c.http != nil && c.http.Transport != nil {
		return c.http.Transport, false
	}
	return NewTransport(), true
}

// NewTransport returns the transport that a client makes for itself. A program with
// many clients can give one to each by [WithHTTPClient], so that they share
// connections. Close of a client leaves it open.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: maxHeader,
	}
}
