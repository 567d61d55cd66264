package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

// call calls a store with a context of its own and fails the test if it takes too long.
func call(t tb, what string, do func(ctx context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	timer := time.NewTimer(patience + time.Second)
	defer timer.Stop()
	select {
	case err := <-done:
		if ctx.Err() != nil {
			t.Fatalf("%s waited until its context ended, after %v: %v", what, patience, err)
		}
		return err
	case <-timer.C:
		t.Fatalf("%s did not return, a second after its context ended", what)
		return nil
	}
}

// handle is a store in the hands of a check.
type handle struct {
	tb
	store zoomauth.TokenStore
	took  *atomic.Int64 // the longest that a free lock took, in nanoseconds
}

// opened returns n handles on the store, which is empty.
func opened(t tb, open tokenOpener, n int) []handle {
	t.Helper()
	var all []handle
	took := new(atomic.Int64)
	for range n {
		store := open()
		if store == nil {
			t.Fatalf("open returned nil")
		}
		all = append(all, handle{t, store, took})
	}
	all[0].delete()
	return all
}

func (h handle) load() (token *zoomauth.Token, err error) {
	h.Helper()
	err = call(h, "Load", func(ctx context.Context) (err error) {
		token, err = h.store.Load(ctx)
		return err
	})
	if err == nil && token == nil {
		h.Fatalf("Load returned neither a token nor an error")
	}
	return token, err
}

// wants fails the test if the store does not hold a token; nil means that it is empty.
func (h handle) wants(token *zoomauth.Token, when string) {
	h.Helper()
	got, err := h.load()
	switch {
	case token == nil && !errors.Is(err, zoomauth.ErrNoToken):
		h.Fatalf("%s: Load returned %s, want ErrNoToken", when, result(got, err))
	case token == nil:
	case err != nil:
		h.Fatalf("%s: Load failed: %.200v", when, err)
	case !got.Same(token):
		h.Fatalf("%s: Load returned another token than the one that was stored last: %s, want %s", when, describe(got), describe(token))
	}
}

func (h handle) save(token *zoomauth.Token) {
	h.Helper()
	if err := call(h, "Save", func(ctx context.Context) error { return h.store.Save(ctx, token) }); err != nil {
		h.Fatalf("Save failed: %v", err)
	}
}

func (h handle) delete() {
	h.Helper()
	if err := call(h, "Delete", h.store.Delete); err != nil {
		h.Fatalf("Delete failed: %v", err)
	}
}

func (h handle) swap(old, next *zoomauth.Token) error {
	h.Helper()
	return call(h, "Swap", func(ctx context.Context) error {
		return h.store.(zoomauth.Swapper).Swap(ctx, old, next)
	})
}

// replaces fails the test if Swap does not replace old.
func (h handle) replaces(old, next *zoomauth.Token, when string) {
	h.Helper()
	if err := h.swap(old, next); err != nil {
		h.Fatalf("%s: Swap failed: %v", when, err)
	}
	h.wants(next, when+", after Swap")
}

// keeps fails the test if Swap replaces what the store holds, which is not old.
func (h handle) keeps(held, old, next *zoomauth.Token, when string) {
	h.Helper()
	if err := h.swap(old, next); !errors.Is(err, zoomauth.ErrStoreChanged) {
		h.Fatalf("%s: Swap returned %v, want ErrStoreChanged", when, err)
	}
	h.wants(held, when+", after ErrStoreChanged")
}

// held is a lease that is released once.
type held struct {
	zoomauth.Lease
	end      context.CancelFunc // of the context of Lock
	released bool
}

// free releases a lease that a check that failed still holds.
func (l *held) free() {
	if !l.released {
		l.released = true
		_ = l.Release()
		l.end()
	}
}

// lock takes the lock, which must be free.
func (h handle) lock() *held {
	h.Helper()
	begin := time.Now()
	lease, err := h.lockWithin(patience)
	if err != nil {
		h.Fatalf("Lock failed though nobody holds the lock: %v", err)
	}
	h.took.Store(max(h.took.Load(), int64(time.Since(begin))))
	return lease
}

// lockWithin gives Lock a context that lives until the lease is released, if it comes in
// time.
func (h handle) lockWithin(limit time.Duration) (*held, error) {
	h.Helper()
	var lease zoomauth.Lease
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(limit, cancel)
	err := call(h, "Lock", func(context.Context) (err error) {
		lease, err = h.store.(zoomauth.Locker).Lock(ctx)
		return err
	})
	timer.Stop()
	if err == nil && lease == nil {
		h.Fatalf("Lock returned neither a lease nor an error")
	}
	if err != nil {
		cancel()
	}
	return &held{Lease: lease, end: cancel}, err
}

// excluded fails the test if the lock can be had.
func (h handle) excluded(when string) {
	h.Helper()
	enough := min(max(excluded, 4*time.Duration(h.took.Load())), time.Second)
	lease, err := h.lockWithin(enough)
	if err == nil {
		lease.free()
		h.Fatalf("%s: Lock succeeded though another holds the lock", when)
	}
	h.isFailure(err, "Lock")
}

// isFailure fails the test if the error of a method is one that another method has.
func (h handle) isFailure(err error, method string) {
	h.Helper()
	if errors.Is(err, zoomauth.ErrNoToken) || errors.Is(err, zoomauth.ErrStoreChanged) {
		h.Errorf("%s failed with %v: only Load of an empty store returns ErrNoToken, and only Swap ErrStoreChanged", method, err)
	}
}

func (h handle) release(lease *held) {
	h.Helper()
	lease.released = true
	defer lease.end()
	if err := call(h, "Release", func(context.Context) error { return lease.Release() }); err != nil {
		h.Fatalf("Release failed: %v", err)
	}
}

func (h handle) check(lease *held, when string) {
	h.Helper()
	if err := call(h, "Check", lease.Check); err != nil {
		h.Fatalf("%s: Check of a lease that is held failed: %v", when, err)
	}
}

func result(token *zoomauth.Token, err error) string {
	if err != nil {
		return "the error \"" + err.Error() + "\""
	}
	return "a token, " + describe(token)
}

const (
	leastRounds = 6
	mostRounds  = 100
	raceTime    = 100 * time.Millisecond
	rivals      = 4
)

// rounds yields the numbers of the rounds of a race: many if the store is quick, since the
// moment in which a store in memory can be caught is short.
func rounds(yield func(int) bool) {
	begin := time.Now()
	for n := range mostRounds {
		if n >= leastRounds && time.Since(begin) > raceTime || !yield(n) {
			return
		}
	}
}

// race lets the rivals begin at the same moment, more closely than a channel does, and
// returns when all are done.
func race(run func(ctx context.Context, rival int)) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var missing atomic.Int32
	missing.Store(rivals)
	var group sync.WaitGroup
	for i := range rivals {
		group.Go(func() {
			for missing.Add(-1); missing.Load() > 0; {
				runtime.Gosched()
			}
			run(ctx, i)
		})
	}
	group.Wait()
}
