package zoomtest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seatkit/zoom"
)

// RefreshTokenLife is how long a refresh token can be used, on the server's clock.
const RefreshTokenLife = 90 * 24 * time.Hour

// The state of the OAuth host, guarded by Server.mu.
type oauthState struct {
	refreshTokens map[string]*refreshToken
	codes         map[string]*authorizationCode
	tickets       map[string]*ticket
	devices       map[string]*device // by device code
	tokenCalls    int
	removed       bool // an admin removed the app, and nobody has allowed it since
}

func newOAuthState() oauthState {
	return oauthState{
		refreshTokens: map[string]*refreshToken{},
		codes:         map[string]*authorizationCode{},
		tickets:       map[string]*ticket{},
		devices:       map[string]*device{},
	}
}

// A grant is what a click on Allow gave.
type grant struct {
	scopes []string
	user   *member // who clicked; nil while the account had no users
}

type refreshToken struct {
	grant    *grant
	expires  time.Time
	replaced time.Time // zero: it is the latest one
}

// IssueGrant returns the tokens of a fresh grant, as if somebody had clicked Allow
// and the app had exchanged the code. Like any authorisation it ends the earlier
// one.
func (s *Server) IssueGrant() (accessToken, refreshToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	g := s.newGrant(s.consent())
	return s.issueToken(g, now), s.newRefreshToken(g, now)
}

// GrantAlive reports whether the token endpoint would take a refresh token now.
func (s *Server) GrantAlive(refreshToken string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refreshable(s.oauth.refreshTokens[refreshToken], s.now())
}

// Uninstall does what an admin does who removes the app in the Marketplace: all
// access tokens and refresh tokens are dead, those of server-to-server too, and so
// are logins under way. Until somebody clicks Allow again, server-to-server gets no
// tokens. Zoom sends app_deauthorized to published apps; [Server.Event] makes it.
func (s *Server) Uninstall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
	calls := s.oauth.tokenCalls
	s.oauth = newOAuthState()
	s.oauth.tokenCalls, s.oauth.removed = calls, true
}

// consent is what somebody who clicks Allow now agrees to.
func (s *Server) consent() *grant { return &grant{scopes: s.scopes, user: s.admin()} }

// newGrant lets a grant begin. The app has one at a time: authorising it again
// revokes the earlier tokens. That happens here, at the exchange, and not at the
// click before it; which one Zoom does is not known.
func (s *Server) newGrant(g *grant) *grant {
	maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return t.grant != nil })
	clear(s.oauth.refreshTokens)
	s.oauth.removed = false
	return g
}

func (s *Server) endGrant(g *grant) {
	maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return t.grant == g })
	maps.DeleteFunc(s.oauth.refreshTokens, func(_ string, t *refreshToken) bool { return t.grant == g })
}

func (s *Server) newRefreshToken(g *grant, now time.Time) string {
	t := &refreshToken{grant: g, expires: now.Add(RefreshTokenLife)}
	text := s.tokenText(g, t.expires)
	s.oauth.refreshTokens[text] = t
	return text
}

// refreshable also wants the person to be on the account still: Zoom refuses a
// token whose owner does not exist any more (4735).
func (s *Server) refreshable(t *refreshToken, now time.Time) bool {
	return t != nil && now.Before(t.expires) &&
		(t.replaced.IsZero() || now.Before(t.replaced.Add(s.quirks.RefreshGrace))) &&
		(t.grant.user == nil || !t.grant.user.gone)
}

// refresh is the grant of a refresh token. The access tokens from before stay good.
func (c *call) refresh(form url.Values) *answer {
	text := form.Get("refresh_token")
	if text == "" {
		return badForm()
	}
	s := c.s
	t := s.oauth.refreshTokens[text]
	if !s.refreshable(t, c.now) {
		return invalidGrant(s.quirks.OldGrantError)
	}
	if s.quirks.KeepRefreshToken {
		t.expires = c.now.Add(RefreshTokenLife) // its life counts from its last use
		return c.answerTokens(t.grant, "")
	}
	t.replaced = or(t.replaced, c.now) // a second use does not prolong the grace
	return c.answerTokens(t.grant, s.newRefreshToken(t.grant, c.now))
}

// invalidGrant is the refusal of a refresh token: old, expired, revoked or unknown.
func invalidGrant(older bool) *answer {
	if older {
		a := oauthError("Invalid Token!", "invalid_request")
		a.status = http.StatusUnauthorized
		return a
	}
	return oauthError("Invalid Token!", "invalid_grant")
}

// postRevoke is POST /oauth/revoke, which takes either token of a grant. One that
// it does not know is no error, as RFC 7009 has it.
func postRevoke(c *call) *answer {
	form := c.form()
	if refusal := c.authenticate(form, false); refusal != nil {
		return refusal
	}
	text := form.Get("token")
	if text == "" {
		return badForm()
	}
	if t := c.s.oauth.refreshTokens[text]; t != nil {
		c.s.endGrant(t.grant)
	} else if t := c.s.tokens[text]; t != nil && t.grant != nil {
		c.s.endGrant(t.grant)
	}
	delete(c.s.tokens, text)
	o := beginObject(nil)
	o.text("status", "success")
	return ok(o.end())
}

// owner is the person behind a grant. Whoever was added to an empty account after
// the click counts as the one who clicked.
func (s *Server) owner(g *grant) *member {
	m := g.user
	if m == nil {
		m = s.admin()
	}
	if m == nil || m.gone {
		return nil
	}
	return m
}

// admin is who clicks Allow: the owner of the account, else an admin, else anybody
// who is active.
func (s *Server) admin() *member {
	var found *member
	rank := len(adminRoles)
	for _, m := range s.members {
		if m.gone || m.user.Status != zoom.StatusActive {
			continue
		}
		at := slices.Index(adminRoles, m.user.RoleID)
		if at < 0 {
			at = len(adminRoles) - 1
		}
		if at < rank {
			found, rank = m, at
		}
		if rank == 0 {
			break
		}
	}
	return found
}

var adminRoles = []string{zoom.RoleOwner, zoom.RoleAdmin, ""} // the last is any other
