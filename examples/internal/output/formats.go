package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// A rowWriter is one format.
type rowWriter interface {
	begin(columns []string) error
	row(values []any) error
	flush() error // shows the rows so far
	end() error
}

var formats = map[string]func(io.Writer) rowWriter{
	"table": func(w io.Writer) rowWriter { return &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} },
	"csv":   func(w io.Writer) rowWriter { return &csvRows{csv.NewWriter(w)} },
	"json":  func(w io.Writer) rowWriter { return &jsonRows{w: w} },
}

// table lines the columns up for a person.
type table struct{ w *tabwriter.Writer }

func (t *table) begin(columns []string) error {
	return t.line(strings.Split(strings.ToUpper(strings.ReplaceAll(strings.Join(columns, "\t"), "_", " ")), "\t"))
}

func (t *table) row(values []any) error {
	cells := make([]string, len(values))
	for i, value := range values {
		cells[i] = Visible(text(value))
		if cells[i] == "" {
			cells[i] = "-"
		}
	}
	return t.line(cells)
}

func (t *table) line(cells []string) error {
	_, err := io.WriteString(t.w, strings.Join(cells, "\t")+"\n")
	return err
}

func (t *table) flush() error { return t.w.Flush() }
func (t *table) end() error   { return t.w.Flush() }

// Visible escapes what moves a terminal's cursor or turns the direction of a text around:
// people choose their own names. An escape character becomes the four letters \x1b.
func Visible(s string) string {
	if !strings.ContainsFunc(s, isHidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isHidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isHidden reports whether a character controls how others are shown. Joiners and blanks
// of other scripts are parts of names and stay.
func isHidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// csvRows are for spreadsheets, which take a cell that begins with = + - @ for a
// formula: whoever chooses his own name could run one on the reader's machine.
// Such cells get a leading apostrophe, ids that begin with - among them; programs
// that read ids should ask for JSON.
type csvRows struct{ w *csv.Writer }

func (c *csvRows) begin(columns []string) error { return c.w.Write(columns) }

func (c *csvRows) row(values []any) error {
	cells := make([]string, len(values))
	for i, value := range values {
		cells[i] = Visible(text(value))
		if strings.IndexAny(cells[i], "=+-@") == 0 {
			cells[i] = "'" + cells[i]
		}
	}
	return c.w.Write(cells)
}

func (c *csvRows) flush() error { return c.end() }

func (c *csvRows) end() error {
	c.w.Flush()
	return c.w.Error()
}

// jsonRows are one array of objects, written row by row. The columns are the names.
type jsonRows struct {
	w       io.Writer
	columns []string
	rows    int
}

func (j *jsonRows) begin(columns []string) error {
	j.columns = columns
	_, err := io.WriteString(j.w, "[")
	return err
}

func (j *jsonRows) row(values []any) error {
	var b bytes.Buffer
	if j.rows++; j.rows > 1 {
		b.WriteByte(',')
	}
	b.WriteString("\n  {")
	for i, value := range values {
		if t, isTime := value.(time.Time); isTime {
			value = nil
			if !t.IsZero() {
				value = text(t)
			}
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q: %s", j.columns[i], escapeHidden(encoded))
	}
	b.WriteByte('}')
	_, err := j.w.Write(b.Bytes())
	return err
}

func (j *jsonRows) flush() error {
	_, err := io.WriteString(j.w, "\n")
	return err
}

func (j *jsonRows) end() error {
	_, err := io.WriteString(j.w, "\n]\n")
	return err
}

// escapeHidden writes what encoding/json leaves as it is in the way of JSON.
func escapeHidden(encoded []byte) []byte {
	if !bytes.ContainsFunc(encoded, isHidden) {
		return encoded
	}
	var b bytes.Buffer
	for _, r := range string(encoded) {
		if isHidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

// text is how a value stands in a cell. A time that is not known leaves the cell
// empty: it does not mean "never".
func text(value any) string {
	t, isTime := value.(time.Time)
	switch {
	case !isTime:
		return fmt.Sprint(value)
	case t.IsZero():
		return ""
	default:
		return t.UTC().Format(time.RFC3339)
	}
}
