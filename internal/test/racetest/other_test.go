//go:build !linux && !darwin

package racetest

import "testing"

func TestNotHere(t *testing.T) {
	t.Skip("the tests with real processes run on Linux and macOS only: they need SIGKILL, SIGSTOP and flock")
}
