package zoompg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seatkit/zoom/zoomauth"
)

// A LoginStore keeps the logins of a [zoomauth.Handler] in the table zoom_logins, for a
// service of several processes. It implements [zoomauth.LoginStore].
type LoginStore struct{ db DB }

// NewLoginStore does no I/O. The tables must be there; see [Migrate].
func NewLoginStore(db DB) (*LoginStore, error) {
	if db == nil {
		return nil, invalid("logins", errors.New("db: is nil"))
	}
	return &LoginStore{db: retryDB{db}}, nil
}

// expiredKept is how long an expired login stays: the clocks of the processes differ.
const expiredKept = time.Minute

// Put keeps a login, and removes some that have expired. A key is UTF-8 without NUL, of at
// most 2,000 bytes; any other is a zoom.ErrInvalidArgument.
func (s *LoginStore) Put(ctx context.Context, key string, l *zoomauth.Login) error {
	if err := checkKey(key); err != nil {
		return invalid("put", fmt.Errorf("key: %w", err))
	}
	data, err := l.Encode()
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `
		WITH expired AS (
			SELECT key FROM zoom_logins WHERE expires < clock_timestamp() - $4::interval AND key <> $1
			ORDER BY expires LIMIT 100 FOR UPDATE SKIP LOCKED
		), removed AS (
			DELETE FROM zoom_logins USING expired WHERE zoom_logins.key = expired.key
		)
		INSERT INTO zoom_logins (key, login, expires) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET login = excluded.login, expires = excluded.expires`,
		key, data, l.Expires, expiredKept)
	return failed(err)
}

// Take returns a login and removes it.
func (s *LoginStore) Take(ctx context.Context, key string) (*zoomauth.Login, error) {
	if checkKey(key) != nil { // Put stores none of those
		return nil, zoomauth.ErrLogin
	}
	var data []byte
	err := s.db.QueryRow(ctx, `DELETE FROM zoom_logins WHERE key = $1 RETURNING login`, key).Scan(&data)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, zoomauth.ErrLogin
	case err != nil:
		return nil, failed(err)
	}
	l, err := zoomauth.DecodeLogin(data)
	if err == nil && !time.Now().Before(l.Expires) {
		return nil, zoomauth.ErrLogin
	}
	return l, err
}
