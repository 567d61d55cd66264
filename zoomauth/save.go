package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	saveAgain = time.Second      // between two tries
	saveLimit = 10 * time.Second // of one try
)

// unsaved is a token that is not in the store yet, and what the store holds instead.
type unsaved struct{ base, token *Token }

// keep saves a token before it is used. One that the store does not take is kept
// here, is used all the same, and is saved again every second: to drop it would be to
// lose the account. One whose place was taken by another, of a person who authorised
// anew, is dropped for that, which is ErrStoreChanged.
func (s *Source) keep(ctx context.Context, base, t *Token) (*Token, error) {
	s.mu.Lock()
	if s.unsaved != nil {
		base = s.unsaved.base
	}
	u := &unsaved{base: base, token: t} // from here on it is not lost, whatever the store does
	s.unsaved = u
	s.mu.Unlock()
	err := s.save(ctx, u)
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, ErrStoreChanged):
		return nil, err
	}
	s.saveLater(ctx)
	if hook := s.opts.StoreFailed; hook != nil {
		s.later(func(ctx context.Context) { hook(ctx, err) })
	}
	return t, nil
}

// save has a time of its own: what is left of a refresh may be too short.
func (s *Source) save(ctx context.Context, u *unsaved) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	err := swap(ctx, s.store, u.base, u.token)
	if err == nil || errors.Is(err, ErrStoreChanged) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.unsaved == u {
			s.unsaved = nil
		}
		if err == nil {
			s.written = u
		}
	}
	return err
}

// release gives the lock back. If that fails it is reported, and the store is read
// again: what it does not hold, because it was to commit only now, is saved again.
func (s *Source) release(ctx context.Context, lease Lease) {
	err := release(lease)
	s.mu.Lock()
	u := s.written
	s.written = nil
	s.mu.Unlock()
	if err == nil {
		return
	}
	if hook := s.opts.StoreFailed; hook != nil {
		s.later(func(ctx context.Context) { hook(ctx, err) })
	}
	if u == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	if holds(ctx, s.store, u.token) {
		return
	}
	s.mu.Lock()
	if s.unsaved == nil {
		s.unsaved = u
	}
	s.mu.Unlock()
	s.saveLater(ctx)
}

// saveLater begins to save what is not saved yet, unless that is done already.
func (s *Source) saveLater(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsaved == nil || s.saving || s.isClosed {
		return
	}
	s.saving = true
	go s.saveLoop(context.WithoutCancel(ctx))
}

// saveLoop ends when the token is saved, or the source closed.
func (s *Source) saveLoop(ctx context.Context) {
	timer := time.NewTimer(saveAgain)
	defer timer.Stop()
	for s.isUnsaved() {
		select {
		case <-s.closed:
			return
		case <-timer.C:
		}
		_ = s.saveAgain(ctx) // told when it failed first
		timer.Reset(saveAgain)
	}
}

// isUnsaved reports whether the loop has to go on.
func (s *Source) isUnsaved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving = s.unsaved != nil
	return s.saving
}

// saveAgain saves what is not saved yet, if there is anything.
func (s *Source) saveAgain(ctx context.Context) (err error) {
	if s.pending() == nil { // and nothing to wait for
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	u := s.pending()
	if u == nil {
		return nil
	}
	lease, err := lock(ctx, s.store)
	if err != nil {
		return err
	}
	defer func() {
		s.release(ctx, lease)
		if err == nil && s.pending() != nil {
			err = fmt.Errorf("%w: it lost what it had taken", ErrStoreUnavailable)
		}
	}()
	if err = s.save(ctx, u); errors.Is(err, ErrStoreChanged) {
		err = nil // somebody authorised anew
	}
	return err
}

func (s *Source) pending() *unsaved {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved
}
