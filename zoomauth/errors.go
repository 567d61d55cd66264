package zoomauth

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
)

// What an error means besides the sentinels of package zoom. Match with
// [errors.Is].
var (
	// ErrStore is any failure of a [TokenStore].
	ErrStore = meaning.ErrStore
	// ErrStoreUnavailable: the store, or its lock, cannot be had now. It is an
	// ErrStore.
	ErrStoreUnavailable = meaning.ErrStoreUnavailable
	// ErrStoreCorrupt: what is stored cannot be read. It is left as it is. It is an
	// ErrStore.
	ErrStoreCorrupt = meaning.ErrStoreCorrupt
	// ErrStoreChanged: the store does not hold what was to be replaced. It is an
	// ErrStore.
	ErrStoreChanged = meaning.ErrStoreChanged
	// ErrNoToken: nothing is stored. It is a [zoom.ErrReauthorize].
	ErrNoToken = fmt.Errorf("no token is stored: %w", zoom.ErrReauthorize)
	// ErrLogin: a callback that belongs to no login under way: its state is wrong,
	// missing, used, older than five minutes, or of another session. Its code is not
	// exchanged.
	ErrLogin = errors.New("the callback belongs to no login under way")
)

// errUnusableRefresh: the access token of the answer can be used, and no other one can be had.
var errUnusableRefresh = fmt.Errorf("%w: %w: the new refresh token cannot be used, and the former one was replaced by it",
	zoom.ErrReauthorize, zoom.ErrBadResponse)

func invalid(op string, err error) error {
	return &zoom.Error{Op: op, Err: fmt.Errorf("%w: %w", zoom.ErrInvalidArgument, err)}
}

// Why a callback belongs to no login. Each is an ErrLogin.
var (
	errCallback = fmt.Errorf("%w: its query does not have a state and one code or error", ErrLogin)
	errState    = fmt.Errorf("%w: its state is another one", ErrLogin)
	errLate     = fmt.Errorf("%w: it came after five minutes", ErrLogin)
	errUsed     = fmt.Errorf("%w: the login was used before", ErrLogin)
	errUnknown  = fmt.Errorf("%w: its state is unknown, was used before, is older than five minutes, "+
		"or belongs to another browser or session", ErrLogin)
	errNoCookie = fmt.Errorf("%w: the browser brought no cookie of it: it began at another host than that "+
		"of the redirect URL, it refuses cookies, or five minutes are over", ErrLogin)
	errElsewhere = fmt.Errorf("%w: the browser brought no cookie of it: Start was opened at another host than that "+
		"of the redirect URL, to which a browser brings no cookie of the former", ErrLogin)
	errTwice   = fmt.Errorf("%w: its link was opened in two browsers, perhaps by another user of this machine", ErrLogin)
	errCookies = fmt.Errorf("%w: the browser brought its cookie twice, or one that is not ours", ErrLogin)
)

// newError makes the error of a call to an OAuth endpoint. Of the answer it keeps
// the status, Zoom's code, an error code of the standard and a reason that is known,
// and nothing else: the rest may repeat the form.
func newError(op, grant string, err error, attempts int) *zoom.Error {
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
		e.Code, e.Message = refusal.Code, refusal.Message()
		e.Err = meaning.OfToken(meaning.TokenAnswer{
			Grant: grant, Status: f.Answer.Status, Code: refusal.Code, Error: refusal.Error, Reason: refusal.Reason,
		})
	default:
		e.Err = caused(meaning.OfKind(f.Kind), f.Err)
	}
	return e
}

func caused(sentinel, cause error) error {
	switch {
	case cause == nil:
		return sentinel
	case sentinel == nil:
		return cause
	}
	return fmt.Errorf("%w: %w", sentinel, cause)
}

// isRefusal reports that Zoom does not know the token or the grant any more.
func isRefusal(err error) bool {
	return errors.Is(err, zoom.ErrReauthorize) && !errors.Is(err, ErrStore)
}
