package storetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom/zoomauth"
)

// loginMap is a store of logins that the wrong ones are made of.
type loginMap struct {
	mu     sync.Mutex
	logins map[string]*zoomauth.Login
}

func (m *loginMap) Put(_ context.Context, key string, l *zoomauth.Login) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.logins == nil {
		m.logins = map[string]*zoomauth.Login{}
	}
	m.logins[key] = l
	return nil
}

func (m *loginMap) find(key string) (*zoomauth.Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logins[key]
	if l == nil || !time.Now().Before(l.Expires) {
		return nil, zoomauth.ErrLogin
	}
	return l, nil
}

func (m *loginMap) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.logins, key)
}

type (
	rereadable   struct{ loginMap } // Take forgets nothing
	takesInSteps struct{ loginMap } // Take reads, and then removes
	neverExpires struct{ loginMap } // an expired login is as good as any
	firstStays   struct{ loginMap } // Put does not replace
	foldsCase    struct{ loginMap } // as a column of many databases does
	blamesLogin  struct{ loginMap } // every failure is ErrLogin
	forgetsNames struct{ loginMap } // the session is lost
)

func (m *rereadable) Take(_ context.Context, key string) (*zoomauth.Login, error) { return m.find(key) }

func (m *takesInSteps) Take(_ context.Context, key string) (*zoomauth.Login, error) {
	l, err := m.find(key)
	time.Sleep(time.Millisecond)
	m.remove(key)
	return l, err
}

func (m *neverExpires) Take(_ context.Context, key string) (*zoomauth.Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logins[key]
	delete(m.logins, key)
	if l == nil {
		return nil, zoomauth.ErrLogin
	}
	return l, nil
}

func (m *loginMap) take(key string) (*zoomauth.Login, error) {
	l, err := m.find(key)
	m.remove(key)
	return l, err
}

func (m *firstStays) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	if _, err := m.find(key); err == nil {
		return nil
	}
	return m.loginMap.Put(ctx, key, l)
}

func (m *firstStays) Take(_ context.Context, key string) (*zoomauth.Login, error) { return m.take(key) }

func (m *foldsCase) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	return m.loginMap.Put(ctx, strings.ToLower(key), l)
}

func (m *foldsCase) Take(_ context.Context, key string) (*zoomauth.Login, error) {
	return m.take(strings.ToLower(key))
}

func (m *blamesLogin) Take(ctx context.Context, key string) (*zoomauth.Login, error) {
	if ctx.Err() != nil {
		return nil, zoomauth.ErrLogin
	}
	return m.take(key)
}

func (m *forgetsNames) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	data, err := l.Encode()
	if err != nil {
		return err
	}
	short, err := zoomauth.DecodeLogin(data)
	if err != nil {
		return err
	}
	short.Session = ""
	return m.loginMap.Put(ctx, key, short)
}

func (m *forgetsNames) Take(_ context.Context, key string) (*zoomauth.Login, error) {
	return m.take(key)
}

type (
	shortLived struct{ loginMap } // a life of its own, of a second
	small      struct {           // the latest 29
		loginMap
		latest []string
	}
	shortColumn struct{ loginMap }
)

func (m *shortLived) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	time.AfterFunc(time.Second, func() { m.once(key) })
	return m.loginMap.Put(ctx, key, l)
}

// once is Take in one step.
func (m *loginMap) once(key string) (*zoomauth.Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logins[key]
	delete(m.logins, key)
	if l == nil || !time.Now().Before(l.Expires) {
		return nil, zoomauth.ErrLogin
	}
	return l, nil
}

func (m *shortLived) Take(_ context.Context, key string) (*zoomauth.Login, error) { return m.once(key) }

func (m *small) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	m.mu.Lock()
	m.latest = append(m.latest, key)
	if over := len(m.latest) - 29; over > 0 {
		delete(m.logins, m.latest[over-1])
	}
	m.mu.Unlock()
	return m.loginMap.Put(ctx, key, l)
}

func (m *small) Take(_ context.Context, key string) (*zoomauth.Login, error) { return m.once(key) }

func (m *shortColumn) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	if data, err := l.Encode(); err != nil || len(data) > 40_000 {
		return zoomauth.ErrStore
	}
	return m.loginMap.Put(ctx, key, l)
}

func (m *shortColumn) Take(_ context.Context, key string) (*zoomauth.Login, error) {
	return m.once(key)
}

func TestFaultST01WrongLoginStoresAreCaught(t *testing.T) {
	for name, wrong := range map[string]struct {
		new  func() zoomauth.LoginStore
		want string
	}{
		"none":                      {func() zoomauth.LoginStore { return &zoomauth.MemoryLogins{} }, ""},
		"Take forgets nothing":      {func() zoomauth.LoginStore { return &rereadable{} }, "a login is taken once"},
		"Take in two steps":         {func() zoomauth.LoginStore { return &takesInSteps{} }, "one of many Takes wins"},
		"forgotten after a second":  {func() zoomauth.LoginStore { return &shortLived{} }, agedName},
		"29 logins at most":         {func() zoomauth.LoginStore { return &small{} }, "logins do not mix"},
		"a column of 40,000 bytes":  {func() zoomauth.LoginStore { return &shortColumn{} }, "a login comes back whole"},
		"nothing expires":           {func() zoomauth.LoginStore { return &neverExpires{} }, "a login that has expired is gone"},
		"Put does not replace":      {func() zoomauth.LoginStore { return &firstStays{} }, "Put replaces a login"},
		"keys without case":         {func() zoomauth.LoginStore { return &foldsCase{} }, "an unknown login is ErrLogin"},
		"every failure is ErrLogin": {func() zoomauth.LoginStore { return &blamesLogin{} }, "an ended context takes no login away in silence"},
		"the session is lost":       {func() zoomauth.LoginStore { return &forgetsNames{} }, "a login comes back whole"},
	} {
		t.Run(name, func(t *testing.T) {
			var failed []string
			all := append(slices.Clone(loginChecks), loginCheck{agedName, func(t tb, open loginOpener) { agedLogin(t, open)(t) }})
			for _, c := range all {
				store := wrong.new()
				if found := outcome(t, func(t tb) { c.run(t, func() zoomauth.LoginStore { return store }) }); len(found) > 0 {
					failed = append(failed, c.name)
				}
			}
			if wrong.want == "" {
				assert.Empty(t, failed)
			} else {
				assert.Contains(t, failed, wrong.want)
			}
		})
	}
}
