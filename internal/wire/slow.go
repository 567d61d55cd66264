package wire

import (
	"bytes"
	"encoding"
	"errors"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A slowReader reads values that the plain reading refused, because a value has
// another form than its field or a name stands twice.
type slowReader struct {
	rules  Rules
	opts   json.Options            // of the rules
	types  map[reflect.Type]fields // those seen so far
	unread int                     // values that could not be read and were left out
}

func newSlowReader(rules Rules) *slowReader {
	return &slowReader{rules: rules, opts: rules.tolerant(), types: map[reflect.Type]fields{}}
}

// read reads one JSON value into out, which is a pointer. Nothing of what out held
// stays.
func (s *slowReader) read(raw jsontext.Value, out any) error {
	target := reflect.ValueOf(out).Elem()
	if err := s.checkNames(jsontext.NewDecoder(bytes.NewReader(raw), plainOptions, doubledNames), target.Type()); err != nil {
		return err
	}
	fresh := reflect.New(target.Type()).Elem()
	if err := s.value(raw, fresh); err != nil {
		return err
	}
	target.Set(fresh)
	return nil
}

// isMismatch reports whether a value had another form than what it was read into.
func isMismatch(err error) bool {
	_, mismatch := errors.AsType[*json.SemanticError](err)
	return mismatch
}

// isDoubled reports whether a name stands twice in an object.
func isDoubled(err error) bool { return errors.Is(err, jsontext.ErrDuplicateName) }

// value reads into a settable zero value. Where that fails and the rules allow it, the
// parts are read one by one.
func (s *slowReader) value(raw jsontext.Value, out reflect.Value) error {
	fresh := reflect.New(out.Type())
	err := json.Unmarshal(raw, fresh.Interface(), s.opts)
	if err == nil {
		out.Set(fresh.Elem())
		return nil
	}
	if s.rules != Record || !isMismatch(err) {
		return err
	}
	switch {
	case out.Kind() == reflect.Pointer:
		fresh := reflect.New(out.Type().Elem())
		err := s.value(raw, fresh.Elem())
		if err == nil || readsItself(out.Type()) {
			out.Set(fresh)
		}
		return err
	case readsItself(fresh.Type()):
		out.Set(fresh.Elem()) // what its method made of a value that it refuses
		return err
	case out.Kind() == reflect.Struct && raw.Kind() == '{':
		return s.members(raw, out)
	case out.Kind() == reflect.Slice:
		return s.list(raw, out)
	default:
		return err
	}
}

// members reads an object member by member.
func (s *slowReader) members(raw jsontext.Value, out reflect.Value) error {
	known := s.fields(out.Type())
	unread := unreadFields(out)
	return eachMember(raw, func(name string, value jsontext.Value) error {
		f, ok := known[name]
		if !ok {
			return nil
		}
		before := s.unread
		err := s.value(value, fieldAt(out, f.index))
		switch {
		case err != nil && (f.strict || !isMismatch(err)):
			return err
		case err != nil:
			s.unread++
		case f.strict && s.unread > before:
			return &ShapeError{Reason: "a JSON value has the wrong type"}
		}
		if s.unread > before && unread.IsValid() {
			unread.Set(reflect.Append(unread, reflect.ValueOf(name)))
		}
		return nil
	})
}

// fieldAt is reflect.Value.FieldByIndex, which makes the embedded structs on the way.
func fieldAt(v reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// unreadFields is where a record keeps the names of what could not be read.
func unreadFields(record reflect.Value) reflect.Value {
	f := record.FieldByName("UnreadFields")
	if f.IsValid() && f.Type() == reflect.TypeFor[[]string]() {
		return f
	}
	return reflect.Value{}
}

// list reads an array item by item and leaves out what cannot be read. What stands in
// place of an array is a list of one.
func (s *slowReader) list(raw jsontext.Value, out reflect.Value) error {
	if raw.Kind() != '[' {
		return s.listOfOne(raw, out)
	}
	var items []jsontext.Value
	if err := json.Unmarshal(raw, &items, plainOptions, doubledNames); err != nil {
		return err
	}
	list := reflect.MakeSlice(out.Type(), 0, len(items))
	for _, item := range items {
		value := reflect.New(out.Type().Elem()).Elem()
		switch err := s.value(item, value); {
		case err == nil:
			list = reflect.Append(list, value)
		case isMismatch(err):
			s.unread++
		default:
			return err
		}
	}
	out.Set(list)
	return nil
}

// listOfOne reads the item of a list that stands there without the array. An object that
// has no name of an item is none.
func (s *slowReader) listOfOne(raw jsontext.Value, out reflect.Value) error {
	t := elem(out.Type().Elem())
	isStruct := t.Kind() == reflect.Struct
	if string(raw) == `""` && !isStruct {
		return nil
	}
	if isStruct && raw.Kind() == '{' && !s.knowsOne(raw, t) {
		return errNoItem
	}
	list := reflect.MakeSlice(out.Type(), 1, 1)
	err := s.value(raw, list.Index(0))
	if err == nil {
		out.Set(list)
	}
	return err
}

var errNoItem = &json.SemanticError{Err: errors.New("the object is no item of the list")}

// knowsOne reports whether an object has a name that a struct type reads.
func (s *slowReader) knowsOne(raw jsontext.Value, t reflect.Type) (known bool) {
	_ = eachMember(raw, func(name string, _ jsontext.Value) error {
		_, ok := s.fields(t)[name]
		known = known || ok
		return nil
	})
	return known
}

func (s *slowReader) fields(t reflect.Type) fields {
	found, ok := s.types[t]
	if !ok {
		found = fieldsOf(t)
		s.types[t] = found
	}
	return found
}

// eachMember calls do for the members of an object, in their order.
func eachMember(raw jsontext.Value, do func(name string, value jsontext.Value) error) error {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), plainOptions, doubledNames)
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := do(name, value); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// checkNames reads past one value and refuses it if a name that is read into a type
// stands twice. What is skipped, or passed on as it came, may hold anything.
func (s *slowReader) checkNames(dec *jsontext.Decoder, t reflect.Type) error {
	t = elem(t)
	kind := dec.PeekKind()
	switch {
	case readsItself(reflect.PointerTo(t)):
		return dec.SkipValue()
	case t.Kind() == reflect.Interface: // all of it is read
		raw, err := dec.ReadValue()
		if err == nil && !raw.IsValid(plainOptions) {
			return errDoubled
		}
		return err
	case t.Kind() == reflect.Struct && kind == '{':
		known := s.fields(t)
		return s.checkObject(dec, func(name string) (string, reflect.Type) {
			key, f, _ := known.find(name, s.rules)
			return key, f.typ
		})
	case t.Kind() == reflect.Map && kind == '{':
		return s.checkObject(dec, func(name string) (string, reflect.Type) { return name, t.Elem() })
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && kind == '[':
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for kind := dec.PeekKind(); kind != ']' && kind != 0; kind = dec.PeekKind() {
			if err := s.checkNames(dec, t.Elem()); err != nil {
				return err
			}
		}
		_, err := dec.ReadToken()
		return err
	case t.Kind() == reflect.Slice && kind == '{': // read as a list of one
		return s.checkNames(dec, t.Elem())
	default:
		return dec.SkipValue()
	}
}

var errDoubled = &ShapeError{Reason: "a name stands twice in one JSON object"}

// checkObject checks the members of an object. find returns the name under which a
// member is read and the type that it is read into, nil for one that is not read.
func (s *slowReader) checkObject(dec *jsontext.Decoder, find func(name string) (string, reflect.Type)) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		key, t := find(token.String())
		switch {
		case t == nil:
			err = dec.SkipValue()
		case seen[key]:
			return errDoubled
		default:
			seen[key] = true
			err = s.checkNames(dec, t)
		}
		if err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// readsItself reports whether values of a pointer type are read by methods of their own.
func readsItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Unmarshaler]()) || t.Implements(reflect.TypeFor[json.UnmarshalerFrom]()) ||
		t.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
