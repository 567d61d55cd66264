package zoomauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

var (
	stormRuns  = flag.Int("logins.runs", 5, "runs of the storm of logins, over each kind of store")
	stormFirst = flag.Uint64("logins.first", 0, "the seed of the first run")
)

// weather is what befalls the calls of a run, until it calms down.
type weather struct {
	mu     sync.Mutex
	random *rand.Rand
	calm   bool
	most   time.Duration // of a call of the store
	begin  time.Time
	log    []string
}

// logf notes what happens, for a run that fails.
func (w *weather) logf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf("%10.3f ", time.Since(w.begin).Seconds())+fmt.Sprintf(format, args...))
}

func (w *weather) upTo(most time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(int64(most)))
}

func (w *weather) chance(p float64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.calm && w.random.Float64() < p
}

func (w *weather) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm = true
}

// call holds a call of a store up, and may fail it.
func (w *weather) call(ctx context.Context) error {
	if w.chance(0.4) {
		d := w.upTo(2 * time.Second)
		if w.chance(0.1) {
			d = w.upTo(w.most)
		}
		if w.chance(0.5) {
			time.Sleep(d) // in spite of the context
		} else {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if w.chance(0.04) {
		return errReset
	}
	return nil
}

type wholeStore interface {
	zoomauth.TokenStore
	zoomauth.Locker
	zoomauth.Swapper
}

// stormStore is a store in bad weather: a call may fail before it acts, or when it has.
type stormStore struct {
	inner wholeStore
	*weather
}

func (s *stormStore) around(ctx context.Context, name string, call func() error) (err error) {
	defer func() { s.logf("%p %s ends: %v", s, name, err) }()
	if err := s.call(ctx); err != nil {
		return err
	}
	if err := call(); err != nil {
		return err
	}
	s.logf("%p %s acts", s, name)
	return s.call(ctx)
}

// brief is a token in the log.
func brief(t *zoomauth.Token) string {
	if t == nil {
		return "nothing"
	}
	var stored struct {
		Refresh string `json:"refresh_token"`
	}
	if data, err := t.Encode(); err != nil || json.Unmarshal(data, &stored) != nil {
		return "?"
	}
	return fmt.Sprintf("%s (suspect: %t, refused: %t)", stored.Refresh, t.Suspect, t.Refused)
}

func (s *stormStore) Load(ctx context.Context) (t *zoomauth.Token, err error) {
	err = s.around(ctx, "load", func() (err error) {
		t, err = s.inner.Load(ctx)
		return err
	})
	return t, err
}

func (s *stormStore) Save(ctx context.Context, t *zoomauth.Token) error {
	return s.around(ctx, "save "+brief(t), func() error { return s.inner.Save(ctx, t) })
}

func (s *stormStore) Delete(ctx context.Context) error {
	return s.around(ctx, "delete", func() error { return s.inner.Delete(ctx) })
}

func (s *stormStore) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	return s.around(ctx, "swap "+brief(old)+" by "+brief(next), func() error { return s.inner.Swap(ctx, old, next) })
}

func (s *stormStore) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if err := s.call(ctx); err != nil {
		return nil, err
	}
	lease, err := s.inner.Lock(ctx)
	if err != nil {
		return nil, err
	}
	s.logf("%p lock", s)
	return stormLease{lease, s}, nil
}

type stormLease struct {
	zoomauth.Lease
	store *stormStore
}

func (l stormLease) Check(ctx context.Context) error {
	return l.store.around(ctx, "check", func() error { return l.Lease.Check(ctx) })
}

func (l stormLease) Release() error {
	err := errors.Join(l.Lease.Release(), l.store.call(context.Background()))
	l.store.logf("%p release: %v", l.store, err)
	return err
}

// grants is a Zoom that counts what it gives out. Each code is one authorisation.
type grants struct {
	*weather
	single bool // a new authorisation ends the former ones

	mu      sync.Mutex
	given   []*given // in their order
	tokens  map[string]*given
	spent   []string // refresh tokens that were sent again
	revoked []string // codes whose authorisation a login has revoked
}

// given is an authorisation.
type given struct {
	code    string
	alive   bool
	n       int
	refresh string // the one that is good
}

// as is the way of one part of a service to Zoom.
func (g *grants) as(part string) http.RoundTripper {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		time.Sleep(g.upTo(4 * time.Second))
		status, answer := http.StatusServiceUnavailable, "{}"
		if !g.chance(0.1) {
			status, answer = g.answer(part, req.URL.Path, form)
			g.logf("zoom %s %s %s%s%s: %d", part, req.URL.Path, form.Get("code"), form.Get("refresh_token"), form.Get("token"), status)
		}
		time.Sleep(g.upTo(4 * time.Second))
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
	})
}

