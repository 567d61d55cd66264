package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

var loginChecks = []loginCheck{
	{"a login comes back whole", wholeLogin},
	{"a login is taken once", takenOnce},
	{"one of many Takes wins", takeRace},
	{"an unknown login is ErrLogin", unknownLogin},
	{"a login that has expired is gone", expiredLogin},
	{"logins do not mix", manyLogins},
	{"Put replaces a login", putAgain},
	{"an ended context takes no login away in silence", takeEnded},
}

const agedName = "a login stays until it expires"

// agedLogin puts a login that is taken when it has aged.
func agedLogin(t tb, open loginOpener) (end func(t tb)) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	const key = "aged-login"
	_, _, l := begun(t, srv)
	openedLogins(t, open, 1)[0].put(key, l)
	since := time.Now()
	return func(t tb) {
		<-time.After(aged - time.Since(since))
		openedLogins(t, open, 1)[0].takes(key, l)
	}
}

// keys are as long as those of a Handler and differ where a careless store does not look.
func keyOf(n int) string { return fmt.Sprintf("%s%05d-_", strings.Repeat("aA", 18), n) }

type loginHandle struct {
	tb
	store zoomauth.LoginStore
}

func openedLogins(t tb, open loginOpener, n int) []loginHandle {
	t.Helper()
	var all []loginHandle
	for range n {
		store := open()
		if store == nil {
			t.Fatalf("open returned nil")
		}
		all = append(all, loginHandle{t, store})
	}
	return all
}

func (h loginHandle) put(key string, l *zoomauth.Login) {
	h.Helper()
	if err := call(h, "Put", func(ctx context.Context) error { return h.store.Put(ctx, key, l) }); err != nil {
		h.Fatalf("Put failed: %v", err)
	}
}

func (h loginHandle) take(key string) (l *zoomauth.Login, err error) {
	h.Helper()
	err = call(h, "Take", func(ctx context.Context) (err error) {
		l, err = h.store.Take(ctx, key)
		return err
	})
	if err == nil && l == nil {
		h.Fatalf("Take returned neither a login nor an error")
	}
	return l, err
}

func (h loginHandle) takes(key string, want *zoomauth.Login) *zoomauth.Login {
	h.Helper()
	got, err := h.take(key)
	if err != nil {
		h.Fatalf("Take of a login that was put failed: %v", err)
	}
	if encoded(h, got) != encoded(h, want) {
		h.Fatalf("Take returned another login than the one that was put")
	}
	return got
}

func (h loginHandle) wantsNone(key, when string) {
	h.Helper()
	if l, err := h.take(key); !errors.Is(err, zoomauth.ErrLogin) {
		if l != nil {
			h.Fatalf("Take of %s returned a login, want ErrLogin", when)
		}
		h.Fatalf("Take of %s returned %v, want ErrLogin", when, err)
	}
}

// encoded is a login as text, with the moment of its end however it is written.
func encoded(t tb, l *zoomauth.Login) string {
	t.Helper()
	data, err := l.Encode()
	if err != nil {
		t.Fatalf("Encode of a login failed: %v", err)
	}
	again, err := zoomauth.DecodeLogin(data)
	if err != nil {
		t.Fatalf("DecodeLogin failed: %v", err)
	}
	again.Expires = again.Expires.UTC()
	if data, err = again.Encode(); err != nil {
		t.Fatalf("Encode of a login failed: %v", err)
	}
	return string(data)
}

// begun is a login that has just begun at a Zoom of its own.
func begun(t tb, srv *zoomtest.Server) (app zoomauth.App, link string, l *zoomauth.Login) {
	t.Helper()
	app = zoomauth.App{
		Region: zoomauth.RegionEU, ClientID: srv.ClientID(), ClientSecret: srv.ClientSecret(), RedirectURL: "https://service.example/callback",
		HTTPClient: &http.Client{Transport: srv.RoundTripper()},
	}
	link, l, err := app.AuthCodeURL()
	if err != nil {
		t.Fatalf("AuthCodeURL failed: %v", err)
	}
	return app, link, l
}

// longest stands for the session that makes a login as long as it may be.
const longest = "longest"

