package paging

import "fmt"

// mostServed is the largest page size that is believed where none was asked for.
const mostServed = 10_000

// A spot is where a page of a walk begins.
type spot struct{ rank, index int }

// walk is one run over the pages of a part.
type walk struct {
	size    int // page size asked for; 0: that of the listing
	asks    int // page size that is asked for in either case; 0: not known
	served  int // page size as the server answers it
	next    string
	started bool
	ended   bool
	rank    int // rows before the next page
	pages   int
	empty   int // pages without rows, in a row

	read     map[string]spot // the pages that were asked for, by token
	restarts int
}

func newWalk(size, asks int) *walk {
	return &walk{size: size, asks: asks, read: map[string]spot{}}
}

// begin puts the walk back to the first page.
func (w *walk) begin() {
	restarts := w.restarts
	*w = *newWalk(w.size, w.asks)
	w.restarts = restarts
}

// restart puts it back once, after a page token expired.
func (w *walk) restart() bool {
	if w.restarts > 0 {
		return false
	}
	w.begin()
	w.restarts++
	return true
}

func (w *walk) spot() spot { return spot{w.rank, w.pages} }

// take moves the walk behind a page and returns what is wrong with the page.
func (w *walk) take(rows int, size int, next string) (loop string) {
	w.read[w.next] = w.spot()
	w.started = true
	w.rank += rows
	w.pages++
	w.empty++
	if rows > 0 {
		w.empty = 0
	}
	w.served = w.pageSize(rows, size)
	w.next, w.ended = next, next == ""
	_, again := w.read[next]
	switch {
	case w.ended:
	case again:
		return "a page token came again"
	case w.empty >= maxEmptyPages:
		return fmt.Sprintf("%d empty pages in a row", w.empty)
	}
	return ""
}

// pageSize is how many rows a page of this walk has: as the server says, else as it
// was asked to send, and never fewer than it sent. What it says is believed up to the
// size that it was asked for: a larger one would hide that pages are missing.
func (w *walk) pageSize(rows, said int) int {
	size := max(w.served, rows)
	switch {
	case said > 0 && w.asks > 0:
		return max(size, min(said, w.asks))
	case said > 0:
		return max(size, min(said, mostServed))
	case w.asks > 0:
		return max(size, w.asks)
	default:
		return size
	}
}
