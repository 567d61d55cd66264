package zoomauth_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// A pipe in the place of the file holds nobody up.
func TestFaultAU30APipe(t *testing.T) {
	store, path := savedFile(t, (&wire{}).app())
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	require.NoError(t, store.Save(t.Context(), token))
	require.Equal(t, "refresh-canary-1", refreshIn(t, store))
}
