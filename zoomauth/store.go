package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

// A TokenStore keeps the token of one installation: one app at one account. Package
// storetest proves one that you wrote; contrib/zoompg is one for PostgreSQL.
//
// Several values, in one process or in many, may stand for the same store: its handles.
// A store that more than one process uses must be a [Locker] as well, so that one of them
// refreshes and the others wait: two that use one refresh token at once lose the account.
// If it is a [Swapper] too, nothing newer is overwritten, not even by a process that was
// stopped while it held the lock.
//
// A store that is no Locker serves one process. There sources, [Handler], [Keep] and
// [Forget] take turns if their stores are equal by ==: pass one pointer, or a struct that
// names the account. Pointers that differ, or structs that cannot be compared, take no
// turns; only the callbacks of one Handler do, by region and session.
//
// The rules:
//
//   - A store is safe for concurrent use.
//   - Load returns what the last Save, Swap or Delete left that returned nil, whichever
//     handle it was called on. A cache, or a replica that lags, breaks this: a refresh
//     token that was used up is sent again, and a person is asked for in vain.
//   - When Save, Swap or Delete returns nil, the change is durable and all handles see it.
//     It does not wait for a commit when the lock is released. After an error the store
//     holds the former state or the new one, never a part.
//   - No method but Lock waits for the lock. Its holder calls Load, Save, Swap and Delete
//     on the store itself, and others call Load meanwhile. A row that is locked by SELECT …
//     FOR UPDATE breaks this: Save would wait for the lock of its own caller.
//   - A method returns soon after its context ends.
//   - Only Load of an empty store returns [ErrNoToken], and only Swap returns
//     [ErrStoreChanged]. Bytes that [DecodeToken] refuses are [ErrStoreCorrupt] and stay. Any
//     other error is taken for [ErrStoreUnavailable], and its text is not shown unread.
//   - A store never changes a token that it was given or that it returned.
//
// An empty store is asked to hold a placeholder while [Handler] exchanges a code, and a
// token is replaced by one before it is deleted. It holds no secret, and counts as nothing
// here: [DecodeToken] takes it for [ErrNoToken]. A Load that does not decode shows it, with
// an empty access token. A Swapper that decodes may keep it in place of no token.
type TokenStore interface {
	// Load returns what is stored, or ErrNoToken.
	Load(ctx context.Context) (*Token, error)
	// Save replaces what is stored, whatever it is.
	Save(ctx context.Context, t *Token) error
	// Delete empties the store. An empty one is no error. The lock stays as it is.
	Delete(ctx context.Context) error
}

// A Locker is a store that lets one process at a time refresh.
type Locker interface {
	// Lock waits until no handle holds the lock, this one included, and takes it. An
	// empty store has a lock like any other.
	//
	// ctx limits the wait and nothing else: the lease does not end with it. A Lock that
	// returns an error leaves no lock behind.
	//
	// The lock of a process that died must become free. Either the system frees it, as it
	// frees a lock on a file, or the lease has an end that is stored with it. A lease
	// need not hold a connection, and should not: Zoom may take half a minute to answer.
	Lock(ctx context.Context) (Lease, error)
}

// A Lease is a lock that is held.
type Lease interface {
	// Check is called right before a refresh token is sent. Nil means that the lock is
	// still held and stays so for a minute more: a lease with an end is prolonged here.
	// With any error nothing is sent.
	Check(ctx context.Context) error
	// Release gives the lock back. It is called once, also after the lock was lost, and
	// must not take it from the next holder. It has no context and ends by itself within
	// seconds. Its error is reported to [SourceOptions], and the store is read again.
	Release() error
}

// A Swapper is a store that compares before it replaces.
type Swapper interface {
	// Swap replaces old by next, in one step, if the store holds a token that is
	// [Token.Same] as old; nil means that it is empty. Otherwise it returns
	// ErrStoreChanged and writes nothing.
	//
	// The generation alone does not tell two states apart: every authorisation begins
	// at the same one. A store that compares in a column uses [Token.State]. A store may
	// also refuse an old that differs in a mark, such as Suspect; the caller then reads and
	// tries again.
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
	held, err := loadAny(ctx, store)
	current := held
	if held.isPlaceholder() {
		current = nil
	}
	if errors.Is(err, ErrNoToken) && swaps { // it may hold a placeholder, which DecodeToken does not show
		held = &Token{refresh: hide(placeholderText)}
	}
	switch {
	case err != nil && !errors.Is(err, ErrNoToken):
		return err
	case !current.Same(old):
		return ErrStoreChanged
	case !swaps:
		return ask(func() error { return store.Save(ctx, next) })
	}
	err = ask(func() error { return s.Swap(ctx, held, next) })
	if errors.Is(err, ErrStoreChanged) { // just now, or it is wrong: the next try will show
		err = fmt.Errorf("%w: it does not replace what it holds", ErrStoreUnavailable)
	}
	return err
}

// load reads a store. A placeholder is no token.
func load(ctx context.Context, store TokenStore) (*Token, error) {
	t, err := loadAny(ctx, store)
	if err == nil && t.isPlaceholder() {
		return nil, ErrNoToken
	}
	return t, err
}

func loadAny(ctx context.Context, store TokenStore) (t *Token, err error) {
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

// lock waits for the lock of a store while ctx lasts. One without a lock has a turn in this
// process. The store is given a context that
// lives on until the lease is released: a database ends a transaction with the context
// that began it.
func lock(ctx context.Context, store TokenStore) (Lease, error) {
	l, ok := store.(Locker)
	if !ok {
		return lockHere(ctx, store)
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
// stored, once no refresh of the former one is under way. [Handler] does it by itself. If
// it fails, the grant is alive at Zoom: call it again, or end the grant by [App.Revoke].
func Keep(ctx context.Context, store TokenStore, t *Token) error {
	if ctx == nil || store == nil || t == nil {
		return invalid(opKeep, errors.New("context, store, token: is nil"))
	}
	p, err := lockStore(ctx, store)
	if err != nil {
		return opError(opKeep, err)
	}
	saving, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	p.base, _ = load(saving, store) // without it the save says what is wrong
	next, err := p.put(saving, t)
	if releaseErr := release(p.lease); err == nil && releaseErr != nil {
		switch became, _ := p.fate(ctx, next); became {
		case fateReplaced:
			return nil
		case fateLost, fateUnknown:
			err = releaseErr
		}
	}
	if err == nil {
		tellSources(store, next)
	}
	return opError(opKeep, err)
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
	watchers

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
