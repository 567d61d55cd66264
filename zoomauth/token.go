package zoomauth

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

type (
	secret   = redact.Secret
	redactor = redact.Printer
)

func hide(text string) secret { return redact.Hide(text) }

// RefreshLife is how long a refresh token can be used after it was given out. Each
// refresh gives out a new one.
const RefreshLife = 90 * 24 * time.Hour

// A Token is what Zoom gave to an app for one account: an access token, the refresh
// token that brings the next one, and what is known of them. No print form of it
// shows a secret; [Token.Encode] is the form to store.
//
// A Token that was given out is never changed.
type Token struct {
	redactor

	ClientID  string // the app that it was given to
	Region    Region // of that app
	AccountID string // the Zoom account; empty: not known
	Scopes    []string
	APIURL    string // the account's own API host, as Zoom told it; informative

	Expiry          time.Time // of the access token
	Issued          time.Time // the access token
	RefreshIssued   time.Time // the refresh token; zero: there is none
	Authorized      time.Time // when a person clicked Allow; zero: server-to-server
	Generation      int64     // counts the replacements in a store
	Suspect         bool      // an answer was lost or unreadable, or the refresh token refused: it may be spent
	Refused         bool      // Zoom refused or replaced the refresh token: a person must authorise again
	Warned          bool      // it was reported that the refresh token comes to its end
	access, refresh secret
}

// NewToken makes a token of an access and a refresh token that came from elsewhere,
// to be saved in a [TokenStore]: when a service moves to this package. The access
// token may be empty: a new one is fetched at once.
func (a App) NewToken(accessToken, refreshToken string, expiry time.Time) (*Token, error) {
	if refreshToken != "" && !oauth.IsHeaderSafe(refreshToken) || accessToken != "" && !oauth.IsHeaderSafe(accessToken) {
		return nil, invalid("auth.token", errors.New("token: want visible ASCII"))
	}
	if a.ClientID == "" || accessToken == "" && refreshToken == "" {
		return nil, invalid("auth.token", errors.New("client id, token: is empty"))
	}
	now := time.Now()
	t := &Token{
		ClientID: a.ClientID, Region: a.Region, AccountID: accountOf(accessToken),
		Expiry: expiry, Issued: now, Authorized: now,
		access: hide(accessToken), refresh: hide(refreshToken),
	}
	if refreshToken != "" {
		t.RefreshIssued = now
	}
	return t, nil
}

// OAuth2 returns the access token alone, as a [zoom.TokenSource] gives it out.
func (t *Token) OAuth2() *oauth2.Token {
	tok := &oauth2.Token{AccessToken: t.accessToken(), TokenType: "Bearer", Expiry: t.Expiry}
	return tok.WithExtra(map[string]any{"scope": strings.Join(t.Scopes, " "), "api_url": t.APIURL})
}

// RefreshExpiry says when the refresh token dies unless it is used: a person must
// then authorise again. Zero: there is none.
func (t *Token) RefreshExpiry() time.Time {
	if t.RefreshIssued.IsZero() {
		return time.Time{}
	}
	return t.RefreshIssued.Add(RefreshLife)
}

func (t *Token) accessToken() string {
	if t == nil || t.access == nil {
		return ""
	}
	return t.access()
}

func (t *Token) refreshToken() string {
	if t == nil || t.refresh == nil {
		return ""
	}
	return t.refresh()
}

// Same reports whether two tokens are one state of a store: equal are the generation,
// the access token and the refresh token. Nil is the empty store. It is what
// [Swapper.Swap] compares.
func (t *Token) Same(other *Token) bool {
	if t == nil || other == nil {
		return t == other
	}
	return t.Generation == other.Generation && t.accessToken() == other.accessToken() && t.refreshToken() == other.refreshToken()
}

