package zoomauth

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	opRefresh   = "auth.refresh"
	replayAfter = time.Second
)

// refresh uses the refresh token of cur up for a new one.
//
// An answer that is lost may have done so on Zoom's side. The store is read again,
// and if nobody else was faster the form is sent once more: a server with a grace
// takes the old token for a while, and one without has nothing left to lose.
func (s *Source) refresh(ctx context.Context, cur *Token, lease Lease) (*Token, error) {
	switch {
	case cur == nil:
		return nil, opError(opRefresh, ErrNoToken)
	case cur.refreshToken() == "" || s.isSpent(cur):
		return nil, opError(opRefresh, zoom.ErrReauthorize)
	}
	grant, lost, err := s.useRefreshToken(ctx, cur, lease)
	mayBeSpent := lost
	if lost && grant == nil {
		if s.isReplaced(ctx, cur) {
			return nil, opError(opRefresh, ErrStoreChanged)
		}
		if wait(ctx, replayAfter) == nil && check(ctx, lease) == nil {
			grant, _, err = s.useRefreshToken(ctx, cur, lease)
		}
	}
	switch {
	case grant != nil: // also one without an access token: its refresh token is saved
		next, saveErr := s.keep(ctx, cur, s.app().after(cur, grant, time.Now().Round(0)))
		if saveErr != nil || err != nil {
			return nil, cmp.Or(opError("auth.save", saveErr), err)
		}
		return next, opError(opRefresh, s.match(next))
	case isRefusal(err) && s.isReplaced(ctx, cur):
		return nil, opError(opRefresh, ErrStoreChanged)
	case isRefusal(err):
		s.reauthorize(ctx, cur, err)
	case mayBeSpent:
		s.suspect(ctx, cur)
	}
	return nil, err
}

// useRefreshToken sends the form once. A grant that comes with an error lacks an
// access token and is to be kept.
func (s *Source) useRefreshToken(ctx context.Context, cur *Token, lease Lease) (grant *oauth.Grant, lost bool, err error) {
	if err := check(ctx, lease); err != nil {
		return nil, false, opError("auth.lock", err)
	}
	return s.app().grant(ctx, opRefresh, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {cur.refreshToken()},
	}, false)
}

// isReplaced reports whether somebody else has stored another token meanwhile, which
// is then the one to go on with.
func (s *Source) isReplaced(ctx context.Context, cur *Token) bool {
	t, err := s.load(ctx)
	return err == nil && !t.Same(cur)
}

// accountCredentials makes a new token of a server-to-server app.
func (s *Source) accountCredentials(ctx context.Context, cur *Token, lease Lease) (*Token, error) {
	const op = "auth.server_to_server"
	if err := check(ctx, lease); err != nil {
		return nil, opError("auth.lock", err)
	}
	grant, _, err := s.app().grant(ctx, op, url.Values{
		"grant_type": {"account_credentials"}, "account_id": {s.opts.AccountID},
	}, true)
	if err != nil {
		return nil, err
	}
	next := s.app().after(cur, grant, time.Now().Round(0))
	next.AccountID = s.opts.AccountID
	return s.keep(ctx, cur, next)
}

// grant calls the token endpoint. Every value of the form is a secret.
func (a App) grant(ctx context.Context, op string, form url.Values, repeatable bool) (grant *oauth.Grant, lost bool, err error) {
	var hidden []string
	for name, values := range form {
		if name != "grant_type" {
			hidden = append(hidden, values...)
		}
	}
	lost, err = a.post(ctx, op, a.Endpoints.withDefaults().Token, oauth.Form{
		Values: form, Repeatable: repeatable, Hidden: hidden,
		Accept: func(answer *transport.Answer) (err error) {
			grant, err = oauth.ReadGrant(answer.Body)
			return final(answer.Body, err)
		},
	})
	if grant != nil && grant.AccessToken == "" && grant.RefreshToken == "" {
		grant = nil
	}
	if shape, ok := errors.AsType[*wire.ShapeError](err); ok && shape.Final {
		lost = false
	}
	return grant, lost, err
}

// final marks what is wrong with an answer that arrived whole: to ask again would
// use a refresh token up that nobody was told.
func final(body []byte, err error) error {
	shape, ok := errors.AsType[*wire.ShapeError](err)
	if !ok || !oauth.IsWhole(body) {
		return err
	}
	marked := *shape
	marked.Final = true
	return &marked
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
