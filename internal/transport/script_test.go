package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/pace"
)

type step = func(*http.Request) (*http.Response, error)

// script answers requests in order; the last answer repeats. It does not answer
// for ever: a road without an end is a fault, not a test that hangs.
type script struct {
	steps []step
	auth  []string    // of each request
	at    []time.Time // of each request
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.auth = append(s.auth, req.Header.Get("Authorization"))
	s.at = append(s.at, time.Now())
	if len(s.auth) > 10_000 {
		panic("the road has no end")
	}
	return s.steps[min(len(s.auth), len(s.steps))-1](req)
}

// elapsed is from the first request to the last.
func (s *script) elapsed() time.Duration {
	if len(s.at) == 0 {
		return 0
	}
	return s.at[len(s.at)-1].Sub(s.at[0])
}

func answers(status int, body string, pairs ...string) step {
	return breaks(status, body, nil, pairs...)
}

// breaks answers with a body that ends in an error.
func breaks(status int, body string, end error, pairs ...string) step {
	return func(*http.Request) (*http.Response, error) {
		text := io.NopCloser(&sips{rest: body, end: end})
		return &http.Response{StatusCode: status, Header: headers(pairs...), Body: text, ContentLength: -1}, nil
	}
}

func fails(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// silent says nothing until it is broken off.
func silent(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// sips is a body that counts how often it is read. It ends in an error when
// somebody asks for nothing, or goes on after the end: both would go on for ever.
type sips struct {
	rest  string
	most  int   // bytes a read; 0: all that there is room for
	end   error // nil: io.EOF
	reads int
	ended bool
}

func (s *sips) Read(p []byte) (int, error) {
	s.reads++
	if len(p) == 0 || s.ended {
		return 0, errAbused(s)
	}
	if s.rest == "" {
		s.ended = true
		if s.end != nil {
			return 0, s.end
		}
		return 0, io.EOF
	}
	if s.most > 0 {
		p = p[:min(len(p), s.most)]
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func errAbused(s *sips) error {
	if s.reads > 1<<20 {
		panic("a body is read for ever")
	}
	return errors.New("the body was asked for nothing, or for more than there is")
}

// tokens gives out its list one by one, the next when one was rejected.
type tokens struct {
	list     []string
	err      error
	rejected []string
	accepted []string
}

func (s *tokens) Token(context.Context) (string, error) {
	if len(s.list) == 0 {
		return "", s.err
	}
	return s.list[0], nil
}

func (s *tokens) Held(context.Context) (string, bool) {
	token, err := s.Token(context.Background())
	return token, err == nil
}

func (s *tokens) Accepted(token string) { s.accepted = append(s.accepted, token) }
func (*tokens) Useless(string)          {}

func (s *tokens) Rejected(_ context.Context, token string) bool {
	s.rejected = append(s.rejected, token)
	s.list = s.list[1:]
	return false
}

// observer is a limiter that remembers what it was told.
type observer struct {
	waits, told int
	delay       time.Duration
	err         error
}

func (o *observer) Wait(context.Context, pace.Class) (pace.Turn, error) {
	o.waits++
	time.Sleep(o.delay)
	if o.waits > 1 && o.err != nil {
		return pace.Turn{}, o.err
	}
	return pace.Turn{}, nil
}

func (o *observer) Observe(context.Context, pace.Class, *pace.Rate) { o.told++ }

var testPolicy = Policy{
	MaxAttempts: 5, MinDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second, MaxRetryAfter: time.Minute,
	AttemptTimeout: 30 * time.Second, MaxElapsed: 2 * time.Minute,
}

func newTestRoad(s *script, change ...func(*Config)) *Road {
	c := Config{Wire: s, Policy: testPolicy, MaxBody: 1 << 10}
	for _, f := range change {
		f(&c)
	}
	return New(c)
}

func get() *Call {
	u, _ := url.Parse("https://api.zoom.us/v2/users") // it is good
	return &Call{Method: http.MethodGet, URL: u, Header: http.Header{}, Repeatable: true}
}

func post() *Call {
	call := get()
	call.Method, call.Repeatable, call.Body = http.MethodPost, false, []byte(`{}`)
	return call
}

// failureOf is what ended a call.
func failureOf(t *testing.T, err error) *Failure {
	t.Helper()
	var f *Failure
	require.ErrorAs(t, err, &f)
	return f
}

// underPolicy changes the policy of a test road.
func underPolicy(change func(*Policy)) func(*Config) { return func(c *Config) { change(&c.Policy) } }

// steady makes every back-off last exactly as long as the shortest wait.
func steady(p *Policy) { p.MinDelay, p.MaxDelay = 100*time.Millisecond, 100*time.Millisecond }
