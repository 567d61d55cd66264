package zoomauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// decide is a person who enters the code of the device after a while.
func decide(t *testing.T, srv *zoomtest.Server, after time.Duration, allow bool) func(zoomauth.DeviceCode) error {
	return func(c zoomauth.DeviceCode) error {
		time.AfterFunc(after, func() { assert.NoError(t, srv.ApproveDevice(c.UserCode, allow)) })
		return nil
	}
}

func TestDeviceLogin(t *testing.T) {
	for name, public := range map[string]bool{"with a secret": false, "public": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := zoomtest.NewServer()
				if public {
					srv = zoomtest.NewServer(zoomtest.WithPublicClient())
				}
				app := appOf(srv)
				if public {
					app.ClientSecret = ""
				}
				wire := &spy{next: srv.RoundTripper()}
				app.HTTPClient = &http.Client{Transport: wire}
				begun := time.Now()
				token, err := app.DeviceLogin(t.Context(), func(c zoomauth.DeviceCode) error {
					assert.Len(t, c.UserCode, 8)
					assert.Equal(t, "https://zoom.us/oauth_device", c.Link)
					assert.Equal(t, "https://zoom.us/oauth/device/complete/"+c.UserCode, c.FullLink)
					assert.Equal(t, begun.Add(15*time.Minute), c.Expires)
					return decide(t, srv, 12*time.Second, true)(c)
				})
				require.NoError(t, err)
				assert.Equal(t, 15*time.Second, time.Since(begun), "asked every five seconds")
				assert.True(t, srv.GrantAlive(refreshTokenOf(t, token)))
				assert.Equal(t, app.ClientID, token.ClientID)
				assert.Equal(t, app.Region, token.Region)
				assert.Equal(t, srv.AccountID(), token.AccountID)
				assert.True(t, token.Authorized.Equal(time.Now()))

				asks := pollsOf(wire)
				require.Len(t, asks, 3)
				require.Len(t, wire.seen, 4)
				assert.Equal(t, "https://zoom.us/oauth/devicecode", wire.seen[0].url.String())
				for _, r := range wire.seen {
					assert.Equal(t, !public, r.header.Get("Authorization") != "")
					assert.Empty(t, r.form["client_secret"])
					assert.Empty(t, r.url.RawQuery)
				}
			})
		})
	}
}

// pollsOf are the questions for a token.
func pollsOf(wire *spy) []sent {
	var asks []sent
	for _, r := range wire.seen {
		if r.form.Get("grant_type") == deviceGrant {
			asks = append(asks, r)
		}
	}
	return asks
}

func TestDeviceLoginDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		begun := time.Now()
		token, err := appOf(srv).DeviceLogin(t.Context(), decide(t, srv, time.Minute-time.Second, false))
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Nil(t, token)
		assert.Equal(t, time.Minute, time.Since(begun))
	})
}

func TestDeviceLoginNobodyDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithRequestLog(1000))
		begun := time.Now()
		_, err := appOf(srv).DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error { return nil })
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Contains(t, err.Error(), "in time")
		assert.Equal(t, zoomtest.DeviceCodeLife, time.Since(begun))
		assert.Equal(t, 15*60/5-1, codesSent(srv), "not at the very end")
	})
}

// Zoom's clock is ahead, or this machine slept.
func TestDeviceLoginExpiredAtZoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		_, err := appOf(srv).DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error {
			srv.Advance(zoomtest.DeviceCodeLife)
			return nil
		})
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Equal(t, 1, codesSent(srv))
	})
}

func TestDeviceLoginInTheLastSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithRequestLog(1000))
		_, err := appOf(srv).DeviceLogin(t.Context(), decide(t, srv, zoomtest.DeviceCodeLife-6*time.Second, true))
		require.NoError(t, err)
	})
}

func TestDeviceLoginAppRefused(t *testing.T) {
	srv := zoomtest.NewServer()
	app := appOf(srv)
	app.ClientSecret = "wrong"
	_, err := app.DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error {
		t.Error("shown")
		return nil
	})
	require.ErrorIs(t, err, zoom.ErrClientCredentials)
	assert.Len(t, srv.Requests(), 1)
}

func TestDeviceLoginChecks(t *testing.T) {
	srv := zoomtest.NewServer()
	var none context.Context
	show := func(zoomauth.DeviceCode) error { return nil }
	for name, begin := range map[string]func() error{
		"no context": func() error { _, err := appOf(srv).DeviceLogin(none, show); return err },
		"no show":    func() error { _, err := appOf(srv).DeviceLogin(t.Context(), nil); return err },
		"no app":     func() error { _, err := zoomauth.App{}.DeviceLogin(t.Context(), show); return err },
		"endpoint": func() error {
			app := appOf(srv)
			app.Endpoints.Device = "http://zoom.us/oauth/devicecode"
			_, err := app.DeviceLogin(t.Context(), show)
			return err
		},
	} {
		require.ErrorIs(t, begin(), zoom.ErrInvalidArgument, name)
	}
	assert.Empty(t, srv.Requests())
}

func TestDeviceLoginCannotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		broken := errors.New("no paper")
		_, err := appOf(srv).DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error { return broken })
		require.ErrorIs(t, err, broken)
		assert.Zero(t, codesSent(srv))

		var code zoomauth.DeviceCode
		_, err = appOf(srv).DeviceLogin(t.Context(), func(c zoomauth.DeviceCode) error {
			code = c
			return errors.New("cannot print " + c.UserCode + " of " + c.FullLink)
		})
		require.ErrorContains(t, err, "cannot print")
		assert.NotContains(t, err.Error(), code.UserCode)

		assert.PanicsWithValue(t, "jam", func() {
			_, _ = appOf(srv).DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error { panic("jam") })
		})
		assert.Zero(t, codesSent(srv))
	})
}

func TestDeviceLoginEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		slow  zoomtest.Fault
	}{
		"before":           {0, zoomtest.Fault{}},
		"at the first":     {time.Second, zoomtest.Slow(8*time.Second).On("POST", "/oauth/devicecode")},
		"in a pause":       {13 * time.Second, zoomtest.Fault{}},
		"in a question":    {6 * time.Second, zoomtest.Slow(8*time.Second).On("POST", "/oauth/token")},
		"after the outage": {time.Minute, zoomtest.ServerError(503).Repeat(-1).On("POST", "/oauth/token")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := zoomtest.NewServer()
				if name != "before" && name != "in a pause" {
					srv.Inject(c.slow)
				}
				ctx, cancel := context.WithCancel(t.Context())
				if c.after == 0 {
					cancel()
				}
				time.AfterFunc(c.after, cancel)
				begun := time.Now()
				_, err := appOf(srv).DeviceLogin(ctx, func(zoomauth.DeviceCode) error { return nil })
				require.ErrorIs(t, err, context.Canceled)
				require.NotErrorIs(t, err, zoom.ErrReauthorize)
				assert.Equal(t, c.after, time.Since(begun))
			})
		})
	}
}
