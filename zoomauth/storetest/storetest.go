// Package storetest proves that a store which you wrote keeps the contract of
// [zoomauth.TokenStore] or [zoomauth.LoginStore].
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) zoomauth.TokenStore { return mystore.Open(dsn, "tenant") })
//	}
//
// Each rule is a subtest whose name says what is promised. A store that keeps them all
// passes in about a second.
package storetest

import (
	"testing"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

const (
	patience = 5 * time.Second        // of one call of a store that works
	excluded = 100 * time.Millisecond // how long a lock is seen to be held
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
	for _, c := range loginChecks {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, func() zoomauth.LoginStore { return open(t) })
		})
	}
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
