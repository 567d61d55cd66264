package zoompg

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A sending is the first argument of a statement that must not be given up once it is sent.
// Its ctx ends with the caller's while the statement waits for a connection, and
// answerTimeout after the caller's from then on. It is a [pgx.QueryRewriter] because that is
// called between the two.
type sending struct {
	caller, ctx context.Context
	cancel      context.CancelFunc
	unlink      func() bool // of the caller's context
	sent        bool
}

func newSending(caller context.Context) *sending {
	ctx, cancel := context.WithCancel(context.WithoutCancel(caller))
	return &sending{caller: caller, ctx: ctx, cancel: cancel, unlink: context.AfterFunc(caller, cancel)}
}

// RewriteQuery is called when there is a connection, for each try. It changes nothing.
func (s *sending) RewriteQuery(_ context.Context, _ *pgx.Conn, sql string, args []any) (string, []any, error) {
	if !s.unlink() {
		return "", nil, s.caller.Err()
	}
	s.unlink = context.AfterFunc(s.caller, s.giveUp) //nolint:contextcheck // it is the statement's own
	s.sent = true
	return sql, args, nil
}

func (s *sending) giveUp() { cancelAfter(s.ctx, s.cancel, answerTimeout) }

func (s *sending) end() {
	s.unlink()
	s.cancel()
}

// outlive returns a context with the values of another that ends d after it.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unlink := context.AfterFunc(ctx, func() { cancelAfter(longer, cancel, d) })
	return longer, func() {
		unlink()
		cancel()
	}
}

func cancelAfter(ctx context.Context, cancel context.CancelFunc, d time.Duration) {
	_ = wait(ctx, d)
	cancel()
}

// isAnswer reports an error that PostgreSQL answered with: the statement has ended.
func isAnswer(err error) bool {
	_, ok := errors.AsType[*pgconn.PgError](err)
	return ok
}
