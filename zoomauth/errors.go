package zoomauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
)

// What an error means besides the sentinels of package zoom. Match with
// [errors.Is].
var (
	// ErrStore is any failure of a [TokenStore].
	ErrStore = errors.New("token store failed")
	// ErrStoreUnavailable: the store, or its lock, cannot be had now. It is an
	// ErrStore.
	ErrStoreUnavailable = fmt.Errorf("%w: not available", ErrStore)
	// ErrStoreCorrupt: what is stored cannot be read. It is left as it is. It is an
	// ErrStore.
	ErrStoreCorrupt = fmt.Errorf("%w: what is stored cannot be read", ErrStore)
	// ErrStoreChanged: the store does not hold what was to be replaced. It is an
	// ErrStore.
	ErrStoreChanged = fmt.Errorf("%w: the stored token was replaced meanwhile", ErrStore)
	// ErrNoToken: nothing is stored. It is a [zoom.ErrReauthorize].
	ErrNoToken = fmt.Errorf("no token is stored: %w", zoom.ErrReauthorize)
	// ErrLogin: a callback that belongs to no login under way: its state is wrong,
	// missing, used, older than five minutes, or of another session. Its code is not
	// exchanged.
	ErrLogin = errors.New("the callback belongs to no login under way")
)

// Zoom's error codes at the OAuth endpoints, from
// https://developers.zoom.us/docs/integrations/oauth-error-messages/
const (
	codeClientID         = 4702
	codeClientSecret     = 4704
	codeNoClient         = 4706
	codeRedirect         = 4709
	codeAppDisabled      = 4717
	codeCodeCreation     = 4732
	codeCodeExpired      = 4733
	codeCodeInvalid      = 4734
	codeOwnerGone        = 4735
	codeNotAuthorised    = 4737
	codeDisabledByAdmin  = 4738
	codeRevoked          = 4741
	reasonOfSpentRefresh = "invalid token"
	reasonOfRedirect     = "redirect uri"
)

func invalid(op string, err error) error {
	return &zoom.Error{Op: op, Err: fmt.Errorf("%w: %w", zoom.ErrInvalidArgument, err)}
}

// newError makes the error of a call to an OAuth endpoint. Of the answer it keeps
// the status, Zoom's code and an error code of the standard, and nothing else: the
// rest may repeat the form.
func newError(op string, err error, attempts int) *zoom.Error {
	e := &zoom.Error{Op: op, Method: http.MethodPost, Attempts: attempts, Err: err}
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok {
		return e
	}
	e.RetryAt = f.RetryAt
	if f.Answer != nil {
		e.StatusCode = f.Answer.Status
		e.TrackingID = redact.ID(f.Answer.Header.Get("X-Zm-Trackingid"), f.Hidden...)
	}
	switch f.Kind {
	case transport.KindContext:
		e.Err = f.Err
	case transport.KindStatus:
		if f.Answer == nil || f.Answer.Status < http.StatusBadRequest {
			e.Err = caused(zoom.ErrBadResponse, f.Err)
			break
		}
		refusal := oauth.ReadRefusal(f.Answer.Body)
		e.Code, e.Message = refusal.Code, refusal.Error
		e.Err = sentinelOf(f.Answer.Status, refusal)
	default:
		e.Err = caused(sentinelOfKind(f.Kind), f.Err)
	}
	return e
}

func caused(sentinel, cause error) error {
	if cause == nil {
		return sentinel
	}
	return fmt.Errorf("%w: %w", sentinel, cause)
}

func sentinelOfKind(kind transport.Kind) error {
	switch kind {
	case transport.KindTooLarge:
		return zoom.ErrBodyTooLarge
	case transport.KindRedirect:
		return zoom.ErrRedirect
	case transport.KindTLS:
		return zoom.ErrTLS
	case transport.KindTimeout:
		return zoom.ErrTimeout
	case transport.KindBadBody, transport.KindBadStatus, transport.KindProtocol:
		return zoom.ErrBadResponse
	default:
		return zoom.ErrUnreachable
	}
}

// sentinelOf maps a refusal: by Zoom's code, by the standard's, by the status.
func sentinelOf(status int, r oauth.Refusal) error {
	switch r.Code {
	case codeClientID, codeClientSecret, codeNoClient:
		return zoom.ErrClientCredentials
	case codeRedirect:
		return zoom.ErrInvalidArgument
	case codeAppDisabled, codeDisabledByAdmin:
		return zoom.ErrForbidden
	case codeCodeCreation, codeCodeExpired, codeCodeInvalid, codeOwnerGone, codeNotAuthorised, codeRevoked:
		return zoom.ErrReauthorize
	}
	switch r.Error {
	case "invalid_grant", "access_denied", "expired_token":
		return zoom.ErrReauthorize
	case "invalid_client", "unauthorized_client", "unsupported_grant_type":
		return zoom.ErrClientCredentials
	case "invalid_request":
		switch reason := strings.ToLower(r.Reason); {
		case strings.Contains(reason, reasonOfSpentRefresh):
			return zoom.ErrReauthorize // the older form of invalid_grant
		case strings.Contains(reason, reasonOfRedirect):
			return zoom.ErrInvalidArgument // as 4709
		}
	}
	switch {
	case status == http.StatusTooManyRequests:
		return zoom.ErrRateLimited
	case status == http.StatusForbidden:
		return zoom.ErrForbidden
	case status == http.StatusRequestTimeout:
		return zoom.ErrTimeout
	case status >= http.StatusInternalServerError, status == http.StatusTooEarly:
		return zoom.ErrServer
	default:
		return zoom.ErrClientCredentials
	}
}

// isRefusal reports that Zoom does not know the token or the grant any more.
func isRefusal(err error) bool {
	return errors.Is(err, zoom.ErrReauthorize) && !errors.Is(err, ErrStore)
}
