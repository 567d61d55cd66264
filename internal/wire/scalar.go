package wire

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNotText   = errors.New("neither text nor a number")
	errNotNumber = errors.New("neither a whole number nor a text that holds one")
	errNotBool   = errors.New("neither true nor false")
)

// tolerant reads what Zoom sends now as a number and now as a text: ids,
// counts, flags. It is consulted only after the plain reading of a body failed,
// so that the usual answer does not pay for it.
var tolerant = json.WithUnmarshalers(json.JoinUnmarshalers(
	scalar(Text), scalar(Int), scalar(narrowInt), scalar(Bool),
))

func scalar[T any](parse func(raw []byte) (T, error)) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, out *T) error {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		*out, err = parse(raw)
		return err
	})
}

// Text reads a JSON string, number or null as a text.
func Text(raw []byte) (string, error) {
	switch jsontext.Value(raw).Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil && !utf8.Valid(text) {
			return "", errNotText
		}
		return string(text), nil
	case '0':
		return string(raw), nil
	case 'n':
		return "", nil
	default:
		return "", errNotText
	}
}

// Int reads a whole number from a JSON number, from a text that holds one
// ("2", "2.0", "1e0"), or zero from null and the empty text.
func Int(raw []byte) (int64, error) {
	text, err := Text(raw)
	if err != nil {
		return 0, errNotNumber
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789+-.eE") != "" || f != math.Trunc(f) || math.Abs(f) >= 1<<53 { // from there on a float may stand for its neighbour
		return 0, errNotNumber
	}
	return int64(f), nil
}

func narrowInt(raw []byte) (int, error) {
	n, err := Int(raw)
	if int64(int(n)) != n {
		return 0, errNotNumber
	}
	return int(n), err
}

// Bool reads a flag from true, false, 1, 0, their texts, null and the empty text.
func Bool(raw []byte) (bool, error) {
	switch jsontext.Value(raw).Kind() {
	case 't':
		return true, nil
	case 'f':
		return false, nil
	}
	text, err := Text(raw)
	if err != nil {
		return false, errNotBool
	}
	switch strings.ToLower(text) {
	case "true", "1":
		return true, nil
	case "false", "0", "":
		return false, nil
	default:
		return false, errNotBool
	}
}

// Seconds reads a duration in seconds, also one with a fraction or as a text.
func Seconds(raw []byte) (time.Duration, error) {
	const longest = 400 * 24 * time.Hour
	text, err := Text(raw)
	if err != nil {
		return 0, errNotNumber
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > longest.Seconds() {
		return 0, errNotNumber
	}
	return time.Duration(f * float64(time.Second)), nil
}

// LowerASCII makes the letters of ASCII small and leaves all others: two addresses that
// differ in another letter are two people. A text without large ones is returned as it is.
func LowerASCII(text string) string {
	isUpper := func(r rune) bool { return 'A' <= r && r <= 'Z' }
	if !strings.ContainsFunc(text, isUpper) {
		return text
	}
	b := []byte(text)
	for i, c := range b {
		if isUpper(rune(c)) {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
