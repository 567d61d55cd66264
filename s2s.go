package zoom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	defaultTokenURL = "https://zoom.us/oauth/token" //nolint:gosec // an address, not a credential
	opToken         = "token"
	tokenTries      = 3
)

// fetch gets a token from Zoom. Unlike a refresh token, credentials can be sent
// again without harm, so that the call takes the usual road with its retries.
func (s *ServerToServerSource) fetch(ctx context.Context) (*oauth2.Token, error) {
	o := &operation{op: opToken, method: http.MethodPost, path: "/oauth/token", repeatable: true}
	endpoint, err := s.endpoint()
	if err != nil {
		return nil, invalidArgument(o, err)
	}
	if err := s.pause.Err("", time.Now()); err != nil {
		return nil, err
	}
	app := oauth.App{
		ClientID: s.clientID, ClientSecret: s.clientSecret, HTTPClient: s.HTTPClient, UserAgent: userAgent(""),
		Policy: (&config{retry: RetryPolicy{MaxAttempts: tokenTries, MaxElapsed: fetchTimeout}}).policy(),
	}
	var grant *oauth.Grant
	attempts, err := app.Post(ctx, oauth.Form{
		Endpoint: endpoint, Repeatable: true, Hidden: []string{s.accountID()},
		Values: url.Values{"grant_type": {"account_credentials"}, "account_id": {s.accountID()}},
		Accept: func(a *transport.Answer) (err error) {
			grant, err = oauth.ReadGrant(a.Body)
			return err
		},
	})
	if err != nil {
		err := tokenError(o, err, attempts)
		s.pause.Note("", err, namedMoment(err), time.Now())
		return nil, err
	}
	s.pause.Note("", nil, time.Time{}, time.Now())
	tok := &oauth2.Token{AccessToken: grant.AccessToken, TokenType: "Bearer", Expiry: time.Now().Add(grant.Life)}
	return tok.WithExtra(map[string]any{"scope": grant.Scope, "api_url": grant.APIURL}), nil
}

// namedMoment is the moment that the answer names for the next call; zero: none.
func namedMoment(err error) time.Time {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAt
	}
	return time.Time{}
}

// checkCredentials names all that Zoom cannot have issued, and repeats none of it.
func (s *ServerToServerSource) checkCredentials() error {
	var errs []error
	for _, credential := range []struct{ name, value string }{
		{"account id", s.accountID()}, {"client id", s.clientID()}, {"client secret", s.clientSecret()},
	} {
		switch trimmed := strings.TrimSpace(credential.value); {
		case trimmed == "":
			errs = append(errs, fmt.Errorf("the %s is empty", credential.name))
		case trimmed != credential.value || strings.ContainsFunc(trimmed, unicode.IsControl):
			errs = append(errs, fmt.Errorf("the %s has a space or a line end around it, or a control character", credential.name))
		}
	}
	return errors.Join(errs...)
}

func (s *ServerToServerSource) endpoint() (*url.URL, error) {
	if err := s.checkCredentials(); err != nil {
		return nil, err
	}
	if s.HTTPClient != nil && isNilPointer(s.HTTPClient.Transport) {
		return nil, errors.New("HTTP client: its Transport is a nil pointer")
	}
	address := s.TokenURL
	if address == "" {
		address = defaultTokenURL
	}
	u, err := wire.Endpoint(address)
	if err != nil {
		return nil, fmt.Errorf("token URL: %w", err)
	}
	return u, nil
}

// tokenError says of a failed token call the status, an error code of the OAuth
// standard and a reason that is known, and nothing else of the answer, which may repeat
// the request.
func tokenError(o *operation, err error, attempts int) error {
	e := newError(o, err)
	e.Attempts = attempts
	e.Message, e.Fields = "", nil
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok || f.Kind != transport.KindStatus || f.Answer == nil || e.StatusCode < http.StatusBadRequest {
		return e
	}
	refused := oauth.ReadRefusal(f.Answer.Body)
	e.Message = refused.Message()
	e.Err = meaning.OfToken(meaning.TokenAnswer{
		Grant: meaning.GrantCredentials, Status: e.StatusCode, Code: refused.Code, Error: refused.Error, Reason: refused.Reason,
	})
	return e
}
