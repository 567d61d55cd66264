package zoom_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// h2Client returns a client that speaks HTTP/2 with a test server, which calls
// handle with the number of the request.
func h2Client(t *testing.T, handle func(w http.ResponseWriter, req *http.Request, number int)) (*zoom.Client, *atomic.Int32) {
	t.Helper()
	asked := new(atomic.Int32)
	server := startTLS(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		assert.Equal(t, 2, req.ProtoMajor)
		handle(w, req, int(asked.Add(1)))
	}), func(s *httptest.Server) { s.EnableHTTP2 = true })
	c, err := zoom.NewClient(zoom.StaticToken(secretToken), zoom.WithBaseURL(server.URL), quick,
		zoom.WithHTTPClient(server.Client()), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	return c, asked
}

// resetInMidBody begins an answer and ends its stream with RST_STREAM.
func resetInMidBody(w http.ResponseWriter) {
	_, _ = io.WriteString(w, activePage("", "u3")[:20])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestFaultHTTP2(t *testing.T) {
	runFaults(t, []fault{
		{"NW16_goaway_between_pages", goAwayBetweenPages},
		{"NW16_goaway_before_the_answer", goAwayBeforeTheAnswer},
		{"NW16_stream_reset_in_mid_body", streamResetInMidBody},
		{"NW16_stream_reset_before_the_answer", streamResetBeforeTheAnswer},
		{"BD22_long_header_in_http2", longHeaderInHTTP2},
	})
}

func goAwayBetweenPages(t *testing.T) {
	c, asked := h2Client(t, func(w http.ResponseWriter, req *http.Request, _ int) {
		w.Header().Set("Connection", "close") // net/http sends GOAWAY
		if req.URL.Query().Get("next_page_token") == "" {
			_, _ = io.WriteString(w, activePage(secretPage, "u1", "u2"))
			return
		}
		_, _ = io.WriteString(w, activePage("", "u3"))
	})
	ids, err := collect(t, c.Users.List(nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"u1", "u2", "u3"}, ids)
	assert.Equal(t, int32(2), asked.Load())
}

func streamResetInMidBody(t *testing.T) {
	var faults atomic.Int32
	c, asked := h2Client(t, func(w http.ResponseWriter, req *http.Request, _ int) {
		switch {
		case req.URL.Query().Get("next_page_token") == "":
			_, _ = io.WriteString(w, activePage(secretPage, "u1", "u2"))
		case faults.Add(-1) >= 0:
			resetInMidBody(w)
		default:
			_, _ = io.WriteString(w, activePage("", "u3"))
		}
	})
	faults.Store(2)
	ids, err := collect(t, c.Users.List(nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"u1", "u2", "u3"}, ids)
	assert.Equal(t, int32(4), asked.Load())

	faults.Store(100)
	ids, err = collect(t, c.Users.List(nil))
	require.ErrorIs(t, err, zoom.ErrBadResponse)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, []string{"u1", "u2"}, ids)
	assert.Equal(t, 5, asError(t, err).Attempts)
	assert.Equal(t, int32(4+6), asked.Load())
}

func streamResetBeforeTheAnswer(t *testing.T) {
	for _, call := range sends {
		var mu sync.Mutex
		var asked []string
		c, _ := h2Client(t, func(_ http.ResponseWriter, req *http.Request, _ int) {
			mu.Lock()
			asked = append(asked, req.Method)
			mu.Unlock()
			panic(http.ErrAbortHandler)
		})
		err := call.send(t, c)
		require.ErrorIs(t, err, zoom.ErrUnreachable)
		mu.Lock()
		wantLost(t, call.method, err, asked)
		mu.Unlock()
	}
}

func longHeaderInHTTP2(t *testing.T) {
	server := startTLS(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 6 {
			w.Header().Add("X-More", strings.Repeat("x", 1<<10))
		}
		_, _ = io.WriteString(w, changed)
	}), func(s *httptest.Server) { s.EnableHTTP2 = true })
	wire := server.Client().Transport.(*http.Transport).Clone()
	wire.MaxResponseHeaderBytes = 4 << 10
	counted := &countingTransport{next: wire}
	c, err := zoom.NewClient(zoom.StaticToken(secretToken), zoom.WithBaseURL(server.URL), quick,
		zoom.WithHTTPClient(&http.Client{Transport: counted}), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	_, err = c.Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrBodyTooLarge)
	assertSilent(t, err)
	assert.Len(t, counted.requests(), 1)
}

// The frames of HTTP/2 that a server needs that serves nobody.
const (
	frameHeaders  = 1
	frameSettings = 4
	frameGoAway   = 7
)

func writeFrame(w io.Writer, kind byte, payload []byte) {
	head := []byte{0, 0, byte(len(payload)), kind, 0, 0, 0, 0, 0} // on stream 0
	_, _ = w.Write(append(head, payload...))
}

// goAwayServer speaks HTTP/2 without TLS and answers every request with GOAWAY.
// acted says whether it claims to have acted on the request.
func goAwayServer(t *testing.T, acted bool) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serve := func(conn net.Conn) {
		defer conn.Close()
		in := bufio.NewReader(conn)
		_, _ = in.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
		writeFrame(conn, frameSettings, nil)
		for {
			head := make([]byte, 9)
			if _, err := io.ReadFull(in, head); err != nil {
				return
			}
			if _, err := in.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2])); err != nil {
				return
			}
			if head[3] != frameHeaders {
				continue
			}
			asked.Add(1)
			last := binary.BigEndian.Uint32(head[5:])
			if !acted {
				last = 0
			}
			payload := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), 2) // INTERNAL_ERROR
			writeFrame(conn, frameGoAway, append(payload, secretBody...))
			return
		}
	}
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return listener.Addr().String(), asked
}

func goAwayBeforeTheAnswer(t *testing.T) {
	for _, call := range sends {
		address, asked := goAwayServer(t, true)
		var protocols http.Protocols
		protocols.SetUnencryptedHTTP2(true)
		wire := &countingTransport{next: &http.Transport{Protocols: &protocols}}
		c, err := zoom.NewClient(zoom.StaticToken(secretToken), zoom.WithBaseURL("http://"+address), quick,
			zoom.WithHTTPClient(&http.Client{Transport: wire}), zoom.WithLimiter(zoom.Unlimited()))
		require.NoError(t, err)
		err = call.send(t, c)
		require.ErrorIs(t, err, zoom.ErrUnreachable)
		wantLost(t, call.method, err, wire.requests())
		assert.Equal(t, int(asked.Load()), len(wire.requests()))
	}
}
