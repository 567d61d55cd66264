package zoom_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

// mint is a token source that counts: t1, t2, …, each of an hour.
type mint struct {
	mu       sync.Mutex
	made     int
	life     time.Duration
	takes    time.Duration
	fails    func(n int) error
	stuck    bool // gives out the same token again and again
	rejected []string
	name     string // what tokens begin with, before the t
}

func (m *mint) Token(ctx context.Context) (*oauth2.Token, error) {
	m.mu.Lock()
	m.made++
	n := m.made
	m.mu.Unlock()
	if m.takes > 0 {
		time.Sleep(m.takes)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m.fails != nil {
		if err := m.fails(n); err != nil {
			return nil, err
		}
	}
	if m.stuck {
		n = 1
	}
	life := m.life
	if life == 0 {
		life = time.Hour
	}
	return &oauth2.Token{AccessToken: fmt.Sprintf("%st%d", m.name, n), Expiry: time.Now().Add(life)}, nil
}

func (m *mint) Rejected(_ context.Context, accessToken string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rejected = append(m.rejected, accessToken)
}

func (m *mint) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.made
}

func clientWith(t *testing.T, src zoom.TokenSource, tp *tape) *zoom.Client {
	t.Helper()
	c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	return c
}

func get(ctx context.Context, c *zoom.Client) error {
	_, err := c.Users.Get(ctx, "u1")
	return err
}

var (
	code124 = refusal(401, 124, "Access token is expired.")
	fine    = ok(licensed)
)

func auths(tp *tape) (list []string) {
	for _, r := range tp.requests() {
		list = append(list, r.auth)
	}
	return list
}

func TestFaultAU10OneFetchForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tp := &mint{takes: time.Second}, newTape(fine)
		c := clientWith(t, src, tp)
		all := func() {
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() { assert.NoError(t, get(t.Context(), c)) })
			}
			group.Wait()
		}
		all()
		assert.Equal(t, 1, src.count())
		time.Sleep(55*time.Minute - 2*time.Second)
		all()
		assert.Equal(t, 1, src.count(), "still good")
		time.Sleep(2 * time.Second)
		all()
		synctest.Wait() // nobody waits for the fetch
		assert.Equal(t, 2, src.count(), "five minutes early")
		time.Sleep(2 * time.Second)
		all()
		assert.Equal(t, 2, src.count())
		assert.Len(t, tp.requests(), 400)
		assert.Equal(t, "Bearer t1", tp.requests()[299].auth, "nobody waits for it")
		assert.Equal(t, "Bearer t2", tp.requests()[399].auth)
	})
}

func TestFaultAU07CallerLeavesDuringAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tp := &mint{takes: 3 * time.Second}, newTape(fine)
		c := clientWith(t, src, tp)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, get(ctx, c), context.DeadlineExceeded, "AU08")
		assert.Equal(t, 100*time.Millisecond, time.Since(start))
		require.NoError(t, get(t.Context(), c))
		assert.Equal(t, 3*time.Second, time.Since(start), "the fetch went on")
		assert.Equal(t, 1, src.count())
	})
}

func TestFetchHasALimitOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := sourceFunc(func(ctx context.Context) (*oauth2.Token, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		tp := newTape(fine)
		start := time.Now()
		require.ErrorIs(t, get(t.Context(), clientWith(t, hangs, tp)), context.DeadlineExceeded)
		assert.Equal(t, 30*time.Second, time.Since(start))
		assert.Empty(t, tp.requests())
	})
}

func TestFailedRefreshUsesTheOldToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errVault := errors.New("the vault is sealed")
		src := &mint{fails: func(n int) error {
			if n > 1 {
				return errVault
			}
			return nil
		}}
		tp := newTape(fine)
		c := clientWith(t, src, tp)
		require.NoError(t, get(t.Context(), c))
		time.Sleep(55 * time.Minute)
		require.NoError(t, get(t.Context(), c))
		synctest.Wait()
		require.NoError(t, get(t.Context(), c))
		synctest.Wait()
		assert.Equal(t, 2, src.count(), "not asked again at once")
		time.Sleep(31 * time.Second)
		require.NoError(t, get(t.Context(), c))
		synctest.Wait()
		assert.Equal(t, 3, src.count(), "but soon")
		assert.Equal(t, []string{"Bearer t1", "Bearer t1", "Bearer t1", "Bearer t1"}, auths(tp))
		time.Sleep(5 * time.Minute)
		require.ErrorIs(t, get(t.Context(), c), errVault, "never beyond its end")
		assert.Len(t, tp.requests(), 4)
	})
}

func TestFaultAU01RefusedTokenIsReplacedOnce(t *testing.T) {
	for name, refused := range map[string]answer{
		"401 with 124": code124, "401 without a code": {status: 401}, "400 with 124": refusal(400, 124, "Invalid access token."),
		"200 with 124": ok(`{"code":124,"message":"Invalid access token."}`), "401 HTML": {status: 401, body: "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &mint{takes: time.Second}
				dead := "Bearer t1"
				tp := newTape(answer{do: func(req *http.Request) answer {
					if req.Header.Get("Authorization") == dead {
						a := refused
						a.delay = time.Second
						return a
					}
					return fine
				}})
				c := clientWith(t, src, tp)
				var group sync.WaitGroup
				for range 100 {
					group.Go(func() { assert.NoError(t, get(t.Context(), c)) })
				}
				group.Wait()
				assert.Equal(t, 2, src.count())
				assert.Len(t, tp.requests(), 200)
				assert.Equal(t, []string{"t1"}, src.rejected)
			})
		})
	}
}

// A refusal that comes late speaks of the former token, not of the new one.
func TestRejectedDropsOnlyTheTokenUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &mint{}
		first := true
		tp := newTape(answer{do: func(req *http.Request) answer {
			if req.Header.Get("Authorization") != "Bearer t1" {
				return fine
			}
			a := code124
			if first {
				first, a.delay = false, 10*time.Second
			}
			return a
		}})
		c := clientWith(t, src, tp)
		done := make(chan error)
		go func() { done <- get(t.Context(), c) }()
		synctest.Wait()
		require.NoError(t, get(t.Context(), c), "replaces t1 meanwhile")
		assert.Equal(t, 2, src.count())
		require.NoError(t, <-done)
		assert.Equal(t, 2, src.count(), "t2 is not thrown away")
		assert.Equal(t, []string{"Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"}, auths(tp))
	})
}

// keeper is a source with a cache of its own: it gives out what it has until it is
// told that this was refused.
type keeper struct {
	made   time.Time
	number int
	takes  time.Duration
}

func (k *keeper) Token(context.Context) (*oauth2.Token, error) {
	time.Sleep(k.takes)
	return &oauth2.Token{AccessToken: fmt.Sprintf("t%d", k.number), Expiry: k.made.Add(time.Hour)}, nil
}

func (k *keeper) Rejected(context.Context, string) { k.number++ }

func TestTokenRefusedWhileItIsFetched(t *testing.T) {
	for name, told := range map[string]bool{"a source that is told": true, "a source that cannot be told": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &keeper{made: time.Now(), number: 1, takes: 4 * time.Second}
				source := zoom.TokenSource(src)
				if !told {
					source = struct{ zoom.TokenSource }{src}
				}
				tp := newTape(answer{do: func(req *http.Request) answer {
					if req.Header.Get("Authorization") != "Bearer t1" || time.Since(src.made) < 50*time.Minute {
						return fine
					}
					a := code124
					a.delay = time.Second
					return a
				}})
				c := clientWith(t, source, tp)
				require.NoError(t, get(t.Context(), c))
				time.Sleep(time.Until(src.made.Add(55*time.Minute - time.Second/2)))
				refused := make(chan error)
				go func() { refused <- get(t.Context(), c) }()
				time.Sleep(time.Second / 2)
				other := get(t.Context(), c) // begins the early fetch, in the midst of which the first is refused
				if told {
					require.NoError(t, <-refused)
					require.NoError(t, other)
					return
				}
				require.ErrorIs(t, <-refused, zoom.ErrUnauthorized)
				require.ErrorIs(t, other, zoom.ErrUnauthorized)
			})
		})
	}
}

