package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

// renew gets the next token and tells those who wait.
func (s *Source) renew(ctx context.Context, r *renewal) {
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	err := errors.New("a hook or the store ended the goroutine")
	var t *Token
	defer func() {
		if v := recover(); v != nil { // of a hook or a store: not on our goroutine
			t, err = nil, errors.New("a hook or the store panicked")
		}
		s.settle(r, t, err)
	}()
	t, err = s.obtain(ctx, r.refused)
	s.warn(ctx, t)
}

// settle ends a renewal.
func (s *Source) settle(r *renewal, t *Token, err error) {
	defer close(r.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewing = nil
	now := time.Now()
	switch {
	case err == nil && r.refused == nil && s.refused != nil && s.refused() == t.accessToken():
		r.stale = true
	case err == nil:
		s.held, s.refused, s.again = t, nil, time.Time{}
	case s.held.alive(now) && !errors.Is(err, zoom.ErrAccountMismatch):
		t, err = s.held, nil // still good: use it and try again soon
		s.again = now.Add(renewAgain)
	}
	r.token, r.err = t, err
}

// obtain returns a token that can be used: the stored one, else a new one, for which
// one process at a time asks.
func (s *Source) obtain(ctx context.Context, refused secret) (*Token, error) {
	cur, err := s.load(ctx)
	if usable(cur, err, refused) || (err != nil && !errors.Is(err, ErrNoToken)) {
		return cur, opError("auth.load", err)
	}
	lease, err := lock(ctx, s.store)
	if err != nil {
		return nil, opError("auth.lock", err)
	}
	defer func() { _ = lease.Release() }()
	cur, err = s.load(ctx) // the one that had the lock may have renewed it
	if usable(cur, err, refused) || (err != nil && !errors.Is(err, ErrNoToken)) {
		return cur, opError("auth.load", err)
	}
	return s.mint(ctx, cur, lease)
}

func usable(t *Token, err error, refused secret) bool {
	return err == nil && t.fresh(time.Now()) && (refused == nil || t.accessToken() != refused())
}

// load reads the store. What could not be saved yet is newer than what is stored,
// unless that was replaced meanwhile.
func (s *Source) load(ctx context.Context) (*Token, error) {
	t, err := load(ctx, s.store)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.unsaved; u != nil {
		if failed := err != nil && !errors.Is(err, ErrNoToken); failed || t.same(u.base) {
			t, err = u.token, nil
		} else {
			s.unsaved = nil
		}
	}
	if err != nil {
		return nil, err
	}
	return t, s.match(t)
}

// match refuses a token that is not this source's.
func (s *Source) match(t *Token) error {
	switch {
	case t.ClientID != s.app().ClientID:
		return fmt.Errorf("%w: it was given to another app", zoom.ErrAccountMismatch)
	case s.opts.AccountID != "" && t.AccountID != "" && t.AccountID != s.opts.AccountID:
		return zoom.ErrAccountMismatch
	default:
		return nil
	}
}

// warn tells that the refresh token comes to its end.
func (s *Source) warn(ctx context.Context, t *Token) {
	if s.opts.Expiring == nil {
		return
	}
	if t == nil {
		var err error
		if t, err = s.load(ctx); err != nil {
			return
		}
	}
	end := t.RefreshExpiry()
	if end.IsZero() || time.Until(end) > warnBefore {
		return
	}
	s.mu.Lock()
	told := s.warned.Equal(end)
	s.warned = end
	s.mu.Unlock()
	if !told {
		s.opts.Expiring(ctx, end)
	}
}

// reauthorize tells that a person must authorise again and marks the stored token,
// which stays.
func (s *Source) reauthorize(ctx context.Context, t *Token, err error) {
	s.mu.Lock()
	told := s.spent != nil && s.spent() == t.refreshToken()
	s.spent = t.refresh
	s.mu.Unlock()
	s.suspect(ctx, t)
	if !told && s.opts.Reauthorize != nil {
		s.opts.Reauthorize(ctx, redact.Cause(err))
	}
}

// suspect marks the stored token as one that may be spent.
func (s *Source) suspect(ctx context.Context, t *Token) {
	if t.Suspect {
		return
	}
	marked := *t
	marked.Suspect = true
	_ = s.replace(ctx, t, &marked) // a mark for the reader's eye; nothing rests on it
}

func (s *Source) isSpent(t *Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spent != nil && s.spent() == t.refreshToken()
}
