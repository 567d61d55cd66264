// Package tokens holds an access token and gets the next one: early, once for all who
// ask, and detached from the caller that happened to notice.
//
// One [Cache] serves the client, the sources of package zoom and those of zoomauth. A
// source that has one makes it known by a [Link], so that a client asks it directly and a
// token is held once.
package tokens

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seatkit/zoom/internal/hooks"
	"github.com/seatkit/zoom/internal/redact"
)

const (
	retryAfter  = 30 * time.Second // after a failed fetch, while the held token is good
	forcedEvery = 30 * time.Second // between two new tokens that were made because one was refused
	shortestUse = time.Second      // of a token that comes expired: our clock may be wrong
)

// A Token is what a cache holds.
type Token[T any] struct {
	Access string
	Due    time.Time // when the next one is fetched; zero: never
	Expiry time.Time // zero: never
	Found  bool      // it was there already: no new token was made
	Value  T         // what the source's callers get

	until time.Time // it is given out before; zero: for ever
}

// A Want says what a fetch is for.
type Want struct {
	Refused string // the access token that the API refused; empty: none

	// LookOnly forbids to make a new token in place of the refused one. If there is no
	// other, the fetch returns the refused token again.
	LookOnly bool
}

// A Config says what is cached, and how. Fetch is called by one goroutine at a time,
// apart from fetches that were given up.
type Config[T any] struct {
	Fetch   func(ctx context.Context, w Want) (*Token[T], error)
	Prepare func(context.Context) context.Context // adds to the context of a fetch; nil: nothing
	After   func(ctx context.Context, f Fetched)  // hooks, after a fetch and before its result is given out; nil: none
	Late    func(ctx context.Context, f Fetched)  // hooks that nobody waits for but Wait; nil: none
	Timeout time.Duration                         // of one fetch
	Overrun error                                 // the result of a fetch that exceeds Timeout

	// Looks says that Fetch obeys Want.LookOnly. Without it, a refused token that may not
	// be replaced yet is kept, and Fetch is not called.
	Looks bool
	// Drops reports an error after which the held token must not be used either.
	Drops func(error) bool
}

// A Cache holds one token. The invariants:
//
//   - A token that is good is given out at once. The fetch of the next one, which begins
//     when the token is due, goes on beside.
//   - There is one fetch at a time. Its result is shared by all who wait.
//   - A caller's context ends the caller's wait and not the fetch.
//   - A fetch has Timeout. Then its result is Overrun, and the next call begins another
//     one. What the former still brings is dropped.
//   - A refused token is dropped only if it is the one that is held. If the token that was
//     made in its place is refused too, by the same call or before it worked for any, no
//     other one is made within 30 seconds of the first.
type Cache[T any] struct {
	Config[T]

	mu        sync.Mutex
	held      *Token[T]
	refused   redact.Secret // an access token that the API refused; told to the next fetch
	notBefore time.Time     // of the next fetch beside a token that is good
	forced    time.Time     // when the fetch began that last made a token in place of a refused one
	worked    bool          // the API accepted the held token
	useless   bool          // it came in place of a refused one, and was refused by the same call
	blocked   bool          // no new token may be made in place of the refused one yet
	flight    *flight[T]
	hanging   int       // fetches that were given up and have not returned
	gaveUp    time.Time // when the last one was given up
	panicked  *hooks.Panic
	closed    error

	late sync.WaitGroup // of Config.Late
}

// New makes an empty cache.
func New[T any](c Config[T]) *Cache[T] { return &Cache[T]{Config: c} }

// flight is a fetch under way. The fields below done may be read once it is closed.
type flight[T any] struct {
	began    time.Time
	want     Want
	giveUp   *time.Timer
	offered  chan struct{} // closed when there is a token to use meanwhile; guarded by the cache
	givenUp  bool          // guarded by the cache
	outdated bool          // the store was changed since it began; guarded by the cache

	done  chan struct{}
	token *Token[T]
	err   error
	stale bool // its token was refused or replaced meanwhile: ask again
}

// Get returns the held token, or the one that a fetch brings. If it begins a fetch,
// prepare, which may be nil, adds to its context what the fetch may need.
func (c *Cache[T]) Get(ctx context.Context, prepare func(context.Context) context.Context) (*Token[T], error) {
	for {
		tok, f, offered, err := c.ask(ctx, prepare)
		if f == nil {
			return tok, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-offered:
		case <-f.done:
			c.raise()
			if !f.stale {
				return f.token, f.err
			}
		}
	}
}

