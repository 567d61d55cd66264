package zoomauth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

func TestNewHandlerChecks(t *testing.T) {
	app := zoomauth.App{ClientID: "id", ClientSecret: "secret", RedirectURL: redirectURL}
	store := func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, nil }
	with := func(change func(*zoomauth.App)) zoomauth.HandlerOptions {
		a := app
		change(&a)
		return zoomauth.HandlerOptions{Apps: zoomauth.Apps{a}, Store: store}
	}
	for name, opts := range map[string]zoomauth.HandlerOptions{
		"nothing":          {},
		"no store":         {Apps: zoomauth.Apps{app}},
		"no app":           {Store: store},
		"no client id":     with(func(a *zoomauth.App) { a.ClientID = "" }),
		"no redirect":      with(func(a *zoomauth.App) { a.RedirectURL = "" }),
		"relative":         with(func(a *zoomauth.App) { a.RedirectURL = "/callback" }),
		"http":             with(func(a *zoomauth.App) { a.RedirectURL = "http://vendor.example/callback" }),
		"localhost":        with(func(a *zoomauth.App) { a.RedirectURL = "http://localhost:1/callback" }),
		"user":             with(func(a *zoomauth.App) { a.RedirectURL = "https://u@vendor.example/callback" }),
		"fragment":         with(func(a *zoomauth.App) { a.RedirectURL = "https://vendor.example/callback#x" }),
		"javascript":       with(func(a *zoomauth.App) { a.RedirectURL = "javascript://vendor.example/%0aalert(1)" }),
		"endpoint":         with(func(a *zoomauth.App) { a.Endpoints.Token = "http://zoom.us/oauth/token" }),
		"authorize":        with(func(a *zoomauth.App) { a.Endpoints.Authorize = "https://zoom.us/oauth/authorize?x=y" }),
		"one region twice": {Apps: zoomauth.Apps{app, app}, Store: store},
	} {
		_, err := zoomauth.NewHandler(opts)
		assert.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	_, err := zoomauth.NewHandler(zoomauth.HandlerOptions{Apps: zoomauth.Apps{app}, Store: store})
	require.NoError(t, err)
}

// An error names the one option that is wrong.
func TestErrorsNameTheOption(t *testing.T) {
	app := zoomauth.App{ClientID: "id", RedirectURL: redirectURL}
	_, err := zoomauth.NewHandler(zoomauth.HandlerOptions{Apps: zoomauth.Apps{app}})
	require.EqualError(t, err, "zoom: auth.handler: invalid argument: store: is nil")
	_, err = zoomauth.NewHandler(zoomauth.HandlerOptions{})
	require.EqualError(t, err, "zoom: auth.handler: invalid argument: apps: is empty")
	_, err = zoomauth.Apps{app}.Region("EU")
	require.ErrorContains(t, err, `want one of ""`)
}

// What the caller does to its slice afterwards does not reach the handler.
func TestHandlerCopiesTheApps(t *testing.T) {
	var apps zoomauth.Apps
	s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) { apps = o.Apps })
	apps[0].RedirectURL, apps[0].ClientID = "https://evil.example", "evil"
	assert.NotContains(t, s.visitor().start(""), "evil")
}

// The cookie of a login cannot be both: Secure, and seen by a plain loopback address.
func TestNewHandlerRefusesAMixture(t *testing.T) {
	store := func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return nil, nil }
	at := func(region zoomauth.Region, redirect string) zoomauth.App {
		return zoomauth.App{Region: region, ClientID: "id", RedirectURL: redirect}
	}
	const eu, na, local, local6 = "https://vendor.example/eu", "https://vendor.example/na", "http://127.0.0.1:8080/eu", "http://[::1]:8080/na"
	for _, c := range []struct {
		first, second string
		refused       bool
	}{{eu, na, false}, {local, local6, false}, {eu, local, true}, {local6, na, true}} {
		_, err := zoomauth.NewHandler(zoomauth.HandlerOptions{Store: store, Apps: zoomauth.Apps{at("EU", c.first), at("NA", c.second)}})
		if !c.refused {
			require.NoError(t, err, c)
			continue
		}
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, c)
		assert.ErrorContains(t, err, "app 1: redirect URL: want https for all apps or for none")
	}
}
