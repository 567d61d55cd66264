package zoomauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// A Region is one of the production regions of a vendor, each with a Zoom app and a
// callback of its own. It is the vendor's word: Zoom serves every account at the
// same addresses.
type Region string

// The regions that [Apps] expects. Any other name may be used as well.
const (
	RegionNA   Region = "NA"
	RegionAPAC Region = "APAC"
	RegionEU   Region = "EU"
)

// An App is an OAuth app as it was registered in Zoom's Marketplace. Register it
// with the redirect mode "strict", else Zoom takes any address that begins like
// RedirectURL.
//
// An App holds a secret: no print form shows it, but fmt does not ask a struct that
// stands in an unexported field of another one.
type App struct {
	redactor

	Region       Region
	ClientID     string
	ClientSecret string // empty for a public client, which has PKCE alone
	RedirectURL  string // as registered: https, or http on a loopback address for a public client

	// Endpoints are Zoom's unless told otherwise; see [ZoomGov].
	Endpoints Endpoints

	// HTTPClient's Transport carries the calls to the OAuth endpoints, and those of the
	// clients that [App.Client] makes. Without it the former take the transport of the
	// [zoom.Client] that asks for a token, or the default one. A Transport of your own that
	// reads a body before there is a connection makes a failure to connect a lost answer, as
	// with [zoom.WithHTTPClient].
	HTTPClient *http.Client

	// Trace's hooks Attempt and Wait are called for each request to an OAuth endpoint,
	// with the operation "token" for the tokens of a [Source], and Token for each fetch
	// of a Source. They are called when what the request brought is saved. [App.Exchange],
	// [App.Login] and [App.DeviceLogin] call them before they return the token: if one panics,
	// the new grant is revoked.
	Trace *zoom.Trace
}

// Endpoints are the addresses of one of Zoom's clouds. An empty one means that of
// zoom.us. Each must be https, or http on loopback.
type Endpoints struct {
	Authorize string // https://zoom.us/oauth/authorize
	Token     string // https://zoom.us/oauth/token
	Revoke    string // https://zoom.us/oauth/revoke
	Device    string // https://zoom.us/oauth/devicecode
	API       string // https://api.zoom.us/v2, for App.Client
}

// ZoomGov returns the addresses of Zoom for Government: API and OAuth together.
// Only the hosts are confirmed, not the paths.
func ZoomGov() Endpoints {
	e := oauthAt("https://zoomgov.com")
	e.API = "https://api.zoomgov.com/v2"
	return e
}

func oauthAt(host string) Endpoints {
	return Endpoints{
		Authorize: host + "/oauth/authorize", Token: host + "/oauth/token",
		Revoke: host + "/oauth/revoke", Device: host + "/oauth/devicecode",
	}
}

// withDefaults fills in what is empty.
func (e Endpoints) withDefaults() Endpoints {
	zoomUS := oauthAt("https://zoom.us")
	for _, pair := range []struct {
		field   *string
		general string
	}{{&e.Authorize, zoomUS.Authorize}, {&e.Token, zoomUS.Token}, {&e.Revoke, zoomUS.Revoke}, {&e.Device, zoomUS.Device}} {
		if *pair.field == "" {
			*pair.field = pair.general
		}
	}
	return e
}

// Apps are the apps of a vendor, one for each region.
type Apps []App

// Region returns the app of a region. A region without one is
// [zoom.ErrInvalidArgument].
func (a Apps) Region(r Region) (App, error) {
	var known []string
	for _, app := range a {
		if app.Region == r {
			return app, nil
		}
		known = append(known, cmp.Or(string(app.Region), `""`))
	}
	if len(known) == 0 {
		return App{}, invalid("app", errors.New("region: there are no apps"))
	}
	slices.Sort(known)
	return App{}, invalid("app", fmt.Errorf("region: want one of %s", strings.Join(known, ", ")))
}

