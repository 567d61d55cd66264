package paging

import (
	"cmp"
	"context"
	"slices"
)

const (
	mostRereads   = 6  // of pages around one edge
	mostRereadsIn = 30 // one part
	mostProbes    = 16 // pages by their number
	mostFurther   = 4  // walks after the second
	leadPages     = 3  // that one walk may be in front of the other
	leader        = 0  // the walk with the caller's page size
	second        = 1
)

// double reads a part in two walks of different page sizes, side by side, until
// they prove each other. A part of one page needs one walk.
type double[T any] struct {
	p     *Pager[T]
	part  int
	walks []*walk // the leader, the second, further ones
	proof *proof

	counted  int  // people in this reading
	total    int  // the last count
	counts   bool // there is a count
	most     int  // the largest page size that is worth asking for
	rows     int  // of the leader's first page
	resized  bool // the size of the second walk was chosen again
	useless  bool // the server does not let page sizes differ
	hasShort bool // a page with another behind it was short
	again    bool // the part is read once more
	floor    int  // people in the former reading
	added    int  // people who came in this reading alone

	rereads map[rereadKey]int
	sum     int // of rereads
	onceOnly,
	noNumbers bool // what the server does not do
	probed map[int]bool
}

type rereadKey struct {
	walk, rank int
}

func newDouble[T any](p *Pager[T]) *double[T] {
	d := &double[T]{p: p, part: p.part, rereads: map[rereadKey]int{}, probed: map[int]bool{}}
	d.begin()
	return d
}

func (d *double[T]) begin() {
	d.walks = []*walk{newWalk(0, d.p.l.Parts[d.part].Size)}
	d.proof = newProof()
	d.hasShort = false
}

func (d *double[T]) leader() *walk { return d.walks[leader] }

func (d *double[T]) place() (Place, bool) {
	w := d.leader()
	if w.ended {
		return Place{}, false
	}
	return Place{Part: d.part, Token: w.next, Rows: w.rank, Pages: w.pages}, true
}

func (d *double[T]) mayBeOver() bool { return d.leader().ended || d.isProven() }

// verdict notes a count that is too high where nothing else speaks against the part: Zoom
// counts rows that it does not show.
func (d *double[T]) verdict(ctx context.Context) error {
	if d.isProven() {
		if d.isCountHigh() {
			d.p.notice(ctx, NoticeCountDiffers, 0, d.total)
		}
		return nil
	}
	if d.counted == 0 && d.p.l.Parts[d.part].NeverEmpty {
		return d.p.l.Fail(Incomplete, nobody)
	}
	return d.p.l.Fail(Incomplete, "people moved while it was read, or rows are missing")
}

// isProven reports whether everybody who was there the whole time has come. People
// who move do not make pages short: where pages are, and the server counts more
// people than came, some are held back.
func (d *double[T]) isProven() bool {
	switch {
	case !d.proof.done:
		return false
	case d.counted == 0 && d.p.l.Parts[d.part].NeverEmpty:
		return false
	case !d.isCountHigh():
		return true
	case len(d.walks) < 2: // one answer: a second one must show the same people
		return d.again && d.added == 0 && d.counted == d.floor
	default:
		return !d.hasShort
	}
}

func (d *double[T]) isCountHigh() bool { return d.counts && d.counted < d.total }

// wants returns the next pages of the walks, else what helps at an open edge.
func (d *double[T]) wants(ctx context.Context) []Request {
	if d.isProven() {
		return nil
	}
	d.chooseSecond()
	var asks []Request
	for i, w := range d.walks {
		if d.isUseful(i) && !d.isAhead(i) {
			asks = append(asks, d.request(i, w))
		}
	}
	if len(asks) > 0 {
		return asks
	}
	return d.repair(ctx)
}

func (d *double[T]) request(i int, w *walk) Request {
	return Request{Part: d.part, Token: w.next, Size: w.size, walk: i, from: w.spot()}
}

// chooseSecond begins the second walk when the first page has shown that there are
// more, or is full and the only one while the server counts more than it holds.
func (d *double[T]) chooseSecond() {
	w := d.leader()
	isOnly := w.ended && (d.proof.done || w.rank == 0 || w.rank < w.served)
	if len(d.walks) > 1 || d.useless || w.pages != 1 || isOnly {
		return
	}
	d.most = w.served - 1
	if w.served < usualMost && w.served >= w.asks {
		d.most = usualMost
	}
	d.useless = !d.addWalk(secondSize(w.served, d.total, d.most))
}

