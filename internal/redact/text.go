// Package redact takes out of texts and errors what must not be printed. What
// Zoom says is freed of what it repeats of the request ([Text], [ID]); what an
// unknown piece of code says ([Cause]) is reduced to plain words, because no list
// of what to take out of it could be complete.
package redact

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"github.com/seatkit/zoom/internal/wire"
)

// Mark stands where something was taken out.
const Mark = "[redacted]"

// The forms in which an at sign, a colon and a slash come.
const (
	atSign = `(?:@|＠|﹫|%(?:25)*40|&#(?:0*64|[xX]0*40);|&commat;|\\u0040|\\x40|=40|\(at\)|\[at\])`
	colon  = `(?::|%(?:25)*3[aA]|&#(?:0*58|[xX]0*3[aA]);|&colon;|\\u003[aA])`
	slash  = `(?:\\?/|%(?:25)*2[fF]|&#(?:0*47|[xX]0*2[fF]);|&sol;|\\u002[fF])`
)

var (
	urlPattern    = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*` + colon + slash + `{1,3}[^\s"'<>]+`)
	hostPattern   = regexp.MustCompile(`(?i)(?:\\?/\\?/)?\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?(?:\\?/|%2f|\?)[^\s"'<>]+`)
	emailPattern  = regexp.MustCompile(`(?:\\?"[^"\r\n]{1,64}"|[^\s"'<>(),:;\[\]]+)` + atSign + `(?:\[[0-9A-Fa-fx:.]+\]|[^\s"'<>(),:;\[\]]+)`)
	spacedPattern = regexp.MustCompile(`[^\s"'<>(),:;\[\]]+\s?[@＠]\s?[\pL\pN-]+(?:\.[\pL\pN-]+)+`)

	credentialPattern = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}`)
	namedPattern      = regexp.MustCompile(`(?i)(^|[^\w:])((?:access_|refresh_|id_|client_)?(?:token|secret)|password|passwd|passcode|pwd|bearer|api_?key|host_?key)("?\s*[=:]\s*"?)[^\s"',;&]+`)
	wordPattern       = regexp.MustCompile(`[A-Za-z0-9_.~+/=%-]{12,}`)
	lettersPattern    = regexp.MustCompile(`[A-Za-z]{21,}`)
	numberPattern     = regexp.MustCompile(`[0-9]{9,}|\b[0-9]{3}[ -][0-9]{3,4}[ -][0-9]{3,4}\b`)
)

// enough is how many bytes of a text are looked at. Nobody prints as many.
const enough = 16 << 10

// beginning cuts a text before anything searches it.
func beginning(text string) string {
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "")
}

