package zoomauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
)

const (
	opExchange = "auth.exchange"
	loginLife  = 5 * time.Minute // of a state; Zoom's code lives as long
	maxState   = 512             // bytes of a state or code that is worth a look
	maxCode    = 4096
)

// A Login is an authorisation under way: somebody has been sent to Zoom. It is good
// for one callback, within five minutes.
type Login struct {
	redactor

	Region  Region
	Session string // whose login it is, where a [Handler] was told
	Expires time.Time

	clientID        string
	redirectURL     string
	state, verifier secret

	mu   sync.Mutex
	used bool
}

// AuthCodeURL begins a login: send the admin's browser to the link and give what
// comes back at RedirectURL to [App.Exchange], with the Login. The link carries a
// state of 256 random bits and a PKCE challenge (S256); there is no scope in it: what
// the app may do is set in the Marketplace, and Zoom refuses the parameter.
//
// A web service uses [Handler], a program at a terminal [App.Login].
//
// API: https://developers.zoom.us/docs/integrations/oauth/
func (a App) AuthCodeURL() (link string, login *Login, err error) {
	if err := a.check(); err != nil {
		return "", nil, invalid("auth.authorize", err)
	}
	if _, err := a.redirect(); err != nil {
		return "", nil, invalid("auth.authorize", err)
	}
	state, verifier := randomText(), oauth2.GenerateVerifier()
	login = &Login{
		Region: a.Region, Expires: time.Now().Add(loginLife).Round(0),
		clientID: a.ClientID, redirectURL: a.RedirectURL,
		state: hide(state), verifier: hide(verifier),
	}
	config := oauth2.Config{
		ClientID: a.ClientID, RedirectURL: a.RedirectURL,
		Endpoint: oauth2.Endpoint{AuthURL: a.Endpoints.withDefaults().Authorize},
	}
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), login, nil
}

// randomText is 256 random bits.
func randomText() string {
	bits := make([]byte, 32)
	_, _ = rand.Read(bits) // never fails
	return base64.RawURLEncoding.EncodeToString(bits)
}

// Exchange ends a login: callback is the query with which the browser came to
// RedirectURL. The token is not saved yet; see [Keep].
//
// Errors: [ErrLogin] for a callback that belongs to another login, which leaves this
// one open; [zoom.ErrReauthorize] when the person clicked Deny or the code was not
// taken; [zoom.ErrClientCredentials]; what the network does. A code is sent once: if
// the answer is lost, the person must authorise again.
//
// API: POST https://zoom.us/oauth/token.
// https://developers.zoom.us/docs/integrations/oauth/
func (a App) Exchange(ctx context.Context, login *Login, callback url.Values) (*Token, error) {
	if ctx == nil {
		return nil, invalid(opExchange, errors.New("the context is nil"))
	}
	code, err := a.takeCode(login, callback)
	if err != nil {
		return nil, err
	}
	return a.handOut(ctx, func(ctx context.Context, a App, g *newGrant) (*Token, error) {
		return a.exchangeCode(ctx, g, login, code)
	})
}

// takeCode takes the code out of a callback, and with it the login.
func (a App) takeCode(login *Login, callback url.Values) (string, error) {
	if login == nil || login.state == nil {
		return "", invalid(opExchange, errors.New("login: is nil"))
	}
	if login.clientID != a.ClientID || login.redirectURL != a.RedirectURL {
		return "", opError(opExchange, fmt.Errorf("%w: it began at another app", ErrLogin))
	}
	code, err := login.code(callback)
	return code, opError(opExchange, err)
}

// exchangeCode uses a code up.
func (a App) exchangeCode(ctx context.Context, g *newGrant, login *Login, code string) (*Token, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {a.RedirectURL}, "code_verifier": {login.verifier()},
	}
	grant, lost, err := a.grant(ctx, opExchange, form, false, &g.read)
	switch {
	case lost: // also an answer that broke behind its tokens
		return nil, a.endUseless(ctx, opExchange, g.read.Grant(), lostCode(err))
	case err == nil && grant.RefreshToken == "":
		err = opError(opExchange, fmt.Errorf("%w: there is no refresh token", zoom.ErrBadResponse))
	}
	if err != nil {
		return nil, a.endUseless(ctx, opExchange, grant, err)
	}
	return a.authorized(grant), nil
}

// authorized makes the first token of an installation.
func (a App) authorized(grant *oauth.Grant) *Token {
	now := time.Now().Round(0) // without the monotonic clock, which stands while a machine sleeps
	t := a.after(nil, grant, now)
	t.Authorized = now
	t.AccountID = accountOf(grant.AccessToken)
	return t
}

// code takes the code out of a callback, once. What cannot be of the server leaves the
// login open.
func (l *Login) code(callback url.Values) (string, error) {
	back, ok := readReply(callback)
	switch {
	case !ok:
		return "", errCallback
	case subtle.ConstantTimeCompare([]byte(back.state), []byte(l.state())) != 1:
		return "", errState
	case !time.Now().Before(l.Expires):
		return "", errLate
	case !l.use():
		return "", errUsed
	}
	if back.refusal != "" {
		return "", fmt.Errorf("%w: %w", zoom.ErrReauthorize, denial(back.refusal))
	}
	return back.code, nil
}

// use ends the login and reports whether it was open.
func (l *Login) use() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	wasOpen := !l.used
	l.used = true
	return wasOpen
}

// reply is what the server sends the browser back with.
type reply struct {
	state         string
	code, refusal string // one of them; the refusal is an error code of the standard
}

// readReply wants a state, and either a code or a refusal, each of them once.
func readReply(query url.Values) (reply, bool) {
	state, hasState := single(query, "state", maxState)
	code, hasCode := single(query, "code", maxCode)
	refusal, hasRefusal := single(query, "error", maxState)
	ok := hasState && hasCode != hasRefusal && hasCode == query.Has("code") && hasRefusal == query.Has("error")
	return reply{state, code, refusal}, ok
}

// single returns a parameter that is there once and of a sane length.
func single(q url.Values, name string, limit int) (string, bool) {
	values := q[name]
	if len(values) != 1 || values[0] == "" || len(values[0]) > limit {
		return "", false
	}
	return values[0], true
}

// denial names an error code of the standard and repeats nothing else.
func denial(code string) error {
	if code == "access_denied" {
		return errDenied
	}
	return errors.New("the login was ended by Zoom")
}

// loginKey is under which a login is kept: a text that tells nothing of the state, so
// that to look it up takes no time that depends on it. The browser and the session are
// part of it: whoever comes with another one finds nothing, and takes nothing away.
func loginKey(binding, session, state string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", binding, session, state))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
