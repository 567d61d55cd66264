package zoompg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seatkit/zoom/zoomauth"
)

const (
	leaseLife      = 75 * time.Second // more than the minute that Check promises
	releaseTimeout = 5 * time.Second
	answerTimeout  = 5 * time.Second      // of a statement that was sent, after its caller's context
	secondRelease  = time.Second          // after the first one
	patience       = time.Second          // of a caller whose context has ended
	firstPause     = 5 * time.Millisecond // between two looks at a lock that is held
	longestPause   = 250 * time.Millisecond
)

// A TokenStore keeps one token in a row of the table zoom_tokens. It is a
// [zoomauth.Locker] and a [zoomauth.Swapper].
type TokenStore struct {
	db   DB
	name string
}

// NewTokenStore keeps a token under a name: one for each app and account. A name is UTF-8
// without NUL, of at most 2,000 bytes; any other is a zoom.ErrInvalidArgument. It does no
// I/O. The tables must be there; see [Migrate].
func NewTokenStore(db DB, name string) (*TokenStore, error) {
	if db == nil {
		return nil, invalid("tokens", errors.New("db: is nil"))
	}
	if err := checkKey(name); err != nil {
		return nil, invalid("tokens", fmt.Errorf("name: %w", err))
	}
	return &TokenStore{db: retryDB{db}, name: name}, nil
}

// Load returns the token.
func (s *TokenStore) Load(ctx context.Context) (*zoomauth.Token, error) {
	var data []byte
	var sealedBy string
	err := s.db.QueryRow(ctx, `SELECT token, sealed_by FROM zoom_tokens WHERE name = $1`, s.name).Scan(&data, &sealedBy)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && data == nil:
		return nil, zoomauth.ErrNoToken
	case err != nil:
		return nil, failed(err)
	case sealedBy != "":
		return nil, fmt.Errorf("%w: the token is sealed with a key that this version does not know", zoomauth.ErrStore)
	}
	return zoomauth.DecodeToken(data)
}

// Save replaces the token.
func (s *TokenStore) Save(ctx context.Context, t *zoomauth.Token) error {
	data, err := t.Encode()
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `
		INSERT INTO zoom_tokens (name, token, state) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE
		SET token = excluded.token, state = excluded.state, sealed_by = '', changed = clock_timestamp()`,
		s.name, data, t.State())
	return failed(err)
}

// Delete removes the token. The row stays: a lock may be in it.
func (s *TokenStore) Delete(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `
		UPDATE zoom_tokens SET token = NULL, state = NULL, sealed_by = '', changed = clock_timestamp()
		WHERE name = $1 AND token IS NOT NULL`, s.name)
	return failed(err)
}

// Swap replaces old by next.
func (s *TokenStore) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	data, err := next.Encode()
	if err != nil {
		return err
	}
	var was *string // NULL: the store is empty
	if old != nil {
		state := old.State()
		was = &state
	}
	done, err := s.db.Exec(ctx, `
		INSERT INTO zoom_tokens (name, token, state) SELECT $1, $2, $3
		WHERE $4::text IS NULL OR EXISTS (SELECT FROM zoom_tokens WHERE name = $1)
		ON CONFLICT (name) DO UPDATE
		SET token = excluded.token, state = excluded.state, sealed_by = '', changed = clock_timestamp()
		WHERE zoom_tokens.state IS NOT DISTINCT FROM $4::text`, s.name, data, next.State(), was)
	switch {
	case err != nil:
		return failed(err)
	case done.RowsAffected() == 0:
		return zoomauth.ErrStoreChanged
	default:
		return nil
	}
}

// Lock waits for the lease of the row. It holds no connection while it waits, nor while the
// lease lasts.
//
// A Lock that fails leaves no lease behind. What PostgreSQL does after ctx has ended is
// undone in the background, within a second of the answer. If no answer comes within 5
// seconds, or PostgreSQL cannot be reached to undo it, a lease may stay for up to 75 seconds.
func (s *TokenStore) Lock(ctx context.Context) (zoomauth.Lease, error) {
	l := &lease{store: s, owner: rand.Text()}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		taken, err := l.take(ctx)
		switch {
		case err != nil:
			return nil, failed(err)
		case taken:
			return l, nil
		}
		if err := wait(ctx, pause/2+randv2.N(pause)); err != nil {
			return nil, fmt.Errorf("%w: the lock is held: %w", zoomauth.ErrStoreUnavailable, err)
		}
	}
}

type lease struct {
	store *TokenStore
	owner string
}

// take takes the lease if it is free or has ended. It returns at the latest patience after ctx
// has ended; what is taken later is released.
func (l *lease) take(ctx context.Context) (bool, error) {
	type answer struct {
		taken bool
		err   error
	}
	here, leave := outlive(ctx, patience)
	defer leave()
	answers := make(chan answer) // without a buffer: either the caller gets it or it is undone
	go func() {
		taken, err := l.insert(ctx)
		select {
		case answers <- answer{taken, err}:
		case <-here.Done():
			if taken {
				_ = l.Release() //nolint:contextcheck // ctx has ended
			}
		}
	}()
	select {
	case a := <-answers:
		return a.taken, a.err
	case <-here.Done():
		return false, ctx.Err()
	}
}

// insert writes the lease if it is free or has ended. Times are those of the server.
//
// PostgreSQL can execute a statement after its caller has given it up, and after a Release
// that follows. So this one is not given up once it is sent, unless there is no answer for
// a long time after the end of ctx.
func (l *lease) insert(ctx context.Context) (bool, error) {
	const statement = `
		INSERT INTO zoom_tokens (name, lease_owner, lease_end) VALUES ($1, $2, clock_timestamp() + $3::interval)
		ON CONFLICT (name) DO UPDATE SET lease_owner = excluded.lease_owner, lease_end = clock_timestamp() + $3::interval
		WHERE zoom_tokens.lease_end IS NULL OR zoom_tokens.lease_end < clock_timestamp()`
	s := newSending(ctx)
	defer s.end()
	done, err := l.store.db.Exec(s.ctx, statement, s, l.store.name, l.owner, leaseLife) //nolint:contextcheck // it outlives ctx
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = ctx.Err() // which may be that of a deadline
	}
	switch {
	case err == nil:
		return done.RowsAffected() == 1, nil
	case wasRolledBack(err): // others want it as well: that is no failure
		return false, nil
	case !s.sent:
		return false, err
	default:
		return false, errors.Join(err, l.undo(isAnswer(err))) //nolint:contextcheck // ctx may have ended
	}
}

// undo releases what a statement that failed may have taken. One without an answer may still
// be executed later.
func (l *lease) undo(answered bool) error {
	if !answered {
		defer time.AfterFunc(secondRelease, func() { _ = l.Release() })
	}
	return l.Release()
}

// Check prolongs the lease, if it is still held.
func (l *lease) Check(ctx context.Context) error {
	done, err := l.store.db.Exec(ctx, `
		UPDATE zoom_tokens SET lease_end = clock_timestamp() + $3::interval
		WHERE name = $1 AND lease_owner = $2 AND lease_end > clock_timestamp()`, l.store.name, l.owner, leaseLife)
	if err == nil && done.RowsAffected() != 1 {
		return fmt.Errorf("%w: the lease was lost", zoomauth.ErrStoreUnavailable)
	}
	return failed(err)
}

// Release ends the lease, unless another has it by now.
func (l *lease) Release() error {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	_, err := l.store.db.Exec(ctx, `
		UPDATE zoom_tokens SET lease_owner = NULL, lease_end = NULL
		WHERE name = $1 AND lease_owner = $2`, l.store.name, l.owner)
	return failed(err)
}
