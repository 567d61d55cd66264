package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

// A TokenStore keeps the token of one installation: one app at one account. It is
// safe for concurrent use. Its errors are [ErrStore]s; any other is taken for
// [ErrStoreUnavailable].
//
// A store that several processes share must implement [Locker] as well, so that one
// of them refreshes and the others wait: two that use one refresh token at once lose
// the account. With [Swapper] nothing newer is ever overwritten, also by a process
// that was stopped while it held the lock.
type TokenStore interface {
	// Load returns what is stored, or ErrNoToken.
	Load(ctx context.Context) (*Token, error)
	// Save replaces what is stored. When it returns nil the token survives a crash.
	Save(ctx context.Context, t *Token) error
	// Delete empties the store. An empty one is no error.
	Delete(ctx context.Context) error
}

// A Locker is a store that lets one process at a time refresh.
type Locker interface {
	// Lock waits for the lock. Without it nothing is refreshed.
	Lock(ctx context.Context) (Lease, error)
}

// A Lease is a lock that is held.
type Lease interface {
	// Check is asked right before a refresh token is sent: nil if the lock is held
	// for a minute more.
	Check(ctx context.Context) error
	Release() error
}

// A Swapper is a store that compares before it replaces.
type Swapper interface {
	// Swap replaces old, nil for an empty store, by next. If the store holds
	// anything else it is ErrStoreChanged and nothing is written.
	Swap(ctx context.Context, old, next *Token) error
}

// swap replaces old by next as safely as the store can. ErrStoreChanged means that it
// holds another state than old; a mark of doubt alone makes none.
func swap(ctx context.Context, store TokenStore, old, next *Token) error {
	s, swaps := store.(Swapper)
	if swaps {
		err := ask(func() error { return s.Swap(ctx, old, next) })
		if !errors.Is(err, ErrStoreChanged) {
			return err
		}
	}
	current, err := load(ctx, store)
	switch {
	case err != nil && !errors.Is(err, ErrNoToken):
		return err
	case !current.Same(old):
		return ErrStoreChanged
	case !swaps:
		return ask(func() error { return store.Save(ctx, next) })
	}
	err = ask(func() error { return s.Swap(ctx, current, next) })
	if errors.Is(err, ErrStoreChanged) { // just now, or it is wrong: the next try will show
		err = fmt.Errorf("%w: it does not replace what it holds", ErrStoreUnavailable)
	}
	return err
}

func load(ctx context.Context, store TokenStore) (t *Token, err error) {
	empty := false
	err = ask(func() (err error) {
		if t, err = store.Load(ctx); errors.Is(err, ErrNoToken) {
			empty, err = true, nil
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case empty || t == nil:
		return nil, ErrNoToken
	default:
		return t, nil
	}
}

// lock waits for the lock of a store while ctx lasts. The store is given a context that
// lives on until the lease is released: a database ends a transaction with the context
// that began it.
func lock(ctx context.Context, store TokenStore) (Lease, error) {
	l, ok := store.(Locker)
	if !ok {
		return noLease{}, nil
	}
	alive, end := context.WithCancel(context.WithoutCancel(ctx))
	unlink := context.AfterFunc(ctx, end)
	var lease Lease
	defer func() {
		if lease == nil {
			end()
		}
	}()
	err := ask(func() (err error) {
		lease, err = l.Lock(alive)
		return err
	})
	waited := unlink()
	switch {
	case err == nil && lease == nil:
		return nil, ErrStoreUnavailable
	case err == nil && waited:
		return heldLease{lease, end}, nil
	case err == nil: // too late to be used
		_ = release(heldLease{lease, end})
	}
	lease = nil
	if !waited {
		return nil, fmt.Errorf("%w: the lock is held: %w", ErrStoreUnavailable, ctx.Err())
	}
	return nil, err
}

// heldLease ends the context of the lock with the lease.
type heldLease struct {
	Lease
	end context.CancelFunc
}

func (l heldLease) Release() error {
	defer l.end()
	return l.Lease.Release()
}

// ask calls a store. Its panic must not take a token along that waits to be saved.
func ask(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: it panicked", ErrStore)
		}
	}()
	return storeError(call())
}

func check(ctx context.Context, lease Lease) error {
	return ask(func() error { return lease.Check(ctx) })
}

// release reports that the lock could not be given back. A store that commits only then
// may have lost what it had taken: read it again.
func release(lease Lease) error { return ask(lease.Release) }

type noLease struct{}

func (noLease) Check(context.Context) error { return nil }
func (noLease) Release() error              { return nil }

// storeError makes an ErrStore of any error of a store, whose text may say anything.
// ErrNoToken is for Load alone to say: from elsewhere it is a failure, and no reason to
// ask for a person.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrStore):
		return redact.Cause(err)
	default:
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, redact.Cause(err))
	}
}

// Keep saves a token that a person has just authorised, in place of whatever is
// stored, once no refresh of the former one is under way. [Handler] does it by
// itself.
func Keep(ctx context.Context, store TokenStore, t *Token) error {
	if ctx == nil || store == nil || t == nil {
		return invalid("auth.keep", errors.New("context, store, token: is nil"))
	}
	lease, err := lock(ctx, store)
	if err != nil {
		return opError("auth.keep", err)
	}
	next := *t
	if current, err := load(ctx, store); err == nil {
		next.Generation = max(current.Generation+1, t.Generation)
	}
	err = ask(func() error { return store.Save(ctx, &next) })
	if releaseErr := release(lease); err == nil && releaseErr != nil && !holds(ctx, store, &next) {
		err = releaseErr
	}
	return opError("auth.keep", err)
}

// holds reports that a store holds a token.
func holds(ctx context.Context, store TokenStore, t *Token) bool {
	current, err := load(ctx, store)
	return err == nil && current.Same(t)
}

func opError(op string, err error) error {
	if err == nil {
		return nil
	}
	return &zoom.Error{Op: op, Err: err}
}

// A MemoryStore keeps a token as long as the process lives. The zero value is empty
// and ready.
type MemoryStore struct {
	redactor

	mu     sync.Mutex
	token  *Token
	leases chan struct{} // holds one element while the lock is held
}

// Load returns the token.
func (m *MemoryStore) Load(context.Context) (*Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.token == nil {
		return nil, ErrNoToken
	}
	return m.token, nil
}

// Save replaces the token.
func (m *MemoryStore) Save(_ context.Context, t *Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.token = t
	return nil
}

// Delete empties the store.
func (m *MemoryStore) Delete(ctx context.Context) error { return m.Save(ctx, nil) }

// Swap replaces old by next.
func (m *MemoryStore) Swap(_ context.Context, old, next *Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.token.Same(old) {
		return ErrStoreChanged
	}
	m.token = next
	return nil
}

// Lock waits until no other source refreshes.
func (m *MemoryStore) Lock(ctx context.Context) (Lease, error) {
	m.mu.Lock()
	if m.leases == nil {
		m.leases = make(chan struct{}, 1)
	}
	leases := m.leases
	m.mu.Unlock()
	select {
	case leases <- struct{}{}:
		return memoryLease(sync.OnceFunc(func() { <-leases })), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrStoreUnavailable, ctx.Err())
	}
}

type memoryLease func()

func (memoryLease) Check(context.Context) error { return nil }

func (l memoryLease) Release() error {
	l()
	return nil
}
