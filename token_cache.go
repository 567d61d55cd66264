package zoom

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
)

const (
	refreshAgain = 30 * time.Second // after a failed refresh, while the old token is good
	refreshLimit = 30 * time.Second // of one fetch
)

// tokenCache holds one access token and fetches the next one: early, once for
// all who wait, and detached from the context of the caller that happened to
// notice, who may leave while the fetch goes on.
type tokenCache struct {
	redactor
	src    TokenSource
	tracer *tracer
	with   func(context.Context) context.Context // adds what the source may need

	mu       sync.Mutex
	held     *oauth2.Token
	due      time.Time // when to fetch the next one; zero: never
	rejected secret    // to be told to the source before it is asked
	fetching *tokenFetch
}

// tokenFetch is a fetch under way. Its result may be read once done is closed.
type tokenFetch struct {
	done     chan struct{}
	token    *oauth2.Token
	err      error
	told     secret // the refused token that was known when it began
	stale    bool   // its own token was refused meanwhile: ask again
	panicked any    // of a hook, for the caller who began the fetch
}

func newTokenCache(src TokenSource, t *tracer, with func(context.Context) context.Context) *tokenCache {
	if t == nil {
		t = &tracer{}
	}
	if with == nil {
		with = func(ctx context.Context) context.Context { return ctx }
	}
	return &tokenCache{src: src, tracer: t, with: with}
}

// Token returns the access token for the bearer layer.
func (c *tokenCache) Token(ctx context.Context) (string, error) {
	tok, err := c.token(ctx)
	if err != nil {
		return "", err
	}
	return tok.AccessToken, nil
}

// Held returns the token that is held, if it may be sent now.
func (c *tokenCache) Held() (token string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.held == nil || (!c.due.IsZero() && !now.Before(c.due) && !now.Before(c.held.Expiry)) {
		return "", false
	}
	return c.held.AccessToken, true
}

func (c *tokenCache) token(ctx context.Context) (*oauth2.Token, error) {
	for {
		tok, stale, err := c.await(ctx)
		if !stale {
			return tok, err
		}
	}
}

// await returns the token that is held, or the one that a fetch brings. A stale one
// was refused while it was being fetched.
func (c *tokenCache) await(ctx context.Context) (tok *oauth2.Token, stale bool, err error) {
	c.mu.Lock()
	if c.held != nil && (c.due.IsZero() || time.Now().Before(c.due)) {
		defer c.mu.Unlock()
		return c.held, false, nil
	}
	fetch := c.fetching
	began := fetch == nil
	if began {
		fetch = &tokenFetch{done: make(chan struct{})}
		c.fetching = fetch
		go c.fetch(c.with(context.WithoutCancel(ctx)), fetch)
	}
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case <-fetch.done:
		if began && fetch.panicked != nil {
			panic(fetch.panicked) // where it can be recovered, and not on our goroutine
		}
		return fetch.token, fetch.stale, fetch.err
	}
}

// Rejected drops the token if it is the one that is held: a call that was under
// way during a refresh must not throw the new one away.
func (c *tokenCache) Rejected(_ context.Context, accessToken string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil && c.held.AccessToken == accessToken {
		c.held, c.rejected = nil, hide(accessToken)
	}
}

// wait returns when no fetch is under way.
func (c *tokenCache) wait() {
	c.mu.Lock()
	fetch := c.fetching
	c.mu.Unlock()
	if fetch != nil {
		<-fetch.done
	}
}

func (c *tokenCache) fetch(ctx context.Context, f *tokenFetch) {
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	var tok *oauth2.Token
	err := errors.New("zoom: the token source ended its goroutine")
	defer func() { c.settle(f, tok, err) }() // also when a source or a hook calls runtime.Goexit
	start := time.Now()
	tok, err = c.ask(ctx, f)
	f.panicked = c.tell(ctx, TokenInfo{Duration: time.Since(start), Expiry: expiryOf(tok), Err: err})
}

// tell calls the hooks and returns the value of a panic.
func (c *tokenCache) tell(ctx context.Context, info TokenInfo) (panicked any) {
	defer func() { panicked = recover() }()
	c.tracer.token(ctx, info)
	return nil
}

// settle ends a fetch.
func (c *tokenCache) settle(f *tokenFetch, tok *oauth2.Token, err error) {
	defer close(f.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetching = nil
	now := time.Now()
	switch {
	case err == nil && f.told == nil && c.rejected != nil && c.rejected() == tok.AccessToken:
		f.stale = true // the source gave out what it had and does not know yet
	case err == nil:
		c.held, c.due, c.rejected = tok, oauth.Due(tok.Expiry, now), nil
	case c.held != nil && now.Before(c.held.Expiry):
		tok, err = c.held, nil // still good: use it and try again soon
		c.due = earlier(now.Add(refreshAgain), c.held.Expiry)
	}
	f.token, f.err = tok, err
}

func (c *tokenCache) ask(ctx context.Context, f *tokenFetch) (tok *oauth2.Token, err error) {
	defer func() {
		if r := recover(); r != nil { // a source of the caller's must not take the process down from our goroutine
			tok, err = nil, errors.New("zoom: the token source panicked")
		}
	}()
	c.mu.Lock()
	rejected := c.rejected
	c.mu.Unlock()
	f.told = rejected
	if r, ok := c.src.(rejecter); ok && rejected != nil {
		r.Rejected(ctx, rejected())
	}
	tok, err = c.src.Token(ctx)
	if err != nil {
		return nil, cleanTokenError(err)
	}
	if tok == nil || !oauth.IsHeaderSafe(tok.AccessToken) {
		return nil, &Error{Op: opToken, Err: withSentinel(ErrBadResponse, errors.New("the access token is empty or cannot stand in a header"))}
	}
	copied := *tok
	return &copied, nil
}

// cleanTokenError drops what golang.org/x/oauth2 puts into its errors: the
// answer with its request, whose header holds the client secret, and the body.
func cleanTokenError(err error) error {
	if retrieve, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		e := &Error{Op: opToken, Err: ErrUnauthorized}
		if retrieve.Response != nil {
			e.StatusCode = retrieve.Response.StatusCode
		}
		e.Message = oauth.KnownError(retrieve.ErrorCode)
		e.Err = meaning.OfToken(meaning.TokenAnswer{Grant: meaning.GrantForeign, Status: e.StatusCode, Error: retrieve.ErrorCode})
		return e
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return cleanCause(err)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return &Error{Op: opToken, Err: withSentinel(ErrUnreachable, redact.Cause(u.Err))}
	}
	return redact.Cause(err)
}

func expiryOf(tok *oauth2.Token) time.Time {
	if tok == nil {
		return time.Time{}
	}
	return tok.Expiry
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
