// Package paging reads paginated listings to their end and knows when a page or a
// person is missing. It knows neither HTTP nor Zoom's records: a listing gives it a
// function that asks for one page.
//
// Words used here:
//   - part: one of the server's listings. A listing has one or joins several.
//   - walk: the pages of one part in order, each asked for with the token of the
//     one before.
//   - place: where a listing stands; what a page token of ours stands for.
//   - proof: two walks of different page sizes over one part whose answers share
//     rows from the first page to the last.
package paging

import (
	"context"

	"github.com/seatkit/zoom/internal/wire"
)

// A Page is one answer as it was decoded.
type Page[T any] = wire.Page[T]

// A Request is one page as it is asked for.
type Request struct {
	Part   int
	Token  string // the server's page token; empty: the first page
	Size   int    // page size; 0: that of the listing
	Number int    // 0: none; else the page with this number, without a token

	walk int // which walk the answer belongs to
	use  use
	from spot // what the walk knew of the page, where it is read again
}

// use is what an answer is for.
type use int

const (
	advance use = iota // the next page of its walk
	reread             // a page of a walk, once more
	probe              // a page by its number
)

// A Part is one of the server's listings.
type Part struct {
	Size       int  // page size asked for; 0: not known
	NeverEmpty bool // somebody is always in it
}

// A Rule says what a listing does about rows that the server counts and does not
// send.
type Rule int

const (
	// Strict fails when a row is missing.
	Strict Rule = iota
	// ReadAgain reads the part once more. Rows that the first reading did not have
	// are added. If there are some and still too few, it fails; if there are none it
	// notes the difference.
	ReadAgain
	// NoteOnly notes the difference, where a second reading costs too much.
	NoteOnly
	// Recount reads the part once more and fails when rows are missing again. It
	// needs keys: everybody is handed out once.
	Recount
	// Proof reads each part of several pages in two walks that prove each other. It
	// needs keys.
	Proof
)

// A Notice is something that a listing notices about itself.
type Notice int

// What a listing notices.
const (
	NoticePage          Notice = iota // nothing but a page
	NoticeRestarted                   // a page token expired and the walk begins again
	NoticeReadAgain                   // rows are missing and pages are read again
	NoticeCountDiffers                // fewer rows than the server counts, twice
	NoticeMoreThanTotal               // more rows than the server counts
)

// An Event is one page, or something that a listing notices.
type Event struct {
	Notice Notice
	Number int // of the page, from 1, over all parts and walks
	Rows   int // sent by the server
	Total  int
	Unread int // values that were left out
}

// A Reason is why a listing fails of itself.
type Reason int

// Why a listing fails of itself.
const (
	Loop       Reason = iota // its pages do not end
	Incomplete               // rows are missing, or may be
)

// A Listing is what a [Pager] reads. It is not changed by it.
type Listing[T any] struct {
	Parts  []Part
	Tokens Tokens
	Rule   Rule
	Ahead  bool // fetch what comes next while the caller works on a page

	// Key tells a row from others: by its id, else by its address. It is needed by
	// Recount and Proof.
	Key func(T) (id, address string)
	// Fetch asks for one page. Calls of two walks overlap.
	Fetch func(context.Context, Request) (*Page[T], error)
	// Expired reports whether an error says that a page token cannot be used.
	Expired func(error) bool
	// Fail makes the error of a listing that fails of itself.
	Fail func(r Reason, detail string) error
	// Notice is told of every page and of what a listing notices.
	Notice func(context.Context, Event)
}

const (
	maxPages      = 100_000
	maxEmptyPages = 10 // in a row
)
