package zoom_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/seatkit/zoom"
)

var realTime = flag.Bool("tokens.real", false, "wait for a token source that hangs in real time, half a minute")

// stuckSource ignores every context until it is released.
type stuckSource struct {
	release chan struct{}
	hangs   func(n int) bool
	mu      sync.Mutex
	asked   int
}

func (s *stuckSource) Token() (*oauth2.Token, error) {
	s.mu.Lock()
	s.asked++
	n := s.asked
	s.mu.Unlock()
	if s.hangs(n) {
		<-s.release
		return nil, errors.New("released")
	}
	return &oauth2.Token{AccessToken: fmt.Sprint("t", n), Expiry: time.Now().Add(time.Hour)}, nil
}

func TestFaultIN19ASourceThatHangs(t *testing.T) {
	for name, wrap := range map[string]func(*stuckSource) zoom.TokenSource{
		"IN19 of x/oauth2": func(s *stuckSource) zoom.TokenSource { return zoom.FromOAuth2(s) },
		"IN19 of the caller's": func(s *stuckSource) zoom.TokenSource {
			return sourceFunc(func(context.Context) (*oauth2.Token, error) { return s.Token() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &stuckSource{release: make(chan struct{}), hangs: func(n int) bool { return n != 3 }}
				defer close(src.release)
				tp := newTape(fine)
				c := clientWith(t, wrap(src), tp)
				for range 2 {
					start := time.Now()
					err := get(t.Context(), c)
					require.ErrorIs(t, err, zoom.ErrTimeout)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, 30*time.Second, time.Since(start))
				}
				require.NoError(t, get(t.Context(), c), "the next call asks again")
				time.Sleep(56 * time.Minute)
				require.NoError(t, get(t.Context(), c), "the held token is good")
				start := time.Now()
				require.NoError(t, c.Close())
				assert.Equal(t, 30*time.Second, time.Since(start))
				assert.Equal(t, []string{"Bearer t3", "Bearer t3"}, auths(tp))
			})
		})
	}
	t.Run("IN19 a source that obeys its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := clientWith(t, sourceFunc(func(ctx context.Context) (*oauth2.Token, error) {
				<-ctx.Done()
				return nil, fmt.Errorf("my vault: %w", ctx.Err())
			}), newTape(fine))
			require.ErrorIs(t, get(t.Context(), c), zoom.ErrTimeout)
		})
	})
	t.Run("IN19 server to server", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(answer{status: 200, delay: time.Hour})
			c := clientWith(t, s2s(tp), newTape(fine))
			start := time.Now()
			require.ErrorIs(t, get(t.Context(), c), zoom.ErrTimeout)
			assert.Equal(t, 30*time.Second, time.Since(start))
		})
	})
	t.Run("IN19 in real time", func(t *testing.T) {
		if !*realTime {
			t.Skip("only with -tokens.real")
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
		require.NoError(t, err)
		defer listener.Close()
		endpoint := clientcredentials.Config{ClientID: "a", ClientSecret: "b", TokenURL: "http://" + listener.Addr().String() + "/token"}
		c := clientWith(t, zoom.FromOAuth2(endpoint.TokenSource(t.Context())), newTape(fine))
		require.ErrorIs(t, get(t.Context(), c), zoom.ErrTimeout)
		require.NoError(t, c.Close())
	})
}

