package wire

import (
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Rules say how much a JSON value may differ from what it is read into. Under all of
// them a number may stand where a text is due and a text that holds a number where a
// number is due, unknown names are skipped, and a name that is read may not stand twice.
type Rules int

const (
	// Exact matches names exactly; a value of another form is an error.
	Exact Rules = iota
	// Record is for the records of this module: names match exactly. A field whose value
	// cannot be read stays zero and is counted; its name goes into the field
	// UnreadFields of the record. A field with the tag zoom:"strict" is an error instead.
	Record
	// AnyCase is for types of a caller: names match as encoding/json matches them.
	AnyCase
)

var (
	plainOptions   = jsontext.AllowInvalidUTF8(true)
	anyCaseOptions = json.JoinOptions(plainOptions, json.MatchCaseInsensitiveNames(true), jsonv1.MatchCaseSensitiveDelimiter(true))
	doubledNames   = jsontext.AllowDuplicateNames(true) // only with a check of our own: see checkNames
)

// plain are the options of the first reading, which nearly every answer passes.
func (r Rules) plain() json.Options {
	if r == AnyCase {
		return anyCaseOptions
	}
	return plainOptions
}

// tolerant are the options of the second one.
func (r Rules) tolerant() json.Options { return json.JoinOptions(r.plain(), tolerant, doubledNames) }

// fields are those that a struct type reads, by name.
type fields map[string]field

type field struct {
	index  []int
	typ    reflect.Type
	strict bool
}

// find returns the field that a name is read into.
func (f fields) find(name string, rules Rules) (key string, found field, ok bool) {
	found, ok = f[name]
	if ok || rules != AnyCase {
		return name, found, ok
	}
	for key, found := range f {
		if strings.EqualFold(key, name) {
			return key, found, true
		}
	}
	return name, field{}, false
}

// fieldsOf lists the fields of a struct type, those of embedded structs included.
func fieldsOf(t reflect.Type) fields {
	found := fields{}
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		isEmbedded := f.Anonymous && tag == "" && elem(f.Type).Kind() == reflect.Struct
		if !f.IsExported() || isEmbedded || f.Tag.Get("json") == "-" {
			continue
		}
		name := f.Name
		if tag != "" {
			name = tag
		}
		if former, ok := found[name]; ok && len(former.index) <= len(f.Index) {
			continue // the outer one hides the inner one
		}
		found[name] = field{index: f.Index, typ: f.Type, strict: f.Tag.Get("zoom") == "strict"}
	}
	return found
}

// elem is what a pointer type points to, at any depth.
func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
