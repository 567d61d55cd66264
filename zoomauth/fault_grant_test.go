package zoomauth_test

import (
	"context"
	"encoding/base64"
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
	"github.com/seatkit/zoom/zoomtest"
)

// jwt is an access token that tells its account, as Zoom's do.
func jwt(account string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"HS512"}`)) + "." + part(fmt.Appendf(nil, `{"aid":%q}`, account)) + ".access-canary-2"
}

// A good answer with one field that is not: the tokens count.
func TestFaultAU12AFieldIsWrong(t *testing.T) {
	const hour, early = time.Hour, 5 * time.Minute
	for _, c := range []struct {
		name, members string
		renewed       time.Duration // after which it is due
		scopes        int
		apiURL        string
	}{
		{"AU12 expires_in with a fraction", `"expires_in":3599.5`, hour - 500*time.Millisecond - early, 0, ""},
		{"AU12 expires_in as a text", `"expires_in":"1800"`, 30*time.Minute - early, 0, ""},
		{"AU12 expires_in empty", `"expires_in":""`, hour - early, 0, ""},
		{"AU12 expires_in beyond all", `"expires_in":1e400`, hour - early, 0, ""},
		{"AU12 expires_in of a thousand years", `"expires_in":31536000000`, hour - early, 0, ""},
		{"AU12 expires_in negative", `"expires_in":-3600`, hour - early, 0, ""},
		{"AU12 expires_in an object", `"expires_in":{"s":3600}`, hour - early, 0, ""},
		{"AU12 expires_in not a number", `"expires_in":"NaN"`, hour - early, 0, ""},
		{"AU12 expires_in one second", `"expires_in":1`, time.Second, 0, ""},
		{"AU13 expires_in missing", `"x":1`, hour - early, 0, ""},
		{"AU13 expires_in null", `"expires_in":null`, hour - early, 0, ""},
		{"AU13 expires_in 0", `"expires_in":0`, hour - early, 0, ""},
		{"AU12 scope an array", `"scope":["a","b"],"api_url":true`, hour - early, 0, ""},
		{"AU12 scope with breaks", `"scope":"a\nb","api_url":"https://api.zoom.us\r\nX: y"`, hour - early, 0, ""},
		{"AU12 scope beyond all", `"scope":"` + strings.Repeat("a ", 20<<10) + `","api_url":"` + strings.Repeat("a", 4<<10) + `"`, hour - early, 0, ""},
		{"good", `"scope":" a  b ","api_url":"https://api-eu.zoom.us","expires_in":3600`, hour - early, 2, "https://api-eu.zoom.us"},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{
				{body: `{"access_token":"access-canary-2","refresh_token":"refresh-canary-2",` + c.members + `}`},
				brings("access-canary-3", "refresh-canary-3"),
			}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			assertStored(t, store, "refresh-canary-2", false)
			token := store.inStore(t)
			assert.Len(t, token.Scopes, c.scopes)
			assert.Equal(t, c.apiURL, token.APIURL)
			_, err := token.Encode()
			require.NoError(t, err)

			time.Sleep(c.renewed - time.Nanosecond)
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			time.Sleep(time.Nanosecond)
			assert.Equal(t, "access-canary-3", renewed(t, src))
			assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-2"}, w.sent(t))
		}))
	}
}

// An answer without an access token of use: what else it brings is kept, and it is not
// asked for again.
func TestFaultAU15NoAccessToken(t *testing.T) {
	for _, c := range []struct{ name, body, kept string }{
		{"AU15 empty", `{"access_token":"","refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU15 missing", `{"refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU15 behind a mark", "\xef\xbb\xbf" + `{"access_token":"","refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU15 null", `{"access_token":null,"refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU15 an array", `{"access_token":["access-canary-2"],"refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU17 line breaks", `{"access_token":"access-canary-2\r\nX-Evil: 1","refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU17 a blank", `{"access_token":"access-canary-2 ","refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU17 not ASCII", `{"access_token":"access-canary-ü","refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU17 NUL", `{"access_token":"access-canary-\u0000","refresh_token":"refresh-canary-2"}`, "refresh-canary-2"},
		{"AU17 both", `{"access_token":"a\n","refresh_token":"refresh\ncanary-2"}`, "refresh-canary-1"},
		{"AU15 both empty", `{"access_token":"","refresh_token":""}`, "refresh-canary-1"},
		{"AU15 nothing", `{}`, "refresh-canary-1"},
		{"AU15 an array of them", `[{"access_token":"access-canary-2"}]`, "refresh-canary-1"},
		{"AU16 refresh_token twice", `{"access_token":"access-canary-2","refresh_token":"refresh-canary-2","refresh_token":"refresh-canary-3"}`, "refresh-canary-1"},
		{"AU16 access_token twice", `{"access_token":"a","refresh_token":"refresh-canary-2","access_token":"b"}`, "refresh-canary-1"},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{body: c.body}, brings("access-canary-9", "refresh-canary-9")}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrBadResponse)
			require.NotErrorIs(t, err, zoom.ErrReauthorize)
			assertSilent(t, err)
			assert.Len(t, w.sent(t), 1)
			assertStored(t, store, c.kept, c.kept == "refresh-canary-1")

			assert.Equal(t, "access-canary-9", accessOf(t, src))
			assert.Equal(t, []string{"refresh-canary-1", c.kept}, w.sent(t))

			w = &wire{answers: []wireAnswer{{body: c.body}}}
			empty := &watched{}
			_, err = s2sSource(t, w, empty).Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrBadResponse)
			assertSilent(t, err)
			_, err = empty.MemoryStore.Load(t.Context())
			require.ErrorIs(t, err, zoomauth.ErrNoToken)
		}))
	}
}

// A bad answer while the former token is good: nobody notices.
func TestFaultAU15TheOldTokenIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{body: `{"refresh_token":"refresh-canary-2"}`}, brings("access-canary-3", "refresh-canary-3")}}
		store := holding(t, w.app(), time.Minute)
		src := sourceOf(t, w.app(), store, nil)
		time.Sleep(40 * time.Second) // more than half of it
		assert.Equal(t, "access-canary-1", renewed(t, src))
		assertStored(t, store, "refresh-canary-2", false)
		access, _ := texts(t, store.inStore(t))
		assert.Equal(t, "access-canary-1", access)
		time.Sleep(30 * time.Second)
		assert.Equal(t, "access-canary-3", accessOf(t, src))
		assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-2"}, w.sent(t))
	})
}

func TestFaultAU14NoRefreshToken(t *testing.T) {
	for _, body := range []string{
		`{"access_token":"access-canary-2"}`, `{"access_token":"access-canary-2","refresh_token":""}`,
		`{"access_token":"access-canary-2","refresh_token":null}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{body: body}}}
			store := holding(t, w.app(), 0)
			issued := store.inStore(t).RefreshIssued
			src := sourceOf(t, w.app(), store, nil)
			for range 2 {
				time.Sleep(time.Hour)
				assert.Equal(t, "access-canary-2", accessOf(t, src))
			}
			assertStored(t, store, "refresh-canary-1", false)
			assert.True(t, issued.Equal(store.inStore(t).RefreshIssued), "it is as old as it was")
			assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-1"}, w.sent(t))
		})
	}
}

