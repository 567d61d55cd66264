package zoom_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// quick is a retry policy for tests that run on real time.
var quick = zoom.WithRetry(zoom.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond})

// rawServer is a TCP server on loopback that reads requests and leaves the bytes
// of the answers to the test.
type rawServer struct {
	listener net.Listener
	answer   func(conn net.Conn, req *http.Request, number int) (keep bool)

	mu    sync.Mutex
	asked []string // "GET /v2/users"
	conns []net.Conn
}

// newRawServer serves until the test ends. answer is called for each request, of
// which number counts from 1; the connection is closed unless it says keep.
func newRawServer(t *testing.T, answer func(conn net.Conn, req *http.Request, number int) (keep bool)) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &rawServer{listener: listener, answer: answer}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

func (s *rawServer) serve(conn net.Conn) {
	defer conn.Close()
	buffered := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(buffered)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		s.mu.Lock()
		s.asked = append(s.asked, req.Method+" "+req.URL.Path)
		number := len(s.asked)
		s.mu.Unlock()
		if !s.answer(conn, req, number) {
			return
		}
	}
}

// requests returns method and path of what was asked so far.
func (s *rawServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *rawServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// client returns a client with the library's own transport.
func (s *rawServer) client(t *testing.T, opts ...zoom.Option) *zoom.Client {
	t.Helper()
	c, err := zoom.NewClient(zoom.StaticToken(secretToken), append([]zoom.Option{
		zoom.WithBaseURL("http://" + s.listener.Addr().String() + "/v2"), zoom.WithLimiter(zoom.Unlimited()), quick,
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// whole writes an answer as it should be.
func whole(conn net.Conn, status int, body string) (keep bool) {
	_, err := fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
	return err == nil
}

// reset ends a connection with a RST.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}
