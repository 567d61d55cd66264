package zoompg_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/contrib/zoompg"
	"github.com/seatkit/zoom/zoomauth"
)

// PostgreSQL's text holds neither NUL nor broken UTF-8, and its keys are at most 2,700 bytes.
var unstorable = map[string]string{
	"NUL":            "acme\x00",
	"NUL alone":      "\x00",
	"invalid UTF-8":  "acme\xff",
	"cut rune":       "acme\xc3",
	"surrogate":      "acme\xed\xa0\x80",
	"too long":       strings.Repeat("x", 2001),
	"too long in ää": strings.Repeat("ä", 1001),
}

// A name that cannot be stored is refused before a token depends on it.
func TestFaultST01NamesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	p := pool(t, "postgres", 1)
	for what, name := range unstorable {
		_, err := zoompg.NewTokenStore(p, name)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, what)
		require.NotContains(t, err.Error(), "acme", what)
	}
}

// Put refuses a key that cannot be stored. Anybody can send such a key to Take: no login has
// it, and nothing is wrong with the store.
func TestFaultST01KeysThatCannotBeStored(t *testing.T) {
	t.Parallel()
	p := database(t, 1)
	store, err := zoompg.NewLoginStore(p)
	require.NoError(t, err)
	_, l, err := app.AuthCodeURL()
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), "acme", l))
	for what, key := range unstorable {
		require.ErrorIs(t, store.Put(t.Context(), key, l), zoom.ErrInvalidArgument, what)
		_, err := store.Take(t.Context(), key)
		require.ErrorIs(t, err, zoomauth.ErrLogin, what)
	}
	_, err = store.Take(t.Context(), "acme")
	require.NoError(t, err, "as it was")
}

// Text inside a token or a login is stored as bytes: nothing of it is lost.
func TestTextThatIsStoredAsBytes(t *testing.T) {
	t.Parallel()
	p := database(t, 1)
	store := tokens(t, p, strings.Repeat("ä", 1000))
	odd := token(t, "access", "refresh")
	odd.ClientID, odd.AccountID, odd.Scopes = "client\x00", "\x00ä\u2028", []string{"a\x00b"}
	require.NoError(t, store.Save(t.Context(), odd))
	got, err := store.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, odd.ClientID, got.ClientID)
	assert.Equal(t, odd.AccountID, got.AccountID)
	assert.Equal(t, odd.Scopes, got.Scopes)

	broken := token(t, "access", "refresh-2")
	broken.AccountID = "\xff"
	require.ErrorIs(t, store.Save(t.Context(), broken), zoom.ErrInvalidArgument)
	require.ErrorIs(t, store.Swap(t.Context(), odd, broken), zoom.ErrInvalidArgument)
	got, err = store.Load(t.Context())
	require.NoError(t, err)
	assert.True(t, got.Same(odd), "as it was")

	logins, err := zoompg.NewLoginStore(p)
	require.NoError(t, err)
	_, l, err := app.AuthCodeURL()
	require.NoError(t, err)
	l.Session = "customer \x00 7"
	require.NoError(t, logins.Put(t.Context(), "key", l))
	taken, err := logins.Take(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, l.Session, taken.Session)
	l.Session = "\xff"
	require.ErrorIs(t, logins.Put(t.Context(), "key", l), zoom.ErrInvalidArgument)
}
