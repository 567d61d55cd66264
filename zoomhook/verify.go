package zoomhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

// Why a delivery is not believed. Match with [errors.Is].
var (
	ErrSignature = errors.New("signature missing or wrong")
	ErrStale     = errors.New("timestamp outside of the accepted window") // a replay, a late delivery, or a clock that is wrong
)

const (
	signatureHeader = "X-Zm-Signature"
	timestampHeader = "X-Zm-Request-Timestamp"
	version         = "v0"
	maxAge          = 5 * time.Minute // what Zoom's own examples take
	maxAhead        = 5 * time.Minute
	longestAge      = 24 * time.Hour
)

type redactor = redact.Printer

// A Verifier tells Zoom's deliveries from those of others, by the secret token
// of the app. It prints as "[redacted]" and may be used by many at once.
type Verifier struct {
	redactor
	secrets []redact.Secret
	maxAge  time.Duration
}

// NewVerifier makes a verifier of the secret token that stands beside the event
// subscriptions of the app in Zoom's Marketplace. While the token is being replaced
// give both, the new one and the old: each is good. A token that is empty or has
// blanks around it, such as the line end of a file, is [zoom.ErrInvalidArgument].
func NewVerifier(secretTokens ...string) (*Verifier, error) {
	if len(secretTokens) == 0 {
		return nil, fmt.Errorf("zoomhook: no secret token: %w", zoom.ErrInvalidArgument)
	}
	v := &Verifier{maxAge: maxAge}
	for _, token := range secretTokens {
		if token == "" || strings.TrimSpace(token) != token {
			return nil, fmt.Errorf("zoomhook: a secret token is empty or has blanks around it: %w", zoom.ErrInvalidArgument)
		}
		v.secrets = append(v.secrets, redact.Hide(token))
	}
	return v, nil
}

// WithMaxAge returns a verifier that accepts deliveries up to d old, in place of 5
// minutes. Zoom sends an event again 5, 25 and 85 minutes after the first time and does not
// say whether the timestamp is renewed; 90 minutes accept all of them where it is not.
// Whoever sees a delivery can send it again for as long: use [Digest] to drop repeats. A
// duration of zero or less, or of more than 24 hours, is [zoom.ErrInvalidArgument] when the
// verifier is used. Deliveries from the future stay limited to 5 minutes.
func (v *Verifier) WithMaxAge(d time.Duration) *Verifier {
	if v == nil {
		return nil
	}
	return &Verifier{secrets: v.secrets, maxAge: d}
}

// Verify reports whether Zoom signed this body and these headers, no longer than 5 minutes
// (or [Verifier.WithMaxAge]) before now and no more than 5 minutes after: nil, [ErrSignature]
// or [ErrStale]. The body must be the bytes that came, not JSON that was encoded again. The
// names of the headers may be in any case. [NewHandler] verifies by itself; Verify is for
// programs that read the events themselves, and these must answer the challenges of Zoom
// too, and only after verifying them.
func (v *Verifier) Verify(h http.Header, body []byte, now time.Time) error {
	if _, err := v.verify(h, body, now); err != nil {
		return fmt.Errorf("zoomhook: %w", err)
	}
	return nil
}

// verify returns the secret that the delivery was signed with: a challenge must
// be answered with the same.
func (v *Verifier) verify(h http.Header, body []byte, now time.Time) (redact.Secret, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	signed, err := readHeaders(h)
	if err != nil {
		return nil, err
	}
	var signer redact.Secret
	for _, secret := range v.secrets { // to the end, so that the time taken does not tell which one it was
		want := version + "=" + sum(secret, version+":"+signed.stamp+":", body)
		if hmac.Equal([]byte(want), []byte(signed.signature)) {
			signer = secret
		}
	}
	if signer == nil {
		return nil, ErrSignature
	}
	return signer, v.checkAge(signed, now)
}

// precheck refuses what cannot be a delivery of Zoom's before its body is read.
func (v *Verifier) precheck(h http.Header, now time.Time) error {
	signed, err := readHeaders(h)
	if err != nil {
		return err
	}
	return v.checkAge(signed, now)
}

func (v *Verifier) checkAge(signed signedHeaders, now time.Time) error {
	off := now.Sub(signed.at).Abs().Round(time.Second)
	switch {
	case signed.at.Before(now.Add(-v.maxAge)):
		return fmt.Errorf("%w: %s old", ErrStale, off)
	case signed.at.After(now.Add(maxAhead)):
		return fmt.Errorf("%w: %s ahead", ErrStale, off)
	}
	return nil
}

// check refuses a verifier that cannot be used.
func (v *Verifier) check() error {
	switch {
	case v == nil || len(v.secrets) == 0:
		return fmt.Errorf("the verifier was not made by NewVerifier: %w", zoom.ErrInvalidArgument)
	case v.maxAge <= 0 || v.maxAge > longestAge:
		return fmt.Errorf("max age: want more than 0 and at most %s: %w", longestAge, zoom.ErrInvalidArgument)
	}
	return nil
}

// signedHeaders are the headers of a delivery.
type signedHeaders struct {
	signature string
	stamp     string
	at        time.Time
}

// readHeaders reads both headers, each of which must stand there once and in its form.
func readHeaders(h http.Header) (signedHeaders, error) {
	signatures, stamps := values(h, signatureHeader), values(h, timestampHeader)
	if len(signatures) != 1 || len(stamps) != 1 {
		return signedHeaders{}, fmt.Errorf("%d signatures and %d timestamps instead of one each: %w", len(signatures), len(stamps), ErrSignature)
	}
	if len(signatures[0]) != len(version+"=")+2*sha256.Size {
		return signedHeaders{}, fmt.Errorf("the signature has the wrong length: %w", ErrSignature)
	}
	at, err := parseStamp(stamps[0])
	return signedHeaders{signature: signatures[0], stamp: stamps[0], at: at}, err
}

// values returns the values of a header under its name in any case: gateways hand over
// maps with lower-case names.
func values(h http.Header, name string) []string {
	var found []string
	for key, values := range h {
		if strings.EqualFold(key, name) {
			found = append(found, values...)
		}
	}
	return found
}

// parseStamp reads a Unix time in seconds. Only digits may stand there: with a
// colon among them the text that is signed could be cut in another place.
func parseStamp(text string) (time.Time, error) {
	const longest = 11 // digits
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) > longest || strings.Trim(text, "0123456789") != "" {
		return time.Time{}, fmt.Errorf("the timestamp is not a Unix time in seconds: %w", ErrSignature)
	}
	return time.Unix(seconds, 0), nil
}

// sum is the HMAC-SHA256 of prefix and message in lower-case hexadecimal digits,
// which is the only form that Zoom writes.
func sum(secret redact.Secret, prefix string, message []byte) string {
	mac := hmac.New(sha256.New, []byte(secret()))
	mac.Write([]byte(prefix))
	mac.Write(message)
	return hex.EncodeToString(mac.Sum(nil))
}
