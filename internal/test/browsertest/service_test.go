package browsertest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program is where the example was built.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "authorize")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./authorize")
	cmd.Dir, cmd.Env = filepath.Join("..", "..", "..", "examples"), append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// start runs the example as a user does and returns where it says that it is. At the
// end of the test it must stop when it is told to.
func start(t *testing.T, program string) (home string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), program, "-demo", "-addr", "127.0.0.1:0", "-dir", filepath.Join(t.TempDir(), "tokens")) // ended by a signal below
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "ZOOM_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		killer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer killer.Stop()
		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		require.NoError(t, cmd.Wait(), "it does not end cleanly")
		require.Contains(t, stderr.String(), "no real Zoom")
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	home, found := strings.CutPrefix(strings.TrimSpace(line), "Open ")
	home, ends := strings.CutSuffix(home, "/ in a browser.")
	require.True(t, found && ends, line)
	return home
}