func TestFaultAU02RefusedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tp := &mint{}, newTape(code124)
		err := get(t.Context(), clientWith(t, src, tp))
		require.ErrorIs(t, err, zoom.ErrUnauthorized)
		assert.Equal(t, []string{"Bearer t1", "Bearer t2"}, auths(tp))
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 401, e.StatusCode)
		assert.Equal(t, 124, e.Code)
		assert.Equal(t, 2, e.Attempts)
	})
	synctest.Test(t, func(t *testing.T) { // the same token again is not sent again
		for _, src := range []zoom.TokenSource{&mint{stuck: true}, zoom.StaticToken("t1")} {
			tp := newTape(code124)
			c := clientWith(t, src, tp)
			require.ErrorIs(t, get(t.Context(), c), zoom.ErrUnauthorized)
			assert.Equal(t, []string{"Bearer t1"}, auths(tp))
			require.ErrorIs(t, get(t.Context(), c), zoom.ErrUnauthorized)
			assert.Len(t, tp.requests(), 2, "nor is there a loop")
		}
	})
	synctest.Test(t, func(t *testing.T) { // not in a row, and no third token at once
		src, tp := &mint{}, newTape(code124, answer{status: 503}, code124, fine)
		require.ErrorIs(t, get(t.Context(), clientWith(t, src, tp)), zoom.ErrUnauthorized)
		assert.Equal(t, []string{"Bearer t1", "Bearer t2", "Bearer t2"}, auths(tp))
	})
	synctest.Test(t, func(t *testing.T) { // a write was not carried out, and is sent again too
		src, tp := &mint{}, newTape(code124, noReply)
		require.NoError(t, clientWith(t, src, tp).Users.Deactivate(t.Context(), "u1"))
		assert.Equal(t, "PUT PUT", methodsAsked(tp))
		tp = newTape(code124)
		err := clientWith(t, &mint{}, tp).Users.Deactivate(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrUnauthorized)
		require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
		assert.Equal(t, "PUT PUT", methodsAsked(tp))
	})
}

func TestFaultAU03MissingScopeIsNoReasonForANewToken(t *testing.T) {
	src, tp := &mint{}, newTape(refusal(400, 4711, "Invalid access token, does not contain scopes:[user:read:user:admin]."))
	err := get(t.Context(), clientWith(t, src, tp))
	require.ErrorIs(t, err, zoom.ErrScope)
	assert.Len(t, tp.requests(), 1)
	assert.Equal(t, 1, src.count())
}

func TestFaultAU31TokenIsTakenAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tp := &mint{life: time.Minute}, newTape(fine)
		limiter := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassLight, 1.0/60))
		c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(limiter))
		require.NoError(t, err)
		require.NoError(t, get(t.Context(), c))
		require.NoError(t, get(t.Context(), c), "waits for more than a minute")
		assert.Equal(t, []string{"Bearer t1", "Bearer t2"}, auths(tp))
	})
}

func TestShortLivedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tp := &mint{life: -time.Hour}, newTape(fine)
		c := clientWith(t, src, tp)
		require.NoError(t, get(t.Context(), c), "AU22: our clock may be wrong; the server decides")
		require.NoError(t, get(t.Context(), c))
		assert.Equal(t, 1, src.count(), "no fetch for each call")
		time.Sleep(2 * time.Second)
		require.NoError(t, get(t.Context(), c))
		assert.Equal(t, 2, src.count())
	})
	for name, src := range map[string]zoom.TokenSource{
		"AU13 no expiry": sourceFunc(func(context.Context) (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "t1"}, nil }),
		"static":         zoom.StaticToken("t1"),
	} {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(fine)
			c := clientWith(t, src, tp)
			require.NoError(t, get(t.Context(), c))
			time.Sleep(1000 * time.Hour)
			require.NoError(t, get(t.Context(), c), name)
		})
	}
}

