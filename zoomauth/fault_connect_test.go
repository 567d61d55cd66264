package zoomauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// givenOut notes the refresh tokens that a fake gives out.
type givenOut struct {
	next http.RoundTripper

	mu     sync.Mutex
	tokens []string
}

func (g *givenOut) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct {
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Refresh != "" {
		g.mu.Lock()
		g.tokens = append(g.tokens, answer.Refresh)
		g.mu.Unlock()
	}
	return res, err
}

// alive returns the refresh tokens that Zoom would take.
func (g *givenOut) alive(srv *zoomtest.Server) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var alive []string
	for _, token := range g.tokens {
		if srv.GrantAlive(token) {
			alive = append(alive, token)
		}
	}
	return alive
}

// connecting is a service over a store that a test can fail.
type connecting struct {
	*service
	given *givenOut
	kept  *watched
	log   *bytes.Buffer
}

func newConnecting(t *testing.T, store zoomauth.TokenStore) *connecting {
	t.Helper()
	c := &connecting{log: &bytes.Buffer{}}
	c.kept, _ = store.(*watched)
	c.service = newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		c.given = &givenOut{next: s.zoom.RoundTripper()}
		s.app.HTTPClient = &http.Client{Transport: c.given}
		o.Apps = zoomauth.Apps{s.app}
		o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil }
		o.Logger = slog.New(slog.NewTextHandler(c.log, nil))
	})
	return c
}

// connect is an admin who clicks the button and Allow.
func (c *connecting) connect() shown {
	v := c.visitor()
	return v.back(v.allowed().Encode())
}

// before fails calls of the store as long as Zoom has not given out a token; after: from
// then on.
func (c *connecting) fails(after bool, err error, calls ...string) {
	c.kept.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
		c.given.mu.Lock()
		exchanged := len(c.given.tokens) > 0
		c.given.mu.Unlock()
		if exchanged != after {
			return nil
		}
		for _, name := range calls {
			if name == call {
				return err
			}
		}
		return nil
	})
}

// What a store cannot do is known before the code is exchanged.
func TestFaultAU35ProvenBeforeTheExchange(t *testing.T) {
	for _, call := range []string{"lock", "check", "load", "save"} {
		for _, isEmpty := range []bool{true, false} {
			t.Run(fmt.Sprint("AU35 ", call, ", empty: ", isEmpty), inBubble(func(t *testing.T) {
				store := &watched{}
				c := newConnecting(t, store)
				var before *zoomauth.Token
				if !isEmpty {
					var err error
					before, err = c.app.NewToken("access-canary-1", "refresh-canary-1", time.Now())
					require.NoError(t, err)
					require.NoError(t, store.Save(t.Context(), before))
				}
				c.fails(false, errDisk, call)
				res := c.connect()
				checkPage(t, http.StatusInternalServerError, res)
				assert.Contains(t, res.body, "tell its operator")
				assert.Zero(t, codesSent(c.zoom), "the code was exchanged")
				assert.Contains(t, c.log.String(), errDisk.Error())
				assert.Contains(t, c.log.String(), "level=ERROR")
				store.on(nil)
				_, err := sourceOf(t, c.app, store, nil).Token(t.Context())
				if isEmpty {
					require.ErrorIs(t, err, zoomauth.ErrNoToken, "nothing is left in it")
					assert.Equal(t, http.StatusOK, c.connect().StatusCode, "the next try")
					return
				}
				assert.True(t, store.inStore(t).Same(before) || store.inStore(t).Suspect)
			}))
		}
	}
}

