package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	saveInterval    = time.Second      // between two tries to save
	prolongInterval = 10 * time.Second // of a kept lease, which is good for a minute
	saveTimeout     = 10 * time.Second // of the first try
	longSaveTimeout = 40 * time.Second // of a later one, which doubles up to this
	lastSaveTimeout = 20 * time.Second // of that of Close
	turnTimeout     = 2 * time.Minute  // of the wait for a call of the store that does not end
)

// grantStore is a store as one source sees it. What the source knows beyond the store
// stands here: a token that could not be saved yet, and a refresh token that is dead.
type grantStore struct {
	store TokenStore
	turn  chan struct{} // holds one element while something of this source works on the store

	mu      sync.Mutex
	unsaved *unsaved     // newer than what is stored; nil: nothing
	written *unsaved     // what was saved under the lock that is held
	kept    *sharedLease // while the stored refresh token is a spent one; nil: none
	over    bool         // the source is closed: no lease is kept any more
	dead    secret       // the refresh token that Zoom refused or replaced: it is not sent again
}

// unsaved is a token that is not in the store yet, and what the store holds instead: base,
// or a former token of this source whose save failed and may have written it all the same.
type unsaved struct {
	base, token *Token
	former      []*Token
}

// precedes reports whether t is what the unsaved token is to replace.
func (u *unsaved) precedes(t *Token) bool {
	return t.Same(u.base) || slices.ContainsFunc(u.former, t.Same)
}

// spends reports whether the refresh token in the store was used up for this one.
func (u *unsaved) spends() bool {
	return u.base.refreshToken() != "" && (u.base.refreshToken() != u.token.refreshToken() || u.token.Refused)
}

func newGrantStore(store TokenStore) *grantStore {
	return &grantStore{store: store, turn: make(chan struct{}, 1)}
}

// enter waits until nothing else of this source works on the store, which may be one
// without a lock.
func (g *grantStore) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, ctx.Err())
	}
}

// leave ends what enter began. A lease is kept for what is not saved yet, and no longer.
func (g *grantStore) leave() {
	if g.pending() == nil {
		g.giveUp()
	}
	<-g.turn
}

// lock takes the lock of the store, which this source may hold already. A kept lease that
// cannot be checked is not given back for that: its end is not known, and the next source
// would send a spent refresh token. One that is checked too slowly may be alive.
func (g *grantStore) lock(ctx context.Context) (Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	kept := g.keptLease()
	if kept == nil {
		return g.lockAnew(ctx)
	}
	if err := g.prolong(ctx, kept); err != nil {
		return nil, err
	}
	return kept, nil
}

// lockToSave takes the lock to save what is not saved yet. A Swapper needs none beside the
// kept lease, whatever became of that. With another store the lock is waited for, which
// comes when the kept lease has ended by itself.
func (g *grantStore) lockToSave(ctx context.Context) (Lease, error) {
	kept := g.keptLease()
	if kept == nil {
		return g.lockAnew(ctx)
	}
	if _, swaps := g.store.(Swapper); swaps || g.prolong(ctx, kept) == nil {
		return kept, nil
	}
	lease, err := g.lockAnew(ctx)
	if err == nil {
		g.giveUp()
	}
	return lease, err
}

func (g *grantStore) lockAnew(ctx context.Context) (Lease, error) {
	lease, err := lock(ctx, g.store)
	if err != nil {
		return nil, err
	}
	return &sharedLease{Lease: lease, turn: make(chan struct{}, 1)}, nil
}

// prolong checks a lease. That it could not be checked in time is no error.
func (g *grantStore) prolong(ctx context.Context, lease Lease) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if err := check(ctx, lease); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// prolongKept prolongs the kept lease, if there is one, whatever holds the turn.
func (g *grantStore) prolongKept(ctx context.Context) error {
	if kept := g.keptLease(); kept != nil {
		return g.prolong(ctx, kept)
	}
	return nil
}

func (g *grantStore) keptLease() *sharedLease {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept
}

// keep keeps the lease if the store holds a refresh token that was used up: another
// source would read it there and send it.
func (g *grantStore) keep(lease Lease) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	shared, ok := lease.(*sharedLease)
	if !ok || g.over || g.unsaved == nil || !g.unsaved.spends() {
		return false
	}
	g.kept = shared
	return true
}

// giveUp gives a kept lease back, whatever the store holds.
func (g *grantStore) giveUp() {
	if kept := g.keptLease(); kept != nil {
		_ = g.giveBack(kept)
	}
}

