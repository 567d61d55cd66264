package zoomauth_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// A process was killed when the new token was written and not in its place: the next
// one who has the lock puts it there. What is not the next token stays where it is.
func TestFaultAU05WrittenAndNotRenamed(t *testing.T) {
	app := new(wire).app()
	next := func(change func(*zoomauth.Token)) []byte {
		token, err := app.NewToken("access-canary-2", "refresh-canary-2", time.Now().Add(time.Hour))
		require.NoError(t, err)
		token.Generation++
		token.Authorized = token.Authorized.Add(time.Minute) // later than the stored one, which is made below
		change(token)
		data, err := token.Encode()
		require.NoError(t, err)
		return data
	}
	same := func(*zoomauth.Token) {}
	for name, tc := range map[string]struct {
		data []byte
		mode os.FileMode
		want string
	}{
		"the next":            {next(same), 0o600, "refresh-canary-2"},
		"of an account":       {next(func(token *zoomauth.Token) { token.AccountID = "a" }), 0o600, "refresh-canary-2"},
		"the same generation": {next(func(token *zoomauth.Token) { token.Generation-- }), 0o600, "refresh-canary-1"},
		"too far ahead":       {next(func(token *zoomauth.Token) { token.Generation++ }), 0o600, "refresh-canary-1"},
		"of another app":      {next(func(token *zoomauth.Token) { token.ClientID = "other" }), 0o600, "refresh-canary-1"},
		"of another region":   {next(func(token *zoomauth.Token) { token.Region = zoomauth.RegionAPAC }), 0o600, "refresh-canary-1"},
		"cut":                 {next(same)[:100], 0o600, "refresh-canary-1"},
		"open to others":      {next(same), 0o644, "refresh-canary-1"},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := savedFile(t, app)
			temp := path + ".new-" + strings.Repeat("A", 26)
			require.NoError(t, os.WriteFile(temp, tc.data, tc.mode))
			after := time.Now().Add(time.Second) // file systems count in milliseconds
			require.NoError(t, os.Chtimes(temp, after, after))
			assert.Equal(t, "refresh-canary-1", refreshIn(t, store), "to read changes nothing")
			lease, err := store.Lock(t.Context())
			require.NoError(t, err)
			assert.Equal(t, tc.want, refreshIn(t, store))
			if tc.want == "refresh-canary-2" {
				assert.NoFileExists(t, temp)
			} else {
				assert.FileExists(t, temp)
			}
			require.NoError(t, lease.Release())
		})
	}
}

// It is no way back for a token that was deleted.
func TestFaultAU05NothingIsSalvagedForNobody(t *testing.T) {
	app := new(wire).app()
	store, path := savedFile(t, app)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, store.Delete(t.Context()))
	require.NoError(t, os.WriteFile(path+".new-"+strings.Repeat("A", 26), data, 0o600))
	lease, err := store.Lock(t.Context())
	require.NoError(t, err)
	defer lease.Release()
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrNoToken)
}
