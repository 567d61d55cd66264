package zoomtest

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	tokenPath     = "/oauth/token"
	authorizePath = "/oauth/authorize"
)

// TokenLife is how long an access token can be used, on the server's clock.
const TokenLife = time.Hour

type accessToken struct {
	expires time.Time
	scopes  []string
}

func (t *accessToken) allows(anyOf []string) bool {
	return len(anyOf) == 0 || slices.ContainsFunc(anyOf, func(scope string) bool { return slices.Contains(t.scopes, scope) })
}

// IssueToken returns a fresh access token, as the token endpoint would: for raw
// requests and for [zoom.StaticToken].
func (s *Server) IssueToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issueToken(s.now())
}

// RevokeTokens makes every access token invalid.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// SetScopes changes the scopes of the tokens that are issued from now on.
func (s *Server) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = slices.Clone(scopes)
}

func (s *Server) issueToken(now time.Time) string {
	if s.quirks.SingleToken {
		clear(s.tokens)
	}
	maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return now.After(t.expires.Add(TokenLife)) })
	s.issued++
	payload := fmt.Sprintf(`{"ver":9,"aid":%q,"exp":%d,"jti":%q}`, s.accountID, now.Add(TokenLife).Unix(), s.newID())
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + s.newID()
	s.tokens[text] = &accessToken{expires: now.Add(TokenLife), scopes: s.scopes}
	return text
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

// postToken is the token endpoint. Its parameters may stand in the form body or in
// the query.
func postToken(c *call) *answer {
	form := url.Values{}
	kind, _, _ := mime.ParseMediaType(c.header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		form, _ = url.ParseQuery(string(c.body)) // what can be read of it
	}
	for name, values := range c.query {
		form[name] = append(form[name], values...)
	}
	id, secret, given := c.basicAuth()
	if !given {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if !same(id, c.s.clientID) || !same(secret, c.s.clientSecret) {
		return oauthError("Invalid client_id or client_secret", "invalid_client")
	}
	switch form.Get("grant_type") {
	case "":
		return oauthError("Bad Request", "invalid_request")
	case "account_credentials":
		return c.accountCredentials(form)
	default:
		return oauthError("unsupported grant type", "unsupported_grant_type")
	}
}

func (c *call) accountCredentials(form url.Values) *answer {
	if form.Get("account_id") != c.s.accountID {
		return oauthError("Bad Request", "invalid_request")
	}
	o := beginObject(nil)
	o.text("access_token", c.s.issueToken(c.now))
	o.text("token_type", "bearer")
	o.number("expires_in", int64(TokenLife/time.Second))
	o.text("scope", strings.Join(c.s.scopes, " "))
	o.text("api_url", "https://api.zoom.us")
	return ok(o.end())
}

// oauthError has the keys that Zoom uses; there is no error_description.
func oauthError(reason, code string) *answer {
	o := beginObject(nil)
	o.text("reason", reason)
	o.text("error", code)
	return &answer{status: http.StatusBadRequest, body: o.end()}
}

func (c *call) basicAuth() (id, secret string, given bool) {
	text, isBasic := cutPrefixFold(c.header.Get("Authorization"), "Basic ")
	raw, err := base64.StdEncoding.DecodeString(text)
	if !isBasic || err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

func cutPrefixFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", false
	}
	return text[len(prefix):], true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
