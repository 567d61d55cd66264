package zoomauth

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
)

const opRevoke = "auth.revoke"

// Revoke ends the authorisation at Zoom: both tokens are dead afterwards. A token
// that Zoom does not know any more is no error of ours to hide: it is
// [zoom.ErrReauthorize], or whatever Zoom makes of it.
//
// An admin does the same in Zoom's Marketplace: Manage, Added Apps, Remove.
//
// API: POST https://zoom.us/oauth/revoke.
// https://developers.zoom.us/docs/integrations/oauth/
func (a App) Revoke(ctx context.Context, t *Token) error {
	if ctx == nil || t == nil {
		return invalid(opRevoke, errors.New("context, token: is nil"))
	}
	text := t.accessToken()
	if !t.alive(time.Now()) && t.refreshToken() != "" {
		text = t.refreshToken()
	}
	if text == "" {
		return invalid(opRevoke, errors.New("token: is empty"))
	}
	_, err := a.post(ctx, opRevoke, a.Endpoints.withDefaults().Revoke, oauth.Form{
		Route: "/oauth/revoke", Values: url.Values{"token": {text}}, Repeatable: true, Hidden: []string{text, t.refreshToken()},
	})
	return err
}

// Disconnect revokes the token and empties the store, while nobody refreshes. If
// Zoom refuses the token as unknown the store is emptied all the same; if Zoom cannot
// be reached it is left, so that it can be tried again. The source is of use again
// when a person has authorised anew.
func (s *Source) Disconnect(ctx context.Context) error {
	if s == nil || s.mint == nil || ctx == nil {
		return invalid(opRevoke, errors.New("source, context: is nil"))
	}
	// What Zoom takes for revocation is an access token. One that is past its hour is
	// replaced first, as for anybody else who asks.
	if _, err := s.Installation(ctx); err != nil && !isRefusal(err) && !errors.Is(err, zoom.ErrClosed) {
		return err
	}
	if err := s.grants.enter(ctx); err != nil {
		return opError("auth.lock", err)
	}
	defer s.grants.leave()
	lease, err := s.grants.lock(ctx)
	if err != nil {
		return opError("auth.lock", err)
	}
	defer s.unlock(ctx, lease)
	t, err := s.load(ctx)
	switch {
	case errors.Is(err, ErrNoToken):
		return nil
	case err != nil:
		return opError("auth.load", err)
	}
	if err := s.revoke(ctx, t); err != nil && !isRefusal(err) {
		return err
	}
	s.grants.forget()
	s.cache.Drop(t.accessToken())                                               // also for a fetch whose hooks still run
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout) // what was begun is ended
	defer cancel()
	return opError("auth.delete", ask(func() error { return s.grants.store.Delete(ctx) }))
}

// revoke spares Zoom a token that is known to be dead.
func (s *Source) revoke(ctx context.Context, t *Token) error {
	if !t.alive(time.Now()) && (t.refreshToken() == "" || s.grants.isDead(t)) {
		return nil
	}
	return s.app().Revoke(ctx, t)
}
