package zoompg

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	maxTries     = 10 // of one statement
	longestRetry = 200 * time.Millisecond
)

// retryDB repeats a statement that PostgreSQL rolled back because of a concurrent one, as it
// does where the default isolation is repeatable read or serializable. Each statement is a
// transaction of its own, so nothing of it was done.
type retryDB struct{ DB }

func (d retryDB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = retry(ctx, func() error {
		tag, err = d.DB.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

func (d retryDB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return retryRow(func(dest ...any) error {
		return retry(ctx, func() error { return d.DB.QueryRow(ctx, sql, args...).Scan(dest...) })
	})
}

type retryRow func(dest ...any) error

func (r retryRow) Scan(dest ...any) error { return r(dest...) }

// retry calls until the error is not that of a rolled back statement, ctx ends or maxTries
// are used up.
func retry(ctx context.Context, call func() error) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := call()
		if try == maxTries || !wasRolledBack(err) {
			return err
		}
		if ended := wait(ctx, rand.N(pause)); ended != nil {
			return errors.Join(err, ended)
		}
		pause = min(2*pause, longestRetry)
	}
}

// wasRolledBack reports a serialization failure or a deadlock.
func wasRolledBack(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// wait waits, at most as long as ctx lasts.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