// ask returns a token, or a fetch to wait for.
func (c *Cache[T]) ask(ctx context.Context, prepare func(context.Context) context.Context) (*Token[T], *flight[T], chan struct{}, error) {
	c.raise()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.isGood(now) {
		c.beginEarly(ctx, prepare, now)
		return c.held, nil, nil, nil
	}
	switch {
	case c.flight != nil:
	case c.closed != nil:
		return nil, nil, nil, c.closed
	case !c.mayBegin(now):
		return nil, nil, nil, c.Overrun
	default:
		c.begin(ctx, prepare, now)
	}
	return nil, c.flight, c.flight.offered, nil
}

// Ready returns the access token that is held, if it is good, as Get does.
func (c *Cache[T]) Ready(ctx context.Context, prepare func(context.Context) context.Context) (access string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.isGood(now) || c.panicked != nil {
		return "", false
	}
	c.beginEarly(ctx, prepare, now)
	return c.held.Access, true
}

// raise raises the panic of a hook that nobody has seen.
func (c *Cache[T]) raise() {
	c.mu.Lock()
	p := c.panicked
	c.panicked = nil
	c.mu.Unlock()
	p.Raise()
}

func (c *Cache[T]) isGood(now time.Time) bool {
	return c.held != nil && (c.held.until.IsZero() || now.Before(c.held.until))
}

// beginEarly begins the fetch of the next token beside one that is good.
func (c *Cache[T]) beginEarly(ctx context.Context, prepare func(context.Context) context.Context, now time.Time) {
	isDue := !c.held.Due.IsZero() && !now.Before(c.held.Due) && !now.Before(c.notBefore)
	if isDue && c.closed == nil && c.flight == nil && c.mayBegin(now) {
		c.begin(ctx, prepare, now)
	}
}

// Held returns the access token that Get would return at once. It never blocks and
// begins nothing.
func (c *Cache[T]) Held() (access string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isGood(time.Now()) {
		return "", false
	}
	return c.held.Access, true
}

// Offer holds a token that is good until its expiry, in place of the held one: while a
// fetch is under way, for those who wait for it.
func (c *Cache[T]) Offer(tok *Token[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused != nil && c.refused() == tok.Access {
		return
	}
	tok.until = tok.Expiry
	c.held = tok
	c.wake()
}

// wake lets those who wait for a fetch look at the held token.
func (c *Cache[T]) wake() {
	if f := c.flight; f != nil {
		close(f.offered)
		f.offered = make(chan struct{})
	}
}

// Put holds a token in place of the held one, and of one that is being fetched.
func (c *Cache[T]) Put(tok *Token[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused != nil && c.refused() == tok.Access {
		return
	}
	tok.until = tok.Expiry
	c.held, c.refused, c.notBefore = tok, nil, time.Time{}
	if c.flight != nil {
		c.flight.outdated = true
	}
	c.wake()
}

// Forget drops the held token, also one that is being fetched: the next Get fetches.
func (c *Cache[T]) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = nil
	if c.flight != nil {
		c.flight.outdated = true
	}
}

// Rejected reports an access token that the API refused. If it is the held one the next
// Get fetches another. Undecided says that there may be none, and that the token is so new
// that nothing else is known of it: the call may be sent once more with it.
func (c *Cache[T]) Rejected(access string) (undecided bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil || c.held.Access != access {
		return false
	}
	helped := c.worked && !c.useless
	c.blocked = !helped && c.isRecent(time.Now())
	if !c.blocked || c.Looks {
		c.held, c.refused = nil, redact.Hide(access)
	}
	return c.blocked && !c.useless
}

// isRecent reports whether a token was made in place of a refused one just now.
func (c *Cache[T]) isRecent(now time.Time) bool {
	return !c.forced.IsZero() && now.Before(c.forced.Add(forcedEvery))
}

// Accepted reports an access token that the API accepted.
func (c *Cache[T]) Accepted(access string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil && c.held.Access == access {
		c.worked = true
	}
}

// Useless reports that the token that came in place of a refused one was refused by the
// same call.
func (c *Cache[T]) Useless(access string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil && c.held.Access == access {
		c.useless = true
	}
}

// Drop forgets the held token and never takes access, which is known to be dead.
func (c *Cache[T]) Drop(access string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.refused = nil, redact.Hide(access)
}

// Close begins no more fetches: Get returns the held token as long as it is good, and
// then err.
func (c *Cache[T]) Close(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = err
}

// Wait returns when the last fetch of a closed cache has ended, and its late hooks have.
func (c *Cache[T]) Wait() {
	<-c.Idle()
	c.late.Wait()
}

// Idle is closed when the fetch under way has ended, or at once if there is none.
func (c *Cache[T]) Idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil {
		return c.flight.done
	}
	none := make(chan struct{})
	close(none)
	return none
}

// errEnded is the result of a fetch whose goroutine ended without one.
var errEnded = errors.New("the fetch of an access token was broken off")