// A refresh token that cannot be used is not a missing one: Zoom has replaced the former
// one, which is not sent again. The access token is used for its time, and a person is
// asked for at once.
func TestFaultAU14UnusableRefreshToken(t *testing.T) {
	for name, value := range map[string]string{
		"an array": `["x"]`, "an empty array": `[]`, "an object": `{"x":"refresh-canary-2"}`, "a flag": `true`,
		"a blank within": `"refresh canary"`, "a blank around": `" refresh-canary-2"`, "blanks alone": `"  "`,
		"a line end": `"refresh-canary-2\r\n"`, "NUL": `"\u0000"`, "not ASCII": `"refresh-canary-ü"`, "half a character": `"\ud800"`,
	} {
		body := `{"access_token":"access-canary-2","expires_in":3600,"refresh_token":` + value + `}`
		t.Run("AU14 "+name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{body: body}}}
			store := holding(t, w.app(), 0)
			var told []error
			opts := &zoomauth.SourceOptions{Reauthorize: func(_ context.Context, err error) { told = append(told, err) }}
			src, other := sourceOf(t, w.app(), store, opts), sourceOf(t, w.app(), store, opts)
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			require.Len(t, told, 1, "at once")
			require.ErrorIs(t, told[0], zoom.ErrReauthorize)
			require.ErrorIs(t, told[0], zoom.ErrBadResponse)
			assertSilent(t, told[0])
			assertStored(t, store, "refresh-canary-1", true)
			assert.True(t, store.inStore(t).Refused)

			time.Sleep(59 * time.Minute)
			assert.Equal(t, "access-canary-2", renewed(t, src), "for its time")
			assert.Equal(t, "access-canary-2", accessOf(t, other))
			time.Sleep(time.Hour)
			for _, src := range []*zoomauth.Source{src, other, sourceOf(t, w.app(), store, opts)} {
				_, err := src.Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrReauthorize)
			}
			assert.Len(t, told, 1)
			assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
		}))
		t.Run("AU14 not saved, "+name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{body: body}}}
			store := holding(t, w.app(), 0)
			fails := failing(-1)
			store.on(func(ctx context.Context, call string, next *zoomauth.Token) error { return fails(ctx, call, next) })
			src := sourceOf(t, w.app(), store, nil)
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			waiting, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := sourceOf(t, w.app(), store, nil).Token(waiting)
			require.Error(t, err, "the lock is kept until the mark is saved")
			store.on(nil)
			time.Sleep(time.Minute)
			assert.Equal(t, "access-canary-2", accessOf(t, sourceOf(t, w.app(), store, nil)))
			assertStored(t, store, "refresh-canary-1", true)
			assert.Equal(t, []string{"refresh-canary-1"}, w.sent(t))
		}))
	}
}

