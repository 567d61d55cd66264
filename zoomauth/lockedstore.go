package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatkit/zoom/internal/pace"
)

const (
	lookTimeout = 5 * time.Second // of one look whether a store holds a token
	lookTries   = 3
)

// A lockedStore is a store whose lock is held, as far as its lease tells,
// and what it was seen to hold. A process may be stopped for longer than the lease lasts,
// and another one have put a newer token there. So nothing is written that is not compared
// by the store itself, or after a check of the lease.
type lockedStore struct {
	store TokenStore
	lease Lease
	base  *Token // nil: nothing

	marked bool // an empty store was given a placeholder
}

// lockStore waits for the lock of a store. ctx may have no end.
func lockStore(ctx context.Context, store TokenStore) (*lockedStore, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	lease, err := lock(ctx, store)
	if err != nil {
		return nil, err
	}
	return &lockedStore{store: store, lease: lease}, nil
}

// checked reports whether the lock is still held. An answer that comes late is not believed:
// the process may have been stopped meanwhile.
func (p *lockedStore) checked(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := check(ctx, p.lease)
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: the lease was checked too slowly", ErrStoreUnavailable)
	}
	return err
}

// prove shows that the store can be written, and notes what it holds. What it holds is not
// changed, but an empty store is given a placeholder, which the token replaces.
func (p *lockedStore) prove(ctx context.Context, placeholder *Token) (err error) {
	p.base, err = load(ctx, p.store)
	if files, ok := p.store.(*FileStore); ok {
		return files.prove(ctx)
	}
	p.marked = errors.Is(err, ErrNoToken)
	s, swaps := p.store.(Swapper)
	_, locks := p.store.(Locker)
	switch isEmpty := p.marked; {
	case errors.Is(err, ErrStoreCorrupt):
		return nil // the new token will mend it; to try would be to overwrite it
	case err != nil && !isEmpty:
		return err
	case isEmpty && swaps:
		return swap(ctx, p.store, nil, placeholder)
	case isEmpty:
		return p.saveChecked(ctx, placeholder)
	case swaps: // which does not put an old token over a newer one
		err := ask(func() error { return s.Swap(ctx, p.base, p.base) })
		if errors.Is(err, ErrStoreChanged) {
			return nil
		}
		return err
	case locks:
		return p.saveChecked(ctx, p.base)
	default: // a source of this process may just save the next one
		return nil
	}
}

// clean removes the placeholder again.
func (p *lockedStore) clean(ctx context.Context) {
	if !p.marked {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofTimeout)
	defer cancel()
	_, _ = p.clear(ctx)
}

// save puts a token in its place, and tries for a while. It returns what it tried to save.
func (p *lockedStore) save(ctx context.Context, t *Token) (*Token, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	for {
		next, err := p.put(ctx, t)
		if err == nil || pace.Pause(ctx, saveInterval) != nil {
			return next, err
		}
	}
}

// put puts a token in its place. Who still holds the lock may replace whatever stands
// there. Who may have lost it replaces nothing but what was seen.
func (p *lockedStore) put(ctx context.Context, t *Token) (*Token, error) {
	_, swaps := p.store.(Swapper)
	if swaps {
		next := p.after(t)
		err := swap(ctx, p.store, p.base, next)
		if !errors.Is(err, ErrStoreChanged) && !errors.Is(err, ErrStoreCorrupt) {
			return next, err
		}
	}
	current, err := load(ctx, p.store)
	checkErr := p.checked(ctx)
	switch {
	case current.isFrom(p.after(t)):
		return current, nil // it was taken although it failed
	case checkErr != nil && swaps && err == nil:
		return p.after(t), ErrStoreChanged
	case checkErr != nil:
		return p.after(t), checkErr
	case swaps && err != nil && !errors.Is(err, ErrNoToken) && !errors.Is(err, ErrStoreCorrupt):
		return p.after(t), err
	case err == nil || errors.Is(err, ErrNoToken):
		p.base = current
	}
	next := p.after(t)
	if swaps && !errors.Is(err, ErrStoreCorrupt) {
		return next, swap(ctx, p.store, p.base, next)
	}
	return next, ask(func() error { return p.store.Save(ctx, next) })
}

// after counts the generation on.
func (p *lockedStore) after(t *Token) *Token {
	next := *t
	if p.base != nil {
		next.Generation = max(p.base.Generation+1, t.Generation)
	}
	return &next
}

func (p *lockedStore) saveChecked(ctx context.Context, t *Token) error {
	if err := p.checked(ctx); err != nil {
		return err
	}
	return ask(func() error { return p.store.Save(ctx, t) })
}

