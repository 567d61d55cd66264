package zoomtest

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"regexp"
	"time"
)

// CodeLife is how long an authorization code can be exchanged, on the server's
// clock.
const CodeLife = 5 * time.Minute

// An authorizationCode is good for one exchange.
type authorizationCode struct {
	grant    *grant
	redirect string
	proof    proof
	expires  time.Time
}

// A proof is the PKCE challenge of a login; the zero value is a login without.
type proof struct{ challenge, method string }

const (
	methodPlain = "plain"
	methodS256  = "S256"
)

// The verifier of RFC 7636, section 4.1, and the two forms of its challenge: plain
// is the verifier itself, S256 a hash of 32 bytes.
var (
	verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	s256Form     = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
)

func (p proof) wellFormed() bool {
	switch p.method {
	case methodPlain:
		return verifierForm.MatchString(p.challenge)
	case methodS256:
		return s256Form.MatchString(p.challenge)
	default:
		return false
	}
}

// met reports whether a verifier answers the challenge. A verifier without a
// challenge is refused as well (RFC 9700, section 2.1.1): somebody may have cut the
// challenge out of the link.
func (p proof) met(verifier string) bool {
	switch {
	case p.challenge == "":
		return verifier == ""
	case !verifierForm.MatchString(verifier):
		return false
	case p.method == methodS256:
		sum := sha256.Sum256([]byte(verifier))
		return same(base64.RawURLEncoding.EncodeToString(sum[:]), p.challenge)
	default:
		return same(verifier, p.challenge)
	}
}

// newCode also forgets codes that expired long ago. Of those that expired just now
// the refusal says so.
func (s *Server) newCode(code *authorizationCode, now time.Time) string {
	maps.DeleteFunc(s.oauth.codes, func(_ string, c *authorizationCode) bool { return now.After(c.expires.Add(time.Hour)) })
	code.expires = now.Add(CodeLife)
	text := s.newID() + s.newID()
	s.oauth.codes[text] = code
	return text
}

// exchange is the grant of an authorization code. A second use of a code is refused
// like that of an unknown one; that it would end the grant of the first use, as RFC
// 6749 recommends, is not known of Zoom. An exchange that is refused does not use
// the code up.
func (c *call) exchange(form url.Values) *answer {
	text := form.Get("code")
	if text == "" {
		return badForm()
	}
	s := c.s
	code := s.oauth.codes[text]
	switch {
	case code == nil: // 4734 in Zoom's table
		return oauthError("Invalid authorization code", "invalid_grant")
	case !c.now.Before(code.expires): // 4733
		return oauthError("Authorization code expired", "invalid_grant")
	case form.Get("redirect_uri") != code.redirect: // 4709
		return oauthError("Invalid request : Redirect URI mismatch.", "invalid_request")
	case !code.proof.met(form.Get("code_verifier")):
		return oauthError("Invalid code verifier", "invalid_grant")
	}
	delete(s.oauth.codes, text)
	g := s.newGrant(code.grant)
	return c.answerTokens(g, s.newRefreshToken(g, c.now))
}
