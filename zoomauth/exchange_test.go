package zoomauth_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// begun is a login at whose end somebody clicked Allow.
func begun(t *testing.T, srv *zoomtest.Server, app zoomauth.App) (*zoomauth.Login, url.Values) {
	t.Helper()
	link, login, err := app.AuthCodeURL()
	require.NoError(t, err)
	return login, allow(t, srv, link)
}

func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		app := appOf(srv)
		wire := &spy{next: srv.RoundTripper()}
		app.HTTPClient = &http.Client{Transport: wire}
		login, back := begun(t, srv, app)
		data, err := login.Encode()
		require.NoError(t, err)
		token, err := app.Exchange(t.Context(), login, back)
		require.NoError(t, err)
		assert.True(t, srv.GrantAlive(refreshTokenOf(t, token)))
		assert.Equal(t, app.ClientID, token.ClientID)
		assert.Equal(t, app.Region, token.Region)
		assert.Equal(t, srv.AccountID(), token.AccountID)
		assert.NotEmpty(t, token.Scopes)
		assert.True(t, token.Authorized.Equal(time.Now()))

		require.Len(t, wire.seen, 1)
		sent := wire.seen[0]
		assert.Equal(t, "https://zoom.us/oauth/token", sent.url.String(), "S7: nothing in the query")
		assert.Equal(t, url.Values{
			"grant_type": {"authorization_code"}, "code": back["code"],
			"redirect_uri": {redirectURL}, "code_verifier": {member(t, data, "verifier")},
		}, sent.form, "S7: no secret in the form")
		assert.True(t, strings.HasPrefix(sent.header.Get("Authorization"), "Basic "))
	})
}

func TestExchangeChecks(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	login, back := begun(t, srv, app)
	var none context.Context
	for name, c := range map[string]struct {
		ctx   context.Context
		login *zoomauth.Login
	}{
		"no context": {none, login}, "no login": {t.Context(), nil}, "an empty login": {t.Context(), &zoomauth.Login{Expires: login.Expires}},
	} {
		_, err := app.Exchange(c.ctx, c.login, back)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	for name, change := range map[string]func(*zoomauth.App){
		"another app":      func(a *zoomauth.App) { a.ClientID = "other" },
		"another redirect": func(a *zoomauth.App) { a.RedirectURL += "/eu" },
	} {
		other := app
		change(&other)
		_, err := other.Exchange(t.Context(), login, back)
		require.ErrorIs(t, err, zoomauth.ErrLogin, name)
		require.NotErrorIs(t, err, zoom.ErrReauthorize, name)
	}
	assert.Zero(t, codesSent(srv))
	_, err := app.Exchange(t.Context(), login, back)
	require.NoError(t, err, "the login is still open")
}

func TestFaultAU25ExchangeOfNoLogin(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	login, good := begun(t, srv, app)
	for name, query := range foreignCallbacks(good) {
		back, err := url.ParseQuery(query)
		if err != nil || name == "huge" {
			continue // not a matter of Exchange
		}
		_, err = app.Exchange(t.Context(), login, back)
		require.ErrorIs(t, err, zoomauth.ErrLogin, name)
	}
	_, err := app.Exchange(t.Context(), login, nil)
	require.ErrorIs(t, err, zoomauth.ErrLogin)
	assert.Zero(t, codesSent(srv))
	_, err = app.Exchange(t.Context(), login, good)
	require.NoError(t, err)
	_, err = app.Exchange(t.Context(), login, good)
	require.ErrorIs(t, err, zoomauth.ErrLogin, "used before")
	assert.Equal(t, 1, codesSent(srv))
}

func TestFaultAU25ExchangeTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		app := appOf(srv)
		late, lateBack := begun(t, srv, app)
		time.Sleep(time.Nanosecond)
		login, back := begun(t, srv, app)
		time.Sleep(5*time.Minute - time.Nanosecond)
		_, err := app.Exchange(t.Context(), late, lateBack)
		require.ErrorIs(t, err, zoomauth.ErrLogin)
		assert.Zero(t, codesSent(srv))
		_, err = app.Exchange(t.Context(), login, back)
		require.NoError(t, err)
	})
}

func TestFaultAU25ExchangeAtOnce(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	login, back := begun(t, srv, app)
	var good atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := app.Exchange(t.Context(), login, back); err == nil {
				good.Add(1)
			} else {
				assert.ErrorIs(t, err, zoomauth.ErrLogin)
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, good.Load())
	assert.Equal(t, 1, codesSent(srv))
}

func TestFaultAU26ExchangeOfADenial(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	login, good := begun(t, srv, app)
	denied := url.Values{"error": {"access_denied"}, "state": {"wrong"}}
	_, err := app.Exchange(t.Context(), login, denied)
	require.ErrorIs(t, err, zoomauth.ErrLogin)
	require.NotErrorIs(t, err, zoom.ErrReauthorize)
	denied["state"] = good["state"]
	_, err = app.Exchange(t.Context(), login, denied)
	require.ErrorIs(t, err, zoom.ErrReauthorize)
	require.NotErrorIs(t, err, zoomauth.ErrLogin)
	_, err = app.Exchange(t.Context(), login, good)
	require.ErrorIs(t, err, zoomauth.ErrLogin, "it is over")
	assert.Zero(t, codesSent(srv))
}

// A code lives as long as its login, so that only a wrong clock brings Zoom an old one.
func TestFaultAU27CodeTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		app := appOf(srv)
		login, back := begun(t, srv, app)
		srv.Advance(5*time.Minute + time.Second)
		_, err := app.Exchange(t.Context(), login, back)
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		require.NotErrorIs(t, err, zoomauth.ErrLogin)
		assert.Equal(t, 1, codesSent(srv))
	})
}

// One login in two processes, whose store gave it out twice.
func TestFaultAU27CodeTwice(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	login, back := begun(t, srv, app)
	data, err := login.Encode()
	require.NoError(t, err)
	twin, err := zoomauth.DecodeLogin(bytes.Clone(data))
	require.NoError(t, err)
	_, err = app.Exchange(t.Context(), login, back)
	require.NoError(t, err)
	_, err = app.Exchange(t.Context(), twin, back)
	require.ErrorIs(t, err, zoom.ErrReauthorize)
	assert.Equal(t, 2, codesSent(srv))
}

// The code of somebody else, put into a login: the verifier does not fit.
func TestExchangeInjectedCode(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	login, back := begun(t, srv, app)
	_, stolen := begun(t, srv, app)
	back["code"] = stolen["code"]
	_, err := app.Exchange(t.Context(), login, back)
	require.ErrorIs(t, err, zoom.ErrReauthorize)
	assert.Equal(t, 1, codesSent(srv))
}
