//go:build linux || darwin

package racetest

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	rounds = flag.Int("racetest.rounds", 200, "rounds of each race")
	kills  = flag.Int("racetest.kills", 60, "processes that are killed, with and without a grace")
	seed   = flag.Uint64("racetest.seed", 1, "seed of the moments of the kills")
)

// TestMain is the entrance of the tests, and of the workers, which are the same
// program.
func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		os.Exit(m.Run())
	}
	if err := work(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}
