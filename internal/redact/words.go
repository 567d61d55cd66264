package redact

import (
	"net/netip"
	"regexp"
	"strings"
)

const (
	maxForeign = 200 // bytes that are kept of a text of unknown origin
	maxRead    = 4 << 10
	maxMarks   = 3
)

var (
	plainWord = regexp.MustCompile(`^/?[A-Za-z]{1,20}(?:[-_/'][A-Za-z]{1,20}){0,4}$`)
	smallInt  = regexp.MustCompile(`^\d{1,5}$`)
	protocol  = regexp.MustCompile(`^(?:x509|h2|http2|HTTP/[0-9.x]{1,3}|http/[0-9.x]{1,3}|net/http|TLS1\.[0-3]|IPv[46])$`)
)

// words keeps of the first line of a text the plain words, small numbers and IP
// addresses, and what is allowed by name; the rest goes.
func words(text string, values []string, allowed map[string]bool) string {
	text, _, more := strings.Cut(text, "\n")
	if len(text) > maxRead {
		text, more = text[:maxRead], true
	}
	var kept []string
	marks, last := 0, ""
	var after secrets
	for word := range strings.FieldsSeq(hide(text, values)) {
		if after.hides(word) || !mayStay(word, allowed) {
			word = Mark
		}
		if word == Mark && last == Mark {
			continue
		}
		if word == Mark {
			marks++
		}
		if marks > maxMarks {
			more = true
			break
		}
		kept, last = append(kept, word), word
	}
	out := strings.Join(kept, " ")
	if len(out) > maxForeign {
		out, more = out[:maxForeign], true // words are ASCII, or stood in the text of a known type
		out = strings.ToValidUTF8(out, "")
	}
	if more {
		out += " …"
	}
	return out
}

func mayStay(word string, allowed map[string]bool) bool {
	if allowed[word] {
		return true
	}
	core := strings.Trim(word, "\"'`.,:;!?()[]{}<>")
	switch {
	case core == "":
		return len(word) < 3
	case allowed[core], smallInt.MatchString(core), protocol.MatchString(core):
		return true
	case plainWord.MatchString(core):
		return flips(core) <= 2
	}
	for end := range strings.SplitSeq(strings.TrimRight(word, ":,;."), "->") { // of a connection
		if _, err := netip.ParseAddrPort(end); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(strings.Trim(end, "[]")); err != nil {
			return false
		}
	}
	return true
}

// flips counts capitals that follow a small letter: more than a few are no word.
func flips(word string) int {
	n := 0
	for i := 1; i < len(word); i++ {
		if 'A' <= word[i] && word[i] <= 'Z' && 'a' <= word[i-1] && word[i-1] <= 'z' {
			n++
		}
	}
	return n
}

// secrets follows a text word by word and knows the words that stand where a secret does.
type secrets struct{ left int }

// hides reports whether a word follows one like "AUTH" or "password:" and is none that
// an error has there otherwise.
func (s *secrets) hides(word string) bool {
	const most = 3 // a name and a password, and what is between them
	core := strings.ToLower(strings.Trim(word, "\"'`.,:;!?()[]{}<>="))
	switch {
	case markers[core]:
		s.left = most
		if strings.ContainsAny(word[len(word)-1:], ":=") { // rather the word of one who wraps an error
			s.left = 1
		}
		return false
	case s.left == 0:
		return false
	case usual[core]:
		s.left = 0
		return false
	default:
		s.left--
		return true
	}
}

var (
	markers = wordSet(`auth authorization password passwd passphrase passcode pwd pass secret token bearer basic apikey
		api-key api_key credential credentials pin`)

	// usual are words that follow a marker where no secret is meant.
	usual = wordSet(`a about access account after again already an and another any are as at authentication authorization
		be because been before but by cache call can cannot client code connect connection context could dead deadline denied
		dial did do does doing down during eof empty endpoint error exchange exchanging exec exit expired expires failed
		failure fetch fetching file for found from get getting give given gone got grant had has have header host http id if in
		incorrect invalid is issuer it key length limit limiter load loading locked lookup lost malformed manager may message
		method mismatch missing must named net/http needed network new no none not nothing now of off on only open operation or
		out path permission post present problem program provider put read refresh refresher refused rejected renewal request
		required reset response responded returned revoked rotated rotation save saving sealed server service session set should
		source still store storage stored system that the they this time timeout tls to too tried try type unavailable under
		unexpected unknown unreachable until url use used validation value vault verification wait waiting was were when which
		while will with without write wrong x509 yet you your`)
)
