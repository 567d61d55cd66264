package zoom

import (
	"encoding/base64"
	"strings"
)

// idSet is an exact set of ids. Zoom's ids are 16 bytes written in base64: those
// are kept as bytes, which takes a third of the memory; any other text is kept
// as it is. Nothing is hashed down: a collision would drop a person.
type idSet struct {
	packed map[[16]byte]struct{}
	texts  map[string]struct{}
}

var strictBase64 = base64.RawURLEncoding.Strict()

// pack returns the bytes of a canonical id.
func pack(id string) (key [16]byte, ok bool) {
	const encoded = 22
	if len(id) != encoded {
		return key, false
	}
	var buf [18]byte
	n, err := strictBase64.Decode(buf[:], []byte(id))
	return [16]byte(buf[:16]), err == nil && n == 16
}

func (s *idSet) has(id string) bool {
	if key, ok := pack(id); ok {
		_, has := s.packed[key]
		return has
	}
	_, has := s.texts[id]
	return has
}

// add reports whether the id is new.
func (s *idSet) add(id string) bool {
	if s.has(id) {
		return false
	}
	if key, ok := pack(id); ok {
		if s.packed == nil {
			s.packed = make(map[[16]byte]struct{})
		}
		s.packed[key] = struct{}{}
		return true
	}
	if s.texts == nil {
		s.texts = make(map[string]struct{})
	}
	s.texts[id] = struct{}{}
	return true
}

// passes remembers whom a roster has seen. Each pass over a status has sets of
// its own, so that its rows can be counted; a user is new who is in none.
type passes struct {
	sets      []*pass           // the last is the current one
	invited   map[string]string // by e-mail address: users without an id, and the id that one came back with
	restarted bool              // the current part
	relisted  bool
}

// pass is whom one pass has seen, those without an id by e-mail address.
type pass struct{ ids, emails idSet }

func newPasses() *passes {
	return &passes{sets: []*pass{{}}, invited: map[string]string{}}
}

// add takes a row in. It counts unless the pass has had it; it is new unless any
// pass has. A row without an id is told by its e-mail address, and so is the same
// person's row with an id, which comes when an invitation is accepted while the
// roster is being listed.
func (p *passes) add(id, email string) (counts, isNew bool) {
	email = strings.ToLower(email)
	key, in := id, func(s *pass) *idSet { return &s.ids }
	if id == "" {
		key, in = email, func(s *pass) *idSet { return &s.emails }
	}
	last := len(p.sets) - 1
	if !in(p.sets[last]).add(key) {
		return false, false
	}
	for _, earlier := range p.sets[:last] {
		if in(earlier).has(key) {
			return true, false
		}
	}
	if id == "" {
		p.invited[email] = ""
		return true, true
	}
	if cameAs, ok := p.invited[email]; ok && cameAs == "" && email != "" {
		p.invited[email] = id
		return true, false
	}
	return true, true
}

func (p *passes) nextPass() { p.sets = append(p.sets, &pass{}) }

func (p *passes) nextPart() {
	p.nextPass()
	p.restarted, p.relisted = false, false
}

// mayRestart reports, once for each part, that a pass may begin again after its
// page token expired.
func (p *passes) mayRestart() bool {
	may := !p.restarted
	p.restarted = true
	return may
}

// mayRelist does the same for a pass that came out short.
func (p *passes) mayRelist() bool {
	may := !p.relisted
	p.relisted = true
	return may
}
