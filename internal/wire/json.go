package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is the nesting depth from which a body is refused for good. The
// decoder's own limit is the same and has no name of its own.
const maxDepth = 10_000

// A ShapeError says that a body is not the JSON value that it should be. Its
// text holds neither names nor values of the body.
type ShapeError struct {
	Reason string
	Offset int64 // in bytes, where it is known
	Final  bool  // asking again cannot help
	Cause  error // io.ErrUnexpectedEOF where the body ends too early, else nil
}

func (e *ShapeError) Error() string {
	if e.Offset > 0 {
		return fmt.Sprintf("%s, near byte %d", e.Reason, e.Offset)
	}
	return e.Reason
}

// Unwrap returns the cause.
func (e *ShapeError) Unwrap() error { return e.Cause }

// Encode returns the JSON text of a request body.
func Encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, errors.New("the body cannot be written as JSON")
	}
	return body, nil
}

// Decode reads one JSON value into out, which is a pointer, by the rules of [Exact]. On
// an error out holds nothing that can be used.
func Decode(body []byte, out any) error {
	_, err := DecodeBy(Exact, body, out)
	return err
}

// DecodeBy reads one JSON value into out and returns how many values in it could not be
// read, which only [Record] allows. Bad UTF-8 becomes U+FFFD.
func DecodeBy(rules Rules, body []byte, out any) (unread int, err error) {
	body = trimBOM(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return 0, &ShapeError{Reason: "the body is empty", Cause: io.ErrUnexpectedEOF}
	}
	err = json.Unmarshal(body, out, rules.plain())
	if isMismatch(err) || isDoubled(err) {
		if err := Check(body); err != nil { // the plain reading stopped at the first fault
			return 0, err
		}
		slow := newSlowReader(rules)
		err = slow.read(body, out)
		unread = slow.unread
	}
	return unread, shapeError(err)
}

// IsNull reports whether a body is JSON's null.
func IsNull(body []byte) bool { return string(bytes.TrimSpace(trimBOM(body))) == "null" }

// Check reports whether a body is one JSON value, without reading what it says.
func Check(body []byte) error {
	body = trimBOM(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return &ShapeError{Reason: "the body is empty", Cause: io.ErrUnexpectedEOF}
	}
	if jsontext.Value(body).IsValid(plainOptions, doubledNames) {
		return nil
	}
	var value jsontext.Value
	return shapeError(json.Unmarshal(body, &value, plainOptions, doubledNames))
}

// shapeError strips a decoding error of everything that came out of the body.
func shapeError(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*ShapeError](err); ok {
		return known
	}
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		return &ShapeError{Reason: "a JSON value has the wrong type", Offset: e.ByteOffset}
	}
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &ShapeError{Reason: "the JSON text ends too early", Cause: io.ErrUnexpectedEOF}
	case !ok:
		return &ShapeError{Reason: "the JSON text is broken"}
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &ShapeError{Reason: "a name stands twice in one JSON object", Offset: e.ByteOffset}
	case strings.Count(string(e.JSONPointer), "/") >= maxDepth-1:
		return &ShapeError{Reason: "the JSON text is nested too deeply", Offset: e.ByteOffset, Final: true}
	default:
		return &ShapeError{Reason: "the body is not JSON", Offset: e.ByteOffset}
	}
}

// trimBOM removes one byte order mark.
func trimBOM(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }

// Members reads the top level of a JSON object without reading its values, for
// answers whose fields are worth something one by one.
func Members(body []byte) (map[string][]byte, error) {
	var raw map[string]jsontext.Value
	if err := Decode(body, &raw); err != nil {
		return nil, err
	}
	members := make(map[string][]byte, len(raw))
	for name, value := range raw {
		members[name] = value
	}
	return members, nil
}

// Names returns the names of the members of a JSON object that has been decoded before.
func Names(body []byte) []string {
	var names []string
	_ = eachMember(trimBOM(body), func(name string, _ jsontext.Value) error {
		names = append(names, name)
		return nil
	})
	return names
}

// Texts returns the texts in a JSON value that we wrote, names left out.
func Texts(body []byte) []string {
	var texts []string
	eachWord(body, func(token jsontext.Token, isName bool) {
		if token.Kind() == '"' && !isName {
			texts = append(texts, token.String())
		}
	})
	return texts
}

// Words returns the names in a JSON value that we wrote, and its texts and numbers.
func Words(body []byte) (names, values []string) {
	eachWord(body, func(token jsontext.Token, isName bool) {
		switch {
		case isName:
			names = append(names, token.String())
		case token.Kind() == '"' || token.Kind() == '0':
			values = append(values, token.String())
		}
	})
	return names, values
}

func eachWord(body []byte, do func(token jsontext.Token, isName bool)) {
	dec := jsontext.NewDecoder(bytes.NewReader(body), plainOptions, jsontext.AllowDuplicateNames(true))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return
		}
		kind, length := dec.StackIndex(dec.StackDepth())
		do(token, kind == '{' && length%2 == 1 && token.Kind() == '"')
	}
}
