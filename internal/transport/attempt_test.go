package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stuck is a body that says nothing until its request is broken off.
type stuck struct {
	ctx   context.Context
	reads int
}

func (s *stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	if s.reads++; s.reads > 1000 {
		panic("a body that broke is read for ever")
	}
	return 0, s.ctx.Err()
}

// slow begins its answer after a while, and ends its body never.
func slow(after time.Duration) step {
	return func(req *http.Request) (*http.Response, error) {
		select {
		case <-time.After(after):
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(&stuck{ctx: req.Context()}), ContentLength: -1}, nil
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

// An answer has 15 s to begin and, with its body, the time of the attempt to end;
// neither goes beyond the time of the call.
func TestFaultBD24AttemptEndsInItsTime(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name             string
		step             step
		attempt, elapsed time.Duration // of the policy
		want             time.Duration
	}{
		{"nothing at all", silent, 30 * s, 120 * s, 15 * s},
		{"nothing, and a short attempt", silent, 5 * s, 120 * s, 5 * s},
		{"nothing, and a short call", silent, 30 * s, 4 * s, 4 * s},
		{"no end", slow(0), 30 * s, 120 * s, 30 * s},
		{"a late beginning and no end", slow(10 * s), 30 * s, 120 * s, 30 * s},
		{"just in time, and no end", slow(15*s - 1), 30 * s, 120 * s, 30 * s},
		{"too late", slow(15*s + 1), 30 * s, 120 * s, 15 * s},
		{"no end, and a short attempt", slow(2 * s), 5 * s, 120 * s, 5 * s},
		{"no end, and a short call", slow(2 * s), 30 * s, 20 * s, 20 * s},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, attempts, err := newTestRoad(&script{steps: []step{tc.step}}, underPolicy(func(p *Policy) {
					p.MaxAttempts, p.AttemptTimeout, p.MaxElapsed = 1, tc.attempt, tc.elapsed
				})).Do(t.Context(), get())
				assert.Equal(t, tc.want, time.Since(begin))
				assert.Equal(t, 1, attempts)
				f := failureOf(t, err)
				assert.Equal(t, KindTimeout, f.Kind)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
		})
	}
}

// What a former attempt and the wait after it took is not there for the next.
func TestLastAttemptEndsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, attempts, err := newTestRoad(&script{steps: []step{silent}}, underPolicy(steady), underPolicy(func(p *Policy) {
			p.MaxElapsed = 20 * time.Second
		})).Do(t.Context(), get())
		assert.Equal(t, KindTimeout, failureOf(t, err).Kind)
		assert.Equal(t, 2, attempts)
		assert.Equal(t, 20*time.Second, time.Since(begin))
	})
}

// An answer that ends in time is not broken off later.
func TestSlowAnswerIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked context.Context
		a, attempts, err := newTestRoad(&script{steps: []step{func(req *http.Request) (*http.Response, error) {
			asked = req.Context()
			time.Sleep(15*time.Second - 1)
			return answers(200, "{}")(nil)
		}}}).Do(t.Context(), get())
		require.NoError(t, err)
		assert.Equal(t, 1, attempts)
		assert.Equal(t, "{}", string(a.Body))
		require.ErrorIs(t, context.Cause(asked), context.Canceled, "an attempt that is over holds nothing")
	})
}

// The caller's end is the caller's, whatever the attempt was doing.
func TestCallerEndsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, step := range map[string]step{"before the answer": silent, "in its body": slow(0)} {
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			begin := time.Now()
			_, attempts, err := newTestRoad(&script{steps: []func(*http.Request) (*http.Response, error){step}}).Do(ctx, get())
			cancel()
			f := failureOf(t, err)
			assert.Equal(t, KindContext, f.Kind, name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, 7*time.Second, time.Since(begin), name)
			assert.Equal(t, 1, attempts, name)
		}
	})
}

// A final status is a number from 200 to 599 that is neither a redirect nor a 304.
func TestFaultNW13StatusBoundaries(t *testing.T) {
	const good = Kind(255)
	for status, kind := range map[int]Kind{
		-1: KindBadStatus, 0: KindBadStatus, 100: KindBadStatus, 199: KindBadStatus, 200: good, 204: good, 299: good,
		300: KindRedirect, 301: KindRedirect, 303: KindRedirect, 304: KindBadStatus, 305: KindRedirect, 399: KindRedirect,
		400: KindStatus, 404: KindStatus, 499: KindStatus, 599: KindStatus, 600: KindBadStatus, 999: KindBadStatus,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, attempts, err := newTestRoad(&script{steps: []step{answers(status, "{}", "Location", "https://elsewhere.example/")}}).Do(t.Context(), get())
				if kind == good {
					require.NoError(t, err)
					assert.Equal(t, status, a.Status)
					return
				}
				f := failureOf(t, err)
				assert.Equal(t, kind, f.Kind)
				assert.Equal(t, status, f.Answer.Status)
				if status != 599 {
					assert.Equal(t, 1, attempts)
				}
			})
		})
	}
}

