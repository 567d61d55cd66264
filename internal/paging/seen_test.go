package paging

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// idOf makes ids of Zoom's form, without a pattern that a hash could like.
func idOf(n uint64) string {
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:8], n*0x9E3779B97F4A7C15)
	binary.LittleEndian.PutUint64(raw[8:], n^0xD1B54A32D192ED03)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// alike are ids that differ by little and are different all the same.
var alike = []string{
	"KDcuGIm1QgePTO8WbOqwIQ", "kDcuGIm1QgePTO8WbOqwIQ", "KDCUGIM1QGEPTO8WBOQWIQ", "kdcugim1qgepto8wboqwiq",
	"KDcuGIm1QgePTO8WbOqwIR", "KDcuGIm1QgePTO8WbOqwIS", "KDcuGIm1QgePTO8WbOqwIf", // the same bytes, decoded carelessly
	"KDcuGIm1QgePTO8WbOqwI", "KDcuGIm1QgePTO8WbOqwIQ=", "KDcuGIm1QgePTO8WbOqwIQ==", "KDcuGIm1QgePTO8WbOqwIQA",
	" KDcuGIm1QgePTO8WbOqwIQ", "KDcuGIm1QgePTO8WbOqwI\n", "\nKDcuGIm1QgePTO8WbOqwI", "KDcuGIm1QgePTO8\r\nbOqwIQ",
	"__________________-_8w", "//////////////////+/8w", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB", "A", "",
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "12345", "12345 ", "\u00e9", "e\u0301", "user@example.com", "@user@example.com",
}

func TestIDSetIsExact(t *testing.T) {
	var s idSet
	for i, id := range alike {
		for j, other := range alike {
			assert.Equal(t, j < i, s.has(other), "%q while %q is added", other, id)
		}
		assert.True(t, s.add(id), "%q is new", id)
		assert.False(t, s.add(id), "%q is known", id)
	}
	for _, id := range alike {
		assert.True(t, s.has(strings.Clone(id)))
	}
}

func TestIDSetKeepsManyApart(t *testing.T) {
	var s idSet
	const n = 50_000
	for i := range uint64(n) {
		require.True(t, s.add(idOf(i)))
	}
	for i := range uint64(n) {
		require.False(t, s.add(idOf(i)))
		require.False(t, s.has(idOf(n+i)))
	}
	assert.Len(t, s.packed, n)
	assert.Empty(t, s.texts, "ids of Zoom's form are kept as bytes")
}

// FuzzIDSet: two texts are the same id if they are the same text.
func FuzzIDSet(f *testing.F) {
	for i, id := range alike {
		f.Add(id, alike[(i+1)%len(alike)])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var s idSet
		require.True(t, s.add(a))
		require.Equal(t, a == b, s.has(b))
		require.Equal(t, a != b, s.add(b))
		require.True(t, s.has(a) && s.has(b))
		if key, ok := pack(a); ok {
			require.Equal(t, a, base64.RawURLEncoding.EncodeToString(key[:]))
		}
	})
}

func TestPeopleAreHandedOutOnce(t *testing.T) {
	type row struct {
		id, address   string
		counts, isNew bool
	}
	for name, readings := range map[string][][]row{
		"one reading":                        {{{"a", "", true, true}, {"a", "", false, false}, {"A", "", true, true}}},
		"another reading counts again":       {{{"a", "", true, true}}, {{"a", "", true, false}, {"b", "", true, true}, {"b", "", false, false}}, {{"b", "", true, false}}},
		"PG22 without id the address is key": {{{"", "x@e", true, true}, {"", "X@E", true, false}, {"", "x@e", false, false}, {"", "y@e", true, true}}, {{"", "x@E", true, false}}},
		"PG23 an invitation was accepted":    {{{"", "X@e", true, true}}, {{"a", "x@E", true, true}, {"b", "y@e", true, true}}, {{"a", "x@e", true, false}}},
		"addresses do not hide people":       {{{"a", "x@e", true, true}, {"b", "x@e", true, true}, {"", "", true, true}}, {{"c", "", true, true}}},
		"an id that looks like an address":   {{{"", "x@e", true, true}, {"@x@e", "", true, true}}},
		"an address that looks like an id":   {{{"@x@e", "", true, true}, {"", "x@e", true, true}}, {{"", "x@e", true, false}, {"@x@e", "", true, false}}},
		"the same id in another row":         {{{"a", "x@e", true, true}}, {{"a", "other@e", true, false}}},
	} {
		p := newPeople()
		for i, rows := range readings {
			if i > 0 {
				p.read()
			}
			for _, r := range rows {
				counts, isNew := p.add(r.id, r.address)
				assert.Equal(t, row{r.id, r.address, counts, isNew}, r, "%s, reading %d", name, i+1)
			}
		}
	}
}

// live is what is in use after everything that can be let go has been.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// bytesPerUser fills what a roster remembers with the users of one status and
// returns what is in use for each.
func bytesPerUser(users int) float64 {
	before := live()
	p := newPeople()
	for i := range uint64(users) {
		p.add(idOf(i), "user@example.com")
	}
	used := live() - before
	runtime.KeepAlive(p)
	return float64(used) / float64(users)
}

// TestRosterMemory: at most 40 bytes a user, also just after the maps have grown:
// they begin to at 230,000 and have all done so at 240,000.
func TestRosterMemory(t *testing.T) {
	const most = 40
	for _, users := range []int{100_000, 230_000, 240_000, 300_000} {
		t.Run(fmt.Sprint(users), func(t *testing.T) {
			used := bytesPerUser(users)
			for range 4 { // what other tests let go of or take meanwhile is measured too
				if used > 0 && used <= most {
					break
				}
				used = bytesPerUser(users)
			}
			assert.LessOrEqual(t, used, float64(most))
			assert.Greater(t, used, 16.0, "nothing was measured")
		})
	}
}

func BenchmarkRosterMemory(b *testing.B) {
	for _, users := range []int{100_000, 230_000, 240_000, 300_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			used := 0.0
			for b.Loop() {
				used = bytesPerUser(users)
			}
			b.ReportMetric(used, "B/user")
		})
	}
}
