package zoom

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/tokens"
)

// A TokenSource gives out access tokens. The client asks it again when the token
// it holds is about to expire or was refused; it is never asked twice at once by
// one client, and its context is detached from that of any one caller.
//
// The context carries, under [oauth2.HTTPClient], a client with the transport
// that the API calls use.
//
// A source may implement Rejected(ctx context.Context, accessToken string): it
// is told of a 401 or of code 124 before it is asked again. If it then gives out
// the same token, the call ends in [ErrUnauthorized].
type TokenSource interface {
	Token(ctx context.Context) (*oauth2.Token, error)
}

type rejecter interface {
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
// context: a fetch that hangs is left behind when the caller goes.
func FromOAuth2(src oauth2.TokenSource) TokenSource {
	cache := newTokenCache(tokenFunc(func(context.Context) (*oauth2.Token, error) {
		if src == nil {
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
// refused. Clients may share it, and should: a new token can end the life of
// the former one.
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
}

// ServerToServer makes a token source from the credentials of a server-to-server
// OAuth app.
func ServerToServer(accountID, clientID, clientSecret string) *ServerToServerSource {
	s := &ServerToServerSource{accountID: hide(accountID), clientID: hide(clientID), clientSecret: hide(clientSecret)}
	s.cache = newTokenCache(tokenFunc(s.fetch))
	s.cacheLink = tokens.NewLink(s, s.cache)
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
