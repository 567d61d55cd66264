package zoomhook_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomhook"
)

const deleted = `{"event":"user.deleted","payload":{"object":{"id":"u"}}}`

func TestChallengeIsAnsweredWithTheTokenThatSigned(t *testing.T) {
	const body = `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`
	for _, key := range []string{token, oldToken} {
		e := newEndpoint(t, nil)
		w := e.post(body, signed(key, body, time.Now()))
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		assert.Equal(t, `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"`+sum(key, "qgg8vlvZRS6UYooatFL8Aw")+`"}`, w.Body.String())
		assert.Empty(t, e.events)
		require.NoError(t, e.err)
	}
}

// Else everybody could have the text of a delivery signed.
func TestChallengeThatIsNotSignedIsNotAnswered(t *testing.T) {
	const body = `{"event":"endpoint.url_validation","payload":{"plainToken":"secret-a"}}`
	for name, h := range map[string]http.Header{
		"no header": {}, "wrong": signed("another", body, time.Now()), "stale": signed(token, body, time.Now().Add(-time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			w := e.post(body, h)
			assert.Equal(t, http.StatusUnauthorized, w.Code)
			assert.Zero(t, w.Body.Len())
			assert.Equal(t, http.StatusUnauthorized, e.status)
		})
	}
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, nil)
		h := signed(token, deleted, time.Now())
		assert.Equal(t, http.StatusNoContent, e.post(deleted, h).Code)
		time.Sleep(5 * time.Minute)
		assert.Equal(t, http.StatusNoContent, e.post(deleted, h).Code, "deliveries come twice")
		time.Sleep(time.Second)
		assert.Equal(t, http.StatusUnauthorized, e.post(deleted, h).Code)
		require.ErrorIs(t, e.err, zoomhook.ErrStale)
		assert.Len(t, e.events, 2)
	})
}

func TestRefusals(t *testing.T) {
	long := `{"event":"x","payload":"` + strings.Repeat("a", 1<<20) + `"}`
	longest := long[:1<<20-2] + `"}`
	for name, tc := range map[string]struct {
		method string
		body   io.Reader
		h      http.Header
		status int
		is     error
	}{
		"GET":                   {http.MethodGet, http.NoBody, http.Header{}, http.StatusMethodNotAllowed, nil},
		"GET, signed":           {http.MethodGet, strings.NewReader(deleted), signed(token, deleted, time.Now()), http.StatusMethodNotAllowed, nil},
		"PUT, signed":           {http.MethodPut, strings.NewReader(deleted), signed(token, deleted, time.Now()), http.StatusMethodNotAllowed, nil},
		"method in lower case":  {"post", strings.NewReader(deleted), signed(token, deleted, time.Now()), http.StatusMethodNotAllowed, nil},
		"no header":             {http.MethodPost, strings.NewReader(deleted), http.Header{}, http.StatusUnauthorized, zoomhook.ErrSignature},
		"no body, no header":    {http.MethodPost, http.NoBody, http.Header{}, http.StatusUnauthorized, zoomhook.ErrSignature},
		"another body":          {http.MethodPost, strings.NewReader(deleted + " "), signed(token, deleted, time.Now()), http.StatusUnauthorized, zoomhook.ErrSignature},
		"a part of the body":    {http.MethodPost, strings.NewReader(deleted[:20]), signed(token, deleted, time.Now()), http.StatusUnauthorized, zoomhook.ErrSignature},
		"stale":                 {http.MethodPost, strings.NewReader(deleted), signed(token, deleted, time.Now().Add(-time.Hour)), http.StatusUnauthorized, zoomhook.ErrStale},
		"ahead":                 {http.MethodPost, strings.NewReader(deleted), signed(token, deleted, time.Now().Add(time.Hour)), http.StatusUnauthorized, zoomhook.ErrStale},
		"a byte over 1 MiB":     {http.MethodPost, strings.NewReader(longest + " "), signed(token, longest+" ", time.Now()), http.StatusRequestEntityTooLarge, nil},
		"far over, not signed":  {http.MethodPost, strings.NewReader(strings.Repeat(long, 9)), http.Header{}, http.StatusUnauthorized, zoomhook.ErrSignature},
		"body that breaks off":  {http.MethodPost, iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(deleted))), signed(token, deleted, time.Now()), http.StatusInternalServerError, iotest.ErrTimeout},
		"signed, and not JSON":  {http.MethodPost, strings.NewReader("secret-a"), signed(token, "secret-a", time.Now()), http.StatusBadRequest, nil},
		"1 MiB, and no failure": {http.MethodPost, strings.NewReader(longest), signed(token, longest, time.Now()), http.StatusNoContent, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			w := e.do(tc.method, tc.body, tc.h)
			assert.Equal(t, tc.status, w.Code)
			assert.Zero(t, w.Body.Len())
			if tc.status == http.StatusNoContent {
				require.NoError(t, e.err)
				return
			}
			assert.Empty(t, e.events)
			assert.Equal(t, tc.status == http.StatusMethodNotAllowed, w.Header().Get("Allow") == http.MethodPost)
			assert.Equal(t, tc.status, e.status)
			require.Error(t, e.err)
			assert.Regexp(t, `^zoomhook: [^:\n][^\n]*$`, e.err.Error())
			assert.Equal(t, 1, strings.Count(e.err.Error(), "zoomhook"))
			if tc.is != nil {
				require.ErrorIs(t, e.err, tc.is)
			}
		})
	}
}