// A write goes out again only when it surely never left: a RoundTripper that asked for a
// connection and got none says so, and an error alone does not, whatever it is of.
func TestWriteIsRepeatedOnlyUnsent(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, tc := range []struct {
		name     string
		step     step
		kind     Kind
		attempts int
		open     bool
	}{
		{"no connection", asks(dial), KindUnreachable, 5, false},
		{"no name", asks(&net.DNSError{Err: "server misbehaving"}), KindUnreachable, 5, false},
		{"no proxy", asks(errors.New("proxyconnect tcp: refused")), KindProxy, 1, false},
		{"NW02 a dial error of a RoundTripper that reports nothing", fails(dial), KindUnreachable, 1, true},
		{"NW01 a name error of a RoundTripper that reports nothing", fails(&net.DNSError{Err: "no such host", IsNotFound: true}), KindUnreachable, 1, true},
		{"NW06 the words of a proxy and no report", fails(errors.New("proxyconnect tcp: refused")), KindProxy, 1, true},
		{"NW05 a certificate and no report", fails(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), KindTLS, 1, true},
		{"a connection that broke", fails(&net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}), KindUnreachable, 1, true},
		{"the words of a dial in a body", breaks(200, "{", dial), KindBadBody, 1, true},
		{"a body that broke", breaks(200, "{", syscall.ECONNRESET), KindBadBody, 1, true},
		{"silence", silent, KindTimeout, 1, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, attempts, err := newTestRoad(&script{steps: []step{tc.step}}).Do(t.Context(), post())
				f := failureOf(t, err)
				assert.Equal(t, tc.kind, f.Kind)
				assert.Equal(t, tc.attempts, attempts)
				assert.Equal(t, tc.attempts, f.Attempts)
				assert.Equal(t, tc.open, f.Open)
				assert.Equal(t, !tc.open, f.Unsent)
				if tc.kind == KindBadBody {
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				}
			})
		})
	}
}

// asks fails as [http.Transport] does: it asked for a connection before.
func asks(err error) step {
	return func(req *http.Request) (*http.Response, error) {
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil {
			trace.GetConn("api.zoom.us:443")
		}
		return nil, err
	}
}

// A body that writes itself does not outlive the attempt either.
func TestFaultBD24ErrorBodyThatWritesItself(t *testing.T) {
	for _, status := range []int{400, 500} {
		synctest.Test(t, func(t *testing.T) {
			step := func(*http.Request) (*http.Response, error) {
				body := bufio.NewReader(readFunc(func(p []byte) (int, error) {
					time.Sleep(time.Second)
					return copy(p[:1], " "), nil
				}))
				return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(body)}, nil
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			begin := time.Now()
			_, _, err := newTestRoad(&script{steps: []func(*http.Request) (*http.Response, error){step}}).Do(ctx, get())
			assert.Equal(t, status, failureOf(t, err).Answer.Status)
			assert.LessOrEqual(t, time.Since(begin), 7*time.Second)
		})
	}
}

// A body that brings nothing, or next to nothing, and never ends does not outlive the attempt.
func TestFaultBD24BodyWithoutProgress(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
		for name, brings := range map[string]int{"BD24 nothing": 0, "BD24 a byte": 1} {
			for _, pause := range []time.Duration{0, time.Second, 10 * time.Second} {
				if brings > 0 && pause == 0 {
					continue // ends at the limit
				}
				t.Run(fmt.Sprintf("%s every %v, %d", name, pause, status), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						reads := 0
						step := func(*http.Request) (*http.Response, error) {
							return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(readFunc(func(p []byte) (int, error) {
								if reads++; reads > 1000 {
									panic("a body is read for ever")
								}
								time.Sleep(pause)
								return copy(p[:brings], " "), nil
							}))}, nil
						}
						begin := time.Now()
						_, _, err := newTestRoad(&script{steps: []func(*http.Request) (*http.Response, error){step}}, underPolicy(func(p *Policy) { p.MaxAttempts = 1 })).Do(t.Context(), get())
						require.Error(t, err)
						assert.LessOrEqual(t, time.Since(begin), 41*time.Second)
						f := failureOf(t, err)
						if status == http.StatusOK && pause == 0 {
							assert.Equal(t, KindBadBody, f.Kind)
							require.ErrorIs(t, err, io.ErrNoProgress)
						} else if status == http.StatusOK {
							assert.Equal(t, KindTimeout, f.Kind)
						}
					})
				})
			}
		}
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// Every attempt is told, with its number, its answer, its end and its time.
func TestAttemptsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			number, status int
			err            string
			took           time.Duration
		}
		var all []told
		s := &script{steps: []step{fails(errors.New("no luck")), silent, answers(503, ""), answers(200, "{}")}}
		_, _, err := newTestRoad(s, func(c *Config) {
			c.Events.Attempted = func(_ context.Context, _ *Call, number int, a *Answer, err error, d time.Duration) {
				e := told{number: number, took: d}
				if a != nil {
					e.status = a.Status
				}
				if err != nil {
					e.err = err.Error()
				}
				all = append(all, e)
			}
		}).Do(t.Context(), get())
		require.NoError(t, err)
		assert.Equal(t, []told{
			{1, 0, "no luck", 0}, {2, 0, context.DeadlineExceeded.Error(), 15 * time.Second}, {3, 503, "", 0}, {4, 200, "", 0},
		}, all)
	})
}
