package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// A Secret is a text that no print form shows, not even where fmt prints the
// fields of a struct without asking it: inside an unexported field of the
// caller's.
type Secret func() string

// Hide makes a Secret of a text.
func Hide(text string) Secret { return func() string { return text } }

// A Printer keeps the type that embeds it, and holds secrets, from printing them:
// fmt would print unexported fields without asking them.
type Printer struct{}

// Format prints "[redacted]" under every verb.
func (Printer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mark) }

// String returns "[redacted]".
func (Printer) String() string { return Mark }

// GoString returns "[redacted]".
func (Printer) GoString() string { return Mark }

// MarshalText returns "[redacted]".
func (Printer) MarshalText() ([]byte, error) { return []byte(Mark), nil }

// MarshalJSON returns "[redacted]" as a JSON text.
func (Printer) MarshalJSON() ([]byte, error) { return []byte(`"` + Mark + `"`), nil }

// LogValue returns "[redacted]".
func (Printer) LogValue() slog.Value { return slog.StringValue(Mark) }
