package zoomauth_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// A service that asks ten times a second without a good token does not do so at Zoom.
func TestFaultAU11TheEndpointIsSpared(t *testing.T) {
	for name, c := range map[string]struct {
		answer wireAnswer
		most   int // requests in five minutes
	}{
		"a moment is named": {wireAnswer{status: 429, header: http.Header{"Retry-After": {"3600"}}}, 1},
		"503":               {wireAnswer{status: 503}, 40},
		"a wrong secret":    {wireAnswer{status: 401, body: `{"error":"invalid_client"}`}, 20},
		"no access token":   {wireAnswer{body: `{"refresh_token":"refresh-canary-1"}`}, 20},
	} {
		t.Run("AU11 "+name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{c.answer}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			for begin := time.Now(); time.Since(begin) < 5*time.Minute; time.Sleep(100 * time.Millisecond) {
				_, err := src.Token(t.Context())
				require.Error(t, err)
			}
			assert.LessOrEqual(t, len(w.requests()), c.most)

			// Somebody authorises again.
			w.answers = []wireAnswer{brings("access-canary-2", "refresh-canary-2")}
			token, err := w.app().NewToken("", "refresh-canary-9", time.Time{})
			require.NoError(t, err)
			require.NoError(t, zoomauth.Keep(t.Context(), store, token))
			assert.Equal(t, "access-canary-2", accessOf(t, src))
		}))
	}
	t.Run("AU11 server to server", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{status: 429, header: http.Header{"Retry-After": {"60"}}}}}
			src := s2sSource(t, w, &zoomauth.MemoryStore{})
			own := zoom.ServerToServer("account", wireID, wireSecret, zoom.TokenHTTPClient(w.app().HTTPClient))
			for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(time.Second) {
				_, err := src.Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrRateLimited)
				_, err = own.Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrRateLimited)
			}
			assert.Len(t, w.requests(), 2)
		})
	})
}
