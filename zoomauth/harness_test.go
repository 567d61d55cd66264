package zoomauth_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

const redirectURL = "https://vendor.example/zoom/callback"

// appOf is the app of a fake, reached in memory.
func appOf(srv *zoomtest.Server) zoomauth.App {
	app := srv.App(redirectURL)
	app.Region = zoomauth.RegionEU
	return app
}

// authorize is an admin who clicks Allow.
func authorize(t *testing.T, srv *zoomtest.Server, app zoomauth.App) *zoomauth.Token {
	t.Helper()
	link, login, err := app.AuthCodeURL()
	require.NoError(t, err)
	token, err := app.Exchange(t.Context(), login, allow(t, srv, link))
	require.NoError(t, err)
	return token
}

// allow clicks Allow and returns what the browser brings back.
func allow(t *testing.T, srv *zoomtest.Server, link string) url.Values {
	t.Helper()
	back, err := srv.Allow(link)
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)
	return u.Query()
}

// installed is a store with the token of somebody who clicked Allow.
func installed(t *testing.T, srv *zoomtest.Server, app zoomauth.App) *zoomauth.MemoryStore {
	t.Helper()
	store := &zoomauth.MemoryStore{}
	require.NoError(t, zoomauth.Keep(t.Context(), store, authorize(t, srv, app)))
	return store
}

// sourceOf is a source over a store, closed at the end of the test.
func sourceOf(t *testing.T, app zoomauth.App, store zoomauth.TokenStore, opts *zoomauth.SourceOptions) *zoomauth.Source {
	t.Helper()
	src, err := app.TokenSource(store, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = src.Close() })
	return src
}
