package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

var tokenChecks = []tokenCheck{
	{"an empty store holds no token", anyStore, emptyStore},
	{"a token comes back whole", anyStore, wholeToken},
	{"every handle sees a change at once", anyStore, freshLoad},
	{"Delete empties the store", anyStore, deleted},
	{"an ended context is no empty store", anyStore, endedContext},
	{"calls at the same time", anyStore, concurrentCalls},
	{"Swap compares the whole state", aSwapper, swapCompares},
	{"Swap and the empty store", aSwapper, swapEmpty},
	{"one of many Swaps wins", aSwapper, swapRace},
	{"the lock excludes every handle", aLocker, lockExcludes},
	{"an empty store has a lock", aLocker, lockEmpty},
	{"the context of Lock does not end the lease", aLocker, lockContext},
	{"nothing waits for its own lock", aLocker, ownLock},
	{"Load does not wait for the lock", aLocker, loadWhileLocked},
	{"what is saved does not wait for Release", aLocker, savedBeforeRelease},
	{"the lock is free after Release", aLocker, lockFree},
	{"a wait for the lock that ended leaves nothing", aLocker, lockGivenUp},
	{"one holder at a time", aLocker, manyHolders},
	{"sources that share the store", aLocker, sharedSources},
}

var app = zoomauth.App{Region: zoomauth.RegionEU, ClientID: "storetest", ClientSecret: "secret"}

// made is a token like those of a refresh.
func made(t tb, generation int64, access, refresh string) *zoomauth.Token {
	t.Helper()
	token, err := app.NewToken(access, refresh, time.Now().Add(time.Hour).Round(0))
	if err != nil {
		t.Fatalf("NewToken failed: %v", err)
	}
	token.Generation = generation
	return token
}

func numbered(t tb, n int) *zoomauth.Token {
	t.Helper()
	return made(t, int64(n), fmt.Sprint("access-", n), fmt.Sprint("refresh-", n))
}

// copied is the same token as another process has it.
func copied(t tb, token *zoomauth.Token) *zoomauth.Token {
	t.Helper()
	data, err := token.Encode()
	if err != nil {
		t.Fatalf("Encode failed: %v", err)
	}
	again, err := zoomauth.DecodeToken(data)
	if err != nil {
		t.Fatalf("DecodeToken failed: %v", err)
	}
	return again
}

func describe(token *zoomauth.Token) string {
	return fmt.Sprintf("generation %d, state %.8s", token.Generation, token.State())
}

func emptyStore(t tb, open tokenOpener) {
	for _, h := range opened(t, open, 2) {
		h.wants(nil, "an empty store")
		h.delete()
		h.wants(nil, "an empty store that was deleted")
	}
}

func wholeToken(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	for name, token := range oddTokens(t) {
		h[0].save(token)
		before := copied(t, token)
		for _, h := range h {
			h.wants(before, name)
			got, err := h.load()
			if err != nil {
				t.Fatalf("%s: Load failed: %v", name, err)
			}
			sameFields(t, name, before, got)
		}
		if !reflect.DeepEqual(exported(token), exported(before)) {
			t.Fatalf("%s: Save changed the token that it was given", name)
		}
	}
}

func oddTokens(t tb) map[string]*zoomauth.Token {
	t.Helper()
	full := made(t, 1<<40, "access", "refresh")
	full.AccountID, full.APIURL = "account-_'\"%\\ü", "https://api-eu.zoom.us"
	full.Scopes = []string{"user:read:admin", "report:read:admin"}
	full.Suspect = true // each mark stands alone in one of the tokens
	full.Expiry = time.Date(2031, 2, 3, 4, 5, 6, 789_123_456, time.FixedZone("x", 3*60*60))
	serverToServer := made(t, 1, "access", "")
	serverToServer.Authorized, serverToServer.RefreshIssued = time.Time{}, time.Time{}
	serverToServer.Warned = true
	alone := made(t, 0, "", "refresh")
	alone.Refused = true
	return map[string]*zoomauth.Token{
		"a refresh token alone":               alone,
		"a server-to-server token":            serverToServer,
		"a token with every field":            full,
		"a token as long as it may be":        longToken(t),
		"a token with quotes and backslashes": made(t, 3, `a'"\%;--`, `r'"\%;--$1`),
	}
}

// mostBytes is the longest that Encode returns.
const mostBytes = 64 << 10

