package nettest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestMain runs the tests side by side, since they mostly wait, and looks for what
// they left behind.
func TestMain(m *testing.M) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // Toxiproxy's bandwidth logs past its logger
	flag.Parse()
	sideBySide := false
	flag.Visit(func(f *flag.Flag) { sideBySide = sideBySide || f.Name == "test.parallel" })
	if !sideBySide {
		_ = flag.Set("test.parallel", "10")
	}
	code := m.Run()
	if code == 0 {
		code = checkLeaks()
	}
	os.Exit(code)
}

// checkLeaks gives the goroutines of closed connections some time to end. Those of
// Toxiproxy itself are not ours: it leaves a toxic behind that has data for a
// connection whose reader has gone.
func checkLeaks() int {
	var ours, theirs []string
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ours, theirs = goroutines(); len(ours) == 0 {
			break
		}
		select {
		case <-deadline:
			fmt.Printf("%d goroutines left behind:\n\n%s\n", len(ours), strings.Join(ours, "\n\n"))
			return 1
		case <-tick.C:
		}
	}
	if testing.Verbose() {
		fmt.Printf("no goroutine left behind; %d of Toxiproxy's\n", len(theirs))
	}
	return 0
}

// goroutines returns the stacks of all but the present one.
func goroutines() (ours, theirs []string) {
	stacks := make([]byte, 16<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for i, stack := range bytes.Split(stacks, []byte("\n\n")) {
		text := string(stack)
		switch {
		case i == 0 || strings.Contains(text, "os/signal."):
		case strings.Contains(text, "toxiproxy/v2") && !strings.Contains(text, "toxiproxy/v2.(*Proxy)"): // that one is open
			theirs = append(theirs, text)
		default:
			ours = append(ours, text)
		}
	}
	return ours, theirs
}
