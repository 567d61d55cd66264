package zoom_test

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestFaultNetwork(t *testing.T) {
	runFaults(t, []fault{
		{"NW01_name_not_found", inBubble(nameNotFound)},
		{"NW01_name_server_out_of_order", inBubble(nameServerDown)},
		{"NW02_connection_refused", connectionRefused},
		{"NW02_closed_in_the_handshake", closedInTheHandshake},
		{"NW05_closed_before_the_answer", closedBeforeTheAnswer},
		{"NW06_server_failure_of_a_write", inBubble(serverFailureOfAWrite)},
		{"NW13_numbers_that_are_no_status", inBubble(numbersThatAreNoStatus)},
		{"NW14_408_and_425", inBubble(tooSlowAndTooEarly)},
	})
}

// send is a call of each kind. A POST is no call of ours and may not be repeated.
var sends = []struct {
	method string
	send   func(t *testing.T, c *zoom.Client) error
}{
	{"GET", func(t *testing.T, c *zoom.Client) error { _, err := c.Users.Get(t.Context(), "u1"); return err }},
	{"PUT", func(t *testing.T, c *zoom.Client) error { return c.Users.Deactivate(t.Context(), "u1") }},
	{"PATCH", func(t *testing.T, c *zoom.Client) error {
		return c.Users.Update(t.Context(), "u1", &zoom.UserUpdate{Dept: new("Sales")})
	}},
	{"POST", func(t *testing.T, c *zoom.Client) error {
		return c.Do(t.Context(), &zoom.Request{Method: "POST", Path: "/users", Body: map[string]string{"action": "create"}}, nil)
	}},
}

const changed = `{"id":"u1","email":"u1@example.com","type":2,"status":"inactive","dept":"Sales"}`

func repeated(method string, times int) []string {
	return strings.Split(strings.Repeat(method+" ", times-1)+method, " ")
}

func nameNotFound(t *testing.T) {
	for _, call := range sends {
		tp := newTape(answer{err: &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
			Err: "no such host", Name: "api.zoom.us", IsNotFound: true,
		}}})
		err := call.send(t, tp.client(t))
		require.ErrorIs(t, err, zoom.ErrUnreachable)
		require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, "nothing was sent")
		assert.Equal(t, 2, asError(t, err).Attempts)
		assert.Equal(t, repeated(call.method, 2), methods(tp.requests()))
	}
}

func nameServerDown(t *testing.T) {
	tp := newTape(answer{err: &net.DNSError{Err: "server misbehaving", Name: "api.zoom.us", IsTemporary: true}}, ok(userJSON("u1", "active")))
	_, err := tp.client(t).Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	assert.Len(t, tp.requests(), 2)
}

func connectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	for _, call := range sends {
		wire := &countingTransport{next: &http.Transport{}}
		c, err := zoom.NewClient(zoom.StaticToken(secretToken), zoom.WithBaseURL("http://"+address), quick,
			zoom.WithHTTPClient(&http.Client{Transport: wire}), zoom.WithLimiter(zoom.Unlimited()))
		require.NoError(t, err)
		err = call.send(t, c)
		require.ErrorIs(t, err, zoom.ErrUnreachable, call.method)
		require.ErrorIs(t, err, syscall.ECONNREFUSED, call.method)
		require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, call.method)
		assert.Equal(t, 5, asError(t, err).Attempts, call.method)
		assert.Equal(t, repeated(call.method, 5), wire.requests())
	}
}

// A write that never got a secure connection was not sent: it is repeated like a
// read.
func closedInTheHandshake(t *testing.T) {
	s := newRawServer(t, func(net.Conn, *http.Request, int) bool { return false })
	for _, call := range sends {
		wire := &countingTransport{next: &http.Transport{}}
		c := s.client(t, zoom.WithBaseURL("https://"+s.listener.Addr().String()), zoom.WithHTTPClient(&http.Client{Transport: wire}))
		err := call.send(t, c)
		require.ErrorIs(t, err, zoom.ErrUnreachable, call.method)
		require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, call.method)
		assertSilent(t, err)
		assert.Equal(t, repeated(call.method, 5), wire.requests())
	}
	assert.Empty(t, s.requests())
}

