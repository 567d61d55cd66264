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
	for word := range strings.FieldsSeq(hide(text, values)) {
		if !mayStay(word, allowed) {
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
