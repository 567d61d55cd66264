package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// brokenBody is the body of an answer, of a transport that strikes when it was read.
type brokenBody struct {
	io.ReadCloser
	atEnd, atClose func() error
}

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) && b.atEnd != nil {
		err = b.atEnd()
	}
	return n, err
}

func (b brokenBody) Close() error {
	if b.atClose != nil {
		return b.atClose()
	}
	return b.ReadCloser.Close()
}

// exchangeStrike is what befalls an exchange when its answer was read.
type exchangeStrike struct {
	trace *zoom.Trace
	body  func(io.ReadCloser) io.ReadCloser
	saved bool // a handler saves the token before
}

func exchangeStrikes(strike func()) map[string]exchangeStrike {
	isExchange := func(op string) bool { return op != "auth.revoke" }
	return map[string]exchangeStrike{
		"the hook Attempt": {saved: true, trace: &zoom.Trace{Attempt: func(_ context.Context, a zoom.AttemptInfo) {
			if a.StatusCode == http.StatusOK && isExchange(a.Call.Op) && !strings.HasSuffix(a.Call.Path, "devicecode") {
				strike()
			}
		}}},
		"the hook Attempt, always": {saved: true, trace: &zoom.Trace{Attempt: func(_ context.Context, a zoom.AttemptInfo) {
			if !strings.HasSuffix(a.Call.Path, "devicecode") {
				strike()
			}
		}}},
		"Close of the body": {body: func(b io.ReadCloser) io.ReadCloser {
			return brokenBody{ReadCloser: b, atClose: func() error { strike(); return nil }}
		}},
		"the end of the body": {body: func(b io.ReadCloser) io.ReadCloser {
			return brokenBody{ReadCloser: b, atEnd: func() error { strike(); return io.EOF }}
		}},
	}
}

// struck sends the requests of an app to a fake, and strikes.
func struck(app *zoomauth.App, srv *zoomtest.Server, s exchangeStrike) *givenOut {
	given := &givenOut{next: srv.RoundTripper()}
	app.Trace = s.trace
	app.HTTPClient = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		res, err := given.RoundTrip(r)
		if err == nil && s.body != nil && r.URL.Path == "/oauth/token" && res.StatusCode == http.StatusOK {
			res.Body = s.body(res.Body)
		}
		return res, err
	})}
	return given
}

// outcomeOf calls f on a goroutine of its own and returns what it panicked with, or that it
// ended its goroutine.
func outcomeOf(f func()) (panicked any, returned bool) {
	var group sync.WaitGroup
	group.Go(func() {
		defer func() { panicked = recover() }()
		f()
		returned = true
	})
	group.Wait()
	return panicked, returned
}

