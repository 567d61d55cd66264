package canary_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
)

type sourceFunc func(ctx context.Context) (*oauth2.Token, error)

func (f sourceFunc) Token(ctx context.Context) (*oauth2.Token, error) { return f(ctx) }

type oauth2Func func() (*oauth2.Token, error)

func (f oauth2Func) Token() (*oauth2.Token, error) { return f() }

// foreign are errors of the caller's own code, with secrets in them.
func foreign(s *canary.Secrets) map[string]error {
	form := url.Values{"refresh_token": {s.RefreshToken}, "client_secret": {s.ClientSecret}, "code": {s.Code}, "code_verifier": {s.Verifier}, "state": {s.State}}
	req, _ := http.NewRequest(http.MethodPost, "https://zoom.us/oauth/token?account_id="+url.QueryEscape(s.AccountID), strings.NewReader(form.Encode()))
	req.Header.Set("Authorization", "Basic "+s.Basic)
	redis := &url.URL{Scheme: "redis", User: url.UserPassword("default", s.RedisPassword), Host: "127.0.0.1:6379"}
	retrieve := &oauth2.RetrieveError{
		Response: response(req, http.StatusBadRequest, nil, strings.NewReader("")), Body: []byte(form.Encode()),
		ErrorCode: s.RefreshToken, ErrorDescription: form.Encode(), ErrorURI: req.URL.String(),
	}
	ours := &zoom.Error{
		Op: "vault " + s.AccessToken, Method: s.Email, Path: redis.String(), Message: "refused " + s.RefreshToken, TrackingID: s.Email,
		Fields: []zoom.FieldError{{Field: s.Email, Message: s.AccessToken}}, Scopes: []string{"user:read", s.AccessToken}, Err: retrieve,
	}
	return map[string]error{
		"RetrieveError":          retrieve,
		"RetrieveError, wrapped": fmt.Errorf("token %s: %w", s.RefreshToken, retrieve),
		"url.Error":              &url.Error{Op: "Post", URL: req.URL.String(), Err: errors.New(form.Encode())},
		"url.Error of timeout":   &url.Error{Op: "Post", URL: req.URL.String(), Err: context.DeadlineExceeded},
		"redis":                  fmt.Errorf("dial %s: AUTH %s: refused", redis, s.RedisPassword),
		"dump":                   dumpOf(req),
		"dump, joined":           errors.Join(errors.New("vault"), dumpOf(req)),
		"text":                   fmt.Errorf("no token for %s of %s: %q", s.Email, s.AccountID, req.Header),
		"Error":                  ours,
		"Error, wrapped":         fmt.Errorf("%s: %w", form.Encode(), ours),
		"Error, of page":         &zoom.PageError{Token: s.PageToken, Err: ours},
		"value":                  valueError{form.Encode(), s.AccessToken},
		"nil Error":              fmt.Errorf("%s: %w", s.AccessToken, (*zoom.Error)(nil)),
	}
}

func everySecret(t *testing.T, run func(t *testing.T, s *site, name string, err error)) {
	t.Helper()
	s := canary.New()
	scanner := canary.NewScanner(s.List()...)
	for name, err := range foreign(&s) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, scanner)
				run(t, s, name, err)
				s.close()
			})
		})
	}
}

// What a token source of the caller's or of golang.org/x/oauth2 says stays there.
func TestTokenSource(t *testing.T) {
	none := wire(func(*http.Request) (*http.Response, error) { return nil, errors.New("not asked") })
	everySecret(t, func(t *testing.T, s *site, _ string, err error) {
		for _, src := range []zoom.TokenSource{
			sourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, err }),
			zoom.FromOAuth2(oauth2Func(func() (*oauth2.Token, error) { return nil, err })),
			sourceFunc(func(context.Context) (*oauth2.Token, error) { panic(err) }),
			sourceFunc(func(context.Context) (*oauth2.Token, error) {
				return &oauth2.Token{AccessToken: s.AccessToken + "\r\n" + s.RefreshToken, RefreshToken: s.RefreshToken}, nil
			}),
		} {
			for _, c := range calls {
				s.fails(c.run(s, t.Context(), s.clientOf(src, none)))
			}
		}
	})
}

// A refresh with golang.org/x/oauth2 itself, and with ours, against an endpoint
// that repeats the form and the header.
func TestTokenEndpoint(t *testing.T) {
	s := canary.New()
	scanner := canary.NewScanner(s.List()...)
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, scanner)
				defer s.close()
				wire := fault()
				hc := &http.Client{Transport: wire}
				cfg := &oauth2.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret, Endpoint: oauth2.Endpoint{TokenURL: "https://zoom.us/oauth/token"}}
				old := &oauth2.Token{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken, Expiry: time.Now().Add(-time.Hour)}
				refresh := zoom.FromOAuth2(cfg.TokenSource(context.WithValue(t.Context(), oauth2.HTTPClient, hc), old))
				s2s := zoom.ServerToServer(s.AccountID, s.ClientID, s.ClientSecret)
				s2s.HTTPClient = hc
				s.value(refresh, s2s)
				for _, src := range []zoom.TokenSource{refresh, s2s} {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					_, err := s.clientOf(src, wire).Users.Get(ctx, s.Email)
					cancel()
					s.fails(err)
				}
				_, err := s2s.Token(t.Context())
				s.fails(err)
			})
		})
	}
}

// The same of a limiter, which knows the password of a Redis.
func TestLimiter(t *testing.T) {
	none := wire(func(*http.Request) (*http.Response, error) { return nil, errors.New("not asked") })
	everySecret(t, func(t *testing.T, s *site, _ string, err error) {
		for _, c := range calls {
			s.fails(c.run(s, t.Context(), s.client(none, zoom.WithLimiter(watch{s, err}))))
		}
	})
}

// Causes can still be asked for what they are.
func TestCausesStay(t *testing.T) {
	s := canary.New()
	for name, err := range foreign(&s) {
		c, errNew := zoom.NewClient(sourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, err }))
		require.NoError(t, errNew)
		_, got := c.Users.Get(t.Context(), "u")
		var e *zoom.Error
		require.ErrorAs(t, got, &e, name)
		if name == "url.Error of timeout" {
			require.ErrorIs(t, got, context.DeadlineExceeded)
		}
	}
	vault := errors.New("the vault is sealed")
	c, err := zoom.NewClient(sourceFunc(func(context.Context) (*oauth2.Token, error) {
		return nil, fmt.Errorf("key %s: %w", s.AccessToken, vault)
	}))
	require.NoError(t, err)
	_, err = c.Users.Get(t.Context(), "u")
	require.ErrorIs(t, err, vault)
	require.ErrorContains(t, err, "the vault is sealed", "plain words are kept")
}

// What is read as a scope is none if it was sent: letters alone can be a name.
func TestScopes(t *testing.T) {
	const name = "janecanaryexample"
	s := newSite(t, canary.NewScanner(canary.Secret{Name: "name", Value: name}))
	defer s.close()
	c := s.client(wire(func(req *http.Request) (*http.Response, error) {
		body := `{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read:admin, user:` + name + `]."}`
		return response(req, http.StatusBadRequest, nil, strings.NewReader(body)), nil
	}))
	_, err := c.Users.Get(t.Context(), name)
	s.fails(err)
	var e *zoom.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, []string{"user:read:admin"}, e.Scopes)
}
