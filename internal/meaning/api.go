package meaning

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// Zoom's error codes that have a meaning of their own. Most others are covered
// by the HTTP status.
const (
	CodeNotPaid = 1109 // "Host is not a paid user."

	codeNoPermission     = 200
	codeValidation       = 300
	codeTokenExpired     = 301 // page token, on marketplace endpoints
	codeUserNotFound     = 1001
	codeForeignUser      = 1010
	codeNoInvitation     = 1120
	codeBasicQuota       = 2033
	codeNoSeats          = 2034
	codeNoSeatsOfPlan    = 2038
	codeNoBasicSeats     = 2039
	codeMeetingNotFound  = 3001
	codeQuota            = 3412
	codeInvalidToken     = 124
	codeScopesBrokenJSON = 104
	codeScopesOrToken    = 4700
	codeScopes           = 4711
	codeTypeNotPermitted = 1108
	codeOwnerGone        = 4735 // the token's owner does not exist any more
	codeNotAuthorised    = 4737
	codeDisabledByAdmin  = 4738
	codeRevoked          = 4741
)

// OfAnswer maps an answer that is not a success: by code first, because Zoom's
// codes say more than its statuses, by words only where one code means several
// things. It also returns the scopes that the answer says are missing.
func OfAnswer(f *transport.Failure, refused *wire.APIError) (sentinel error, scopes []string) {
	message := refused.Message
	words := strings.ToLower(message)
	switch refused.Code {
	case codeInvalidToken:
		return ErrUnauthorized, nil
	case codeScopesBrokenJSON, codeScopes:
		return ErrScope, missingScopes(message)
	case codeScopesOrToken:
		if strings.Contains(words, "scope") {
			return ErrScope, missingScopes(message)
		}
		return ErrUnauthorized, nil
	case codeOwnerGone, codeNotAuthorised, codeRevoked:
		return ErrReauthorize, nil
	case codeDisabledByAdmin, codeTypeNotPermitted:
		return ErrForbidden, nil
	case codeUserNotFound, codeMeetingNotFound, codeForeignUser, codeNoInvitation:
		return ErrNotFound, nil
	case codeBasicQuota, codeNoSeats, codeNoSeatsOfPlan, codeNoBasicSeats, codeQuota:
		return ErrNoSeats, nil
	case codeNoPermission:
		switch {
		case strings.Contains(words, "does not contain permissions"):
			return ErrScope, missingScopes(message)
		case strings.Contains(words, "zoom room"), strings.Contains(words, "admin users"):
			return ErrProtected, nil
		case strings.Contains(words, "no permission"):
			return ErrForbidden, nil
		}
	case codeValidation, codeTokenExpired:
		if strings.Contains(words, "page token") {
			return ErrPageTokenExpired, nil
		}
		if strings.Contains(words, "validation") || len(refused.Fields) > 0 {
			return ErrInvalidArgument, nil
		}
	}
	return ofStatus(f), nil
}

func ofStatus(f *transport.Failure) error {
	switch status := f.Answer.Status; {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusRequestTimeout:
		return ErrTimeout
	case status == http.StatusProxyAuthRequired:
		return ErrUnreachable
	case f.Rate.Daily():
		return ErrDailyLimit
	case f.Rate.Concurrent():
		return ErrConcurrentOp
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 500, status == http.StatusTooEarly:
		return ErrServer
	default:
		return nil
	}
}

var (
	scopeList  = regexp.MustCompile(`\[([^\]]*)\]`)
	scopeShape = regexp.MustCompile(`[A-Za-z_]+(?::[A-Za-z_]+)+`)
)

// missingScopes reads the scopes out of Zoom's three ways of naming them.
func missingScopes(message string) []string {
	list := message
	if m := scopeList.FindStringSubmatch(message); m != nil {
		list = m[1]
	}
	return scopeShape.FindAllString(list, -1)
}
