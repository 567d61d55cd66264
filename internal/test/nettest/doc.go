// Package nettest holds the tests of the client under real network faults:
// Toxiproxy stands between the client and the fake Zoom, all in one process and
// on loopback, and delays, slices, starves, cuts and resets what passes. A listing
// must be complete or end in a typed error from which it goes on; a write must be
// made at most three times, and what the client says of it must be so.
//
// It is a module of its own, so that Toxiproxy and what it needs are nobody's
// dependencies.
package nettest
