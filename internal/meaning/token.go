package meaning

import (
	"errors"
	"net/http"
	"strings"
)

// Zoom's error codes at the OAuth endpoints, from
// https://developers.zoom.us/docs/integrations/oauth-error-messages/
const (
	codeClientID     = 4702
	codeClientSecret = 4704
	codeNoClient     = 4706
	codeRedirect     = 4709
	codeAppDisabled  = 4717
	codeCodeCreation = 4732
	codeCodeExpired  = 4733
	codeCodeInvalid  = 4734
)

// What an OAuth endpoint was asked for: its grant type, or GrantForeign.
const (
	GrantRefresh     = "refresh_token"
	GrantCode        = "authorization_code"
	GrantCredentials = "account_credentials" // server-to-server: there is no person to ask
	GrantForeign     = "foreign"             // of another library, of whose error only status and error code are known
)

// A TokenAnswer is an answer of an OAuth endpoint that is not a success.
type TokenAnswer struct {
	Grant  string // empty: no grant was asked for
	Status int    // 0: not known
	Code   int    // Zoom's, else 0
	Error  string // an error code of RFC 6749 or RFC 8628, else empty
	Reason string // Zoom's words
}

// OfToken maps a refusal: by status where that says it all, by Zoom's code, by the
// standard's. Only a 400 or 401 with a code that is known ends a grant; of a 403 a proxy
// may be the author.
func OfToken(a TokenAnswer) error {
	sentinel := ofTokenAnswer(a)
	if a.Status == http.StatusForbidden && errors.Is(sentinel, ErrReauthorize) {
		return ErrForbidden
	}
	return sentinel
}

func ofTokenAnswer(a TokenAnswer) error {
	switch {
	case a.Status == http.StatusTooManyRequests:
		return ErrRateLimited
	case a.Status == http.StatusRequestTimeout:
		return ErrTimeout
	case a.Status >= http.StatusInternalServerError, a.Status == http.StatusTooEarly:
		return ErrServer
	case a.Status > http.StatusForbidden, a.Status == http.StatusPaymentRequired:
		return ErrBadResponse
	}
	if sentinel := ofTokenCode(a.Code); sentinel != nil {
		return sentinel
	}
	switch a.Error {
	case "access_denied", "expired_token":
		return ErrReauthorize
	case "invalid_grant":
		if a.Grant == GrantCredentials { // the account id
			return ErrClientCredentials
		}
		return ErrReauthorize
	case "invalid_client", "unauthorized_client", "unsupported_grant_type":
		return ErrClientCredentials
	case "invalid_request":
		if sentinel := ofInvalidRequest(a); sentinel != nil {
			return sentinel
		}
	}
	switch {
	case a.Grant == GrantForeign:
		return ErrUnauthorized
	case a.Status == http.StatusForbidden:
		return ErrForbidden
	case a.Code == 0 && a.Error == "" && a.Reason == "": // not an answer of Zoom's
		return ErrBadResponse
	default:
		return ErrClientCredentials
	}
}

func ofTokenCode(code int) error {
	switch code {
	case codeClientID, codeClientSecret, codeNoClient:
		return ErrClientCredentials
	case codeRedirect:
		return ErrInvalidArgument
	case codeAppDisabled, codeDisabledByAdmin:
		return ErrForbidden
	case codeCodeCreation, codeCodeExpired, codeCodeInvalid, codeOwnerGone, codeNotAuthorised, codeRevoked:
		return ErrReauthorize
	default:
		return nil
	}
}

// ofInvalidRequest tells apart what invalid_request means. Our forms are complete, so
// that Zoom can only refuse a value in them: with status 401 it is the older form of
// invalid_grant, whatever the words; with 400 an exchange has the wrong redirect
// URI. A refresh that is refused with 400 in words that are not known does not end
// the grant. Nor does a revocation, whatever the status.
func ofInvalidRequest(a TokenAnswer) error {
	reason := strings.ToLower(a.Reason)
	asksForGrant := a.Grant == GrantRefresh || a.Grant == GrantCode
	switch {
	case a.Grant == GrantCredentials:
		return nil
	case strings.Contains(reason, "invalid token"):
		return ErrReauthorize
	case strings.Contains(reason, "redirect uri"):
		return ErrInvalidArgument
	case asksForGrant && a.Status == http.StatusUnauthorized:
		return ErrReauthorize
	case a.Grant == GrantCode:
		return ErrInvalidArgument
	default:
		return nil
	}
}
