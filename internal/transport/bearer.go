package transport

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/seatkit/zoom/internal/wire"
)

// codeInvalidToken is Zoom's code for an access token that is wrong or expired;
// it comes with status 400 and 401.
const codeInvalidToken = 124

// bearer adds the access token. It asks for it as late as possible: a token can
// expire while the attempt waits for the limiter.
type bearer struct {
	next     http.RoundTripper
	tokens   Tokens
	accepted atomic.Pointer[string] // the token that an answer accepted last
}

func (l *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	st := stateOf(ctx)
	token, err := l.tokens.Token(ctx)
	if err != nil {
		return nil, tokenFailure(ctx, err)
	}
	if st.rejected != "" && token == st.rejected && !l.wasAccepted(token) {
		return nil, &Failure{Kind: KindUnauthorized}
	}
	st.token = token
	authorised := req.WithContext(ctx)
	authorised.Header = req.Header.Clone()
	authorised.Header.Set("Authorization", "Bearer "+token)
	resp, err := l.next.RoundTrip(authorised)
	switch {
	case err != nil || !refusesToken(st.answer):
		st.rejected = ""
		if err == nil && resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusTooManyRequests && !l.wasAccepted(token) {
			l.accepted.Store(&token)
		}
	case st.rejected != "":
		return nil, &Failure{Kind: KindUnauthorized}
	default:
		st.rejected, st.again = token, true
		l.tokens.Rejected(ctx, token)
	}
	return resp, err
}

// wasAccepted reports whether the token worked before. There may be no new one in place
// of a token that an answer refused all the same: the call is sent once more with it.
func (l *bearer) wasAccepted(token string) bool {
	accepted := l.accepted.Load()
	return accepted != nil && *accepted == token
}

func tokenFailure(ctx context.Context, err error) *Failure {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return &Failure{Kind: KindContext, Err: ctx.Err(), Unsent: true}
	}
	return &Failure{Kind: KindToken, Err: err, Unsent: true}
}

// refusesToken reports whether the answer says that the token is no longer good:
// status 401, or code 124 whatever the status.
func refusesToken(a *Answer) bool {
	const longest = 4 << 10 // of an error body that is worth a look under a success
	switch {
	case a == nil:
		return false
	case a.Status == http.StatusUnauthorized:
		return true
	case a.Status < http.StatusBadRequest && (len(a.Body) > longest || !bytes.Contains(a.Body, []byte(`"code"`))):
		return false
	default:
		return wire.ParseAPIError(a.Body).Code == codeInvalidToken
	}
}
