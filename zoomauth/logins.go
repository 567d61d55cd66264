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
// process ([MemoryLogins]), or in what the processes of a service share, with
// [Login.Encode] and [DecodeLogin]. Package storetest proves one that you wrote.
//
// The rules:
//
//   - A store is safe for concurrent use. What Put has stored, Take finds at once, on every
//     handle of the store.
//   - A login can be taken once. Of several Take at the same time one gets it.
//   - A login that has expired cannot be taken, and is dropped at some time after: anybody
//     can begin a login.
//   - Take returns [ErrLogin] only if there is no such login. Any other error is taken for
//     [ErrStoreUnavailable].
//   - A key is at most 64 characters of the alphabet of base64url. It says nothing about its
//     login.
type LoginStore interface {
	// Put keeps a login until it expires, in place of one that has the same key.
	Put(ctx context.Context, key string, l *Login) error
	// Take returns a login and forgets it.
	Take(ctx context.Context, key string) (*Login, error)
}

// maxLogins is how many logins are kept in memory at once.
const maxLogins = 10_000

// MemoryLogins keeps logins in memory, the latest 10,000: one more pushes out the
// oldest. To refuse it would let anybody who begins 33 of them a second lock all others
// out; as it is, somebody has to begin 10,000 while a person is at Zoom. The zero value
// is ready.
type MemoryLogins struct {
	redactor

	mu     sync.Mutex
	logins map[string]*Login
	queue  []queued // the oldest first, those that were taken among them
}

type queued struct {
	key   string
	login *Login
}

// Put keeps a login until it expires.
func (m *MemoryLogins) Put(_ context.Context, key string, l *Login) error {
	if l == nil {
		return invalid(opLogin, errors.New("login: is nil"))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.logins == nil {
		m.logins = map[string]*Login{}
	}
	for now := time.Now(); len(m.queue) > 0 && (len(m.queue) >= maxLogins || !now.Before(m.queue[0].login.Expires)); {
		m.drop()
	}
	m.logins[key] = l
	m.queue = append(m.queue, queued{key, l})
	return nil
}

// drop forgets the oldest login.
func (m *MemoryLogins) drop() {
	oldest := m.queue[0]
	m.queue[0] = queued{} // the array behind the queue lives on
	m.queue = m.queue[1:]
	if m.logins[oldest.key] == oldest.login {
		delete(m.logins, oldest.key)
	}
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
	data, err := wire.Encode(storedLogin{
		Version: 1, Region: l.Region, Session: l.Session, Expires: l.Expires,
		ClientID: l.clientID, RedirectURL: l.redirectURL, State: l.state(), Verifier: l.verifier(),
	})
	if err == nil && len(data) > maxStored {
		err = fmt.Errorf("want at most %d bytes", maxStored)
	}
	if err != nil {
		return nil, invalid(opExchange, fmt.Errorf("login: %w", redact.Cause(err)))
	}
	return data, nil
}

// DecodeLogin reads what [Login.Encode] wrote. Anything else is [ErrStoreCorrupt].
func DecodeLogin(data []byte) (*Login, error) {
	if len(data) > maxStored {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrStoreCorrupt, maxStored)
	}
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
