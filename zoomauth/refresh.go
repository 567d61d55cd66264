package zoomauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/tokens"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	opRefresh        = "auth.refresh"
	opServerToServer = "auth.server_to_server"

	replayAfter = time.Second
	mostRounds  = 3 // of a fetch, while others replace the stored token meanwhile
)

// The times of a refresh. None of them takes from another one: however slow the store is,
// a request that is sent has all of its time, and so has the saving of its answer.
//
// A lease is good for a minute when it is checked. The check, the request and the first
// try to save fit into that minute: a request takes callTimeout and attemptTimeout at
// most, because its last attempt begins before callTimeout.
const (
	loadTimeout  = time.Minute      // of reading the store
	lockTimeout  = 90 * time.Second // of the wait for its lock; the lease of a dead process ends in 75 s
	checkTimeout = 15 * time.Second // of checking the lease; a slower check is not believed
	fetchTimeout = 9 * time.Minute  // of the whole; then the next call begins another fetch
)

// fetch is the way to the next token. It reads the store. If the stored token is not good
// it takes the lock, reads again, makes a new one, and saves that before it returns.
func (s *Source) fetch(ctx context.Context, w tokens.Want) (*tokens.Token[*Token], error) {
	if err := s.grants.enter(ctx); err != nil {
		return nil, opError("auth.lock", err)
	}
	defer s.grants.leave()
	s.note(nil)
	cur, err := s.load(ctx)
	if isResult(cur, err, w) {
		return found(cur), opError("auth.load", err)
	}
	isGood := cur.alive(time.Now()) && !cur.isRefused(w.Refused)
	if isGood {
		s.cache.Offer(found(cur)) // until its end nobody waits for the next one
	} else if err := s.pause.Err(cur.refreshToken(), time.Now()); err != nil {
		return nil, err
	}
	lease, err := s.grants.lock(ctx)
	if err != nil {
		return nil, opError("auth.lock", err)
	}
	defer s.unlock(ctx, lease)
	for range mostRounds {
		if cur, err = s.load(ctx); isResult(cur, err, w) {
			return found(cur), opError("auth.load", err)
		}
		next, err := s.mint(ctx, cur, lease)
		if !isGood { // else the cache waits before it asks again
			s.pauseAfter(cur, err)
		}
		if !errors.Is(err, ErrStoreChanged) {
			return made(next), err
		}
	}
	return nil, opError("auth.source", ErrStoreChanged)
}

// pauseAfter notes a failure of the token endpoint: it is not asked again for a while.
func (s *Source) pauseAfter(cur *Token, err error) {
	e, ok := errors.AsType[*zoom.Error](err)
	switch {
	case err == nil:
		s.pause.Note(cur.refreshToken(), nil, time.Time{}, time.Now())
	case ok && e.Attempts > 0 && !errors.Is(err, ErrStore):
		s.pause.Note(cur.refreshToken(), err, e.RetryAt, time.Now())
	}
}

// isResult reports whether what the store holds, or its failure, is the result of a fetch.
func isResult(t *Token, err error, w tokens.Want) bool {
	switch {
	case err != nil:
		return !errors.Is(err, ErrNoToken)
	case t.isRefused(w.Refused):
		return w.LookOnly && t.alive(time.Now())
	default:
		return t.fresh(time.Now()) || w.LookOnly && t.alive(time.Now())
	}
}

func made(t *Token) *tokens.Token[*Token] {
	if t == nil {
		return nil
	}
	return &tokens.Token[*Token]{Access: t.accessToken(), Due: oauth.Due(t.Expiry, t.Issued), Expiry: t.Expiry, Value: t}
}

func found(t *Token) *tokens.Token[*Token] {
	tok := made(t)
	if tok != nil {
		tok.Found = true
	}
	return tok
}

// load reads the store and refuses a token that is not this source's.
func (s *Source) load(ctx context.Context) (*Token, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	t, err := s.grants.load(ctx)
	if err != nil {
		return nil, err
	}
	err = s.match(t)
	if err == nil {
		s.note(t)
	}
	return t, err
}

func (t *Token) isRefused(access string) bool { return access != "" && access == t.accessToken() }

