package zoompg

import (
	"context"
	_ "embed" // the tables
	"errors"
	"fmt"

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

//go:embed schema.sql
var schema string

// migrationLock is the advisory lock of migrations: "zoompg" as a number.
const migrationLock = 0x7a6f6f6d7067

// Migrate creates the tables, zoom_tokens and zoom_logins, in the first schema of the search
// path. It may be called again, and by several processes at once.
func Migrate(ctx context.Context, db DB) error {
	if db == nil {
		return invalid("migrate", errors.New("db: is nil"))
	}
	// One string of several statements is one transaction, and takes no arguments.
	script := fmt.Sprintf("SELECT pg_advisory_xact_lock(%d);\n%s", migrationLock, schema)
	if _, err := db.Exec(ctx, script); err != nil {
		return failed(err)
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
