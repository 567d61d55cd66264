package tokens

import (
	"context"
	"time"

	"github.com/seatkit/zoom/internal/hooks"
	"github.com/seatkit/zoom/internal/transport"
)

// Fetches that were given up hold a goroutine each until they return. So many may hang
// before the next one has to wait: for a minute, and twice as long with each more, up to
// an hour.
const (
	mostHanging  = 8
	firstPause   = time.Minute
	longestPause = time.Hour
)

// mayBegin reports whether too many fetches hang already.
func (c *Cache[T]) mayBegin(now time.Time) bool {
	more := c.hanging - mostHanging
	if more < 0 {
		return true
	}
	pause := longestPause
	if more < 6 {
		pause = firstPause << more
	}
	return !now.Before(c.gaveUp.Add(pause))
}

// begin starts a fetch, with the values of the caller's context and not its end.
func (c *Cache[T]) begin(ctx context.Context, prepare func(context.Context) context.Context, now time.Time) {
	f := &flight[T]{began: now, done: make(chan struct{}), offered: make(chan struct{})}
	if c.refused != nil {
		f.want = Want{Refused: c.refused(), LookOnly: c.blocked && c.isRecent(now)}
	}
	ctx = context.WithoutCancel(ctx)
	for _, add := range []func(context.Context) context.Context{prepare, c.Prepare} {
		if add != nil {
			ctx = add(ctx)
		}
	}
	f.giveUp = time.AfterFunc(c.Timeout, func() { c.abandon(f) })
	c.flight = f
	go c.run(ctx, f)
}

func (c *Cache[T]) run(ctx context.Context, f *flight[T]) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var tok *Token[T]
	var p *hooks.Panic
	var info Fetched
	err := errEnded
	defer func() { c.callLate(ctx, f, info) }() // runs after the next one
	defer func() { c.settle(f, tok, err, p) }() // also after a runtime.Goexit
	p = hooks.Catch(func() {
		var attempts transport.Recorder
		defer attempts.Replay() // when the fetch has saved what it has to
		tok, err = c.Fetch(attempts.Record(ctx), f.want)
	})
	info = Fetched{Err: err, Duration: time.Since(f.began)}
	if tok != nil && err == nil {
		info.Expiry = tok.Expiry
	}
	for _, hook := range []func(context.Context, Fetched){observerOf(ctx), c.After} {
		if hook != nil {
			p = first(p, hooks.Catch(func() { hook(ctx, info) }))
		}
	}
}

// callLate calls the hooks that nobody waits for. Their panic is raised in the next call.
func (c *Cache[T]) callLate(ctx context.Context, f *flight[T], info Fetched) {
	if c.Late == nil {
		return
	}
	if !f.givenUp {
		defer c.late.Done()
	}
	p := hooks.Catch(func() { c.Late(ctx, info) })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.panicked = first(c.panicked, p)
}

func first(p, later *hooks.Panic) *hooks.Panic {
	if p != nil {
		return p
	}
	return later
}

// abandon gives up a fetch that has overrun its time.
func (c *Cache[T]) abandon(f *flight[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != f {
		return
	}
	f.givenUp = true
	c.hanging++
	c.gaveUp = time.Now()
	c.end(f, nil, c.Overrun)
}

// settle takes the result of a fetch.
func (c *Cache[T]) settle(f *flight[T], tok *Token[T], err error, p *hooks.Panic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.panicked = first(c.panicked, p)
	f.giveUp.Stop()
	if f.givenUp {
		c.hanging--
		return
	}
	if c.Late != nil {
		c.late.Add(1)
	}
	c.end(f, tok, err)
}

// end gives the result of a fetch to those who wait.
func (c *Cache[T]) end(f *flight[T], tok *Token[T], err error) {
	defer close(f.done)
	c.flight = nil
	now := time.Now()
	switch {
	case err == nil && f.outdated:
		f.stale = true
	case err == nil && c.refused != nil && c.refused() == tok.Access && f.want.Refused != tok.Access:
		f.stale = true // the source gave out what it had and does not know yet
	case err == nil:
		c.take(f, tok, now)
	case c.Drops != nil && c.Drops(err):
		c.held, tok = nil, nil
	case c.isGood(now): // use it and try again soon
		tok, err = c.held, nil
		c.notBefore = now.Add(retryAfter)
	default:
		tok = nil
	}
	f.token, f.err = tok, err
}

func (c *Cache[T]) take(f *flight[T], tok *Token[T], now time.Time) {
	tok.until = tok.Expiry
	if earliest := now.Add(shortestUse); !tok.until.IsZero() && tok.until.Before(earliest) {
		tok.until = earliest
	}
	if f.want.Refused != "" && !tok.Found {
		c.forced = f.began
	}
	if f.want.Refused != tok.Access {
		c.worked, c.useless = false, false
	} else if !f.want.LookOnly {
		c.useless = true // the source has no other
	}
	c.held, c.refused, c.notBefore = tok, nil, time.Time{}
}
