package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/tokens"
)

// SourceOptions change a [Source]. Nil means the defaults.
//
// A hook runs on the goroutine of the fetch, after the lock of the store was given back,
// and before those who wait get their token. It may use the store; it must not ask the
// source, which waits for it. Its panic is raised again in a caller of Token: one that
// waits, else the next one.
//
// Expiring runs after those who wait have their token, because it needs the lock of the
// store first. It may ask the source. Only [Source.Close] waits for it.
type SourceOptions struct {
	// AccountID is the Zoom account whose token it must be. A stored token that is
	// known to be of another one is zoom.ErrAccountMismatch before anything is sent.
	AccountID string

	// Reauthorize is called when a person must authorise again: once for each refresh
	// token that Zoom refused, with the error that the caller of Token gets.
	//
	// It is also called if Zoom replaces the refresh token by one that cannot be used, such as
	// one with a blank in it. The error is then also a zoom.ErrBadResponse. Callers get the
	// access token of that answer until it expires, then zoom.ErrReauthorize: the former
	// refresh token is not sent again.
	//
	// All sources over a store that is a [Locker] share the one call, also those of
	// other processes: the stored token is marked. Without a Locker those of one process
	// do. Sources over a store that cannot write the mark call it once each.
	Reauthorize func(ctx context.Context, err error)
	// Expiring is called when the refresh token has 14 days or less to live: once for
	// each refresh token, shared like that of Reauthorize. Normally each refresh renews
	// the refresh token; the hook is called if Zoom returns no new one or refreshing
	// fails.
	Expiring func(ctx context.Context, at time.Time)
	// StoreFailed is called with an ErrStore when a token could not be saved, or the
	// lock not be given back. The source uses the token all the same and saves it again
	// every second.
	StoreFailed func(ctx context.Context, err error)
}

// A Source gives out the access tokens of one installation and refreshes them: five
// minutes early, once for all who ask, in this process and in all others that share
// the store. A new token is saved before it is used. It is safe for concurrent use
// and implements [zoom.TokenSource]; clients may share it, and keep no copy of its token.
//
// While the access token is good nobody waits for the next one. A refresh runs on its own
// time, whatever happens to the caller who caused it, and no slowness of the store takes
// from the time of the request or of the saving of its answer. A refresh for which the
// lease does not last is not begun.
//
// An access token that Zoom refuses is replaced at once. If the new one is refused too, by
// the same call or before it worked for any, no other is made within 30 seconds of it: the
// store is only read, and the call ends in [zoom.ErrUnauthorized].
type Source struct {
	redactor
	cacheLink

	cache  *tokens.Cache[*Token]
	grants *grantStore
	opts   SourceOptions
	app    func() App
	// mint makes the token after cur, which is nil if nothing is stored, while the
	// lease is held.
	mint func(ctx context.Context, cur *Token, lease Lease) (*Token, error)

	pause oauth.Pause // between failures of the endpoint, for each refresh token

	saving atomic.Bool // the goroutine that saves what is not saved yet runs
	closed chan struct{}
	close  func() // closes it once

	warned time.Time // the end that Expiring was called for; guarded by the turn of grants

	mu    sync.Mutex
	seen  *Token                  // what the store held last, or is to hold; nil: not known
	hooks []func(context.Context) // to be called when the lock is free
}

// A source with a cacheLink is asked for its cache by the client.
type cacheLink = tokens.Link

// TokenSource returns the tokens of the installation in the store: of somebody who
// clicked Allow.
//
// Errors of its Token method: [zoom.ErrReauthorize] when a person must authorise
// again, [ErrNoToken] among them; [zoom.ErrClientCredentials] for a wrong client id
// or secret; [zoom.ErrAccountMismatch]; [ErrStore] and its kinds; what the network
// does. The stored token is never deleted.
func (a App) TokenSource(store TokenStore, opts *SourceOptions) (*Source, error) {
	s, err := a.newSource(store, opts)
	if err != nil {
		return nil, err
	}
	s.mint = s.refresh
	return s, nil
}