// wholeLogin ends a login that went through the store, as a Handler does.
func wholeLogin(t tb, open loginOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 2)
	for i, session := range []string{"", "customer 7", `"ü\'; --` + strings.Repeat("x", 1000), longest} {
		app, link, l := begun(t, srv)
		l.Session = session
		if session == longest {
			l.Session = strings.Repeat("x", mostBytes-len(encoded(t, l))+len(longest))
		}
		h[0].put(keyOf(i), l)
		got := h[1].takes(keyOf(i), l)
		back, err := srv.Allow(link)
		if err != nil {
			t.Fatalf("Allow failed: %v", err)
		}
		callback, err := url.Parse(back)
		if err != nil {
			t.Fatalf("the callback cannot be read: %v", err)
		}
		if _, err := app.Exchange(context.Background(), got, callback.Query()); err != nil {
			t.Fatalf("Exchange with the login that was taken failed: %v", err)
		}
	}
}

func takenOnce(t tb, open loginOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 2)
	_, _, l := begun(t, srv)
	h[0].put(keyOf(1), l)
	h[1].takes(keyOf(1), l)
	for _, h := range h {
		h.wantsNone(keyOf(1), "a login that was taken")
	}
}

func takeRace(t tb, open loginOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 2)
	_, _, l := begun(t, srv)
	for round := range rounds {
		h[0].put(keyOf(round), l)
		var won atomic.Int32
		race(func(ctx context.Context, i int) {
			_, err := h[i%2].store.Take(ctx, keyOf(round))
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, zoomauth.ErrLogin):
				t.Errorf("Take beside others returned %v, want a login or ErrLogin", err)
			}
		})
		if n := won.Load(); n != 1 {
			t.Fatalf("%d of %d Takes at the same time got the login, want 1", n, rivals)
		}
	}
}

func unknownLogin(t tb, open loginOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 1)[0]
	_, _, l := begun(t, srv)
	h.put(keyOf(1), l)
	for _, key := range []string{keyOf(2), strings.ToLower(keyOf(1)), strings.ToUpper(keyOf(1)), keyOf(1)[1:], keyOf(1) + "0"} {
		h.wantsNone(key, "an unknown key")
	}
	h.takes(keyOf(1), l)
}

func expiredLogin(t tb, open loginOpener) {
	const life = 50 * time.Millisecond
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 2)
	_, _, stale := begun(t, srv)
	stale.Expires = time.Now().Add(-time.Second)
	_, _, short := begun(t, srv)
	short.Expires = time.Now().Add(life)
	_, _, good := begun(t, srv)
	h[0].put(keyOf(1), stale)
	h[0].put(keyOf(2), short)
	h[0].put(keyOf(3), good)
	<-time.After(2 * life)
	for _, h := range h {
		h.wantsNone(keyOf(1), "a login that had expired before it was put")
		h.wantsNone(keyOf(2), "a login that has expired")
	}
	h[1].takes(keyOf(3), good)
}

func manyLogins(t tb, open loginOpener) {
	const many = 64
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 2)
	logins := map[int]*zoomauth.Login{}
	for i := range many {
		_, _, l := begun(t, srv)
		l.Session = fmt.Sprint("session ", i)
		logins[i] = l
	}
	var group sync.WaitGroup
	for i, l := range logins {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := h[i%2].store.Put(ctx, keyOf(i), l); err != nil {
				t.Errorf("Put failed beside others: %v", err)
			}
		})
	}
	group.Wait()
	for i, l := range logins {
		h[(i+1)%2].takes(keyOf(i), l)
	}
}

func putAgain(t tb, open loginOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 2)
	_, _, first := begun(t, srv)
	_, _, second := begun(t, srv)
	h[0].put(keyOf(1), first)
	h[1].put(keyOf(1), second)
	h[0].takes(keyOf(1), second)
	h[1].wantsNone(keyOf(1), "a login that was taken")
}

// takeEnded: a store that cannot be asked must not say that there is no such login.
func takeEnded(t tb, open loginOpener) {
	srv := zoomtest.NewServer()
	defer srv.Close()
	h := openedLogins(t, open, 1)[0]
	_, _, l := begun(t, srv)
	h.put(keyOf(1), l)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	err := call(t, "Take", func(context.Context) error {
		_, err := h.store.Take(ended, keyOf(1))
		return err
	})
	if errors.Is(err, zoomauth.ErrLogin) {
		t.Fatalf("Take with an ended context returned ErrLogin though the login is stored")
	}
}
