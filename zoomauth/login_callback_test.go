package zoomauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
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

// A transport of the caller's that panics does so at the caller, as everywhere else:
// not in the small server, which would swallow it and wait for ever.
func TestLoginTransportPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			broken func()
			says   string
		}{
			"panics":     {func() { panic("no wire") }, "no wire"},
			"aborts":     {func() { panic(http.ErrAbortHandler) }, "abort Handler"},
			"just stops": {runtime.Goexit, ""},
		} {
			srv := zoomtest.NewServer(zoomtest.WithPublicClient())
			listener := newPipes("127.0.0.1:8477")
			w := &waiting{t: t, zoom: srv, address: "http://127.0.0.1:8477/callback", dial: listener.dial}
			app := publicApp(srv, w.address)
			app.HTTPClient.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
				c.broken()
				return nil, nil
			})
			begun := time.Now()
			var err error
			login := func() {
				_, err = app.LoginAt(t.Context(), listener, zoomauth.LoginOptions{Open: func(_ context.Context, link string) error {
					go w.come(link)
					return nil
				}})
			}
			if c.says == "" {
				login()
				require.Error(t, err, name)
			} else {
				func() {
					defer func() { assert.Contains(t, fmt.Sprint(recover()), c.says, name) }()
					login()
				}()
			}
			assert.Less(t, time.Since(begun), time.Minute, name)
		}
	})
}
