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
	"slices"

	"github.com/seatkit/zoom/internal/paging"
)

// maxPageSize is what most listings allow and what a page size of 0 means.
const maxPageSize = 300

// A List is a lazy listing. Nothing is sent before it is ranged over, and each range
// begins at the first page. A List is immutable: any number of goroutines may range
// over it at once.
//
// A listing is complete or it ends in an error. The error comes once, last, and is a
// [*PageError]; what came before it is not the whole list. No items come after an
// error, and none of a page that could not be read whole.
//
// Complete means:
//   - [UsersService.Roster] proves that everybody came who was in one status the whole
//     time, whoever else moved. A count that is too high by less than a page is noted.
//   - [UsersService.List] has as many rows as Zoom counts.
//   - Any other listing has every page. Where a few rows are missing all the same, it
//     is read once more unless its class is heavy; what is still missing then is noted
//     in the trace ([NoteCountDiffers]).
//
// A list of all active users is never empty: an account has an owner.
//
// Range with two variables. With one the error is not seen, and the nil item that
// comes with it is taken for an item:
//
//	for user, err := range client.Users.Roster(nil).All(ctx) {
//		if err != nil {
//			return err // what came before is not the whole roster
//		}
//		…
//	}
type List[T any] struct {
	held  func() *listSpec[T] // nil: not made by a client
	start secret              // the token that it begins at; nil: none
	ahead bool
}

// spec returns what is listed. It and the token are kept in closures: fmt prints the
// fields of a List in an unexported field of a caller's without asking it.
func (l *List[T]) spec() *listSpec[T] {
	if l == nil || l.held == nil {
		return nil
	}
	return l.held()
}

func listOf[T any](s *listSpec[T]) *List[T] {
	return &List[T]{held: func() *listSpec[T] { return s }}
}

// Format prints what is listed, under every verb, and not the token that it
// begins at or whose meetings they are.
func (l List[T]) Format(f fmt.State, _ rune) {
	name := ""
	if spec := l.spec(); spec != nil {
		name = spec.op.op
	}
	_, _ = io.WriteString(f, "zoom.List("+name+")")
}

// A Page is one answer of a listing.
type Page[T any] struct {
	Items         []T
	NextPageToken string // empty on the last page; lives 15 minutes
	PageSize      int    // as Zoom echoes it
	TotalRecords  int    // as Zoom counts them, of this part where a listing joins several; a count that moves
}

// A PageError ends a listing. [List.Resume] with its Token asks for the page that
// failed, within the 15 minutes that a token of Zoom lives.
//
// Its own print forms hide the token. As a field it is a plain text: fmt shows it where a
// PageError stands, by value, in an unexported field of a struct of yours.
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
	return fmt.Sprintf("%v (after %d items)", e.Err, e.Yielded)
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
//
// The list may be read once more ([List]). So that it can tell the rows of the two
// readings apart, it remembers a mark of about 25 bytes for each row.
func ListOf[T any](c *Client, req *Request, key string) *List[T] {
	o, err := newOperation("list", req)
	switch {
	case err != nil:
		return listOf(&listSpec[T]{c: c, err: err})
	case o.method != http.MethodGet:
		err = invalidArgument(o, errors.New("a listing is a GET"))
	case o.body != nil:
		err = invalidArgument(o, errors.New("a listing has no body"))
	case key == "" || key == "next_page_token":
		err = invalidArgument(o, errors.New("the key of the items is missing"))
	}
	o.values = slices.Clone(o.values) // the caller may change his after this
	l := newList(c, *o, rowsOfAny[T](key), nil, part[T]{query: cloneQuery(o.query)})
	l.spec().err = err
	return l
}

// All yields every item. Breaking out of the loop sends nothing more and needs no
// cleanup.
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
		spec, at, err := l.open(ctx, l.startToken())
		if err != nil {
			yield(nil, &PageError{Token: l.startToken(), Err: err})
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		pager := paging.Start(spec.listing(l.ahead), at)
		defer func() {
			cancel()
			pager.Close()
		}()
		for !pager.Done() {
			page, next, err := pager.Next(ctx)
			if err != nil {
				yield(nil, &PageError{Token: spec.startOf(pager.Place()), Yielded: pager.Yielded(), Err: err})
				return
			}
			if !yield(publicPage(page, next), nil) {
				return
			}
		}
	}
}

// Page makes exactly one request: for the page of the token, the first page for
// an empty one. It neither removes repeats nor checks that the listing is complete.
func (l *List[T]) Page(ctx context.Context, token string) (*Page[T], error) {
	spec, at, err := l.open(ctx, token)
	if err == nil && at.IsOver() {
		err = spec.incomplete("fewer rows than the server counts")
	}
	if err != nil {
		return nil, &PageError{Token: token, Err: err}
	}
	page, err := spec.fetch(ctx, paging.Request{Part: at.Part, Token: at.Token})
	if err != nil {
		return nil, &PageError{Token: token, Err: err}
	}
	next := ""
	if at, more := spec.tokens.After(at, len(page.Items), page.NextPageToken); more {
		next = spec.tokens.Text(at)
	}
	return publicPage(page, next), nil
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

// Resume returns the same listing, begun at a token of a [PageError] or a [Page]. A
// token of another listing is [ErrInvalidArgument].
//
// A resumed listing does not know which rows came before. Where a page was not full, its
// tokens begin with z1. and hold how many came, so that a row which is missing still
// shows; a token of Zoom's own holds nothing. A resumed roster may repeat users,
// cannot be proven, and ends in [ErrListIncomplete] after its last user, unless it was
// made with CountOnly. List a roster from the start before you act on who is absent.
func (l *List[T]) Resume(token string) *List[T] {
	if l == nil {
		return nil
	}
	copied := *l
	copied.start = hide(token)
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