// Patterns takes out URLs with all that is in them and e-mail addresses. Of an endless
// text it returns the beginning.
func Patterns(text string) string {
	text = beginning(text)
	encoded := strings.ContainsAny(text, `%&\`) // it may hold any sign in a form of its own
	if encoded || strings.Contains(text, ":/") || strings.Contains(text, `:\`) {
		text = urlPattern.ReplaceAllString(text, Mark)
	}
	if strings.Contains(text, ".") && (encoded || strings.ContainsAny(text, "/?")) {
		text = hostPattern.ReplaceAllString(text, Mark)
	}
	plain := strings.ContainsAny(text, "@＠")
	if encoded || plain || strings.Contains(text, "﹫") || strings.Contains(text, "=40") || strings.Contains(text, "(at)") || strings.Contains(text, "[at]") {
		text = emailPattern.ReplaceAllStringFunc(text, func(address string) string {
			if strings.Contains(address, "=40") && !quotedPrintable.MatchString(address) {
				return address
			}
			return Mark
		})
	}
	if plain {
		text = spacedPattern.ReplaceAllString(text, Mark)
	}
	return text
}

// quotedPrintable tells an address from a number after an equals sign.
var quotedPrintable = regexp.MustCompile(`=40[\pL]|[@＠%;]`)

// Text takes out the values, in each form in which a server repeats them, then
// URLs, e-mail addresses, credentials, and words that look like ids, tokens or
// something encoded.
func Text(text string, values ...string) string {
	text = Patterns(hide(beginning(text), values))
	text = credentialPattern.ReplaceAllString(text, "$1 "+Mark)
	text = namedPattern.ReplaceAllString(text, "$1$2$3"+Mark)
	text = wordPattern.ReplaceAllStringFunc(text, func(word string) string {
		if Opaque(word) || isMixed(word) {
			return Mark
		}
		return word
	})
	text = lettersPattern.ReplaceAllString(text, Mark)
	return numberPattern.ReplaceAllStringFunc(text, func(number string) string {
		const shortestType, longestType = 16, 19 // a licence is a bit of a large number
		if shortestType <= len(number) && len(number) <= longestType {
			return number
		}
		return Mark
	})
}

// isMixed reports whether a word has capitals in it, small letters and digits, as an id of
// a dozen letters has.
func isMixed(word string) bool {
	return flips(word) > 1 && strings.ContainsAny(word, "0123456789")
}

// ID returns a tracking id, or nothing if what stands in its place cannot be one:
// it is odd, or repeats one of the values.
func ID(id string, values ...string) string {
	const longest = 128
	if id == "" {
		return ""
	}
	if len(id) > longest || strings.ContainsFunc(id, func(r rune) bool {
		return !isAlnum(byte(min(r, 0x7f))) && //nolint:gosec // at most 0x7f
			!strings.ContainsRune("-_.:;=", r)
	}) || hide(id, values) != id {
		return Mark
	}
	return id
}

// Opaque reports whether a text looks made by a machine: long, and with digits
// among letters or capitals in the middle.
func Opaque(text string) bool {
	const shortest = 16
	if len(text) < shortest {
		return false
	}
	letters, digits, flips := 0, 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			digits++
		case 'A' <= c && c <= 'Z':
			letters++
			if i > 0 && 'a' <= text[i-1] && text[i-1] <= 'z' {
				flips++
			}
		case 'a' <= c && c <= 'z':
			letters++
		}
	}
	return (digits > 0 && letters > 0) || flips > 2
}

// Telling reports whether a value of a query or a body tells more than a word or
// a number of Zoom's vocabulary, such as "active" or a date.
func Telling(value string) bool {
	const shortest, longest = 4, 24
	if len(value) < shortest {
		return false
	}
	return len(value) > longest || strings.Trim(value, "abcdefghijklmnopqrstuvwxyz_") != "" && strings.Trim(value, "0123456789:.-") != ""
}

// Sent reports whether a value that was sent must not be repeated. What may is too short
// to tell anything, a date, or a word of Zoom's vocabulary.
func Sent(value string) bool {
	const shortest, shortestNumber = 3, 4
	switch {
	case len(value) < shortest || vocabulary[value] || date.MatchString(value):
		return false
	case strings.Trim(value, "0123456789.-") == "":
		return len(value) >= shortestNumber
	default:
		return true
	}
}

var date = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:T[0-9:.]+Z?)?)?$`)

// vocabulary are values of Zoom's, which say nothing of anybody.
var vocabulary = wordSet(`true false all active inactive pending activate deactivate create disassociate delete
	scheduled live upcoming upcoming_meetings previous_meetings past pastOne pastJoined meeting webinar
	custom_attributes host_key deactivated registration_time authorization_code account_credentials refresh_token
	urn:ietf:params:oauth:grant-type:device_code access_token`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// longValue is the length of a value from which on its beginning stands for it.
const longValue = 1 << 10

// hide takes values out of a text, in any case of letters. From where a long one
// begins it keeps nothing.
func hide(text string, values []string) string {
	for _, v := range values {
		if len(v) < 2 || text == "" {
			continue
		}
		if len(v) > longValue { // the text may end before it does
			if i := strings.Index(text, v[:longValue]); i >= 0 {
				text = text[:i] + Mark
			}
			v = v[:longValue]
		}
		once := url.QueryEscape(v)
		forms := []string{
			v, once, url.QueryEscape(once), url.PathEscape(v), url.PathEscape(url.PathEscape(v)), jsonText(v, true), jsonText(v, false), strings.TrimPrefix(v, "/"),
			strings.TrimPrefix(url.UserPassword("", v).String(), ":"),
		}
		for i, form := range forms {
			if len(form) > 1 && (i == 0 || form != v) {
				text = replace(text, form)
			}
		}
	}
	return text
}

// replace takes a value out of a text. A short one must stand alone: the user id
// "me" is not in "meeting".
func replace(text, value string) string {
	const short = 6
	lower, value := wire.LowerASCII(text), wire.LowerASCII(value) // they keep their length, which strings.ToLower does not
	if !strings.Contains(lower, value) {
		return text
	}
	var b strings.Builder
	done := 0
	for from := 0; ; {
		i := strings.Index(lower[from:], value)
		if i < 0 {
			break
		}
		at, end := from+i, from+i+len(value)
		from = end
		if len(value) < short && ((at > 0 && isAlnum(lower[at-1])) || (end < len(lower) && isAlnum(lower[end]))) {
			continue
		}
		b.WriteString(text[done:at] + Mark)
		done = end
	}
	return b.String() + text[done:]
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// jsonText is v inside of a JSON text, with what HTML would take for itself
// escaped or not.
func jsonText(v string, html bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if enc.Encode(v) != nil {
		return v
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return text[1 : len(text)-1]
}
