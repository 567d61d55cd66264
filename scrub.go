package zoom

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	redacted   = "[redacted]"
	maxMessage = 300 // bytes of Zoom's words that an error keeps
)

var (
	emailPattern = regexp.MustCompile(`[^\s"'<>(),:;\[\]]+@[^\s"'<>(),:;\[\]]+`)
	urlPattern   = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>]+`)
)

// scrub takes out of a text what must not be printed whoever wrote it: e-mail
// addresses, URLs (with their queries and passwords), line breaks and overlength.
func scrub(text string) string {
	if strings.Contains(text, "://") {
		text = urlPattern.ReplaceAllString(text, redacted)
	}
	if strings.Contains(text, "@") {
		text = emailPattern.ReplaceAllString(text, redacted)
	}
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

// scrubValues takes the values of a call out of a text too: Zoom's messages
// repeat the user id and the meeting id that were asked for.
func scrubValues(text string, values ...string) string {
	for _, v := range values {
		if len(v) < 2 {
			continue
		}
		for _, form := range []string{v, url.QueryEscape(v), strings.TrimPrefix(v, "/")} {
			if form != "" {
				text = strings.ReplaceAll(text, form, redacted)
			}
		}
	}
	return scrub(text)
}