// ServerToServer returns the tokens of a server-to-server app, shared by all who
// share the store: a new token may end the life of the former one, so that only one
// is made, and the store is read before that. The account id is part of what is
// stored: one store for each client and account.
//
// For a single process [zoom.ServerToServer] does the same without a store.
//
// API: https://developers.zoom.us/docs/internal-apps/s2s-oauth/
func (a App) ServerToServer(accountID string, store TokenStore, opts *SourceOptions) (*Source, error) {
	if accountID == "" || a.ClientSecret == "" {
		return nil, invalid("auth.source", errors.New("account id, client secret: is empty"))
	}
	s, err := a.newSource(store, opts)
	if err != nil {
		return nil, err
	}
	if s.opts.AccountID != "" && s.opts.AccountID != accountID {
		return nil, invalid("auth.source", errors.New("account id: differs from that of the options"))
	}
	s.opts.AccountID = accountID
	s.mint = s.accountCredentials
	return s, nil
}

func (a App) newSource(store TokenStore, opts *SourceOptions) (*Source, error) {
	if store == nil {
		return nil, invalid("auth.source", errors.New("store: is nil"))
	}
	if err := a.check(); err != nil {
		return nil, invalid("auth.source", err)
	}
	s := &Source{grants: newGrantStore(store), app: func() App { return a }, closed: make(chan struct{})}
	s.close = sync.OnceFunc(func() { close(s.closed) })
	if opts != nil {
		s.opts = *opts
	}
	s.cache = tokens.New(tokens.Config[*Token]{
		Fetch: s.fetch, After: s.after, Late: s.warn, Prepare: a.traced, Timeout: fetchTimeout,
		Overrun: opError("auth.source", fmt.Errorf("%w: %w", zoom.ErrTimeout, context.DeadlineExceeded)),
		Looks:   true,
		Drops:   func(err error) bool { return errors.Is(err, zoom.ErrAccountMismatch) },
	})
	s.cacheLink = tokens.NewLink(s, s.cache)
	watch(store, s)
	return s, nil
}

// Token returns the access token, a fresh one if need be.
func (s *Source) Token(ctx context.Context) (*oauth2.Token, error) {
	t, err := s.Installation(ctx)
	if err != nil {
		return nil, err
	}
	return t.OAuth2(), nil
}

// Installation returns the whole token, a fresh one if need be.
func (s *Source) Installation(ctx context.Context) (*Token, error) {
	switch {
	case s == nil || s.mint == nil:
		return nil, invalid("auth.source", errors.New("the source was not made by App"))
	case ctx == nil:
		return nil, invalid("auth.source", errors.New("the context is nil"))
	}
	tok, err := s.cache.Get(ctx, nil)
	if err != nil {
		return nil, err
	}
	return tok.Value, nil
}

// Rejected reports an access token that Zoom refused. If it is the one that is held, the
// next call of Token reads the store and refreshes.
func (s *Source) Rejected(_ context.Context, accessToken string) {
	if s != nil && s.mint != nil {
		s.cache.Rejected(accessToken)
	}
}

// Reload reads the store and gives out from now on what it holds: after a person has
// authorised again, perhaps with more scopes. [Keep] does it by itself for the sources of
// this process over the same [MemoryStore] or [FileStore] value. If the store fails the
// source goes on with the token that it has.
func (s *Source) Reload(ctx context.Context) error {
	if s == nil || s.mint == nil || ctx == nil {
		return invalid("auth.source", errors.New("source, context: is nil"))
	}
	if err := s.grants.enter(ctx); err != nil {
		return opError("auth.load", err)
	}
	defer s.grants.leave()
	t, err := s.load(ctx)
	switch {
	case err == nil:
		s.replaced(t)
	case errors.Is(err, ErrNoToken), errors.Is(err, zoom.ErrAccountMismatch):
		s.cache.Forget()
	default:
		return opError("auth.load", err)
	}
	return nil
}

// replaced gives out a token that has taken the place of the stored one.
func (s *Source) replaced(t *Token) {
	if s.match(t) == nil && t.alive(time.Now()) {
		s.cache.Put(found(t))
	} else {
		s.cache.Forget()
	}
}

// Close ends the source: it waits for a refresh and a hook under way and saves what is not
// saved yet, which it tries for 20 s. A token that still cannot be saved is an [ErrStore]:
// the next process will find a refresh token that was used up. A closed source gives out
// the access token that it holds, and then [zoom.ErrClosed].
func (s *Source) Close() error {
	if s == nil || s.mint == nil {
		return nil
	}
	s.cache.Close(opError("auth.source", zoom.ErrClosed))
	s.close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go s.prolongKept(ctx) // of a refresh that ends only now and could not be saved
	s.cache.Wait()
	err := s.saveLast(ctx)
	s.grants.end()
	return opError("auth.save", err)
}

func (s *Source) isClosing() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

// untilClosed returns a context that ends with the source.
func (s *Source) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
