package zoomauth

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/hooks"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/transport"
)

// A newGrant is what Zoom gives for a code, until it is saved, revoked or given to the
// caller. The hooks of the requests are called after that: until then none may block, or
// panic.
type newGrant struct {
	hooks   transport.Recorder
	read    oauth.Reading
	settled bool // it was saved, revoked or given to the caller

	store *lockedStore // that may hold the token; nil: none was asked to
	token *Token
}

// newGrant returns the app and the context for the exchange of a code.
func (a App) newGrant(ctx context.Context) (App, context.Context, *newGrant) {
	g := &newGrant{}
	ctx = g.hooks.Record(a.traced(ctx))
	a.Trace = nil // its hooks are recorded
	return a, ctx, g
}

// abandon revokes a grant that was not settled because something panicked. It is deferred;
// the panic goes on afterwards.
func (g *newGrant) abandon(ctx context.Context, a App) {
	grant := g.read.Grant()
	if g.settled || grant == nil {
		return
	}
	if g.store != nil {
		if became, _ := g.store.fate(ctx, g.token); became == fateKept || became == fateUnknown {
			return
		}
	}
	_ = hooks.Catch(func() { _ = a.endUseless(ctx, opRevoke, grant, nil) })
}

// handOut returns the token of an exchange to the caller, who saves it.
func (a App) handOut(ctx context.Context, exchange func(context.Context, App, *newGrant) (*Token, error)) (*Token, error) {
	a, ctx, g := a.newGrant(ctx)
	defer g.hooks.Replay() // those of the revocation
	defer g.abandon(ctx, a)
	t, err := exchange(ctx, a, g)
	g.hooks.Replay()
	g.settled = true
	return t, err
}

// endUseless revokes what came with an answer that is of no use: the grant is alive, and
// nobody keeps it.
func (a App) endUseless(ctx context.Context, op string, grant *oauth.Grant, cause error) error {
	if grant == nil {
		return cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	err := a.revokeText(ctx, grant.Revocable(), grant.RefreshToken)
	if err != nil && !isRefusal(err) {
		return opError(op, left(err, cause))
	}
	return cause
}

// left says that a grant lives on at Zoom, because err is the answer to its revocation.
func left(err, cause error) error {
	return fmt.Errorf("%w (%v): %w", errLeft, err, cause) //nolint:errorlint // what Zoom said of the revocation is not what this error is
}

// lostCode says what to do when nobody knows whether the code was taken.
func lostCode(err error) error {
	e, ok := errors.AsType[*zoom.Error](err)
	if !ok {
		return err
	}
	e.Err = fmt.Errorf("%w: %w", zoom.ErrReauthorize, e.Err)
	return e
}
