package zoomauth

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

const (
	renewLimit  = time.Minute      // of the wait for the lock, and then of the call with its replay
	renewWait   = 3 * time.Second  // for a renewal, while the old access token is good
	renewAgain  = 30 * time.Second // after a failed renewal, while the old access token is good
	renewRounds = 3                // while others replace the stored token meanwhile
	warnBefore  = 14 * 24 * time.Hour
)

// SourceOptions change a [Source]. Nil means the defaults. A hook may use the store;
// it must not ask the source, which waits for it.
type SourceOptions struct {
	// AccountID is the Zoom account whose token it must be. A stored token that is
	// known to be of another one is zoom.ErrAccountMismatch before anything is sent.
	AccountID string

	// Reauthorize is called when a person must authorise again: once for each
	// refresh token that turned out to be dead.
	Reauthorize func(ctx context.Context, err error)
	// Expiring is called when the refresh token has 14 days or less to live: once for
	// each refresh token. A refresh that brings a new one prevents it, so that it
	// comes where Zoom keeps the old one, or where nothing could be refreshed.
	Expiring func(ctx context.Context, at time.Time)
	// StoreFailed is called with an ErrStore when a token could not be saved. The
	// source uses it all the same and saves it again every second.
	StoreFailed func(ctx context.Context, err error)
}

// A Source gives out the access tokens of one installation and refreshes them: five
// minutes early, once for all who ask, in this process and in all others that share
// the store. A new token is saved before it is used. It is safe for concurrent use
// and implements [zoom.TokenSource]; clients may share it.
//
// A refresh runs on a time of its own, a minute at most once it has the lock of the
// store, whatever becomes of the caller who caused it. Its hooks run on its goroutine,
// when the lock is free again and before those who wait get their token. Nobody waits
// for long while the former access token is good.
type Source struct {
	redactor

	store TokenStore
	opts  SourceOptions
	app   func() App
	// mint gets the token after cur, which is nil if nothing is stored, while the
	// lease is held.
	mint func(ctx context.Context, cur *Token, lease Lease) (*Token, error)

	turn chan struct{} // holds one element while something of this source works on the store

	mu       sync.Mutex
	held     *Token
	refused  secret    // an access token that Zoom refused
	again    time.Time // no renewal before
	renewing *renewal
	unsaved  *unsaved
	written  *unsaved // saved under the lock that is held
	saving   bool     // the goroutine that saves it runs
	hooks    []func(context.Context)
	spent    secret // the refresh token that is known to be dead
	warned   time.Time
	closed   chan struct{}
	isClosed bool
}

// renewal is one under way. Its result may be read once done is closed.
type renewal struct {
	began   time.Time
	done    chan struct{}
	refused secret // what was known to be refused when it began
	stale   bool   // what it brought was refused meanwhile: begin again
	token   *Token
	err     error
}

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
	s := &Source{store: store, app: func() App { return a }, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	if opts != nil {
		s.opts = *opts
	}
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
	for {
		t, stale, err := s.await(ctx)
		if !stale {
			return t, err
		}
	}
}

func (s *Source) await(ctx context.Context) (t *Token, stale bool, err error) {
	s.mu.Lock()
	now := time.Now()
	if s.held.fresh(now) || (s.held.alive(now) && (s.isClosed || now.Before(s.again))) {
		defer s.mu.Unlock()
		return s.held, false, nil
	}
	if s.isClosed {
		s.mu.Unlock()
		return nil, false, opError("auth.source", zoom.ErrClosed)
	}
	r := s.renewing
	if r == nil {
		r = &renewal{began: now, done: make(chan struct{}), refused: s.refused}
		s.renewing = r
		go s.renew(context.WithoutCancel(ctx), r)
	}
	s.mu.Unlock()
	timer := time.NewTimer(time.Until(r.began.Add(renewWait)))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-r.done:
			return r.token, r.stale, r.err
		case <-timer.C:
			if t := s.good(); t != nil {
				return t, false, nil
			}
			timer.Reset(time.Second)
		}
	}
}

// good returns the former token while it can still be given out. A renewal may have
// found it in the store only now.
func (s *Source) good() *Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held.alive(time.Now()) {
		return nil
	}
	return s.held
}

// Rejected is told of an access token that Zoom refused. If it is the one that is
// held, the next call of Token reads the store and refreshes.
func (s *Source) Rejected(_ context.Context, accessToken string) {
	if s == nil || s.mint == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil && s.held.accessToken() == accessToken {
		s.refused, s.held = s.held.access, nil
	}
}

// Close ends the source: it waits for a refresh under way and saves what is not
// saved yet. A token that still cannot be saved is an [ErrStore]: the next process
// will find a refresh token that was used up. A closed source gives out the access
// token that it holds, and then [zoom.ErrClosed].
func (s *Source) Close() error {
	if s == nil || s.mint == nil {
		return nil
	}
	s.mu.Lock()
	if !s.isClosed {
		s.isClosed = true
		close(s.closed)
	}
	r := s.renewing
	s.mu.Unlock()
	if r != nil {
		<-r.done
	}
	return opError("auth.save", s.saveAgain(context.Background()))
}