// A server-to-server app has no refresh token to lose.
func TestFaultAU14ServerToServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{body: `{"access_token":"access-canary-2","refresh_token":[]}`}}}
		store := &watched{}
		src := s2sSource(t, w, store)
		for range 2 {
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			time.Sleep(time.Hour)
		}
		assertStored(t, store, "", false)
		assert.Len(t, w.requests(), 2)
	})
}

// The same at the fake, which keeps count of the grant.
func TestFaultAU14KeptAtZoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{KeepRefreshToken: true, ExpiresIn: `"3599.5"`}))
		app := appOf(srv)
		store := installed(t, srv, app)
		src := sourceOf(t, app, store, nil)
		before, err := store.Load(t.Context())
		require.NoError(t, err)
		_, first := texts(t, before)
		calls := srv.TokenCalls()
		for range 3 {
			time.Sleep(time.Hour)
			_, err := src.Token(t.Context())
			require.NoError(t, err)
		}
		after, err := store.Load(t.Context())
		require.NoError(t, err)
		_, last := texts(t, after)
		assert.Equal(t, first, last)
		assert.True(t, srv.GrantAlive(last))
		assert.Equal(t, calls+3, srv.TokenCalls())
	})
}

// The account of a token is known when it comes: one of another is not used.
func TestFaultAU32RefreshedIntoAnotherAccount(t *testing.T) {
	for _, c := range []struct {
		name, account string
		is            error
	}{{"another", "acc-other", zoom.ErrAccountMismatch}, {"the right one", "acc-right", nil}, {"not told", "", nil}} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{brings(jwt(c.account), "refresh-canary-2")}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{AccountID: "acc-right"})
			for range 3 {
				tok, err := src.Token(t.Context())
				require.ErrorIs(t, err, c.is)
				if c.is == nil {
					assert.Equal(t, jwt(c.account), tok.AccessToken)
				} else {
					assert.Nil(t, tok)
					assertSilent(t, err, c.account)
					whole, err := src.Installation(t.Context())
					require.ErrorIs(t, err, c.is)
					assert.Nil(t, whole, "nor under another name")
				}
			}
			assert.Len(t, w.sent(t), 1)
			assertStored(t, store, "refresh-canary-2", false)
			assert.Equal(t, c.account, store.inStore(t).AccountID)
		}))
	}
}

func TestFaultAU32BeforeTheFirstCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{status: http.StatusTeapot}}}
		foreign, err := w.app().NewToken(jwt("acc-other"), "refresh-canary-1", time.Now().Add(time.Hour))
		require.NoError(t, err)
		store := &watched{}
		require.NoError(t, store.Save(t.Context(), foreign))
		stranger := zoomauth.App{ClientID: "someone-else-22", ClientSecret: "x", HTTPClient: w.app().HTTPClient}
		otherS2S, err := w.app().ServerToServer("acc-right", store, nil)
		require.NoError(t, err)
		for name, src := range map[string]*zoomauth.Source{
			"another account":     sourceOf(t, w.app(), store, &zoomauth.SourceOptions{AccountID: "acc-right"}),
			"another account S2S": otherS2S,
			"another app":         sourceOf(t, stranger, store, nil),
		} {
			for range 2 {
				_, err := src.Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrAccountMismatch, name)
				require.NotErrorIs(t, err, zoom.ErrReauthorize, name)
				assertSilent(t, err, "acc-other", "someone-else-22")
			}
			require.ErrorIs(t, src.Disconnect(t.Context()), zoom.ErrAccountMismatch, name)
		}
		assert.Empty(t, w.requests())
		assertStored(t, store, "refresh-canary-1", false)
	})
}
