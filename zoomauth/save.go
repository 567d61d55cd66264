package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatkit/zoom/internal/pace"
)

// save saves a token before it is used. One that the store does not take is kept
// here, is used all the same, and is saved again every second: to drop it would be to
// lose the account. Until it is saved the lock is kept. One whose place was taken by
// another, of a person who authorised again, is dropped for that, which is
// ErrStoreChanged.
func (s *Source) save(ctx context.Context, base, t *Token) (*Token, error) {
	err := s.grants.save(ctx, base, t)
	switch {
	case err == nil:
		s.note(t)
		return t, nil
	case errors.Is(err, ErrStoreChanged):
		return nil, err
	}
	s.storeFailed(opError("auth.save", err))
	s.note(t)
	return t, nil
}

// unlock gives the lock back, unless it is to be kept for a token that is not saved yet.
func (s *Source) unlock(ctx context.Context, lease Lease) {
	if err := s.giveBack(ctx, lease); err != nil {
		s.storeFailed(err)
	}
}

// giveBack is unlock, whose failure is the caller's to report.
func (s *Source) giveBack(ctx context.Context, lease Lease) error {
	defer s.saveLater(ctx)
	if s.grants.keep(lease) { // Close gives it back when it has tried to save
		return nil
	}
	return opError("auth.lock", s.grants.release(ctx, lease))
}

// saveLater begins to save what is not saved yet, unless that is done already.
func (s *Source) saveLater(ctx context.Context) {
	if s.grants.pending() == nil || s.isClosing() || !s.saving.CompareAndSwap(false, true) {
		return
	}
	go s.saveLoop(context.WithoutCancel(ctx))
}

// saveLoop ends when the token is saved, or the source closed.
func (s *Source) saveLoop(ctx context.Context) {
	defer func(ctx context.Context) {
		s.saving.Store(false)
		s.saveLater(ctx) // what came since
	}(ctx)
	ctx, cancel := s.untilClosed(ctx)
	defer cancel()
	go s.prolongKept(ctx)
	timer := time.NewTimer(saveInterval)
	defer timer.Stop()
	for patience := saveTimeout; s.grants.pending() != nil; patience = min(2*patience, longSaveTimeout) {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		_ = s.saveAgain(ctx, patience) // reported when it failed first
		timer.Reset(saveInterval)
	}
}

// prolongKept prolongs the kept lease while something is not saved, also while a slow call
// of the store keeps the saving waiting.
func (s *Source) prolongKept(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		pause := prolongInterval
		if s.grants.prolongKept(ctx) != nil {
			pause = saveInterval
		}
		timer.Reset(pause)
	}
}

// saveLast saves what is not saved yet before the source ends. A store that fails is tried
// again while there is time.
func (s *Source) saveLast(ctx context.Context) error {
	end := time.Now().Add(lastSaveTimeout)
	err := s.saveAgain(ctx, lastSaveTimeout)
	for err != nil && time.Until(end) > saveInterval && pace.Pause(ctx, saveInterval) == nil {
		err = s.saveAgain(ctx, time.Until(end))
	}
	return err
}

// saveAgain saves what is not saved yet, if there is anything.
func (s *Source) saveAgain(ctx context.Context, patience time.Duration) (err error) {
	if s.grants.pending() == nil { // and nothing to wait for
		return nil
	}
	if err := s.grants.enter(ctx); err != nil {
		return err
	}
	defer s.grants.leave()
	u := s.grants.pending()
	if u == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lease, err := s.grants.lockToSave(ctx)
	if err != nil {
		return err
	}
	defer func() {
		s.unlock(ctx, lease)
		if err == nil && s.grants.pending() != nil {
			err = fmt.Errorf("%w: it lost what it had taken", ErrStoreUnavailable)
		}
	}()
	if err = s.grants.try(ctx, u); errors.Is(err, ErrStoreChanged) {
		err = nil // somebody authorised again
	}
	return err
}
