package canary

import (
	"fmt"
	"reflect"
	"sync"
)

// A Scanner looks for secrets. It is safe for concurrent use: hooks run beside calls.
type Scanner struct {
	needles needles
	secrets int

	mu    sync.Mutex
	texts int
	sinks map[string]bool
	clean map[string]bool // texts that were looked at: many sinks print the same
	done  map[error]bool  // nodes, by pointer, that were looked at: hooks are given what the caller gets
	same  map[string]bool // errors, by all that is in them: from equal ones every sink prints the same
}

// NewScanner returns a scanner for the secrets.
func NewScanner(secrets ...Secret) *Scanner {
	s := &Scanner{secrets: len(secrets), sinks: map[string]bool{}, clean: map[string]bool{}, done: map[error]bool{}, same: map[string]bool{}}
	for _, secret := range secrets {
		s.needles.add(needlesOf(secret)...)
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
	if s.knows(sink, text) {
		return nil
	}
	var hits []Hit
	for secret, form := range s.needles.in(text) {
		hits = append(hits, Hit{where, sink, secret, form})
	}
	if hits == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clean[text] = true
	}
	return hits
}

// knows counts a text, and reports whether it was looked at before.
func (s *Scanner) knows(sink, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts++
	s.sinks[sink] = true
	return s.clean[text]
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
	if s.isSame(err) {
		return nil
	}
	var hits []Hit
	for _, node := range Tree(err) {
		if s.isDone(node) {
			continue
		}
		hits = append(hits, s.Value(where, node)...)
		for _, path := range reachable(node) {
			hits = append(hits, Hit{where, "a program that follows the fields", path, "reachable"})
		}
	}
	hits = append(hits, s.targets(where, err)...)
	return hits
}

// isDone reports whether a node was looked at before and had nothing to hide or
// has told it.
func (s *Scanner) isDone(err error) bool {
	if reflect.ValueOf(err).Kind() != reflect.Pointer {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	done := s.done[err]
	s.done[err] = true
	return done
}

// isSame reports whether an equal error was looked at before.
func (s *Scanner) isSame(err error) bool {
	mark, ok := fingerprint(err)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.same[mark]
	s.same[mark] = true
	return same
}

// Stats tells what was looked at: so many secrets, in so many sinks, in so many
// texts.
func (s *Scanner) Stats() (secrets, forms, sinks, texts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secrets, len(s.needles.all), len(s.sinks), s.texts
}
