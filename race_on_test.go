//go:build race

package zoom_test

// raceFactor is how much more a call allocates: pools forget at random.
const raceFactor = 5
