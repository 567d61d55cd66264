package zoomauth_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// inBubble runs a test on virtual time.
func inBubble(run func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, run) }
}

// The answer is lost after Zoom has replaced the refresh token.
func TestFaultAU04LostAnswerAtZoom(t *testing.T) {
	for name, grace := range map[string]time.Duration{"with a grace": time.Minute, "without": 0} {
		t.Run(name, inBubble(func(t *testing.T) {
			srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{RefreshGrace: grace}))
			app := appOf(srv)
			w := &wire{next: srv.RoundTripper()}
			app.HTTPClient.Transport = w
			access, first := srv.IssueGrant()
			token, err := app.NewToken(access, first, time.Now())
			require.NoError(t, err)
			store := &watched{}
			require.NoError(t, store.Save(t.Context(), token))
			src := sourceOf(t, app, store, nil)
			srv.Inject(zoomtest.LostAnswer().On("POST", "/oauth/token"))

			_, err = src.Token(t.Context())
			asked := w.requests()
			require.Len(t, asked, 2)
			assert.Equal(t, time.Second, asked[1].at.Sub(asked[0].at))
			assert.Equal(t, asked[0].form, asked[1].form)
			_, refresh := texts(t, store.inStore(t))
			if grace > 0 {
				require.NoError(t, err)
				assertStored(t, store, refresh, false)
				assert.Equal(t, int64(1), store.inStore(t).Generation)
				assert.True(t, srv.GrantAlive(refresh))
				return
			}
			require.ErrorIs(t, err, zoom.ErrReauthorize)
			assertSilent(t, err, refresh, srv.ClientSecret())
			assert.Equal(t, asked[0].form.Get("refresh_token"), refresh, "the token is kept")
			assert.True(t, store.inStore(t).Suspect)
			_, err = src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrReauthorize)
			assert.Len(t, w.requests(), 2, "a dead token is not sent again")
		}))
	}
}

func TestFaultAU04Replay(t *testing.T) {
	lost := []struct {
		name   string
		answer wireAnswer
		is     error
	}{
		{"reset", lostAnswer, zoom.ErrUnreachable},
		{"no answer in time", wireAnswer{delay: time.Minute}, zoom.ErrTimeout},
		{"server failure", wireAnswer{status: http.StatusBadGateway, body: "<html>refresh-canary-1"}, zoom.ErrServer},
		{"cut", wireAnswer{body: `{"access_token":"access-canary-9","refresh_token":"refresh-can`}, zoom.ErrBadResponse},
		{"empty", wireAnswer{}, zoom.ErrBadResponse},
		{"a redirect", wireAnswer{status: http.StatusFound, header: http.Header{"Location": {"https://x.example/?refresh-canary-1"}}}, nil},
	}
	for _, c := range lost {
		t.Run(c.name+", then an answer", inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{c.answer, brings("access-canary-2", "refresh-canary-2")}}
			store := holding(t, w.app(), 0)
			src := sourceOf(t, w.app(), store, nil)
			tok, err := src.Token(t.Context())
			if c.is == nil { // nobody acted on it
				require.ErrorIs(t, err, zoom.ErrRedirect)
				assert.Len(t, w.requests(), 1)
				assertStored(t, store, "refresh-canary-1", false)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "access-canary-2", tok.AccessToken)
			assert.Equal(t, []string{"refresh-canary-1", "refresh-canary-1"}, w.sent(t))
			assertStored(t, store, "refresh-canary-2", false)
		}))
		if c.is == nil {
			continue
		}
		t.Run(c.name+", twice", inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{c.answer}}
			store := holding(t, w.app(), 2*time.Minute)
			src := sourceOf(t, w.app(), store, nil)
			for begin := time.Now(); time.Since(begin) < 2*time.Minute; time.Sleep(time.Second) {
				asked := time.Now()
				assert.Equal(t, "access-canary-1", accessOf(t, src), "it is good for a while")
				assert.LessOrEqual(t, time.Since(asked), 3*time.Second)
			}
			time.Sleep(time.Minute)
			n := len(w.requests())
			assert.Equal(t, 2*2, n, "due after a minute, tried again after 30 s")
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, c.is)
			require.NotErrorIs(t, err, zoom.ErrReauthorize)
			assertSilent(t, err)
			assert.Len(t, w.sent(t), n+2)
			assertStored(t, store, "refresh-canary-1", true)
			w.answers = []wireAnswer{brings("access-canary-2", "refresh-canary-2")}
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			assertStored(t, store, "refresh-canary-2", false)
		}))
	}
}

