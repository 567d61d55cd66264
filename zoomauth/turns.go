package zoomauth

import (
	"context"
	"fmt"
	"reflect"
	"sync"
)

// A store that is no [Locker] still serves many sources and logins of one process, which
// know nothing of each other. Their turns stand here for the whole process.
var processTurns turns

// turns are locks within a process, each known by a value. One that nobody uses costs
// nothing.
type turns struct {
	mu    sync.Mutex
	taken map[any]*turn
}

type turn struct {
	busy  chan struct{} // holds one element while it is taken
	users int           // that have it or wait for it; guarded by the lock of turns
}

// loginTurn is the turn of the logins whose tokens go to one place of a handler.
type loginTurn struct {
	handler *Handler
	region  Region
	session string
}

// lockHere waits for the turn of a store that is no Locker: among those of this process
// that use an equal value. One that cannot be compared has none.
func lockHere(ctx context.Context, store TokenStore) (Lease, error) {
	if !reflect.ValueOf(store).Comparable() {
		return noLease{}, nil
	}
	return processTurns.take(ctx, store)
}

// take waits until the turn is free and takes it.
func (t *turns) take(ctx context.Context, key any) (Lease, error) {
	t.mu.Lock()
	one := t.taken[key]
	if one == nil {
		one = &turn{busy: make(chan struct{}, 1)}
		if t.taken == nil {
			t.taken = map[any]*turn{}
		}
		t.taken[key] = one
	}
	one.users++
	t.mu.Unlock()
	select {
	case one.busy <- struct{}{}: // also if ctx has ended: nothing was waited for
		return t.lease(key, one), nil
	default:
	}
	select {
	case one.busy <- struct{}{}:
		return t.lease(key, one), nil
	case <-ctx.Done():
		t.leave(key, one)
		return nil, fmt.Errorf("%w: the lock is held: %w", ErrStoreUnavailable, ctx.Err())
	}
}

func (t *turns) lease(key any, one *turn) Lease {
	return memoryLease(sync.OnceFunc(func() {
		<-one.busy
		t.leave(key, one)
	}))
}

// leave removes the turn with its last user.
func (t *turns) leave(key any, one *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(t.taken, key)
	}
}

type noLease struct{}

func (noLease) Check(context.Context) error { return nil }
func (noLease) Release() error              { return nil }
