package canary

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
)

// printed is what one sink made of a value.
type printed struct{ sink, text string }

// prints shows a value to every sink: as it is, and what it points to; alone, and
// inside of what a program may hold it in.
func prints(v any) []printed {
	out := printsOf("", v)
	out = append(out, held("", v)...)
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && !p.IsNil() && p.Elem().Kind() == reflect.Struct {
		value := p.Elem().Interface()
		out = append(out, printsOf(" of the value", value)...)
		out = append(out, held(" of the value", value)...)
	}
	return out
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10.300s"}

func printsOf(form string, v any) []printed {
	var out []printed
	add := func(sink string, text func() string) {
		out = append(out, printed{sink + form, guarded(text)})
	}
	if err, ok := v.(error); ok {
		add("Error", err.Error)
	}
	if s, ok := v.(fmt.Stringer); ok {
		add("String", s.String)
	}
	for _, verb := range verbs {
		add(verb, func() string { return fmt.Sprintf(verb, v) })
	}
	add("JSON", func() string { return toJSON(v) })
	if m, ok := v.(encoding.TextMarshaler); ok {
		add("MarshalText", func() string {
			text, err := m.MarshalText()
			return fmt.Sprint(string(text), err)
		})
	}
	add("slog text", func() string { return logged(textHandler, slog.Any("err", v)) })
	add("slog JSON", func() string { return logged(jsonHandler, slog.Any("err", v)) })
	add("slog JSON, grouped", func() string { return logged(jsonHandler, slog.Group("call", slog.Any("err", v), "again", v)) })
	return out
}

// held prints what holds the value: a struct, a slice, a map, an interface.
func held(form string, v any) []printed {
	holders := []any{
		struct {
			Op  string
			Err any
		}{"op", v},
		[]any{v},
		map[string]any{"err": v},
	}
	if err, ok := v.(error); ok {
		holders = append(holders, struct{ error }{err}, struct{ err error }{err}, fmt.Errorf("outer: %w", err))
	}
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Struct { // a field of the very type
		field := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Last", Type: t}})).Elem()
		field.Field(0).Set(reflect.ValueOf(v))
		holders = append(holders, field.Interface())
	}
	var out []printed
	for _, h := range holders {
		for _, verb := range []string{"%+v", "%#v"} {
			out = append(out, printed{verb + " of a holder" + form, guarded(func() string { return fmt.Sprintf(verb, h) })})
		}
		out = append(out,
			printed{"JSON of a holder" + form, guarded(func() string { return toJSON(h) })},
			printed{"slog text of a holder" + form, guarded(func() string { return logged(textHandler, slog.Any("h", h)) })},
			printed{"slog JSON of a holder" + form, guarded(func() string { return logged(jsonHandler, slog.Any("h", h)) })},
		)
	}
	return out
}

// guarded returns the text of a panic where printing does.
func guarded(text func() string) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = fmt.Sprintf("panic: %v", r)
		}
	}()
	return text()
}

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// debug leaves the time out, so that the same error prints the same.
var debug = &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}}

func textHandler(b *bytes.Buffer) slog.Handler {
	return slog.NewTextHandler(b, debug)
}

func jsonHandler(b *bytes.Buffer) slog.Handler {
	return slog.NewJSONHandler(b, debug)
}

func logged(handler func(*bytes.Buffer) slog.Handler, attr slog.Attr) string {
	var b bytes.Buffer
	slog.New(handler(&b)).LogAttrs(nil, slog.LevelError, "failed", attr) //nolint:staticcheck // the handlers do not look at the context
	return b.String()
}