// countingTransport remembers what went through it.
type countingTransport struct {
	next http.RoundTripper

	mu    sync.Mutex
	asked []string
}

func (c *countingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.asked = append(c.asked, req.Method)
	c.mu.Unlock()
	return c.next.RoundTrip(req)
}

func (c *countingTransport) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.asked...)
}

// wantLost asserts what becomes of a call whose answers are all lost.
func wantLost(t *testing.T, method string, err error, asked []string) {
	t.Helper()
	require.Error(t, err, method)
	assertSilent(t, err)
	switch method {
	case "GET":
		require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
		assert.Equal(t, repeated("GET", 5), asked)
	case "POST":
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		assert.Equal(t, []string{"POST"}, asked)
	default:
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		assert.Equal(t, append([]string{method}, repeated("GET", 5)...), asked, "the state cannot be read")
	}
}

// firstWords are the methods of "GET /v2/users".
func firstWords(requests []string) []string {
	words := make([]string, len(requests))
	for i, r := range requests {
		words[i], _, _ = strings.Cut(r, " ")
	}
	return words
}

func closedBeforeTheAnswer(t *testing.T) {
	for _, call := range sends {
		s := newRawServer(t, func(net.Conn, *http.Request, int) bool { return false })
		err := call.send(t, s.client(t))
		require.ErrorIs(t, err, zoom.ErrUnreachable, call.method)
		wantLost(t, call.method, err, firstWords(s.requests()))

		s = newRawServer(t, func(conn net.Conn, _ *http.Request, number int) bool {
			if number == 1 {
				reset(conn)
				return false
			}
			return whole(conn, http.StatusOK, changed)
		})
		err = call.send(t, s.client(t))
		switch call.method {
		case "GET":
			require.NoError(t, err)
			assert.Len(t, s.requests(), 2)
		case "POST":
			require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
			assert.Len(t, s.requests(), 1)
		default:
			require.NoError(t, err, "the change was made")
			assert.Equal(t, []string{call.method, "GET"}, firstWords(s.requests()))
		}
	}
}

func serverFailureOfAWrite(t *testing.T) {
	for _, status := range []int{500, 502, 503, 504, 599} {
		for _, call := range sends {
			tp := newTape(answer{status: status, body: "<html>" + secretBody})
			err := call.send(t, tp.client(t))
			require.ErrorIs(t, err, zoom.ErrServer)
			wantLost(t, call.method, err, methods(tp.requests()))
			assert.Equal(t, status, asError(t, err).StatusCode)
		}
		tp := newTape(answer{status: status}, ok(userJSON("u1", "active")), answer{status: status}, ok(changed))
		require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
		assert.Equal(t, []string{"PUT", "GET", "PUT", "GET"}, methods(tp.requests()))
	}
}

func numbersThatAreNoStatus(t *testing.T) {
	for _, status := range []int{-1, 0, 1, 100, 101, 103, 199, 304, 600, 999, 1 << 20} {
		tp := newTape(answer{status: status, body: userJSON("u1", "active")})
		_, err := tp.client(t).Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrBadResponse, status)
		assert.Equal(t, status, asError(t, err).StatusCode)
		assert.Len(t, tp.requests(), 1)

		tp = newTape(answer{status: status}, ok(changed))
		require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
		assert.Equal(t, []string{"PUT", "GET"}, methods(tp.requests()))
	}
}

func tooSlowAndTooEarly(t *testing.T) {
	for status, sentinel := range map[int]error{http.StatusRequestTimeout: zoom.ErrTimeout, http.StatusTooEarly: zoom.ErrServer} {
		for _, call := range sends {
			tp := newTape(answer{status: status})
			err := call.send(t, tp.client(t))
			require.ErrorIs(t, err, sentinel)
			wantLost(t, call.method, err, methods(tp.requests()))
		}
		tp := newTape(answer{status: status}, ok(userJSON("u1", "active")), answer{status: http.StatusNoContent})
		require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
		assert.Equal(t, []string{"PUT", "GET", "PUT"}, methods(tp.requests()))
	}
}
