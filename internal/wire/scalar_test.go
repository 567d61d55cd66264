package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "a", `""`: "", `null`: "", `12`: "12", `-1.5`: "-1.5", `"\u00e4"`: "ä",
		`97763643886123456`: "97763643886123456", // not through a float
		"\"a\xffb\"":        "a\uFFFDb",
		`"\ud800"`:          "\uFFFD",
	} {
		got, err := Text([]byte(raw))
		require.NoError(t, err, raw)
		assert.Equal(t, want, got, raw)
	}
	for _, raw := range []string{`true`, `{}`, `[]`, ``} {
		_, err := Text([]byte(raw))
		require.Error(t, err, raw)
	}
}

func TestFaultBD15NumbersAreTolerant(t *testing.T) {
	for raw, want := range map[string]int64{
		`2`: 2, `"2"`: 2, `2.0`: 2, `"2.0"`: 2, `1e0`: 1, `"1e0"`: 1, `" 7 "`: 7, `null`: 0, `""`: 0, `-3`: -3,
		`576460752303423488`:     1 << 59,
		`"576460752303423488"`:   1 << 59,
		`9223372036854775807`:    1<<63 - 1,
		`"9223372036854775807"`:  1<<63 - 1,
		`"-9223372036854775808"`: -1 << 63,
	} {
		got, err := Int([]byte(raw))
		require.NoError(t, err, raw)
		assert.Equal(t, want, got, raw)
	}
	for _, raw := range []string{
		`1.5`, `"1.5"`, `"abc"`, `true`, `[]`, `{}`, `9223372036854775808`, `1e400`, `"NaN"`, `"Inf"`, `"0x10"`,
		`9007199254740993.0`, // beyond 2^53 a float is a guess
	} {
		_, err := Int([]byte(raw))
		require.Error(t, err, raw)
	}
}

func TestBool(t *testing.T) {
	for raw, want := range map[string]bool{
		`true`: true, `false`: false, `1`: true, `0`: false, `"true"`: true, `"TRUE"`: true, `"false"`: false, `"1"`: true,
		`"0"`: false, `""`: false, `null`: false,
	} {
		got, err := Bool([]byte(raw))
		require.NoError(t, err, raw)
		assert.Equal(t, want, got, raw)
	}
	for _, raw := range []string{`2`, `"yes"`, `{}`, `[]`} {
		_, err := Bool([]byte(raw))
		require.Error(t, err, raw)
	}
}

func TestSeconds(t *testing.T) {
	for raw, want := range map[string]time.Duration{
		`3600`: time.Hour, `3599.5`: 3599*time.Second + 500*time.Millisecond, `"3600"`: time.Hour, `" 60 "`: time.Minute, `0`: 0,
	} {
		got, err := Seconds([]byte(raw))
		require.NoError(t, err, raw)
		assert.Equal(t, want, got, raw)
	}
	for _, raw := range []string{`""`, `null`, `1e400`, `"1e400"`, `-1`, `"NaN"`, `"Inf"`, `"soon"`, `true`, `{}`, `99999999999`, ``} {
		_, err := Seconds([]byte(raw))
		require.Error(t, err, raw)
	}
}
