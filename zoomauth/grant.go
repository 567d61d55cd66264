package zoomauth

import (
	"context"
	"errors"
	"net/url"

	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// grant calls the token endpoint. Every value of the form is a secret. What was read of the
// answer is in read, if that is not nil.
func (a App) grant(ctx context.Context, op string, form url.Values, repeatable bool, read *oauth.Reading) (grant *oauth.Grant, lost bool, err error) {
	var hidden []string
	for name, values := range form {
		if name != "grant_type" {
			hidden = append(hidden, values...)
		}
	}
	lost, err = a.post(ctx, op, a.Endpoints.withDefaults().Token, oauth.Form{
		Op: nameInTrace(op), Values: form, Repeatable: repeatable, Hidden: hidden, Reading: read,
		Accept: func(answer *transport.Answer) (err error) {
			grant, err = oauth.ReadGrant(answer.Body)
			return final(answer.Body, err)
		},
	})
	if grant != nil && grant.AccessToken == "" && grant.RefreshToken == "" {
		grant = nil
	}
	return grant, lost && !isUnreadable(err), err
}

// nameInTrace is the operation of the requests of a [Source], whatever the grant is.
func nameInTrace(op string) string {
	if op == opRefresh || op == opServerToServer {
		return "token"
	}
	return op
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