// A refresh of another is waited for before the code is exchanged, and none comes between.
func TestFaultAU35AnotherRefreshes(t *testing.T) {
	for _, held := range []time.Duration{0, 44 * time.Second, 46 * time.Second, 119 * time.Second, 121 * time.Second} {
		t.Run("AU35 "+held.String(), inBubble(func(t *testing.T) {
			store := &watched{}
			c := newConnecting(t, store)
			lease, err := store.MemoryStore.Lock(t.Context())
			require.NoError(t, err)
			time.AfterFunc(held, func() { _ = lease.Release() })
			begin := time.Now()
			store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
				if call == "save" {
					assert.GreaterOrEqual(t, time.Since(begin), held)
				}
				return nil
			})
			res := c.connect()
			if held > 2*time.Minute {
				assert.Equal(t, http.StatusInternalServerError, res.StatusCode)
				assert.Zero(t, codesSent(c.zoom))
				assert.Equal(t, 2*time.Minute, time.Since(begin))
				return
			}
			assert.Equal(t, http.StatusOK, res.StatusCode)
			assert.Equal(t, held, time.Since(begin))
			assert.Len(t, c.given.alive(c.zoom), 1)
		}))
	}
}

// A token that cannot be saved leaves no grant at Zoom, and everybody is told.
func TestFaultAU35NotSaved(t *testing.T) {
	for _, isEmpty := range []bool{true, false} {
		for name, strike := range map[string]struct {
			do    func(*connecting)
			alive int
			text  string
		}{
			"a save fails": {func(c *connecting) { c.fails(true, errDisk, "save") }, 0, "taken it back"},
			"and Zoom cannot be told": {func(c *connecting) {
				c.fails(true, errDisk, "save")
				c.zoom.Inject(zoomtest.ServerError(503).On("POST", "/oauth/revoke").Repeat(-1))
			}, 1, "remove the app"},
			"and Zoom says no": {func(c *connecting) {
				c.fails(true, errDisk, "save")
				c.zoom.Inject(zoomtest.Fault{Status: 200, Body: `{"status":"failed"}`}.On("POST", "/oauth/revoke").Repeat(-1))
			}, 1, "remove the app"},
			"a save hangs": {func(c *connecting) {
				c.kept.on(func(ctx context.Context, call string, next *zoomauth.Token) error {
					if call == "save" && len(c.given.alive(c.zoom)) > 0 {
						<-ctx.Done()
						return ctx.Err()
					}
					return nil
				})
			}, 0, "taken it back"},
		} {
			t.Run(fmt.Sprint("AU35 ", name, ", empty: ", isEmpty), inBubble(func(t *testing.T) {
				store := &watched{}
				c := newConnecting(t, store)
				before, err := c.app.NewToken("access-canary-1", "refresh-canary-1", time.Now())
				require.NoError(t, err)
				if !isEmpty {
					require.NoError(t, store.Save(t.Context(), before))
				}
				strike.do(c)
				begin := time.Now()
				res := c.connect()
				assert.Less(t, time.Since(begin), 45*time.Second)
				checkPage(t, http.StatusInternalServerError, res)
				assert.Contains(t, res.body, strike.text)
				assert.Len(t, c.given.alive(c.zoom), strike.alive)
				assert.Contains(t, c.log.String(), "level=ERROR")
				assert.Contains(t, c.log.String(), "could not be saved")
				assert.NotContains(t, c.log.String(), c.given.tokens[0])
				store.on(nil)
				if held, err := store.Load(t.Context()); !isEmpty {
					require.NoError(t, err)
					assert.True(t, held.Same(before))
				} else {
					require.ErrorIs(t, err, zoomauth.ErrNoToken)
				}
				assert.Equal(t, http.StatusOK, c.connect().StatusCode, "the next try")
			}))
		}
	}
}

