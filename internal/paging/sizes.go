package paging

import "slices"

const (
	usualMost    = 300  // a page size that every listing allows
	spread       = 1.15 // a second walk has at most so many times the pages of the first
	fairDistance = 8    // rows, weighted: below it a larger page size is looked at too
	guessedPages = 20   // where the server does not count
	mostEdges    = 2000 // that are looked at: those behind them lie alike
	leastShared  = 2    // rows that answers have to share
	shortShared  = 3    // where one of them is short
)

// secondSize is the page size of the walk that proves one of pages of size first.
// Where a page of the first walk ends, an answer of the second must have rows of both
// sides: the edges of the two keep as far from each other as they can. Edges far
// down the list count more, because more people have moved in front of them. The
// size is a little below the first one; where that does not keep the edges apart,
// a larger one up to most. 0: there is none.
func secondSize(first, total, most int) int {
	if total <= first {
		total = guessedPages * first
	}
	total = min(total, mostEdges*first) // a count may be any number
	best, bestScore := 0, score{}
	try := func(from, to int) {
		for size := from; size <= to; size++ {
			if s := scoreOf(first, size, total); best == 0 || !s.less(bestScore) {
				best, bestScore = size, s
			}
		}
	}
	if first < longAnswer { // short answers of both walks could be joined by those who come back
		try(longAnswer, most)
		return best
	}
	try(max(2, ceil(first, spread)), first-1)
	if best == 0 || bestScore.meeting > 0 || bestScore.distance < fairDistance {
		try(max(2, first+1), most)
	}
	return best
}

func ceil(n int, by float64) int {
	c := int(float64(n) / by)
	if float64(c)*by < float64(n) {
		c++
	}
	return c
}

// score is how well the edges of two walks keep apart.
type score struct {
	meeting  int     // edges of the first walk that no answer of the second spans
	calls    int     // of the second walk, and one for each of these edges
	distance float64 // the smallest other one, weighted by how far down it lies
}

func (s score) less(o score) bool {
	switch {
	case (s.meeting == 0) != (o.meeting == 0):
		return s.meeting > 0
	case s.meeting > 0 && s.calls != o.calls:
		return s.calls > o.calls
	}
	return s.distance < o.distance
}

func scoreOf(first, second, total int) score {
	s := score{distance: float64(first)}
	for edge := first; edge < total; edge += first {
		before, after := edge%second, second-edge%second
		if before < leastShared || (after < leastShared && edge+after < total) {
			s.meeting++
			continue
		}
		distance := float64(min(before, after)) * float64(total) / float64(edge)
		s.distance = min(s.distance, distance)
	}
	s.calls = s.meeting + (total+second-1)/second
	return s
}

// furtherSize is the page size of a walk past edges that stayed open: one that spans
// as many as it can, and keeps away from these.
func furtherSize(first, most int, edges []int, used []int) int {
	best, bestSpanned, bestDistance := 0, 0, 0
	for size := max(2, first*3/4); size <= max(first-1, most); size++ {
		spanned, distance := 0, size
		for _, edge := range edges {
			left := edge % size
			if d := min(left, size-left); d >= leastShared {
				spanned, distance = spanned+1, min(distance, d)
			}
		}
		if slices.Contains(used, size) {
			continue
		}
		if spanned > bestSpanned || (spanned == bestSpanned && distance > bestDistance) {
			best, bestSpanned, bestDistance = size, spanned, distance
		}
	}
	if bestSpanned == 0 {
		return 0
	}
	return best
}
