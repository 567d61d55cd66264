package zoomauth

import (
	"context"
	"errors"
	"time"
)

// A Removal says that somebody removed an app from an account in Zoom's Marketplace, as
// the event app_deauthorized reports it: see the AppDeauthorized of package zoomhook.
type Removal struct {
	ClientID  string    // of the app
	AccountID string    // the Zoom account
	At        time.Time // when it was removed
}

// Forget deletes a stored token that a removal has ended, and reports whether it did. The
// token stays if it is of another app or account, or of one that is not known, and if it
// was given out after the removal: the app was installed again. Clocks differ, so it also
// stays if it was authorised less than six minutes before the removal; a test in
// [testing/synctest] lets that time pass first. A token that stays by
// mistake does no harm, for Zoom refuses it. Events come late and twice; so may this call.
//
//	AppDeauthorized: func(ctx context.Context, e *zoomhook.AppDeauthorized) error {
//		_, err := zoomauth.Forget(ctx, storeOf(e.AccountID), zoomauth.Removal{
//			ClientID: e.ClientID, AccountID: e.AccountID, At: e.Time,
//		})
//		return err
//	},
//
// It is for apps that an admin installs for the whole account. Where each user installs
// the app, compare the user first: the token does not say whose it is.
func Forget(ctx context.Context, store TokenStore, r Removal) (forgotten bool, err error) {
	const op = "auth.forget"
	if ctx == nil || store == nil {
		return false, invalid(op, errors.New("context, store: is nil"))
	}
	p, err := lockStore(ctx, store)
	if err != nil {
		return false, opError(op, err)
	}
	t, err := forgetUnder(ctx, p, r)
	if releaseErr := release(p.lease); err == nil && t != nil && releaseErr != nil && !isGone(ctx, store, t) {
		err = releaseErr // it was to commit only now
	}
	return err == nil && t != nil, opError(op, err)
}

// forgetUnder deletes the stored token, whose lock is held, if the removal has ended it,
// and returns it then.
func forgetUnder(ctx context.Context, p *lockedStore, r Removal) (*Token, error) {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	t, err := load(ctx, p.store)
	switch {
	case errors.Is(err, ErrNoToken):
		return nil, nil
	case err != nil:
		return nil, err
	case !r.ended(t):
		return nil, nil
	}
	removed, err := p.remove(ctx, t)
	if !removed {
		return nil, err
	}
	return t, nil
}

// forgetSlack is how far the clock of a service may be behind Zoom's. Zoom's events are
// refused if they are five minutes off.
const forgetSlack = 6 * time.Minute

// ended reports whether a removal ended the grant of a token.
func (r Removal) ended(t *Token) bool {
	isOf := r.ClientID != "" && t.ClientID == r.ClientID && r.AccountID != "" && t.AccountID == r.AccountID
	if !isOf || t.Authorized.IsZero() || t.Authorized.Add(forgetSlack).After(r.At) {
		return false
	}
	for _, at := range []time.Time{t.RefreshIssued, t.Issued} {
		if at.After(r.At) {
			return false
		}
	}
	return true
}
