package paging

import (
	"cmp"
	"slices"
)

// A proof joins answers that overlap. Every answer is a piece of the list, in its
// order and without a gap, as it was at one instant. Whoever is in the list the whole
// time and comes after the rows of one answer is in the next answer that overlaps it,
// or after its rows too. So once joined answers run from a first page to a last one,
// everybody who was there the whole time was in one.
//
// The proof needs neither counts nor tokens that can be used twice, only an order
// of those who stay that does not change. It keeps the answers near open edges and no
// others.
type proof struct {
	kept  []*evidence
	width int // rows of the largest answer
	done  bool
	lost  bool // there are too many open edges
}

// evidence is one answer.
type evidence struct {
	start, end int // ranks: how many rows of its walk came before, and with it
	keys       []string
	chain      *chain
}

// chain is answers that are joined.
type chain struct {
	into        *chain // the chain that it was joined to
	lo, hi      int
	first, last bool
}

// edge is where the joined answers from a first page end.
type edge struct {
	at    int // rank
	after int // rank at which the next answers begin; -1: there are none
}

const (
	marginPages = 3   // of an edge of a chain
	mostKept    = 256 // answers
	longAnswer  = 20  // rows
)

func newProof() *proof { return &proof{} }

func (c *chain) root() *chain {
	for c.into != nil {
		if c.into.into != nil {
			c.into = c.into.into
		}
		c = c.into
	}
	return c
}

// join makes one chain of two.
func (c *chain) join(o *chain) {
	c, o = c.root(), o.root()
	if c == o {
		return
	}
	o.into = c
	c.lo, c.hi = min(c.lo, o.lo), max(c.hi, o.hi)
	c.first, c.last = c.first || o.first, c.last || o.last
}

// add takes an answer in, of which the first row has the rank start. It reports
// whether it overlaps another.
func (p *proof) add(start int, keys []string, first, last bool) (joined bool) {
	if len(keys) == 0 { // an empty list is believed if nobody was in it before
		p.done = p.done || (first && last && len(p.kept) == 0)
		return false
	}
	if p.lost {
		return false
	}
	e := &evidence{start: start, end: start + len(keys), keys: keys, chain: &chain{lo: start, hi: start + len(keys), first: first, last: last}}
	p.width = max(p.width, len(keys))
	at := make(map[string]int, len(keys))
	for i, key := range keys {
		at[key] = i
	}
	for _, o := range p.kept {
		if p.overlap(o, e, at) {
			o.chain.root().join(e.chain)
			joined = true
		}
	}
	p.kept = append(p.kept, e)
	whole := e.chain.root()
	p.done = p.done || (whole.first && whole.last)
	p.forget()
	return joined
}

// overlap reports whether two answers have a part of the list in common, where at
// says where the rows of the second one are. A row that they share is no evidence if
// its person left and came back elsewhere in between. So they overlap only if fewer
// people have moved if they do than if they do not:
//   - if they do, each row is a move that should be in both and is in one, or is in
//     both and out of order;
//   - if they do not, each row that is in both and in order is one.
//
// One row is enough only between long answers, where one ends with it and the other
// begins: else it may be of somebody who left the end of one answer and came back
// where a short last page begins. With a short answer three rows are needed, because two
// who come back side by side would be enough to fool it.
func (p *proof) overlap(a, b *evidence, at map[string]int) bool {
	if a.start-b.end > p.width || b.start-a.end > p.width {
		return false
	}
	var inA, inB []int // where the shared rows are
	for i, key := range a.keys {
		// The same row cannot be far from where it was: then it is another one, of
		// somebody who came back, or the answer is not the page that was asked for.
		if j, ok := at[key]; ok && near(a.start+i, b.start+j, p.width) {
			inA, inB = append(inA, i), append(inB, j)
		}
	}
	ordered := longestRise(inB)
	n := len(ordered)
	if n == 0 || (n < shortShared && min(len(a.keys), len(b.keys)) < longAnswer) {
		return false
	}
	head, tail := ordered[0], ordered[n-1]
	before := min(inA[head], inB[head])
	after := min(len(a.keys)-1-inA[tail], len(b.keys)-1-inB[tail])
	between := inA[tail] - inA[head] + 1 - n + inB[tail] - inB[head] + 1 - n
	if n < leastShared && inA[head] != 0 && inB[head] != 0 {
		return false
	}
	return before+between+after < n
}

// longestRise returns the indexes of a longest rising subsequence.
func longestRise(values []int) []int {
	ends, before := []int{}, make([]int, len(values)) // of the best one of each length; what stands before a value
	for i, v := range values {
		k, _ := slices.BinarySearchFunc(ends, v, func(end, v int) int { return cmp.Compare(values[end], v) })
		before[i] = -1
		if k > 0 {
			before[i] = ends[k-1]
		}
		if k == len(ends) {
			ends = append(ends, i)
		} else {
			ends[k] = i
		}
	}
	rise := make([]int, len(ends))
	if len(ends) > 0 {
		for k, i := len(ends)-1, ends[len(ends)-1]; k >= 0; k, i = k-1, before[i] {
			rise[k] = i
		}
	}
	return rise
}

func near(a, b, width int) bool { return a-b <= width && b-a <= width }

// forget drops the rows of answers which no answer to come can help.
func (p *proof) forget() {
	margin := marginPages * p.width
	front := p.front()
	p.kept = slices.DeleteFunc(p.kept, func(e *evidence) bool {
		c := e.chain.root()
		isInside := (c.first || e.start > c.lo+margin) && (c.last || e.end < c.hi-margin)
		isBehind := front != nil && e.end < front.hi-margin
		return isInside || isBehind
	})
	if len(p.kept) > mostKept {
		*p = proof{lost: true, done: p.done}
	}
}

// chains are the chains of what is kept, in order.
func (p *proof) chains() []*chain {
	var chains []*chain
	for _, e := range p.kept {
		if c := e.chain.root(); !slices.Contains(chains, c) {
			chains = append(chains, c)
		}
	}
	slices.SortFunc(chains, func(a, b *chain) int { return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi)) })
	return chains
}

// front is the chain that begins with a first page and reaches farthest.
func (p *proof) front() *chain {
	var front *chain
	for _, e := range p.kept {
		if c := e.chain.root(); c.first && (front == nil || c.hi > front.hi) {
			front = c
		}
	}
	return front
}

// open returns the open edges, in order. The last one lies at the end where no
// answer is known to be of a last page.
func (p *proof) open() []edge {
	front := p.front()
	if p.done || p.lost || front == nil {
		return nil
	}
	var edges []edge
	hi, isLast := front.hi, front.last
	for _, c := range p.chains() {
		if c == front || c.hi <= hi {
			continue
		}
		edges = append(edges, edge{at: hi, after: c.lo})
		hi, isLast = c.hi, c.last
	}
	if !isLast {
		edges = append(edges, edge{at: hi, after: -1})
	}
	return edges
}
