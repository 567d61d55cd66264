package meaning_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom/internal/meaning"
)

const (
	refresh     = meaning.GrantRefresh
	exchange    = meaning.GrantCode
	credentials = meaning.GrantCredentials
	revocation  = ""
)

// What the answers of an OAuth endpoint mean, with Zoom's words, with those of another
// language, and without any. The rows in which they differ stand in docs/errors.md.
func TestFaultBD31TokenEndpointInEveryLanguage(t *testing.T) {
	for _, tc := range []struct {
		grant   string
		status  int
		code    int
		error   string
		reason  string
		want    error
		foreign error // if it is another one
	}{
		{refresh, 400, 0, "invalid_grant", "Invalid Token!", meaning.ErrReauthorize, nil},
		{refresh, 401, 0, "invalid_request", "Invalid Token!", meaning.ErrReauthorize, nil},
		{refresh, 400, 0, "invalid_request", "Invalid Token!", meaning.ErrReauthorize, meaning.ErrClientCredentials},
		{refresh, 400, 0, "invalid_request", "Bad Request", meaning.ErrClientCredentials, nil},
		{refresh, 400, 0, "invalid_client", "Invalid client_id or client_secret", meaning.ErrClientCredentials, nil},
		{refresh, 400, 4735, "", "The token owner does not exist.", meaning.ErrReauthorize, nil},
		{refresh, 400, 4741, "", "The token has been revoked.", meaning.ErrReauthorize, nil},
		{refresh, 403, 4738, "", "disabled by admin", meaning.ErrForbidden, nil},
		{exchange, 400, 0, "invalid_grant", "Invalid authorization code", meaning.ErrReauthorize, nil},
		{exchange, 400, 0, "invalid_request", "Invalid request : Redirect URI mismatch.", meaning.ErrInvalidArgument, nil},
		{exchange, 400, 4709, "", "Redirect URI mismatch", meaning.ErrInvalidArgument, nil},
		{exchange, 400, 4733, "", "The code expired.", meaning.ErrReauthorize, nil},
		{exchange, 400, 0, "invalid_request", "Invalid Token!", meaning.ErrReauthorize, meaning.ErrInvalidArgument},
		{credentials, 400, 0, "invalid_request", "Bad Request", meaning.ErrClientCredentials, nil},
		{credentials, 401, 0, "invalid_request", "Invalid Token!", meaning.ErrClientCredentials, nil},
		{credentials, 400, 0, "invalid_grant", "x", meaning.ErrClientCredentials, nil},
		{credentials, 400, 4717, "", "The app is disabled.", meaning.ErrForbidden, nil},
		{revocation, 401, 0, "invalid_request", "Invalid Token!", meaning.ErrReauthorize, meaning.ErrClientCredentials},
	} {
		foreign := tc.want
		if tc.foreign != nil {
			foreign = tc.foreign
		}
		for reason, want := range map[string]error{tc.reason: tc.want, "トークンが無効です。": foreign, "": foreign} {
			got := meaning.OfToken(meaning.TokenAnswer{Grant: tc.grant, Status: tc.status, Code: tc.code, Error: tc.error, Reason: reason})
			assert.Equal(t, want, got, "%s %d %d %s %q", tc.grant, tc.status, tc.code, tc.error, reason)
		}
	}
}

// Only a 400, a 401 or a 403 with a code that is known is about the grant or the app.
func TestFaultAU39OnlyAKnownRefusalEndsAGrant(t *testing.T) {
	for _, grant := range []string{refresh, exchange, credentials, revocation, meaning.GrantForeign} {
		for status := 200; status < 600; status++ {
			for _, code := range []string{"", "invalid_grant", "invalid_client", "invalid_request", "access_denied"} {
				got := meaning.OfToken(meaning.TokenAnswer{Grant: grant, Status: status, Code: 0, Error: code})
				what := fmt.Sprint(grant, " ", status, " ", code)
				switch {
				case status == 429:
					assert.Equal(t, meaning.ErrRateLimited, got, what)
				case status == 408:
					assert.Equal(t, meaning.ErrTimeout, got, what)
				case status >= 500, status == 425:
					assert.Equal(t, meaning.ErrServer, got, what)
				case status == 402, status > 403:
					assert.Equal(t, meaning.ErrBadResponse, got, what)
				case code == "" && status <= 401 && grant != meaning.GrantForeign:
					assert.Equal(t, meaning.ErrBadResponse, got, what)
				default:
					assert.NotEqual(t, meaning.ErrBadResponse, got, what)
				}
			}
		}
	}
}
