package zoomauth

import (
	"context"
	"errors"
	"time"
)

const (
	saveAgain = time.Second      // between two tries
	saveLimit = 10 * time.Second // of one try
)

// unsaved is a token that the store did not take, and what the store holds instead.
type unsaved struct{ base, token *Token }

// keep saves a token before it is used. One that the store does not take is kept
// here, is used all the same, and is saved again every second: to drop it would be to
// lose the account. One whose place was taken by another, of a person who authorised
// anew, is dropped for that.
func (s *Source) keep(ctx context.Context, base, t *Token) (*Token, error) {
	err := s.replace(ctx, base, t)
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, ErrStoreChanged):
		newer, err := s.load(ctx)
		return newer, opError("auth.load", err)
	}
	s.mu.Lock()
	if s.unsaved != nil {
		base = s.unsaved.base
	}
	s.unsaved = &unsaved{base: base, token: t}
	begin := !s.saving && !s.isClosed
	s.saving = s.saving || begin
	s.mu.Unlock()
	s.storeFailed(ctx, err)
	if begin {
		go s.saveLoop(context.WithoutCancel(ctx))
	}
	return t, nil
}

// replace puts next in the place of base, or of what the store holds instead of it.
func (s *Source) replace(ctx context.Context, base, next *Token) error {
	s.mu.Lock()
	if s.unsaved != nil {
		base = s.unsaved.base
	}
	s.mu.Unlock()
	err := swap(ctx, s.store, base, next)
	if err == nil {
		s.mu.Lock()
		s.unsaved = nil
		s.mu.Unlock()
	}
	return err
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
		limited, cancel := context.WithTimeout(ctx, saveLimit)
		_ = s.saveAgain(limited) // told when it failed first
		cancel()
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
func (s *Source) saveAgain(ctx context.Context) error {
	s.mu.Lock()
	u := s.unsaved
	s.mu.Unlock()
	if u == nil {
		return nil
	}
	lease, err := lock(ctx, s.store)
	if err != nil {
		return err
	}
	defer func() { _ = lease.Release() }()
	err = swap(ctx, s.store, u.base, u.token)
	if err == nil || errors.Is(err, ErrStoreChanged) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.unsaved == u {
			s.unsaved = nil
		}
		return nil
	}
	return err
}

func (s *Source) storeFailed(ctx context.Context, err error) {
	if s.opts.StoreFailed != nil {
		s.opts.StoreFailed(ctx, err)
	}
}
