package zoomhook_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomhook"
)

// pipes is a listener whose connections are pairs of pipes, for servers in a bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// serveInBubble serves the endpoint without any timeout of the server's own, and counts
// the requests that are in its hands.
func serveInBubble(t *testing.T, h http.Handler) (dial func() net.Conn, inHand *atomic.Int32) {
	t.Helper()
	inHand = new(atomic.Int32)
	p := newPipes()
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inHand.Add(1)
		defer inHand.Add(-1)
		h.ServeHTTP(w, r)
	})}
	go srv.Serve(p)
	t.Cleanup(func() { srv.Close() })
	return p.dial, inHand
}

// head is the beginning of a request with a body of so many bytes.
func head(h http.Header, length int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST /zoom/events HTTP/1.1\r\nHost: app.example\r\nContent-Length: %d\r\n", length)
	_ = h.Write(&b)
	return b.String() + "\r\n"
}

// plausible are headers that only the body can show to be forged.
func plausible() http.Header { return signed("a guess", "", time.Now()) }

// A body that never comes to its end holds a request for 2.5 s at most, and one that
// cannot be Zoom's is not read at all.
func TestFaultWH01BodiesThatStall(t *testing.T) {
	for name, tc := range map[string]struct {
		headers func() http.Header
		every   time.Duration // between two bytes; 0: none comes
		status  int
		within  time.Duration
	}{
		"WH01 without headers":           {func() http.Header { return http.Header{} }, 0, http.StatusUnauthorized, 0},
		"WH01 stale":                     {func() http.Header { return signed(token, "", time.Now().Add(-time.Hour)) }, 0, http.StatusUnauthorized, 0},
		"WH01 signature of another form": {func() http.Header { return headers("v0=12", fmt.Sprint(time.Now().Unix())) }, 0, http.StatusUnauthorized, 0},
		"WH01 plausible":                 {plausible, 0, http.StatusInternalServerError, 2500 * time.Millisecond},
		"WH01 plausible, byte by byte":   {plausible, 100 * time.Millisecond, http.StatusInternalServerError, 2500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, nil)
				dial, inHand := serveInBubble(t, e)
				var wg sync.WaitGroup
				for range 100 {
					conn := dial()
					begun := time.Now()
					go func() {
						_, err := io.WriteString(conn, head(tc.headers(), 1<<20)+strings.Repeat("x", 1000))
						for err == nil && tc.every > 0 {
							time.Sleep(tc.every)
							_, err = io.WriteString(conn, "x")
						}
					}()
					wg.Go(func() {
						resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
						if !assert.NoError(t, err) {
							return
						}
						assert.Equal(t, tc.status, resp.StatusCode)
						assert.LessOrEqual(t, time.Since(begun), tc.within)
						_, err = io.ReadAll(conn) // until the server ends the connection
						assert.NoError(t, err)
						assert.LessOrEqual(t, time.Since(begun), 5*time.Second)
						conn.Close()
					})
				}
				wg.Wait()
				assert.Zero(t, inHand.Load())
				assert.Empty(t, e.events)
			})
		})
	}
}

// A body that is slow and good is read, its handler has the rest of the time, and the
// connection stays good for the next event.
func TestFaultWH01SlowBodyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, func(ctx context.Context, _ any) error {
			time.Sleep(1400 * time.Millisecond)
			return ctx.Err()
		})
		dial, _ := serveInBubble(t, e)
		conn := dial()
		defer conn.Close()
		answers := bufio.NewReader(conn)
		for range 3 {
			go func() {
				_, _ = io.WriteString(conn, head(signed(token, deleted, time.Now()), len(deleted))+deleted[:10])
				time.Sleep(time.Second)
				_, _ = io.WriteString(conn, deleted[10:])
			}()
			resp, err := http.ReadResponse(answers, nil)
			require.NoError(t, err)
			assert.Equal(t, http.StatusNoContent, resp.StatusCode, "%v", e.err)
			time.Sleep(time.Minute)
		}
		assert.Len(t, e.events, 3)
	})
}

// The same over TCP: what nobody signed is answered without its body.
func TestFaultWH01UnsignedOverTCP(t *testing.T) {
	e := newEndpoint(t, nil)
	srv := httptest.NewServer(e)
	defer srv.Close()
	for range 100 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		_, err = io.WriteString(conn, head(nil, 1<<20))
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	}
}

// The tries of one event come 5, 25 and 85 minutes after the first; the timestamp may be
// that of the first. Each is accepted with a longer age, and has the digest of the first.
func TestFaultWH02LateTries(t *testing.T) {
	v, err := zoomhook.NewVerifier(token)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		v        *zoomhook.Verifier
		accepted []bool
	}{
		"WH02 by default": {v, []bool{true, false, false, false, false}},
		"WH02 90 minutes": {v.WithMaxAge(90 * time.Minute), []bool{true, true, true, true, false}},
		"WH02 a minute":   {v.WithMaxAge(time.Minute), []bool{true, false, false, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { lateTries(t, tc.v, tc.accepted) })
		})
	}
	assert.Empty(t, zoomhook.Digest(t.Context()))
}

func lateTries(t *testing.T, v *zoomhook.Verifier, accepted []bool) {
	t.Helper()
	var digests []string
	note := func(ctx context.Context, _ *zoomhook.UserEvent) error {
		digests = append(digests, zoomhook.Digest(ctx))
		return nil
	}
	h, err := zoomhook.NewHandler(v, zoomhook.Handlers{User: note})
	require.NoError(t, err)
	begun := time.Now()
	first := signed(token, deleted, begun)
	count := 0
	for i, minutes := range []int{0, 5, 25, 85, 91} {
		time.Sleep(time.Until(begun.Add(time.Duration(minutes)*time.Minute + time.Second)))
		want := http.StatusUnauthorized
		if accepted[i] {
			want, count = http.StatusNoContent, count+1
		}
		assert.Equal(t, want, post(h, deleted, first), "after %d minutes", minutes)
	}
	assert.Equal(t, http.StatusNoContent, post(h, deleted, signed(token, deleted, time.Now())), "with a new timestamp")
	assert.Equal(t, http.StatusNoContent, post(h, deleted+" ", signed(token, deleted+" ", time.Now())))
	require.Len(t, digests, count+2)
	for _, digest := range digests[:count+1] {
		assert.Regexp(t, "^[0-9a-f]{64}$", digest)
		assert.Equal(t, digests[0], digest)
	}
	assert.NotEqual(t, digests[0], digests[count+1], "another event")

	ahead := signed(token, deleted, time.Now().Add(5*time.Minute+time.Second))
	assert.Equal(t, http.StatusUnauthorized, post(h, deleted, ahead), "the future stays limited")
}

func post(h http.Handler, body string, headers http.Header) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, &http.Request{Method: http.MethodPost, Header: headers, Body: io.NopCloser(strings.NewReader(body))})
	return w.Code
}
