package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

const (
	opKeep         = "auth.keep"
	connectTimeout = 2 * time.Minute  // of the wait for a refresh of another; a code lives longer
	proofTimeout   = 20 * time.Second // of the proof that the store can be written
	keepTimeout    = time.Minute      // of what Keep and Forget do under the lock
	revokeTimeout  = 30 * time.Second // of the end of a grant that could not be saved
)

var (
	// errUnsaved: the code was exchanged, the token could not be saved, and Zoom has ended
	// the grant again.
	errUnsaved = errors.New("the token could not be saved, and its grant was revoked at Zoom")
	// errOrphaned: as errUnsaved, but Zoom has not ended the grant.
	errOrphaned = errors.New("the token could not be saved, and its grant could not be revoked: " +
		"it lives on at Zoom until an admin removes the app in the Marketplace")
	// errLeft: Zoom's answer is of no use, and Zoom has not ended what it gave.
	errLeft = errors.New("the new grant is of no use and could not be revoked: " +
		"it lives on at Zoom until an admin removes the app in the Marketplace")
	// errDoubtful: the store may hold the token, and may be about to. To revoke it would
	// leave a dead one in the place of the former.
	errDoubtful = errors.New("nobody knows whether the token was saved, and its grant was not revoked: " +
		"connect again, or let an admin remove the app in the Marketplace")
)

// connect ends a login and saves its token. A code can be used once, and a grant that
// nobody holds lives on at Zoom for 90 days. So the code is used only when nothing else can
// go wrong: under the lock of the store, which has just shown that it can be written. A
// refresh of another that is under way is waited for before that.
func (a App) connect(ctx context.Context, store TokenStore, accept acceptance, login *Login, callback url.Values) (*Token, error) {
	code, err := a.takeCode(login, callback)
	if err != nil {
		return nil, err
	}
	a, ctx, g := a.newGrant(ctx)
	defer g.hooks.Replay() // when the lock is free
	p, err := lockStore(ctx, store)
	if err != nil {
		return nil, opError(opKeep, err)
	}
	giveBack := sync.OnceValue(func() error { return release(p.lease) })
	defer func() { _ = giveBack() }() // also if a transport of the caller's panics
	t, err := a.exchangeUnder(ctx, g, p, accept, login, code)
	releaseErr := giveBack()
	switch {
	case err != nil:
		return nil, err
	case releaseErr != nil: // it was to commit only now
		return a.saveAgain(ctx, p, t)
	}
	tellSources(store, t)
	return t, nil
}

// exchangeUnder exchanges the code while the lease is held, and saves what came of it.
func (a App) exchangeUnder(ctx context.Context, g *newGrant, p *lockedStore, accept acceptance, login *Login, code string) (t *Token, err error) {
	proving, cancel := context.WithTimeout(ctx, proofTimeout)
	defer cancel()
	if err := p.prove(proving, a.placeholder()); err != nil {
		return nil, opError(opKeep, err)
	}
	defer func() {
		if t == nil { // also if something panicked
			p.clean(ctx)
		}
	}()
	defer g.abandon(ctx, a)
	if err := check(proving, p.lease); err != nil {
		return nil, opError(opKeep, err)
	}
	t, err = a.keepGrant(ctx, g, p, accept, login, code)
	g.settled = true
	return t, err
}

// keepGrant exchanges the code and saves the token, or revokes it.
func (a App) keepGrant(ctx context.Context, g *newGrant, p *lockedStore, accept acceptance, login *Login, code string) (*Token, error) {
	t, err := a.exchangeCode(ctx, g, login, code)
	if err != nil {
		return nil, err
	}
	if err := a.admit(ctx, accept, login, p.base, t); err != nil {
		return nil, err
	}
	g.store, g.token = p, t
	return a.saveOrRevoke(ctx, p, t)
}

// saveOrRevoke saves a token, or ends its grant.
func (a App) saveOrRevoke(ctx context.Context, p *lockedStore, t *Token) (*Token, error) {
	next, err := p.save(ctx, t)
	if err == nil {
		return next, nil
	}
	switch became, held := p.fate(ctx, next); became {
	case fateKept:
		return held, nil
	case fateUnknown:
		return nil, opError(opKeep, fmt.Errorf("%w: %w", errDoubtful, err))
	default:
		return nil, a.end(ctx, p, next, err)
	}
}

// saveAgain saves a token again that a store may have lost as it gave its lock back. Others
// have had the lock since: what they have put in its place stays.
func (a App) saveAgain(ctx context.Context, p *lockedStore, t *Token) (*Token, error) {
	became, held := p.fate(ctx, t)
	if became == fateLost || became == fateUnknown {
		waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
		defer cancel()
		lease, err := lock(waiting, p.store)
		switch {
		case err == nil:
			defer func() { _ = release(lease) }()
			p = &lockedStore{store: p.store, lease: lease, base: p.base, marked: p.marked}
		case became == fateUnknown:
			return nil, opError(opKeep, fmt.Errorf("%w: %w", errDoubtful, err))
		default:
			return nil, a.end(ctx, p, t, err)
		}
		became, held = p.fate(ctx, t) // now that nobody else has the lock
	}
	var err error
	switch became {
	case fateReplaced: // whoever did it has told the sources
		return t, nil
	case fateUnknown:
		return nil, opError(opKeep, fmt.Errorf("%w: %w", errDoubtful, ErrStoreUnavailable))
	case fateLost:
		held, err = a.saveOrRevoke(ctx, p, t)
	}
	if err == nil {
		tellSources(p.store, held)
	}
	return held, err
}

// end revokes the grant of a token that is not in its store, and says so. A store that
// takes the token after all is given the former one back.
func (a App) end(ctx context.Context, p *lockedStore, t *Token, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	if err := a.Revoke(ctx, t); err != nil {
		return opError(opKeep, fmt.Errorf("%w (%v): %w", errOrphaned, err, cause)) //nolint:errorlint // what Zoom said of the revocation is not what this error is
	}
	if _, held := p.fate(ctx, t); held != nil {
		_ = p.putBack(ctx, held)
	}
	return opError(opKeep, fmt.Errorf("%w: %w", errUnsaved, cause))
}

// placeholderText stands in place of a refresh token.
const placeholderText = "placeholder-of-zoomauth"

// placeholder is what an empty store is asked to hold while a code is exchanged, and what a
// token is replaced by before it is deleted. A process that is killed in that moment leaves
// it; it counts as nothing.
func (a App) placeholder() *Token {
	return &Token{ClientID: a.ClientID, Region: a.Region, refresh: hide(placeholderText)}
}

func (t *Token) isPlaceholder() bool { return t.refreshToken() == placeholderText }
