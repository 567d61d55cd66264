package zoom

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// A cursor is a place in a listing: a part, Zoom's page token within it, and how
// many rows of the part came before. In a listing of one part the token alone is
// the cursor. In one that joins several, all three stand in the token that is
// given out, with a mark of the part's query, so that a token of another listing
// is refused instead of mixing two.
type cursor struct {
	part  int
	token string // Zoom's; empty: the first page of the part
	rows  int
}

const cursorFields = 4

func (l *List[T]) cursor(token string) (cursor, error) {
	switch {
	case l == nil || (l.err == nil && (l.c == nil || len(l.parts) == 0)):
		return cursor{}, fmt.Errorf("zoom: the listing was not made by a client: %w", ErrInvalidArgument)
	case l.err != nil:
		return cursor{}, l.err
	case token == "":
		return cursor{}, nil
	case !l.joined:
		return cursor{token: token}, nil
	}
	fields := strings.SplitN(token, ".", cursorFields)
	if len(fields) == cursorFields {
		number, err1 := strconv.Atoi(fields[0])
		rows, err2 := strconv.Atoi(fields[1])
		if errors.Join(err1, err2) == nil && number >= 0 && number < len(l.parts) && rows >= 0 && fields[2] == l.mark(number) {
			return cursor{part: number, rows: rows, token: fields[3]}, nil
		}
	}
	return cursor{}, invalidArgument(&l.op, errors.New("the page token is not of this listing"))
}

// encode is the reverse of cursor. The beginning of the listing is the empty token.
func (l *List[T]) encode(at cursor) string {
	if at == (cursor{}) {
		return ""
	}
	return l.write(at)
}

// write names a place that lies ahead. The beginning is one too, where a roster
// lists its first part again: there the empty token would mean the end.
func (l *List[T]) write(at cursor) string {
	if !l.joined {
		return at.token
	}
	return fmt.Sprintf("%d.%d.%s.%s", at.part, at.rows, l.mark(at.part), at.token)
}

// after returns the token of the page that follows: Zoom's next token in the same
// part, else the beginning of the next part, else nothing.
func (l *List[T]) after(at cursor, next string) string {
	switch {
	case next != "":
		at.token = next
		return l.encode(at)
	case at.part+1 < len(l.parts):
		return l.encode(cursor{part: at.part + 1})
	default:
		return ""
	}
}

// mark tells the query of a part from that of others.
func (l *List[T]) mark(number int) string {
	h := fnv.New32a()
	fmt.Fprint(h, l.op.path, l.op.values, l.parts[number].query.Encode())
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}