// What a handler says is not for Zoom, and only its plain words are for the log.
func TestHandlerFails(t *testing.T) {
	secrets := canary.New()
	scanner := canary.NewScanner(secrets.List()...)
	var nobody *zoom.User
	for name, tc := range map[string]struct {
		answer func() error
		text   string
		is     error
	}{
		"error":              {func() error { return fmt.Errorf("no row of %s: %w", secrets.Email, io.EOF) }, "zoomhook: a handler failed: no row of [redacted] EOF", io.EOF},
		"letters alone":      {func() error { return errors.New("no user nobodyelse") }, `zoomhook: a handler failed: no user \[redacted\]`, nil},
		"letters of a panic": {func() error { panic("no user nobodyelse") }, `zoomhook: a handler panicked at handler_test\.go:\d+: no user \[redacted\]`, nil},
		"known error":        {func() error { return zoom.ErrNotFound }, "zoomhook: a handler failed: not found", zoom.ErrNotFound},
		"panic":              {func() error { panic("no token " + secrets.AccessToken) }, `zoomhook: a handler panicked at handler_test\.go:\d+: no token \[redacted\]`, nil},
		"nil pointer":        {func() error { return errors.New(nobody.Email) }, `zoomhook: a handler panicked at handler_test\.go:\d+: runtime error: invalid memory address or nil pointer dereference`, nil},
		"abort handler":      {func() error { panic(http.ErrAbortHandler) }, `zoomhook: a handler panicked at handler_test\.go:\d+: net/http: abort Handler`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, func(context.Context, any) error { return tc.answer() })
			w := e.deliver(`{"event":"user.deleted","payload":{"object":{"id":"nobodyelse"}}}`)
			assert.Equal(t, http.StatusInternalServerError, w.Code)
			assert.Zero(t, w.Body.Len())
			assert.Equal(t, http.StatusInternalServerError, e.status)
			if tc.is != nil {
				require.EqualError(t, e.err, tc.text)
				require.ErrorIs(t, e.err, tc.is)
			} else {
				assert.Regexp(t, "^"+tc.text+"$", e.err.Error())
			}
			assert.Empty(t, scanner.Error(name, e.err))
		})
	}
}

