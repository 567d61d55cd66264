package zoompg

import (
	"context"
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
