package zoomtest

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The addresses of the OAuth host. The last two are pages that a person sees.
const (
	tokenPath      = "/oauth/token"
	authorizePath  = "/oauth/authorize"
	revokePath     = "/oauth/revoke"
	deviceCodePath = "/oauth/devicecode"
	devicePath     = "/oauth_device"
	deviceDonePath = "/oauth/device/complete/"
)

// TokenLife is how long an access token can be used, on the server's clock.
const TokenLife = time.Hour

type accessToken struct {
	expires time.Time
	scopes  []string
	grant   *grant // nil: a server-to-server token
}

func (t *accessToken) allows(anyOf []string) bool {
	return len(anyOf) == 0 || slices.ContainsFunc(anyOf, func(scope string) bool { return slices.Contains(t.scopes, scope) })
}

// IssueToken returns a fresh server-to-server access token, as the token endpoint
// would: for raw requests and for [zoom.StaticToken]. For the tokens of a person
// there is [Server.IssueGrant].
func (s *Server) IssueToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issueToken(nil, s.now())
}

// RevokeTokens makes every access token invalid. Refresh tokens stay good.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// SetScopes changes the scopes of the app: those of the server-to-server tokens
// that are issued from now on, and those that a person is asked for from now on.
// Whoever clicked Allow before keeps to what was allowed, also after a refresh.
func (s *Server) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = slices.Clone(scopes)
}

func (s *Server) issueToken(g *grant, now time.Time) string {
	if s.quirks.SingleToken {
		maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return t.grant == g })
	}
	maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return now.After(t.expires.Add(TokenLife)) })
	t := &accessToken{expires: now.Add(TokenLife), scopes: s.scopes, grant: g}
	if g != nil {
		t.scopes = g.scopes
	}
	text := s.tokenText(g, t.expires)
	s.tokens[text] = t
	return text
}

// tokenText has the shape of a JSON web token, as Zoom's have today.
func (s *Server) tokenText(g *grant, expires time.Time) string {
	o := beginObject(nil)
	o.number("ver", 9)
	o.text("aid", s.accountID)
	if g != nil && g.user != nil {
		o.text("uid", g.user.user.ID)
	}
	o.number("exp", expires.Unix())
	o.text("jti", s.newID())
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(o.end()) + "." + s.newID()
}

// authorize checks the bearer token of a call.
func (c *call) authorize() (*accessToken, *answer) {
	text, isBearer := cutPrefixFold(c.header.Get("Authorization"), "Bearer ")
	if !isBearer || text == "" {
		return nil, badRequest(4700, "Token cannot be empty")
	}
	status := or(c.s.quirks.TokenErrorStatus, http.StatusUnauthorized)
	token := c.s.tokens[text]
	switch {
	case token == nil:
		return nil, refuse(status, 124, "Invalid access token.")
	case !c.now.Before(token.expires):
		return nil, refuse(status, 124, "Access token is expired.")
	default:
		return token, nil
	}
}

func cutPrefixFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", false
	}
	return text[len(prefix):], true
}
