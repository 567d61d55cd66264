package storetest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func lockExcludes(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	h[0].save(numbered(t, 1))
	lease := h[0].lock()
	defer lease.free()
	h[0].check(lease, "after Lock")
	h[1].excluded("on another handle")
	h[0].excluded("on the same handle")
	h[0].check(lease, "after others were refused")
	h[0].release(lease)
}

func lockEmpty(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	lease := h[0].lock()
	defer lease.free()
	h[1].excluded("while the store is empty")
	h[0].save(numbered(t, 1))
	h[1].excluded("after the first token was saved under the lock")
	h[0].delete()
	h[1].excluded("after the token was deleted under the lock")
	h[0].check(lease, "after Delete")
	h[0].release(lease)
	h[1].wants(nil, "after Release")
}

// lockContext: a refresh that waited long for the lock still has its whole time.
func lockContext(t tb, open tokenOpener) {
	lockOutlives(t, open, "was cancelled", func() (context.Context, func()) {
		return context.WithCancel(context.Background())
	})
	lockOutlives(t, open, "reached its deadline", func() (context.Context, func()) {
		ctx, cancel := context.WithTimeout(context.Background(), excluded)
		return ctx, func() {
			<-ctx.Done()
			cancel()
		}
	})
}

// lockOutlives ends the context of a lock that is held.
func lockOutlives(t tb, open tokenOpener, how string, begin func() (ctx context.Context, end func())) {
	t.Helper()
	h := opened(t, open, 2)
	first, next := numbered(t, 1), numbered(t, 2)
	h[0].save(first)
	ctx, end := begin()
	got, err := h[0].store.(zoomauth.Locker).Lock(ctx)
	if err != nil || got == nil {
		t.Fatalf("Lock failed though nobody holds the lock: %v", err)
	}
	lease := &held{Lease: got, end: end}
	defer lease.free()
	end()
	h[1].excluded("after the context of Lock " + how)
	h[0].check(lease, "after the context of Lock "+how)
	h[0].save(next)
	h[1].wants(next, "saved after the context of Lock "+how)
	h[0].release(lease)
	h[1].release(h[1].lock())
	h[1].wants(next, "after Release")
}

// ownLock: the holder works on the store itself.
func ownLock(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	first, second, third := numbered(t, 1), numbered(t, 2), numbered(t, 3)
	h[0].save(first)
	lease := h[0].lock()
	defer lease.free()
	h[0].wants(first, "under the lock")
	h[0].save(second)
	h[0].wants(second, "saved under the lock")
	h[0].check(lease, "after Save")
	if _, ok := h[0].store.(zoomauth.Swapper); ok {
		h[0].replaces(second, third, "under the lock")
	}
	h[0].delete()
	h[0].wants(nil, "deleted under the lock")
	h[0].save(third)
	h[0].release(lease)
	for _, h := range h {
		h.wants(third, "saved under the lock, after Release")
	}
}

func loadWhileLocked(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	token := numbered(t, 1)
	h[0].save(token)
	lease := h[0].lock()
	defer lease.free()
	h[1].wants(token, "while another handle holds the lock")
	h[0].release(lease)
}

// savedBeforeRelease: a process that is killed under the lock has lost nothing that it had
// saved.
func savedBeforeRelease(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	first, next, last := numbered(t, 1), numbered(t, 2), numbered(t, 3)
	h[0].save(first)
	lease := h[0].lock()
	defer lease.free()
	h[0].save(next)
	h[1].wants(next, "saved under the lock of another handle, before Release")
	if _, ok := h[0].store.(zoomauth.Swapper); ok {
		h[0].replaces(next, last, "under the lock")
		h[1].wants(last, "swapped under the lock of another handle, before Release")
	}
	h[0].delete()
	h[1].wants(nil, "deleted under the lock of another handle, before Release")
	h[0].release(lease)
}

func lockFree(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	for i := range 6 {
		token := numbered(t, i)
		lease := h[i%2].lock()
		h[i%2].save(token)
		h[i%2].release(lease)
		for _, h := range h {
			h.wants(token, "after Release returned nil")
		}
	}
	// Somebody waits already when the lock is released.
	lease := h[0].lock()
	got := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		next, err := h[1].store.(zoomauth.Locker).Lock(ctx)
		if err == nil {
			err = next.Release()
		}
		got <- err
	}()
	h[0].excluded("while another waits")
	h[0].release(lease)
	if err := call(t, "Lock", func(context.Context) error { return <-got }); err != nil {
		t.Fatalf("Lock failed though the lock was released while it waited: %v", err)
	}
	h[0].release(h[0].lock())
}

