package zoom_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seatkit/zoom"
)

// lister is a List of any type, its items told by name.
type lister interface {
	All(ctx context.Context) iter.Seq2[string, error]
	Pages(ctx context.Context) iter.Seq2[*zoom.Page[string], error]
	Page(ctx context.Context, token string) (*zoom.Page[string], error)
	Collect(ctx context.Context) ([]string, error)
	Resume(token string) lister
	Prefetch() lister
	Nil() lister
	Zero() lister
}

type named[T any] struct {
	l    *zoom.List[T]
	name func(T) string
}

func (n named[T]) All(ctx context.Context) iter.Seq2[string, error] {
	seq := n.l.All(ctx)
	return func(yield func(string, error) bool) {
		for item, err := range seq {
			name := ""
			if err == nil {
				name = n.name(item)
			}
			if !yield(name, err) {
				return
			}
		}
	}
}

func (n named[T]) Pages(ctx context.Context) iter.Seq2[*zoom.Page[string], error] {
	seq := n.l.Pages(ctx)
	return func(yield func(*zoom.Page[string], error) bool) {
		for page, err := range seq {
			if !yield(n.page(page), err) {
				return
			}
		}
	}
}

func (n named[T]) page(p *zoom.Page[T]) *zoom.Page[string] {
	if p == nil {
		return nil
	}
	return &zoom.Page[string]{
		Items: n.names(p.Items), NextPageToken: p.NextPageToken, PageSize: p.PageSize, TotalRecords: p.TotalRecords,
	}
}

func (n named[T]) names(items []T) (names []string) {
	for _, item := range items {
		names = append(names, n.name(item))
	}
	return names
}

func (n named[T]) Page(ctx context.Context, token string) (*zoom.Page[string], error) {
	page, err := n.l.Page(ctx, token)
	return n.page(page), err
}

func (n named[T]) Collect(ctx context.Context) ([]string, error) {
	items, err := n.l.Collect(ctx)
	return n.names(items), err
}

func (n named[T]) Resume(token string) lister { return named[T]{n.l.Resume(token), n.name} }
func (n named[T]) Prefetch() lister           { return named[T]{n.l.Prefetch(), n.name} }
func (n named[T]) Nil() lister                { return named[T]{nil, n.name} }
func (n named[T]) Zero() lister               { return named[T]{new(zoom.List[T]), n.name} }

// book is a Zoom that lists: parts (of a roster the statuses, of a report the
// months), each a run of pages of named items. It counts what it is asked.
type book struct {
	listing *listing
	pages   [][][]string               // part, page, names
	over    func(at place, leaf *leaf) // changes what is answered
	delay   time.Duration              // before each answer

	mu    sync.Mutex
	asked []place
	seen  map[string]int
}

// place is one page as it is asked for.
type place struct {
	part, page int
	time       int // how often it was asked for before
}

// leaf is one page as it is answered.
type leaf struct {
	names   []string
	next    string
	total   int // -1: absent
	instead *answer
}

// newBook fills a listing with names in order, so that whoever gets all of them
// in order has lost and doubled nothing.
func newBook(l *listing, pagesOfPart, rowsOfPage int) *book {
	b := &book{listing: l, seen: map[string]int{}}
	number := 0
	for range max(1, len(l.parts)) {
		var part [][]string
		for range pagesOfPart {
			var names []string
			for range rowsOfPage {
				number++
				names = append(names, fmt.Sprintf("item%03d", number))
			}
			part = append(part, names)
		}
		b.pages = append(b.pages, part)
	}
	return b
}

func (b *book) names() (names []string) {
	for _, part := range b.pages {
		names = append(names, slices.Concat(part...)...)
	}
	return names
}

// first are the names of the first so many items.
func (b *book) first(items int) []string { return append([]string(nil), b.names()[:items]...) }

// tape plays the book.
func (b *book) tape() *tape { return newTape(answer{do: b.answer}) }

func (b *book) answer(req *http.Request) answer {
	at, query := b.place(req)
	if at.part < 0 {
		return answer{status: http.StatusBadRequest, body: `{"code":300,"message":"The next page token is invalid or expired."}`}
	}
	pages := b.pages[at.part]
	l := leaf{}
	for _, page := range pages {
		l.total += len(page)
	}
	if at.page < len(pages) {
		l.names = pages[at.page]
	}
	if at.page+1 < len(pages) {
		l.next = tokenOf(at.part, at.page+1)
	}
	if b.over != nil {
		b.over(at, &l)
	}
	a := ok(b.listing.body(at.part, &l, query.Get("page_size")))
	if l.instead != nil {
		a = *l.instead
	}
	a.delay = max(a.delay, b.delay)
	return a
}

// tokenOf is a token with what has to be escaped.
func tokenOf(part, page int) string { return fmt.Sprintf("t%d.%d+/=%%&", part, page) }

// place reads a request. Every parameter but the token must be the same on every
// page of a part, else Zoom would refuse the token.
func (b *book) place(req *http.Request) (place, url.Values) {
	query := req.URL.Query()
	at, token := place{}, query.Get("next_page_token")
	if b.listing.param != "" {
		at.part = slices.Index(b.listing.parts, query.Get(b.listing.param))
	}
	if token != "" {
		var part int
		if _, err := fmt.Sscanf(token, "t%d.%d+", &part, &at.page); err != nil || part != at.part {
			at.part = -1
		}
	}
	query.Del("next_page_token")
	b.mu.Lock()
	defer b.mu.Unlock()
	first := fmt.Sprintf("%d?", at.part)
	others := first + query.Encode() + req.URL.EscapedPath()
	if b.seen[first] == 0 {
		b.seen[first], b.seen[others] = 1, 1
	}
	if b.seen[others] == 0 {
		at.part = -1
	}
	key := fmt.Sprint("asked", at.part, at.page)
	at.time = b.seen[key]
	b.seen[key]++
	b.asked = append(b.asked, at)
	return at, query
}

func (b *book) requests() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.asked)
}

// body writes a page as Zoom does.
func (l *listing) body(part int, page *leaf, size string) string {
	rows := []string{}
	for _, name := range page.names {
		rows = append(rows, l.row(part, name))
	}
	next, _ := json.Marshal(page.next)
	total := ""
	if page.total >= 0 {
		total = fmt.Sprintf(`"total_records":%d,`, page.total)
	}
	return fmt.Sprintf(`{"page_size":%s,%s"next_page_token":%s,%q:[%s]}`, size, total, next, l.key, strings.Join(rows, ","))
}