func (d *double[T]) addWalk(size int) bool {
	if size == 0 {
		return false
	}
	d.walks = append(d.walks, newWalk(size, size))
	return true
}

// isUseful reports whether the next page of a walk can help. The leader's always
// can: it hands everybody out. Another's can as long as it has not passed the last
// open edge.
func (d *double[T]) isUseful(i int) bool {
	w := d.walks[i]
	if w.ended || i == leader {
		return !w.ended
	}
	if d.useless {
		return false
	}
	if !d.leader().ended {
		return i == second
	}
	edges := d.proof.open()
	if len(edges) == 0 {
		return !d.proof.lost
	}
	last := edges[len(edges)-1]
	return last.after < 0 || w.rank <= last.after+w.size/4
}

// isAhead reports whether a walk waits for the other one of the first two.
func (d *double[T]) isAhead(i int) bool {
	if i > second || len(d.walks) < 2 {
		return false
	}
	other := d.walks[second-i]
	lead := leadPages * max(d.leader().served, d.walks[second].size)
	return d.isUseful(second-i) && d.walks[i].rank > other.rank+lead
}

func (d *double[T]) take(ctx context.Context, r Request, page *Page[T], err error) (*Page[T], error) {
	if err != nil {
		return nil, d.fail(ctx, r, err)
	}
	sent := len(page.Items)
	keys := d.keys(page.Items)
	d.total, d.counts = page.TotalRecords, page.HasTotal
	var loop string
	if r.use == advance {
		w := d.walks[r.walk]
		loop = w.take(sent, page.PageSize, page.NextPageToken)
		d.hasShort = d.hasShort || isShort(w, sent, page.PageSize, page.NextPageToken)
		if r.walk == leader && r.Token == "" {
			d.rows = sent
		}
		if r.walk == second && r.Token == "" {
			d.checkSecond(sent, page.NextPageToken)
		}
		if r.walk > second && r.Token == "" && page.NextPageToken != "" && sent < w.size && w.size > d.leader().served {
			d.most = sent // the server has no pages so large: another size is chosen
			d.walks = d.walks[:r.walk]
		}
	}
	joined := d.proof.add(r.from.rank, keys, r.use != probe && r.Token == "", r.use != probe && d.isLast(r, keys, page))
	if r.use == probe {
		d.noNumbers = d.noNumbers || !joined
	}
	items, counted := d.p.handOut(page.Items)
	page.Items = items
	d.counted += counted
	d.added += len(items)
	isShown := len(items) > 0 || (r.use == advance && r.walk == leader)
	if loop != "" {
		return page, d.p.l.Fail(Loop, loop)
	}
	if !isShown {
		return nil, nil
	}
	return page, nil
}

// fail decides what the failure of a request means.
func (d *double[T]) fail(ctx context.Context, r Request, err error) error {
	isExpired := d.p.l.Expired(err)
	switch {
	case r.use == probe && ctx.Err() == nil:
		d.noNumbers = true
	case r.use == reread && isExpired:
		d.onceOnly = true
	case r.use == advance && isExpired && d.walks[r.walk].restart():
		d.p.notice(ctx, NoticeRestarted, 0, 0)
	default:
		return err
	}
	return nil
}

// keys tells the rows of an answer from others, those without an id by the address
// as it is written.
func (d *double[T]) keys(items []T) []string {
	keys := make([]string, len(items))
	for i, item := range items {
		id, address := d.p.l.Key(item)
		if id == "" {
			id = "\x00" + address
		}
		keys[i] = id
	}
	return keys
}

// isLast reports whether an answer without a token is believed to be of the last
// page: not when the server counts more rows than such pages can hold.
func (d *double[T]) isLast(r Request, keys []string, page *Page[T]) bool {
	if page.NextPageToken != "" {
		return false
	}
	if !page.HasTotal {
		return true
	}
	if r.Token == "" && len(keys) == 0 {
		return page.TotalRecords == 0
	}
	size := d.walks[r.walk].served
	return page.TotalRecords <= max(r.from.rank, r.from.index*size)+size
}

// isShort reports whether a page with another one behind it has fewer rows than the
// server says that it has.
func isShort(w *walk, sent, said int, next string) bool {
	if w.asks > 0 {
		said = min(said, w.asks)
	}
	return next != "" && sent < said
}

