package paging

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Place is where a listing stands: a part, the server's token of the page within
// it, and what came before in the part. The zero Place is the beginning.
type Place struct {
	Part  int
	Token string // the server's; empty: the first page of the part
	Rows  int    // before it in the part; unknownRows where a caller brings the server's own token
	Pages int
	Short bool // some page before it was not full: the rows must not be forgotten
}

// IsOver reports whether the part was read to its end with rows missing: nothing but the
// error comes from there.
func (p Place) IsOver() bool { return p.Rows == shortRows }

const (
	unknownRows = -1
	// shortRows is the place of a part that was read to its end, with rows missing. A
	// second reading knows the rows of the first one; whoever resumes does not. So
	// nothing comes from there but the error.
	shortRows = -2
)

// Tokens writes places as page tokens and reads them. A place that the server's own
// token names is written as that token where a listing has one part. Any other is
// written in a form of ours, which begins with a prefix and holds a mark of the
// listing: the token of another listing is refused instead of mixing two.
type Tokens struct {
	Parts  int
	Joined bool   // the listing joins several of the server's
	Mark   string // of everything that the listing asks for
}

const (
	ownPrefix = "z1." // a version, so that the form may change
	ownFields = 5
)

var errForeign = errors.New("the page token is not of this listing")

// Text writes a place. It is empty for no place.
func (t Tokens) Text(p Place) string {
	if !t.Joined && !p.Short && p.Token != "" && !strings.HasPrefix(p.Token, ownPrefix) {
		return p.Token
	}
	return fmt.Sprintf("%s%d.%d.%d.%s.%s", ownPrefix, p.Part, p.Rows, p.Pages, t.Mark, p.Token)
}

// Parse reads a token. The empty one is the beginning.
func (t Tokens) Parse(token string) (Place, error) {
	own, isOwn := strings.CutPrefix(token, ownPrefix)
	switch {
	case token == "":
		return Place{}, nil
	case !isOwn && t.Joined:
		return Place{}, errForeign
	case !isOwn:
		return Place{Token: token, Rows: unknownRows, Pages: unknownRows}, nil
	}
	fields := strings.SplitN(own, ".", ownFields)
	if len(fields) != ownFields || fields[3] != t.Mark {
		return Place{}, errForeign
	}
	var numbers [3]int
	for i := range numbers {
		n, err := strconv.Atoi(fields[i])
		if err != nil || n < shortRows {
			return Place{}, errForeign
		}
		numbers[i] = n
	}
	p := Place{Part: numbers[0], Rows: numbers[1], Pages: numbers[2], Token: fields[4]}
	if p.Part < 0 || p.Part >= t.Parts || (p.Rows < 0) != (p.Pages < 0) {
		return Place{}, errForeign
	}
	p.Short = !t.Joined && p.Rows >= 0 && p.Token != ""
	return p, nil
}

// After is the place behind a page that was read alone at p, and false at the end.
func (t Tokens) After(p Place, rows int, next string) (Place, bool) {
	switch {
	case next != "" && p.Rows < 0:
		return Place{Part: p.Part, Token: next, Rows: p.Rows, Pages: p.Pages}, true
	case next != "":
		return Place{Part: p.Part, Token: next, Rows: p.Rows + rows, Pages: p.Pages + 1, Short: p.Short}, true
	default:
		return t.nextPart(p.Part)
	}
}

func (t Tokens) nextPart(part int) (Place, bool) {
	if part+1 < t.Parts {
		return Place{Part: part + 1}, true
	}
	return Place{}, false
}
