package wire

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Page is one answer of a paginated listing.
type Page[T any] struct {
	Items         []T
	NextPageToken string
	PageSize      int
	TotalRecords  int
	HasTotal      bool     // total_records was there
	Unread        int      // values that could not be read and were left out, as the rules allow
	Marks         []uint64 // of a marked page, one for each item, within one process: equal ids have equal marks, else equal texts
	Unnamed       int      // marks of items without an id
}

// DecodePage reads a page whose items stand under key; each item is decoded by rules into
// what fresh returns, or into the zero value if fresh is nil. An answer without the
// key is an empty page only if it says that there are no records; without it
// and with an error code it is an [*APIError]; else it is a [*ShapeError], as
// is a list that is null: an answer that cannot be vouched for never becomes an
// empty page.
func DecodePage[T any](rules Rules, body []byte, key string, fresh func() T) (*Page[T], error) {
	return decodePage(rules, body, key, fresh, false)
}

// DecodeMarkedPage reads a page and marks its items by their id, else by their text.
func DecodeMarkedPage[T any](rules Rules, body []byte, key string, fresh func() T) (*Page[T], error) {
	return decodePage(rules, body, key, fresh, true)
}

func decodePage[T any](rules Rules, body []byte, key string, fresh func() T, marked bool) (*Page[T], error) {
	body = trimBOM(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, &ShapeError{Reason: "the body is empty", Cause: io.ErrUnexpectedEOF}
	}
	if fresh == nil {
		fresh = func() (zero T) { return zero }
	}
	newReader := func(opts json.Options) *pageReader[T] {
		r := &pageReader[T]{rules: rules, key: key, fresh: fresh, page: new(Page[T]), dec: jsontext.NewDecoder(bytes.NewBuffer(body), opts)}
		if marked {
			r.body = body
		}
		return r
	}
	r := newReader(rules.plain())
	err := r.read()
	if isMismatch(err) || isDoubled(err) { // begins again, row by row
		r = newReader(rules.tolerant())
		r.slow = newSlowReader(rules)
		err = r.read()
		r.page.Unread += r.slow.unread
	}
	err = shapeError(err)
	if err == errNoList { //nolint:errorlint // the very value: nothing wraps it
		err = missingList(body, key, r.page)
	}
	if err == nil && len(r.page.Items) == 0 {
		err = emptyRefusal(body)
	}
	if err != nil {
		return nil, err
	}
	return r.page, nil
}

var errNoList = &ShapeError{Reason: "the list is missing"}

// emptyRefusal is the error of a body with an error code, where it lists nobody:
// nobody is then no answer to what was asked. Zoom's code 200 says that a permission
// is missing. A 200 alone repeats the HTTP status.
func emptyRefusal(body []byte) error {
	if !bytes.Contains(body, []byte(`"code"`)) { // the usual answer is not read twice
		return nil
	}
	e := ParseAPIError(body)
	if e.Code == http.StatusOK && e.Message == "" && len(e.Fields) == 0 {
		return nil
	}
	if e.Code > 0 {
		return e
	}
	return nil
}

func missingList[T any](body []byte, key string, page *Page[T]) error {
	if page.HasTotal && page.TotalRecords == 0 && page.NextPageToken == "" {
		return nil
	}
	return RefusalOr(body, &ShapeError{Reason: fmt.Sprintf("the list %q is missing", key)})
}

// pageReader reads one page, token by token down to the items.
type pageReader[T any] struct {
	rules Rules
	key   string
	fresh func() T
	page  *Page[T]
	body  []byte // nil: items are not marked
	found bool   // the list was there
	dec   *jsontext.Decoder
	slow  *slowReader     // of the second reading, else nil
	seen  map[string]bool // names that were read, in the second reading
}

var markSeed = maphash.MakeSeed()

func (r *pageReader[T]) read() error {
	if r.dec.PeekKind() != '{' {
		if _, err := r.dec.ReadValue(); err != nil {
			return err
		}
		return &ShapeError{Reason: "the body is not a JSON object"}
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for r.dec.PeekKind() == '"' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := r.memberOnce(name.String()); err != nil {
			return err
		}
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); err != io.EOF { //nolint:errorlint // io.EOF is never wrapped here
		return &ShapeError{Reason: "text stands after the JSON value", Offset: r.dec.InputOffset()}
	}
	if !r.found {
		return errNoList
	}
	return nil
}

