package cli

import (
	"io"
	"os"
	"time"
)

// A Progress is one line on a terminal that is written over and over.
type Progress struct {
	w     io.Writer // nil: silent
	shown time.Time
}

// NewProgress shows progress on stderr if that is a terminal, and if no rows
// appear on the same terminal meanwhile: live is where rows are written as they
// come, nil if they are kept until the end.
func NewProgress(stderr, live io.Writer) *Progress {
	if !isTerminal(stderr) || isTerminal(live) {
		return &Progress{}
	}
	return &Progress{w: stderr}
}

// Show replaces the line, ten times a second at most.
func (p *Progress) Show(format string, args ...any) {
	if p.w == nil || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	Printf(p.w, "\r\x1b[K"+format, args...)
}

// Clear takes the line away.
func (p *Progress) Clear() {
	if p.w != nil && !p.shown.IsZero() {
		Printf(p.w, "\r\x1b[K")
	}
}

func isTerminal(w io.Writer) bool {
	file, isFile := w.(*os.File)
	if !isFile {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
