package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

func swapCompares(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	held := made(t, 1, "access", "refresh")
	next := made(t, 2, "access-2", "refresh-2")
	h[0].save(held)
	for name, old := range map[string]*zoomauth.Token{
		"another refresh token of the same generation": made(t, 1, "access", "refresh-of-another-grant"),
		"another access token of the same generation":  made(t, 1, "access-of-another-grant", "refresh"),
		"another grant of the same generation":         made(t, 1, "a", "r"),
		"an earlier generation":                        made(t, 0, "access", "refresh"),
		"a later generation":                           made(t, 2, "access", "refresh"),
		"no refresh token":                             made(t, 1, "access", ""),
		"no access token":                              made(t, 1, "", "refresh"),
		"an empty store":                               nil,
	} {
		h[1].keeps(held, old, next, "old is "+name)
		h[0].wants(held, "after Swap was refused on another handle")
	}
	h[1].replaces(copied(t, held), next, "old is what another process read")
	h[0].wants(next, "after a Swap by another handle")
	h[0].keeps(next, held, made(t, 2, "late", "late"), "old was replaced meanwhile")

	marked := copied(t, next) // a mark alone changes no state
	marked.Suspect = true
	h[0].replaces(next, marked, "next differs in Suspect alone")
	switch err := h[1].swap(next, held); {
	case err == nil:
		h[0].wants(held, "after a Swap whose old differs in Suspect alone")
	case !errors.Is(err, zoomauth.ErrStoreChanged):
		t.Fatalf("Swap whose old differs in Suspect alone returned %v, want nil or ErrStoreChanged", err)
	default:
		h[0].replaces(marked, held, "old is what is stored, marked")
	}
	slow := copied(t, held) // the same state on a machine whose clock is wrong
	slow.Expiry, slow.Issued = slow.Expiry.Add(time.Hour), slow.Issued.Add(time.Hour)
	h[0].save(held)
	h[0].replaces(slow, next, "old differs in its times alone")
}

func swapEmpty(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	first, next := numbered(t, 1), numbered(t, 2)
	h[0].keeps(nil, first, next, "the store is empty and old is not")
	h[0].replaces(nil, first, "the store is empty and old is nil")
	h[1].keeps(first, nil, next, "the store is not empty and old is nil")
	h[1].delete()
	h[0].keeps(nil, first, next, "old was deleted meanwhile")
	h[1].replaces(nil, next, "the store was emptied and old is nil")
}

// swapRace: of all who replace the same state one succeeds, so that no step is lost and none
// is taken twice.
func swapRace(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	var held *zoomauth.Token
	for round := range rounds {
		var old, next [rivals]*zoomauth.Token
		for i := range rivals {
			n := 1 + round*rivals + i
			next[i] = numbered(t, n)
			if held != nil {
				old[i] = copied(t, held)
			}
		}
		var mu sync.Mutex
		var winners []*zoomauth.Token
		race(func(ctx context.Context, i int) {
			err := h[i%2].store.(zoomauth.Swapper).Swap(ctx, old[i], next[i])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				winners = append(winners, next[i])
			case !errors.Is(err, zoomauth.ErrStoreChanged):
				t.Errorf("Swap beside others returned %v, want nil or ErrStoreChanged", err)
			}
		})
		if len(winners) != 1 {
			t.Fatalf("%d of %d Swaps at the same time replaced one state, want 1", len(winners), rivals)
		}
		held = winners[0]
		for _, h := range h {
			h.wants(held, "after Swaps at the same time")
		}
	}
}