func TestHandlersAreOptional(t *testing.T) {
	v, err := zoomhook.NewVerifier(token)
	require.NoError(t, err)
	h, err := zoomhook.NewHandler(v, zoomhook.Handlers{})
	require.NoError(t, err)
	e := &endpoint{Handler: h}
	for body, status := range map[string]int{
		deleted: http.StatusNoContent,
		`{"event":"app_deauthorized","payload":{"account_id":"a"}}`: http.StatusNoContent,
		`{"event":"meeting.ended"}`:                                 http.StatusNoContent,
		`{"event":"user.deleted"}`:                                  http.StatusBadRequest, // is refused in silence
	} {
		assert.Equal(t, status, e.deliver(body).Code, body)
	}
}

func TestContextEndsBeforeZoomHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		e := newEndpoint(t, func(ctx context.Context, _ any) error {
			<-ctx.Done()
			return ctx.Err()
		})
		assert.Equal(t, http.StatusInternalServerError, e.deliver(deleted).Code)
		assert.Equal(t, 2500*time.Millisecond, time.Since(start))
		require.ErrorIs(t, e.err, context.DeadlineExceeded)
	})
}

// The time that a body takes to arrive is Zoom's waiting time too.
func TestContextCountsTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, func(ctx context.Context, _ any) error {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 500*time.Millisecond, time.Until(deadline))
			return nil
		})
		body := io.MultiReader(readerFunc(func([]byte) (int, error) {
			time.Sleep(2 * time.Second)
			return 0, io.EOF
		}), strings.NewReader(deleted))
		assert.Equal(t, http.StatusNoContent, e.do(http.MethodPost, body, signed(token, deleted, time.Now())).Code)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Over a real connection: bodies in chunks, headers in any case, bodies that are cut.
func TestOverTheNetwork(t *testing.T) {
	v, err := zoomhook.NewVerifier(token)
	require.NoError(t, err)
	var calls atomic.Int32
	failed := make(chan int, 1)
	h, err := zoomhook.NewHandler(v, zoomhook.Handlers{
		User:   func(context.Context, *zoomhook.UserEvent) error { calls.Add(1); return nil },
		Failed: func(_ context.Context, status int, _ error) { failed <- status },
	})
	require.NoError(t, err)
	srv := httptest.NewServer(h)
	defer srv.Close()

	head := func(length string) string {
		h := signed(token, deleted, time.Now())
		return "POST / HTTP/1.1\r\nhost: x\r\nx-zm-signature: " + h.Get("X-Zm-Signature") +
			"\r\nX-ZM-REQUEST-TIMESTAMP: " + h.Get("X-Zm-Request-Timestamp") + "\r\n" + length + "\r\n\r\n"
	}
	chunks := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, deleted[:10], len(deleted)-10, deleted[10:])
	for name, tc := range map[string]struct {
		request string
		status  int // 0: none is due
		calls   int32
	}{
		"in one piece": {head(fmt.Sprint("content-length: ", len(deleted))) + deleted, http.StatusNoContent, 1},
		"in chunks":    {head("transfer-encoding: chunked") + chunks, http.StatusNoContent, 1},
		"cut":          {head("content-length: 900") + deleted, 0, 0},
		"cut chunks":   {head("transfer-encoding: chunked") + chunks[:40], 0, 0},
		"endless":      {head("transfer-encoding: chunked") + strings.Repeat("10000\r\n"+strings.Repeat(" ", 1<<16)+"\r\n", 17), http.StatusRequestEntityTooLarge, 0},
		"two headers":  {head("x-zm-signature: v0=0\r\ncontent-length: "+fmt.Sprint(len(deleted))) + deleted, http.StatusUnauthorized, 0},
	} {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, tc.request)
			require.NoError(t, err)
			if tc.status == 0 {
				require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if tc.status != 0 {
				require.NoError(t, err)
				assert.Equal(t, tc.status, resp.StatusCode)
			}
			if tc.status != http.StatusNoContent {
				if status := <-failed; tc.status == 0 {
					assert.Equal(t, http.StatusInternalServerError, status)
				}
			}
			assert.Equal(t, tc.calls, calls.Load())
		})
	}
}
