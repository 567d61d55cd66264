package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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

// A write goes out again only when it surely never left: an error of dialling says
// so, unless an answer had begun.
func TestWriteIsRepeatedOnlyUnsent(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, tc := range []struct {
		name     string
		step     step
		kind     Kind
		attempts int
		open     bool
	}{
		{"no connection", fails(dial), KindUnreachable, 5, false},
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
