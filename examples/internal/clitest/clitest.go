// Package clitest gives the tests of the example programs an account to work on.
package clitest

import (
	"os"
	"testing"

	"github.com/seatkit/zoom/zoomtest"
)

var variables = []string{"ZOOM_ACCESS_TOKEN", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"}

// NoCredentials takes the credentials of the machine out of the environment.
func NoCredentials(t *testing.T) {
	t.Helper()
	for _, name := range variables {
		t.Setenv(name, "") // puts the old value back at the end of the test
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

// Account starts an account whose credentials are in the environment. The flags
// lead a program to it.
func Account(t *testing.T, opts ...zoomtest.Option) (server *zoomtest.Server, flags []string) {
	t.Helper()
	server = zoomtest.NewServer(opts...)
	t.Cleanup(server.Close)
	NoCredentials(t)
	t.Setenv("ZOOM_ACCOUNT_ID", server.AccountID())
	t.Setenv("ZOOM_CLIENT_ID", server.ClientID())
	t.Setenv("ZOOM_CLIENT_SECRET", server.ClientSecret())
	return server, []string{"-base-url", server.URL(), "-token-url", server.TokenURL()}
}
