package canary

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// A Secret is a value that no text may hold.
type Secret struct{ Name, Value string }

// Secrets are the values to plant, each in the shape that Zoom, OAuth or a
// person gives to one of its kind.
type Secrets struct {
	AccessToken   string // a JWT, as Zoom's are
	RefreshToken  string
	ClientSecret  string
	Basic         string // client id and secret, as they stand in the header
	Code          string
	Verifier      string
	State         string
	PageToken     string // with characters that a query must escape
	AccountID     string
	RedisPassword string // with characters that JSON, Go and URLs escape
	ProxyPassword string
	Email         string
	NextAccess    string // in the answer to a refresh
	NextRefresh   string
	DeviceCode    string
	UserCode      string // for a person to type: letters, which might be words
	Cookie        string // 256 bits that bind a login to a browser
	WebhookToken  string // signs Zoom's events
	UserName      string // of the system, in a path: letters alone

	// Not secrets, but what an error promises not to tell either.

	UserID string
	UUID   string // of a meeting, to be escaped twice

	ClientID string // as public as a user name; part of Basic
}

// New returns the secrets, the same ones in every run.
func New() Secrets {
	s := Secrets{
		AccessToken:   "eyJ" + noise("access a", 24) + "." + noise("access b", 60) + "." + noise("access c", 43),
		RefreshToken:  "eyJ" + noise("refresh a", 24) + "." + noise("refresh b", 60) + "." + noise("refresh c", 43),
		ClientID:      noise("client id", 22),
		ClientSecret:  noise("client secret", 32),
		Code:          noise("code", 30),
		Verifier:      noise("verifier", 64),
		State:         noise("state", 43),
		PageToken:     noise("page a", 10) + "+/" + noise("page b", 10) + "==",
		AccountID:     noise("account", 22),
		RedisPassword: `r3dis"&` + noise("redis a", 6) + `<%>\` + noise("redis b", 8),
		ProxyPassword: "Pr0xy-" + noise("proxy", 8) + "/&=" + noise("proxy b", 5),
		Email:         "Jane.C4nary+" + digits("email") + "@example.com",
		NextAccess:    "eyJ" + noise("next access a", 24) + "." + noise("next access b", 60) + "." + noise("next access c", 43),
		NextRefresh:   "eyJ" + noise("next refresh a", 24) + "." + noise("next refresh b", 60) + "." + noise("next refresh c", 43),
		DeviceCode:    noise("device code", 40),
		UserCode:      strings.ToUpper(letters("user code a", 4) + "-" + letters("user code b", 4)),
		Cookie:        noise("cookie", 43),
		WebhookToken:  noise("webhook", 22),
		UserName:      "jane" + letters("system", 9),
		UserID:        noise("user", 22),
		UUID:          "/" + noise("meeting a", 9) + "/" + noise("meeting b", 10) + "==",
	}
	s.Basic = base64.StdEncoding.EncodeToString([]byte(s.ClientID + ":" + s.ClientSecret))
	return s
}

// List returns what must not be printed, named.
func (s *Secrets) List() []Secret {
	return []Secret{
		{"access token", s.AccessToken},
		{"refresh token", s.RefreshToken},
		{"client secret", s.ClientSecret},
		{"Basic value", s.Basic},
		{"code", s.Code},
		{"verifier", s.Verifier},
		{"state", s.State},
		{"page token", s.PageToken},
		{"account id", s.AccountID},
		{"Redis password", s.RedisPassword},
		{"proxy password", s.ProxyPassword},
		{"e-mail", s.Email},
		{"new access token", s.NextAccess},
		{"new refresh token", s.NextRefresh},
		{"device code", s.DeviceCode},
		{"cookie", s.Cookie},
		{"webhook token", s.WebhookToken},
		{"user id", s.UserID},
		{"meeting UUID", s.UUID},
	}
}

// Words are secrets of letters alone: no rule can tell them from plain words, so
// that only code that knows them can keep them out of a text.
func (s *Secrets) Words() []Secret {
	return []Secret{{"user code", s.UserCode}, {"user name", s.UserName}}
}

// noise is n characters of base64url made from a name: at least one of each of
// the kinds of characters, as real ones have.
func noise(name string, n int) string {
	var text string
	for len(text) < n {
		sum := sha256.Sum256([]byte("canary " + name + text))
		text += base64.RawURLEncoding.EncodeToString(sum[:])
	}
	const kinds = "7aZ"
	return text[:n-len(kinds)] + kinds
}

// letters is n small letters made from a name.
func letters(name string, n int) string {
	sum := sha256.Sum256([]byte(name))
	for i := range sum {
		sum[i] = 'a' + sum[i]%26
	}
	return string(sum[:n])
}

func digits(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])[:8]
}
