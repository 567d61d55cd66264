// Package output writes the rows of the example programs as a table, as CSV or as
// JSON, to standard output or to a file.
package output

import (
	"bufio"
	"errors"
	"flag"
	"io"

	"github.com/seatkit/zoom/examples/internal/cli"
)

// Options are the flags that say how rows are written, and where to.
type Options struct {
	Demo bool // the rows are invented: each says so in a column of its own

	format string
	path   string
}

// Flags adds -format and -o to the flags of a program.
func Flags(flags *flag.FlagSet) *Options {
	o := &Options{format: "table"}
	flags.Func("format", "the `format`: table (the default), csv or json", func(s string) error {
		if formats[s] == nil {
			return errors.New("want table, csv or json")
		}
		o.format = s
		return nil
	})
	flags.StringVar(&o.path, "o", "", "write to this `file`; what it held is replaced only when the new content is complete")
	return o
}

// A Writer writes rows. They are complete only after [Writer.Commit].
type Writer struct {
	buf     *bufio.Writer
	rows    rowWriter
	format  string
	columns []string
	stdout  io.Writer
	file    *file // nil: to stdout
	demo    bool
	begun   bool
	ended   bool
}

// invented is what stands in the first column of every row of a demonstration.
const invented = "invented"

// Open begins an output with these columns; that of a demonstration has one more, so that
// nobody takes its rows for real ones. [Writer.Close] must be called.
func (o *Options) Open(stdout io.Writer, columns ...string) (*Writer, error) {
	if o.Demo {
		columns = append([]string{"demo"}, columns...)
	}
	w := &Writer{format: o.format, demo: o.Demo, columns: columns, stdout: stdout, buf: bufio.NewWriter(stdout)}
	if o.path != "" {
		f, err := createFile(o.path)
		if err != nil {
			return nil, err
		}
		w.file, w.buf = f, bufio.NewWriter(f)
	}
	w.rows = formats[o.format](w.buf)
	return w, nil
}

// Live is where rows appear while they are written: nil for a file, and for a
// table, which is laid out at the end.
func (w *Writer) Live() io.Writer {
	if w.file != nil || w.format == "table" {
		return nil
	}
	return w.stdout
}

// Row writes a row with a value for each column: text, a number, a time.Time.
func (w *Writer) Row(values ...any) error {
	if err := w.begin(); err != nil {
		return err
	}
	if w.demo {
		values = append([]any{invented}, values...)
	}
	return w.rows.row(values)
}

// Commit ends the output, and puts the file in its place. The summary goes below a
// table; for the other formats, and for a file, it goes to stderr, so that
// standard output can be parsed.
func (w *Writer) Commit(stderr io.Writer, summary string) error {
	if w.demo {
		summary = "DEMO: all of these people are invented.\n" + summary
	}
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.rows.end(); err != nil {
		return err
	}
	if w.format == "table" {
		if _, err := w.buf.WriteString("\n" + summary); err != nil {
			return err
		}
	}
	if err := w.buf.Flush(); err != nil {
		return err
	}
	if w.file != nil {
		if err := w.file.commit(); err != nil {
			return err
		}
		summary += "Written to " + w.file.path + ".\n"
	}
	w.ended = true
	if w.format != "table" || w.file != nil {
		cli.Printf(stderr, "%s", summary)
	}
	return nil
}

// CommitPart ends an output that is not complete: it is printed with its summary, and a
// file stays as it was.
func (w *Writer) CommitPart(stderr io.Writer, summary string) error {
	if w.file == nil {
		return w.Commit(stderr, summary)
	}
	cli.Printf(stderr, "%s%s is not replaced.\n", summary, w.file.path)
	return nil
}

// Close gives up an output that was not committed: a file stays as it was, and on
// stdout the rows so far can be seen. JSON stays without its last bracket, so that
// no program takes it for the whole.
func (w *Writer) Close() {
	switch {
	case w.ended:
	case w.file != nil:
		w.file.discard()
	case w.begun:
		_ = w.rows.flush() // the error that matters is the one that led here
		_ = w.buf.Flush()
	}
	w.ended = true
}

// begin waits for the first row, so that nothing is written where all failed.
func (w *Writer) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.rows.begin(w.columns)
}
