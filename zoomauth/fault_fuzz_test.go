package zoomauth_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// assertUsable asserts that a token can stand in a header.
func assertUsable(t *testing.T, token string) {
	t.Helper()
	assert.NotEmpty(t, token)
	assert.Empty(t, strings.Trim(token, "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"))
}

// FuzzGrant has the token endpoint answer anything. The source gives out a usable token
// or an error, and what is stored is the former grant or a whole new one.
func FuzzGrant(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"access-canary-2","token_type":"bearer","refresh_token":"refresh-canary-2","expires_in":3599,"scope":"user:read:admin","api_url":"https://api.zoom.us"}`,
		`{"access_token":"a","refresh_token":"b","expires_in":"3599.5"}`, `{"access_token":"a","expires_in":1e400}`, `{"access_token":"a","expires_in":-0.0}`,
		`{"access_token":"","refresh_token":"b"}`, `{"access_token":"a\r\nX: y","refresh_token":"b"}`, `{"access_token":"a","refresh_token":"b\u0000"}`,
		`{"access_token":"a","refresh_token":"b","refresh_token":"c"}`, `{"access_token":1,"refresh_token":2}`, `{"access_token":true}`, `{"access_token":"\ud800"}`,
		`{"access_token":"` + jwt("acc-other") + `","refresh_token":"b"}`, `{"access_token":"a..b"}`, `{"access_token":"a.bnVsbA.c"}`, `{"access_token":"a.e30.c","scope":"x\ny"}`,
		`{"reason":"Invalid Token!","error":"invalid_grant"}`, `{"code":4735}`, `{"code":"4741","error":["invalid_grant"]}`, `{"error":"invalid_client"}`,
		"", "null", "[]", "{", `"text"`, "<html>refresh-canary-1 " + wireSecret, "\xef\xbb\xbf{}", "\x00", strings.Repeat("[", 20_000), `{"access_token":"a"} {}`,
	} {
		for _, status := range []uint16{200, 400, 503} {
			f.Add(status, body)
		}
	}
	for _, status := range []uint16{0, 100, 204, 206, 302, 304, 401, 403, 404, 408, 425, 429, 500, 599, 600, 999} {
		f.Add(status, `{"access_token":"a","refresh_token":"b"}`)
	}
	f.Fuzz(func(t *testing.T, status uint16, body string) {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{status: int(status % 1000), body: body}}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			tok, err := src.Token(t.Context())
			assert.LessOrEqual(t, len(w.requests()), 4)
			assert.GreaterOrEqual(t, len(w.requests()), 1)
			if err == nil {
				assertUsable(t, tok.AccessToken)
				assert.True(t, tok.Expiry.After(time.Now()))
			} else {
				assert.Nil(t, tok)
				_, isOurs := errors.AsType[*zoom.Error](err)
				assert.True(t, isOurs)
				assert.NotContains(t, err.Error(), wireSecret)
				assert.NotContains(t, err.Error(), "-canary-")
			}
			kept := store.inStore(t)
			access, refresh := texts(t, kept)
			assertUsable(t, refresh)
			assertUsable(t, access)
			if err == nil {
				assert.Equal(t, tok.AccessToken, access, "saved before it is used")
				assert.Equal(t, int64(1), kept.Generation)
			}
			if kept.Generation == 0 {
				assert.Equal(t, "refresh-canary-1", refresh)
			}

			w.answers = []wireAnswer{brings("access-canary-9", "refresh-canary-9")}
			src.Rejected(t.Context(), access)
			switch tok, next := src.Token(t.Context()); {
			case kept.Refused: // or replaced by one that cannot be used
				require.ErrorIs(t, next, zoom.ErrReauthorize)
			default:
				require.NotErrorIs(t, err, zoom.ErrReauthorize)
				require.NoError(t, next, "a good answer mends it")
				assert.Equal(t, "access-canary-9", tok.AccessToken)
				sent := w.sent(t)
				assert.Equal(t, refresh, sent[len(sent)-1])
			}
		})
	})
}

// FuzzDecodeToken: what is taken is whole, and is written and read again as the same.
func FuzzDecodeToken(f *testing.F) {
	w := &wire{}
	token, err := w.app().NewToken(jwt("acc"), "refresh-canary-1", time.Date(2026, 1, 31, 10, 0, 0, 123, time.FixedZone("", 3600)))
	require.NoError(f, err)
	good, err := token.Encode()
	require.NoError(f, err)
	f.Add(good)
	for n := range len(good) / 16 {
		f.Add(good[:n*16])
	}
	for _, text := range []string{
		"", " ", "null", "{}", "[]", "\xef\xbb\xbf" + string(good), string(good) + "x", `{"version":1,"client_id":"c","access_token":"a"}`,
		`{"version":"1","client_id":5,"refresh_token":7,"generation":"9223372036854775807","suspect":1}`, `{"version":2}`, `{"version":-1,"client_id":"c","access_token":"a"}`,
		`{"version":1,"client_id":"\ud800","access_token":"a","scope":" x  y ","expiry":"9999-12-31T23:59:59.999999999-23:59"}`,
		`{"version":1,"client_id":"c","access_token":"a","expiry":"0001-01-01T00:00:00Z","issued":"0000-01-01T00:00:00+23:59"}`,
		`{"version":1,"client_id":"c","access_token":"a","expiry":0}`, `{"version":1,"client_id":"c","access_token":"a b"}`, `{"version":1,"client_id":"c","access_token":"a","x":{}}`,
		`{"version":1,"client_id":"c","access_token":"a","access_token":"b"}`, `{"version":1e3,"client_id":"c"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := zoomauth.DecodeToken(data)
		if err != nil {
			require.ErrorIs(t, err, zoomauth.ErrStore)
			require.NotErrorIs(t, err, zoomauth.ErrNoToken)
			assert.NotContains(t, err.Error(), "-canary-")
			return
		}
		assert.NotEmpty(t, token.ClientID)
		written, err := token.Encode()
		require.NoError(t, err)
		again, err := zoomauth.DecodeToken(written)
		require.NoError(t, err)
		rewritten, err := again.Encode()
		require.NoError(t, err)
		assert.Equal(t, string(written), string(rewritten))
		access, refresh := texts(t, token)
		for _, text := range []string{access, refresh} {
			if text != "" {
				assertUsable(t, text)
			}
		}
		assert.NotEmpty(t, access+refresh)
		assert.True(t, token.Expiry.Equal(again.Expiry) && token.Issued.Equal(again.Issued) && token.RefreshIssued.Equal(again.RefreshIssued))
		assert.Equal(t, token.Scopes, again.Scopes)
	})
}
