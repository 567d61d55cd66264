package zoomtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// Addresses are the same in any case of ASCII letters, and in no other, as in the client.
func TestAddressesFoldASCIIAlone(t *testing.T) {
	srv := zoomtest.NewServer()
	kim := srv.AddUser(zoom.User{Email: "Kim@example.com"})
	srv.AddForeigner("jess@example.org")
	c := srv.Client()
	for asked, want := range map[string]error{
		"kim@EXAMPLE.com":       nil,
		"\u212Aim@example.com":  zoom.ErrNotFound, // KELVIN SIGN
		"je\u017Fs@example.org": zoom.ErrNotFound, // LONG S
	} {
		user, err := c.Users.Get(t.Context(), asked)
		if want != nil {
			require.ErrorIs(t, err, want, asked)
			_, known := srv.User(asked)
			assert.False(t, known, asked)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, kim.ID, user.ID)
	}
	other := srv.AddUser(zoom.User{Email: "\u212Aim@example.com"})
	assert.NotEqual(t, kim.ID, other.ID)
}
