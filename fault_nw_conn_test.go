package zoom_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// Connections that say nonsense, go away, or are to be kept.
func TestFaultConnections(t *testing.T) {
	runFaults(t, []fault{
		{"NW12_garbage_for_a_status_line", garbageForAStatusLine},
		{"NW15_idle_connection_closed_read", idleClosedRead},
		{"NW15_idle_connection_closed_write", idleClosedWrite},
		{"NW17_connections_are_kept", connectionsAreKept},
	})
}

func garbageForAStatusLine(t *testing.T) {
	for _, line := range []string{
		secretBody + "\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/9\r\n\r\n", "HTTP/1.1 200 OK\r\n" + secretBody + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + secretBody + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secretBody + "\r\n\r\n",
	} {
		s := newRawServer(t, func(conn net.Conn, _ *http.Request, _ int) bool {
			fmt.Fprint(conn, line)
			return false
		})
		_, err := s.client(t).Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrBadResponse, "%q", line)
		wantLost(t, "GET", err, firstWords(s.requests()))
	}
}

// idleServer serves one request on its first connection and closes it when the
// next one has come.
func idleServer(t *testing.T) *rawServer {
	t.Helper()
	return newRawServer(t, func(conn net.Conn, _ *http.Request, number int) bool {
		return number != 2 && whole(conn, http.StatusOK, changed)
	})
}

func idleClosedRead(t *testing.T) {
	s := idleServer(t)
	c := s.client(t)
	for range 2 {
		u, err := c.Users.Get(t.Context(), "u1")
		require.NoError(t, err)
		assert.Equal(t, "u1", u.ID)
	}
	assert.Len(t, s.requests(), 3, "the second call was sent twice")
	assert.Equal(t, 2, s.connections())
}

func idleClosedWrite(t *testing.T) {
	s := idleServer(t)
	c := s.client(t)
	_, err := c.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.NoError(t, c.Users.Deactivate(t.Context(), "u1"))
	assert.Equal(t, []string{"GET", "PUT", "GET"}, firstWords(s.requests()), "read, and not sent again")

	s = idleServer(t)
	c = s.client(t)
	_, err = c.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	err = c.Do(t.Context(), &zoom.Request{Method: "POST", Path: "/users", Body: 1}, nil)
	require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
	assert.Equal(t, []string{"GET", "POST"}, firstWords(s.requests()))
}

func connectionsAreKept(t *testing.T) {
	s := newRawServer(t, func(conn net.Conn, _ *http.Request, number int) bool {
		return whole(conn, []int{500, 404, 429, 200}[number%4], `{"code":1,"message":"`+strings.Repeat("x", 5_000)+`"}`)
	})
	c := s.client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}))
	for range 40 {
		_, err := c.Users.Get(t.Context(), "u1")
		require.Error(t, err)
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
	}
	assert.Len(t, s.requests(), 40)
	assert.LessOrEqual(t, s.connections(), 2)
}