// end gives a kept lease back and keeps none from now on.
func (g *grantStore) end() {
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	g.giveUp()
}

// giveBack gives a lease back, which is the kept one no more.
func (g *grantStore) giveBack(lease Lease) error {
	g.mu.Lock()
	if g.kept != nil && lease == g.kept {
		g.kept = nil
	}
	g.mu.Unlock()
	return release(lease)
}

// sharedLease is a lease that one goroutine uses while another one prolongs it. A lease
// of a store may be called by one at a time.
type sharedLease struct {
	Lease
	turn chan struct{} // holds one element during a call
	over bool          // it was given back; guarded by turn
}

func (l *sharedLease) Check(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.turn }()
	if l.over {
		return fmt.Errorf("%w: the lease was given back", ErrStoreUnavailable)
	}
	return l.Lease.Check(ctx)
}

func (l *sharedLease) Release() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	l.over = true
	return l.Lease.Release()
}

// release gives the lock back. If that fails the store is read again: a token that it
// does not hold, because it was to commit only now, is to be saved again.
func (g *grantStore) release(ctx context.Context, lease Lease) error {
	err := g.giveBack(lease)
	g.mu.Lock()
	u := g.written
	g.written = nil
	g.mu.Unlock()
	if err == nil || u == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if holds(ctx, g.store, u.token) {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.unsaved == nil {
		g.unsaved = u
	}
	return err
}

// load reads the store. What could not be saved yet is newer than what is stored,
// unless that was replaced meanwhile.
func (g *grantStore) load(ctx context.Context) (*Token, error) {
	t, err := load(ctx, g.store)
	g.mu.Lock()
	defer g.mu.Unlock()
	if u := g.unsaved; u != nil {
		if failed := err != nil && !errors.Is(err, ErrNoToken); failed || u.precedes(t) {
			return u.token, nil
		}
		g.unsaved = nil
	}
	return t, err
}

// save replaces base by t. Until that is done t is kept here. ErrStoreChanged means that
// another token has taken the place of base; t is dropped for it.
func (g *grantStore) save(ctx context.Context, base, t *Token) error {
	g.mu.Lock()
	u := &unsaved{base: base, token: t}
	if last := g.unsaved; last != nil {
		u.base, u.former = last.base, append(slices.Clip(last.former), last.token)
	}
	g.unsaved = u
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	return g.try(ctx, u)
}

// try saves a token.
func (g *grantStore) try(ctx context.Context, u *unsaved) error {
	err := swap(ctx, g.store, u.base, u.token)
	if errors.Is(err, ErrStoreChanged) && len(u.former) > 0 {
		err = g.tryAfterFormer(ctx, u)
	}
	if err == nil || errors.Is(err, ErrStoreChanged) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.unsaved == u {
			g.unsaved = nil
		}
		if err == nil {
			g.written = u
		}
	}
	return err
}

// tryAfterFormer saves a token in place of a former one, if the store holds that: a save
// that failed has written it.
func (g *grantStore) tryAfterFormer(ctx context.Context, u *unsaved) error {
	held, err := load(ctx, g.store)
	switch {
	case errors.Is(err, ErrNoToken):
		return ErrStoreChanged
	case err != nil:
		return err
	case held.Same(u.token):
		return nil
	case !u.precedes(held):
		return ErrStoreChanged
	}
	return swap(ctx, g.store, held, u.token)
}

// mark writes a mark of cur, which is what the store holds.
func (g *grantStore) mark(ctx context.Context, cur *Token, set func(*Token)) error {
	marked := *cur
	set(&marked)
	g.mu.Lock()
	u := g.unsaved
	if u != nil { // is saved with what is saved later
		g.unsaved = &unsaved{base: u.base, token: &marked, former: u.former}
	}
	g.mu.Unlock()
	if u != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	return swap(ctx, g.store, cur, &marked)
}

// pending returns what is not saved yet.
func (g *grantStore) pending() *unsaved {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unsaved
}

// forget drops what is not saved yet.
func (g *grantStore) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unsaved = nil
}

// bury notes a refresh token that Zoom refused or replaced.
func (g *grantStore) bury(t *Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = t.refresh
}

// isDead reports whether Zoom has refused or replaced the refresh token, here or, as far as
// the store tells, elsewhere.
func (g *grantStore) isDead(t *Token) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return t.Refused || g.dead != nil && g.dead() == t.refreshToken()
}
