package canary

import (
	"fmt"
	"strings"
)

// A Scanner looks for secrets. It is not safe for concurrent use.
type Scanner struct {
	needles []needle
	secrets int
	texts   int
	sinks   map[string]bool
	clean   map[string]bool // texts that were looked at: many sinks print the same
}

// NewScanner returns a scanner for the secrets.
func NewScanner(secrets ...Secret) *Scanner {
	s := &Scanner{secrets: len(secrets), sinks: map[string]bool{}, clean: map[string]bool{}}
	for _, secret := range secrets {
		s.needles = append(s.needles, needlesOf(secret)...)
	}
	return s
}

// A Hit is a secret that was found, or a type that must not be reachable. It
// does not repeat the secret.
type Hit struct {
	Where  string // as the caller of the scanner names it, with the type of the value
	Sink   string // how it was printed
	Secret string // or the name of the type
	Form   string
}

// String is one line for the report of a test.
func (h Hit) String() string {
	return fmt.Sprintf("%s: %s prints the %s (%s)", h.Where, h.Sink, h.Secret, h.Form)
}

// Text looks at a text that one sink printed: a hit for each secret in it.
func (s *Scanner) Text(where, sink, text string) []Hit {
	s.texts++
	s.sinks[sink] = true
	if s.clean[text] {
		return nil
	}
	var hits []Hit
	lower := strings.ToLower(text)
	for _, n := range s.needles {
		in := lower
		if n.exact {
			in = text
		}
		if strings.Contains(in, n.text) && (len(hits) == 0 || hits[len(hits)-1].Secret != n.secret) {
			hits = append(hits, Hit{where, sink, n.secret, n.form})
		}
	}
	if hits == nil {
		s.clean[text] = true
	}
	return hits
}

// Value prints a value in every way, by itself, behind a pointer, inside of
// other values, and looks at what came out.
func (s *Scanner) Value(where string, v any) []Hit {
	var hits []Hit
	where = fmt.Sprintf("%s: %T", where, v)
	for _, p := range prints(v) {
		hits = append(hits, s.Text(where, p.sink, p.text)...)
	}
	return hits
}

// Error does the same to an error and to every error that it wraps, and sees
// that none of them leads to a request, an answer, an address or a token.
func (s *Scanner) Error(where string, err error) []Hit {
	var hits []Hit
	for _, node := range Tree(err) {
		hits = append(hits, s.Value(where, node)...)
		for _, path := range reachable(node) {
			hits = append(hits, Hit{where, "a program that follows the fields", path, "reachable"})
		}
	}
	hits = append(hits, s.targets(where, err)...)
	return hits
}

// Stats tells what was looked at: so many secrets, in so many sinks, in so many
// texts.
func (s *Scanner) Stats() (secrets, forms, sinks, texts int) {
	return s.secrets, len(s.needles), len(s.sinks), s.texts
}
