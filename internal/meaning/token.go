package meaning

import (
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

// What an OAuth endpoint was asked for.
const (
	GrantCredentials = "account_credentials" // server-to-server: there is no person to ask
	GrantForeign     = "foreign"             // by another library, of which only the error code is known
)

// A TokenAnswer is an answer of an OAuth endpoint that is not a success.
type TokenAnswer struct {
	Grant  string // the grant type, or one of the constants
	Status int
	Code   int    // Zoom's, else 0
	Error  string // an error code of RFC 6749 or RFC 8628, else empty
	Reason string // Zoom's words
}

// OfToken maps a refusal: by Zoom's code, by the standard's, by the status.
func OfToken(a TokenAnswer) error {
	switch a.Grant {
	case GrantCredentials:
		return ofCredentials(a)
	case GrantForeign:
		return ofForeign(a)
	}
	switch a.Code {
	case codeClientID, codeClientSecret, codeNoClient:
		return ErrClientCredentials
	case codeRedirect:
		return ErrInvalidArgument
	case codeAppDisabled, codeDisabledByAdmin:
		return ErrForbidden
	case codeCodeCreation, codeCodeExpired, codeCodeInvalid, codeOwnerGone, codeNotAuthorised, codeRevoked:
		return ErrReauthorize
	}
	switch a.Error {
	case "invalid_grant", "access_denied", "expired_token":
		return ErrReauthorize
	case "invalid_client", "unauthorized_client", "unsupported_grant_type":
		return ErrClientCredentials
	case "invalid_request":
		switch reason := strings.ToLower(a.Reason); {
		case strings.Contains(reason, "invalid token"):
			return ErrReauthorize // the older form of invalid_grant
		case strings.Contains(reason, "redirect uri"):
			return ErrInvalidArgument // as 4709
		}
	}
	switch {
	case a.Status == http.StatusTooManyRequests:
		return ErrRateLimited
	case a.Status == http.StatusForbidden:
		return ErrForbidden
	case a.Status == http.StatusRequestTimeout:
		return ErrTimeout
	case a.Status >= http.StatusInternalServerError, a.Status == http.StatusTooEarly:
		return ErrServer
	default:
		return ErrClientCredentials
	}
}

func ofCredentials(a TokenAnswer) error {
	switch {
	case a.Status == http.StatusTooManyRequests:
		return ErrRateLimited
	case a.Status == http.StatusRequestTimeout:
		return ErrTimeout
	case a.Status >= http.StatusInternalServerError:
		return ErrServer
	default:
		return ErrClientCredentials
	}
}

func ofForeign(a TokenAnswer) error {
	switch {
	case a.Error == "invalid_grant":
		return ErrReauthorize
	case a.Error == "invalid_client", a.Error == "unauthorized_client":
		return ErrClientCredentials
	case a.Status == http.StatusTooManyRequests:
		return ErrRateLimited
	case a.Status >= http.StatusInternalServerError:
		return ErrServer
	default:
		return ErrUnauthorized
	}
}
