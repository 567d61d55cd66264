package transport

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/wire"
)

// admission lets an attempt out with an access token and on its turn, and reports to
// both what the answer says.
type admission struct {
	next    layer
	limiter Limiter // nil: no limit
	tokens  Tokens  // nil: the calls bring their own authorisation
	events  Events

	accepted atomic.Pointer[string] // the token that an answer accepted last
}

func (l *admission) send(ctx context.Context, c *trip) (*Answer, *Failure) {
	if f := l.admit(ctx, c); f != nil {
		return nil, f
	}
	answer, f := l.next.send(ctx, c)
	if f != nil {
		answer = f.Answer
	}
	if answer == nil {
		return nil, f
	}
	if l.limiter != nil {
		l.limiter.Observe(ctx, c.call.Class, &answer.Rate)
	}
	if l.tokens == nil {
		return answer, f
	}
	switch {
	case f == nil && refusesToken(answer):
		return nil, l.refused(ctx, c, answer)
	case !doubtsToken(answer) && !l.wasAccepted(c.token): // also a failure that says nothing against it
		token := c.token
		l.accepted.Store(&token)
		l.tokens.Accepted(token)
	}
	return answer, f
}

// admit gets a token first and then a turn. A caller that waited for a token with its
// turn in hand would leave together with all others who did. A token that ends during
// the wait for the turn costs the turn: both begin again.
func (l *admission) admit(ctx context.Context, c *trip) *Failure {
	for {
		if f := l.getToken(ctx, c); f != nil {
			return f
		}
		if l.limiter == nil {
			return nil
		}
		turn, f := l.getTurn(ctx, c)
		if f != nil {
			return f
		}
		c.turn = turn
		if l.tokens == nil {
			return nil
		}
		if token, ok := l.tokens.Held(ctx); ok {
			c.token = token
			return l.checkToken(c)
		}
		turn.Drop()
		if c.left() <= 0 {
			return &Failure{Kind: KindTimeout, Err: context.DeadlineExceeded, Unsent: true}
		}
	}
}

func (l *admission) getToken(ctx context.Context, c *trip) *Failure {
	if l.tokens == nil {
		return nil
	}
	token, err := l.tokens.Token(ctx)
	switch {
	case err == nil:
		c.token = token
		return l.checkToken(c)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return &Failure{Kind: KindContext, Err: ctx.Err(), Unsent: true}
	default:
		return &Failure{Kind: KindToken, Err: err, Unsent: true}
	}
}

// checkToken ends the call if the source gives out the token that was refused. There may
// be no new one in place of a token that worked before: the call is sent once more with
// it.
func (l *admission) checkToken(c *trip) *Failure {
	if c.refreshed && c.token == c.refused && !c.undecided && !l.wasAccepted(c.token) {
		return &Failure{Kind: KindUnauthorized, Unsent: true}
	}
	return nil
}

func (l *admission) wasAccepted(token string) bool {
	accepted := l.accepted.Load()
	return accepted != nil && *accepted == token
}

func (l *admission) getTurn(ctx context.Context, c *trip) (pace.Turn, *Failure) {
	start := time.Now()
	turn, err := l.limiter.Wait(ctx, c.call.Class)
	waited := time.Since(start)
	c.inLimiter += waited
	if l.events.Waited != nil && waited > 0 {
		l.events.Waited(ctx, WaitLimiter, waited)
	}
	if err == nil {
		return turn, nil
	}
	f, known := errors.AsType[*Failure](err)
	switch {
	case known:
	case ctx.Err() != nil:
		f = &Failure{Kind: KindContext, Err: ctx.Err()}
	default:
		f = &Failure{Kind: KindLimiter, Err: err}
	}
	f.Unsent = true
	return turn, f
}

// refused reports a token that the answer refused, once for each call. The retry layer
// sends the call again with the next token, if the answer proves that it was not carried
// out.
func (l *admission) refused(ctx context.Context, c *trip, answer *Answer) *Failure {
	f := &Failure{Kind: KindUnauthorized, Answer: answer}
	if !c.refreshed {
		c.refreshed, c.refused, f.renewed = true, c.token, !c.call.isUnproven(answer)
		c.undecided = l.tokens.Rejected(ctx, c.token)
		return f
	}
	if c.token != c.refused && !l.wasAccepted(c.token) {
		l.tokens.Useless(c.token)
	}
	if l.wasAccepted(c.token) { // not any more
		l.accepted.Store(nil)
	}
	return f
}

// refusesToken reports whether the answer says that the token is no longer good, and with
// that that the request was not carried out. A status that says by itself what happened
// outweighs the code.
func refusesToken(a *Answer) bool {
	switch {
	case a.Status >= http.StatusInternalServerError:
		return false
	case a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly,
		a.Status == http.StatusTooManyRequests, a.Status == http.StatusProxyAuthRequired:
		return false
	default:
		return doubtsToken(a)
	}
}

// doubtsToken reports status 401, or code 124 whatever the status. A token without a scope
// is good, and the next one will lack it too.
func doubtsToken(a *Answer) bool {
	code := 0
	if a.Error != nil {
		code = a.Error.Code
	}
	lacksScope := code == wire.CodeScopesBrokenJSON || code == wire.CodeScopes
	return code == wire.CodeInvalidToken || (a.Status == http.StatusUnauthorized && !lacksScope)
}
