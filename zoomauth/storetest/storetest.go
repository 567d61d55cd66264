// Package storetest proves that a store which you wrote keeps the contract of
// [zoomauth.TokenStore] or [zoomauth.LoginStore].
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) zoomauth.TokenStore { return mystore.Open(dsn, "tenant") })
//	}
//
// Each rule is a subtest whose name says what is promised. A store that keeps them all
// passes in about a second. What needs more than the interface has functions of its own:
// [RunLease] and [RunDamaged].
//
// Not proven, because the interface does not show it:
//
//   - that a change is on the disk when the call returns, and that a machine which loses its
//     power leaves the former state or the new one;
//   - who else can read the store: modes of files, rights in a database, copies of them;
//   - that the lock of a process that died becomes free, unless its lease has an end: see
//     [RunLease];
//   - a lease that ends while it is held, without RunLease;
//   - what Load does with bytes that are no token, without [RunDamaged];
//   - that Swap and Take are one step, if the two steps of a wrong one follow within less than
//     a microsecond, as in memory: calls at the same time find it by luck alone. Two queries
//     to a database are found;
//   - logins that are forgotten later than a second after Put, or when there are more than 64.
package storetest

import (
	"testing"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

const (
	patience = 5 * time.Second         // of one call of a store that works
	excluded = 30 * time.Millisecond   // how long a lock is seen to be held, at least
	aged     = 1100 * time.Millisecond // when a login is taken that was put first
)

// Run tests a store. Each call of open returns one more handle on one and the same store,
// as another process has it. What the store holds is deleted. A store that is no
// [zoomauth.Locker] or no [zoomauth.Swapper] serves one process alone, and the rules of
// these are skipped.
func Run(t *testing.T, open func(t *testing.T) zoomauth.TokenStore) {
	t.Helper()
	for _, c := range tokenChecks {
		t.Run(c.name, func(t *testing.T) {
			if missing := c.lacks(open(t)); missing != "" {
				t.Skip("the store is no zoomauth." + missing)
			}
			c.run(t, func() zoomauth.TokenStore { return open(t) })
		})
	}
}

// RunLogins tests a store of logins. Each call of open returns one more handle on one and
// the same store.
func RunLogins(t *testing.T, open func(t *testing.T) zoomauth.LoginStore) {
	t.Helper()
	end := agedLogin(t, func() zoomauth.LoginStore { return open(t) }) // it ages meanwhile
	for _, c := range loginChecks {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, func() zoomauth.LoginStore { return open(t) })
		})
	}
	t.Run(agedName, func(t *testing.T) { end(t) })
}

// RunLease tests a [zoomauth.Locker] whose lease has an end, as one in a database has, and
// life is how long after Lock or Check that is. It proves that Check prolongs the lease and
// fails when it was lost, that the lock becomes free by itself, and that a Release that comes
// late does not free the lock of the next holder. It takes up to two lives and two minutes, or
// no time inside of [testing/synctest.Test] for a store that does no I/O.
func RunLease(t *testing.T, open func(t *testing.T) zoomauth.TokenStore, life time.Duration) {
	t.Helper()
	leaseEnds(t, func() zoomauth.TokenStore { return open(t) }, life)
}

// RunDamaged tests that bytes that are no token are reported as [zoomauth.ErrStoreCorrupt] and
// stay, until Save or Delete replaces them. damage puts such bytes in place of the token that
// the store holds.
func RunDamaged(t *testing.T, open func(t *testing.T) zoomauth.TokenStore, damage func(t *testing.T)) {
	t.Helper()
	damagedStays(t, func() zoomauth.TokenStore { return open(t) }, func() { damage(t) })
}

// tb is what a check needs of a test.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

type (
	tokenOpener func() zoomauth.TokenStore
	loginOpener func() zoomauth.LoginStore
)

type need int

const (
	anyStore need = iota
	aLocker
	aSwapper
)

type tokenCheck struct {
	name  string
	needs need
	run   func(t tb, open tokenOpener)
}

// lacks names the interface that a check needs and a store does not have.
func (c tokenCheck) lacks(store zoomauth.TokenStore) string {
	_, locks := store.(zoomauth.Locker)
	_, swaps := store.(zoomauth.Swapper)
	switch {
	case c.needs == aLocker && !locks:
		return "Locker"
	case c.needs == aSwapper && !swaps:
		return "Swapper"
	default:
		return ""
	}
}

type loginCheck struct {
	name string
	run  func(t tb, open loginOpener)
}
