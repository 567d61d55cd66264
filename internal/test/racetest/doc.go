// Package racetest holds the tests of zoomauth with real processes: several that
// share one token file and refresh at once, one that is killed at a random moment,
// one that is stopped while it holds the lock. Each worker is the test binary itself,
// started again; the fake Zoom runs in the test.
//
// A grant may be lost in one window only: the fake has replaced the refresh token,
// and the process was killed before it had written the new one down whole. The tests
// compare what the fake gave out with what the file holds and take no other loss for
// an excuse.
//
// It is a module of its own, so that the file lock is nobody's dependency. It runs on
// Linux and macOS.
package racetest