// A failure that passes costs nothing but time.
func TestFaultAU35SavedInTheEnd(t *testing.T) {
	for _, fails := range []int{1, 3, 9} {
		t.Run(fmt.Sprint("AU35 ", fails), inBubble(func(t *testing.T) {
			store := &watched{}
			c := newConnecting(t, store)
			left := fails
			store.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
				if call == "save" && len(c.given.alive(c.zoom)) > 0 && left > 0 {
					left--
					return errDisk
				}
				return nil
			})
			assert.Equal(t, http.StatusOK, c.connect().StatusCode)
			assert.Equal(t, 1, codesSent(c.zoom))
			_, refresh := texts(t, store.inStore(t))
			assert.Equal(t, []string{refresh}, c.given.alive(c.zoom))
		}))
	}
	t.Run("AU35 saved though it failed", inBubble(func(t *testing.T) {
		store := &watched{}
		c := newConnecting(t, store)
		store.on(func(ctx context.Context, call string, next *zoomauth.Token) error {
			if call == "save" && len(c.given.alive(c.zoom)) > 0 {
				_ = store.MemoryStore.Save(ctx, next)
				return errDisk
			}
			return nil
		})
		assert.Equal(t, http.StatusOK, c.connect().StatusCode)
		assert.Len(t, c.given.alive(c.zoom), 1)
	}))
	t.Run("AU35 lost by Release", inBubble(func(t *testing.T) {
		store := &committing{fails: 1}
		c := newConnecting(t, store)
		assert.Equal(t, http.StatusOK, c.connect().StatusCode)
		kept, err := store.Load(t.Context())
		require.NoError(t, err)
		_, refresh := texts(t, kept)
		assert.Equal(t, []string{refresh}, c.given.alive(c.zoom))
	}))
	t.Run("AU35 the browser has gone", inBubble(func(t *testing.T) {
		store := &watched{}
		c := newConnecting(t, store)
		v := c.visitor()
		query := v.allowed().Encode()
		ctx, leave := context.WithCancel(t.Context())
		store.on(func(context.Context, string, *zoomauth.Token) error {
			leave()
			return nil
		})
		v.get(ctx, callbackPath+"?"+query)
		_, refresh := texts(t, store.inStore(t))
		assert.Equal(t, []string{refresh}, c.given.alive(c.zoom))
	}))
}

// Whatever fails and whenever: who is shown that Zoom is connected is, and else no grant is
// left at Zoom, or the page says so.
func TestFaultAU35Schedules(t *testing.T) {
	for run := range 60 {
		t.Run(fmt.Sprint("AU35 ", run), inBubble(func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(run), 35))
			store := &watched{}
			c := newConnecting(t, store)
			if run%2 == 0 {
				before, err := c.app.NewToken("access-canary-1", "refresh-canary-1", time.Now())
				require.NoError(t, err)
				require.NoError(t, store.Save(t.Context(), before))
			}
			often := random.Float64() / 2
			store.on(func(ctx context.Context, _ string, _ *zoomauth.Token) error {
				if random.Float64() < 0.3 {
					time.Sleep(time.Duration(random.Int64N(int64(20 * time.Second))))
				}
				if random.Float64() < often {
					return errDisk
				}
				return ctx.Err()
			})
			if run%5 == 0 {
				c.zoom.Inject(zoomtest.ServerError(503).On("POST", "/oauth/revoke").Repeat(random.IntN(4)))
			}
			res := c.connect()
			alive := c.given.alive(c.zoom)
			switch {
			case res.StatusCode == http.StatusOK:
				_, refresh := texts(t, store.inStore(t))
				assert.Equal(t, []string{refresh}, alive)
			case strings.Contains(res.body, "remove the app"):
				assert.Len(t, alive, 1)
			default:
				assert.Empty(t, alive)
			}
		}))
	}
}

// The file store is proven on disk, and what it holds is not touched.
func TestFaultAU35FileStore(t *testing.T) {
	t.Run("AU35 works", func(t *testing.T) {
		store, path := fileOf(t, newLock())
		c := newConnecting(t, store)
		assert.Equal(t, http.StatusOK, c.connect().StatusCode)
		assert.Equal(t, []string{"token", "token.last"}, filesIn(t, path))
		assert.Equal(t, []string{refreshIn(t, store)}, c.given.alive(c.zoom))
		assert.Equal(t, http.StatusOK, c.connect().StatusCode, "in place of the former")
		assert.Equal(t, []string{refreshIn(t, store)}, c.given.alive(c.zoom))
	})
	t.Run("AU35 no directory", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file", "token")
		require.NoError(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		store, err := zoomauth.NewFileStore(path, newLock())
		require.NoError(t, err)
		c := newConnecting(t, store)
		assert.Equal(t, http.StatusInternalServerError, c.connect().StatusCode)
		assert.Zero(t, codesSent(c.zoom))
	})
	t.Run("AU35 a damaged file is mended", func(t *testing.T) {
		store, path := savedFile(t, new(wire).app())
		require.NoError(t, os.WriteFile(path, []byte("half"), 0o600))
		c := newConnecting(t, store)
		assert.Equal(t, http.StatusOK, c.connect().StatusCode)
		assert.Equal(t, []string{refreshIn(t, store)}, c.given.alive(c.zoom))
		damaged, err := os.ReadFile(path + ".corrupt")
		require.NoError(t, err)
		assert.Equal(t, "half", string(damaged))
	})
}

