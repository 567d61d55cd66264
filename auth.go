package zoom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/tokens"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// A TokenSource gives out access tokens. What a client does with one of your own:
//
//   - It calls Token when it needs a token, and once the held one is due: five minutes
//     before its Expiry, or after half of its life if that is shorter than ten minutes. A
//     zero Expiry means that the token is good for ever. While the held token is good no
//     call waits for the next one.
//   - It makes one call at a time and shares the result. The context carries the values of
//     the call that needs the token, and not its end: no caller can cancel it.
//   - Token has 30 seconds, the deadline of its context. Then the calls that wait end in
//     [ErrTimeout], and the next one calls Token again, even if the former call hangs. Of
//     calls that hang eight may pile up; then the client pauses before each further one,
//     from a minute to an hour. A result that comes later is dropped.
//   - After an error the held token is used while it is good, and Token is called again
//     after 30 seconds. Without a good token the call ends in the error, and the next one
//     calls Token. An [*Error] in it keeps its fields; other errors lose what may be secret.
//   - The token must be visible ASCII, else it is [ErrBadResponse]. A panic is an error.
//
// Return a token of your own cache as long as Zoom takes it, and the scopes as the extra
// "scope" for [Client.Preflight]. The context carries under [oauth2.HTTPClient] a client
// with the transport of the API calls.
//
// Each client keeps a copy of the token of a source of your own. The sources of this
// module hold it once for all their clients.
type TokenSource interface {
	Token(ctx context.Context) (*oauth2.Token, error)
}

// A TokenRejecter is a [TokenSource] that wants to know which of its tokens Zoom refused,
// by status 401 or code 124. Rejected is called before the next call of Token, on the same
// goroutine: that should then return another token. If it returns the same one, the API
// call ends in [ErrUnauthorized].
//
// If the new token is refused too, by the same call or before it worked for any other, the
// client asks for no further one within 30 seconds of the first: calls whose token is
// refused end in [ErrUnauthorized].
type TokenRejecter interface {
	Rejected(ctx context.Context, accessToken string)
}

// StaticToken uses one access token for ever. An access token of Zoom lives an
// hour: it is meant for short programs and tests.
func StaticToken(accessToken string) TokenSource { return &staticToken{token: hide(accessToken)} }

type staticToken struct {
	redactor
	token secret
}

func (s *staticToken) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: s.token(), TokenType: "Bearer"}, nil
}

// FromOAuth2 uses a token source of golang.org/x/oauth2. Such a source takes no
// context: if it hangs it is given up after 30 seconds, as described at [TokenSource].
// The sources of that package hold a lock while they fetch; give theirs an HTTP client
// with a timeout, by the context under [oauth2.HTTPClient].
func FromOAuth2(src oauth2.TokenSource) TokenSource {
	cache := newTokenCache(tokenFunc(func(context.Context) (*oauth2.Token, error) {
		if src == nil || isNilPointer(src) {
			return nil, fmt.Errorf("zoom: token source is nil: %w", ErrInvalidArgument)
		}
		return src.Token()
	}))
	s := &oauth2Source{cache: cache}
	s.cacheLink = tokens.NewLink(s, cache)
	return s
}

type oauth2Source struct {
	redactor
	cacheLink
	cache *tokens.Cache[*oauth2.Token]
}

func (s *oauth2Source) Token(ctx context.Context) (*oauth2.Token, error) {
	return cachedToken(ctx, s.cache)
}

func (s *oauth2Source) Rejected(_ context.Context, accessToken string) { s.cache.Rejected(accessToken) }

// cachedToken returns a copy, which is the caller's to change.
func cachedToken(ctx context.Context, cache *tokens.Cache[*oauth2.Token]) (*oauth2.Token, error) {
	if ctx == nil {
		return nil, fmt.Errorf("zoom: the context is nil: %w", ErrInvalidArgument)
	}
	tok, err := cache.Get(ctx, nil)
	if err != nil {
		return nil, err
	}
	copied := *tok.Value
	return &copied, nil
}

// A ServerToServerSource gets access tokens for an unattended job by Zoom's
// server-to-server OAuth. It caches the token, fetches a new one five minutes
// before the old one expires, once for all who ask, and again when a token was
// refused. If the new one is refused too it fetches no other for 30 seconds. Clients may
// share it, and should: a new token can end the life of the former one.
//
// It needs no scope of its own; what the token may do is set in the Zoom app.
//
// API: https://developers.zoom.us/docs/internal-apps/s2s-oauth/
type ServerToServerSource struct {
	redactor

	// TokenURL is the token endpoint; the default is https://zoom.us/oauth/token.
	// It must be https, or http on loopback. Set it before the first use.
	TokenURL string

	// HTTPClient's Transport carries the token call. Without it the call takes
	// the transport of the client that asks. Set it before the first use.
	HTTPClient *http.Client

	accountID, clientID, clientSecret secret

	cacheLink
	cache *tokens.Cache[*oauth2.Token]
	pause *oauth.Pause
}

// A ServerToServerOption sets one thing about a [ServerToServerSource].
type ServerToServerOption func(*ServerToServerSource)

// TokenURL sets the token endpoint; see [ServerToServerSource].
func TokenURL(u string) ServerToServerOption {
	return func(s *ServerToServerSource) { s.TokenURL = u }
}

// TokenHTTPClient sets the client whose Transport carries the token call; see
// [ServerToServerSource].
func TokenHTTPClient(hc *http.Client) ServerToServerOption {
	return func(s *ServerToServerSource) { s.HTTPClient = hc }
}