// Client makes a client of the cloud that the app belongs to, with tokens from
// src, over the app's HTTPClient. The options come after: a [zoom.WithBaseURL] or a
// [zoom.WithHTTPClient] among them wins.
func (a App) Client(src zoom.TokenSource, opts ...zoom.Option) (*zoom.Client, error) {
	if a.HTTPClient != nil {
		opts = append([]zoom.Option{zoom.WithHTTPClient(a.HTTPClient)}, opts...)
	}
	if a.Endpoints.API != "" {
		opts = append([]zoom.Option{zoom.WithBaseURL(a.Endpoints.API)}, opts...)
	}
	return zoom.NewClient(src, opts...)
}

// check refuses an app that cannot work, before anything is sent.
func (a App) check() error {
	if strings.TrimSpace(a.ClientID) == "" {
		return errors.New("client id: is empty")
	}
	if strings.TrimSpace(a.ClientSecret) != a.ClientSecret || strings.TrimSpace(a.ClientID) != a.ClientID {
		return errors.New("client id, client secret: want no blanks around")
	}
	if a.HTTPClient != nil {
		if t := reflect.ValueOf(a.HTTPClient.Transport); t.Kind() == reflect.Pointer && t.IsNil() {
			return errors.New("HTTP client: its Transport is a nil pointer")
		}
	}
	e := a.Endpoints.withDefaults()
	for _, endpoint := range []struct{ name, address string }{
		{"authorize", e.Authorize}, {"token", e.Token}, {"revoke", e.Revoke}, {"device", e.Device},
	} {
		if _, err := wire.Endpoint(endpoint.address); err != nil {
			return fmt.Errorf("%s endpoint: %w", endpoint.name, err)
		}
	}
	return nil
}

// redirect reads the redirect URL. Its query is part of what was registered.
func (a App) redirect() (*url.URL, error) {
	u, err := url.Parse(a.RedirectURL)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(a.RedirectURL, "#"):
		return nil, errors.New("redirect URL: want an absolute URL without user and fragment")
	case u.Scheme == "https":
		return u, nil
	}
	// An address that can be written in two ways would not be the Host that comes back.
	addr, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "http" || err != nil || !addr.IsLoopback() || addr.Is4In6() || addr.Zone() != "" {
		return nil, errors.New("redirect URL: want https, or http on 127.0.0.1 or [::1]")
	}
	return u, nil
}

const (
	userAgent      = "seatkit-zoom-zoomauth"
	attemptTimeout = 10 * time.Second // of one request to an OAuth endpoint
	callTimeout    = 25 * time.Second // of one call with its repeats
)

func (a App) caller() *oauth.App {
	return &oauth.App{
		ClientID: redact.Hide(a.ClientID), ClientSecret: redact.Hide(a.ClientSecret),
		HTTPClient: a.HTTPClient, UserAgent: userAgent,
		Policy: transport.Policy{
			MaxAttempts: 3, MinDelay: 500 * time.Millisecond, MaxDelay: 5 * time.Second,
			MaxRetryAfter: 10 * time.Second, AttemptTimeout: attemptTimeout, MaxElapsed: callTimeout,
		},
	}
}

// post sends a form to one of the endpoints and names the error after op. Lost says
// that Zoom may have acted on it all the same: the answer did not arrive, or tells of
// a failure after the fact.
func (a App) post(ctx context.Context, op, endpoint string, f oauth.Form) (lost bool, err error) {
	if err := a.check(); err != nil {
		return false, invalid(op, err)
	}
	if f.Endpoint, err = wire.Endpoint(endpoint); err != nil {
		return false, invalid(op, err)
	}
	if f.Op == "" {
		f.Op = op
	}
	attempts, err := a.caller().Post(a.traced(ctx), f)
	if err == nil {
		return false, nil
	}
	failure, ok := errors.AsType[*transport.Failure](err)
	return ok && failure.Open, newError(op, f.Values.Get("grant_type"), err, attempts)
}
