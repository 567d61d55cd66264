package zoom_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestFaultSlowAnswers(t *testing.T) {
	runFaults(t, []fault{
		{"BD23_a_byte_now_and_then", inBubble(aByteNowAndThen)},
		{"BD23_slow_and_still_in_time", inBubble(slowAndInTime)},
		{"BD24_no_answer_to_a_read", inBubble(noAnswerToARead)},
		{"BD24_no_answer_to_a_write", inBubble(noAnswerToAWrite)},
		{"BD24_the_callers_deadline_comes_first", inBubble(callersDeadlineFirst)},
		{"NW07_timeout_of_a_write", inBubble(timeoutOfAWrite)},
	})
}

// pipeServer is a server at the other end of net.Pipe, so that its time is that
// of the bubble.
type pipeServer struct {
	answer func(conn net.Conn, req *http.Request)

	serving sync.WaitGroup
	mu      sync.Mutex
	asked   []asked
}

// client returns a client whose connections lead to the server. The test must
// call the returned func before it ends, which waits for the server.
func (s *pipeServer) client(t *testing.T, opts ...zoom.Option) (c *zoom.Client, hangUp func()) {
	t.Helper()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		s.serving.Go(func() { s.serve(theirs) })
		return ours, nil
	}}
	c, err := zoom.NewClient(zoom.StaticToken(secretToken), append([]zoom.Option{
		zoom.WithBaseURL("http://127.0.0.1/v2"), zoom.WithLimiter(zoom.Unlimited()),
		zoom.WithHTTPClient(&http.Client{Transport: transport}),
	}, opts...)...)
	require.NoError(t, err)
	return c, func() {
		transport.CloseIdleConnections()
		s.serving.Wait()
	}
}

func (s *pipeServer) serve(conn net.Conn) {
	defer conn.Close()
	buffered := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(buffered)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		s.mu.Lock()
		s.asked = append(s.asked, asked{at: time.Now(), method: req.Method, path: req.URL.Path})
		s.mu.Unlock()
		s.answer(conn, req)
	}
}

func (s *pipeServer) requests() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.asked...)
}

// drip writes a body a byte at a time.
func drip(conn net.Conn, body string, every time.Duration) {
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
	for i := range body {
		time.Sleep(every)
		if _, err := conn.Write([]byte{body[i]}); err != nil {
			return
		}
	}
}

// silence is a server that reads on and says nothing until the peer has gone.
func silence(conn net.Conn, _ *http.Request) { _, _ = io.Copy(io.Discard, conn) }

func aByteNowAndThen(t *testing.T) {
	s := &pipeServer{answer: func(conn net.Conn, _ *http.Request) { drip(conn, activePage("", "u1"), 5*time.Second) }}
	c, hangUp := s.client(t)
	defer hangUp()
	begin := time.Now()
	ids, err := collect(t, c.Users.List(nil))
	require.ErrorIs(t, err, zoom.ErrTimeout)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Empty(t, ids)
	assert.LessOrEqual(t, time.Since(begin), 120*time.Second)
	e, requests := asError(t, err), s.requests()
	assert.Len(t, requests, e.Attempts)
	assert.LessOrEqual(t, len(requests), 5)
	assert.GreaterOrEqual(t, len(requests), 3)
	for i, gap := range gaps(requests) {
		assert.GreaterOrEqual(t, gap, 30*time.Second, "try %d", i+1)
		assert.LessOrEqual(t, gap, 30*time.Second+500*time.Millisecond<<i, "try %d", i+1)
	}
}

func slowAndInTime(t *testing.T) {
	body := activePage("", "u1")
	s := &pipeServer{answer: func(conn net.Conn, _ *http.Request) {
		time.Sleep(14 * time.Second)
		drip(conn, body, 15*time.Second/time.Duration(len(body)))
	}}
	c, hangUp := s.client(t)
	defer hangUp()
	ids, err := collect(t, c.Users.List(nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"u1"}, ids)
	assert.Len(t, s.requests(), 1)
}

func noAnswerToARead(t *testing.T) {
	s := &pipeServer{answer: silence}
	c, hangUp := s.client(t)
	defer hangUp()
	begin := time.Now()
	_, err := c.Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrTimeout)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, 5, asError(t, err).Attempts)
	requests := s.requests()
	require.Len(t, requests, 5)
	for i, gap := range gaps(requests) {
		assert.GreaterOrEqual(t, gap, 15*time.Second)
		assert.LessOrEqual(t, gap, 15*time.Second+500*time.Millisecond<<i)
	}
	assert.LessOrEqual(t, time.Since(begin), 120*time.Second)
}

func noAnswerToAWrite(t *testing.T) {
	for _, reached := range []bool{true, false} {
		var done atomic.Bool // the change is made and the answer lost
		s := &pipeServer{}
		s.answer = func(conn net.Conn, req *http.Request) {
			if req.Method == http.MethodGet {
				status := map[bool]string{false: "active", true: "inactive"}[done.Load()]
				whole(conn, http.StatusOK, userJSON("u1", status))
				return
			}
			done.Store(reached)
			silence(conn, req)
		}
		c, hangUp := s.client(t)
		err := c.Users.Deactivate(t.Context(), "u1")
		hangUp()
		if reached {
			require.NoError(t, err)
			assert.Equal(t, []string{"PUT", "GET"}, methods(s.requests()))
			continue
		}
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		require.ErrorIs(t, err, zoom.ErrTimeout)
		assertSilent(t, err)
		assert.Equal(t, []string{"PUT", "GET", "PUT", "GET", "PUT", "GET"}, methods(s.requests()))
	}
}

func callersDeadlineFirst(t *testing.T) {
	s := &pipeServer{answer: silence}
	c, hangUp := s.client(t)
	defer hangUp()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	begin := time.Now()
	_, err := c.Users.Get(ctx, "u1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assertSilent(t, err)
	assert.Equal(t, 4*time.Second, time.Since(begin))
	assert.Len(t, s.requests(), 1)
}

func timeoutOfAWrite(t *testing.T) {
	hang := answer{delay: time.Hour}
	writes := map[string]func(c *zoom.Client) error{
		"PUT": func(c *zoom.Client) error { return c.Users.Deactivate(t.Context(), "u1") },
		"PATCH": func(c *zoom.Client) error {
			return c.Users.Update(t.Context(), "u1", &zoom.UserUpdate{Dept: new("Sales")})
		},
	}
	for method, write := range writes {
		tp := newTape(hang, ok(`{"id":"u1","status":"inactive","dept":"Sales"}`))
		require.NoError(t, write(tp.client(t)))
		assert.Equal(t, []string{method, "GET"}, methods(tp.requests()))

		tp = newTape(hang, ok(userJSON("u1", "active")), answer{status: http.StatusNoContent})
		require.NoError(t, write(tp.client(t)))
		assert.Equal(t, []string{method, "GET", method}, methods(tp.requests()))

		tp = newTape(hang)
		err := write(tp.client(t))
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		require.ErrorIs(t, err, zoom.ErrTimeout)
		assertSilent(t, err)
		assert.Equal(t, []string{method, "GET", "GET", "GET", "GET", "GET"}, methods(tp.requests()))
	}
	tp := newTape(hang)
	err := tp.client(t).Do(t.Context(), &zoom.Request{Method: http.MethodPost, Path: "/users"}, nil)
	require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
	require.ErrorIs(t, err, zoom.ErrTimeout)
	assert.Len(t, tp.requests(), 1)
}
