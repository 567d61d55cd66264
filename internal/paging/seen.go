package paging

import (
	"encoding/base64"

	"github.com/seatkit/zoom/internal/wire"
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

// people remembers who was handed out, and who came in the present reading of a
// part, so that its rows can be counted. A row without an id is told by its
// address. It says nothing about a row with an id: an invitation that is accepted
// in the meantime is handed out twice rather than never.
type people struct {
	readings []*reading          // the last is the present one
	shown    map[string]struct{} // addresses of rows without an id
}

// reading is who came in one reading of a part. Rows without an id count by their
// address as it is written: two invitations may differ in case alone.
type reading struct{ ids, addresses idSet }

func newPeople() *people {
	return &people{readings: []*reading{{}}, shown: map[string]struct{}{}}
}

// add takes a row in. It counts if it is the first of its kind in this reading; it
// is new if nothing like it was handed out.
func (p *people) add(id, address string) (counts, isNew bool) {
	last := len(p.readings) - 1
	if id == "" {
		counts = p.readings[last].addresses.add(address)
		shown := wire.LowerASCII(address)
		_, known := p.shown[shown]
		p.shown[shown] = struct{}{}
		return counts, !known
	}
	if !p.readings[last].ids.add(id) {
		return false, false
	}
	for _, earlier := range p.readings[:last] {
		if earlier.ids.has(id) {
			return true, false
		}
	}
	return true, true
}

// read begins another reading of a part, or the reading of another part.
func (p *people) read() { p.readings = append(p.readings, &reading{}) }
