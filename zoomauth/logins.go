package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

// A LoginStore keeps the logins that are under way: in memory for a service of one
// process ([MemoryLogins]), or in what the processes of a service share. It must drop
// them when they expire. A key tells nothing about its login.
type LoginStore interface {
	Put(ctx context.Context, key string, l *Login) error
	// Take returns a login and forgets it: a second Take of the key, also one at the
	// same time, is ErrLogin.
	Take(ctx context.Context, key string) (*Login, error)
}

// maxLogins is how many logins are kept in memory at once.
const maxLogins = 10_000

// MemoryLogins keeps logins in memory, 10,000 at most: one more is refused, so that
// nobody can push out those of others. The zero value is ready.
type MemoryLogins struct {
	mu     sync.Mutex
	logins map[string]*Login
	swept  time.Time
}

// Put keeps a login until it expires.
func (m *MemoryLogins) Put(_ context.Context, key string, l *Login) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.logins == nil {
		m.logins = map[string]*Login{}
	}
	if now := time.Now(); now.Sub(m.swept) > time.Minute || len(m.logins) >= maxLogins {
		m.swept = now
		for key, l := range m.logins {
			if !now.Before(l.Expires) {
				delete(m.logins, key)
			}
		}
	}
	if len(m.logins) >= maxLogins {
		return errors.New("too many logins are under way")
	}
	m.logins[key] = l
	return nil
}

// Take returns a login and forgets it.
func (m *MemoryLogins) Take(_ context.Context, key string) (*Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logins[key]
	delete(m.logins, key)
	if l == nil || !time.Now().Before(l.Expires) {
		return nil, ErrLogin
	}
	return l, nil
}

// storedLogin is the form of a Login in a shared store.
type storedLogin struct {
	Version     int       `json:"version"`
	Region      Region    `json:"region,omitzero"`
	Session     string    `json:"session,omitzero"`
	Expires     time.Time `json:"expires"`
	ClientID    string    `json:"client_id"`
	RedirectURL string    `json:"redirect_url"`
	State       string    `json:"state"`
	Verifier    string    `json:"verifier"`
}

// Encode returns the login in the form for a shared [LoginStore], with its secrets in
// plain text.
func (l *Login) Encode() ([]byte, error) {
	if l == nil || l.state == nil {
		return nil, invalid(opExchange, errors.New("login: is nil"))
	}
	return wire.Encode(storedLogin{
		Version: 1, Region: l.Region, Session: l.Session, Expires: l.Expires,
		ClientID: l.clientID, RedirectURL: l.redirectURL, State: l.state(), Verifier: l.verifier(),
	})
}

// DecodeLogin reads what [Login.Encode] wrote. Anything else is [ErrStoreCorrupt].
func DecodeLogin(data []byte) (*Login, error) {
	var s storedLogin
	if err := wire.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStoreCorrupt, redact.Cause(err))
	}
	if s.Version != 1 || s.State == "" || s.Verifier == "" || s.ClientID == "" {
		return nil, fmt.Errorf("%w: a part is missing", ErrStoreCorrupt)
	}
	return &Login{
		Region: s.Region, Session: s.Session, Expires: s.Expires,
		clientID: s.ClientID, redirectURL: s.RedirectURL, state: hide(s.State), verifier: hide(s.Verifier),
	}, nil
}
