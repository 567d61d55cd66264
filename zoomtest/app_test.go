package zoomtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

const serviceCallback = "https://service.example/callback"

// service is a handler that keeps tokens by session.
func service(t *testing.T, apps ...zoomauth.App) (*zoomauth.Handler, map[string]*zoomauth.MemoryStore) {
	t.Helper()
	stores := map[string]*zoomauth.MemoryStore{}
	h, err := zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps:    apps,
		Session: func(r *http.Request) (string, error) { return r.Header.Get("Session"), nil },
		Store: func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) {
			stores[l.Session] = &zoomauth.MemoryStore{}
			return stores[l.Session], nil
		},
	})
	require.NoError(t, err)
	return h, stores
}

func signedIn(target, session string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Session", session)
	return r
}

// A service is tested from the button to the first page of the roster.
func TestConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
		app := srv.App(serviceCallback)
		h, stores := service(t, app)
		res, err := srv.Connect(h, signedIn("https://service.example/connect", "acme"))
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, res.StatusCode)
		source, err := app.TokenSource(stores["acme"], nil)
		require.NoError(t, err)
		client, err := app.Client(source)
		require.NoError(t, err)
		users, err := client.Users.Roster(nil).Collect(t.Context())
		require.NoError(t, err)
		assert.Len(t, users, 5)
		require.NoError(t, source.Disconnect(t.Context()))
	})
}

func TestConnectByRegion(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
	na, eu := srv.App(serviceCallback), srv.App("https://eu.service.example/callback")
	na.Region, eu.Region = zoomauth.RegionNA, zoomauth.RegionEU
	h, stores := service(t, na, eu)
	res, err := srv.Connect(h, signedIn("https://eu.service.example/connect?region=EU", "acme"))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, res.StatusCode)
	token, err := stores["acme"].Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, zoomauth.RegionEU, token.Region)
}

func TestConnectFails(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1), zoomtest.WithRedirectURLs(serviceCallback))
	h, stores := service(t, srv.App(serviceCallback))
	res, err := srv.Decline(h, signedIn("https://service.example/connect", "acme"))
	require.NoError(t, err)
	assert.Equal(t, http.StatusForbidden, res.StatusCode)
	_, err = srv.Connect(h, nil)
	require.ErrorContains(t, err, "Start answered with status 403", "nobody is signed in")
	other, _ := service(t, srv.App("https://other.example/callback"))
	_, err = srv.Connect(other, signedIn("https://other.example/connect", "acme"))
	require.ErrorContains(t, err, "Redirect URI mismatch")
	srv.Inject(zoomtest.ServerError(503).On("POST", "/oauth/token"))
	res, err = srv.Connect(h, signedIn("https://service.example/connect", "acme"))
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadGateway, res.StatusCode)
	_, err = stores["acme"].Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrNoToken)
}

// Without a session a request of no service will do.
func TestConnectAnybody(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	store := &zoomauth.MemoryStore{}
	app := srv.App("http://127.0.0.1:8080/callback")
	assert.Empty(t, app.ClientSecret)
	h, err := zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps:  zoomauth.Apps{app},
		Store: func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil },
	})
	require.NoError(t, err)
	res, err := srv.Connect(h, nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, res.StatusCode)
	_, err = store.Load(t.Context())
	require.NoError(t, err)
}

// The same over the network, and a login at a terminal.
func TestAppOverTheNetwork(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1), zoomtest.WithPublicClient())
	defer srv.Close()
	app := srv.App("http://127.0.0.1:0/callback")
	app.HTTPClient, app.Endpoints = nil, srv.Endpoints()
	token, err := app.Login(t.Context(), &zoomauth.LoginOptions{
		Open: func(ctx context.Context, link string) error { return srv.ApproveLogin(ctx, link, true) },
	})
	require.NoError(t, err)
	client, err := app.Client(zoom.StaticToken(token.OAuth2().AccessToken))
	require.NoError(t, err)
	_, err = client.Users.Get(t.Context(), "me")
	require.NoError(t, err)
	_, err = app.Login(t.Context(), &zoomauth.LoginOptions{
		Open: func(ctx context.Context, link string) error { return srv.ApproveLogin(ctx, link, false) },
	})
	require.ErrorIs(t, err, zoom.ErrReauthorize)
	require.ErrorContains(t, srv.ApproveLogin(t.Context(), srv.URL(), true), "does not lead to Zoom")
}
