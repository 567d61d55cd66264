package zoomauth

import (
	"context"
	"time"

	"github.com/seatkit/zoom/internal/tokens"
)

const (
	hooksTimeout = time.Minute
	warnBefore   = 14 * 24 * time.Hour
)

// after ends a fetch: it calls the hooks, now that the lock of the store is free.
func (s *Source) after(ctx context.Context, f tokens.Fetched) {
	ctx, cancel := context.WithTimeout(ctx, hooksTimeout)
	defer cancel()
	if trace := s.app().Trace; trace != nil && trace.Token != nil {
		s.later(func(ctx context.Context) { trace.Token(ctx, tokenInfo(f)) })
	}
	for hook := s.nextHook(); hook != nil; hook = s.nextHook() {
		hook(ctx)
	}
}

// later puts a hook off until the lock of the store is free: it may take its time, or
// use the store.
func (s *Source) later(hook func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook)
}

func (s *Source) nextHook() func(context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hooks) == 0 {
		return nil
	}
	hook := s.hooks[0]
	s.hooks = s.hooks[1:]
	return hook
}

// storeFailed reports a failure of the store.
func (s *Source) storeFailed(err error) {
	if hook := s.opts.StoreFailed; hook != nil {
		s.later(func(ctx context.Context) { hook(ctx, err) })
	}
}

// reauthorize marks the stored token, whose refresh token Zoom refused and which stays,
// and reports that a person must authorise again. It is called under the lock, so that
// the source that writes the mark is the one that reports.
func (s *Source) reauthorize(ctx context.Context, cur *Token, err error) {
	s.grants.bury(cur)
	_ = s.grants.mark(ctx, cur, func(t *Token) { t.Suspect, t.Refused = true, true })
	s.askPerson(err)
}

// replacedUnread reports that Zoom has replaced the refresh token of cur by one that cannot
// be used. The token that was saved bears the mark. With ErrStoreChanged a person has
// authorised again already.
func (s *Source) replacedUnread(cur *Token, saveErr error) {
	s.grants.bury(cur)
	if saveErr == nil {
		s.askPerson(opError(opRefresh, errUnusableRefresh))
	}
}

func (s *Source) askPerson(err error) {
	if hook := s.opts.Reauthorize; hook != nil {
		s.later(func(ctx context.Context) { hook(ctx, err) })
	}
}

// note keeps in mind what the store holds.
func (s *Source) note(t *Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = t
}

func (s *Source) lastSeen() *Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// warn reports that the refresh token comes to its end: once for a store, whose token is
// marked. Of a store that fails, each source reports. The store is asked only when that is
// near, and when the callers have their token.
func (s *Source) warn(ctx context.Context, _ tokens.Fetched) {
	ctx, cancel := context.WithTimeout(ctx, hooksTimeout)
	defer cancel()
	hook, t := s.opts.Expiring, s.lastSeen()
	if hook == nil || t == nil || t.Warned {
		return
	}
	end := t.RefreshExpiry()
	if end.IsZero() || time.Until(end) > warnBefore {
		return
	}
	isFirst, err := s.isFirstToWarn(ctx, t, end)
	if isFirst {
		hook(ctx, end)
	}
	if failed := s.opts.StoreFailed; failed != nil && err != nil {
		failed(ctx, err)
	}
}

// isFirstToWarn marks the stored token, unless this source or another one has done so. The
// error is that of giving the lock back.
func (s *Source) isFirstToWarn(ctx context.Context, t *Token, end time.Time) (isFirst bool, err error) {
	if s.grants.enter(ctx) != nil {
		return false, nil
	}
	defer s.grants.leave()
	if s.warned.Equal(end) {
		return false, nil
	}
	s.warned = end
	lease, err := s.grants.lock(ctx)
	if err != nil {
		return true, nil // each source reports then
	}
	defer func() { err = s.giveBack(ctx, lease) }()
	cur, err := s.load(ctx)
	switch {
	case err != nil:
		return true, nil
	case cur.Warned || cur.refreshToken() != t.refreshToken():
		return false, nil
	}
	_ = s.grants.mark(ctx, cur, func(t *Token) { t.Warned = true })
	return true, nil
}
