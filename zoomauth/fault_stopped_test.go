package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// rowStore is a store as a database is one: it keeps bytes, and its lease ends after 75
// seconds.
type rowStore struct {
	watched // for its hook

	bytes sync.Mutex
	data  []byte
	owner *rowLease
	ends  time.Time
}

type rowLease struct{ store *rowStore }

func (s *rowStore) held() *zoomauth.Token {
	token, _ := zoomauth.DecodeToken(s.data)
	return token
}

func (s *rowStore) Load(ctx context.Context) (*zoomauth.Token, error) {
	if err := s.ask(ctx, "load", nil); err != nil {
		return nil, err
	}
	s.bytes.Lock()
	defer s.bytes.Unlock()
	if s.data == nil {
		return nil, zoomauth.ErrNoToken
	}
	return zoomauth.DecodeToken(s.data)
}

func (s *rowStore) write(ctx context.Context, data []byte, may func() bool, call string) error {
	if err := s.ask(ctx, call, nil); err != nil {
		return err
	}
	s.bytes.Lock()
	if !may() {
		s.bytes.Unlock()
		return zoomauth.ErrStoreChanged
	}
	s.data = data
	s.bytes.Unlock()
	return s.ask(ctx, call+" done", nil)
}

func (s *rowStore) Save(ctx context.Context, t *zoomauth.Token) error {
	data, err := t.Encode()
	if err != nil {
		return err
	}
	return s.write(ctx, data, func() bool { return true }, "save")
}

func (s *rowStore) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	data, err := next.Encode()
	if err != nil {
		return err
	}
	return s.write(ctx, data, func() bool { return s.held().Same(old) }, "save")
}

func (s *rowStore) Delete(ctx context.Context) error {
	return s.write(ctx, nil, func() bool { return true }, "delete")
}

func (s *rowStore) Lock(ctx context.Context) (zoomauth.Lease, error) {
	l := &rowLease{store: s}
	for !l.take(nil) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return l, s.ask(ctx, "lock", nil)
}

func (l *rowLease) take(from *rowLease) bool {
	l.store.bytes.Lock()
	defer l.store.bytes.Unlock()
	isFree := l.store.owner == nil || !time.Now().Before(l.store.ends)
	if from == nil && !isFree || from != nil && (isFree || l.store.owner != from) {
		return false
	}
	l.store.owner, l.store.ends = l, time.Now().Add(75*time.Second)
	return true
}

func (l *rowLease) Check(ctx context.Context) error {
	if err := l.store.ask(ctx, "check", nil); err != nil {
		return err
	}
	if !l.take(l) {
		return errors.New("the lease is over")
	}
	return nil
}

func (l *rowLease) Release() error {
	l.store.bytes.Lock()
	defer l.store.bytes.Unlock()
	if l.store.owner == l {
		l.store.owner = nil
	}
	return l.store.ask(context.Background(), "release", nil)
}

// stopsAt stops the process at its n-th call of a store for longer than the lease lasts.
func (s *rowStore) stopsAt(n int) {
	var calls atomic.Int64
	s.on(func(_ context.Context, call string, _ *zoomauth.Token) error {
		if calls.Add(1) == int64(n) && call != "release" {
			time.Sleep(90 * time.Second)
		}
		return nil
	})
}

// A process that is stopped for longer than its lease lasts takes nothing away from the one
// that connects meanwhile.
func TestFaultAU35Stopped(t *testing.T) {
	for name, begins := range map[string]func(*testing.T, *connecting, *rowStore){
		"a login": func(_ *testing.T, c *connecting, _ *rowStore) { c.connect() },
		"Disconnect": func(t *testing.T, c *connecting, s *rowStore) {
			_ = sourceOf(t, c.app, s, nil).Disconnect(t.Context())
		},
		"Forget": func(t *testing.T, c *connecting, s *rowStore) {
			_, _ = zoomauth.Forget(t.Context(), s, zoomauth.Removal{ClientID: c.app.ClientID, AccountID: c.zoom.AccountID(), At: time.Now()})
		},
	} {
		for _, isEmpty := range []bool{true, false} {
			for n := range 14 {
				t.Run(fmt.Sprintf("AU35 %s, empty: %v, call %d", name, isEmpty, n), inBubble(func(t *testing.T) {
					store := &rowStore{}
					c := newConnecting(t, store)
					if !isEmpty {
						assert.Equal(t, http.StatusOK, c.connect().StatusCode)
						time.Sleep(10 * time.Minute)
					}
					other := c.visitor()
					query := other.allowed().Encode()
					store.stopsAt(n)
					var all sync.WaitGroup
					all.Go(func() { begins(t, c, store) })
					time.Sleep(time.Second)
					status := 0
					all.Go(func() { status = other.back(query).StatusCode })
					all.Wait()
					store.on(nil)
					if status == http.StatusOK {
						held, err := store.Load(t.Context())
						if name == "Disconnect" && err != nil {
							assert.Empty(t, c.given.alive(c.zoom), "it came after the other")
							return
						}
						require.NoError(t, err)
						_, refresh := texts(t, held)
						assert.True(t, c.zoom.GrantAlive(refresh), "what is stored is alive")
					}
				}))
			}
		}
	}
}