// The token endpoint hangs, fails or is slow while the token is good for five more minutes.
func TestFaultIN20TheHeldTokenServes(t *testing.T) {
	for name, later := range map[string]answer{
		"IN20 hangs":      {status: 200, delay: time.Hour},
		"IN20 slow":       {status: 200, body: strings.ReplaceAll(goodToken, "t1", "t2"), delay: 14 * time.Second},
		"IN20 fails":      {status: 503},
		"IN20 is refused": {status: 400, body: `{"error":"invalid_client"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp, api := newTape(ok(strings.ReplaceAll(goodToken, "3599", "3600")), later), newTape(fine)
				c := clientWith(t, s2s(tp), api)
				require.NoError(t, get(t.Context(), c))
				expiry := time.Now().Add(time.Hour)
				time.Sleep(55 * time.Minute)
				for time.Now().Before(expiry) {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					start := time.Now()
					require.NoError(t, get(ctx, c))
					assert.Zero(t, time.Since(start))
					cancel()
					time.Sleep(4 * time.Second)
				}
				err := get(t.Context(), c)
				if strings.Contains(name, "slow") {
					require.NoError(t, err)
					return
				}
				require.Error(t, err)
				for _, auth := range auths(api) {
					assert.Equal(t, "Bearer t1", auth)
				}
			})
		})
	}
}

// An API that refuses every token, or those of one endpoint, while the token endpoint
// works.
func TestFaultRL29RefusedForEver(t *testing.T) {
	type made struct {
		mu sync.Mutex
		at []time.Time
	}
	serve := func(m *made, refuses func(n int) bool) *tape {
		calls := 0
		return newTape(answer{do: func(req *http.Request) answer {
			m.mu.Lock()
			defer m.mu.Unlock()
			if req.URL.Path == "/oauth/token" {
				m.at = append(m.at, time.Now())
				return ok(fmt.Sprintf(`{"access_token":"t%d","expires_in":3600}`, len(m.at)))
			}
			if calls++; refuses(calls) {
				return code124
			}
			return fine
		}})
	}
	assertRare := func(t *testing.T, m *made) {
		t.Helper()
		for i := 2; i < len(m.at); i++ { // the first was no forced one
			assert.GreaterOrEqual(t, m.at[i].Sub(m.at[i-1]), 30*time.Second)
		}
	}
	for _, clients := range []int{1, 3} {
		t.Run(fmt.Sprintf("RL29 %d clients of one source", clients), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &made{}
				tp := serve(m, func(int) bool { return true })
				src := zoom.ServerToServer(canaryAccount, "canary-id", canarySecret)
				var all []*zoom.Client
				for range clients {
					all = append(all, clientWith(t, src, tp))
				}
				for n := range 100 {
					start := time.Now()
					require.ErrorIs(t, get(t.Context(), all[n%clients]), zoom.ErrUnauthorized)
					assert.LessOrEqual(t, time.Since(start), time.Second, "at once")
				}
				assert.Len(t, m.at, 2)
				for n := range 300 {
					time.Sleep(time.Second)
					require.ErrorIs(t, get(t.Context(), all[n%clients]), zoom.ErrUnauthorized)
				}
				assert.InDelta(t, 2+10, len(m.at), 1)
				assertRare(t, m)
				var group sync.WaitGroup
				for n := range 100 {
					group.Go(func() { assert.ErrorIs(t, get(t.Context(), all[n%clients]), zoom.ErrUnauthorized) })
				}
				group.Wait()
				assertRare(t, m)
			})
		})
	}
	t.Run("RL29 one endpoint refuses every token", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := &made{}
			tp := newTape(answer{do: func(req *http.Request) answer {
				m.mu.Lock()
				defer m.mu.Unlock()
				switch req.URL.Path {
				case "/oauth/token":
					m.at = append(m.at, time.Now())
					return ok(fmt.Sprintf(`{"access_token":"t%d","expires_in":3600}`, len(m.at)))
				case "/v2/users/u1":
					return fine
				}
				return code124
			}})
			c := clientWith(t, zoom.ServerToServer(canaryAccount, "canary-id", canarySecret), tp)
			for range 200 {
				require.NoError(t, get(t.Context(), c))
				_, err := c.Users.Get(t.Context(), "u2")
				require.ErrorIs(t, err, zoom.ErrUnauthorized)
				time.Sleep(time.Second)
			}
			assert.InDelta(t, 2+200/30, len(m.at), 1)
			assertRare(t, m)
		})
	})
	t.Run("RL29 a source without a cache", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			src := &mint{}
			c := clientWith(t, src, newTape(code124))
			for range 100 {
				require.ErrorIs(t, get(t.Context(), c), zoom.ErrUnauthorized)
			}
			assert.Equal(t, 2, src.count())
			assert.Equal(t, []string{"t1"}, src.rejected)
		})
	})
	t.Run("RL29 once in a while", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := &made{}
			dead := map[string]bool{}
			tp := newTape(answer{do: func(req *http.Request) answer {
				m.mu.Lock()
				defer m.mu.Unlock()
				if req.URL.Path == "/oauth/token" {
					m.at = append(m.at, time.Now())
					return ok(fmt.Sprintf(`{"access_token":"t%d","expires_in":3600}`, len(m.at)))
				}
				if dead[req.Header.Get("Authorization")] {
					return code124
				}
				return fine
			}})
			c := clientWith(t, zoom.ServerToServer(canaryAccount, "canary-id", canarySecret), tp)
			for n := range 10 {
				require.NoError(t, get(t.Context(), c))
				dead[fmt.Sprintf("Bearer t%d", n+1)] = true
				require.NoError(t, get(t.Context(), c), "mended at once")
				time.Sleep(time.Second)
			}
			assert.Len(t, m.at, 11)
		})
	})
}

// The hook is given what the caller is given.
func TestFaultAU42TheTokenHookAndTheCaller(t *testing.T) {
	var hook error
	tp := newTape(answer{status: 400, body: `{"error":"invalid_client","reason":"canary-secret"}`, header: map[string]string{"X-Zm-Trackingid": "WEB_0123456789abcdef0123456789abcdef"}})
	c, err := zoom.NewClient(s2s(tp), zoom.WithTrace(&zoom.Trace{Token: func(_ context.Context, i zoom.TokenInfo) { hook = i.Err }}))
	require.NoError(t, err)
	err = get(t.Context(), c)
	require.ErrorIs(t, err, zoom.ErrClientCredentials)
	require.ErrorIs(t, hook, zoom.ErrClientCredentials)
	told, isError := errors.AsType[*zoom.Error](hook)
	require.True(t, isError)
	assert.Equal(t, "token", told.Op)
	assert.Equal(t, "POST", told.Method)
	assert.Equal(t, "/oauth/token", told.Path)
	assert.Equal(t, "WEB_0123456789abcdef0123456789abcdef", told.TrackingID)
	assert.Contains(t, err.Error(), told.TrackingID)
	assert.Contains(t, err.Error(), "token: POST /oauth/token: status 400")
	for _, e := range []error{hook, err} {
		assert.NotContains(t, e.Error(), "canary")
		assert.NotContains(t, e.Error(), "redacted")
	}
}

// Hooks of the request for a token run when the token is held: one that panics costs
// nobody the token.
func TestFaultIN16HookOfATokenRequestPanics(t *testing.T) {
	tp := newTape(ok(goodToken))
	once := sync.Once{}
	c, err := zoom.NewClient(s2s(tp), zoom.WithHTTPClient(&http.Client{Transport: newTape(fine)}), zoom.WithTrace(&zoom.Trace{
		Attempt: func(_ context.Context, a zoom.AttemptInfo) {
			if a.Call.Op == "token" {
				once.Do(func() { panic("hook") })
			}
		},
	}))
	require.NoError(t, err)
	assert.PanicsWithValue(t, "hook", func() { _ = get(t.Context(), c) })
	require.NoError(t, get(t.Context(), c))
	assert.Len(t, tp.requests(), 1)
}

// A source is asked once for all its clients, and what it gave out once is not held twice.
func TestClientsOfASourceWithACacheHoldNoCopy(t *testing.T) {
	asked := 0
	src := zoom.FromOAuth2(oauthFunc(func() (*oauth2.Token, error) {
		asked++
		return &oauth2.Token{AccessToken: fmt.Sprint("t", asked)}, nil
	}))
	for range 5 {
		require.NoError(t, get(t.Context(), clientWith(t, src, newTape(fine))))
	}
	assert.Equal(t, 1, asked)
	src.(zoom.TokenRejecter).Rejected(t.Context(), "t1")
	tok, err := src.Token(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "t2", tok.AccessToken)
}
