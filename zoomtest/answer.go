package zoomtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// An answer is what a handler decided: a status with a body, or a page that the
// hooks may still change.
type answer struct {
	status int
	header http.Header
	body   []byte
	page   *Page
	cut    int  // as in Fault.CutAfter
	reset  bool // as in Fault.Reset
}

func ok(body []byte) *answer { return &answer{status: http.StatusOK, body: body} }

func noContent() *answer { return &answer{status: http.StatusNoContent} }

// refuse answers with Zoom's error body.
func refuse(status, code int, message string) *answer {
	return &answer{status: status, body: errorBody(code, message)}
}

func errorBody(code int, message string) []byte {
	o := beginObject(nil)
	o.number("code", int64(code))
	o.text("message", message)
	return o.end()
}

// invalid answers with Zoom's validation error for the fields.
func invalid(fields ...string) *answer {
	type fieldError struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	}
	list := make([]fieldError, len(fields))
	for i, field := range fields {
		list[i] = fieldError{field, "Invalid field."}
	}
	o := beginObject(nil)
	o.number("code", 300)
	o.text("message", "Validation Failed.")
	o.any("errors", list)
	return &answer{status: http.StatusBadRequest, body: o.end()}
}

// badRequest is Zoom's usual refusal: 400 with a code.
func badRequest(code int, message string) *answer {
	return refuse(http.StatusBadRequest, code, message)
}

func noSuchUser(id string) *answer {
	return refuse(http.StatusNotFound, 1001, "User does not exist: "+id+".")
}

func noSuchMeeting(id string) *answer {
	return refuse(http.StatusNotFound, 3001, "Meeting does not exist: "+id+".")
}

func tokenInvalid() *answer {
	return badRequest(300, "The next page token is invalid or expired.")
}

// scopeRefusal is one of the three forms that Zoom's missing-scope error has. The
// second one is broken JSON, as in life: its quotes are not escaped.
func scopeRefusal(code int, scopes []string) *answer {
	switch code {
	case 104:
		list := `"` + strings.Join(scopes, `","`) + `"`
		body := `{"code":104,"message":"Invalid access token, does not contain scopes:[` + list + `]"}`
		return &answer{status: http.StatusBadRequest, body: []byte(body)}
	case 4700:
		return badRequest(4700, "Invalid access token, does not contain scopes.")
	default:
		return badRequest(4711, "Invalid access token, does not contain scopes:["+strings.Join(scopes, ",")+"].")
	}
}

// decodeBody reads a JSON object of a request.
func decodeBody(body []byte) (map[string]json.RawMessage, bool) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(body, &fields)
	return fields, err == nil && fields != nil
}

var (
	wordsOfRefusal = regexp.MustCompile(`"(message|reason)":"((?:[^"\\]|\\.)*)"`)
	namesInWords   = regexp.MustCompile(`\[[^\]]*\]?|[a-z_]+(?::[a-z_]+)+`)
)

// inForeignWords puts the messages of an error body into Japanese.
func inForeignWords(body []byte) []byte {
	return wordsOfRefusal.ReplaceAllFunc(body, func(member []byte) []byte {
		parts := wordsOfRefusal.FindSubmatch(member)
		names := strings.Join(namesInWords.FindAllString(string(parts[2]), -1), "、")
		return fmt.Appendf(nil, `"%s":"この操作は許可されていません。%s"`, parts[1], names)
	})
}
