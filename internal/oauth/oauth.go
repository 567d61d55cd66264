// Package oauth calls Zoom's OAuth endpoints: one form sent by POST down the
// usual road, and the answer with tokens, read field by field.
package oauth

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	maxBody     = 1 << 20   // bytes of an answer
	defaultLife = time.Hour // of a token whose answer does not say
)

// An App is who calls.
type App struct {
	ClientID, ClientSecret redact.Secret // without a secret the id stands in the form
	HTTPClient             *http.Client  // nil: the client in the context, else the default
	UserAgent              string
	Policy                 transport.Policy
	Events                 transport.Events // zero: those in the context, else none
}

// A Form is one call. What is not Repeatable is sent again only if it surely did
// not arrive.
type Form struct {
	Op, Route  string // for Events; default "token" and "/oauth/token"
	Endpoint   *url.URL
	Values     url.Values
	Repeatable bool
	Accept     func(*transport.Answer) error
	Hidden     []string // besides the credentials: what no text may repeat
	Reading    *Reading // keeps what was read of the answer; may be nil
}

// Post sends a form and reports how many requests it took.
func (a *App) Post(ctx context.Context, f Form) (attempts int, err error) {
	header := http.Header{
		"Accept":          {"application/json"},
		"Accept-Language": {wire.Language},
		"Content-Type":    {"application/x-www-form-urlencoded"},
		"User-Agent":      {a.UserAgent},
	}
	hidden := append([]string{a.ClientID()}, f.Hidden...)
	if secret := a.ClientSecret(); secret != "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.ClientID()+":"+secret)))
		hidden = append(hidden, secret)
	} else {
		f.Values.Set("client_id", a.ClientID())
	}
	// The road is laid anew for each call, of which there is one an hour: the
	// transport is that of the client that asks.
	road := transport.New(transport.Config{Wire: f.Reading.of(a.wire(ctx)), Policy: a.Policy, MaxBody: maxBody, Events: a.events(ctx)})
	_, attempts, err = road.Do(ctx, &transport.Call{
		Op: cmp.Or(f.Op, "token"), Route: cmp.Or(f.Route, "/oauth/token"),
		Method: http.MethodPost, URL: f.Endpoint, Header: header, Body: []byte(f.Values.Encode()),
		Repeatable: f.Repeatable, Accept: f.Accept, Values: hidden,
	})
	return attempts, err
}

func (a *App) events(ctx context.Context) transport.Events {
	if a.Events.Attempted != nil || a.Events.Waited != nil {
		return a.Events
	}
	return transport.EventsOf(ctx)
}

func (a *App) wire(ctx context.Context) http.RoundTripper {
	if a.HTTPClient != nil && a.HTTPClient.Transport != nil {
		return a.HTTPClient.Transport
	}
	if hc, ok := ctx.Value(oauth2.HTTPClient).(*http.Client); ok && hc.Transport != nil {
		return hc.Transport
	}
	return http.DefaultTransport
}

// A Grant is an answer of the token endpoint.
type Grant struct {
	AccessToken  string // empty: missing, or one that cannot stand in a header
	RefreshToken string // empty: missing, then the former one stays, or unusable
	Life         time.Duration
	Scope        string
	APIURL       string

	// RefreshUnusable says that there is a refresh token which cannot be used: the former one
	// is presumed to be replaced by it.
	RefreshUnusable bool
}

// Revocable returns one of the tokens, which ends the grant if it is revoked. Empty: there is
// none.
func (g *Grant) Revocable() string { return cmp.Or(g.AccessToken, g.RefreshToken) }

// ErrNoAccessToken is what [ReadGrant] says of an answer whose access token is of
// no use. The rest of it may be.
var ErrNoAccessToken = &wire.ShapeError{Reason: "the access token is empty or cannot stand in a header"}

