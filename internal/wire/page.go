package wire

import (
	"bytes"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Page is one answer of a paginated listing.
type Page[T any] struct {
	Items         []T
	NextPageToken string
	PageSize      int
	TotalRecords  int
	HasTotal      bool // total_records was there
}

// DecodePage reads a page whose items stand under key. An answer without the
// key is an empty page only if it says that there are no records; without it
// and with an error code it is an [*APIError]; else it is a [*ShapeError], as
// is a list that is null: an answer that cannot be vouched for never becomes an
// empty page.
func DecodePage[T any](body []byte, key string) (*Page[T], error) {
	body = trimBOM(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, &ShapeError{Reason: "the body is empty", Cause: io.ErrUnexpectedEOF}
	}
	var page *Page[T]
	err := decode(func(opts json.Options) error {
		page = new(Page[T])
		return readPage(body, key, page, opts)
	})
	if err == errNoList { //nolint:errorlint // the very value: nothing wraps it
		err = missingList(body, page)
	}
	if err != nil {
		return nil, err
	}
	return page, nil
}

var errNoList = &ShapeError{Reason: "the list is missing"}

func missingList[T any](body []byte, page *Page[T]) error {
	if page.HasTotal && page.TotalRecords == 0 && page.NextPageToken == "" {
		return nil
	}
	if apiErr := ParseAPIError(body); apiErr.Code > 0 {
		return apiErr
	}
	return errNoList
}

func readPage[T any](body []byte, key string, page *Page[T], opts json.Options) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), opts)
	if dec.PeekKind() != '{' {
		if _, err := dec.ReadValue(); err != nil {
			return err
		}
		return &ShapeError{Reason: "the body is not a JSON object"}
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	found := false
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := readMember(dec, name.String(), key, page, &found, opts); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	if _, err := dec.ReadToken(); err != io.EOF { //nolint:errorlint // io.EOF is never wrapped here
		return &ShapeError{Reason: "text stands after the JSON value", Offset: dec.InputOffset()}
	}
	if !found {
		return errNoList
	}
	return nil
}

func readMember[T any](dec *jsontext.Decoder, name, key string, page *Page[T], found *bool, opts json.Options) error {
	switch name {
	case key:
		if dec.PeekKind() != '[' {
			return &ShapeError{Reason: "the list is not a JSON array", Offset: dec.InputOffset()}
		}
		*found = true
		return json.UnmarshalDecode(dec, &page.Items, opts)
	case "next_page_token":
		if kind := dec.PeekKind(); kind != '"' && kind != 'n' {
			return &ShapeError{Reason: "the page token is not a text", Offset: dec.InputOffset()}
		}
		if err := json.UnmarshalDecode(dec, &page.NextPageToken, opts); err != nil {
			return err
		}
		return CheckText("the page token", page.NextPageToken)
	case "page_size":
		return json.UnmarshalDecode(dec, &page.PageSize, opts)
	case "total_records":
		page.HasTotal = dec.PeekKind() != 'n'
		return json.UnmarshalDecode(dec, &page.TotalRecords, opts)
	default:
		return dec.SkipValue()
	}
}