// A grant that came with an answer is saved or revoked, whatever panics afterwards. The panic
// goes on to the caller.
func TestFaultAU35NoGrantIsLeftByAPanic(t *testing.T) {
	for how, strike := range map[string]func(){"panic": func() { panic("canary-panic") }, "Goexit": runtime.Goexit} {
		want := map[string]any{"panic": "canary-panic"}[how]
		for name, s := range exchangeStrikes(strike) {
			t.Run("AU35 a handler, "+how+" in "+name, inBubble(func(t *testing.T) {
				var given *givenOut
				c := newService(t, func(c *service, o *zoomauth.HandlerOptions) {
					given = struck(&c.app, c.zoom, s)
					o.Apps = zoomauth.Apps{c.app}
				})
				v := c.visitor()
				query := v.allowed().Encode()
				panicked, returned := outcomeOf(func() { v.back(query) })
				assert.False(t, returned)
				assert.Equal(t, want, panicked)
				assert.Len(t, given.tokens, 1, "grants")
				held, err := c.store.Load(t.Context())
				if s.saved {
					require.NoError(t, err)
					assert.Equal(t, []string{refreshTokenOf(t, held)}, given.alive(c.zoom))
				} else {
					require.ErrorIs(t, err, zoomauth.ErrNoToken, "not a placeholder either")
					assert.Empty(t, given.alive(c.zoom))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				lease, err := c.store.Lock(ctx)
				require.NoError(t, err, "the lock is free")
				require.NoError(t, lease.Release())
			}))
			t.Run("AU35 Exchange, "+how+" in "+name, inBubble(func(t *testing.T) {
				srv := zoomtest.NewServer()
				app := appOf(srv)
				given := struck(&app, srv, s)
				login, back := begun(t, srv, app)
				panicked, returned := outcomeOf(func() { _, _ = app.Exchange(t.Context(), login, back) })
				assert.False(t, returned)
				assert.Equal(t, want, panicked)
				assert.Len(t, given.tokens, 1, "grants")
				assert.Empty(t, given.alive(srv))
			}))
			t.Run("AU35 DeviceLogin, "+how+" in "+name, inBubble(func(t *testing.T) {
				srv := zoomtest.NewServer()
				app := appOf(srv)
				given := struck(&app, srv, s)
				panicked, returned := outcomeOf(func() {
					_, _ = app.DeviceLogin(t.Context(), func(code zoomauth.DeviceCode) error {
						return srv.ApproveDevice(code.UserCode, true)
					})
				})
				assert.False(t, returned)
				assert.Equal(t, want, panicked)
				assert.Len(t, given.tokens, 1, "grants")
				assert.Empty(t, given.alive(srv))
			}))
			t.Run("AU35 Login, "+how+" in "+name, inBubble(func(t *testing.T) {
				srv := zoomtest.NewServer(zoomtest.WithPublicClient())
				listener := newPipes("127.0.0.1:8477")
				w := &waiting{t: t, zoom: srv, dial: listener.dial}
				app := publicApp(srv, "http://127.0.0.1:8477/callback")
				given := struck(&app, srv, s)
				var err error
				panicked, _ := outcomeOf(func() {
					_, err = app.LoginAt(t.Context(), listener, zoomauth.LoginOptions{Open: func(_ context.Context, link string) error {
						go w.come(link)
						return nil
					}})
				})
				assert.Equal(t, want, panicked)
				if how == "Goexit" {
					require.Error(t, err)
				}
				assert.Len(t, given.tokens, 1, "grants")
				assert.Empty(t, given.alive(srv))
			}))
		}
	}
}

// A save that ends its goroutine has saved the token, or its grant is revoked.
func TestFaultAU35TheSaveEndsItsGoroutine(t *testing.T) {
	for _, acts := range []bool{false, true} {
		t.Run(fmt.Sprint("AU35 acts before: ", acts), inBubble(func(t *testing.T) {
			store := &watched{}
			c := newConnecting(t, store)
			c.kept.on(func(ctx context.Context, call string, next *zoomauth.Token) error {
				if call == "save" && len(c.given.alive(c.zoom)) > 0 {
					if acts {
						require.NoError(t, store.MemoryStore.Save(ctx, next))
					}
					runtime.Goexit()
				}
				return nil
			})
			_, returned := outcomeOf(func() { c.connect() })
			assert.False(t, returned)
			store.on(nil)
			if acts {
				assert.Equal(t, []string{refreshTokenOf(t, store.inStore(t))}, c.given.alive(c.zoom))
			} else {
				assert.Empty(t, c.given.alive(c.zoom))
			}
		}))
	}
}

// An answer that breaks behind its tokens is lost, and its grant is revoked.
func TestFaultAU35AnswerBreaksBehindItsTokens(t *testing.T) {
	broken := exchangeStrike{body: func(b io.ReadCloser) io.ReadCloser {
		return brokenBody{ReadCloser: b, atEnd: func() error { return errReset }}
	}}
	t.Run("AU35 Exchange", inBubble(func(t *testing.T) {
		srv := zoomtest.NewServer()
		app := appOf(srv)
		given := struck(&app, srv, broken)
		login, back := begun(t, srv, app)
		_, err := app.Exchange(t.Context(), login, back)
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Len(t, given.tokens, 1)
		assert.Empty(t, given.alive(srv))
	}))
	t.Run("AU35 DeviceLogin", inBubble(func(t *testing.T) {
		srv := zoomtest.NewServer()
		app := appOf(srv)
		given := struck(&app, srv, broken)
		_, err := app.DeviceLogin(t.Context(), func(code zoomauth.DeviceCode) error { return srv.ApproveDevice(code.UserCode, true) })
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Len(t, given.tokens, 1)
		assert.Empty(t, given.alive(srv))
	}))
}

// A login whose context ends while the code is exchanged returns the token, or an error that
// says what became of the code.
func TestFaultAU35LoginEndsInTheMidstOfTheExchange(t *testing.T) {
	for _, late := range []bool{false, true} { // the answer comes in spite of the context
		t.Run(fmt.Sprint("AU35 the answer comes: ", late), inBubble(func(t *testing.T) {
			srv := zoomtest.NewServer(zoomtest.WithPublicClient())
			listener := newPipes("127.0.0.1:8477")
			w := &waiting{t: t, zoom: srv, dial: listener.dial}
			app := publicApp(srv, "http://127.0.0.1:8477/callback")
			ctx, cancel := context.WithCancel(t.Context())
			given := &givenOut{next: srv.RoundTripper()}
			app.HTTPClient.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
				cancel()
				time.Sleep(time.Second)
				if !late {
					return nil, r.Context().Err()
				}
				return given.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
			})
			token, err := app.LoginAt(ctx, listener, zoomauth.LoginOptions{Open: func(_ context.Context, link string) error {
				go w.come(link)
				return nil
			}})
			if late {
				require.NoError(t, err)
				assert.Equal(t, []string{refreshTokenOf(t, token)}, given.alive(srv))
				return
			}
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, zoom.ErrReauthorize, "the code may be used up")
		}))
	}
}
