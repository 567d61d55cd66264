package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

// checkLife is a little less than what a Check that returned nil promises.
const checkLife = 59 * time.Second

// leaseEnds holds the lock for longer than life, and then lets the lease end.
func leaseEnds(t tb, open tokenOpener, life time.Duration) {
	t.Helper()
	h := opened(t, open, 3)
	h[0].save(numbered(t, 1))
	lease := h[0].lock()
	defer lease.free()
	for begin := time.Now(); time.Since(begin) <= life; {
		h[0].check(lease, "before its end")
		<-time.After(checkLife)
		h[1].excluded("less than a minute after Check")
	}
	ctx, cancel := context.WithTimeout(context.Background(), life+patience)
	defer cancel()
	got, err := h[1].store.(zoomauth.Locker).Lock(ctx)
	if err != nil || got == nil {
		t.Fatalf("Lock failed though the lease must have ended, which lasts %v: %v", life, err)
	}
	next := &held{Lease: got, end: cancel}
	defer next.free()
	if err := call(t, "Check", lease.Check); err == nil {
		t.Errorf("Check of a lease that was lost returned nil")
	} else {
		h[0].isFailure(err, "Check")
	}
	h[1].check(next, "after Check of a lease that was lost")
	h[2].excluded("after Check of a lease that was lost")
	lease.released = true
	_ = call(t, "Release", func(context.Context) error { return lease.Release() })
	h[2].excluded("after Release of a lease that was lost")
	h[1].check(next, "after Release of a lease that was lost")
	h[1].release(next)
	h[2].release(h[2].lock())
}

// damagedStays: who cannot read a token must not ask a person for the next one, nor lose
// what could be mended.
func damagedStays(t tb, open tokenOpener, damage func()) {
	t.Helper()
	h := opened(t, open, 2)
	first, next := numbered(t, 1), numbered(t, 2)
	h[0].save(first)
	damage()
	isCorrupt := func(when string) {
		t.Helper()
		for _, h := range h {
			if got, err := h.load(); !errors.Is(err, zoomauth.ErrStoreCorrupt) {
				t.Fatalf("%s: Load returned %s, want ErrStoreCorrupt", when, result(got, err))
			}
		}
	}
	isCorrupt("damaged")
	isCorrupt("after Load of damaged bytes")
	if _, ok := h[0].store.(zoomauth.Swapper); ok {
		for name, old := range map[string]*zoomauth.Token{"nil": nil, "another token": next} {
			if err := h[0].swap(old, next); err == nil {
				t.Fatalf("Swap of %s replaced damaged bytes", name)
			}
			isCorrupt("after Swap of " + name)
		}
	}
	if _, ok := h[0].store.(zoomauth.Locker); ok {
		h[0].release(h[0].lock())
		isCorrupt("after Lock and Release")
	}
	h[0].save(next)
	for _, h := range h {
		h.wants(next, "saved in place of damaged bytes")
	}
	damage()
	h[1].delete()
	h[0].wants(nil, "damaged bytes were deleted")
}