// killedWhileProving has what is left of a process that was killed in the proof.
func killedWhileProving(t *testing.T, c *connecting) *zoomauth.Token {
	t.Helper()
	c.fails(false, errDisk, "check")
	assert.Equal(t, http.StatusInternalServerError, c.connect().StatusCode)
	c.kept.on(nil)
	left, err := c.kept.MemoryStore.Load(t.Context())
	require.NoError(t, err)
	return left
}

// What the proof wrote into an empty store counts as nothing, should it be left there.
func TestFaultAU35LeftByAProof(t *testing.T) {
	store := &watched{}
	c := newConnecting(t, store)
	killedWhileProving(t, c)
	_, err := sourceOf(t, c.app, store, nil).Token(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrNoToken)
	require.NoError(t, sourceOf(t, c.app, plain{store}, nil).Disconnect(t.Context()))
	assert.Zero(t, codesSent(c.zoom))
	assert.Equal(t, http.StatusOK, c.connect().StatusCode)
	assert.Len(t, c.given.alive(c.zoom), 1)

	w := &wire{answers: []wireAnswer{brings("access-canary-2", "")}}
	left := killedWhileProving(t, newConnecting(t, &watched{}))
	for _, store := range []zoomauth.TokenStore{&zoomauth.MemoryStore{}, plain{&zoomauth.MemoryStore{}}} {
		require.NoError(t, store.Save(t.Context(), left))
		src := s2sSource(t, w, store)
		assert.Equal(t, "access-canary-2", accessOf(t, src))
		kept, err := store.Load(t.Context())
		require.NoError(t, err)
		access, _ := texts(t, kept)
		assert.Equal(t, "access-canary-2", access, "it is replaced")
	}
}

