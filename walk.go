package zoom

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/seatkit/zoom/internal/wire"
)

const (
	maxPages      = 100_000
	maxEmptyPages = 10 // in a row
)

// walk is the state of one range over a list.
type walk[T any] struct {
	l       *List[T]
	at      cursor
	end     bool
	failure error // told by the next call of next
	yielded int
	pages   int
	empty   int // pages without items, in a row, of this pass

	seed    maphash.Seed
	asked   map[uint64]struct{} // tokens of this pass
	rows    int                 // rows of this pass, those before a resume included
	total   int                 // the most that a page of this pass counted
	floor   int                 // rows of the former pass over this part
	partial bool                // resumed by a token that does not tell how many rows came before
	users   *passes             // of a roster, else nil
	coming  chan fetched[T]     // the page that is being fetched ahead
}

type fetched[T any] struct {
	page     *wire.Page[T]
	err      error
	panicked any // of code of the caller's on the road
}

func newWalk[T any](ctx context.Context, l *List[T]) (*walk[T], error) {
	l, at, err := l.begin(startOf(l))
	if err == nil && ctx == nil {
		err = invalidArgument(&l.op, errors.New("the context is nil"))
	}
	if err != nil {
		return nil, &PageError{Token: startOf(l), Err: err}
	}
	w := &walk[T]{l: l, at: at, rows: at.rows, partial: at.token != "" && !l.joined, seed: maphash.MakeSeed(), asked: map[uint64]struct{}{}}
	if l.identity != nil {
		w.users = newPasses()
	}
	return w, nil
}

func startOf[T any](l *List[T]) string {
	if l == nil {
		return ""
	}
	return l.start
}

func (w *walk[T]) done() bool { return w.end && w.failure == nil }

// drain waits for a fetch that is under way; its context has been cancelled.
func (w *walk[T]) drain() {
	if w.coming != nil {
		<-w.coming
	}
}

// next returns the page at the cursor and moves the cursor on.
func (w *walk[T]) next(ctx context.Context) (*Page[T], error) {
	if w.failure != nil {
		return nil, w.fail(w.failure)
	}
	page, err := w.fetch(ctx)
	if err != nil && errors.Is(err, ErrPageTokenExpired) && w.restart(ctx) {
		page, err = w.fetch(ctx)
	}
	if err != nil {
		return nil, w.fail(err)
	}
	w.pages++
	w.total = max(w.total, page.TotalRecords)
	sent := len(page.Items)
	page.Items = w.fresh(page.Items)
	w.yielded += len(page.Items)
	w.trace(ctx, page, sent, "")
	out := w.l.public(page, "")
	w.advance(ctx, page, sent)
	if !w.end {
		out.NextPageToken = w.l.write(w.at)
	}
	return out, nil
}

func (w *walk[T]) fail(err error) error {
	w.end, w.failure = true, nil
	return &PageError{Token: w.l.encode(w.at), Yielded: w.yielded, Err: err}
}

// fetch returns the page at the cursor, which may be on its way already.
func (w *walk[T]) fetch(ctx context.Context) (*wire.Page[T], error) {
	if w.at.token != "" {
		w.asked[maphash.String(w.seed, w.at.token)] = struct{}{}
	}
	if w.coming == nil {
		return w.l.fetch(ctx, w.at)
	}
	got := <-w.coming
	w.coming = nil
	if got.panicked != nil {
		panic(got.panicked)
	}
	return got.page, got.err
}

// advance moves the cursor behind a page, and notices what is wrong with the
// listing: a token that comes again, pages without end.
func (w *walk[T]) advance(ctx context.Context, page *wire.Page[T], sent int) {
	w.empty++
	if sent > 0 {
		w.empty = 0
	}
	next := page.NextPageToken
	switch {
	case next == "":
		w.empty = 0
		w.endPart(ctx, page)
	case w.wasAsked(next):
		w.loop("a page token came again", next)
	case w.empty >= maxEmptyPages:
		w.loop(fmt.Sprintf("%d empty pages in a row", w.empty), next)
	case w.pages >= maxPages:
		w.loop(fmt.Sprintf("more than %d pages", maxPages), next)
	default:
		w.at.token, w.at.rows = next, w.rows
	}
	w.fetchAhead(ctx)
}