// What the store has taken is not revoked because the store did not say so.
func TestFaultAU35TakenWithoutAWord(t *testing.T) {
	for name, fails := range map[string]map[string]bool{
		"the save hangs":    {"save done": true},
		"the release fails": {"release": true},
		"both":              {"save done": true, "release": true},
	} {
		for _, isEmpty := range []bool{true, false} {
			t.Run(fmt.Sprintf("AU35 %s, empty: %v", name, isEmpty), inBubble(func(t *testing.T) {
				store := &rowStore{}
				c := newConnecting(t, store)
				if !isEmpty {
					assert.Equal(t, http.StatusOK, c.connect().StatusCode)
				}
				before := len(c.given.tokens)
				looked := 0
				store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
					switch exchanged := len(c.given.tokens) > before; {
					case exchanged && call == "release" && fails[call]:
						return errCommit
					case exchanged && fails[call]:
						<-ctx.Done()
					case exchanged && call == "load" && looked == 0:
						looked++
						return errDisk
					}
					return ctx.Err()
				})
				assert.Equal(t, http.StatusOK, c.connect().StatusCode)
				store.on(nil)
				held, err := store.Load(t.Context())
				require.NoError(t, err)
				_, refresh := texts(t, held)
				assert.True(t, c.zoom.GrantAlive(refresh))
			}))
		}
	}
}

// A store that hangs for ever keeps nobody for ever.
func TestFaultAU35NobodyWaitsForEver(t *testing.T) {
	hangsAfter := func(store *rowStore, last string) {
		is := false
		store.on(func(ctx context.Context, call string, _ *zoomauth.Token) error {
			if is && call != "release" {
				<-ctx.Done()
			}
			is = is || call == last
			if call == "release" {
				return errCommit
			}
			return ctx.Err()
		})
	}
	for _, last := range []string{"lock", "load", "check", "save", "save done"} {
		for name, do := range map[string]func(context.Context, *connecting, *rowStore, *zoomauth.Source){
			"login":      func(_ context.Context, c *connecting, _ *rowStore, _ *zoomauth.Source) { c.connect() },
			"Disconnect": func(ctx context.Context, _ *connecting, _ *rowStore, s *zoomauth.Source) { _ = s.Disconnect(ctx) },
			"Keep": func(ctx context.Context, _ *connecting, s *rowStore, _ *zoomauth.Source) {
				_ = zoomauth.Keep(ctx, s, s.held())
			},
			"Forget": func(ctx context.Context, c *connecting, s *rowStore, _ *zoomauth.Source) {
				_, _ = zoomauth.Forget(ctx, s, zoomauth.Removal{ClientID: c.app.ClientID, AccountID: c.zoom.AccountID(), At: time.Now().Add(time.Hour)})
			},
		} {
			t.Run(fmt.Sprint("AU35 ", name, " after ", last), inBubble(func(t *testing.T) {
				store := &rowStore{}
				c := newConnecting(t, store)
				assert.Equal(t, http.StatusOK, c.connect().StatusCode)
				src := sourceOf(t, c.app, store, nil)
				accessOf(t, src)
				hangsAfter(store, last)
				begin := time.Now()
				do(context.Background(), c, store, src)
				assert.Less(t, time.Since(begin), 5*time.Minute)
			}))
		}
	}
	t.Run("AU35 logins", inBubble(func(t *testing.T) {
		s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) { o.Logins = hangingLogins{} })
		begin := time.Now()
		s.visitor().get(context.Background(), startPath)
		assert.Less(t, time.Since(begin), time.Minute)
	}))
}

type hangingLogins struct{}

func (hangingLogins) Put(ctx context.Context, _ string, _ *zoomauth.Login) error {
	<-ctx.Done()
	return ctx.Err()
}

func (hangingLogins) Take(ctx context.Context, _ string) (*zoomauth.Login, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// An answer that lacks a token is a grant all the same.
func TestFaultAU35UselessGrantIsRevoked(t *testing.T) {
	for body, revoked := range map[string]string{
		`{"access_token":"access-canary-2"}`:                           "access-canary-2",
		`{"access_token":"access-canary-2","refresh_token":"a b"}`:     "access-canary-2",
		`{"refresh_token":"refresh-canary-2"}`:                         "refresh-canary-2",
		`{"access_token":"a b","refresh_token":"refresh-canary-2"}`:    "refresh-canary-2",
		`{"access_token":{"a":1},"refresh_token":"refresh-canary-2"}`:  "refresh-canary-2",
		`{"access_token":"access-canary-2","refresh_token":{"a": 12}}`: "access-canary-2",
	} {
		t.Run("AU35 "+body, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{body: body}, revokes}}
			app := w.app()
			app.RedirectURL = redirectURL
			link, login, err := app.AuthCodeURL()
			require.NoError(t, err)
			address, err := url.Parse(link)
			require.NoError(t, err)
			_, err = app.Exchange(t.Context(), login, url.Values{"state": {address.Query().Get("state")}, "code": {"code-1"}})
			require.Error(t, err)
			assert.Equal(t, []string{revoked}, w.revoked())
		}))
	}
}
