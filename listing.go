package zoom

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/paging"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// A listSpec is what a list asks for and how it reads the answers. Lists share it:
// it does not change once it has been made.
type listSpec[T any] struct {
	c      *Client
	op     operation
	rows   rows[T]
	parts  []part[T]
	window func(now time.Time) ([]part[T], error) // the parts, where they depend on the day of use
	tokens paging.Tokens
	rule   paging.Rule
	err    error // bad input, reported when the list is used
}

// rows says how the items of a list are read.
type rows[T any] struct {
	key      string                     // under which they stand
	newItem  func() T                   // what one is decoded into; nil: the zero value
	finish   func(T) error              // completes one after decoding; nil: nothing to check
	identity func(T) (id, email string) // nil: items are not told apart
}

// rowsOf are the rows of a type that completes itself.
func rowsOf[T record](key string) rows[T] { return rows[T]{key: key, finish: T.finish} }

// rowsOfAny are those of a type that the caller brings.
func rowsOfAny[T any](key string) rows[T] {
	r := rows[T]{key: key}
	if _, ok := any(*new(T)).(record); ok {
		r.finish = func(item T) error { return any(item).(record).finish() }
	}
	return r
}

// A part is one of Zoom's listings. Most lists have one; the roster has one for
// each status, a report one for each month.
type part[T any] struct {
	query      url.Values
	complete   func(T) // adds to an item what the part knows; nil: nothing
	neverEmpty bool    // somebody is always in it
}

// A record completes itself after it was decoded, and reports that it lacks what
// tells it from others.
type record interface{ finish() error }

// newList makes the list of one of Zoom's listings.
func newList[T any](c *Client, o operation, r rows[T], err error, p part[T]) *List[T] {
	return listOf(newSpec(c, o, r, err, []part[T]{p}, false))
}

// joinedList makes a list that joins several of Zoom's listings. Its tokens name the
// part too.
func joinedList[T any](c *Client, o operation, r rows[T], err error, parts []part[T]) *List[T] {
	return listOf(newSpec(c, o, r, err, parts, true))
}

// windowList makes a list whose parts are those of the day on which it is used: a
// list that is kept for days asks for the days before its use.
func windowList[T any](c *Client, o operation, r rows[T], parts func(now time.Time) ([]part[T], error)) *List[T] {
	spec := newSpec(c, o, r, nil, nil, true)
	spec.window = parts
	return listOf(spec)
}

func newSpec[T any](c *Client, o operation, r rows[T], err error, parts []part[T], joined bool) *listSpec[T] {
	o.repeatable = true
	if o.method == "" {
		o.method = http.MethodGet
	}
	c.place(&o)
	if err != nil {
		err = invalidArgument(&o, err)
	}
	s := &listSpec[T]{c: c, op: o, rows: r, parts: parts, err: err}
	s.tokens.Joined = joined
	s.setParts(parts)
	switch {
	case o.class == ClassHeavy || o.class == ClassResourceIntensive:
		s.rule = paging.NoteOnly
	default:
		s.rule = paging.ReadAgain
	}
	return s
}

func (s *listSpec[T]) setParts(parts []part[T]) {
	s.parts = parts
	s.tokens.Parts, s.tokens.Mark = len(parts), s.mark()
}

// tokenLife is how long Zoom keeps a page token.
const tokenLife = 15 * time.Minute

// today returns the spec with the parts of this moment, and the place of a token in
// it. A token is good on the day after as well: it lives past midnight.
func (s *listSpec[T]) today(token string) (*listSpec[T], paging.Place, error) {
	if s.window == nil {
		at, err := s.tokens.Parse(token)
		return s, at, err
	}
	now := time.Now()
	dated, at, err := s.on(now, token)
	if err != nil && token != "" {
		if former, at, err := s.on(now.Add(-tokenLife), token); err == nil {
			return former, at, nil
		}
	}
	return dated, at, err
}

func (s *listSpec[T]) on(now time.Time, token string) (*listSpec[T], paging.Place, error) {
	parts, err := s.window(now)
	if err != nil {
		return nil, paging.Place{}, err
	}
	dated := *s
	dated.setParts(parts)
	at, err := dated.tokens.Parse(token)
	return &dated, at, err
}

