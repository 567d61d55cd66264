package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

const opRevoke = "auth.revoke"

// Revoke ends the authorisation at Zoom: both tokens are dead afterwards. Only Zoom's
// word "success" under the status 200 counts; any other answer is an error, such as
// [zoom.ErrBadResponse], and the tokens may be alive. Revoking a token that Zoom does not
// know returns Zoom's error, usually [zoom.ErrReauthorize].
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
	return a.revokeText(ctx, text, t.refreshToken())
}

// revokeText revokes one of the tokens of a grant; the other one is not to be shown either.
func (a App) revokeText(ctx context.Context, text, other string) error {
	_, err := a.post(ctx, opRevoke, a.Endpoints.withDefaults().Revoke, oauth.Form{
		Route: "/oauth/revoke", Values: url.Values{"token": {text}}, Repeatable: true, Hidden: []string{text, other},
		Accept: readRevocation,
	})
	return err
}

// readRevocation takes nothing but Zoom's success for one. What a proxy or a page of
// maintenance answers may pass, so it is asked again; what Zoom says does not.
func readRevocation(answer *transport.Answer) error {
	members, err := wire.Members(answer.Body)
	status, _ := wire.Text(members["status"])
	switch {
	case answer.Status == http.StatusOK && err == nil && status == "success":
		return nil
	case err == nil:
		return &wire.ShapeError{Reason: "the answer does not say that the token was revoked", Final: true}
	default:
		return err
	}
}

// Disconnect revokes the token and empties the store, while nobody refreshes. If Zoom
// refuses the token as unknown the store is emptied all the same. If Zoom cannot be
// reached, or does not confirm the revocation, the store keeps the token, so that it can
// be tried again. The source works again when a person has authorised again.
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
	t, err := s.revokeStored(ctx)
	if err == nil && t != nil && !isGone(ctx, s.grants.store, t) { // it was to commit only now
		err = opError("auth.delete", fmt.Errorf("%w: it still holds the token, or may", ErrStoreUnavailable))
	}
	return err
}

// revokeStored revokes the stored token and empties the store, under its lock. It returns
// the token, nil if there was none.
func (s *Source) revokeStored(ctx context.Context) (*Token, error) {
	lease, err := s.grants.lock(ctx)
	if err != nil {
		return nil, opError("auth.lock", err)
	}
	defer s.unlock(ctx, lease)
	p := &lockedStore{store: s.grants.store, lease: lease}
	t, err := s.load(ctx)
	switch {
	case errors.Is(err, ErrNoToken):
		return nil, s.emptied(ctx, p, nil)
	case err != nil:
		return nil, opError("auth.load", err)
	}
	if err := p.checked(ctx); err != nil { // the lease is to last until the token is deleted
		return nil, opError("auth.lock", err)
	}
	if err := s.revoke(ctx, t); err != nil && !isRefusal(err) {
		return nil, err
	}
	s.grants.forget()
	s.cache.Drop(t.accessToken()) // also for a fetch whose hooks still run
	return t, s.emptied(ctx, p, t)
}

// emptied deletes what was revoked, whatever happens to the caller.
func (s *Source) emptied(ctx context.Context, p *lockedStore, t *Token) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if t == nil {
		_, err = p.clear(ctx)
	} else {
		_, err = p.remove(ctx, t)
	}
	return opError("auth.delete", err)
}

// revoke spares Zoom a token that is known to be dead.
func (s *Source) revoke(ctx context.Context, t *Token) error {
	if !t.alive(time.Now()) && (t.refreshToken() == "" || s.grants.isDead(t)) {
		return nil
	}
	return s.app().Revoke(ctx, t)
}
