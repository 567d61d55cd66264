package zoomauth_test

import (
	"context"
	"net/http"
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

// clientOf is a client of a fake.
func clientOf(t *testing.T, srv *zoomtest.Server, src zoom.TokenSource) *zoom.Client {
	t.Helper()
	c, err := appOf(srv).Client(src, zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	return c
}

// invalid_grant in both forms, and somebody else who was faster.
func TestFaultAU19Refused(t *testing.T) {
	older := wireAnswer{status: http.StatusUnauthorized, body: `{"reason":"Invalid Token!","error":"invalid_request"}`}
	for _, c := range []struct {
		name   string
		answer wireAnswer
	}{
		{"invalid_grant", invalidGrant},
		{"the older form", older},
		{"owner gone", wireAnswer{status: 400, body: `{"code":4735,"message":"m"}`}},
		{"revoked", wireAnswer{status: 400, body: `{"code":"4741","message":"m"}`}},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{c.answer}}
			store := holding(t, w.app(), 0)
			asked := 0
			opts := &zoomauth.SourceOptions{Reauthorize: func(_ context.Context, err error) {
				asked++
				assert.ErrorIs(t, err, zoom.ErrReauthorize)
				assertSilent(t, err)
			}}
			src := sourceOf(t, w.app(), store, opts)
			for range 3 {
				_, err := src.Token(t.Context())
				require.ErrorIs(t, err, zoom.ErrReauthorize)
				require.NotErrorIs(t, err, zoomauth.ErrNoToken)
				assertSilent(t, err)
				time.Sleep(time.Hour)
			}
			assert.Len(t, w.sent(t), 1, "a dead token is sent once")
			assert.Equal(t, 1, asked)
			assertStored(t, store, "refresh-canary-1", true)

			anew, err := w.app().NewToken("access-canary-anew", "refresh-canary-anew", time.Now().Add(time.Hour))
			require.NoError(t, err)
			require.NoError(t, zoomauth.Keep(t.Context(), store, anew))
			assert.Equal(t, "access-canary-anew", accessOf(t, src), "somebody has clicked Allow")
			time.Sleep(time.Hour)
			_, err = src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrReauthorize)
			assert.Equal(t, 2, asked, "once for each")
		}))
		t.Run(c.name+", newer in the store", inBubble(func(t *testing.T) {
			w := &wire{}
			store := holding(t, w.app(), 0)
			newer, err := w.app().NewToken("access-canary-2", "refresh-canary-2", time.Now().Add(time.Hour))
			require.NoError(t, err)
			late := c.answer
			late.do = func() { assert.NoError(t, store.Save(t.Context(), newer)) }
			w.answers = []wireAnswer{late}
			src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { assert.Fail(t, "nobody need come") }})
			assert.Equal(t, "access-canary-2", accessOf(t, src))
			assert.Len(t, w.sent(t), 1)
			assertStored(t, store, "refresh-canary-2", false)
		}))
	}
}

// A store that is replaced whenever it is read again ends after three rounds.
func TestFaultAU19AlwaysNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		store := holding(t, w.app(), 0)
		n := int64(0)
		again := invalidGrant
		again.do = func() {
			n++
			next := *store.inStore(t)
			next.Generation = n
			assert.NoError(t, store.MemoryStore.Save(t.Context(), &next))
		}
		w.answers = []wireAnswer{again}
		_, err := sourceOf(t, w.app(), store, nil).Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrStoreChanged)
		require.NotErrorIs(t, err, zoom.ErrReauthorize)
		assert.Len(t, w.sent(t), 3)
		assertStored(t, store, "refresh-canary-1", false)
	})
}

// The app is removed while a service runs: two requests and one refresh, and then a
// person is asked for.
func TestFaultAU23AppRemoved(t *testing.T) {
	for _, older := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{OldGrantError: older}))
			app := appOf(srv)
			w := &wire{next: srv.RoundTripper()}
			app.HTTPClient = &http.Client{Transport: w}
			store := installed(t, srv, app)
			c := clientOf(t, srv, sourceOf(t, app, store, nil))
			_, err := c.Users.Get(t.Context(), "me")
			require.NoError(t, err)
			srv.Uninstall()
			before := len(w.requests())
			srv.ResetRequests()
			for range 3 {
				_, err = c.Users.Get(t.Context(), "me")
				require.ErrorIs(t, err, zoom.ErrReauthorize)
			}
			assert.Len(t, w.requests(), before+1)
			api := 0
			for _, r := range srv.Requests() {
				if r.Route == "/users/{userId}" {
					api++
				}
			}
			assert.Equal(t, 1, api, "without a token nothing is sent")
			stored, err := store.Load(t.Context())
			require.NoError(t, err, "never deleted")
			assert.True(t, stored.Suspect)
			token := authorize(t, srv, app) // clicks Allow again
			require.NoError(t, zoomauth.Keep(t.Context(), store, token))
			_, err = c.Users.Get(t.Context(), "me")
			require.NoError(t, err)
		})
	}
}

