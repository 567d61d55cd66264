package zoomauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// s2sSource is a server-to-server source over the wire.
func s2sSource(t *testing.T, w *wire, store zoomauth.TokenStore) *zoomauth.Source {
	t.Helper()
	src, err := w.app().ServerToServer("account-canary-", store, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// How often the token endpoint is asked when it fails, of a refresh and of
// server-to-server.
func TestFaultAU11TheEndpointFails(t *testing.T) {
	later := func(seconds string) http.Header { return http.Header{"Retry-After": {seconds}} }
	for _, c := range []struct {
		name         string
		answer       wireAnswer
		is           error
		refresh, s2s int           // requests
		takes        time.Duration // at least, of the refresh
	}{
		{"500", wireAnswer{status: 500}, zoom.ErrServer, 2, 3, time.Second},
		{"503 with Retry-After", wireAnswer{status: 503, header: later("2")}, zoom.ErrServer, 2, 3, time.Second},
		{"408", wireAnswer{status: 408}, zoom.ErrTimeout, 2, 3, time.Second},
		{"no answer", wireAnswer{delay: time.Hour}, zoom.ErrTimeout, 2, 3, 21 * time.Second},
		{"429", wireAnswer{status: 429}, zoom.ErrRateLimited, 3, 3, 200 * time.Millisecond},
		{"429 with Retry-After", wireAnswer{status: 429, header: later("4")}, zoom.ErrRateLimited, 3, 3, 8 * time.Second},
		{"429 with a long Retry-After", wireAnswer{status: 429, header: later("60")}, zoom.ErrRateLimited, 1, 1, 0},
		{"403", wireAnswer{status: 403, body: `{"code":4738,"message":"disabled by admin"}`}, zoom.ErrForbidden, 1, 1, 0},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{c.answer}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			begin := time.Now()
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, c.is)
			assertSilent(t, err)
			assert.Len(t, w.sent(t), c.refresh)
			assert.GreaterOrEqual(t, time.Since(begin), c.takes)
			assert.LessOrEqual(t, time.Since(begin), time.Minute)
			if strings.Contains(c.name, "long") {
				e, ok := errors.AsType[*zoom.Error](err)
				require.True(t, ok)
				assert.Equal(t, begin.Add(time.Minute).Unix(), e.RetryAt.Unix())
			}

			w = &wire{answers: []wireAnswer{c.answer}}
			_, err = s2sSource(t, w, &zoomauth.MemoryStore{}).Token(t.Context())
			require.ErrorIs(t, err, c.is)
			assertSilent(t, err)
			assert.Len(t, w.requests(), c.s2s)
		}))
	}
}

func TestFaultAU11TheOldTokenIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), {status: 429, header: http.Header{"Retry-After": {"60"}}}}}
		src := sourceOf(t, w.app(), holding(t, w.app(), 0), nil)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		time.Sleep(55 * time.Minute)
		first := time.Now()
		for time.Since(first) < 5*time.Minute {
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			time.Sleep(time.Second)
		}
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrRateLimited)
		asked := w.requests()[1:]
		require.Len(t, asked, 11, "every 30 s of five minutes, and once more")
		for i := 1; i < len(asked); i++ {
			assert.Equal(t, 30*time.Second, asked[i].at.Sub(asked[i-1].at))
		}
	})
}

// Whatever the endpoint or what lies before it repeats of the request.
func TestFaultAU18EchoOfTheForm(t *testing.T) {
	echo := fmt.Sprintf("<html>%[1]s refresh-canary-1 grant_type=refresh_token&refresh_token=refresh-canary-1 %[2]s:%[1]s</html>", wireSecret, wireID)
	for _, status := range []int{200, 302, 400, 401, 403, 404, 429, 500, 502, 600} {
		for _, body := range []string{
			echo, `{"reason":"refresh-canary-1 ` + wireSecret + `","error":"refresh-canary-1"}`,
			`{"code":4734,"message":"refresh-canary-1"}`, `{"error":"invalid_grant","error_description":"refresh-canary-1"}`,
		} {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answers: []wireAnswer{{status: status, body: body, header: http.Header{"X-Zm-Trackingid": {"refresh-canary-1"}, "Location": {"https://x.example/" + wireSecret}}}}}
				store := holding(t, w.app(), 0)
				_, err := sourceOf(t, w.app(), store, nil).Token(t.Context())
				require.Error(t, err)
				assertSilent(t, err, "account-canary-")
				token := store.inStore(t)
				_, refresh := texts(t, token)
				assert.Equal(t, "refresh-canary-1", refresh)
				w.answers[0].header.Set("X-Zm-Trackingid", "account-canary-")
				_, err = s2sSource(t, w, &zoomauth.MemoryStore{}).Token(t.Context())
				require.Error(t, err)
				assertSilent(t, err, "account-canary-")
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{err: errors.New("POST /oauth/token HTTP/1.1 Basic " + wireSecret + " refresh_token=refresh-canary-1")}}}
		_, err := sourceOf(t, w.app(), holding(t, w.app(), 0), nil).Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrUnreachable)
		assertSilent(t, err)
	})
}

// Wrong credentials: one try, and the grant is not to blame.
func TestFaultAU20InvalidClient(t *testing.T) {
	for _, body := range []string{
		`{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`, `{"code":4702,"message":"m"}`,
		`{"code":4704,"message":"m"}`, `{"code":"4706","message":"m"}`, `{"error":"unauthorized_client"}`, `{"error":"unsupported_grant_type"}`,
	} {
		for _, status := range []int{400, 401} {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answers: []wireAnswer{{status: status, body: body}}}
				store := holding(t, w.app(), 0)
				_, err := sourceOf(t, w.app(), store, nil).Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrClientCredentials)
				assertSilent(t, err)
				require.NotErrorIs(t, err, zoom.ErrReauthorize)
				assert.Len(t, w.sent(t), 1)
				assertStored(t, store, "refresh-canary-1", false)
				_, err = s2sSource(t, w, &zoomauth.MemoryStore{}).Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrClientCredentials)
				assert.Len(t, w.requests(), 2)
			})
		}
	}
}
