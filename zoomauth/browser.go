package zoomauth

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
)

// openBrowser opens a link in the browser of the system. The link is ours: it begins
// with the authorize endpoint.
func openBrowser(ctx context.Context, link string) error {
	var command []string
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open"}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		command = []string{"xdg-open"}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return errors.New("there is no browser to open")
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, append(command[1:], link)...) //nolint:gosec // a fixed program and our own link
	if err := cmd.Start(); err != nil {
		return errors.New("the browser cannot be started")
	}
	return cmd.Process.Release()
}