// ReadGrant reads each field by itself: a lifetime that cannot be read is no
// reason to lose a token. With [ErrNoAccessToken] the grant comes back all the
// same.
func ReadGrant(body []byte) (*Grant, error) {
	members, err := wire.Members(body)
	if err != nil {
		return nil, err
	}
	text := func(name string) string {
		value, _ := wire.Text(members[name])
		return value
	}
	g := &Grant{
		AccessToken: text("access_token"), RefreshToken: text("refresh_token"),
		Life: defaultLife, Scope: text("scope"), APIURL: text("api_url"),
	}
	if seconds, err := wire.Seconds(members["expires_in"]); err == nil && seconds > 0 {
		g.Life = seconds
	}
	if !IsHeaderSafe(g.RefreshToken) {
		g.RefreshToken, g.RefreshUnusable = "", !isEmpty(members["refresh_token"])
	}
	if !IsHeaderSafe(g.AccessToken) {
		g.AccessToken = ""
		return g, ErrNoAccessToken
	}
	return g, nil
}

// isEmpty reports whether a member of an answer is missing, null or the empty text.
func isEmpty(raw []byte) bool {
	text, err := wire.Text(raw)
	return len(raw) == 0 || err == nil && text == ""
}

// IsHeaderSafe reports whether a token can stand in a header: visible ASCII, not
// empty.
func IsHeaderSafe(token string) bool {
	for _, b := range []byte(token) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return token != ""
}

// IsWhole reports whether a body is a JSON text from beginning to end: what is wrong
// with it did not happen on the way.
func IsWhole(body []byte) bool { return json.Valid(body) }

// A Refusal is what an endpoint said of a form that it did not take. Its words may
// repeat the form and are not kept.
type Refusal struct {
	Error  string // an error code of RFC 6749 or RFC 8628, else empty
	Code   int    // Zoom's, else 0
	Reason string // for comparison; Message shows what may be shown
}

// ReadRefusal reads the body of a refusal.
func ReadRefusal(body []byte) Refusal {
	members, _ := wire.Members(body)
	code, _ := wire.Text(members["error"])
	reason, _ := wire.Text(members["reason"])
	return Refusal{Error: KnownError(code), Code: wire.ParseAPIError(body).Code, Reason: reason}
}

// Message is what can be shown of a refusal: the error code, and Zoom's reason if it is
// one of those that are known. Any other may repeat the form.
func (r Refusal) Message() string {
	reason := KnownReason(r.Reason)
	switch {
	case reason == "" || r.Error == "authorization_pending" || r.Error == "slow_down":
		return r.Error
	case r.Error == "":
		return reason
	default:
		return r.Error + ": " + reason
	}
}

// KnownReason passes on the reasons that Zoom is known to give and drops any other text.
func KnownReason(reason string) string {
	for _, known := range []string{
		"Invalid Token!", "Invalid client_id or client_secret", "Bad Request", "unsupported grant type",
		"Invalid authorization code", "Authorization code expired", "Invalid code verifier", "Redirect URI mismatch",
		"Invalid request : Redirect URI mismatch.", "The app has been disabled.", "Invalid device code",
	} {
		if strings.EqualFold(strings.TrimSpace(reason), known) {
			return known
		}
	}
	return ""
}

// KnownError passes on the error codes of the standards and drops any other text.
func KnownError(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "access_denied", "authorization_pending", "slow_down", "expired_token":
		return code
	default:
		return ""
	}
}

// When a token is replaced.
const refreshEarly = 5 * time.Minute

// Due says when a token is to be replaced: early, and for one that comes already
// close to its end, after half of what is left, but never sooner than in a second.
// Zero means never.
func Due(expiry, now time.Time) time.Time {
	const shortestReuse = time.Second
	if expiry.IsZero() {
		return time.Time{}
	}
	left := expiry.Sub(now)
	if left > 2*refreshEarly {
		return expiry.Add(-refreshEarly)
	}
	return now.Add(max(left/2, shortestReuse))
}
