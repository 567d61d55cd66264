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
func (s *TokenStore) Lock(ctx context.Context) (zoomauth.Lease, error) {
	l := &lease{store: s, owner: rand.Text()}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		taken, err := l.take(ctx)
		switch {
		case err != nil:
			// It may have been written, and nobody would know of it until it ends.
			return nil, errors.Join(failed(err), l.Release()) //nolint:contextcheck // ctx may have ended
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

// take takes the lease if it is free or has ended. Times are those of the server.
func (l *lease) take(ctx context.Context) (bool, error) {
	done, err := l.store.db.Exec(ctx, `
		INSERT INTO zoom_tokens (name, lease_owner, lease_end) VALUES ($1, $2, clock_timestamp() + $3::interval)
		ON CONFLICT (name) DO UPDATE SET lease_owner = excluded.lease_owner, lease_end = clock_timestamp() + $3::interval
		WHERE zoom_tokens.lease_end IS NULL OR zoom_tokens.lease_end < clock_timestamp()`,
		l.store.name, l.owner, leaseLife)
	if wasRolledBack(err) { // others want it as well: that is no failure
		return false, nil
	}
	return done.RowsAffected() == 1, err
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
