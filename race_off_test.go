//go:build !race

package zoom_test

const limiterCalls = 100_000
