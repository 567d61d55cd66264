package zoom

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seatkit/zoom/internal/redact"
)

const (
	redacted   = redact.Mark
	maxMessage = 300 // bytes of Zoom's words that an error keeps
)

// scrub takes out of a text what must not be printed whoever wrote it: e-mail
// addresses, URLs (with their queries and passwords), line breaks and overlength.
func scrub(text string) string {
	text = redact.Patterns(text)
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, text)
	}
	if len(text) > maxMessage {
		cut := maxMessage
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return text
}

// scrubValues takes what was sent with a call out of a text too, and what looks
// like a secret: Zoom's messages repeat the user id, the meeting id and the token
// that they refuse.
func scrubValues(text string, values ...string) string { return scrub(redact.Text(text, values...)) }

// scrubScopes drops what is not a scope.
func scrubScopes(scopes, values []string) []string {
	var kept []string
	for _, scope := range scopes {
		if redact.Text(scope, values...) == scope {
			kept = append(kept, scope)
		}
	}
	return kept
}

// isTemplate reports whether a path can be shown as what was asked. One that was
// put together by hand, with a value or a query in it, cannot.
func isTemplate(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.ContainsFunc(segment, func(r rune) bool {
			return r > unicode.MaxASCII || (!unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-{}", r))
		}) || redact.Opaque(segment) {
			return false
		}
	}
	return true
}