func (g *grants) answer(part, path string, form url.Values) (status int, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.tokens[form.Get("token")+form.Get("refresh_token")]
	switch {
	case path == "/oauth/revoke":
		if one != nil && part == "login" {
			g.revoked = append(g.revoked, one.code)
		}
		if one != nil {
			one.alive = false
		}
		return http.StatusOK, `{"status":"success"}`
	case form.Get("grant_type") == "authorization_code":
		if g.single {
			g.end()
		}
		one = &given{code: form.Get("code"), alive: true}
		g.given = append(g.given, one)
	case one == nil || !one.alive:
		return http.StatusBadRequest, `{"error":"invalid_grant"}`
	case one.refresh != form.Get("refresh_token"):
		g.spent = append(g.spent, form.Get("refresh_token"))
		return http.StatusBadRequest, `{"error":"invalid_grant"}`
	}
	one.n++
	access := fmt.Sprint(jwt("account"), "-", one.code, "-", one.n)
	one.refresh = fmt.Sprint("refresh-", one.code, "-", one.n)
	g.tokens[access], g.tokens[one.refresh] = one, one
	return http.StatusOK, fmt.Sprintf(`{"access_token":%q,"refresh_token":%q,"expires_in":900}`, access, one.refresh)
}

// end ends all authorisations.
func (g *grants) end() {
	g.logf("all ends")
	for _, one := range g.given {
		one.alive = false
	}
}

// stormHost is one of the processes of a service.
type stormHost struct {
	store   zoomauth.TokenStore
	app     zoomauth.App
	handler *zoomauth.Handler

	mu     sync.Mutex
	source *zoomauth.Source
}

func (h *stormHost) src() *zoomauth.Source {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.source
}

// restart closes the source and makes another one.
func (h *stormHost) restart(t *testing.T, s *loginStorm) error {
	s.logf("%p close", h.store)
	err := h.src().Close()
	s.logf("%p close: %v", h.store, err)
	src, newErr := h.app.TokenSource(h.store, nil)
	assert.NoError(t, newErr)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.source = src
	return err
}

// loginStorm is a run: admins come to two hosts of a service and click Allow, while both
// refresh, and now and then somebody disconnects or removes the app in the Marketplace.
type loginStorm struct {
	*weather
	zoom  *grants
	inner wholeStore
	hosts []*stormHost

	mu     sync.Mutex
	codes  int
	ended  map[string]error // the outcome of each code that came back
	unsure bool             // a source was closed with a token that it could not save
}

var stormKinds = map[string]func(*weather) (inner wholeStore, hosts [2]zoomauth.TokenStore){
	"swaps": func(w *weather) (wholeStore, [2]zoomauth.TokenStore) {
		m := &zoomauth.MemoryStore{}
		return m, [2]zoomauth.TokenStore{&stormStore{m, w}, &stormStore{m, w}}
	},
	"locks": func(w *weather) (wholeStore, [2]zoomauth.TokenStore) {
		m := &zoomauth.MemoryStore{}
		one, other := &stormStore{m, w}, &stormStore{m, w}
		return m, [2]zoomauth.TokenStore{locking{plain{one}, one}, locking{plain{other}, other}}
	},
	"leases": func(w *weather) (wholeStore, [2]zoomauth.TokenStore) {
		w.most = 10 * time.Second
		l := &leased{}
		calm := func(context.Context, string) error { return nil }
		one, other := &handle{l, calm}, &handle{l, calm}
		return one, [2]zoomauth.TokenStore{&stormStore{one, w}, &stormStore{other, w}}
	},
	"no lock": func(w *weather) (wholeStore, [2]zoomauth.TokenStore) {
		m := &zoomauth.MemoryStore{}
		one := &stormStore{m, w}
		return m, [2]zoomauth.TokenStore{plain{one}, plain{one}}
	},
}

// Whatever comes together, no refresh token is sent twice, and the authorisation that was
// shown as done last is the one that is stored.
func TestStormOfLogins(t *testing.T) {
	for kind := range stormKinds {
		for i := range uint64(*stormRuns) {
			t.Run(fmt.Sprint(kind, " seed ", *stormFirst+i), inBubble(func(t *testing.T) { stormOfLogins(t, kind, *stormFirst+i) }))
		}
	}
}

func stormOfLogins(t *testing.T, kind string, seed uint64) {
	w := &weather{random: rand.New(rand.NewPCG(seed, 7)), most: 90 * time.Second, begin: time.Now()}
	s := &loginStorm{weather: w, zoom: &grants{weather: w, single: seed%2 == 0, tokens: map[string]*given{}}, ended: map[string]error{}}
	inner, stores := stormKinds[kind](w)
	s.inner = inner
	logins := &zoomauth.MemoryLogins{}
	for _, store := range stores {
		s.hosts = append(s.hosts, s.newHost(t, store, logins))
	}
	var group sync.WaitGroup
	for _, h := range s.hosts {
		for range 2 {
			group.Go(func() { s.ask(t, h) })
		}
		group.Go(func() { s.restarts(t, h) })
	}
	for range 3 {
		group.Go(func() { s.connects(t) })
	}
	group.Go(func() { s.disconnects(t) })
	group.Wait()
	s.settle()
	s.logf("calm")
	for _, h := range s.hosts {
		if h.src().Close() != nil {
			require.NoError(t, h.src().Close())
		}
	}
	time.Sleep(5 * time.Minute) // slow calls that nobody waits for
	s.judge(t)
}

