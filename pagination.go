package zoom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// maxPageSize is what most listings allow and what a page size of 0 means.
const maxPageSize = 300

// A List is a lazy listing. Nothing is sent before it is ranged over, and
// ranging again starts anew. It holds no state: two goroutines may range over
// one List and do not meet.
//
// Every listing is complete or ends in an error, which comes once, last, and is
// a [*PageError]. No items come after an error, and none of a page that could
// not be read whole.
//
//	for user, err := range client.Users.Roster(nil).All(ctx) {
//		if err != nil {
//			return err // what came before is not the whole roster
//		}
//		…
//	}
type List[T any] struct {
	c        *Client
	op       operation
	key      string // under which the items stand
	parts    []part[T]
	window   func(now time.Time) ([]part[T], error) // the parts, where they depend on the day of use
	joined   bool                                   // tokens are ours: part and Zoom's token
	identity func(T) (id, email string)
	fresh    func() T // what an item is decoded into; nil: the zero value
	start    string
	ahead    bool
	err      error // bad input, told when the list is used
}

// Format prints what is listed, under every verb, and not the token that it
// begins at or whose meetings they are.
func (l List[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "zoom.List("+l.op.op+")") }

// A part is one of Zoom's listings. Most lists have one; the roster has one for
// each status, a report one for each month.
type part[T any] struct {
	query url.Values
	stamp func(T) // completes an item with what the part knows
}

// A Page is one answer of a listing.
type Page[T any] struct {
	Items         []T
	NextPageToken string // empty on the last page; lives 15 minutes
	PageSize      int    // as Zoom echoes it
	TotalRecords  int    // as Zoom counts them, of this part where a listing joins several; a count that moves
}

// A PageError ends a listing. [List.From] with its Token asks for the page that
// failed, within the 15 minutes that a token of Zoom lives.
type PageError struct {
	Token   string // of the page that failed; empty: the first
	Yielded int    // items that came out before
	Err     error
}

// Error does not print the token.
func (e *PageError) Error() string { return e.text() }

// Unwrap returns the reason.
func (e *PageError) Unwrap() error { return e.Err }

// The print forms are those of the value: a copy must not print the token either.

func (e PageError) text() string {
	return fmt.Sprintf("listing failed after %d items: %v", e.Yielded, e.Err)
}

// Format prints the text of Error under every verb, and never the token.
func (e PageError) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		_, _ = io.WriteString(f, e.GoString())
	default:
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), e.text())
	}
}

// GoString does not print the token.
func (e PageError) GoString() string { return fmt.Sprintf("&zoom.PageError{%q}", e.text()) }

// LogValue does not give the token.
func (e PageError) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("yielded", e.Yielded), slog.Any("err", e.Err))
}

// MarshalText does not give the token.
func (e PageError) MarshalText() ([]byte, error) { return []byte(e.text()), nil }

// ListOf is a listing of any paginated endpoint that this package does not
// model. The items stand under key in the answer; req must be a GET. Its query is
// sent as it is: Zoom's default for page_size is 30, and most endpoints take 300.
//
//	groups := zoom.ListOf[Group](client, &zoom.Request{
//		Path: "/groups", Query: url.Values{"page_size": {"300"}},
//	}, "groups")
func ListOf[T any](c *Client, req *Request, key string) *List[T] {
	o, err := newOperation("list", req)
	switch {
	case err != nil:
		return &List[T]{c: c, err: err}
	case o.method != http.MethodGet:
		err = invalidArgument(o, errors.New("a listing is a GET"))
	case o.body != nil:
		err = invalidArgument(o, errors.New("a listing has no body"))
	case key == "" || key == "next_page_token":
		err = invalidArgument(o, errors.New("the key of the items is missing"))
	}
	o.values = slices.Clone(o.values) // the caller may change his after this
	l := newList(c, *o, key, nil, part[T]{query: cloneQuery(o.query)})
	l.err = err
	return l
}

// newWindowList makes a list whose parts are those of the day on which it is used: a
// list that is kept for days asks for the days before its use. A token is good on the
// day after as well: it lives past midnight.
func newWindowList[T any](c *Client, o operation, key string, parts func(now time.Time) ([]part[T], error)) *List[T] {
	l := newList[T](c, o, key, nil)
	l.window, l.joined = parts, true
	return l
}

// tokenLife is how long Zoom keeps a page token.
const tokenLife = 15 * time.Minute

// begin returns the list with the parts of this moment, and the place of a token in it.
func (l *List[T]) begin(token string) (*List[T], cursor, error) {
	if l == nil || l.window == nil || l.err != nil {
		at, err := l.cursor(token)
		return l, at, err
	}
	now := time.Now()
	today, at, err := l.beginAt(now, token)
	if err != nil && token != "" {
		if former, at, err := l.beginAt(now.Add(-tokenLife), token); err == nil {
			return former, at, nil
		}
	}
	return today, at, err
}