func TestTokenSourcesThatMisbehave(t *testing.T) {
	for name, tc := range map[string]struct {
		src zoom.TokenSource
		is  error
	}{
		"nil token":  {sourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, nil }), zoom.ErrBadResponse},
		"AU15 empty": {zoom.StaticToken(""), zoom.ErrBadResponse},
		"AU17 CR LF": {zoom.StaticToken("hunter2\r\nHost: evil"), zoom.ErrBadResponse},
		"blank":      {zoom.StaticToken("hunter2 x"), zoom.ErrBadResponse},
		"not ASCII":  {zoom.StaticToken("hunter2ä"), zoom.ErrBadResponse},
		"DEL":        {zoom.StaticToken("hunter2\x7f"), zoom.ErrBadResponse},
		"panic":      {sourceFunc(func(context.Context) (*oauth2.Token, error) { panic("hunter2") }), nil},
		"URL in an error": {sourceFunc(func(context.Context) (*oauth2.Token, error) {
			return nil, &url.Error{Op: "Post", URL: "https://x/?hunter2", Err: errors.New("refused")}
		}), zoom.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape(fine)
			err := get(t.Context(), clientWith(t, tc.src, tp))
			require.Error(t, err)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Empty(t, tp.requests())
		})
	}
}

// x/oauth2's errors hold the answer, its request and so the client secret.
func TestFaultAU18FromOAuth2LeaksNothing(t *testing.T) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://zoom.us/oauth/token?account_id=hunter2", nil)
	require.NoError(t, err)
	request.SetBasicAuth("id", "hunter2")
	for code, is := range map[string]error{"invalid_grant": zoom.ErrReauthorize, "invalid_client": zoom.ErrClientCredentials, "hunter2": zoom.ErrUnauthorized} {
		retrieve := &oauth2.RetrieveError{
			Response: &http.Response{StatusCode: http.StatusBadRequest, Status: "400", Request: request}, Body: []byte("hunter2"),
			ErrorCode: code, ErrorDescription: "hunter2", ErrorURI: "https://hunter2",
		}
		for name, cause := range map[string]error{
			"plain": retrieve, "wrapped": fmt.Errorf("my source: hunter2: %w", retrieve), "in a URL error": &url.Error{Op: "Post", URL: "https://x/hunter2", Err: retrieve},
			"joined": errors.Join(errors.New("hunter2"), retrieve), "in an error of ours": &zoom.Error{Op: "vault", Err: retrieve},
		} {
			src := zoom.FromOAuth2(oauthFunc(func() (*oauth2.Token, error) { return nil, cause }))
			tp := newTape(fine)
			err := get(t.Context(), clientWith(t, src, tp))
			require.ErrorIs(t, err, is, name)
			var asRetrieve *oauth2.RetrieveError
			require.NotErrorAs(t, err, &asRetrieve, name)
			var asURL *url.Error
			require.NotErrorAs(t, err, &asURL, name)
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				assert.NotContains(t, fmt.Sprintf(verb, err), "hunter2", name)
			}
			assert.Empty(t, tp.requests())
		}
	}
}

type oauthFunc func() (*oauth2.Token, error)

func (f oauthFunc) Token() (*oauth2.Token, error) { return f() }

func TestFromOAuth2(t *testing.T) {
	tp := newTape(fine)
	c := clientWith(t, zoom.FromOAuth2(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t9"})), tp)
	require.NoError(t, get(t.Context(), c))
	assert.Equal(t, []string{"Bearer t9"}, auths(tp))
}
