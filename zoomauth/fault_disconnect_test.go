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

// revoked are the tokens that were sent to the revocation endpoint.
func (w *wire) revoked() []string {
	var tokens []string
	for _, r := range w.requests() {
		if r.path == "/oauth/revoke" {
			tokens = append(tokens, r.form.Get("token"))
		}
	}
	return tokens
}

// revokes is Zoom's word that a token was revoked.
var revokes = wireAnswer{body: `{"status":"success"}`}

func TestDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		src := sourceOf(t, app, store, nil)
		stored, err := store.Load(t.Context())
		require.NoError(t, err)
		_, refresh := texts(t, stored)
		time.Sleep(2 * time.Hour) // what Zoom takes is an access token that is good
		require.NoError(t, src.Disconnect(t.Context()))
		assert.False(t, srv.GrantAlive(refresh))
		_, err = store.Load(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
		_, err = src.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
		require.NoError(t, src.Disconnect(t.Context()), "there is nothing left to do")
		require.NoError(t, zoomauth.Keep(t.Context(), store, authorize(t, srv, app)))
		_, err = clientOf(t, srv, src).Users.Get(t.Context(), "me")
		require.NoError(t, err, "somebody has clicked Allow again")
	})
}

func TestFaultAU23Disconnect(t *testing.T) {
	for _, c := range []struct {
		name    string
		life    time.Duration
		answers []wireAnswer
		fails   string // call of the store
		is      error
		revoked []string
		left    bool
	}{
		{"good", time.Hour, []wireAnswer{revokes}, "", nil, []string{"access-canary-1"}, false},
		{"refreshed first", 0, []wireAnswer{brings("access-canary-2", "refresh-canary-2"), revokes}, "", nil, []string{"access-canary-2"}, false},
		{"unknown to Zoom", time.Hour, []wireAnswer{{status: 400, body: `{"code":4741,"message":"m"}`}}, "", nil, []string{"access-canary-1"}, false},
		{"dead already", 0, []wireAnswer{invalidGrant}, "", nil, nil, false},
		{"Zoom fails", time.Hour, []wireAnswer{{status: 503}}, "", zoom.ErrServer, []string{"access-canary-1", "access-canary-1", "access-canary-1"}, true},
		{"Zoom fails at the refresh", 0, []wireAnswer{{status: 503}}, "", zoom.ErrServer, nil, true},
		{"wrong secret", time.Hour, []wireAnswer{{status: 401, body: `{"error":"invalid_client"}`}}, "", zoom.ErrClientCredentials, []string{"access-canary-1"}, true},
		{"no lock", time.Hour, []wireAnswer{revokes}, "lock", zoomauth.ErrStoreUnavailable, nil, true},
		{"not read", time.Hour, []wireAnswer{revokes}, "load", zoomauth.ErrStoreUnavailable, nil, true},
		{"not deleted", time.Hour, []wireAnswer{revokes}, "delete", zoomauth.ErrStoreUnavailable, []string{"access-canary-1"}, true},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: c.answers}
			store := holding(t, w.app(), c.life)
			store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
				if call == c.fails {
					return errDisk
				}
				return nil
			})
			src := sourceOf(t, w.app(), store, nil)
			err := src.Disconnect(t.Context())
			require.ErrorIs(t, err, c.is)
			if err != nil {
				assertSilent(t, err)
			}
			assert.Equal(t, c.revoked, w.revoked())
			_, err = store.MemoryStore.Load(t.Context())
			assert.Equal(t, c.left, err == nil)
			store.on(nil)
			if c.left {
				w.answers = []wireAnswer{{body: `{"access_token":"access-canary-3","refresh_token":"refresh-canary-3","status":"success"}`}}
				require.NoError(t, src.Disconnect(t.Context()), "a second try")
			}
			_, err = src.Token(t.Context())
			require.ErrorIs(t, err, zoomauth.ErrNoToken)
		}))
	}
}

// A token that is not saved yet is the one to revoke, and is not saved afterwards.
func TestFaultAU06DisconnectWhileUnsaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", "refresh-canary-2"), revokes}}
		store := holding(t, w.app(), 0)
		src := sourceOf(t, w.app(), store, nil)
		store.on(failing(-1))
		accessOf(t, src)
		require.NoError(t, src.Disconnect(t.Context()))
		assert.Equal(t, []string{"access-canary-2"}, w.revoked())
		store.on(nil)
		time.Sleep(10 * time.Second)
		_, err := store.Load(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
	})
}

// The same of a token that is the first one in its store.
func TestFaultAU06DisconnectWhileTheFirstIsUnsaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{brings("access-canary-2", ""), revokes}}
		store := &watched{}
		store.on(failing(-1))
		src := s2sSource(t, w, store)
		accessOf(t, src)
		require.NoError(t, src.Disconnect(t.Context()))
		assert.Equal(t, []string{"access-canary-2"}, w.revoked())
		store.on(nil)
		time.Sleep(10 * time.Second)
		_, err := store.Load(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
	})
}

