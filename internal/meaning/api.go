package meaning

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// Zoom's error codes that have a meaning of their own. docs/errors.md lists them.
const (
	CodeValidation = 300  // what was sent is wrong, or its page token
	CodeNotPaid    = 1109 // "Host is not a paid user."
	CodeNoMeetings = 3161 // the user may neither host nor schedule
	CodeNoRoute    = 2300 // Zoom does not know the route

	codeNoPermission     = 200
	codeTokenExpired     = 301  // page token, on marketplace endpoints
	codeRefused          = 400  // no dashboard on this plan; also of a status change
	codeLocked           = 1000 // force locked; manages a call queue
	codeUserNotFound     = 1001
	codeForeignUser      = 1010
	codeManagedDomain    = 1107
	codeTypeNotPermitted = 1108
	codeAdminStays       = 1117
	codeNoInvitation     = 1120
	codeBasicQuota       = 2033
	codeNoSeats          = 2034
	codeNoSeatsOfPlan    = 2038
	codeNoBasicSeats     = 2039
	codeMeetingNotFound  = 3001
	codeQuota            = 3412
	codeGroupNotFound    = 4130
	codeScopesOrToken    = 4700
	codeOwnerGone        = 4735 // the token's owner does not exist any more
	codeNotAuthorised    = 4737
	codeDisabledByAdmin  = 4738
	codeRevoked          = 4741
)

// OfAnswer maps an answer that is not a success: by status where that says it all,
// else by code and by what was asked. Words only refine: they can be in any
// language. It also returns the scopes that the answer says are missing.
func OfAnswer(f *transport.Failure, refused *wire.APIError, asked Asked) (sentinel error, scopes []string) {
	if whole := ofStatus(f, refused.Code); whole != nil {
		return whole, nil
	}
	words := strings.ToLower(refused.Message)
	switch refused.Code {
	case wire.CodeInvalidToken:
		return ErrUnauthorized, nil
	case wire.CodeScopesBrokenJSON, wire.CodeScopes:
		return ErrScope, missingScopes(refused.Message)
	case codeScopesOrToken:
		if scopes = missingScopes(refused.Message); len(scopes) > 0 || strings.Contains(words, "scope") {
			return ErrScope, scopes
		}
		return ErrUnauthorized, nil
	case codeOwnerGone, codeNotAuthorised, codeRevoked:
		return ErrReauthorize, nil
	case codeDisabledByAdmin, codeTypeNotPermitted:
		return ErrForbidden, nil
	case codeUserNotFound, codeMeetingNotFound, codeForeignUser, codeNoInvitation, codeGroupNotFound:
		return ErrNotFound, nil
	case codeBasicQuota, codeNoSeats, codeNoSeatsOfPlan, codeNoBasicSeats, codeQuota:
		return ErrNoSeats, nil
	case codeNoPermission:
		return ofPermission(refused.Message, words, asked)
	case CodeValidation, codeTokenExpired:
		return ofValidation(refused, words, asked), nil
	case codeLocked, codeManagedDomain, codeAdminStays:
		if asked.writesUser() {
			return ErrProtected, nil
		}
	case codeRefused:
		switch {
		case asked.writesStatus():
			return ErrProtected, nil
		case asked.readsReport():
			return ErrNoReport, nil
		}
	}
	return ofOtherStatus(f.Answer.Status, refused.Code), nil
}

// ofStatus maps the statuses that mean the same whatever the code.
func ofStatus(f *transport.Failure, code int) error {
	status := f.Answer.Status
	if status < http.StatusInternalServerError && code == wire.CodeTooMany {
		status = http.StatusTooManyRequests // also under the status of a success
	}
	switch {
	case status >= http.StatusInternalServerError, status == http.StatusTooEarly:
		return ErrServer
	case status == http.StatusRequestTimeout:
		return ErrTimeout
	case status == http.StatusProxyAuthRequired:
		return ErrUnreachable
	case status != http.StatusTooManyRequests:
		return nil
	case f.Rate.Daily():
		return ErrDailyLimit
	case f.Rate.Concurrent():
		return ErrConcurrentOp
	default:
		return ErrRateLimited
	}
}

// ofOtherStatus maps what no code decides. Code 0 means that the body is not one of
// Zoom's: a 404 then says nothing of what was asked for.
func ofOtherStatus(status, code int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound && code == 0:
		return ErrBadResponse
	default:
		return nil
	}
}

var maxUsers = regexp.MustCompile(`\bmax(imum)? .*users`)

// ofPermission maps code 200, Zoom's word for a permission, a plan, a role, and a
// user who cannot be changed.
func ofPermission(message, words string, asked Asked) (error, []string) {
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(words, text) {
				return true
			}
		}
		return false
	}
	names := permissionNames(message)
	switch {
	case len(names) > 0 || has("does not contain permissions"):
		return ErrScope, names
	case has("zoom room", "room user", "admin users"):
		return ErrProtected, nil
	case !asked.reads() && maxUsers.MatchString(words):
		return ErrNoSeats, nil
	case has("no permission", "rest api", "has been denied"):
		return ErrForbidden, nil
	case asked.readsReport() || (asked.reads() && has("paid account")):
		return ErrNoReport, nil
	case asked.writesStatus() || (asked.writesLicence() && !has("paid account")):
		return ErrProtected, nil
	default:
		return ErrForbidden, nil
	}
}

// ofValidation maps codes 300 and 301: what was sent is wrong, or the page token is
// too old, or the user cannot be changed so.
func ofValidation(refused *wire.APIError, words string, asked Asked) error {
	switch {
	case len(refused.Fields) > 0:
		return ErrInvalidArgument
	case asked.PageToken || strings.Contains(words, "page token"):
		return ErrPageTokenExpired
	case strings.Contains(words, "validation"), strings.Contains(words, "json"), strings.Contains(words, "invalid parameter"):
		return ErrInvalidArgument
	case strings.Contains(words, "license assignment"):
		return ErrNoSeats
	case asked.writesStatus(), asked.writesLicence():
		return ErrProtected
	case asked.readsMeeting():
		return ErrNotFound
	default:
		return ErrInvalidArgument
	}
}

var (
	bracketed       = regexp.MustCompile(`\[([^\]]*)\]`)
	scopeShape      = regexp.MustCompile(`[A-Za-z_]+(?::[A-Za-z_]+)+`)
	permissionShape = regexp.MustCompile(`^[A-Za-z_]+:[A-Za-z_]+$`)
)

// missingScopes reads the scopes out of Zoom's three ways of naming them.
func missingScopes(message string) []string {
	if m := bracketed.FindStringSubmatch(message); m != nil {
		if scopes := scopeShape.FindAllString(m[1], -1); len(scopes) > 0 {
			return scopes
		}
	}
	return scopeShape.FindAllString(message, -1)
}

// permissionNames reads "[User:Edit, UsageReport:Read]".
func permissionNames(message string) []string {
	for _, m := range bracketed.FindAllStringSubmatch(message, -1) {
		var names []string
		for name := range strings.SplitSeq(m[1], ",") {
			if name = strings.Trim(name, ` "'`); permissionShape.MatchString(name) {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			return names
		}
	}
	return nil
}
