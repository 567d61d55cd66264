package zoomauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// S8, S9: what the link says, and what it does not.
func TestAuthCodeURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := appOf(zoomtest.NewServer())
		app.RedirectURL = "https://vendor.example/Zoom/callback?tenant=a b&x=%2F"
		states, challenges := map[string]bool{}, map[string]bool{}
		for range 100 {
			link, login, err := app.AuthCodeURL()
			require.NoError(t, err)
			u, err := url.Parse(link)
			require.NoError(t, err)
			assert.Equal(t, "https://zoom.us/oauth/authorize", u.Scheme+"://"+u.Host+u.Path)
			q := u.Query()
			assert.Equal(t, []string{"client_id", "code_challenge", "code_challenge_method", "redirect_uri", "response_type", "state"}, slices.Sorted(maps.Keys(q)))
			assert.Equal(t, app.ClientID, q.Get("client_id"))
			assert.Equal(t, app.RedirectURL, q.Get("redirect_uri"), "to the letter")
			assert.Equal(t, "code", q.Get("response_type"))
			assert.Equal(t, "S256", q.Get("code_challenge_method"))

			state, err := base64.RawURLEncoding.DecodeString(q.Get("state"))
			require.NoError(t, err)
			assert.Len(t, state, 32, "256 bits")
			data, err := login.Encode()
			require.NoError(t, err)
			verifier := member(t, data, "verifier")
			assert.GreaterOrEqual(t, len(verifier), 43)
			assert.NotContains(t, link, verifier)
			sum := sha256.Sum256([]byte(verifier))
			assert.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), q.Get("code_challenge"))
			states[q.Get("state")], challenges[q.Get("code_challenge")] = true, true

			assert.Equal(t, app.Region, login.Region)
			assert.Empty(t, login.Session)
			assert.Equal(t, 5*time.Minute, time.Until(login.Expires))
		}
		assert.Len(t, states, 100)
		assert.Len(t, challenges, 100)
	})
}

// A public client has PKCE and nothing else.
func TestAuthCodeURLPublic(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	app := publicApp(srv, redirectURL)
	token := authorize(t, srv, app)
	assert.True(t, srv.GrantAlive(refreshTokenOf(t, token)))
}

// A login that another process began is the same login.
func TestLoginGoesThroughAStore(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	link, login, err := app.AuthCodeURL()
	require.NoError(t, err)
	login.Session = "customer 1"
	data, err := login.Encode()
	require.NoError(t, err)
	again, err := zoomauth.DecodeLogin(data)
	require.NoError(t, err)
	assert.Equal(t, "customer 1", again.Session)
	assert.Equal(t, app.Region, again.Region)
	assert.True(t, login.Expires.Equal(again.Expires))
	_, err = app.Exchange(t.Context(), again, allow(t, srv, link))
	require.NoError(t, err)
}
