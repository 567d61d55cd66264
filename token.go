package zoom

import (
	"context"
	"errors"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/tokens"
)

const fetchTimeout = 30 * time.Second // of one fetch of an access token, and of the wait for it

// errOverrun is the error of a fetch that does not end in time.
var errOverrun error = &Error{Op: opToken, Err: withSentinel(ErrTimeout, context.DeadlineExceeded)}

// clientTokens are the access tokens of a client. A source with a cache is asked
// directly, so that its token is held once for all its clients; for any other source the
// client has a cache of its own.
type clientTokens struct {
	redactor
	src     TokenSource
	cache   tokens.Shared
	own     *tokens.Cache[*oauth2.Token] // nil: the source has one
	prepare func(context.Context) context.Context
}

func newClientTokens(src TokenSource, t *tracer, with func(context.Context) context.Context) *clientTokens {
	c := &clientTokens{src: src, cache: tokens.Of(src)}
	if c.cache == nil {
		c.own = newTokenCache(src)
		c.cache = c.own
	}
	c.prepare = func(ctx context.Context) context.Context {
		return tokens.WithObserver(with(ctx), func(ctx context.Context, f tokens.Fetched) {
			t.token(ctx, TokenInfo{Duration: f.Duration, Expiry: f.Expiry, Err: cleanTokenError(f.Err)})
		})
	}
	return c
}

// Token returns the access token for the bearer layer.
func (c *clientTokens) Token(ctx context.Context) (access string, err error) {
	if access, ok := c.cache.Ready(ctx, c.prepare); ok {
		return access, nil
	}
	err = c.wait(ctx, func(ctx context.Context) (err error) {
		access, err = c.cache.Access(ctx, c.prepare)
		return err
	})
	return access, err
}

// Held returns the access token that Token would return at once, and fetches the next one
// beside it if it is due.
func (c *clientTokens) Held(ctx context.Context) (access string, ok bool) {
	return c.cache.Ready(ctx, c.prepare)
}

// Rejected reports an access token that the API refused.
func (c *clientTokens) Rejected(_ context.Context, accessToken string) (undecided bool) {
	return c.cache.Rejected(accessToken)
}

// Accepted reports an access token that the API accepted.
func (c *clientTokens) Accepted(accessToken string) { c.cache.Accepted(accessToken) }

// Useless reports an access token that was refused like the one that it came in place of.
func (c *clientTokens) Useless(accessToken string) { c.cache.Useless(accessToken) }

// token returns the whole token.
func (c *clientTokens) token(ctx context.Context) (tok *oauth2.Token, err error) {
	err = c.wait(ctx, func(ctx context.Context) (err error) {
		if c.own == nil {
			tok, err = c.src.Token(c.prepare(ctx))
			return err
		}
		held, err := c.own.Get(ctx, c.prepare)
		if err == nil {
			tok = held.Value
		}
		return err
	})
	return tok, err
}

// wait limits the time for which a call waits for a token. The fetch of a source that has
// more time than that goes on.
func (c *clientTokens) wait(ctx context.Context, call func(context.Context) error) error {
	if _, limits := c.cache.(*tokens.Cache[*oauth2.Token]); limits {
		return call(ctx) // newTokenCache
	}
	limited, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	err := call(limited)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && limited.Err() != nil {
		return errOverrun
	}
	return err
}

// close returns when no fetch is under way, or has overrun its time.
func (c *clientTokens) close() {
	overrun := time.NewTimer(fetchTimeout)
	defer overrun.Stop()
	select {
	case <-c.cache.Idle():
	case <-overrun.C:
	}
}

// newTokenCache makes the cache of a source that has none.
func newTokenCache(src TokenSource) *tokens.Cache[*oauth2.Token] {
	return tokens.New(tokens.Config[*oauth2.Token]{
		Timeout: fetchTimeout,
		Overrun: errOverrun,
		Fetch: func(ctx context.Context, w tokens.Want) (*tokens.Token[*oauth2.Token], error) {
			tok, err := askSource(ctx, src, w.Refused)
			if err != nil && ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
				err = errOverrun
			}
			if err != nil {
				return nil, err
			}
			return &tokens.Token[*oauth2.Token]{
				Access: tok.AccessToken, Due: oauth.Due(tok.Expiry, time.Now()), Expiry: tok.Expiry, Value: tok,
			}, nil
		},
	})
}

// askSource asks a source, which may be anybody's: it may panic, and its error and its
// token may be anything.
func askSource(ctx context.Context, src TokenSource, refused string) (tok *oauth2.Token, err error) {
	defer func() {
		if recover() != nil {
			tok, err = nil, errors.New("zoom: the token source panicked")
		}
	}()
	if r, ok := src.(TokenRejecter); ok && refused != "" {
		r.Rejected(ctx, refused)
	}
	tok, err = src.Token(ctx)
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