// memberOnce refuses a name that stands twice, which in the first reading the decoder does.
func (r *pageReader[T]) memberOnce(name string) error {
	if r.slow != nil && (name == r.key || name == "next_page_token" || name == "page_size" || name == "total_records") {
		if r.seen[name] {
			return errDoubled
		}
		if r.seen == nil {
			r.seen = map[string]bool{}
		}
		r.seen[name] = true
	}
	return r.member(name)
}

func (r *pageReader[T]) member(name string) error {
	switch name {
	case r.key:
		return r.items()
	case "next_page_token":
		if kind := r.dec.PeekKind(); kind != '"' && kind != 'n' {
			return r.wrong("the page token is not a text")
		}
		if err := json.UnmarshalDecode(r.dec, &r.page.NextPageToken); err != nil {
			return err
		}
		return CheckText("the page token", r.page.NextPageToken)
	case "page_size":
		return r.size()
	case "total_records":
		return r.total()
	default:
		return r.dec.SkipValue()
	}
}

// size reads the page size, which is for information only.
func (r *pageReader[T]) size() error {
	if r.slow == nil {
		return json.UnmarshalDecode(r.dec, &r.page.PageSize)
	}
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	var odd error
	if r.page.PageSize, odd = narrowInt(raw); odd != nil {
		r.page.Unread++
	}
	return nil
}

// total reads the count of records. Null and an empty text are no count.
func (r *pageReader[T]) total() error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	text, err := Text(raw)
	if err != nil {
		return err
	}
	r.page.HasTotal = strings.TrimSpace(text) != ""
	r.page.TotalRecords, err = narrowInt(raw)
	return err
}

func (r *pageReader[T]) items() error {
	if r.dec.PeekKind() != '[' {
		return r.wrong("the list is not a JSON array")
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	r.found = true
	for kind := r.dec.PeekKind(); kind != ']' && kind != 0; kind = r.dec.PeekKind() {
		r.page.Items = append(r.page.Items, r.fresh())
		before := r.dec.InputOffset()
		if err := r.item(&r.page.Items[len(r.page.Items)-1]); err != nil {
			return err
		}
		if r.body != nil {
			row := bytes.TrimLeft(r.body[before:r.dec.InputOffset()], " \t\r\n,")
			r.mark(row)
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

// mark marks an item by its uuid, else its id: its other fields may change from one
// reading to the next.
func (r *pageReader[T]) mark(row []byte) {
	var uuid, id []byte
	dec := jsontext.NewDecoder(bytes.NewBuffer(row), r.rules.tolerant())
	if _, err := dec.ReadToken(); err == nil {
		for dec.PeekKind() == '"' {
			name, _ := dec.ReadToken()
			member := name.String()
			value, err := dec.ReadValue()
			if err != nil {
				break
			}
			text := bytes.Trim(value, `"`)
			switch {
			case len(text) == 0 || value.Kind() == 'n':
			case member == "uuid":
				uuid = bytes.Clone(text)
			case member == "id":
				id = bytes.Clone(text)
			}
		}
	}
	switch {
	case uuid != nil:
		row = uuid
	case id != nil:
		row = id
	default:
		r.page.Unnamed++
	}
	r.page.Marks = append(r.page.Marks, maphash.Bytes(markSeed, row))
}

func (r *pageReader[T]) item(out *T) error {
	if r.slow == nil {
		return json.UnmarshalDecode(r.dec, out)
	}
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	err = json.Unmarshal(raw, out, r.rules.plain())
	if isMismatch(err) || isDoubled(err) {
		return r.slow.read(raw, out)
	}
	return err
}

// wrong blames the shape of the value ahead, unless it is the JSON that is broken.
func (r *pageReader[T]) wrong(reason string) error {
	offset := r.dec.InputOffset()
	if err := r.dec.SkipValue(); err != nil {
		return err
	}
	return &ShapeError{Reason: reason, Offset: offset}
}
