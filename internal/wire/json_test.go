package wire

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type record struct {
	ID     string `json:"id"`
	Type   int    `json:"type"`
	Number int64  `json:"number"`
	Flag   bool   `json:"flag"`
}

func TestDecode(t *testing.T) {
	full := record{ID: "a", Type: 2, Number: 1 << 59, Flag: true}
	for name, body := range map[string]string{
		"plain":                    `{"id":"a","type":2,"number":576460752303423488,"flag":true}`,
		"BD09 byte order mark":     "\xef\xbb\xbf" + `{"id":"a","type":2,"number":576460752303423488,"flag":true}`,
		"BD16 unknown names":       `{"id":"a","new":{"x":[1]},"type":2,"number":576460752303423488,"flag":true}`,
		"BD12 names in other case": `{"id":"a","ID":"b","Type":9,"type":2,"number":576460752303423488,"flag":true}`,
		"BD15 texts for numbers":   `{"id":"a","type":"2","number":"576460752303423488","flag":"true"}`,
		"BD15 floats for numbers":  `{"id":"a","type":2.0,"number":576460752303423488,"flag":1}`,
		"blanks around":            " \r\n\t" + `{"id":"a","type":2e0,"number":"576460752303423488","flag":true}` + "\n ",
	} {
		t.Run(name, func(t *testing.T) {
			var got record
			require.NoError(t, Decode([]byte(body), &got))
			assert.Equal(t, full, got)
		})
	}
}

func TestDecodeReadsNumbersAsTexts(t *testing.T) {
	var got record
	require.NoError(t, Decode([]byte(`{"id":97763643886123456}`), &got))
	assert.Equal(t, "97763643886123456", got.ID)
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat(`[`, 10_001) + strings.Repeat(`]`, 10_001)
	for _, tc := range []struct {
		name, body string
		final, eof bool
	}{
		{"BD05 empty", "", false, true},
		{"BD05 blanks", " \n", false, true},
		{"two byte order marks", "\xef\xbb\xbf\xef\xbb\xbf{}", false, false},
		{"BD04 cut", `{"id":"secret-a","type":`, false, true},
		{"BD04 cut in a text", `{"id":"secret-a`, false, true},
		{"BD07 HTML", `<html>secret-a</html>`, false, false},
		{"BD11 doubled name", `{"id":"secret-a","id":"secret-b"}`, false, false},
		{"BD17 text behind", `{"id":"secret-a"} x`, false, false},
		{"BD17 two documents", `{"id":"secret-a"}{"id":"secret-b"}`, false, false},
		{"BD18 10,001 levels", `{"x":` + deep + `}`, true, false},
		{"BD18 10,001 levels of objects", strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat(`}`, 10_001), true, false},
		{"wrong type", `{"id":{"x":"secret-a"}}`, false, false},
		{"wrong number", `{"type":"secret-a"}`, false, false},
		{"fraction", `{"type":1.5}`, false, false},
		{"number beyond int64", `{"number":9223372036854775808}`, false, false},
		{"an array", `["secret-a"]`, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got record
			err := Decode([]byte(tc.body), &got)
			shape, ok := errors.AsType[*ShapeError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, tc.final, shape.Final)
			assert.Equal(t, tc.eof, errors.Is(err, io.ErrUnexpectedEOF))
			assert.NotContains(t, err.Error(), "secret")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestFaultBD10BadUTF8IsMarked(t *testing.T) {
	var got record
	require.NoError(t, Decode([]byte("{\"id\":\"a\xffb\"}"), &got))
	assert.Equal(t, "a\uFFFDb", got.ID)
	require.Error(t, CheckText("an id", got.ID))
	got = record{}
	require.NoError(t, Decode([]byte(`{"id":"\ud800x"}`), &got))
	require.Error(t, CheckText("an id", got.ID))
	require.NoError(t, CheckText("an id", "a"))
}

func TestEncode(t *testing.T) {
	body, err := Encode(record{ID: "ä<&"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"ä<&","type":0,"number":0,"flag":false}`, string(body))
	_, err = Encode(map[string]any{"secret": func() {}})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
	_, err = Encode(math.NaN())
	require.Error(t, err)
}

func TestMembers(t *testing.T) {
	members, err := Members([]byte(`{"a":1,"b":{"c":"x"},"d":null}`))
	require.NoError(t, err)
	assert.Len(t, members, 3)
	assert.JSONEq(t, `{"c":"x"}`, string(members["b"]))
	for _, body := range []string{``, `[]`, `1`, `{"a":1,"a":2}`, `{"a":`, `<html>`} {
		_, err := Members([]byte(body))
		require.Error(t, err, body)
	}
}
