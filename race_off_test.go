//go:build !race

package zoom_test

const limiterCalls = 100_000

const raceFactor = 1