func lockGivenUp(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	lease := h[0].lock()
	defer lease.free()
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), excluded/4)
			defer cancel()
			if _, err := h[i%2].store.(zoomauth.Locker).Lock(ctx); err == nil {
				t.Errorf("Lock succeeded though another holds the lock")
			} else {
				h[i%2].isFailure(err, "Lock")
			}
		})
	}
	group.Wait()
	h[0].check(lease, "after others gave up")
	h[0].release(lease)
	next := h[1].lock()
	h[0].excluded("after others gave up")
	h[1].release(next)
}

// manyHolders counts up under the lock, by Load and Save alone.
func manyHolders(t tb, open tokenOpener) {
	const holders, rounds = 4, 5
	h := opened(t, open, 2)
	h[0].save(numbered(t, 0))
	var mu sync.Mutex
	holding := 0
	count := func(d int) int {
		mu.Lock()
		defer mu.Unlock()
		holding += d
		return holding
	}
	work := func(store zoomauth.TokenStore) error {
		ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
		defer cancel()
		lease, err := store.(zoomauth.Locker).Lock(ctx)
		if err != nil {
			return err
		}
		if n := count(1); n != 1 {
			t.Errorf("%d hold the lock at the same time", n)
		}
		err = countUp(ctx, t, store, lease)
		count(-1)
		return errors.Join(err, lease.Release())
	}
	var group sync.WaitGroup
	for i := range holders {
		group.Go(func() {
			for range rounds {
				if err := work(h[i%2].store); err != nil {
					t.Errorf("under the lock, beside others: %v", err)
				}
			}
		})
	}
	group.Wait()
	h[0].wants(numbered(t, holders*rounds), "after every holder has counted up")
}

func countUp(ctx context.Context, t tb, store zoomauth.TokenStore, lease zoomauth.Lease) error {
	if err := lease.Check(ctx); err != nil {
		return err
	}
	token, err := store.Load(ctx)
	if err != nil {
		return err
	}
	return store.Save(ctx, numbered(t, int(token.Generation)+1))
}

// sharedSources lets sources refresh through the store against a Zoom that replaces each
// refresh token: none is sent twice, and none is lost.
func sharedSources(t tb, open tokenOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := opened(t, open, 2)
	_, refresh := srv.IssueGrant()
	shared := zoomauth.App{ClientID: srv.ClientID(), ClientSecret: srv.ClientSecret(), HTTPClient: &http.Client{Transport: srv.RoundTripper()}}
	first, err := shared.NewToken("", refresh, time.Time{})
	if err != nil {
		t.Fatalf("NewToken failed: %v", err)
	}
	h[0].save(first)
	const rounds = 4
	for range rounds {
		refreshAll(t, shared, h)
	}
	if calls, want := srv.TokenCalls(), 1+rounds; calls != want {
		t.Errorf("%d refreshes, want %d: each is made once for all who share the store", calls, want)
	}
}

// refreshAll lets new sources, two for each handle, hold the stored token, find it refused,
// and ask for the next one at the same time.
func refreshAll(t tb, shared zoomauth.App, handles []handle) {
	t.Helper()
	failed := func(_ context.Context, err error) { t.Errorf("a hook was called: %v", err) }
	var sources []*zoomauth.Source
	for i := range 2 * len(handles) {
		src, err := shared.TokenSource(handles[i%len(handles)].store, &zoomauth.SourceOptions{Reauthorize: failed, StoreFailed: failed})
		if err != nil {
			t.Fatalf("TokenSource failed: %v", err)
		}
		sources = append(sources, src)
	}
	ask := func(src *zoomauth.Source) string {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		token, err := src.Token(ctx)
		if err != nil {
			t.Errorf("Token failed: %v", err)
			return ""
		}
		return token.AccessToken
	}
	var group sync.WaitGroup
	for _, src := range sources {
		held := ask(src)
		src.Rejected(context.Background(), held)
	}
	for _, src := range sources {
		group.Go(func() { ask(src) })
	}
	group.Wait()
	for _, src := range sources {
		if err := src.Close(); err != nil {
			t.Errorf("Close failed: %v", err)
		}
	}
}
