package paging

import "context"

// nobody is what is wrong with an empty part that is never empty.
const nobody = "nobody is in it, and an account has an owner"

// single reads a part in one walk and holds its rows against the server's count.
type single[T any] struct {
	p    *Pager[T]
	part int
	rule Rule
	w    *walk

	before Place // what came before the first page of a resumed walk
	rows   int   // of this reading, those before a resume included
	total  int   // the last count
	most   int   // the largest count of this reading
	counts bool  // there is a count
	floor  int   // rows of the former reading
	again  bool  // this is the second reading
	marks  map[uint64]int
	added  int  // rows that the second reading had and the first had not
	alike  bool // some rows have no id: one that changed is taken for another
	shared bool // an id stands for several rows: which of them are missing cannot be told
	over   bool
	failed bool
}

func newSingle[T any](p *Pager[T], at Place) *single[T] {
	s := &single[T]{p: p, part: at.Part, rule: p.l.Rule, w: newWalk(0, p.l.Parts[at.Part].Size), before: at}
	s.w.next, s.w.started = at.Token, at.Token != ""
	s.rows = max(0, at.Rows)
	if at.IsOver() {
		s.over, s.failed = true, true
	}
	if s.rule == ReadAgain && !s.w.started {
		s.marks = map[uint64]int{}
	}
	return s
}

// isPartial reports whether rows came before that are not known.
func (s *single[T]) isPartial() bool {
	return s.before.Rows < 0 || (s.p.resumed && s.rule == Proof)
}

func (s *single[T]) wants(context.Context) []Request {
	if s.over {
		return nil
	}
	return []Request{{Part: s.part, Token: s.w.next}}
}

func (s *single[T]) place() (Place, bool) {
	at := Place{Part: s.part, Token: s.w.next, Rows: s.rows, Pages: s.w.pages + s.before.Pages, Short: s.before.Short}
	switch {
	case s.over && !s.failed:
		return Place{}, false
	case s.before.IsOver() || (s.again && s.rule == ReadAgain):
		return Place{Part: s.part, Rows: shortRows, Pages: shortRows}, true
	case at.Token == "":
		return Place{Part: s.part}, true
	case s.before.Rows < 0:
		at.Rows, at.Pages = unknownRows, unknownRows
	case s.rows-s.before.Rows < s.w.served*s.w.pages:
		at.Short = true
	}
	return at, true
}

func (s *single[T]) mayBeOver() bool { return s.over || (s.again && s.rule == ReadAgain) }

func (s *single[T]) verdict(context.Context) error {
	switch {
	case s.failed && s.rows == 0 && s.p.l.Parts[s.part].NeverEmpty:
		return s.p.l.Fail(Incomplete, nobody)
	case s.failed:
		return s.p.l.Fail(Incomplete, "fewer rows than the server counts")
	}
	return nil
}

func (s *single[T]) take(ctx context.Context, r Request, page *Page[T], err error) (*Page[T], error) {
	if err != nil {
		if s.p.people == nil || !s.p.l.Expired(err) || !s.w.restart() {
			return nil, err
		}
		s.p.notice(ctx, NoticeRestarted, 0, 0)
		s.read()
		return nil, nil
	}
	sent := len(page.Items)
	if page.HasTotal {
		s.total, s.most, s.counts = page.TotalRecords, max(s.most, page.TotalRecords), true
	}
	isExtra := s.again && s.rule == ReadAgain
	counted := s.handOut(page)
	s.rows += counted
	loop := s.w.take(sent, page.PageSize, page.NextPageToken)
	switch {
	case loop != "":
		return page, s.p.l.Fail(Loop, loop)
	case isExtra && s.shared:
		page.Items = nil
		return nil, s.p.l.Fail(Incomplete, "two readings cannot be compared: rows share an id")
	case isExtra && s.alike && s.counts && s.floor+s.added > s.total:
		page.Items = nil
		return nil, s.p.l.Fail(Incomplete, "two readings cannot be compared: rows change and have no id")
	case s.w.ended:
		s.end(ctx, page)
	}
	if isExtra && len(page.Items) == 0 {
		return nil, nil
	}
	return page, nil
}

// handOut leaves in the page what was not handed out before.
func (s *single[T]) handOut(page *Page[T]) (counted int) {
	if s.marks == nil {
		page.Items, counted = s.p.handOut(page.Items)
		return counted
	}
	sent := len(page.Items)
	s.alike = s.alike || page.Unnamed > 0
	if !s.again {
		for _, mark := range page.Marks {
			s.marks[mark]++
		}
		return sent
	}
	kept := page.Items[:0]
	for i, mark := range page.Marks {
		left, isKnown := s.marks[mark]
		s.marks[mark] = left - 1
		if left > 0 {
			continue
		}
		kept = append(kept, page.Items[i])
		s.shared = s.shared || (isKnown && !s.alike) // rows without an id are alike to the letter
	}
	page.Items = kept
	s.added += len(kept)
	return sent
}

// end decides what a walk that came to its end is worth.
func (s *single[T]) end(ctx context.Context, last *Page[T]) {
	s.over = true
	if s.isPartial() {
		return
	}
	missing, pageMissing := s.missing(last)
	switch {
	case !missing:
		if s.counts && s.rows > s.total && s.p.people == nil {
			s.p.notice(ctx, NoticeMoreThanTotal, 0, s.total)
		}
	case s.rule == Recount && !s.again:
		s.readAgain(ctx)
	case s.rule == Recount, s.rule == Strict, s.rule == Proof, pageMissing:
		s.failed = true
	case s.again && s.added > 0:
		s.failed = s.floor+s.added < s.total // still growing
		if !s.failed && s.rows < s.total {
			s.p.notice(ctx, NoticeCountDiffers, 0, s.total)
		}
	case s.rule == ReadAgain && !s.again && s.marks != nil:
		s.readAgain(ctx)
	default:
		s.p.notice(ctx, NoticeCountDiffers, 0, s.total)
	}
}

// missing reports whether rows are missing, and whether a page must be: the pages
// that were read have no room for all rows, or as many rows are missing as a page
// has.
func (s *single[T]) missing(last *Page[T]) (missing, pageMissing bool) {
	pages := s.w.pages + s.before.Pages
	switch {
	case s.rows == 0 && (s.p.l.Parts[s.part].NeverEmpty || (s.counts && s.total > 0)):
		return true, true
	case s.rule == Recount:
		return s.isShort(last), false
	case !s.counts:
		return false, false
	default:
		isPage := s.total > s.w.served*pages || s.total-s.rows >= s.w.served
		return s.rows < s.total, s.rows < s.total && isPage
	}
}

// isShort is the stricter comparison of Recount. The count of the last page holds,
// unless it is absent or smaller than the rows: then the largest count of this
// reading does. A second reading with fewer rows than the first is short too.
func (s *single[T]) isShort(last *Page[T]) bool {
	if s.rows < s.floor {
		return true
	}
	if last.HasTotal && last.TotalRecords >= s.rows {
		return s.rows < last.TotalRecords
	}
	return s.rows < s.most
}

// readAgain begins the part once more.
func (s *single[T]) readAgain(ctx context.Context) {
	s.p.notice(ctx, NoticeReadAgain, 0, s.total)
	s.over, s.again = false, true
	s.w.begin()
	s.read()
}

// read begins another reading.
func (s *single[T]) read() {
	s.before = Place{Part: s.part}
	s.floor, s.rows, s.most, s.total, s.counts = s.rows, 0, 0, 0, false
	if s.p.people != nil {
		s.p.people.read()
	}
}
