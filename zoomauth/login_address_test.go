package zoomauth_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// approve is a browser in the hands of a person who clicks Allow.
func approve(srv *zoomtest.Server) func(context.Context, string) error {
	return func(ctx context.Context, link string) error { return srv.ApproveLogin(ctx, link, true) }
}

// Everything over the network: the fake's endpoints, the callback.
func TestLoginOverLoopback(t *testing.T) {
	for _, redirect := range []string{"http://127.0.0.1:0/callback", "http://127.0.0.1:0", "http://[::1]:0/a%2fb/c", "http://127.8.9.10:0/"} {
		t.Run(redirect, func(t *testing.T) {
			if strings.Contains(redirect, "::1") {
				l, err := net.Listen("tcp", "[::1]:0")
				if err != nil {
					t.Skip("no IPv6 here")
				}
				l.Close()
			}
			srv := zoomtest.NewServer(zoomtest.WithPublicClient())
			defer srv.Close()
			app := zoomauth.App{ClientID: srv.ClientID(), RedirectURL: redirect, Endpoints: zoomauth.Endpoints{
				Authorize: srv.AuthorizeURL(), Token: srv.TokenURL(), Revoke: srv.RevokeURL(), Device: srv.DeviceURL(),
			}}
			token, err := app.Login(t.Context(), &zoomauth.LoginOptions{Open: approve(srv)})
			require.NoError(t, err)
			assert.True(t, srv.GrantAlive(refreshTokenOf(t, token)))
			assert.Equal(t, 1, codesSent(srv))
		})
	}
}

// A fixed port, registered to the letter.
func TestLoginAtARegisteredAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close()) // whoever takes the port now makes the test fail loudly
	redirect := "http://" + listener.Addr().String() + "/CallBack/%7Ezoom"
	srv := zoomtest.NewServer(zoomtest.WithPublicClient(), zoomtest.WithRedirectURLs(redirect))
	token, err := publicApp(srv, redirect).Login(t.Context(), &zoomauth.LoginOptions{Open: approve(srv)})
	require.NoError(t, err)
	assert.True(t, srv.GrantAlive(refreshTokenOf(t, token)))
}

func TestLoginListensOnLoopbackOnly(t *testing.T) {
	w := beginAtLoopback(t)
	addr, err := net.ResolveTCPAddr("tcp", w.host)
	require.NoError(t, err)
	assert.True(t, addr.IP.IsLoopback())
	assert.NotZero(t, addr.Port)
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(w.host)
	require.NoError(t, err)
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.Equal(addr.IP) {
			conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.IP.String(), port), time.Second)
			if !assert.Error(t, err, ip) {
				conn.Close()
			}
		}
	}
}

func TestLoginRefusesOtherAddresses(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	for _, redirect := range []string{
		"", "https://vendor.example/callback", "http://localhost:0/callback", "http://0.0.0.0:0/callback", "http://[::]:0/", "http://:0/callback",
		"http://192.168.0.1:0/callback", "http://127.0.0.1.evil.example:0/", "http://127.0.0.1:0/callback?x=y", "http://127.0.0.1:0/callback?",
		"http://u:p@127.0.0.1:0/callback", "http://127.0.0.1:0/callback#x", "http://127.0.0.1:70000/callback", "http://127.0.0.1:x/callback",
		"ftp://127.0.0.1:0/", "//127.0.0.1:0/", "http://127.1:0/", "http://2130706433:0/", "unix:///tmp/x",
	} {
		opened := false
		_, err := publicApp(srv, redirect).Login(t.Context(), &zoomauth.LoginOptions{Open: func(context.Context, string) error {
			opened = true
			return nil
		}})
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, redirect)
		assert.Contains(t, err.Error(), "redirect URL", redirect)
		assert.False(t, opened, redirect)
	}
	var none context.Context
	_, err := publicApp(srv, "http://127.0.0.1:0").Login(none, nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = zoomauth.App{RedirectURL: "http://127.0.0.1:0"}.Login(t.Context(), nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument, "no client id")
}

func TestFaultAU28PortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	_, err = publicApp(srv, "http://"+taken.Addr().String()+"/callback").Login(t.Context(), nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	assert.Contains(t, err.Error(), "redirect URL: its port cannot be listened on")
	assert.Contains(t, err.Error(), taken.Addr().String(), "which one it is")
	assert.Empty(t, srv.Requests())
}