// An operator learns why, whoever answers the request.
func TestFaultAU44TheReasonIsTold(t *testing.T) {
	callback := func(v *visitor, change func(*http.Request)) {
		r := httptest.NewRequest(http.MethodGet, "https://vendor.example"+callbackPath+"?"+v.allowed().Encode(), nil)
		for name, value := range v.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		change(r)
		v.ServeHTTP(httptest.NewRecorder(), r)
	}
	for name, tc := range map[string]struct {
		do    func(*visitor)
		is    error
		text  string
		level string
	}{
		"AU44 no cookie": {func(v *visitor) { callback(v, func(r *http.Request) { r.Header.Del("Cookie") }) }, zoomauth.ErrLogin, "brought no cookie", "WARN"},
		"AU44 began at another host": {func(v *visitor) {
			r := httptest.NewRequest(http.MethodGet, "https://www.vendor.example"+startPath, nil)
			w := httptest.NewRecorder()
			v.ServeHTTP(w, r)
			back := allow(v.t, v.zoom, w.Result().Header.Get("Location"))
			v.back(back.Encode()) // without the cookie, which is of another host
		}, zoomauth.ErrLogin, "Start was opened at another host", "WARN"},
		"AU44 a foreign cookie": {func(v *visitor) { callback(v, func(r *http.Request) { r.Header.Set("Cookie", cookieName+"=x") }) }, zoomauth.ErrLogin, "not ours", "WARN"},
		"AU44 two cookies": {func(v *visitor) {
			callback(v, func(r *http.Request) { r.Header.Add("Cookie", cookieName+"="+v.cookies[cookieName]) })
		}, zoomauth.ErrLogin, "twice", "WARN"},
		"AU44 another state": {func(v *visitor) { v.back(with(v.allowed(), "state", strings.Repeat("A", 43))) }, zoomauth.ErrLogin, "state is unknown", "WARN"},
		"AU44 no state":      {func(v *visitor) { v.back(with(v.allowed(), "state")) }, zoomauth.ErrLogin, "query", "WARN"},
		"AU44 wrong secret": {func(v *visitor) {
			v.zoom.Inject(zoomtest.Fault{Status: 400, Body: `{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`}.On("POST", "/oauth/token"))
			v.back(v.allowed().Encode())
		}, nil, "client", "ERROR"},
		"AU44 denied": {func(v *visitor) {
			back, err := v.zoom.Deny(v.start(""))
			require.NoError(v.t, err)
			_, query, _ := strings.Cut(back, "?")
			v.back(query)
		}, nil, "denied", "INFO"},
		"AU44 not a browser": {func(v *visitor) {
			v.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "https://vendor.example"+startPath, nil))
		}, nil, "GET", "WARN"},
	} {
		for _, hook := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", hook: ", hook), func(t *testing.T) {
				var log bytes.Buffer
				s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
					o.Logger = slog.New(slog.NewTextHandler(&log, nil))
					if hook {
						o.Failed = s.remember
					}
				})
				tc.do(s.visitor())
				assert.Contains(t, log.String(), tc.text)
				assert.Contains(t, log.String(), "level="+tc.level)
				assert.Equal(t, 1, strings.Count(log.String(), "a login failed"))
				if hook {
					require.Len(t, s.failed, 1)
					assert.Contains(t, s.failed[0].Error(), tc.text)
					if tc.is != nil {
						require.ErrorIs(t, s.failed[0], tc.is)
					}
				}
			})
		}
	}
}

// A host that differs is told once, before anybody comes back.
func TestFaultAU44StartAtAnotherHost(t *testing.T) {
	var log bytes.Buffer
	s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	for _, host := range []string{"vendor.example", "VENDOR.example:443", "vendor.example:8443"} {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "https://"+host+startPath, nil))
	}
	assert.Empty(t, log.String())
	for range 3 {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "https://www.vendor.example"+startPath, nil))
	}
	assert.Equal(t, 1, strings.Count(log.String(), "redirect_host=vendor.example"))
	assert.NotContains(t, log.String(), "www", "nothing of the request")
	v := s.visitor()
	assert.Equal(t, http.StatusOK, v.back(v.allowed().Encode()).StatusCode, "others are not disturbed")
}

// A Failed hook can tell somebody and show the page all the same.
func TestFaultAU44ServeFailure(t *testing.T) {
	var told error
	s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) {
		o.Failed = func(w http.ResponseWriter, _ *http.Request, err error) {
			told = err
			zoomauth.ServeFailure(w, err)
		}
	})
	checkPage(t, http.StatusBadRequest, s.visitor().back("state=x&code=y"))
	require.ErrorIs(t, told, zoomauth.ErrLogin)
	checkServed(t, errors.New("whatever"), http.StatusInternalServerError)
}

func checkServed(t *testing.T, err error, status int) {
	t.Helper()
	w := httptest.NewRecorder()
	zoomauth.ServeFailure(w, err)
	checkPage(t, status, shown{w.Result(), w.Body.String()})
}

// A transport that panics in the exchange leaves the lock free.
func TestFaultAU35TheExchangePanics(t *testing.T) {
	store := &watched{}
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		s.app.HTTPClient = &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) { panic("no wire") })}
		o.Apps = zoomauth.Apps{s.app}
		o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil }
	})
	v := s.visitor()
	query := v.allowed().Encode()
	assert.Panics(t, func() { v.back(query) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	lease, err := store.Lock(ctx)
	require.NoError(t, err)
	require.NoError(t, lease.Release())
}