// A suspended account is forbidden: one try, no refresh, nobody is asked for.
func TestFaultAU23Suspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		store := installed(t, srv, appOf(srv))
		src := sourceOf(t, appOf(srv), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { assert.Fail(t, "nobody need come") }})
		srv.Inject(zoomtest.Failure(http.StatusForbidden, 200, "No permission.").On("GET", "/users/{userId}").Repeat(-1))
		calls := srv.TokenCalls()
		srv.ResetRequests()
		_, err := clientOf(t, srv, src).Users.Get(t.Context(), "me")
		require.ErrorIs(t, err, zoom.ErrForbidden)
		assert.Len(t, srv.Requests(), 1)
		assert.Equal(t, calls, srv.TokenCalls())

		w := &wire{answers: []wireAnswer{{status: 400, body: `{"code":4717,"message":"app disabled"}`}}}
		kept := holding(t, w.app(), 0)
		_, err = sourceOf(t, w.app(), kept, nil).Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrForbidden)
		assert.Len(t, w.sent(t), 1)
		assertStored(t, kept, "refresh-canary-1", false)
	})
}

// Eight processes with a store in common, where a new token kills the former one.
func TestFaultAU24ServerToServerByStore(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusBadRequest} { // of code 124
		t.Run(http.StatusText(status), inBubble(func(t *testing.T) { serverToServerByStore(t, status) }))
	}
}

func serverToServerByStore(t *testing.T, status int) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{SingleToken: true, TokenErrorStatus: status}))
	srv.Inject(zoomtest.Slow(100*time.Millisecond).On("POST", "/oauth/token").Repeat(-1))
	who, store := srv.Users()[0].ID, &watched{}
	var clients []*zoom.Client
	for range 8 {
		src, err := appOf(srv).ServerToServer(srv.AccountID(), store, nil)
		require.NoError(t, err)
		clients = append(clients, clientOf(t, srv, src))
	}
	round := func() {
		var group sync.WaitGroup
		for i := range 80 {
			group.Go(func() {
				_, err := clients[i%8].Users.Get(t.Context(), who)
				assert.NoError(t, err)
			})
		}
		group.Wait()
	}
	round()
	assert.Equal(t, 1, srv.TokenCalls())
	assert.Equal(t, srv.AccountID(), store.inStore(t).AccountID)
	srv.RevokeTokens() // code 124 for all at once
	round()
	assert.Equal(t, 2, srv.TokenCalls())
	time.Sleep(2 * time.Hour)
	round()
	assert.Equal(t, 3, srv.TokenCalls())
	assert.Equal(t, int64(3), store.inStore(t).Generation)
}

// A token that the store does not take is used by its own process, and the next one
// that asks makes its own: nobody is left without.
func TestFaultAU24NotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1), zoomtest.WithQuirks(zoomtest.Quirks{SingleToken: true}))
		who, store := srv.Users()[0].ID, &watched{}
		store.on(failing(3))
		var told int
		src, err := appOf(srv).ServerToServer(srv.AccountID(), store, reports(t, &told))
		require.NoError(t, err)
		t.Cleanup(func() { _ = src.Close() })
		c := clientOf(t, srv, src)
		for range 20 {
			_, err := c.Users.Get(t.Context(), who)
			require.NoError(t, err)
		}
		assert.Equal(t, 1, srv.TokenCalls())
		assert.Equal(t, 1, told)
		time.Sleep(5 * time.Second)
		assert.Equal(t, accessOf(t, src), store.inStore(t).OAuth2().AccessToken)
		require.NoError(t, src.Close())
	})
}

// A token that tells nothing of its account is that of the account it was asked for.
func TestFaultAU32ServerToServerIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "")}}
		store := &watched{}
		assert.Equal(t, "access-canary-2", accessOf(t, s2sSource(t, w, store)))
		assert.Equal(t, "account-canary-", store.inStore(t).AccountID)
		other, err := w.app().ServerToServer("another", store, nil)
		require.NoError(t, err)
		_, err = other.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrAccountMismatch)
		assert.Len(t, w.requests(), 1)
	})
}
