package paging

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rows are the keys from one row to another, without the latter.
func rows(from, to int, without ...int) (keys []string) {
next:
	for i := from; i < to; i++ {
		for _, w := range without {
			if i == w {
				continue next
			}
		}
		keys = append(keys, fmt.Sprintf("r%d", i))
	}
	return keys
}

// piece is one answer.
type piece struct {
	start       int
	keys        []string
	first, last bool
}

func TestProofJoinsAnswersThatShareRows(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []piece
		done   bool
		open   []edge
	}{
		"one page":                 {[]piece{{0, rows(0, 5), true, true}}, true, nil},
		"nobody":                   {[]piece{{0, nil, true, true}}, true, nil},
		"nobody after somebody":    {[]piece{{0, rows(0, 5), true, false}, {0, nil, true, true}}, false, []edge{{5, -1}}},
		"two pages alone":          {[]piece{{0, rows(0, 5), true, false}, {5, rows(5, 9), false, true}}, false, []edge{{5, 5}}},
		"bridged":                  {[]piece{{0, rows(0, 5), true, false}, {5, rows(5, 9), false, true}, {2, rows(2, 8), false, false}}, true, nil},
		"bridged in any order":     {[]piece{{2, rows(2, 8), false, false}, {5, rows(5, 9), false, true}, {0, rows(0, 5), true, false}}, true, nil},
		"no first page":            {[]piece{{3, rows(3, 8), false, false}, {5, rows(5, 9), false, true}}, false, nil},
		"no last page":             {[]piece{{0, rows(0, 5), true, false}, {2, rows(2, 8), false, false}}, false, []edge{{8, -1}}},
		"one row at the seam":      {[]piece{{0, rows(0, 5), true, false}, {4, rows(4, 9), false, true}}, false, []edge{{5, 4}}},
		"two rows at the seam":     {[]piece{{0, rows(0, 5), true, false}, {3, rows(3, 9), false, true}}, false, []edge{{5, 3}}},
		"three rows at the seam":   {[]piece{{0, rows(0, 5), true, false}, {2, rows(2, 9), false, true}}, true, nil},
		"two rows of long answers": {[]piece{{0, rows(0, 20), true, false}, {18, rows(18, 40), false, true}}, true, nil},
		"one row elsewhere":        {[]piece{{0, rows(0, 5), true, false}, {5, append(rows(5, 9), "r2"), false, true}}, false, []edge{{5, 5}}},
		"one row is the last page": {[]piece{{0, rows(0, 5), true, false}, {5, []string{"r4"}, false, true}}, false, []edge{{5, 5}}},
		"two rows that came back":  {[]piece{{0, rows(0, 9), true, false}, {9, append(rows(9, 15), "r2", "r6"), false, true}}, false, []edge{{9, 9}}},
		"rows in another order":    {[]piece{{0, rows(0, 5), true, false}, {3, []string{"r4", "r3", "r8"}, false, true}}, false, []edge{{5, 3}}},
		"more stayed than moved":   {[]piece{{0, rows(0, 9, 5), true, false}, {4, append(rows(4, 12, 7), "r1"), false, true}}, true, nil},
		"a row far from where it was": {
			[]piece{{0, rows(0, 5), true, false}, {90, append(rows(90, 94), "r2"), false, true}}, false, []edge{{5, 90}},
		},
	} {
		p := newProof()
		for _, x := range c.pieces {
			p.add(x.start, x.keys, x.first, x.last)
		}
		assert.Equal(t, c.done, p.done, name)
		assert.Equal(t, c.open, p.open(), name)
	}
}

// TestFaultPG19DoubleCompensation: somebody leaves before the second page of each
// walk and another joins after it. Both walks bring as many rows as are counted, the
// count never moves, and the one at the edge is in neither: it is not proven.
func TestFaultPG19DoubleCompensation(t *testing.T) {
	t.Run("PG19 two compensations", func(t *testing.T) {
		// Ten people in fives: r0…r4 | r5…r9. The second walk has pages of four, so that
		// its edges are r4 and r8.
		p := newProof()
		p.add(0, rows(0, 5), true, false)
		p.add(5, append(rows(6, 10), "n1"), false, true) // r1 has left, n1 is at the end
		p.add(0, append([]string{"n2"}, rows(0, 4, 1)...), true, false)
		p.add(4, rows(6, 10), false, false) // r2 and r4 have left, others are at the end
		p.add(8, []string{"n1", "n3"}, false, true)
		assert.False(t, p.done, "r5 was there the whole time and in no answer")
		assert.Equal(t, []edge{{5, 4}}, p.open())
		p.add(3, append(rows(3, 4), rows(5, 9)...), false, false) // read again around the edge: r5 comes
		p.add(1, []string{"r0", "r2", "r3", "r5", "r6"}, false, false)
		assert.True(t, p.done)
	})
	t.Run("PG19 through the pager", func(t *testing.T) {
		for _, kind := range []string{"offset", "once offset"} {
			a := newAccount(1, [3]int{0, 1000, 0}, kind, 0, false)
			p := Start(a.listing(100), Place{})
			testSize = 100
			got := map[string]bool{}
			for !p.Done() {
				// Before each page that is not the first somebody of the first page leaves, and
				// somebody joins there when it has been read.
				if l := a.lists[1]; len(l) >= 1000 {
					a.lists[1] = l[1:]
				} else {
					a.lists[1] = append([]*person{a.newPerson(l[0].key-1, false)}, l...)
				}
				page, _, err := p.Next(t.Context())
				if err != nil {
					return // not proven: somebody may be missing
				}
				for _, name := range page.Items {
					got[name] = true
				}
			}
			for _, person := range a.lists[1][100:] {
				require.True(t, got[person.name], "%s was there the whole time", person.name)
			}
		}
	})
}

// TestProofKeepsLittle: what a long listing keeps of its rows is a few pages.
func TestProofKeepsLittle(t *testing.T) {
	p := newProof()
	for i := range 1000 {
		p.add(i*300, rows(i*300, (i+1)*300), i == 0, i == 999)
		p.add(i*299, rows(i*299, (i+1)*299), i == 0, false)
		require.LessOrEqual(t, len(p.kept), 100, "after %d pages", i)
	}
}

func TestSecondSize(t *testing.T) {
	for _, c := range []struct{ first, total, most int }{
		{300, 400, 299},
		{300, 1000, 299},
		{300, 5000, 299},
		{300, 20000, 299},
		{300, 80000, 299},
		{300, 0, 299},
		{100, 1000, 300},
		{100, 5000, 300},
		{100, 9000, 300},
		{250, 3000, 300},
		{2000, 50000, 1999},
	} {
		size := secondSize(c.first, c.total, c.most)
		assert.LessOrEqual(t, size, c.most, "%+v", c)
		assert.GreaterOrEqual(t, float64(size)*spread, float64(c.first), "%+v", c)
		assert.LessOrEqual(t, scoreOf(c.first, size, max(c.total, c.first)).meeting, c.total/50_000, "%+v", c)
	}
	assert.Greater(t, secondSize(3, 500, 300), 3, "there is no good one below")
	assert.Greater(t, secondSize(100, 20000, 300), 100)
	assert.Equal(t, 2, scoreOf(300, secondSize(300, 100_000, 299), 100_000).meeting, "edges meet as rarely as they can")
	assert.Zero(t, secondSize(1, 10, 0))
	assert.Zero(t, secondSize(2, 10, 1))
}
