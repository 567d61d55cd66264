package wire

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseAPIError(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       APIError
	}{
		{"plain", `{"code":1001,"message":"User does not exist."}`, APIError{Code: 1001, Message: "User does not exist."}},
		{
			"validation", `{"code":300,"message":"Validation Failed.","errors":[{"field":"user_info.email","message":"Invalid field."}]}`,
			APIError{300, "Validation Failed.", []APIFieldError{{"user_info.email", "Invalid field."}}},
		},
		{
			"scopes that are not JSON", `{"code":104,"message":"Invalid access token, does not contain scopes:["a:b","c:d"]"}`,
			APIError{Code: 104, Message: `Invalid access token, does not contain scopes:["a:b","c:d"]`},
		},
		{"code as text", `{"code":"124","message":"x"}`, APIError{Code: 124, Message: "x"}},
		{"code twice", `{"code":1,"code":2}`, APIError{Code: 2}},
		{"byte order mark", "\xef\xbb\xbf{\"code\":7}", APIError{Code: 7}},
		{"bad UTF-8", "{\"code\":7,\"message\":\"a\xffb\"}", APIError{Code: 7, Message: "a\uFFFDb"}},
		{"cut", `{"code":7,"message":"a`, APIError{Code: 7}},
		{"errors of another shape", `{"code":7,"message":"m","errors":"none"}`, APIError{Code: 7, Message: "m"}},
		{"HTML", `<html>"code":7</html>`, APIError{}},
		{"empty", ``, APIError{}},
		{"null", `null`, APIError{}},
		{"array", `[{"code":7}]`, APIError{}},
		{"other names", `{"status":false,"errorCode":401}`, APIError{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ParseAPIError([]byte(tc.body))
			require.NotNil(t, got)
			assert.Equal(t, tc.want, *got)
		})
	}
}

func TestAPIErrorPrintsTheCodeAlone(t *testing.T) {
	assert.Equal(t, "error code 7", (&APIError{Code: 7, Message: "secret"}).Error())
}

func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"code":300,"message":"m","errors":[{"field":"f","message":"m"}]}`, `{"code":104,"message":"scopes:["a","b"]"}`,
		`{"code":-1}`, `{"code":1e3}`, `{"code":99999999999999999999,"message":"x"}`, `{"message":"a\u0000\nb"}`, `<html>`, "{\"code\":1,\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := ParseAPIError(body)
		require.NotNil(t, e)
		require.True(t, utf8.ValidString(e.Message))
		require.False(t, strings.Contains(e.Error(), "\n"))
		for _, field := range e.Fields {
			require.True(t, utf8.ValidString(field.Field))
			require.True(t, utf8.ValidString(field.Message))
		}
	})
}
