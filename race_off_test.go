//go:build !race

package zoom_test

const raceFactor = 1