// Somebody else was faster: their token is used, and the spent one is not sent again.
func TestFaultAU04NewerInTheStore(t *testing.T) {
	for _, c := range []struct {
		name string
		life time.Duration
		want string
		sent []string
	}{
		{"fresh", time.Hour, "access-canary-other", []string{"refresh-canary-1"}},
		{"due", 0, "access-canary-2", []string{"refresh-canary-1", "refresh-canary-other"}},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{}
			store := holding(t, w.app(), 0)
			other, err := w.app().NewToken("access-canary-other", "refresh-canary-other", time.Now().Add(c.life))
			require.NoError(t, err)
			w.answers = []wireAnswer{
				{err: errReset, do: func() { assert.NoError(t, store.Save(t.Context(), other)) }},
				brings("access-canary-2", "refresh-canary-2"),
			}
			var asked int
			src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { asked++ }})
			begin := time.Now()
			assert.Equal(t, c.want, accessOf(t, src))
			assert.Equal(t, c.sent, w.sent(t))
			assert.Zero(t, time.Since(begin), "nothing to wait for")
			assert.Zero(t, asked)
		}))
	}
}

// A request that did not arrive is no lost answer. One whose body was read before the dial
// failed may have arrived: it is replayed once, as after any lost answer, and the token marked.
func TestFaultAU04NeverConnected(t *testing.T) {
	for name, read := range map[string]bool{"NW02 body not read": false, "NW20 body read": true} {
		t.Run(name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{err: dialError()}}} // it reads the body
			app := w.app()
			dials := 0
			app.HTTPClient = &http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
				dials++
				if read {
					return w.RoundTrip(req)
				}
				err := dialError()
				reportDial(req, err)
				return nil, err
			})}
			store := holding(t, app, 0)
			src := sourceOf(t, app, store, nil)
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrUnreachable)
			assertSilent(t, err)
			want := 3 // the tries of one call
			if read {
				want = 2
			}
			assert.Equal(t, want, dials)
			assertStored(t, store, "refresh-canary-1", read)
		}))
	}
}

// A lease that ends while the answer is waited for forbids the replay.
func TestFaultAU04LeaseLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{lostAnswer}}
		store := holding(t, w.app(), 0)
		checks := 0
		store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
			if call == "check" {
				if checks++; checks > 1 {
					return errReset
				}
			}
			return nil
		})
		src := sourceOf(t, w.app(), store, nil)
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrUnreachable)
		assert.Len(t, w.sent(t), 1)
		assertStored(t, store, "refresh-canary-1", true)
	})
}

// The mark of doubt is written once.
func TestFaultAU04MarkedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{lostAnswer}}
		store := holding(t, w.app(), 0)
		saves := 0
		store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
			if call == "save" {
				saves++
			}
			return nil
		})
		src := sourceOf(t, w.app(), store, nil)
		for range 3 {
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrUnreachable)
		}
		assertStored(t, store, "refresh-canary-1", true)
		assert.Equal(t, 1, saves)
	})
}

// The same when the answer is of no use: somebody else's token is.
func TestFaultAU15NewerInTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		store := holding(t, w.app(), 0)
		other, err := w.app().NewToken("access-canary-other", "refresh-canary-other", time.Now().Add(time.Hour))
		require.NoError(t, err)
		w.answers = []wireAnswer{{
			body: `{"access_token":"","refresh_token":"refresh-canary-2"}`,
			do:   func() { assert.NoError(t, store.Save(t.Context(), other)) },
		}}
		assert.Equal(t, "access-canary-other", accessOf(t, sourceOf(t, w.app(), store, nil)))
		assertStored(t, store, "refresh-canary-other", false)
		assert.Len(t, w.sent(t), 1)
	})
}
