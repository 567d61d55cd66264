package zoomhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomhook"
)

const (
	token    = "s3cr3t-Token-0f-the-App"
	oldToken = "0ld-s3cr3t-Token-0f-it"
)

// sum is what Zoom writes, computed without the package.
func sum(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// signed returns the headers of a delivery.
func signed(key, body string, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return headers("v0="+sum(key, "v0:"+stamp+":"+body), stamp)
}

func headers(signature, stamp string) http.Header {
	return http.Header{"X-Zm-Signature": {signature}, "X-Zm-Request-Timestamp": {stamp}}
}

// endpoint is a handler that notes what it was given.
type endpoint struct {
	http.Handler
	mu     sync.Mutex
	events []any
	status int
	err    error // of the last failure
}

// newEndpoint serves the events that answer returns nil for.
func newEndpoint(t testing.TB, answer func(ctx context.Context, event any) error) *endpoint {
	t.Helper()
	v, err := zoomhook.NewVerifier(token, oldToken)
	require.NoError(t, err)
	e := &endpoint{}
	note := func(ctx context.Context, event any) error {
		e.mu.Lock()
		e.events = append(e.events, event)
		e.mu.Unlock()
		if answer == nil {
			return nil
		}
		return answer(ctx, event)
	}
	e.Handler, err = zoomhook.NewHandler(v, zoomhook.Handlers{
		AppDeauthorized: func(ctx context.Context, ev *zoomhook.AppDeauthorized) error { return note(ctx, ev) },
		User:            func(ctx context.Context, ev *zoomhook.UserEvent) error { return note(ctx, ev) },
		Other:           func(ctx context.Context, ev *zoomhook.Event) error { return note(ctx, ev) },
		Failed: func(_ context.Context, status int, err error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.status, e.err = status, err
		},
	})
	require.NoError(t, err)
	return e
}

// post delivers a body with headers of any kind.
func (e *endpoint) post(body string, h http.Header) *httptest.ResponseRecorder {
	return e.do(http.MethodPost, strings.NewReader(body), h)
}

// deliver delivers a body as Zoom does.
func (e *endpoint) deliver(body string) *httptest.ResponseRecorder {
	return e.post(body, signed(token, body, time.Now()))
}

func (e *endpoint) do(method string, body io.Reader, h http.Header) *httptest.ResponseRecorder {
	r := &http.Request{Method: method, Header: h, Body: io.NopCloser(body)}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}