// ServerToServer makes a token source from the credentials of a server-to-server
// OAuth app. A nil option is skipped. [NewClient] and Token refuse a credential that is
// empty, has a space or a line end around it (of the file it was read from), or a control
// character: [ErrInvalidArgument], which names it.
func ServerToServer(accountID, clientID, clientSecret string, opts ...ServerToServerOption) *ServerToServerSource {
	s := &ServerToServerSource{accountID: hide(accountID), clientID: hide(clientID), clientSecret: hide(clientSecret)}
	s.pause = new(oauth.Pause)
	s.cache = newTokenCache(tokenFunc(s.fetch))
	s.cacheLink = tokens.NewLink(s, s.cache)
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	return s
}

// Token returns a copy of the cached token, or fetches one.
func (s *ServerToServerSource) Token(ctx context.Context) (*oauth2.Token, error) {
	if s == nil || s.cache == nil {
		return nil, fmt.Errorf("zoom: the source was not made by ServerToServer: %w", ErrInvalidArgument)
	}
	return cachedToken(ctx, s.cache)
}

// Rejected drops the cached token if it is the one that was refused.
func (s *ServerToServerSource) Rejected(_ context.Context, accessToken string) {
	if s != nil && s.cache != nil {
		s.cache.Rejected(accessToken)
	}
}

type tokenFunc func(ctx context.Context) (*oauth2.Token, error)

func (f tokenFunc) Token(ctx context.Context) (*oauth2.Token, error) { return f(ctx) }

// Secrets are kept in closures, and types that hold them print "[redacted]".
type (
	secret   = redact.Secret
	redactor = redact.Printer
)

// A source with a cacheLink is asked for its cache by the client.
type cacheLink = tokens.Link

func hide(text string) secret { return redact.Hide(text) }

const (
	defaultTokenURL = "https://zoom.us/oauth/token" //nolint:gosec // an address, not a credential
	opToken         = "token"
	tokenTries      = 3
)

// fetch gets a token from Zoom. Unlike a refresh token, credentials can be sent
// again without harm, so that the call takes the usual road with its retries.
func (s *ServerToServerSource) fetch(ctx context.Context) (*oauth2.Token, error) {
	o := &operation{op: opToken, method: http.MethodPost, path: "/oauth/token", repeatable: true}
	endpoint, err := s.endpoint()
	if err != nil {
		return nil, invalidArgument(o, err)
	}
	if err := s.pause.Err("", time.Now()); err != nil {
		return nil, err
	}
	app := oauth.App{
		ClientID: s.clientID, ClientSecret: s.clientSecret, HTTPClient: s.HTTPClient, UserAgent: userAgent(""),
		Policy: (&config{retry: RetryPolicy{MaxAttempts: tokenTries, MaxElapsed: fetchTimeout}}).policy(),
	}
	var grant *oauth.Grant
	attempts, err := app.Post(ctx, oauth.Form{
		Endpoint: endpoint, Repeatable: true, Hidden: []string{s.accountID()},
		Values: url.Values{"grant_type": {"account_credentials"}, "account_id": {s.accountID()}},
		Accept: func(a *transport.Answer) (err error) {
			grant, err = oauth.ReadGrant(a.Body)
			return err
		},
	})
	if err != nil {
		err := tokenError(o, err, attempts)
		s.pause.Note("", err, namedMoment(err), time.Now())
		return nil, err
	}
	s.pause.Note("", nil, time.Time{}, time.Now())
	tok := &oauth2.Token{AccessToken: grant.AccessToken, TokenType: "Bearer", Expiry: time.Now().Add(grant.Life)}
	return tok.WithExtra(map[string]any{"scope": grant.Scope, "api_url": grant.APIURL}), nil
}

// namedMoment is the moment that the answer names for the next call; zero: none.
func namedMoment(err error) time.Time {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAt
	}
	return time.Time{}
}

// checkCredentials names all that Zoom cannot have issued, and repeats none of it.
func (s *ServerToServerSource) checkCredentials() error {
	var errs []error
	for _, credential := range []struct{ name, value string }{
		{"account id", s.accountID()}, {"client id", s.clientID()}, {"client secret", s.clientSecret()},
	} {
		switch trimmed := strings.TrimSpace(credential.value); {
		case trimmed == "":
			errs = append(errs, fmt.Errorf("the %s is empty", credential.name))
		case trimmed != credential.value || strings.ContainsFunc(trimmed, unicode.IsControl):
			errs = append(errs, fmt.Errorf("the %s has a space or a line end around it, or a control character", credential.name))
		}
	}
	return errors.Join(errs...)
}

func (s *ServerToServerSource) endpoint() (*url.URL, error) {
	if err := s.checkCredentials(); err != nil {
		return nil, err
	}
	if s.HTTPClient != nil && isNilPointer(s.HTTPClient.Transport) {
		return nil, errors.New("HTTP client: its Transport is a nil pointer")
	}
	address := s.TokenURL
	if address == "" {
		address = defaultTokenURL
	}
	u, err := wire.Endpoint(address)
	if err != nil {
		return nil, fmt.Errorf("token URL: %w", err)
	}
	return u, nil
}

// tokenError says of a failed token call the status, an error code of the OAuth
// standard and a reason that is known, and nothing else of the answer, which may repeat
// the request.
func tokenError(o *operation, err error, attempts int) error {
	e := newError(o, err)
	e.Attempts = attempts
	e.Message, e.Fields = "", nil
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok || f.Kind != transport.KindStatus || f.Answer == nil || e.StatusCode < http.StatusBadRequest {
		return e
	}
	refused := oauth.ReadRefusal(f.Answer.Body)
	e.Message = refused.Message()
	e.Err = meaning.OfToken(meaning.TokenAnswer{
		Grant: meaning.GrantCredentials, Status: e.StatusCode, Code: refused.Code, Error: refused.Error, Reason: refused.Reason,
	})
	return e
}
