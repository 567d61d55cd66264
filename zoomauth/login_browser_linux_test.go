package zoomauth_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// opener puts a program in the place of the one that opens browsers.
func opener(t *testing.T, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if script != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	t.Setenv("PATH", dir)
	return dir
}

// printed runs Login until the link is printed.
func printed(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out strings.Builder
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	_, err := publicApp(srv, "http://127.0.0.1:0/callback").Login(ctx, &zoomauth.LoginOptions{Output: writerFunc(func(p []byte) (int, error) {
		defer cancel()
		return out.Write(p)
	})})
	require.ErrorIs(t, err, context.Canceled)
	return out.String()
}

func TestLoginWithoutABrowser(t *testing.T) {
	t.Run("no program", func(t *testing.T) {
		opener(t, "")
		assert.Contains(t, printed(t), "http://127.0.0.1:")
	})
	t.Run("a program that finds no browser", func(t *testing.T) {
		opener(t, "exit 3") // as xdg-open does on a machine without a screen
		assert.Contains(t, printed(t), "http://127.0.0.1:")
	})
	t.Run("a program that cannot be run", func(t *testing.T) {
		dir := opener(t, "")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("not a program"), 0o700))
		assert.Contains(t, printed(t), "http://127.0.0.1:")
	})
}

func TestLoginOpensABrowser(t *testing.T) {
	dir := opener(t, `printf '%s' "$1" > "${0%/*}/link"`)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "link"), 0o600))
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	done := make(chan error, 1)
	go func() {
		_, err := publicApp(srv, "http://127.0.0.1:0/callback").Login(t.Context(), nil)
		done <- err
	}()
	link, err := os.ReadFile(filepath.Join(dir, "link")) // waits for the program
	require.NoError(t, err)
	require.NoError(t, srv.ApproveLogin(t.Context(), string(link), true))
	require.NoError(t, <-done)
}
