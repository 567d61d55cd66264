package zoom

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	defaultTokenURL = "https://zoom.us/oauth/token" //nolint:gosec // an address, not a credential
	opToken         = "token"
	tokenTries      = 3
	maxTokenBody    = 1 << 20
	defaultLife     = time.Hour // of a token whose answer does not say
)

// fetch gets a token from Zoom. Unlike a refresh token, credentials can be sent
// again without harm, so that the call takes the usual road with its retries.
func (s *ServerToServerSource) fetch(ctx context.Context) (*oauth2.Token, error) {
	o := &operation{op: opToken, method: http.MethodPost, path: "/oauth/token", repeatable: true}
	endpoint, err := s.endpoint()
	if err != nil {
		return nil, invalidArgument(o, err)
	}
	form := url.Values{"grant_type": {"account_credentials"}, "account_id": {s.accountID()}}
	var tok *oauth2.Token
	call := &transport.Call{
		Method: http.MethodPost, URL: endpoint, Repeatable: true,
		Body: []byte(form.Encode()),
		Header: http.Header{
			"Accept":        {"application/json"},
			"Content-Type":  {"application/x-www-form-urlencoded"},
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(s.clientID()+":"+s.clientSecret()))},
			"User-Agent":    {userAgent("")},
		},
		Values: []string{s.accountID(), s.clientID(), s.clientSecret()},
		Accept: func(a *transport.Answer) (err error) {
			tok, err = readToken(a.Body, time.Now())
			return err
		},
	}
	_, attempts, err := s.road(ctx).Do(ctx, call)
	if err != nil {
		return nil, tokenError(o, err, attempts)
	}
	return tok, nil
}

func (s *ServerToServerSource) endpoint() (*url.URL, error) {
	for _, credential := range []struct{ name, value string }{
		{"account id", s.accountID()}, {"client id", s.clientID()}, {"client secret", s.clientSecret()},
	} {
		if strings.TrimSpace(credential.value) == "" {
			return nil, fmt.Errorf("the %s is empty", credential.name)
		}
	}
	address := s.TokenURL
	if address == "" {
		address = defaultTokenURL
	}
	u, err := parseEndpoint(address)
	if err != nil {
		return nil, fmt.Errorf("token URL: %w", err)
	}
	return u, nil
}

// road is laid anew for each fetch, which happens once an hour: the transport is
// that of the client that asks.
func (s *ServerToServerSource) road(ctx context.Context) *transport.Road {
	policy := (&config{retry: RetryPolicy{MaxAttempts: tokenTries, MaxElapsed: refreshLimit}}).policy()
	return transport.New(transport.Config{Wire: s.wire(ctx), Policy: policy, MaxBody: maxTokenBody})
}

func (s *ServerToServerSource) wire(ctx context.Context) http.RoundTripper {
	if s.HTTPClient != nil && s.HTTPClient.Transport != nil {
		return s.HTTPClient.Transport
	}
	if hc, ok := ctx.Value(oauth2.HTTPClient).(*http.Client); ok && hc.Transport != nil {
		return hc.Transport
	}
	return http.DefaultTransport
}

// readToken reads each field of a token answer by itself: a lifetime that cannot
// be read is no reason to lose the token.
func readToken(body []byte, now time.Time) (*oauth2.Token, error) {
	members, err := wire.Members(body)
	if err != nil {
		return nil, err
	}
	text := func(name string) string {
		value, _ := wire.Text(members[name])
		return value
	}
	access := text("access_token")
	if !isHeaderSafe(access) {
		return nil, &wire.ShapeError{Reason: "the access token is empty or cannot stand in a header"}
	}
	life := defaultLife
	if seconds, err := wire.Seconds(members["expires_in"]); err == nil && seconds > 0 {
		life = seconds
	}
	tok := &oauth2.Token{AccessToken: access, TokenType: "Bearer", Expiry: now.Add(life)}
	return tok.WithExtra(map[string]any{"scope": text("scope"), "api_url": text("api_url")}), nil
}

// tokenError says of a failed token call the status and an error code of the
// OAuth standard, and nothing else of the answer, which may repeat the request.
func tokenError(o *operation, err error, attempts int) error {
	e := newError(o, err)
	e.Attempts = attempts
	e.Message, e.Fields = "", nil
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok || f.Kind != transport.KindStatus || f.Answer == nil || e.StatusCode < http.StatusBadRequest {
		return e
	}
	members, _ := wire.Members(f.Answer.Body)
	code, _ := wire.Text(members["error"])
	e.Message = knownOAuthError(code)
	if e.StatusCode < 500 && e.StatusCode != http.StatusTooManyRequests && e.StatusCode != http.StatusRequestTimeout {
		e.Err = ErrClientCredentials
	}
	return e
}

// sentinelOfOAuth maps an error code of a token endpoint that a person's grant
// was taken to.
func sentinelOfOAuth(code string, status int) error {
	switch {
	case code == "invalid_grant":
		return ErrReauthorize
	case code == "invalid_client", code == "unauthorized_client":
		return ErrClientCredentials
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 500:
		return ErrServer
	default:
		return ErrUnauthorized
	}
}

// knownOAuthError passes on the error codes of RFC 6749 and drops any other
// text.
func knownOAuthError(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "access_denied":
		return code
	default:
		return ""
	}
}
