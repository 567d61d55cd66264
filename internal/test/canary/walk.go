package canary

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Walk looks at every text that hangs on a value, also in fields that are not
// exported: what a debugger, a comparison that prints the difference or a core dump
// shows. It does not look into functions.
func (s *Scanner) Walk(where string, v any) []Hit {
	w := walker{seen: map[visit]bool{}}
	w.walk(reflect.ValueOf(v), 0)
	return s.Text(where, "a walk over all fields", w.texts.String())
}

// Reach returns the hits of [Scanner.Error] on what a program gets to by exported
// fields and methods.
func (s *Scanner) Reach(where string, v any) []Hit {
	var hits []Hit
	for _, path := range reachable(v) {
		hits = append(hits, Hit{where, "a program that follows the fields", path, "reachable"})
	}
	return hits
}

const (
	maxWalk  = 12 // steps from the value
	maxItems = 1 << 10
	maxTexts = 1 << 20
)

type visit struct {
	at uintptr
	t  reflect.Type
}

type walker struct {
	texts strings.Builder
	seen  map[visit]bool
	kinds bool // what is no text is told as well
	cut   bool // there was more than is told
}

func (w *walker) add(text string) {
	if w.texts.Len() >= maxTexts {
		w.cut = true
		return
	}
	w.texts.WriteString(text + "\n")
}

// fingerprint is all that is in a value; not ok where it would be too long.
func fingerprint(v any) (text string, ok bool) {
	w := walker{seen: map[visit]bool{}, kinds: true}
	w.walk(reflect.ValueOf(v), 0)
	sum := sha256.Sum256([]byte(w.texts.String()))
	return string(sum[:]), !w.cut
}

func (w *walker) walk(v reflect.Value, depth int) {
	if depth > maxWalk {
		w.cut = true
		return
	}
	if w.kinds {
		w.kind(v)
	}
	switch v.Kind() {
	case reflect.String:
		w.add(v.String())
	case reflect.Pointer:
		if at := (visit{v.Pointer(), v.Type()}); !v.IsNil() && !w.seen[at] {
			w.seen[at] = true
			w.walk(v.Elem(), depth+1)
		}
	case reflect.Interface:
		w.walk(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			w.walk(v.Field(i), depth+1)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			w.walk(entries.Key(), depth+1)
			w.walk(entries.Value(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			w.bytes(v)
			return
		}
		w.cut = w.cut || v.Len() > maxItems
		for i := range min(v.Len(), maxItems) {
			w.walk(v.Index(i), depth+1)
		}
	}
}

// kind adds what a value is, and how much of it there is.
func (w *walker) kind(v reflect.Value) {
	if !v.IsValid() {
		w.add("nil")
		return
	}
	text := v.Type().String()
	switch {
	case v.CanInt(), v.CanUint(), v.CanFloat(), v.CanComplex(), v.Kind() == reflect.Bool:
		text += fmt.Sprint(v) // also of a field that is not exported
	case v.Kind() == reflect.Map, v.Kind() == reflect.Slice, v.Kind() == reflect.String:
		text += strconv.Itoa(v.Len())
	case v.Kind() == reflect.Func, v.Kind() == reflect.Chan, v.Kind() == reflect.Pointer && w.seen[visit{v.Pointer(), v.Type()}]:
		text += strconv.FormatUint(uint64(v.Pointer()), 16)
	}
	w.add(text)
}

// bytes adds a text that is kept as bytes, element by element: those of an array
// cannot be had at once.
func (w *walker) bytes(v reflect.Value) {
	w.cut = w.cut || v.Len() > maxTexts
	text := make([]byte, min(v.Len(), maxTexts))
	for i := range text {
		text[i] = byte(v.Index(i).Uint()) //nolint:gosec // a byte
	}
	w.add(string(text))
}