func (w *walk[T]) wasAsked(token string) bool {
	_, asked := w.asked[maphash.String(w.seed, token)]
	return asked
}

func (w *walk[T]) loop(reason, next string) {
	w.at.token, w.at.rows = next, w.rows
	w.failure = &Error{Op: w.l.op.op, Method: w.l.op.method, Path: w.l.op.path, Err: fmt.Errorf("%w: %s", ErrPageLoop, reason)}
}

// isShort reports whether a pass brought fewer rows than Zoom counted. The count
// of the last page holds, unless it is missing or contradicts the rows: then that
// page is not believed, and the largest count of the pass holds. Nor is a second
// pass believed that brings less than the first.
func (w *walk[T]) isShort(last *wire.Page[T]) bool {
	if w.rows < w.floor {
		return true
	}
	if last.HasTotal && last.TotalRecords >= w.rows {
		return w.rows < last.TotalRecords
	}
	return w.rows < w.total
}

// endPart closes a part. A roster's must hold as many rows as Zoom counted; one
// that does not is listed once more.
func (w *walk[T]) endPart(ctx context.Context, page *wire.Page[T]) {
	short := w.isShort(page)
	switch {
	case w.users == nil:
		if page.HasTotal && w.rows != page.TotalRecords && !w.partial {
			w.trace(ctx, page, 0, NoteTotalMismatch)
		}
	case short && w.users.mayRelist():
		w.trace(ctx, page, 0, NoteListedAgain)
		w.beginPass()
		return
	case short:
		w.failure = &Error{Op: w.l.op.op, Method: w.l.op.method, Path: w.l.op.path, Err: ErrListIncomplete}
		w.at = cursor{part: w.at.part}
		return
	}
	if w.at.part+1 == len(w.l.parts) {
		w.end = true
		return
	}
	w.at = cursor{part: w.at.part + 1}
	w.rows, w.total, w.floor = 0, 0, 0
	clear(w.asked)
	if w.users != nil {
		w.users.nextPart()
	}
}

// restart begins a part again whose page token has expired. Only a listing that
// knows what it has yielded can, and only once for each part.
func (w *walk[T]) restart(ctx context.Context) bool {
	if w.users == nil || w.at.token == "" || !w.users.mayRestart() {
		return false
	}
	w.l.c.tracer.page(ctx, PageInfo{Op: w.l.op.op, Number: w.pages, Note: NoteRestarted})
	w.beginPass()
	return true
}

// beginPass lists the part of the cursor from its beginning.
func (w *walk[T]) beginPass() {
	w.at = cursor{part: w.at.part}
	w.rows, w.total, w.floor, w.empty = 0, 0, w.rows, 0
	clear(w.asked)
	w.users.nextPass()
}

// fresh counts the rows of a page and, in a roster, leaves out those that were
// yielded before.
func (w *walk[T]) fresh(items []T) []T {
	if w.users == nil {
		w.rows += len(items)
		return items
	}
	kept := items[:0]
	for _, item := range items {
		counts, isNew := w.users.add(w.l.identity(item))
		if counts {
			w.rows++
		}
		if isNew {
			kept = append(kept, item)
		}
	}
	clear(items[len(kept):])
	return kept
}

// fetchAhead begins to fetch the page at the cursor, unless the listing is over.
// A panic on the way is kept for the goroutine of the caller.
func (w *walk[T]) fetchAhead(ctx context.Context) {
	if !w.l.ahead || w.end || w.failure != nil {
		return
	}
	result := make(chan fetched[T], 1)
	w.coming = result
	go func(at cursor) {
		got := fetched[T]{err: errors.New("zoom: a hook or the transport ended the goroutine")}
		defer func() {
			got.panicked = recover()
			result <- got
		}()
		got.page, got.err = w.l.fetch(ctx, at)
	}(w.at)
}

func (w *walk[T]) trace(ctx context.Context, page *wire.Page[T], sent int, note string) {
	info := PageInfo{Op: w.l.op.op, Number: w.pages, Items: sent, TotalRecords: page.TotalRecords, Note: note}
	if note == "" {
		info.UnreadFields = page.Unread // once for each page
	}
	w.l.c.tracer.page(ctx, info)
}