func (s *loginStorm) newHost(t *testing.T, store zoomauth.TokenStore, logins zoomauth.LoginStore) *stormHost {
	app := func(part string) zoomauth.App {
		return zoomauth.App{ClientID: wireID, ClientSecret: wireSecret, RedirectURL: redirectURL, HTTPClient: &http.Client{Transport: s.zoom.as(part)}}
	}
	h := &stormHost{store: store, app: app("source")}
	var err error
	h.source, err = h.app.TokenSource(store, nil)
	require.NoError(t, err)
	h.handler, err = zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps: zoomauth.Apps{app("login")}, Logins: logins,
		Store:  func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil },
		Done:   func(_ http.ResponseWriter, r *http.Request, _ *zoomauth.Login, _ *zoomauth.Token) { s.note(r, nil) },
		Failed: func(_ http.ResponseWriter, r *http.Request, err error) { s.note(r, err) },
	})
	require.NoError(t, err)
	return h
}

func (s *loginStorm) note(r *http.Request, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[r.URL.Query().Get("code")] = err
	s.logf("%s ends: %v", r.URL.Query().Get("code"), err)
}

func (s *loginStorm) host() *stormHost { return s.hosts[s.upTo(2)] }

const stormLasts = time.Hour

func (s *loginStorm) ask(t *testing.T, h *stormHost) {
	for begin := time.Now(); time.Since(begin) < stormLasts; time.Sleep(s.upTo(time.Minute)) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		src := h.src()
		tok, err := src.Token(ctx)
		cancel()
		if err == nil && s.chance(0.02) {
			src.Rejected(t.Context(), tok.AccessToken)
		}
	}
}

func (s *loginStorm) restarts(t *testing.T, h *stormHost) {
	for range 3 {
		time.Sleep(s.upTo(20 * time.Minute))
		if h.restart(t, s) != nil {
			s.mu.Lock()
			s.unsure = true
			s.mu.Unlock()
		}
	}
}

// connects is an admin who connects now and then, with the browser at any of the hosts.
func (s *loginStorm) connects(t *testing.T) {
	for range 5 {
		time.Sleep(s.upTo(12 * time.Minute))
		v := (&service{t: t, handler: s.host().handler}).visitor()
		u, err := url.Parse(v.start(""))
		if !assert.NoError(t, err) {
			return
		}
		time.Sleep(s.upTo(20 * time.Second))
		s.mu.Lock()
		s.codes++
		code := fmt.Sprint("code-", s.codes)
		s.mu.Unlock()
		v.handler = s.host().handler
		v.back(url.Values{"state": {u.Query().Get("state")}, "code": {code}}.Encode())
	}
}

// disconnects ends the authorisation at the service or at Zoom, which reports it late.
func (s *loginStorm) disconnects(t *testing.T) {
	for range 4 {
		time.Sleep(s.upTo(15 * time.Minute))
		h := s.host()
		if s.chance(0.5) {
			s.logf("%p disconnect", h.store)
			s.logf("%p disconnect: %v", h.store, h.src().Disconnect(t.Context()))
			continue
		}
		s.zoom.mu.Lock()
		s.zoom.end()
		s.zoom.mu.Unlock()
		removal := zoomauth.Removal{ClientID: wireID, AccountID: "account", At: time.Now()}
		time.Sleep(s.upTo(10 * time.Minute))
		s.logf("%p forget", h.store)
		forgotten, err := zoomauth.Forget(t.Context(), h.store, removal)
		s.logf("%p forget: %t, %v", h.store, forgotten, err)
	}
}

// judge compares what is alive at Zoom with what is stored and what people were shown.
func (s *loginStorm) judge(t *testing.T) {
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(s.log, "\n"))
		}
	}()
	stored := ""
	if held, err := s.inner.Load(t.Context()); err == nil {
		_, stored = texts(t, held)
	}
	if s.unsure { // of which Close warns
		return
	}
	assert.Empty(t, s.zoom.spent, "sent twice")
	var good []string // may be stored: the last one that was shown as done, or one of which nobody was sure after it
	for _, one := range slices.Backward(s.zoom.given) {
		err, isBack := s.ended[one.code]
		require.True(t, isBack)
		if one.alive {
			good = append(good, one.refresh)
		}
		if err == nil {
			if !one.alive {
				good = nil // and there need be none
			}
			break
		}
		if one.alive && one.refresh != stored {
			assert.Regexp(t, "lives on at Zoom|nobody knows", err.Error(), "%s: its admin is not told", one.code)
		}
	}
	if len(good) > 0 {
		assert.Contains(t, good, stored, "a grant is lost")
	}
	for _, code := range s.zoom.revoked {
		assert.Error(t, s.ended[code], "%s: it was shown as done and is revoked", code)
	}
}
