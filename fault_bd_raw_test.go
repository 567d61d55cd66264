package zoom_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// Each row is a way to break the body of a second page. The listing must come
// through when it happens twice, and end without a record of that page when it
// does not stop.
func TestFaultBrokenBodies(t *testing.T) {
	page := activePage("", "u3", "u4")
	for _, tc := range []struct {
		name  string
		write func(conn net.Conn)
		cause error // besides ErrBadResponse
	}{
		{"BD01_content_length_not_reached", func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n%.10s", page)
		}, io.ErrUnexpectedEOF},
		{"BD02_reset_in_mid_body", func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n%.10s", page)
			reset(conn)
		}, io.ErrUnexpectedEOF},
		{"BD03_chunks_without_end", func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(page), page)
		}, io.ErrUnexpectedEOF},
		{"BD03_chunk_of_nonsense", func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz%s\r\n", secretBody)
		}, nil},
		{"BD04_close_delimited_cut", func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n%s", page[:len(page)-5])
		}, io.ErrUnexpectedEOF},
		{"BD21_gzip_header_broken", func(conn net.Conn) { writeZipped(conn, []byte(page)) }, nil},
		{"BD21_gzip_cut", func(conn net.Conn) { zipped := zip(t, page); writeZipped(conn, zipped[:len(zipped)-12]) }, io.ErrUnexpectedEOF},
		{"BD21_gzip_checksum_wrong", func(conn net.Conn) {
			zipped := zip(t, page)
			zipped[len(zipped)-6] ^= 1
			writeZipped(conn, zipped)
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var faults atomic.Int32
			s := newRawServer(t, func(conn net.Conn, req *http.Request, _ int) bool {
				switch {
				case req.URL.Query().Get("next_page_token") == "":
					return whole(conn, http.StatusOK, activePage(secretPage, "u1", "u2"))
				case faults.Add(-1) < 0:
					return whole(conn, http.StatusOK, page)
				}
				tc.write(conn)
				return false
			})
			c := s.client(t)

			faults.Store(2)
			ids, err := collect(t, c.Users.List(nil))
			require.NoError(t, err)
			assert.Equal(t, []string{"u1", "u2", "u3", "u4"}, ids)
			assert.Len(t, s.requests(), 4)

			faults.Store(100)
			ids, err = collect(t, c.Users.List(nil))
			require.ErrorIs(t, err, zoom.ErrBadResponse)
			if tc.cause != nil {
				require.ErrorIs(t, err, tc.cause)
			}
			assert.Equal(t, []string{"u1", "u2"}, ids)
			assert.Equal(t, 5, asError(t, err).Attempts)
			assert.Len(t, s.requests(), 4+6)
		})
	}
}

func writeZipped(conn net.Conn, body []byte) {
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(body))
	_, _ = conn.Write(body)
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// What is too large costs one request and at most three times the limit.
func TestFaultBodiesTooLarge(t *testing.T) {
	const limit = 32 << 20
	block := bytes.Repeat([]byte(" "), 1<<20)
	member := zip(t, string(block)) // of a gzip file, which may have many
	for _, tc := range []struct {
		name  string
		write func(conn net.Conn)
	}{
		{"BD19_endless", func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
			writeMany(conn, block, 1<<10)
		}},
		{"BD19_of_a_length_that_is_told", func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", 1<<30)
			writeMany(conn, block, 1<<10)
		}},
		{"BD19_under_an_error_status", func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n")
			writeMany(conn, block, 1<<10)
		}},
		{"BD20_gzip_bomb", func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
			writeMany(conn, member, 512)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newRawServer(t, func(conn net.Conn, _ *http.Request, _ int) bool {
				tc.write(conn)
				return false
			})
			c := s.client(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := c.Users.Summary(t.Context())
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, zoom.ErrBodyTooLarge)
			assert.Equal(t, 1, asError(t, err).Attempts)
			assert.Len(t, s.requests(), 1)
			allocated := after.TotalAlloc - before.TotalAlloc
			assert.LessOrEqual(t, allocated, uint64(3*limit), "%d MiB allocated", allocated>>20)
		})
	}
	t.Run("BD22_header_of_2_MB", func(t *testing.T) {
		s := newRawServer(t, func(conn net.Conn, req *http.Request, _ int) bool {
			if req.Method == http.MethodGet && req.URL.Path == "/v2/users/u1" {
				return whole(conn, http.StatusOK, userJSON("u1", "inactive"))
			}
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX-Long: %s\r\n", secretBody)
			for range 2 << 10 {
				fmt.Fprintf(conn, "X-More: %s\r\n", strings.Repeat("x", 1<<10))
			}
			fmt.Fprint(conn, "Content-Length: 2\r\n\r\n{}")
			return false
		})
		c := s.client(t)
		_, err := c.Users.Summary(t.Context())
		require.ErrorIs(t, err, zoom.ErrBodyTooLarge)
		assertSilent(t, err)
		assert.Equal(t, []string{"GET /v2/users/summary"}, s.requests())

		require.NoError(t, c.Users.Deactivate(t.Context(), "u1"), "what became of a write is read")
		assert.Equal(t, []string{"PUT /v2/users/u1/status", "GET /v2/users/u1"}, s.requests()[1:])
	})
}

// writeMany writes the block over and over until the reader has gone.
func writeMany(conn net.Conn, block []byte, times int) {
	for range times {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}
