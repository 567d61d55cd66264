package zoomauth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// follow is a browser in the hands of a person who clicks Allow or Deny.
func follow(click func(string) (string, error)) func(context.Context, string) error {
	return func(ctx context.Context, link string) error {
		back, err := click(link)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, back, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		return errors.Join(err, res.Body.Close())
	}
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
			token, err := app.Login(t.Context(), &zoomauth.LoginOptions{Open: follow(srv.Allow)})
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
	token, err := publicApp(srv, redirect).Login(t.Context(), &zoomauth.LoginOptions{Open: follow(srv.Allow)})
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

func TestFaultAU28NobodyComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		w := beginInBubble(t)
		time.Sleep(4 * time.Minute)
		checkPage(t, http.StatusBadRequest, w.back("code=x&state=y")) // does not prolong it
		<-w.ended
		require.ErrorIs(t, w.err, zoom.ErrTimeout)
		require.NotErrorIs(t, w.err, zoom.ErrReauthorize)
		assert.Equal(t, 5*time.Minute, time.Since(begun))
		assert.Zero(t, codesSent(w.zoom))
		_, err := w.tryBack(w.allowed().Encode())
		require.Error(t, err, "nobody listens any more")
	})
}

// Who comes in the last second gets the whole time for the exchange: the code is used up.
func TestFaultAU28ComesBackInTheLastSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		time.Sleep(5*time.Minute - time.Second)
		w.zoom.Inject(zoomtest.Slow(8*time.Second).On("POST", "/oauth/token"))
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
	})
}

func TestFaultAU28TheCallerHasLessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(ctx, newPipes("127.0.0.1:8477"), zoomauth.LoginOptions{
			Open: func(context.Context, string) error { return nil },
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, zoom.ErrTimeout)
		assert.Equal(t, time.Minute, time.Since(begun))
	})
}

func TestLoginEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which also sees that no goroutine is left
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		listener := newPipes("127.0.0.1:8477")
		begun := time.Now()
		_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(ctx, listener, zoomauth.LoginOptions{
			Open: func(context.Context, string) error { return nil },
		})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, time.Since(begun))
		_, err = listener.dial(t.Context(), "", "")
		require.Error(t, err)
	})
}

func TestLoginEndsInTheMidstOfAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		srv.Inject(zoomtest.Slow(20*time.Second).On("POST", "/oauth/token"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		listener := newPipes("127.0.0.1:8477")
		w := &waiting{t: t, zoom: srv, address: "http://127.0.0.1:8477/callback", dial: listener.dial}
		begun := time.Now()
		_, err := publicApp(srv, w.address).LoginAt(ctx, listener, zoomauth.LoginOptions{Open: func(_ context.Context, link string) error {
			w.link = link
			go func() { _, _ = w.tryBack(w.allowed().Encode()) }()
			return nil
		}})
		require.ErrorIs(t, err, context.Canceled)
		assert.Less(t, time.Since(begun), 2*time.Second)
	})
}

// A browser opens connections in advance and never asks anything on them.
func TestLoginDoesNotWaitForSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		for range 3 {
			conn, err := w.dial(t.Context(), "", "")
			require.NoError(t, err)
			defer conn.Close()
		}
		begun := time.Now()
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
		assert.Zero(t, time.Since(begun))
	})
}

func TestLoginCutsSlowRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		begun := time.Now()
		var group sync.WaitGroup
		defer group.Wait()
		for name, text := range map[string]string{
			"nothing":     "",
			"half a line": "GET /call",
			"half a head": "GET /callback?code=x HTTP/1.1\r\nHost: 127.0.0.1:8477\r\nX",
		} {
			conn, err := w.dial(t.Context(), "", "")
			require.NoError(t, err)
			group.Go(func() { // a byte each second
				for i := range len(text) {
					if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			})
			answer, _ := io.ReadAll(conn)
			assert.NotContains(t, string(answer), " 200 ", name)
			conn.Close()
		}
		assert.LessOrEqual(t, time.Since(begun), 3*6*time.Second)
		assert.True(t, w.isOpen())
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
	})
}

// Many silent connections do not keep the right one out.
func TestLoginAmongManyConnections(t *testing.T) {
	w := beginAtLoopback(t)
	for range 200 {
		conn, err := net.Dial("tcp", w.host)
		require.NoError(t, err)
		defer conn.Close()
	}
	checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
	w.checkConnected()
	_, err := net.Dial("tcp", w.host)
	require.Error(t, err, "nobody listens any more")
}

func TestFaultAU25LoginGoesOnWaiting(t *testing.T) {
	w := beginAtLoopback(t)
	good := w.allowed()
	for name, query := range foreignCallbacks(good) {
		checkPage(t, http.StatusBadRequest, w.back(query))
		assert.True(t, w.isOpen(), name)
		assert.Zero(t, codesSent(w.zoom), name)
	}
	checkPage(t, http.StatusOK, w.back(good.Encode()))
	w.checkConnected()
}

