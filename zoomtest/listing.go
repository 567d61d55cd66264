package zoomtest

import (
	"encoding/json"
	"iter"
	"net/url"
	"slices"
	"strconv"
)

// A Page is one page of a listing on its way out; [Server.OnPage] may change it.
type Page struct {
	Route string     // the listing, "/users", also where it was asked for under /accounts/{accountId}
	Query url.Values // what was asked
	Token string     // the token that asks for this very page, on the first one too
	First bool

	Key   string            // the name of the items: "users"
	Items []json.RawMessage // each is one JSON object
	Next  string            // the token of the next page; "" on the last one
	Total int               // total_records; -1 where the endpoint has none

	size    int
	head    []byte // further members, each followed by a comma
	rows    []byte // the items while no hook asked for them one by one
	dropped []string
}

// Drop leaves members of the answer out: "next_page_token", "total_records",
// "users".
func (p *Page) Drop(names ...string) { p.dropped = append(p.dropped, names...) }

func (p *Page) encode() []byte {
	o := beginObject(make([]byte, 0, len(p.rows)+len(p.head)+256))
	if !slices.Contains(p.dropped, "next_page_token") {
		o.text("next_page_token", p.Next)
	}
	if p.size > 0 && !slices.Contains(p.dropped, "page_size") {
		o.number("page_size", int64(p.size))
	}
	if p.Total >= 0 && !slices.Contains(p.dropped, "total_records") {
		o.number("total_records", int64(p.Total))
	}
	if len(p.head) > 0 {
		if !o.empty {
			o.buf = append(o.buf, ',')
		}
		o.buf = append(o.buf, p.head[:len(p.head)-1]...)
		o.empty = false
	}
	if slices.Contains(p.dropped, p.Key) {
		return o.end()
	}
	o.key(p.Key)
	o.buf = append(o.buf, '[')
	o.buf = append(o.buf, p.rows...)
	for i, item := range p.Items {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = append(o.buf, item...)
	}
	o.buf = append(o.buf, ']')
	return o.end()
}

// A listing describes what an endpoint lists.
type listing[T any] struct {
	key     string
	max     int                                 // largest page size
	total   func() int                          // total_records; nil: the endpoint has none
	numbers bool                                // the first page carries page_number
	bare    bool                                // no page carries page_count and page_size
	head    func(*object)                       // further members of every page
	from    func(pos int64) iter.Seq2[int64, T] // the items from a position on, each with its own
	row     func(buf []byte, item T) []byte
}

// inOrder is the listing of a slice, where positions are indices.
func inOrder[T any](items []T) func(int64) iter.Seq2[int64, T] {
	return func(pos int64) iter.Seq2[int64, T] {
		return func(yield func(int64, T) bool) {
			for i := pos; i >= 0 && i < int64(len(items)); i++ {
				if !yield(i, items[i]) {
					return
				}
			}
		}
	}
}

func count[T any](items []T) func() int { return func() int { return len(items) } }

// answerPage answers one page of the listing that the call asks for.
func answerPage[T any](c *call, l listing[T]) *answer {
	size, refusal := c.pageSize(l.max)
	if refusal != nil {
		return refusal
	}
	var pos int64
	token, first := c.query.Get("next_page_token"), true
	if token != "" {
		at, good := c.s.readPageToken(token, c.path, c.query, c.now)
		if !good || !c.s.usePageToken(token) {
			return tokenInvalid()
		}
		pos, first = at, false
	}
	skip := 0
	byOffset := c.s.quirks.OffsetPageTokens
	if byOffset {
		skip, pos = int(pos), 0
	}
	before := skip
	if n, err := strconv.Atoi(c.query.Get("page_number")); err == nil && n > 1 && first {
		skip = (n - 1) * size
		before = skip
	}

	p := &Page{Route: or(c.route.plain, c.route.path), Query: c.query, Token: token, First: first, Key: l.key, Total: -1, size: size}
	if first {
		p.Token = c.s.newPageToken(c.path, c.query, 0, c.now)
	}
	rows, ends := c.s.scratch[:0], c.s.ends[:0]
	for at, item := range l.from(pos) {
		if skip > 0 {
			skip--
			continue
		}
		if len(ends) == size {
			if byOffset {
				at = int64(before + size)
			}
			p.Next = c.s.newPageToken(c.path, c.query, at, c.now)
			break
		}
		if len(ends) > 0 {
			rows = append(rows, ',')
		}
		rows = l.row(rows, item)
		ends = append(ends, len(rows))
	}
	c.s.scratch, c.s.ends = rows, ends
	if l.total != nil {
		p.Total = l.total()
	}
	p.head = pageHead(l, p, size)
	if l.bare {
		p.size = 0
	}
	if p.Next == "" && c.s.quirks.NoLastToken {
		p.Drop("next_page_token")
	}
	if len(c.s.pageHooks) == 0 {
		p.rows = rows
		return ok(p.encode())
	}
	p.Items = make([]json.RawMessage, len(ends))
	for i, start := 0, 0; i < len(ends); i++ {
		p.Items[i] = slices.Clone(rows[start:ends[i]])
		start = ends[i] + 1
	}
	return &answer{status: 200, page: p}
}

func pageHead[T any](l listing[T], p *Page, size int) []byte {
	o := object{empty: true}
	if p.First && p.Total >= 0 && !l.bare {
		o.number("page_count", int64((p.Total+size-1)/size))
		if l.numbers {
			o.number("page_number", 1)
		}
	}
	if l.head != nil {
		l.head(&o)
	}
	if o.empty {
		return nil
	}
	return append(o.buf, ',')
}

// pageSize reads page_size. Above the maximum it is cut to it, or refused where
// the quirks say so.
func (c *call) pageSize(limit int) (int, *answer) {
	text := c.query.Get("page_size")
	if text == "" {
		return min(30, limit), nil
	}
	size, err := strconv.Atoi(text)
	switch {
	case err != nil, size < 1:
		return 0, invalid("page_size")
	case size > limit && c.s.quirks.RefuseLargePages:
		return 0, invalid("page_size")
	default:
		return min(size, limit), nil
	}
}