// What was revoked is deleted, also when the caller has gone meanwhile.
func TestFaultAU07CallerCancelsDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{revokes}}
		store := holding(t, w.app(), time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
			if call == "delete" {
				cancel()
			}
			return ctx.Err()
		})
		require.NoError(t, sourceOf(t, w.app(), store, nil).Disconnect(ctx))
		_, err := store.MemoryStore.Load(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
	})
}

// A renewal that is not over yet does not bring back what was revoked.
func TestFaultAU23DisconnectWhileAHookRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{body: `{"access_token":"access-canary-2"}`}, revokes}}
		store := holding(t, w.app(), 4*time.Minute)
		old := *store.inStore(t)
		old.RefreshIssued = time.Now().Add(-80 * day)
		require.NoError(t, store.Save(t.Context(), &old))
		src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Expiring: func(context.Context, time.Time) { time.Sleep(30 * time.Second) }})
		time.Sleep(3 * time.Minute)
		require.NoError(t, src.Disconnect(t.Context()))
		assert.Equal(t, []string{"access-canary-2"}, w.revoked())
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
		time.Sleep(time.Minute)
		_, err = src.Token(t.Context())
		require.ErrorIs(t, err, zoomauth.ErrNoToken)
	})
}

// Close has nothing to save and says so, whatever else is under way.
func TestFaultAU06CloseWhileDisconnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: []wireAnswer{{delay: 2 * time.Second, status: 503}}}
		src := sourceOf(t, w.app(), holding(t, w.app(), time.Hour), nil)
		done := make(chan error)
		go func() { done <- src.Disconnect(t.Context()) }()
		time.Sleep(time.Second)
		require.NoError(t, src.Close())
		require.ErrorIs(t, <-done, zoom.ErrServer)
		assert.Equal(t, "access-canary-1", accessOf(t, src))
		time.Sleep(time.Hour)
		_, err := src.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrClosed)
		w.answers = []wireAnswer{revokes}
		require.NoError(t, src.Disconnect(t.Context()), "with what is there")
		assert.Equal(t, "refresh-canary-1", w.revoked()[len(w.revoked())-1])
	})
}

func TestRevoke(t *testing.T) {
	for _, c := range []struct {
		name            string
		access, refresh string
		life            time.Duration
		answer          wireAnswer
		sent            string
		is              error
		requests        int
	}{
		{"the access token", "access-canary-1", "refresh-canary-1", time.Hour, revokes, "access-canary-1", nil, 1},
		{"the refresh token", "access-canary-1", "refresh-canary-1", 0, revokes, "refresh-canary-1", nil, 1},
		{"all there is", "access-canary-1", "", 0, revokes, "access-canary-1", nil, 1},
		{"AU23 unknown", "access-canary-1", "", time.Hour, invalidGrant, "access-canary-1", zoom.ErrReauthorize, 1},
		{"AU20 wrong secret", "access-canary-1", "", time.Hour, wireAnswer{status: http.StatusUnauthorized, body: `{"error":"invalid_client"}`}, "access-canary-1", zoom.ErrClientCredentials, 1},
		{"AU11 unreachable", "access-canary-1", "", time.Hour, lostAnswer, "access-canary-1", zoom.ErrUnreachable, 3},
		{"AU18 echo", "access-canary-1", "refresh-canary-1", time.Hour, wireAnswer{status: 418, body: "access-canary-1 refresh-canary-1"}, "access-canary-1", zoom.ErrBadResponse, 1},
	} {
		t.Run(c.name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{c.answer}}
			token, err := w.app().NewToken(c.access, c.refresh, time.Now().Add(c.life))
			require.NoError(t, err)
			err = w.app().Revoke(t.Context(), token)
			require.ErrorIs(t, err, c.is)
			if err != nil {
				assertSilent(t, err)
			}
			require.Len(t, w.revoked(), c.requests)
			assert.Equal(t, c.sent, w.revoked()[0])
		}))
	}
	w := &wire{}
	require.ErrorIs(t, w.app().Revoke(t.Context(), nil), zoom.ErrInvalidArgument)
	require.ErrorIs(t, w.app().Revoke(nil, &zoomauth.Token{}), zoom.ErrInvalidArgument) //nolint:staticcheck // a mistake of the caller's
	require.ErrorIs(t, w.app().Revoke(t.Context(), &zoomauth.Token{}), zoom.ErrInvalidArgument)
	var none *zoomauth.Source
	require.ErrorIs(t, none.Disconnect(t.Context()), zoom.ErrInvalidArgument)
	assert.Empty(t, w.requests())
}