// match refuses a token of another app or account.
func (s *Source) match(t *Token) error {
	switch {
	case t.ClientID != s.app().ClientID:
		return fmt.Errorf("%w: it was given to another app", zoom.ErrAccountMismatch)
	case s.opts.AccountID != "" && t.AccountID != "" && t.AccountID != s.opts.AccountID:
		return zoom.ErrAccountMismatch
	default:
		return nil
	}
}

// refresh uses the refresh token of cur up for a new one.
//
// An answer that is lost may have done so on Zoom's side. The store is read again,
// and if nobody else was faster the form is sent once more: a server with a grace
// takes the old token for a while, and one without has nothing left to lose.
func (s *Source) refresh(ctx context.Context, cur *Token, lease Lease) (*Token, error) {
	switch {
	case cur == nil:
		return nil, opError(opRefresh, ErrNoToken)
	case cur.refreshToken() == "" || s.grants.isDead(cur):
		return nil, opError(opRefresh, zoom.ErrReauthorize)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {cur.refreshToken()}}
	grant, lost, err := s.send(ctx, opRefresh, form, lease)
	mayBeSpent := lost
	if lost && grant == nil {
		replaced := s.replacedInStore(ctx, cur)
		if errors.Is(replaced, ErrStoreChanged) {
			return nil, opError(opRefresh, replaced)
		}
		if replaced == nil {
			time.Sleep(replayAfter)
			again, _, errAgain := s.send(ctx, opRefresh, form, lease)
			if !errors.Is(errAgain, ErrStore) { // else it was not sent
				grant, err = again, errAgain
			}
		}
	}
	switch {
	case grant != nil: // also one without an access token: its refresh token is saved
		next, saveErr := s.save(ctx, cur, s.app().after(cur, grant, time.Now().Round(0)))
		if grant.RefreshUnusable {
			s.replacedUnread(cur, saveErr)
		}
		if saveErr != nil || err != nil {
			return nil, cmp.Or(opError("auth.save", saveErr), err)
		}
		return next, opError(opRefresh, s.match(next))
	case isRefusal(err):
		if replaced := s.replacedInStore(ctx, cur); replaced != nil {
			return nil, opError(opRefresh, replaced)
		}
		s.reauthorize(ctx, cur, err)
	case (mayBeSpent || isUnreadable(err)) && !cur.Suspect:
		_ = s.grants.mark(ctx, cur, func(t *Token) { t.Suspect = true })
	}
	return nil, err
}

// isUnreadable reports that Zoom took the form and that its answer, which arrived whole,
// cannot be read.
func isUnreadable(err error) bool {
	shape, ok := errors.AsType[*wire.ShapeError](err)
	return ok && shape.Final
}

// accountCredentials makes a new token of a server-to-server app.
func (s *Source) accountCredentials(ctx context.Context, cur *Token, lease Lease) (*Token, error) {
	grant, _, err := s.send(ctx, opServerToServer, url.Values{
		"grant_type": {"account_credentials"}, "account_id": {s.opts.AccountID},
	}, lease)
	if err != nil {
		return nil, err
	}
	next := s.app().after(cur, grant, time.Now().Round(0))
	next.AccountID = s.opts.AccountID
	return s.save(ctx, cur, next)
}

// send sends a form to the token endpoint, if the lease outlasts the request and the
// saving of its answer. A grant that comes with an error lacks an access token and is to
// be kept.
func (s *Source) send(ctx context.Context, op string, form url.Values, lease Lease) (grant *oauth.Grant, lost bool, err error) {
	ctx = context.WithoutCancel(ctx)
	checking, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err = check(checking, lease)
	if err == nil && checking.Err() != nil {
		err = fmt.Errorf("%w: the lease was checked too slowly", ErrStoreUnavailable)
	}
	if err != nil {
		return nil, false, opError("auth.lock", err)
	}
	app := s.app()
	app.Trace = nil // its hooks are in the context, and called later
	return app.grant(ctx, op, form, op != opRefresh, nil)
}

// replacedInStore returns ErrStoreChanged if somebody else has stored another token meanwhile,
// which is then the one to go on with, and the error of a store that cannot tell now.
func (s *Source) replacedInStore(ctx context.Context, cur *Token) error {
	t, err := s.load(ctx)
	switch {
	case errors.Is(err, ErrStore) && !errors.Is(err, ErrStoreCorrupt):
		return err
	case err == nil && !t.Same(cur):
		return ErrStoreChanged
	default:
		return nil
	}
}
