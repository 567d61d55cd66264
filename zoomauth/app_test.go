package zoomauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func TestAppsRegion(t *testing.T) {
	apps := zoomauth.Apps{
		{Region: zoomauth.RegionNA, ClientID: "na"}, {Region: zoomauth.RegionEU, ClientID: "eu"}, {Region: "elsewhere", ClientID: "else"},
	}
	for region, id := range map[zoomauth.Region]string{zoomauth.RegionNA: "na", zoomauth.RegionEU: "eu", "elsewhere": "else"} {
		app, err := apps.Region(region)
		require.NoError(t, err)
		assert.Equal(t, id, app.ClientID)
	}
	for _, region := range []zoomauth.Region{zoomauth.RegionAPAC, "", "eu", "EU ", "<script>"} {
		app, err := apps.Region(region)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
		assert.Contains(t, err.Error(), "region: want one of EU, NA, elsewhere")
		assert.NotContains(t, err.Error(), "script")
		assert.Empty(t, app.ClientID)
	}
	_, err := zoomauth.Apps(nil).Region(zoomauth.RegionEU)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	assert.ErrorContains(t, err, "region: there are no apps")
}

// What an app lacks is said before anything is sent, by name.
func TestAppChecks(t *testing.T) {
	srv := zoomtest.NewServer()
	for name, c := range map[string]struct {
		change func(*zoomauth.App)
		says   string
	}{
		"no client id":             {func(a *zoomauth.App) { a.ClientID = "" }, "client id: is empty"},
		"blank client id":          {func(a *zoomauth.App) { a.ClientID = " \t" }, "client id: is empty"},
		"client id with a line":    {func(a *zoomauth.App) { a.ClientID += "\n" }, "client id, client secret: want no blanks"},
		"secret with a blank":      {func(a *zoomauth.App) { a.ClientSecret = " " + a.ClientSecret }, "client id, client secret: want no blanks"},
		"authorize http":           {func(a *zoomauth.App) { a.Endpoints.Authorize = "http://zoom.us/oauth/authorize" }, "authorize endpoint: want https"},
		"authorize with a query":   {func(a *zoomauth.App) { a.Endpoints.Authorize = "https://zoom.us/oauth/authorize?state=x" }, "authorize endpoint: want no user, query"},
		"authorize a script":       {func(a *zoomauth.App) { a.Endpoints.Authorize = "javascript:alert(1)" }, "authorize endpoint: want an absolute URL"},
		"token http":               {func(a *zoomauth.App) { a.Endpoints.Token = "http://zoom.us/oauth/token" }, "token endpoint: want https"},
		"token with a user":        {func(a *zoomauth.App) { a.Endpoints.Token = "https://u:p@zoom.us/oauth/token" }, "token endpoint: want no user"},
		"revoke relative":          {func(a *zoomauth.App) { a.Endpoints.Revoke = "/oauth/revoke" }, "revoke endpoint: want an absolute URL"},
		"device with a fragment":   {func(a *zoomauth.App) { a.Endpoints.Device = "https://zoom.us/oauth/devicecode#x" }, "device endpoint: want no user, query or fragment"},
		"no redirect URL":          {func(a *zoomauth.App) { a.RedirectURL = "" }, "redirect URL: want an absolute URL"},
		"redirect without a host":  {func(a *zoomauth.App) { a.RedirectURL = "https://:443/callback" }, "redirect URL: want an absolute URL"},
		"redirect with a user":     {func(a *zoomauth.App) { a.RedirectURL = "https://u@vendor.example/" }, "redirect URL: want an absolute URL"},
		"redirect with a fragment": {func(a *zoomauth.App) { a.RedirectURL = "https://vendor.example/#x" }, "redirect URL: want an absolute URL"},
		"redirect, empty fragment": {func(a *zoomauth.App) { a.RedirectURL = "https://vendor.example/#" }, "redirect URL: want an absolute URL"},
		"redirect with a line":     {func(a *zoomauth.App) { a.RedirectURL = "https://vendor.example/\r\nx" }, "redirect URL: want an absolute URL"},
		"redirect http":            {func(a *zoomauth.App) { a.RedirectURL = "http://vendor.example/" }, "redirect URL: want https"},
		"redirect localhost":       {func(a *zoomauth.App) { a.RedirectURL = "http://localhost:8477/" }, "redirect URL: want https"},
		"redirect IPv4 in IPv6":    {func(a *zoomauth.App) { a.RedirectURL = "http://[::ffff:127.0.0.1]:8477/" }, "redirect URL: want https"},
		"redirect with a zone":     {func(a *zoomauth.App) { a.RedirectURL = "http://[::1%25lo]:8477/" }, "redirect URL: want https"},
	} {
		t.Run(name, func(t *testing.T) {
			app := appOf(srv)
			c.change(&app)
			link, login, err := app.AuthCodeURL()
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), srv.ClientSecret())
			assert.Empty(t, link)
			assert.Nil(t, login)
		})
	}
	assert.Empty(t, srv.Requests())
}

