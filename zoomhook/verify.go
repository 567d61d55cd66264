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
	ErrStale     = errors.New("timestamp more than 5 minutes off") // the signature is good: a replay, or a clock that is wrong
)

const (
	signatureHeader = "X-Zm-Signature"
	timestampHeader = "X-Zm-Request-Timestamp"
	version         = "v0"
	tolerance       = 5 * time.Minute
)

type redactor = redact.Printer

// A Verifier tells Zoom's deliveries from those of others, by the secret token
// of the app. It prints as "[redacted]" and may be used by many at once.
type Verifier struct {
	redactor
	secrets []redact.Secret
}

// NewVerifier makes a verifier of the secret token that stands beside the event
// subscriptions of the app in Zoom's Marketplace. While the token is being replaced
// give both, the new one and the old: each is good. A token that is empty or has
// blanks around it, such as the line end of a file, is [zoom.ErrInvalidArgument].
func NewVerifier(secretTokens ...string) (*Verifier, error) {
	if len(secretTokens) == 0 {
		return nil, fmt.Errorf("zoomhook: no secret token: %w", zoom.ErrInvalidArgument)
	}
	v := &Verifier{}
	for _, token := range secretTokens {
		if token == "" || strings.TrimSpace(token) != token {
			return nil, fmt.Errorf("zoomhook: a secret token is empty or has blanks around it: %w", zoom.ErrInvalidArgument)
		}
		v.secrets = append(v.secrets, redact.Hide(token))
	}
	return v, nil
}

// Verify reports whether Zoom signed this body and these headers within 5 minutes
// of now, before or after: nil, [ErrSignature] or [ErrStale]. The body must be the
// bytes that came, not JSON that was written anew. [NewHandler] verifies by
// itself; Verify is for programs that read the events themselves, and these must
// answer the challenges of Zoom too, and only after verifying them.
func (v *Verifier) Verify(h http.Header, body []byte, now time.Time) error {
	if _, err := v.verify(h, body, now); err != nil {
		return fmt.Errorf("zoomhook: %w", err)
	}
	return nil
}

// verify returns the secret that the delivery was signed with: a challenge must
// be answered with the same.
func (v *Verifier) verify(h http.Header, body []byte, now time.Time) (redact.Secret, error) {
	if !v.isMade() {
		return nil, errNotMade
	}
	signatures, stamps := h.Values(signatureHeader), h.Values(timestampHeader)
	if len(signatures) != 1 || len(stamps) != 1 {
		return nil, fmt.Errorf("%d signatures and %d timestamps instead of one each: %w", len(signatures), len(stamps), ErrSignature)
	}
	sent, err := parseStamp(stamps[0])
	if err != nil {
		return nil, err
	}
	var signer redact.Secret
	for _, secret := range v.secrets { // to the end, so that the time taken does not tell which one it was
		want := version + "=" + sum(secret, version+":"+stamps[0]+":", body)
		if hmac.Equal([]byte(want), []byte(signatures[0])) {
			signer = secret
		}
	}
	if signer == nil {
		return nil, ErrSignature
	}
	if off := now.Sub(sent).Abs(); off > tolerance {
		return nil, fmt.Errorf("%w: by %s", ErrStale, off.Round(time.Second))
	}
	return signer, nil
}

func (v *Verifier) isMade() bool { return v != nil && len(v.secrets) > 0 }

var errNotMade = fmt.Errorf("the verifier was not made by NewVerifier: %w", zoom.ErrInvalidArgument)

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
