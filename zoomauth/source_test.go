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

func TestSourceRefreshesOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		var clients []*zoom.Client
		for range 4 { // each with a source of its own, as processes have
			c, err := app.Client(sourceOf(t, app, store, nil), zoom.WithHTTPClient(&http.Client{Transport: srv.RoundTripper()}), zoom.WithLimiter(zoom.Unlimited()))
			require.NoError(t, err)
			clients = append(clients, c)
		}
		for round := range 5 {
			var group sync.WaitGroup
			for i := range 40 {
				group.Go(func() {
					_, err := clients[i%4].Users.Get(t.Context(), "me")
					assert.NoError(t, err)
				})
			}
			group.Wait()
			synctest.Wait()
			assert.Equal(t, 1+round, srv.TokenCalls(), "one for the code, one for each later round")
			time.Sleep(56 * time.Minute)
		}
	})
}

func TestSourceReplacesARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		first, err := store.Load(t.Context())
		require.NoError(t, err)
		src := sourceOf(t, app, store, nil)
		tok, err := src.Token(t.Context())
		require.NoError(t, err)
		assert.Equal(t, first.OAuth2().AccessToken, tok.AccessToken)
		src.Rejected(t.Context(), tok.AccessToken)
		next, err := src.Token(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, tok.AccessToken, next.AccessToken)
		stored, err := store.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, int64(2), stored.Generation)
		assert.Equal(t, next.AccessToken, stored.OAuth2().AccessToken)
		assert.False(t, stored.Suspect)
	})
}

func TestFaultAU19InvalidGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
		app := appOf(srv)
		store := installed(t, srv, app)
		asked := 0
		src := sourceOf(t, app, store, &zoomauth.SourceOptions{Reauthorize: func(_ context.Context, err error) {
			asked++
			assert.ErrorIs(t, err, zoom.ErrReauthorize)
		}})
		srv.Uninstall()
		time.Sleep(time.Hour)
		for range 3 {
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, zoom.ErrReauthorize)
		}
		assert.Equal(t, 1, asked)
		stored, err := store.Load(t.Context())
		require.NoError(t, err, "never deleted")
		assert.True(t, stored.Suspect)
	})
}

func TestSourceArguments(t *testing.T) {
	w := &wire{}
	app, store := w.app(), &zoomauth.MemoryStore{}
	noSecret := app
	noSecret.ClientSecret = ""
	_, err := app.TokenSource(nil, nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = zoomauth.App{}.TokenSource(store, nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	for _, build := range []func() (*zoomauth.Source, error){
		func() (*zoomauth.Source, error) { return app.ServerToServer("", store, nil) },
		func() (*zoomauth.Source, error) { return noSecret.ServerToServer("a", store, nil) },
		func() (*zoomauth.Source, error) { return app.ServerToServer("a", nil, nil) },
		func() (*zoomauth.Source, error) {
			return app.ServerToServer("a", store, &zoomauth.SourceOptions{AccountID: "b"})
		},
	} {
		_, err := build()
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	}
	src, err := app.TokenSource(store, nil)
	require.NoError(t, err)
	_, err = src.Token(nil) //nolint:staticcheck // a mistake of the caller's
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	for _, none := range []*zoomauth.Source{nil, {}} {
		_, err := none.Token(t.Context())
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
		none.Rejected(t.Context(), "x")
		require.NoError(t, none.Close())
	}
	_, err = app.NewToken("", "", time.Time{})
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = app.NewToken("a b", "", time.Time{})
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = app.NewToken("a", "\r\n", time.Time{})
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	alone, err := app.NewToken("a", "", time.Time{})
	require.NoError(t, err)
	assert.True(t, alone.RefreshExpiry().IsZero())
}