func TestAppHidesItself(t *testing.T) {
	app := appOf(zoomtest.NewServer())
	for _, v := range []any{app, &app, zoomauth.Apps{app}, zoomauth.HandlerOptions{Apps: zoomauth.Apps{app}}.Apps} {
		for _, text := range prints(t, v) {
			assert.NotContains(t, text, app.ClientSecret)
			assert.True(t, strings.Contains(text, redact.Mark) || strings.Contains(text, "5b"), text)
		}
	}
}

// hosts are where the requests of a spy went.
func hosts(wire *spy) []string {
	var all []string
	for _, r := range wire.seen {
		all = append(all, r.url.Host+r.url.Path)
	}
	return all
}

func TestZoomGov(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
	app := appOf(srv)
	app.Endpoints = zoomauth.ZoomGov()
	link, login, err := app.AuthCodeURL()
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(link, "https://zoomgov.com/oauth/authorize?"))

	wire := &spy{next: anyHost{srv.RoundTripper()}}
	app.HTTPClient = &http.Client{Transport: wire}
	token, err := app.Exchange(t.Context(), login, allow(t, srv, link))
	require.NoError(t, err)
	store := &zoomauth.MemoryStore{}
	require.NoError(t, zoomauth.Keep(t.Context(), store, token))
	client, err := app.Client(sourceOf(t, app, store, nil))
	require.NoError(t, err)
	_, err = client.Users.Get(t.Context(), "me")
	require.NoError(t, err)
	require.NoError(t, app.Revoke(t.Context(), token))
	assert.Equal(t, []string{"zoomgov.com/oauth/token", "api.zoomgov.com/v2/users/me", "zoomgov.com/oauth/revoke"}, hosts(wire))
	assert.Equal(t, "https://zoomgov.com/oauth/devicecode", app.Endpoints.Device)
}

// anyHost brings requests to the fake, whose host is that of zoom.us.
type anyHost struct{ next http.RoundTripper }

func (h anyHost) RoundTrip(r *http.Request) (*http.Response, error) {
	again := r.Clone(r.Context())
	again.URL.Host = strings.Replace(r.URL.Host, "zoomgov.com", "zoom.us", 1)
	again.Host = again.URL.Host
	return h.next.RoundTrip(again)
}

// An endpoint that is not set is Zoom's; a base URL among the options wins.
func TestAppClientBaseURL(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(5, 1))
	for name, c := range map[string]struct {
		api  string
		opts []zoom.Option
		host string
	}{
		"none":   {"", nil, "api.zoom.us"},
		"app's":  {"https://api.zoomgov.com/v2", nil, "api.zoomgov.com"},
		"option": {"https://api.zoomgov.com/v2", []zoom.Option{zoom.WithBaseURL("https://api.zoom.us/v2")}, "api.zoom.us"},
	} {
		wire := &spy{next: anyHost{srv.RoundTripper()}}
		app := appOf(srv)
		app.Endpoints.API = c.api
		client, err := app.Client(srv.TokenSource(), append(c.opts, zoom.WithHTTPClient(&http.Client{Transport: wire}))...)
		require.NoError(t, err, name)
		_, err = client.Users.Get(t.Context(), "nobody")
		require.ErrorIs(t, err, zoom.ErrNotFound, name)
		assert.Contains(t, hosts(wire), c.host+"/v2/users/nobody", name)
	}
	app := appOf(srv)
	app.Endpoints.API = "http://api.zoom.us/v2"
	_, err := app.Client(srv.TokenSource())
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = app.Client(nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
}
