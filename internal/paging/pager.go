package paging

import "context"

// A Pager is one run over a listing.
type Pager[T any] struct {
	l       *Listing[T]
	resumed bool
	people  *people // nil: rows are not told apart
	number  int     // of pages so far
	yielded int

	part     int
	reader   reader[T]
	asks     []Request // what the reader wants next
	flights  []*flight[T]
	recall   context.CancelFunc // cancels them
	out      []*output[T]
	finished bool
	failure  error
	done     bool
}

type output[T any] struct {
	page *Page[T]
	next string
}

// reader reads one part.
type reader[T any] interface {
	// wants returns what to ask for next, side by side. There is nothing more when
	// it is empty.
	wants(ctx context.Context) []Request
	// take takes the answer to a request and returns the page to hand out, if any.
	take(ctx context.Context, r Request, page *Page[T], err error) (*Page[T], error)
	// verdict is the error of the part when nothing more is wanted.
	verdict(ctx context.Context) error
	// place is that of the next page, and false behind the last page.
	place() (Place, bool)
	// mayBeOver reports whether there may be nothing more to hand out.
	mayBeOver() bool
}

// Start begins a run at a place.
func Start[T any](l *Listing[T], at Place) *Pager[T] {
	p := &Pager[T]{l: l, part: at.Part, resumed: at != Place{}}
	if l.Key != nil {
		p.people = newPeople()
	}
	p.reader = p.newReader(at)
	p.asks = p.reader.wants(context.Background())
	if len(p.asks) == 0 {
		p.failure = p.reader.verdict(context.Background())
	}
	return p
}

func (p *Pager[T]) newReader(at Place) reader[T] {
	if p.l.Rule == Proof && !p.resumed {
		return newDouble(p)
	}
	return newSingle(p, at)
}

// Done reports whether there is neither a page nor an error left.
func (p *Pager[T]) Done() bool { return p.done }

// Place is that of the page which Next asks for.
func (p *Pager[T]) Place() Place {
	at, open := p.reader.place()
	if !open {
		return Place{Part: p.part}
	}
	return at
}

// Yielded counts the rows that were handed out.
func (p *Pager[T]) Yielded() int { return p.yielded }

// Close waits for what is under way. Its context has been cancelled.
func (p *Pager[T]) Close() {
	for _, f := range p.flights {
		<-f.landed
	}
}

// Next returns the next page and the token of the one behind it, which is empty for
// the last page alone. An error ends the run.
func (p *Pager[T]) Next(ctx context.Context) (*Page[T], string, error) {
	for !p.isDue() {
		switch {
		case p.failure != nil:
			p.done = true
			return nil, "", p.failure
		default:
			p.step(ctx)
		}
	}
	first := p.out[0]
	p.out = p.out[1:]
	p.yielded += len(first.page.Items)
	p.done = p.finished && len(p.out) == 0
	if p.done {
		first.next = ""
	}
	return first.page, first.next, nil
}

// isDue reports whether a page can be handed out. What may be the last page of all
// waits until that is known.
func (p *Pager[T]) isDue() bool {
	if len(p.out) != 1 || p.finished || p.failure != nil {
		return len(p.out) > 0
	}
	return !p.reader.mayBeOver() || p.part+1 < len(p.l.Parts)
}

// step asks for what the reader wants, side by side, and hands it the answers.
func (p *Pager[T]) step(ctx context.Context) {
	p.digest(ctx, p.land(ctx))
	if p.l.Ahead && !p.finished && p.failure == nil {
		p.depart(ctx, true)
	}
}

func (p *Pager[T]) digest(ctx context.Context, flights []*flight[T]) {
	from := len(p.out)
	for _, f := range flights {
		if f.dropped {
			continue
		}
		page, err := p.take(ctx, f)
		if page != nil {
			p.out = append(p.out, &output[T]{page: page})
		}
		if err != nil {
			p.failure = err
			break
		}
	}
	p.settle(ctx)
	next := p.nextToken()
	for _, o := range p.out[from:] {
		o.next = next
	}
}

func (p *Pager[T]) take(ctx context.Context, f *flight[T]) (*Page[T], error) {
	if f.err == nil {
		p.number++
		p.l.Notice(ctx, Event{NoticePage, p.number, len(f.page.Items), f.page.TotalRecords, f.page.Unread})
	}
	page, err := p.reader.take(ctx, f.ask, f.page, f.err)
	if err == nil && p.number >= maxPages {
		err = p.l.Fail(Loop, "more than 100000 pages")
	}
	return page, err
}

// settle learns what is wanted next, and goes on to the next part where nothing is.
func (p *Pager[T]) settle(ctx context.Context) {
	if p.failure != nil {
		return
	}
	p.asks = p.reader.wants(ctx)
	if len(p.asks) > 0 {
		return
	}
	p.failure = p.reader.verdict(ctx)
	switch {
	case p.failure != nil:
	case p.part+1 < len(p.l.Parts):
		p.part++
		if p.people != nil {
			p.people.read()
		}
		p.reader = p.newReader(Place{Part: p.part})
		p.asks = p.reader.wants(ctx)
	case p.resumed && p.l.Rule == Proof:
		p.failure = p.l.Fail(Incomplete, "a listing that was resumed cannot be proven")
	default:
		p.finished = true
	}
}

// nextToken is the token of what follows the pages so far.
func (p *Pager[T]) nextToken() string {
	at, open := p.reader.place()
	if !open {
		var more bool
		if at, more = p.l.Tokens.nextPart(p.part); !more {
			at = Place{Part: p.part}
		}
	}
	return p.l.Tokens.Text(at)
}

func (p *Pager[T]) notice(ctx context.Context, n Notice, rows, total int) {
	p.l.Notice(ctx, Event{Notice: n, Number: p.number, Rows: rows, Total: total})
}

// handOut keeps the rows of a page that were not handed out before, and counts
// those that are the first of their kind in this reading.
func (p *Pager[T]) handOut(items []T) (kept []T, counted int) {
	if p.people == nil {
		return items, len(items)
	}
	kept = items[:0]
	for _, item := range items {
		counts, isNew := p.people.add(p.l.Key(item))
		if counts {
			counted++
		}
		if isNew {
			kept = append(kept, item)
		}
	}
	clear(items[len(kept):])
	return kept, counted
}