// checkSecond looks at the first page of the second walk. A server that does not
// send the page size asked for has the same edges in both walks: another size is
// tried once.
func (d *double[T]) checkSecond(sent int, next string) {
	w := d.walks[second]
	isCut := next != "" && sent < w.size && sent >= d.rows
	isUnchanged := next != "" && sent > w.size
	switch {
	case !isCut && !isUnchanged:
		return
	case d.resized || isUnchanged:
		d.useless = true
		return
	}
	d.resized = true
	d.most = sent
	d.walks = d.walks[:second]
	d.useless = !d.addWalk(secondSize(d.rows, d.total, d.most))
}

// repair returns what may close the first open edge: a page that spans it, read
// again by its token; the same by its number; another walk. Without an open edge
// there is a part that is short: it is read once more.
func (d *double[T]) repair(ctx context.Context) []Request {
	edges := d.proof.open()
	switch {
	case d.useless:
		return nil
	case len(d.walks) < 2 || d.proof.done || d.proof.lost:
		if d.again || d.proof.lost {
			return nil
		}
		d.again = true
		d.p.notice(ctx, NoticeReadAgain, 0, d.total)
		d.floor, d.counted, d.added = d.counted, 0, 0
		d.p.people.read()
		d.begin()
		return []Request{d.request(leader, d.leader())}
	case len(edges) == 0:
		return nil
	}
	if d.sum == 0 && len(d.probed) == 0 && len(d.walks) == 2 {
		d.p.notice(ctx, NoticeReadAgain, 0, d.total)
	}
	if r, ok := d.reread(edges[0]); ok {
		return []Request{r}
	}
	if r, ok := d.byNumber(edges[0]); ok {
		return []Request{r}
	}
	return d.further(edges)
}

// reread returns the page around an edge that is most likely to span it. Pages that
// were read again least come first.
func (d *double[T]) reread(e edge) (Request, bool) {
	if d.onceOnly || d.sum >= mostRereadsIn {
		return Request{}, false
	}
	type candidate struct {
		r           Request
		times, deep int
	}
	var around []candidate
	spans := e.after < 0
	sum := 0
	for i, w := range d.walks[:2] {
		for token, at := range w.read {
			deep := min(e.at-at.rank, at.rank+w.served-e.at) // how far the page reaches beyond the edge
			if deep < -1 {
				continue
			}
			spans = spans || deep > 0
			times := d.rereads[rereadKey{i, at.rank}]
			sum += times
			around = append(around, candidate{
				Request{Part: d.part, Token: token, Size: w.size, walk: i, use: reread, from: at}, times, deep,
			})
		}
	}
	if !spans || len(around) == 0 || sum >= mostRereads {
		return Request{}, false
	}
	slices.SortFunc(around, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.times, b.times), cmp.Compare(b.deep, a.deep), cmp.Compare(a.r.walk, b.r.walk), cmp.Compare(a.r.from.rank, b.r.from.rank))
	})
	best := around[0].r
	d.rereads[rereadKey{best.walk, best.from.rank}]++
	d.sum++
	return best, true
}

// byNumber returns the page that has an edge in its middle, by its number: Zoom
// deprecates that and still takes it. Where the server does not, the answer is
// another page and joins nothing.
func (d *double[T]) byNumber(e edge) (Request, bool) {
	if d.noNumbers || e.after < 0 || d.probed[e.at] || len(d.probed) >= mostProbes {
		return Request{}, false
	}
	d.probed[e.at] = true
	size := furtherSize(d.leader().served, d.leader().served-1, []int{e.at}, nil)
	if size == 0 {
		return Request{}, false
	}
	number := e.at/size + 1
	return Request{Part: d.part, Size: size, Number: number, use: probe, from: spot{rank: (number - 1) * size, index: number - 1}}, true
}

// further begins another walk, whose pages have the open edges in their middle.
func (d *double[T]) further(edges []edge) []Request {
	if len(d.walks) >= 2+mostFurther {
		return nil
	}
	var at, used []int
	for _, e := range edges {
		at = append(at, e.at)
	}
	for _, w := range d.walks {
		used = append(used, w.size)
	}
	if !d.addWalk(furtherSize(d.leader().served, d.most, at, append(used, d.leader().served))) {
		return nil
	}
	i := len(d.walks) - 1
	return []Request{d.request(i, d.walks[i])}
}
