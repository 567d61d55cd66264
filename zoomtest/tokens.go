package zoomtest

import (
	"crypto/subtle"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The grants of the token endpoint.
const (
	grantAccount = "account_credentials"
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
)

// TokenCalls returns how many requests the token endpoint answered with tokens, of
// all grants, also those whose answer a [Fault] lost. The request log does not
// limit it.
func (s *Server) TokenCalls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oauth.tokenCalls
}

// postToken is the token endpoint.
func postToken(c *call) *answer {
	form := c.form()
	kind := form.Get("grant_type")
	if refusal := c.authenticate(form, kind == grantAccount); refusal != nil {
		return refusal
	}
	switch kind {
	case "":
		return badForm()
	case grantAccount:
		return c.accountCredentials(form)
	case grantCode:
		return c.exchange(form)
	case grantRefresh:
		return c.refresh(form)
	case grantDevice:
		return c.poll(form)
	default:
		return oauthError("unsupported grant type", "unsupported_grant_type")
	}
}

// form is what was posted. The parameters may stand in the form body or in the
// query, where Zoom's older examples have them.
func (c *call) form() url.Values {
	form := url.Values{}
	kind, _, _ := mime.ParseMediaType(c.header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		form, _ = url.ParseQuery(string(c.body)) // what can be read of it
	}
	for name, values := range c.query {
		form[name] = append(form[name], values...)
	}
	return form
}

// authenticate checks the app. A public client has a name only: whoever sends a
// secret took it for another kind of app.
func (c *call) authenticate(form url.Values, serverToServer bool) *answer {
	refusal := oauthError("Invalid client_id or client_secret", "invalid_client")
	if c.s.public && !serverToServer {
		if c.header.Get("Authorization") != "" || form.Get("client_secret") != "" || !same(form.Get("client_id"), c.s.clientID) {
			return refusal
		}
		return nil
	}
	id, secret, given := c.basicAuth()
	if !given {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if !same(id, c.s.clientID) || !same(secret, c.s.clientSecret) {
		return refusal
	}
	return nil
}

func (c *call) basicAuth() (id, secret string, given bool) {
	text, isBasic := cutPrefixFold(c.header.Get("Authorization"), "Basic ")
	raw, err := base64.StdEncoding.DecodeString(text)
	if !isBasic || err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// accountCredentials is the server-to-server grant, which has no refresh token. An
// app that was removed answers 400, as a deactivated one does; the words are not
// known.
func (c *call) accountCredentials(form url.Values) *answer {
	switch {
	case c.s.oauth.removed:
		return oauthError("The app has been disabled.", "invalid_client")
	case form.Get("account_id") != c.s.accountID:
		return badForm()
	}
	return c.answerTokens(nil, "")
}

// answerTokens issues an access token and answers with it.
func (c *call) answerTokens(g *grant, refreshToken string) *answer {
	c.s.oauth.tokenCalls++
	text := c.s.issueToken(g, c.now)
	o := beginObject(nil)
	o.text("access_token", text)
	o.text("token_type", "bearer")
	o.textIf("refresh_token", refreshToken)
	switch raw := c.s.quirks.ExpiresIn; raw {
	case "":
		o.number("expires_in", int64(TokenLife/time.Second))
	case "-":
	default:
		o.raw("expires_in", []byte(raw))
	}
	o.text("scope", strings.Join(c.s.tokens[text].scopes, " "))
	o.text("api_url", "https://api.zoom.us")
	return ok(o.end())
}

// badForm is the refusal of a request that lacks a parameter.
func badForm() *answer { return oauthError("Bad Request", "invalid_request") }

// oauthError has the two keys that Zoom uses: there is no error_description, and
// the numbers of Zoom's table of OAuth errors (4734 and others) have not been seen
// in these bodies.
func oauthError(reason, code string) *answer {
	o := beginObject(nil)
	o.text("reason", reason)
	o.text("error", code)
	return &answer{status: http.StatusBadRequest, body: o.end()}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
