//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// endWithChildren gives the command a process group of its own and makes the end
// of its context the end of the group: npx and npm start Prism as a child.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