// State returns a text that two tokens have in common exactly if they are [Token.Same]:
// a store can keep it in a column and compare it there. It is a digest and holds no
// secret. Nil has the empty text.
func (t *Token) State() string {
	if t == nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", t.Generation, t.accessToken(), t.refreshToken()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// fresh reports whether the access token can be used and need not be replaced yet.
func (t *Token) fresh(now time.Time) bool {
	return t.alive(now) && now.Before(oauth.Due(t.Expiry, t.Issued))
}

// alive reports whether the access token can still be used.
func (t *Token) alive(now time.Time) bool {
	return t.accessToken() != "" && now.Before(t.Expiry)
}

// after returns the token that follows t when Zoom answered with g at now. What g
// lacks stays as it was: without a scope the scopes are unchanged (RFC 6749, section 6).
// A refresh token that cannot be used is not lacking: the former one was replaced by it.
func (a App) after(t *Token, g *oauth.Grant, now time.Time) *Token {
	next := &Token{ClientID: a.ClientID, Region: a.Region}
	if t != nil {
		*next = *t
	}
	next.Generation++
	next.Suspect, next.Refused = false, false
	if g.AccessToken != "" {
		next.access = hide(g.AccessToken)
		next.Issued, next.Expiry = now, now.Add(g.Life)
		if scopes := strings.Fields(sane(g.Scope, maxScope)); len(scopes) > 0 {
			next.Scopes = scopes
		}
		next.APIURL = cmp.Or(sane(g.APIURL, maxURL), next.APIURL)
		if next.AccountID == "" {
			next.AccountID = accountOf(g.AccessToken)
		}
	}
	if g.RefreshToken != "" {
		next.refresh, next.RefreshIssued, next.Warned = hide(g.RefreshToken), now, false
	} else if g.RefreshUnusable && next.refreshToken() != "" {
		next.Suspect, next.Refused = true, true
	}
	return next
}

// sane drops a text that would make a token too long to be stored.
func sane(text string, limit int) string {
	isOdd := func(r rune) bool { return r < ' ' || r > '~' }
	if len(text) > limit || strings.ContainsFunc(text, isOdd) {
		return ""
	}
	return text
}

const (
	tokenVersion = 1
	maxStored    = 64 << 10 // bytes of a stored token
	maxScope     = 20 << 10 // of what is worth keeping beside the tokens
	maxURL       = 2 << 10
)

// stored is the form of a Token in a store.
type stored struct {
	Version       int       `json:"version"`
	ClientID      string    `json:"client_id"`
	Region        Region    `json:"region,omitzero"`
	AccountID     string    `json:"account_id,omitzero"`
	Scope         string    `json:"scope,omitzero"`
	APIURL        string    `json:"api_url,omitzero"`
	AccessToken   string    `json:"access_token,omitzero"`
	RefreshToken  string    `json:"refresh_token,omitzero"`
	Expiry        time.Time `json:"expiry,omitzero"`
	Issued        time.Time `json:"issued,omitzero"`
	RefreshIssued time.Time `json:"refresh_issued,omitzero"`
	Authorized    time.Time `json:"authorized,omitzero"`
	Generation    int64     `json:"generation"`
	Suspect       bool      `json:"suspect,omitzero"`
	Refused       bool      `json:"refused,omitzero"`
	Warned        bool      `json:"warned,omitzero"`
}

// Encode returns the token in the form for a store, JSON of at most 64 KiB, with its
// secrets in plain text: whoever reads it can use the account.
func (t *Token) Encode() ([]byte, error) {
	if t == nil || t.ClientID == "" || t.accessToken()+t.refreshToken() == "" {
		return nil, invalid("auth.token", errors.New("token: is nil, or a part is missing"))
	}
	data, err := wire.Encode(stored{
		Version: tokenVersion, ClientID: t.ClientID, Region: t.Region, AccountID: t.AccountID,
		Scope: strings.Join(t.Scopes, " "), APIURL: t.APIURL,
		AccessToken: t.accessToken(), RefreshToken: t.refreshToken(),
		Expiry: t.Expiry, Issued: t.Issued, RefreshIssued: t.RefreshIssued, Authorized: t.Authorized,
		Generation: t.Generation, Suspect: t.Suspect, Refused: t.Refused, Warned: t.Warned,
	})
	if err == nil && len(data) > maxStored {
		err = fmt.Errorf("want at most %d bytes", maxStored)
	}
	if err != nil {
		return nil, invalid("auth.token", fmt.Errorf("token: %w", redact.Cause(err)))
	}
	return data, nil
}

// DecodeToken reads what [Token.Encode] wrote. Anything else is [ErrStoreCorrupt],
// but the form of a newer version of this package, which is another [ErrStore], and the
// placeholder that a store holds for a moment in place of no token, which is [ErrNoToken].
func DecodeToken(data []byte) (*Token, error) {
	if len(data) > maxStored {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrStoreCorrupt, maxStored)
	}
	var s stored
	if err := wire.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStoreCorrupt, redact.Cause(err))
	}
	if s.Version > tokenVersion {
		return nil, fmt.Errorf("%w: written by a newer version of this package", ErrStore)
	}
	for _, text := range []string{s.AccessToken, s.RefreshToken} {
		if text != "" && !oauth.IsHeaderSafe(text) {
			return nil, fmt.Errorf("%w: a token is not visible ASCII", ErrStoreCorrupt)
		}
	}
	if s.Version < 1 || s.ClientID == "" || s.AccessToken+s.RefreshToken == "" {
		return nil, fmt.Errorf("%w: a part is missing", ErrStoreCorrupt)
	}
	if s.RefreshToken == placeholderText {
		return nil, ErrNoToken
	}
	return &Token{
		ClientID: s.ClientID, Region: s.Region, AccountID: s.AccountID, Scopes: strings.Fields(s.Scope), APIURL: s.APIURL,
		Expiry: s.Expiry, Issued: s.Issued, RefreshIssued: s.RefreshIssued, Authorized: s.Authorized,
		Generation: s.Generation, Suspect: s.Suspect, Refused: s.Refused, Warned: s.Warned,
		access: hide(s.AccessToken), refresh: hide(s.RefreshToken),
	}, nil
}
