package zoompg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// A DB runs statements, each on a connection of its choice: a *pgxpool.Pool. A transaction
// or a single connection is none: a store is used by many goroutines at once, and what it
// writes must be there when it returns.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// maxKey is how long a name or a key may be. An index of PostgreSQL takes 2,700 bytes.
const maxKey = 2000

// checkKey refuses what a column of type text does not store, or an index does not take.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("is empty")
	case len(key) > maxKey:
		return fmt.Errorf("want at most %d bytes", maxKey)
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return errors.New("want UTF-8 without NUL")
	}
	return nil
}

func invalid(op string, err error) error {
	return &zoom.Error{Op: "zoompg." + op, Err: fmt.Errorf("%w: %w", zoom.ErrInvalidArgument, err)}
}

// failed says that the database did not do what it was asked for.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", zoomauth.ErrStoreUnavailable, err)
}
