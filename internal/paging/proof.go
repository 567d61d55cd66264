package paging

import (
	"cmp"
	"slices"
)

// A proof joins answers that share a row. Every answer is a piece of the list, in
// its order and without a gap, as it was at one instant. Whoever is in the list the
// whole time and comes after the rows of one answer is in the next answer that
// shares a row with it, or after its rows too. So once joined answers run from a
// first page to a last one, everybody who was there the whole time was in one.
//
// The proof needs neither counts nor tokens that can be used twice, only an order
// that does not change. It keeps the rows of answers near open edges and no others.
type proof struct {
	rows  map[string]sighting
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

type sighting struct {
	in   *evidence
	rank int
}

// edge is where the joined answers from a first page end.
type edge struct {
	at    int // rank
	after int // rank at which the next answers begin; -1: there are none
}

const (
	marginPages = 3   // of an edge of a chain
	mostKept    = 256 // answers
)

func newProof() *proof { return &proof{rows: map[string]sighting{}} }

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
// whether it shares a row with another.
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
	for i, key := range keys {
		// The same row cannot be far from where it was: then it is another one, of
		// somebody who came back, or the answer is not the page that was asked for.
		if known, ok := p.rows[key]; ok && known.in != e && near(known.rank, start+i, p.width) {
			known.in.chain.root().join(e.chain)
			joined = true
		}
		p.rows[key] = sighting{e, start + i}
	}
	p.kept = append(p.kept, e)
	whole := e.chain.root()
	p.done = p.done || (whole.first && whole.last)
	p.forget()
	return joined
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
		if !isInside && !isBehind {
			return false
		}
		for _, key := range e.keys {
			if p.rows[key].in == e {
				delete(p.rows, key)
			}
		}
		return true
	})
	if len(p.kept) > mostKept {
		*p = proof{rows: map[string]sighting{}, lost: true, done: p.done}
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