func (l *List[T]) beginAt(now time.Time, token string) (*List[T], cursor, error) {
	parts, err := l.window(now)
	if err != nil {
		return l, cursor{}, invalidArgument(&l.op, err)
	}
	dated := *l
	dated.parts = parts
	at, err := dated.cursor(token)
	return &dated, at, err
}

// newList makes the list of one or several parts. opts has been copied by the
// caller; err is what was wrong with it.
func newList[T any](c *Client, o operation, key string, err error, parts ...part[T]) *List[T] {
	o.repeatable = true
	if o.method == "" {
		o.method = http.MethodGet
	}
	c.place(&o)
	if err != nil {
		err = invalidArgument(&o, err)
	}
	return &List[T]{c: c, op: o, key: key, parts: parts, err: err}
}

// All yields every item. Breaking off is free.
func (l *List[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range l.Pages(ctx) {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// Pages yields page after page, empty ones included.
func (l *List[T]) Pages(ctx context.Context) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		w, err := newWalk(ctx, l)
		if err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer func() {
			cancel()
			w.drain()
		}()
		for !w.done() {
			page, err := w.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// Page makes exactly one request: for the page of the token, the first page for
// an empty one. It does not drop repeats and vouches for nothing beyond the page.
func (l *List[T]) Page(ctx context.Context, token string) (*Page[T], error) {
	l, at, err := l.begin(token)
	if err != nil {
		return nil, &PageError{Token: token, Err: err}
	}
	page, err := l.fetch(ctx, at)
	if err != nil {
		return nil, &PageError{Token: token, Err: err}
	}
	at.rows += len(page.Items)
	return l.public(page, l.after(at, page.NextPageToken)), nil
}

// Collect gathers all items. On an error the items so far come back with it.
func (l *List[T]) Collect(ctx context.Context) ([]T, error) {
	var items []T
	for page, err := range l.Pages(ctx) {
		if err != nil {
			return items, err
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

// From returns the same listing, begun at a token of a [PageError] or a [Page].
// What came before is not known to it: a roster that has to list a status again
// yields some users once more, and it counts rows, not people, so that one repeated
// across the resume can hide one that is missing. List a roster anew before you act
// on who is not in it.
func (l *List[T]) From(token string) *List[T] {
	if l == nil {
		return nil
	}
	copied := *l
	copied.start = token
	return &copied
}

// Prefetch returns the same listing, which asks for the next page while the items
// of one are being worked on. It is off by default, because it asks for a page
// that may never be looked at.
func (l *List[T]) Prefetch() *List[T] {
	if l == nil {
		return nil
	}
	copied := *l
	copied.ahead = true
	return &copied
}

func cloneQuery(q url.Values) url.Values {
	copied := maps.Clone(q)
	for key, values := range copied {
		copied[key] = slices.Clone(values)
	}
	return copied
}

// fetch asks for one page and nothing else.
func (l *List[T]) fetch(ctx context.Context, at cursor) (*wire.Page[T], error) {
	o := l.op
	o.query = cloneQuery(l.parts[at.part].query)
	if at.token != "" {
		if o.query == nil {
			o.query = url.Values{}
		}
		o.query.Set("next_page_token", at.token)
	}
	var page *wire.Page[T]
	o.accept = func(a *transport.Answer) (err error) {
		if page, err = l.decode(a.Body); err == nil {
			o.unread = page.Unread
		}
		return err
	}
	if _, err := l.c.do(ctx, &o); err != nil {
		return nil, err
	}
	if stamp := l.parts[at.part].stamp; stamp != nil {
		for _, item := range page.Items {
			stamp(item)
		}
	}
	return page, nil
}

// decode reads a page of which every record keeps to its shape.
func (l *List[T]) decode(body []byte) (*wire.Page[T], error) {
	page, err := wire.DecodePage(rulesOf(reflect.TypeFor[T]()), body, l.key, l.fresh)
	if err != nil {
		return nil, err
	}
	if err := finishItems(page.Items); err != nil {
		return nil, err
	}
	return page, nil
}

// A record completes itself after it was decoded, and refuses to be one that
// cannot be told from another.
type record interface{ finish() error }

func finishItems[T any](items []T) error {
	for _, item := range items {
		r, ok := any(item).(record)
		if !ok {
			return nil
		}
		if err := r.finish(); err != nil {
			return err
		}
	}
	return nil
}

func (l *List[T]) public(page *wire.Page[T], next string) *Page[T] {
	return &Page[T]{
		Items: page.Items, NextPageToken: next,
		PageSize: page.PageSize, TotalRecords: page.TotalRecords,
	}
}
