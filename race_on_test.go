//go:build race

package zoom_test

// The race detector can crash in a bubble that switches goroutines very often
// (golang/go#78156), and is slow there.
const limiterCalls = 10_000

// raceFactor is how much more a call allocates: pools forget at random.
const raceFactor = 5
