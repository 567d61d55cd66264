package zoomauth

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"time"
)

// openPatience is how long the program that opens browsers may take to find that there
// is none. On a machine without a screen it is often installed all the same.
const openPatience = 2 * time.Second

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
	// What opens a browser goes on when the login has ended: it may be the browser.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, append(command[1:], link)...) //nolint:gosec // a fixed program and our own link
	if err := cmd.Start(); err != nil {
		return errors.New("the browser cannot be started")
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // as long as it runs; else a dead process would be left behind
	timer := time.NewTimer(openPatience)
	defer timer.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return errors.New("no browser was opened")
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}
