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
	revokeTimeout  = 30 * time.Second // of the end of a grant that could not be saved
)

var (
	// errUnsaved: the code was exchanged, the token could not be saved, and Zoom has ended
	// the grant again.
	errUnsaved = errors.New("the token could not be saved, and its grant was revoked at Zoom")
	// errOrphaned: as errUnsaved, but Zoom has not ended the grant.
	errOrphaned = errors.New("the token could not be saved, and its grant could not be revoked: " +
		"it lives on at Zoom until an admin removes the app in the Marketplace")
)

// connect ends a login and saves its token. A code can be used once, and a grant that
// nobody holds lives on at Zoom for 90 days. So the code is used only when nothing else can
// go wrong: under the lock of the store, which has just shown that it can be written. A
// refresh of another that is under way is waited for before that.
func (a App) connect(ctx context.Context, store TokenStore, login *Login, callback url.Values) (*Token, error) {
	code, err := a.takeCode(login, callback)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	lease, err := lock(waiting, store)
	if err != nil {
		return nil, opError(opKeep, err)
	}
	giveBack := sync.OnceValue(func() error { return release(lease) })
	defer func() { _ = giveBack() }() // also if a transport of the caller's panics
	t, err := a.exchangeUnder(ctx, lease, store, login, code)
	if releaseErr := giveBack(); err == nil && releaseErr != nil && !holds(ctx, store, t) {
		err = a.saveOrRevoke(ctx, store, t) // it was to commit only now
	}
	if err != nil {
		return nil, err
	}
	tellSources(store, t)
	return t, nil
}

// exchangeUnder exchanges the code while the lease is held, and saves what came of it.
func (a App) exchangeUnder(ctx context.Context, lease Lease, store TokenStore, login *Login, code string) (*Token, error) {
	proving, cancel := context.WithTimeout(ctx, proofTimeout)
	defer cancel()
	if err := prove(proving, store, a.placeholder()); err != nil {
		return nil, opError(opKeep, err)
	}
	if err := check(proving, lease); err != nil {
		return nil, opError(opKeep, err)
	}
	t, err := a.exchangeCode(ctx, login, code)
	if err != nil {
		return nil, err
	}
	return t, a.saveOrRevoke(ctx, store, t)
}

// saveOrRevoke saves a token, or ends its grant.
func (a App) saveOrRevoke(ctx context.Context, store TokenStore, t *Token) error {
	err := saveAnew(ctx, store, t)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	if revokeErr := a.Revoke(ctx, t); revokeErr != nil {
		return opError(opKeep, fmt.Errorf("%w (%v): %w", errOrphaned, revokeErr, err)) //nolint:errorlint // what Zoom said of the revocation is not what this error is
	}
	return opError(opKeep, fmt.Errorf("%w: %w", errUnsaved, err))
}

// saveAnew saves a token in place of whatever is stored, and tries for a while.
func saveAnew(ctx context.Context, store TokenStore, t *Token) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	generation := t.Generation
	for {
		if current, err := load(ctx, store); err == nil && !current.Same(t) {
			t.Generation = max(current.Generation+1, generation)
		}
		err := ask(func() error { return store.Save(ctx, t) })
		if err == nil || holds(ctx, store, t) {
			return nil
		}
		if wait(ctx, saveInterval) != nil {
			return err
		}
	}
}

// prove writes to the store without changing what it holds. Its lock is held.
func prove(ctx context.Context, store TokenStore, placeholder *Token) error {
	if files, ok := store.(*FileStore); ok {
		return files.prove(ctx)
	}
	current, err := load(ctx, store)
	switch {
	case errors.Is(err, ErrNoToken):
		if err := ask(func() error { return store.Save(ctx, placeholder) }); err != nil {
			return err
		}
		return ask(func() error { return store.Delete(ctx) })
	case errors.Is(err, ErrStoreCorrupt):
		return nil // the new token will mend it; to try would be to overwrite it
	case err != nil:
		return err
	}
	if s, ok := store.(Swapper); ok { // which does not put an old token over a newer one
		err := ask(func() error { return s.Swap(ctx, current, current) })
		if errors.Is(err, ErrStoreChanged) {
			return nil
		}
		return err
	}
	return ask(func() error { return store.Save(ctx, current) })
}

// placeholderText stands in place of a refresh token.
const placeholderText = "placeholder-of-zoomauth"

// placeholder is what an empty store is asked to hold for a moment. A process that is
// killed in that moment leaves it; it counts as nothing.
func (a App) placeholder() *Token {
	return &Token{ClientID: a.ClientID, Region: a.Region, refresh: hide(placeholderText)}
}

func (t *Token) isPlaceholder() bool { return t.refreshToken() == placeholderText }
