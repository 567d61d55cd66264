package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// What a refresh does not say is as it was (RFC 6749, section 6).
func TestFaultAU36WhatARefreshDoesNotSay(t *testing.T) {
	const granted = `"scope":"user:read:admin report:read:admin","api_url":"https://api-eu.zoom.us"`
	was, at := []string{"user:read:admin", "report:read:admin"}, "https://api-eu.zoom.us"
	for _, c := range []struct {
		name, members string
		scopes        []string
		url           string
	}{
		{"AU36 nothing", `"x":1`, was, at},
		{"AU36 an empty scope", `"scope":"","api_url":""`, was, at},
		{"AU36 a blank scope", `"scope":"  "`, was, at},
		{"AU36 null", `"scope":null,"api_url":null`, was, at},
		{"AU36 not a text", `"scope":["a"],"api_url":{}`, was, at},
		{"AU36 line breaks", `"scope":"a\nb","api_url":"https://x\r\n"`, was, at},
		{"AU36 fewer", `"scope":"user:read:admin"`, was[:1], at},
		{"AU36 others", `"scope":"a b c","api_url":"https://api-us.zoom.us"`, []string{"a", "b", "c"}, "https://api-us.zoom.us"},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{
				{body: `{"access_token":"access-canary-2","refresh_token":"refresh-canary-2",` + granted + `}`},
				{body: `{"access_token":"access-canary-3","refresh_token":"refresh-canary-3",` + c.members + `}`},
			}}
			src := sourceOf(t, w.app(), holding(t, w.app(), 0), nil)
			accessOf(t, src)
			src.Rejected(t.Context(), "access-canary-2")
			token, err := src.Installation(t.Context())
			require.NoError(t, err)
			assert.Equal(t, c.scopes, token.Scopes)
			assert.Equal(t, c.url, token.APIURL)
			client, err := w.app().Client(src)
			require.NoError(t, err)
			if len(c.scopes) == 2 {
				require.NoError(t, client.Preflight(t.Context(), zoom.TaskRoster), "asks nobody")
			}
		}))
	}
}

// A hook is given the very error that the caller is given.
func TestFaultAU42TheHookAndTheCaller(t *testing.T) {
	t.Run("AU42 Reauthorize", inBubble(func(t *testing.T) {
		refused := invalidGrant
		refused.header = http.Header{"X-Zm-Trackingid": {"WEB_0123456789abcdef0123456789abcdef"}}
		w := &wire{answers: []wireAnswer{refused}}
		var told error
		src := sourceOf(t, w.app(), holding(t, w.app(), 0), &zoomauth.SourceOptions{Reauthorize: func(_ context.Context, err error) { told = err }})
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Equal(t, err, told)
		e, ok := errors.AsType[*zoom.Error](told)
		require.True(t, ok)
		assert.Equal(t, "auth.refresh", e.Op)
		assert.Equal(t, "WEB_0123456789abcdef0123456789abcdef", e.TrackingID)
		assertSilent(t, told, "redacted")
	}))
	t.Run("AU42 StoreFailed", inBubble(func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		store.on(failing(-1))
		var told error
		src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{StoreFailed: func(_ context.Context, err error) { told = err }})
		accessOf(t, src)
		err := src.Close()
		require.ErrorIs(t, err, zoomauth.ErrStore)
		require.ErrorIs(t, told, errDisk)
		assert.Equal(t, err.Error(), told.Error())
		assertSilent(t, told, "redacted")
	}))
}

