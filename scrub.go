package zoom

import (
	"regexp"
	"slices"
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
		if redact.Text(scope, tellingOf(values)...) == scope {
			kept = append(kept, scope)
		}
	}
	return kept
}

// scopeWords are words that scopes and the names of operations are made of.
var scopeWords = strings.Fields(`account admin billing dashboard dashboards delete do get group limiter list master meeting meetings
	oauth operation page past past_meeting phone read report reports role roles room roster settings status sub_account token update user users
	view webinar write GET POST PUT PATCH DELETE`)

// tellingOf leaves out the values that may be words of Zoom's own, which a scope or the
// name of an operation is made of.
func tellingOf(values []string) []string {
	var telling []string
	for _, value := range values {
		if !slices.Contains(scopeWords, value) {
			telling = append(telling, value)
		}
	}
	return telling
}

// isTemplate reports whether a path can be shown as what was asked. One that was
// put together by hand, with a value or a query in it, cannot.
func isTemplate(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.ContainsFunc(segment, func(r rune) bool {
			return r > unicode.MaxASCII || (!unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-{}", r))
		}) || looksLikeValue(strings.Trim(segment, "{}")) {
			return false
		}
	}
	return true
}

// apiVersion is what alone has a dot in a route of Zoom's.
var apiVersion = regexp.MustCompile(`^v?[0-9]{1,2}(\.[0-9]{1,2}){1,2}$`)

// looksLikeValue reports whether a segment is rather an id, a number or a name than a
// word of Zoom's routes, whose longest has 20 letters in a row.
func looksLikeValue(segment string) bool {
	const mostDigits, mostLetters = 4, 20
	digits, run := 0, 0
	for _, r := range segment {
		switch {
		case unicode.IsDigit(r):
			digits++
			run = 0
		case unicode.IsLetter(r):
			if run++; run > mostLetters {
				return true
			}
		default:
			run = 0
		}
	}
	dotted := strings.Contains(segment, ".") && strings.Trim(segment, ".") != ""
	return digits > mostDigits || (dotted && !apiVersion.MatchString(segment)) || redact.Opaque(segment)
}
