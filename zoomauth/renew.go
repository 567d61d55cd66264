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
	err := opError("auth.source", errors.New("a hook or the store ended the goroutine"))
	var t *Token
	defer func() {
		if recover() != nil { // of a hook: not on our goroutine
			t, err = nil, opError("auth.source", errors.New("a hook panicked"))
		}
		s.saveLater(ctx) // also what a store that ended the goroutine did not take
		s.settle(r, t, err)
	}()
	if t, err = s.obtain(ctx, r.refused); err != nil {
		t = nil // one of another account is nobody's to use
	}
	s.warn(ctx, t)
	s.tell(ctx)
}

// settle ends a renewal.
func (s *Source) settle(r *renewal, t *Token, err error) {
	defer close(r.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewing = nil
	now := time.Now()
	switch {
	case err == nil && t.isRefused(s.refused) && !t.isRefused(r.refused): // refused meanwhile
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
	waiting, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	if err := s.enter(waiting); err != nil {
		return nil, opError("auth.lock", err)
	}
	defer s.leave()
	cur, err := s.load(waiting)
	if usable(cur, err, refused) || (err != nil && !errors.Is(err, ErrNoToken)) {
		return cur, opError("auth.load", err)
	}
	s.adopt(cur, refused)
	lease, err := lock(waiting, s.store)
	if err != nil {
		return nil, opError("auth.lock", err)
	}
	defer s.release(ctx, lease)
	for range renewRounds {
		t, err := s.replaceStored(ctx, refused, lease)
		if !errors.Is(err, ErrStoreChanged) {
			return t, err
		}
	}
	return nil, opError("auth.source", ErrStoreChanged)
}

// replaceStored gets the token after the stored one, which whoever had the lock before
// may have renewed. It has a time of its own: however long the wait for the lock was,
// an answer with a new refresh token must be waited for.
func (s *Source) replaceStored(ctx context.Context, refused secret, lease Lease) (*Token, error) {
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	cur, err := s.load(ctx)
	if usable(cur, err, refused) || (err != nil && !errors.Is(err, ErrNoToken)) {
		return cur, opError("auth.load", err)
	}
	return s.mint(ctx, cur, lease)
}

// enter waits until nothing else of this source works on the store, which may be one
// without a lock.
func (s *Source) enter(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, ctx.Err())
	}
}

func (s *Source) leave() { <-s.turn }

func usable(t *Token, err error, refused secret) bool {
	return err == nil && t.fresh(time.Now()) && !t.isRefused(refused)
}

// adopt holds a stored token that is about to be replaced and still good, for the case
// that this fails.
func (s *Source) adopt(t *Token, refused secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.alive(time.Now()) && !t.isRefused(refused) && !t.isRefused(s.refused) {
		s.held = t
	}
}

func (t *Token) isRefused(refused secret) bool { return refused != nil && refused() == t.accessToken() }

// load reads the store. What could not be saved yet is newer than what is stored,
// unless that was replaced meanwhile.
func (s *Source) load(ctx context.Context) (*Token, error) {
	t, err := load(ctx, s.store)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.unsaved; u != nil {
		if failed := err != nil && !errors.Is(err, ErrNoToken); failed || t.Same(u.base) {
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
	hook := s.opts.Expiring
	if hook == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
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
		s.later(func(ctx context.Context) { hook(ctx, end) })
	}
}

// later puts a hook off until the lock of the store is free: it may take its time, or
// use the store.
func (s *Source) later(hook func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook)
}

// tell calls the hooks that were put off.
func (s *Source) tell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	for {
		s.mu.Lock()
		if len(s.hooks) == 0 {
			s.mu.Unlock()
			return
		}
		hook := s.hooks[0]
		s.hooks = s.hooks[1:]
		s.mu.Unlock()
		hook(ctx)
	}
}

// reauthorize tells that a person must authorise again and marks the stored token,
// which stays.
func (s *Source) reauthorize(ctx context.Context, t *Token, err error) {
	s.mu.Lock()
	s.spent = t.refresh // and is not sent again
	s.mu.Unlock()
	s.suspect(ctx, t)
	if hook := s.opts.Reauthorize; hook != nil {
		s.later(func(ctx context.Context) { hook(ctx, redact.Cause(err)) })
	}
}

// suspect marks the stored token as one that may be spent. It is a mark for the
// reader's eye; nothing rests on it.
func (s *Source) suspect(ctx context.Context, t *Token) {
	if t.Suspect {
		return
	}
	marked := *t
	marked.Suspect = true
	s.mu.Lock()
	u := s.unsaved
	if u != nil { // is saved with what is saved later
		s.unsaved = &unsaved{base: u.base, token: &marked}
	}
	s.mu.Unlock()
	if u == nil {
		_ = swap(ctx, s.store, t, &marked)
	}
}

func (s *Source) isSpent(t *Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spent != nil && s.spent() == t.refreshToken()
}
