package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

const acceptTimeout = 10 * time.Second // of HandlerOptions.Accept, out of the minute of a lease

var errNotAccepted = errors.New("the new token was not accepted, and its grant was revoked at Zoom")

// An acceptance says whether next may take the place of old, which is nil if there is none.
type acceptance func(ctx context.Context, l *Login, old, next *Token) error

// keepsAccount is the acceptance of a handler without one: a grant that is alive is not
// lost to another account.
func keepsAccount(_ context.Context, _ *Login, old, next *Token) error {
	isKnown := old != nil && old.AccountID != "" && next.AccountID != ""
	if isKnown && old.AccountID != next.AccountID && !old.isOver(time.Now()) {
		return fmt.Errorf("%w than the one that is connected", zoom.ErrAccountMismatch)
	}
	return nil
}

// isOver reports whether a person must authorise again before the next refresh.
func (t *Token) isOver(now time.Time) bool {
	return t.Refused || t.refreshToken() == "" || !t.RefreshExpiry().IsZero() && !now.Before(t.RefreshExpiry())
}

// admit asks whether a token may be saved. The grant of one that may not is ended.
func (a App) admit(ctx context.Context, accept acceptance, l *Login, old, next *Token) error {
	accepting, cancel := context.WithTimeout(ctx, acceptTimeout)
	defer cancel()
	if err := accept(accepting, l, old, next); err != nil {
		return a.endRefused(ctx, next, err)
	}
	return nil
}

func (a App) endRefused(ctx context.Context, t *Token, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	cause = redact.Cause(cause)
	if err := a.Revoke(ctx, t); err != nil && !isRefusal(err) {
		return opError(opKeep, left(err, cause))
	}
	return opError(opKeep, fmt.Errorf("%w: %w", errNotAccepted, cause))
}