func longToken(t tb) *zoomauth.Token {
	t.Helper()
	long := made(t, 2, strings.Repeat("a", 16<<10), strings.Repeat("r", 16<<10))
	long.Scopes = []string{"s"}
	data, err := long.Encode()
	if err != nil {
		t.Fatalf("Encode failed: %v", err)
	}
	long.Scopes = []string{strings.Repeat("s", 1+mostBytes-len(data))}
	return long
}

// exported are the fields of a token that a program can see, and its two secrets by their
// state.
func exported(token *zoomauth.Token) []any {
	at := func(when time.Time) int64 {
		if when.IsZero() {
			return 0
		}
		return when.UnixNano()
	}
	return []any{
		token.ClientID, token.Region, token.AccountID, strings.Join(token.Scopes, " "), token.APIURL, at(token.Expiry), at(token.Issued),
		at(token.RefreshIssued), at(token.Authorized), token.Generation, token.Suspect, token.Refused, token.Warned, token.State(),
	}
}

func sameFields(t tb, name string, want, got *zoomauth.Token) {
	t.Helper()
	if w, g := exported(want), exported(got); !reflect.DeepEqual(w, g) {
		t.Fatalf("%s: Load returned other fields than were saved: %v, want %v", name, g, w)
	}
}

func freshLoad(t tb, open tokenOpener) {
	h := opened(t, open, 3)
	for i := range 12 {
		token := numbered(t, i)
		h[i%3].save(token)
		for _, h := range h {
			h.wants(token, "after a Save by another handle")
		}
	}
	h[0].delete()
	for _, h := range h {
		h.wants(nil, "after a Delete by another handle")
	}
}

func deleted(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	token := numbered(t, 1)
	for range 2 {
		h[0].save(token)
		h[1].delete()
		h[0].wants(nil, "after Delete")
		h[1].wants(nil, "after Delete")
	}
	h[0].save(token)
	h[1].wants(token, "saved again after Delete")
}

// endedContext: a store that cannot be asked must not look like an empty one, for which a
// person is asked.
func endedContext(t tb, open tokenOpener) {
	h := opened(t, open, 1)[0]
	token, next := numbered(t, 1), numbered(t, 2)
	h.save(token)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	err := call(t, "Load", func(context.Context) error {
		_, err := h.store.Load(ended)
		return err
	})
	if errors.Is(err, zoomauth.ErrNoToken) {
		t.Fatalf("Load with an ended context returned ErrNoToken though a token is stored")
	}
	h.isFailure(err, "Load")
	err = call(t, "Save", func(context.Context) error { return h.store.Save(ended, next) })
	h.isFailure(err, "Save")
	if err == nil {
		token = next
	}
	h.wants(token, "after a Save with an ended context")
	err = call(t, "Delete", func(context.Context) error { return h.store.Delete(ended) })
	h.isFailure(err, "Delete")
	if err == nil {
		token = nil
	}
	h.wants(token, "after a Delete with an ended context")
}

// concurrentCalls: what is loaded is always one of the tokens that were saved, whole.
func concurrentCalls(t tb, open tokenOpener) {
	h := opened(t, open, 2)
	var known sync.Map
	first := numbered(t, 0)
	known.Store(first.State(), true)
	h[0].save(first)
	var group sync.WaitGroup
	for i, h := range h {
		for j := range 2 {
			var tokens []*zoomauth.Token
			for k := range 6 {
				n := 1 + i*100 + j*10 + k
				token := made(t, int64(n), fmt.Sprint("access-", n, "-", strings.Repeat("a", n<<7)), fmt.Sprint("refresh-", n))
				known.Store(token.State(), true)
				tokens = append(tokens, token)
			}
			group.Go(func() {
				for _, token := range tokens {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					if err := h.store.Save(ctx, token); err != nil {
						t.Errorf("Save failed beside others: %v", err)
					}
					got, err := h.store.Load(ctx)
					if err != nil {
						t.Errorf("Load failed beside others: %v", err)
					} else if _, ok := known.Load(got.State()); !ok {
						t.Errorf("Load returned a token that nobody saved")
					}
					cancel()
				}
			})
		}
	}
	ctx, saved := context.WithTimeout(context.Background(), patience)
	defer saved()
	var readers sync.WaitGroup
	for _, h := range h { // who only reads meets a Save half done
		readers.Go(func() {
			for reads := 0; reads < 100 && ctx.Err() == nil; reads++ {
				if _, err := h.store.Load(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("Load failed beside Saves: %.200v", err)
					return
				}
				runtime.Gosched()
			}
		})
	}
	group.Wait()
	saved()
	readers.Wait()
}
