package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCompare(t *testing.T) {
	tests := []struct {
		name, sent, kept string
		lost             []string
	}{
		{name: "equal", sent: `{"a":1,"b":["x"],"c":{"d":true}}`, kept: `{"a":1,"b":["x"],"c":{"d":true}}`},
		{name: "more is kept than was sent", sent: `{"a":1}`, kept: `{"a":1,"b":2}`},
		{name: "what says nothing may go", sent: `{"a":"","b":0,"c":false,"d":null,"e":[],"f":{"g":""}}`, kept: `{}`},
		{name: "another form of the same instant", sent: `{"t":"2026-01-02T03:04:05Z"}`, kept: `{"t":"2026-01-02T04:04:05+01:00"}`},
		{name: "a name is gone", sent: `{"a":{"b":7}}`, kept: `{"a":{}}`, lost: []string{"x.a.b: sent 7, kept <nil>"}},
		{name: "a value differs", sent: `{"a":"1"}`, kept: `{"a":"2"}`, lost: []string{"x.a: sent 1, kept 2"}},
		{name: "a text is no number", sent: `{"a":1}`, kept: `{"a":"1"}`, lost: []string{"x.a: sent 1, kept 1"}},
		{
			name: "beyond 2^53 every digit counts",
			sent: `{"a":576460752303423488}`, kept: `{"a":576460752303423489}`,
			lost: []string{"x.a: sent 576460752303423488, kept 576460752303423489"},
		},
		{name: "an element is gone", sent: `{"a":[1,2]}`, kept: `{"a":[1]}`, lost: []string{"x.a: sent [1 2], kept [1]"}},
		{name: "an object became a text", sent: `{"a":{"b":1}}`, kept: `{"a":"b"}`, lost: []string{"x.a: sent map[b:1], kept b"}},
		{name: "another instant", sent: `{"t":"2026-01-02T03:04:05Z"}`, kept: `{"t":"2026-01-02T03:04:06Z"}`, lost: []string{
			"x.t: sent 2026-01-02T03:04:05Z, kept 2026-01-02T03:04:06Z",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent, err := decodeObject([]byte(tt.sent))
			require.NoError(t, err)
			kept, err := decodeObject([]byte(tt.kept))
			require.NoError(t, err)
			var c comparison
			c.compare("x", sent, kept)
			assert.Equal(t, tt.lost, c.lost)
		})
	}
	var c comparison
	c.compare("x", object{"a": "b"}, func() {})
	assert.Len(t, c.lost, 1, "a value that is no JSON")
}