// remove empties the store if it holds t, or what t was refreshed to, and reports whether
// it did. What a person has authorised meanwhile stays.
func (p *lockedStore) remove(ctx context.Context, t *Token) (bool, error) {
	s, swaps := p.store.(Swapper)
	for range mostRounds {
		current, err := load(ctx, p.store)
		switch {
		case errors.Is(err, ErrNoToken):
			return p.clear(ctx)
		case err != nil:
			return false, err
		case !current.isOf(t):
			return false, nil
		case !swaps:
			return p.delete(ctx)
		}
		mark := &Token{ClientID: t.ClientID, Region: t.Region, refresh: hide(placeholderText)}
		switch err := ask(func() error { return s.Swap(ctx, current, mark) }); {
		case err == nil:
			return p.clear(ctx)
		case !errors.Is(err, ErrStoreChanged):
			return p.delete(ctx)
		}
	}
	return false, ErrStoreChanged
}

// clear deletes a placeholder. A store that compares and does not show it may keep it: a
// token that another process puts in its place must not be deleted.
func (p *lockedStore) clear(ctx context.Context) (bool, error) {
	held, err := loadAny(ctx, p.store)
	_, swaps := p.store.(Swapper)
	switch isEmpty := errors.Is(err, ErrNoToken); {
	case err != nil && !isEmpty:
		return false, err
	case isEmpty && (swaps || !p.marked):
		return true, nil
	case !isEmpty && !held.isPlaceholder():
		return false, nil // somebody has authorised again
	}
	return p.delete(ctx)
}

// delete is called for what was just read.
func (p *lockedStore) delete(ctx context.Context) (bool, error) {
	if err := p.checked(ctx); err != nil {
		return false, err
	}
	err := ask(func() error { return p.store.Delete(ctx) })
	return err == nil, err
}

// putBack puts what stood there in the place of a token that is dead.
func (p *lockedStore) putBack(ctx context.Context, t *Token) error {
	_, swaps := p.store.(Swapper)
	switch {
	case p.base == nil:
		_, err := p.remove(ctx, t)
		return err
	case swaps:
		return swap(ctx, p.store, t, p.base)
	default:
		return p.saveChecked(ctx, p.base)
	}
}

// A fate is what became of a token that a store took, or may have taken.
type fate int

const (
	fateUnknown  fate = iota
	fateLost          // the store holds what it held before, or nothing
	fateKept          // it holds the token, or what that was refreshed to
	fateReplaced      // somebody has authorised since
)

// fate looks what became of a token and returns what the store holds of it. It has time of
// its own, for what calls it may have used up its time on a store that hangs.
func (p *lockedStore) fate(ctx context.Context, t *Token) (fate, *Token) {
	ctx = context.WithoutCancel(ctx)
	for range lookTries {
		looking, cancel := context.WithTimeout(ctx, lookTimeout)
		current, err := load(looking, p.store)
		cancel()
		switch {
		case errors.Is(err, ErrNoToken), errors.Is(err, ErrStoreCorrupt):
			return fateLost, nil
		case err != nil:
			_ = pace.Pause(ctx, saveInterval)
		case current.isFrom(t):
			return fateKept, current
		case p.base != nil && current.isOf(p.base):
			return fateLost, nil
		default:
			return fateReplaced, nil
		}
	}
	return fateUnknown, nil
}

// isGone reports whether a store, which said that it has removed a token, is known to hold
// neither the token nor what was put in its place to be deleted.
func isGone(ctx context.Context, store TokenStore, t *Token) bool {
	ctx = context.WithoutCancel(ctx)
	for range lookTries {
		looking, cancel := context.WithTimeout(ctx, lookTimeout)
		held, err := loadAny(looking, store)
		cancel()
		switch {
		case errors.Is(err, ErrNoToken):
			return true
		case err == nil:
			return !held.isPlaceholder() && !held.isGrant(t)
		}
		_ = pace.Pause(ctx, saveInterval)
	}
	return false
}

// isGrant reports whether two tokens are one answer of Zoom's.
func (t *Token) isGrant(other *Token) bool {
	return t != nil && t.accessToken() == other.accessToken() && t.refreshToken() == other.refreshToken()
}

// isFrom reports whether a token is another one, or what that was refreshed to.
func (t *Token) isFrom(other *Token) bool {
	return t.isGrant(other) || t != nil && t.ClientID == other.ClientID && t.Generation > other.Generation &&
		t.Authorized.Equal(other.Authorized) && !t.Authorized.IsZero()
}

// isOf reports whether a token is of the same authorisation as another.
func (t *Token) isOf(other *Token) bool {
	return t.Same(other) || t.ClientID == other.ClientID && t.Authorized.Equal(other.Authorized)
}