// mark tells what the list asks for from what others ask for.
func (s *listSpec[T]) mark() string {
	h := fnv.New64a()
	fmt.Fprint(h, s.op.path, s.op.values)
	for _, p := range s.parts {
		fmt.Fprintf(h, "\n%s", p.query.Encode())
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

func (l *List[T]) startToken() string {
	if l == nil || l.start == nil {
		return ""
	}
	return l.start()
}

// open checks that a list can be read from a token on.
func (l *List[T]) open(ctx context.Context, token string) (*listSpec[T], paging.Place, error) {
	asked := l.spec()
	switch {
	case asked == nil:
		return nil, paging.Place{}, fmt.Errorf("zoom: the listing was not made by a client: %w", ErrInvalidArgument)
	case asked.err != nil:
		return nil, paging.Place{}, asked.err
	case ctx == nil:
		return nil, paging.Place{}, invalidArgument(&asked.op, errors.New("the context is nil"))
	}
	spec, at, err := asked.today(token)
	if err != nil {
		return nil, paging.Place{}, invalidArgument(&asked.op, err)
	}
	return spec, at, nil
}

// startOf is the token from which a list resumes. The beginning has none.
func (s *listSpec[T]) startOf(at paging.Place) string {
	if at == (paging.Place{}) {
		return ""
	}
	return s.tokens.Text(at)
}

// listing is what the pager reads.
func (s *listSpec[T]) listing(ahead bool) *paging.Listing[T] {
	l := &paging.Listing[T]{
		Tokens: s.tokens, Rule: s.rule, Ahead: ahead, Key: s.rows.identity,
		Fetch:   s.fetch,
		Expired: isExpired,
		Fail: func(r paging.Reason, detail string) error {
			if r == paging.Loop {
				return s.fail(ErrPageLoop, detail)
			}
			return s.incomplete(detail)
		},
		Notice: func(ctx context.Context, e paging.Event) {
			s.c.tracer.page(ctx, PageInfo{Op: s.op.op, Number: e.Number, Items: e.Rows, TotalRecords: e.Total, UnreadFields: e.Unread, Note: listNotes[e.Notice]})
		},
	}
	for _, p := range s.parts {
		size, _ := strconv.Atoi(p.query.Get("page_size"))
		l.Parts = append(l.Parts, paging.Part{Size: size, NeverEmpty: p.neverEmpty})
	}
	return l
}

// incomplete is the error of a listing in which rows are missing.
func (s *listSpec[T]) incomplete(detail string) error { return s.fail(ErrListIncomplete, detail) }

func (s *listSpec[T]) fail(sentinel error, detail string) error {
	return &Error{Op: s.op.op, Method: s.op.method, Path: s.op.path, Err: fmt.Errorf("%w: %s", sentinel, detail)}
}

// isExpired reports a refusal of a page token. One in words that are not known can also
// come to a request without a token, of a listing that goes on beside it: it has no
// findings.
func isExpired(err error) bool {
	if errors.Is(err, ErrPageTokenExpired) {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode == http.StatusBadRequest && e.Code == meaning.CodeValidation && len(e.Fields) == 0 && e.Err == ErrInvalidArgument //nolint:errorlint // the very value
}

var listNotes = map[paging.Notice]ListNote{
	paging.NoticeRestarted:     NoteRestarted,
	paging.NoticeReadAgain:     NoteListedAgain,
	paging.NoticeCountDiffers:  NoteCountDiffers,
	paging.NoticeMoreThanTotal: NoteTotalMismatch,
}

// fetch asks for one page and nothing else.
func (s *listSpec[T]) fetch(ctx context.Context, r paging.Request) (*paging.Page[T], error) {
	o := s.op
	o.query = cloneQuery(s.parts[r.Part].query)
	if o.query == nil {
		o.query = url.Values{}
	}
	if r.Token != "" {
		o.query.Set("next_page_token", r.Token)
	}
	if r.Size > 0 {
		o.query.Set("page_size", strconv.Itoa(r.Size))
	}
	if r.Number > 0 {
		o.query.Set("page_number", strconv.Itoa(r.Number))
	}
	var page *paging.Page[T]
	o.accept = func(a *transport.Answer) (err error) {
		if page, err = s.decode(a.Body, r.Part); err == nil {
			o.unread = page.Unread
		}
		return err
	}
	if _, err := s.c.do(ctx, &o); err != nil {
		return nil, err
	}
	return page, nil
}

// decode reads a page of a part of which every item keeps to its shape.
func (s *listSpec[T]) decode(body []byte, part int) (*paging.Page[T], error) {
	read := wire.DecodePage[T]
	if s.rule == paging.ReadAgain {
		read = wire.DecodeMarkedPage[T]
	}
	page, err := read(rulesOf(reflect.TypeFor[T]()), body, s.rows.key, s.rows.newItem)
	if err != nil {
		return nil, err
	}
	for _, item := range page.Items {
		if complete := s.parts[part].complete; complete != nil {
			complete(item)
		}
		if s.rows.finish == nil {
			continue
		}
		if err := s.rows.finish(item); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func publicPage[T any](page *paging.Page[T], next string) *Page[T] {
	return &Page[T]{Items: page.Items, NextPageToken: next, PageSize: page.PageSize, TotalRecords: page.TotalRecords}
}