// The state of a login before, of the same app at the same address.
func TestFaultAU25LoginOfBefore(t *testing.T) {
	w := beginAtLoopback(t)
	old := beginAtLoopback(t).allowed()
	checkPage(t, http.StatusBadRequest, w.back(old.Encode()))
	good := w.allowed()
	checkPage(t, http.StatusBadRequest, w.back(with(good, "state", old.Get("state"))))
	assert.Zero(t, codesSent(w.zoom))
	checkPage(t, http.StatusOK, w.back(good.Encode()))
	w.checkConnected()
}

func TestFaultAU26LoginDenied(t *testing.T) {
	w := beginAtLoopback(t)
	back, err := w.zoom.Deny(w.link)
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)
	for _, query := range []string{with(u.Query(), "state", "wrong"), with(u.Query(), "state")} {
		checkPage(t, http.StatusBadRequest, w.back(query))
		assert.True(t, w.isOpen())
	}
	res := w.back(u.RawQuery)
	checkPage(t, http.StatusForbidden, res)
	<-w.ended
	require.ErrorIs(t, w.err, zoom.ErrReauthorize)
	require.NotErrorIs(t, w.err, zoomauth.ErrLogin)
	assert.Nil(t, w.token)
	assert.Zero(t, codesSent(w.zoom))
}

// Other errors of the standard end it as well, and their words are not repeated.
func TestFaultAU26LoginRefusedOtherwise(t *testing.T) {
	w := beginAtLoopback(t)
	state := w.allowed().Get("state")
	res := w.back(url.Values{"error": {"k4nary"}, "error_description": {"k4nary"}, "error_uri": {"https://k4nary.example"}, "state": {state}}.Encode())
	checkPage(t, http.StatusBadRequest, res)
	<-w.ended
	require.ErrorIs(t, w.err, zoom.ErrReauthorize)
	assert.NotContains(t, w.err.Error(), "k4nary")
}

func TestLoginExchangeFails(t *testing.T) {
	for name, c := range map[string]struct {
		fault  zoomtest.Fault
		status int
		is     error
	}{
		"refused":     {zoomtest.Fault{Status: 400, Body: `{"reason":"x","error":"invalid_grant"}`}, http.StatusBadRequest, zoom.ErrReauthorize},
		"lost answer": {zoomtest.LostAnswer(), http.StatusBadGateway, zoom.ErrReauthorize},
		"no such app": {zoomtest.Fault{Status: 400, Body: `{"reason":"x","error":"invalid_client"}`}, http.StatusInternalServerError, zoom.ErrClientCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			w := beginAtLoopback(t)
			w.zoom.Inject(c.fault.On("POST", "/oauth/token"))
			checkPage(t, c.status, w.back(w.allowed().Encode()))
			<-w.ended
			require.ErrorIs(t, w.err, c.is)
			assert.Nil(t, w.token)
			assert.Equal(t, 1, codesSent(w.zoom))
		})
	}
}

func TestLoginParallelCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		w.zoom.Inject(zoomtest.Slow(5*time.Second).On("POST", "/oauth/token"))
		good := w.allowed().Encode()
		var group sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 20 {
			group.Go(func() {
				res, err := w.tryBack(good)
				if !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[res.StatusCode]++
			})
		}
		group.Wait()
		assert.Equal(t, map[int]int{http.StatusOK: 1, http.StatusBadRequest: 19}, statuses)
		w.checkConnected()
	})
}

// The page of the good callback arrives whole, although it ends the server.
func TestLoginSendsItsLastPage(t *testing.T) {
	for range 50 {
		w := beginAtLoopback(t)
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
	}
}

func TestLoginPrintsTheLink(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	var shownLink string
	_, err := publicApp(srv, "http://127.0.0.1:0/callback").Login(ctx, &zoomauth.LoginOptions{
		Open: func(_ context.Context, link string) error {
			shownLink = link
			return errors.New("no screen")
		},
		Output: writerFunc(func(p []byte) (int, error) {
			defer cancel()
			return out.Write(p)
		}),
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, shownLink)
	assert.Contains(t, out.String(), shownLink)
}

func TestLoginCannotShowTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		var state string
		_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(t.Context(), newPipes("127.0.0.1:8477"), zoomauth.LoginOptions{
			Open: func(_ context.Context, link string) error {
				u, _ := url.Parse(link)
				state = u.Query().Get("state")
				return errors.New("no screen")
			},
			Output: writerFunc(func(p []byte) (int, error) { return 0, errors.New("cannot write " + string(p)) }),
		})
		require.Error(t, err)
		require.NotEmpty(t, state)
		assert.NotContains(t, err.Error(), state)
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Nothing of a login stands in a print form.
func TestLoginHidesItself(t *testing.T) {
	srv := zoomtest.NewServer()
	link, login, err := appOf(srv).AuthCodeURL()
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	data, err := login.Encode()
	require.NoError(t, err)
	for _, text := range prints(t, login) {
		assert.NotContains(t, text, u.Query().Get("state"))
		assert.NotContains(t, text, member(t, data, "verifier"))
	}
}
