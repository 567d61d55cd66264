//go:build linux || darwin

package racetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a worker may be silent before a test gives up.
const patience = time.Minute

// A worker is a process that was started by a test. It reaches the gate at an address
// of its own.
type worker struct {
	name     string
	command  *exec.Cmd
	stdin    io.WriteCloser
	lines    chan string // what it says; closed when it has ended
	stderr   bytes.Buffer
	waited   int // how often it told that it waits for the lock
	gate     *gate
	listener *httptest.Server
	dead     bool
}

// start starts a worker and does not wait for it. Its process group is its own: should
// the test program die, the system also ends a worker that is stopped.
func (a *account) start(t *testing.T, change ...func(*job)) *worker {
	t.Helper()
	a.started++
	w := &worker{name: fmt.Sprintf("worker %d", a.started), lines: make(chan string, 1<<14), gate: a.gate}
	w.listener = httptest.NewServer(a.gate.handler(w.name))
	t.Cleanup(w.kill)
	program, err := os.Executable()
	require.NoError(t, err)
	w.command = exec.Command(program)
	w.command.Env = []string{
		workerVariable + "=1",
		"GORACE=atexit_sleep_ms=0",                             // else each end takes a second
		"GOCOVERDIR=" + filepath.Dir(filepath.Dir(a.job.Path)), // else go test -cover complains
	}
	w.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	w.command.Stderr = &w.stderr
	w.stdin, err = w.command.StdinPipe()
	require.NoError(t, err)
	stdout, err := w.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, w.command.Start())
	go func() {
		defer close(w.lines)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			w.lines <- lines.Text()
		}
	}()
	j := a.job
	j.Address = w.listener.URL
	for _, set := range change {
		set(&j)
	}
	line, err := json.Marshal(j)
	require.NoError(t, err)
	w.tell(t, string(line))
	return w
}

func (w *worker) tell(t *testing.T, line string) {
	t.Helper()
	_, err := io.WriteString(w.stdin, line+"\n")
	require.NoError(t, err, w.name)
}

// hear returns the next line that the worker says.
func (w *worker) hear(t *testing.T) string {
	t.Helper()
	select {
	case line, alive := <-w.lines:
		if !alive {
			_ = w.command.Wait()
			require.FailNow(t, w.name+" ended by itself", "%s\n%s", w.command.ProcessState, &w.stderr)
		}
		return line
	case <-time.After(patience):
		require.FailNow(t, w.name+" says nothing")
		return ""
	}
}

func (w *worker) await(t *testing.T, line string) {
	t.Helper()
	require.Equal(t, line, w.hear(t), w.name)
}

// outcome returns how a call ended.
func (w *worker) outcome(t *testing.T) string {
	t.Helper()
	for {
		line := w.hear(t)
		if line != waits {
			return line
		}
		w.waited++
	}
}

// kill kills the worker and returns when nothing of it is left: the system has closed
// its files, and the gate has done with what it had sent.
func (w *worker) kill() {
	if w.dead {
		return
	}
	w.dead = true
	if w.command != nil && w.command.Process != nil {
		_ = w.command.Process.Kill()
		for range w.lines {
			continue
		}
		_ = w.command.Wait()
	}
	w.gate.release()
	w.listener.Close()
}

// end lets the worker end by itself. It must have nothing to complain of; a race that
// the race detector found would be there.
func (w *worker) end(t *testing.T) {
	t.Helper()
	w.tell(t, end)
	giveUp := time.AfterFunc(patience, func() { _ = w.command.Process.Kill() })
	defer giveUp.Stop()
	for line := range w.lines {
		require.False(t, strings.HasPrefix(line, failed), line)
	}
	require.NoError(t, w.command.Wait(), "%s: %s", w.name, &w.stderr)
	require.Empty(t, w.stderr.String(), w.name)
	w.kill()
}

// pause stops the worker with SIGSTOP and returns when it stands still.
func (w *worker) pause(t *testing.T) {
	t.Helper()
	require.NoError(t, w.command.Process.Signal(syscall.SIGSTOP))
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(w.command.Process.Pid, &status, syscall.WUNTRACED, nil)
		if !errors.Is(err, syscall.EINTR) {
			require.NoError(t, err)
			break
		}
	}
	require.True(t, status.Stopped(), "%s: %v", w.name, status)
}

func (w *worker) resume(t *testing.T) {
	t.Helper()
	require.NoError(t, w.command.Process.Signal(syscall.SIGCONT))
}