// A person authorises again with more scopes: the same client knows at once.
func TestFaultAU43MoreScopes(t *testing.T) {
	const few, more = "user:read:admin", "user:read:admin user:write:admin"
	authorizeWith := func(t *testing.T, w *wire, n int, scope string) *zoomauth.Token {
		t.Helper()
		w.answers = []wireAnswer{{body: fmt.Sprintf(`{"access_token":"access-canary-%d","refresh_token":"refresh-canary-%d","expires_in":3600,"scope":%q}`, n, n, scope)}}
		app := w.app()
		app.RedirectURL = redirectURL
		link, login, err := app.AuthCodeURL()
		require.NoError(t, err)
		u, err := url.Parse(link)
		require.NoError(t, err)
		token, err := app.Exchange(t.Context(), login, url.Values{"code": {"c"}, "state": {u.Query().Get("state")}})
		require.NoError(t, err)
		return token
	}
	stores := map[string]func(t *testing.T) (store, other zoomauth.TokenStore){
		"AU43 Keep, memory": func(*testing.T) (store, other zoomauth.TokenStore) {
			m := &zoomauth.MemoryStore{}
			return m, m
		},
		"AU43 Keep, file": func(t *testing.T) (store, other zoomauth.TokenStore) {
			f, _ := savedFile(t, (&wire{}).app())
			return f, f
		},
		"AU43 Reload": func(*testing.T) (store, other zoomauth.TokenStore) {
			m := &zoomauth.MemoryStore{}
			return struct{ plain }{plain{m}}, m // as another process has it
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			store, other := open(t)
			require.NoError(t, zoomauth.Keep(t.Context(), store, authorizeWith(t, w, 1, few)))
			src := sourceOf(t, w.app(), store, nil)
			client, err := w.app().Client(src)
			require.NoError(t, err)
			require.ErrorIs(t, client.Preflight(t.Context(), zoom.TaskLicenses, zoom.TaskReclaim), zoom.ErrScope)
			again := authorizeWith(t, w, 2, more+" meeting:read:admin")
			sent := len(w.requests())
			require.NoError(t, zoomauth.Keep(t.Context(), other, again))
			if name == "AU43 Reload" {
				require.ErrorIs(t, client.Preflight(t.Context(), zoom.TaskReclaim), zoom.ErrScope, "nobody told it")
				require.NoError(t, src.Reload(t.Context()))
			}
			require.NoError(t, client.Preflight(t.Context(), zoom.TaskReclaim))
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			assert.Len(t, w.requests(), sent, "nothing is refreshed for it")
		})
	}
	t.Run("AU43 while it is refreshed", inBubble(func(t *testing.T) {
		slow := brings("access-canary-2", "refresh-canary-2")
		slow.delay = 5 * time.Second
		w := &wire{answers: []wireAnswer{slow}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		go func() { _, _ = src.Token(t.Context()) }()
		synctest.Wait()
		anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.NoError(t, zoomauth.Keep(t.Context(), store, anew), "after the refresh")
		time.Sleep(time.Minute)
		assert.Equal(t, "access-canary-anew", accessOf(t, src))
		assertStored(t, store, "refresh-canary-anew", false)
	}))
	t.Run("AU43 Reload of a store that is empty, foreign or down", inBubble(func(t *testing.T) {
		w := &wire{}
		store := holding(t, w.app(), time.Hour)
		src := sourceOf(t, w.app(), store, nil)
		accessOf(t, src)
		store.on(func(context.Context, string, *zoomauth.Token) error { return errDisk })
		require.ErrorIs(t, src.Reload(t.Context()), zoomauth.ErrStore)
		assert.Equal(t, "access-canary-1", accessOf(t, src), "it goes on with what it has")
		store.on(nil)
		require.NoError(t, store.Delete(t.Context()))
		require.NoError(t, src.Reload(t.Context()))
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
		foreign, err := zoomauth.App{ClientID: "someone-else"}.NewToken("a", "b", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.NoError(t, zoomauth.Keep(t.Context(), store, foreign))
		_, err = src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrAccountMismatch)
		require.ErrorIs(t, src.Reload(nil), zoom.ErrInvalidArgument) //nolint:staticcheck // a mistake of the caller's
		require.ErrorIs(t, (*zoomauth.Source)(nil).Reload(t.Context()), zoom.ErrInvalidArgument)
	}))
}

// The hooks that are called once for each refresh token, of many sources over one store.
func TestFaultST02HooksOnceForAStore(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		name := map[bool]string{false: "one after the other", true: "at once"}[atOnce]
		t.Run("ST02 Reauthorize, "+name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{invalidGrant}}
			store := holding(t, w.app(), 0)
			var mu sync.Mutex
			told := 0
			opts := &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) {
				mu.Lock()
				defer mu.Unlock()
				told++
			}}
			ask := func() {
				src := sourceOf(t, w.app(), store, opts)
				for range 2 {
					_, err := src.Token(t.Context())
					assert.ErrorIs(t, err, zoom.ErrReauthorize)
				}
			}
			inTurns(5, atOnce, ask)
			assert.Equal(t, 1, told)
			assert.Len(t, w.sent(t), 1, "nor is it sent by each")
			assert.True(t, store.inStore(t).Refused)
			anew, err := w.app().NewToken("", "refresh-canary-9", time.Time{})
			require.NoError(t, err)
			require.NoError(t, zoomauth.Keep(t.Context(), store, anew))
			inTurns(5, atOnce, ask)
			assert.Equal(t, 2, told, "once more for another one")
		}))
		t.Run("ST02 Expiring, "+name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{body: `{"access_token":"access-canary-2"}`}, brings("access-canary-3", "refresh-canary-3")}}
			store := holding(t, w.app(), 0)
			var mu sync.Mutex
			told := 0
			time.Sleep(80 * day)
			inTurns(5, atOnce, func() {
				src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Expiring: func(context.Context, time.Time) {
					mu.Lock()
					defer mu.Unlock()
					told++
				}})
				for range 2 {
					_, err := src.Token(t.Context())
					assert.NoError(t, err)
				}
			})
			synctest.Wait()
			assert.Equal(t, 1, told)
			assert.True(t, store.inStore(t).Warned)
			time.Sleep(time.Hour)
			accessOf(t, sourceOf(t, w.app(), store, nil))
			assert.False(t, store.inStore(t).Warned, "of a new one nobody has been told")
		}))
	}
	t.Run("ST02 a store that cannot be written", inBubble(func(t *testing.T) {
		w := &wire{answers: []wireAnswer{invalidGrant}}
		store := holding(t, w.app(), 0)
		store.on(failing(-1))
		told := 0
		for range 3 {
			src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { told++ }})
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrReauthorize)
		}
		assert.Equal(t, 3, told, "better thrice than never")
	}))
}

