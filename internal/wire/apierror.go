package wire

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Zoom's error codes that decide how a call goes on. Package meaning has the others.
const (
	CodeScopesBrokenJSON = 104 // a scope is missing; the body is not JSON
	CodeInvalidToken     = 124 // the access token is wrong or expired; with status 400 and 401
	CodeTooMany          = 429 // a limit
	CodeScopes           = 4711
)

// Language is what every request asks for: Zoom's error messages can come in another
// one, and a person has to read them.
const Language = "en-US"

// An APIError is the body of an answer that is not a success:
// {"code":300,"message":"…","errors":[{"field":"…","message":"…"}]}.
type APIError struct {
	Code    int
	Message string
	Fields  []APIFieldError
}

// An APIFieldError is one entry of the errors list of a validation error.
type APIFieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e *APIError) Error() string { return "error code " + strconv.Itoa(e.Code) }

// How much of an error is looked at. Zoom's are a few hundred bytes long.
const (
	MaxErrorBody   = 64 << 10 // bytes of the body
	maxErrorText   = 4 << 10  // bytes of a text in it
	maxErrorFields = 32
)

// ParseAPIError reads what the beginning of an error body tells. It always returns something:
// Zoom's missing-scope error has unescaped quotes inside and is not JSON, other
// answers are HTML or empty, and a code of 0 says so.
func ParseAPIError(body []byte) *APIError {
	body = bytes.TrimSpace(trimBOM(body[:min(len(body), MaxErrorBody)]))
	var raw map[string]jsontext.Value
	opts := Exact.tolerant()
	if err := json.Unmarshal(body, &raw, opts); err == nil {
		e := &APIError{}
		e.Code, _ = narrowInt(raw["code"]) // each member by itself: one that is odd takes none of the others along
		e.Message, _ = Text(raw["message"])
		if json.Unmarshal(raw["errors"], &e.Fields, opts) != nil {
			e.Fields = nil
		}
		return e.shortened()
	}
	return salvage(body).shortened()
}

// shortened drops what nobody looks at, before anybody searches it.
func (e *APIError) shortened() *APIError {
	e.Message = beginning(e.Message)
	e.Fields = e.Fields[:min(len(e.Fields), maxErrorFields)]
	for i, f := range e.Fields {
		e.Fields[i] = APIFieldError{Field: beginning(f.Field), Message: beginning(f.Message)}
	}
	return e
}

func beginning(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") // without half a character at the end
}

// RefusalOr returns the error that a body tells of by its code, else the other one:
// for a body that has been found not to be what was due.
func RefusalOr(body []byte, otherwise error) error {
	if len(body) > MaxErrorBody { // a refusal is small
		return otherwise
	}
	if e := ParseAPIError(body); e.Code > 0 {
		return e
	}
	return otherwise
}

// Refusal returns the error that a body consists of, or nil for a body that holds
// anything else: a record may have a code and a message of its own.
func Refusal(body []byte) *APIError {
	if !bytes.Contains(body, []byte(`"code"`)) { // the usual answer is not read twice
		return nil
	}
	const longest = 4 << 10
	if len(body) > longest {
		return nil
	}
	members, _ := Members(body) // a body that is no object has none
	for name := range members {
		if name != "code" && name != "message" && name != "errors" {
			return nil
		}
	}
	if e := ParseAPIError(body); len(members) > 0 && e.Code > 0 {
		return e
	}
	return nil
}

var (
	codePattern    = regexp.MustCompile(`"code"\s*:\s*"?(\d{1,9})`)
	messagePattern = regexp.MustCompile(`(?s)"message"\s*:\s*"(.*)`)
)

// salvage takes code and message out of a body that looks like an error object
// and is not JSON.
func salvage(body []byte) *APIError {
	e := &APIError{}
	if len(body) == 0 || body[0] != '{' {
		return e
	}
	if m := codePattern.FindSubmatch(body); m != nil {
		e.Code, _ = strconv.Atoi(string(m[1]))
	}
	if m := messagePattern.FindSubmatch(body); m != nil {
		message := m[1]
		end := bytes.LastIndexByte(message, '"')
		if end < 0 && len(body) < MaxErrorBody-len("\ufeff") { // it was cut, and not by us
			return e
		}
		if end >= 0 {
			message = message[:end]
		}
		e.Message = strings.ToValidUTF8(string(message), "\uFFFD")
	}
	return e
}

// CheckText refuses a text in which bad UTF-8 was replaced. It is for texts
// that identify somebody or something: a changed one could name another.
func CheckText(what, text string) error {
	if strings.Contains(text, "\uFFFD") {
		return &ShapeError{Reason: what + " has broken characters"}
	}
	return nil
}