func inTurns(n int, atOnce bool, do func()) {
	var group sync.WaitGroup
	for range n {
		group.Go(do)
		if !atOnce {
			group.Wait()
		}
	}
	group.Wait()
}

// An API that refuses every token: the grant is not rotated for each call, and the store
// is looked at for what another process has.
func TestFaultRL29TheGrantIsNotRotatedForEachCall(t *testing.T) {
	t.Run("RL29 refused for ever", inBubble(func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		srv.Inject(zoomtest.Unauthorized().On("GET", "/users/{userId}").Repeat(-1))
		src := sourceOf(t, app, store, nil)
		clients := []*zoom.Client{clientOf(t, srv, src), clientOf(t, srv, src)}
		calls := srv.TokenCalls()
		for n := range 100 {
			_, err := clients[n%2].Users.Get(t.Context(), "me")
			require.ErrorIs(t, err, zoom.ErrUnauthorized)
		}
		assert.Equal(t, calls+1, srv.TokenCalls())
		for begin := time.Now(); time.Since(begin) < 5*time.Minute; time.Sleep(time.Second) {
			_, err := clients[0].Users.Get(t.Context(), "me")
			require.ErrorIs(t, err, zoom.ErrUnauthorized)
		}
		assert.LessOrEqual(t, srv.TokenCalls(), calls+1+10)
	}))
	t.Run("RL29 another process has replaced it", inBubble(func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{SingleToken: true}))
		app := appOf(srv)
		store := installed(t, srv, app)
		here, there := sourceOf(t, app, store, nil), sourceOf(t, app, plain{store}, nil)
		c := clientOf(t, srv, here)
		for range 5 { // kills the token of the other, again and again, within half a minute
			here.Rejected(t.Context(), accessOf(t, here))
			accessOf(t, here)
			anew := authorize(t, srv, app)
			require.NoError(t, store.Save(t.Context(), anew))
			_, err := c.Users.Get(t.Context(), "me")
			require.NoError(t, err, "what is in the store is found at once")
		}
		accessOf(t, there)
	}))
}

// A store that hangs in spite of its context does not take the client along.
func TestFaultIN19AStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2")}}
		store := holding(t, w.app(), 0)
		release := make(chan struct{})
		store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
			if call == "load" {
				<-release
			}
			return nil
		})
		src, err := w.app().TokenSource(store, nil)
		require.NoError(t, err)
		c, err := w.app().Client(src)
		require.NoError(t, err)
		for range 30 {
			begin := time.Now()
			_, err := c.Users.Get(t.Context(), "me")
			require.Error(t, err)
			require.NotErrorIs(t, err, zoom.ErrReauthorize)
			assert.LessOrEqual(t, time.Since(begin), 30*time.Second)
		}
		begin := time.Now()
		require.NoError(t, c.Close())
		assert.LessOrEqual(t, time.Since(begin), 30*time.Second)
		require.NoError(t, src.Close())
		assert.LessOrEqual(t, time.Since(begin), 10*time.Minute)
		assert.Empty(t, w.requests())
		close(release)
	})
}

// The requests of an app to the OAuth endpoints, as its Trace and that of a client see
// them.
func TestTraceOfTheOAuthEndpoints(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
	app := appOf(srv)
	var mu sync.Mutex
	var seen, seenByClient []string
	note := func(list *[]string) *zoom.Trace {
		return &zoom.Trace{
			Attempt: func(_ context.Context, a zoom.AttemptInfo) {
				mu.Lock()
				defer mu.Unlock()
				*list = append(*list, fmt.Sprint(a.Call.Op, " ", a.Call.Method, " ", a.Call.Path, " ", a.StatusCode))
			},
			Token: func(_ context.Context, i zoom.TokenInfo) {
				mu.Lock()
				defer mu.Unlock()
				*list = append(*list, fmt.Sprint("token: ", i.Err == nil))
			},
		}
	}
	app.Trace = note(&seen)
	store := installed(t, srv, app)
	src := sourceOf(t, app, store, nil)
	client, err := app.Client(src, zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}), zoom.WithTrace(note(&seenByClient)))
	require.NoError(t, err)
	_, err = client.Users.Get(t.Context(), "me")
	require.NoError(t, err)
	src.Rejected(t.Context(), accessOf(t, src))
	_, err = client.Users.Get(t.Context(), "me")
	require.NoError(t, err)
	require.NoError(t, src.Disconnect(t.Context()))
	assert.Equal(t, []string{
		"auth.exchange POST /oauth/token 200", "token: true", "token POST /oauth/token 200", "token: true", "auth.revoke POST /oauth/revoke 200",
	}, seen)
	assert.Equal(t, []string{
		"token: true", "users.get GET /users/{userId} 200", "token POST /oauth/token 200", "token: true", "users.get GET /users/{userId} 200",
	}, seenByClient)
}
