package canary_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/test/canary"
)

// The positive control: on the raw types of net/http and golang.org/x/oauth2,
// and on the errors that one writes without a thought, the same scan hits.
func TestControl(t *testing.T) {
	s := canary.New()
	query := url.Values{"next_page_token": {s.PageToken}, "email": {s.Email}, "code": {s.Code}}
	address := &url.URL{
		Scheme: "https", User: url.UserPassword("proxy", s.ProxyPassword), Host: "api.zoom.us", Path: "/v2/users", RawQuery: query.Encode(),
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address.String(), http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Basic "+s.Basic)
	res := response(req, http.StatusUnauthorized, nil, strings.NewReader(""))
	form := url.Values{"refresh_token": {s.RefreshToken}, "client_secret": {s.ClientSecret}}
	retrieve := &oauth2.RetrieveError{Response: res, Body: []byte(form.Encode())}

	values := map[string]struct {
		value any
		names []string
	}{
		"oauth2.Token":         {&oauth2.Token{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken}, []string{"access token", "refresh token"}},
		"oauth2.Config":        {&oauth2.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret}, []string{"client secret"}},
		"oauth2.RetrieveError": {retrieve, []string{"refresh token", "client secret"}},
		"http.Request":         {req, []string{"page token", "e-mail", "code", "Basic value"}},
		"http.Response":        {res, nil}, // the request behind it
		"url.URL":              {address, []string{"page token", "proxy password"}},
		"url.Error":            {&url.Error{Op: "Get", URL: address.String(), Err: context.Canceled}, []string{"page token"}},
		"fmt.Errorf":           {fmt.Errorf("GET %s: %w", address, context.Canceled), []string{"page token", "e-mail"}},
		"errors.Join":          {errors.Join(context.Canceled, fmt.Errorf("refresh: %w", retrieve)), []string{"refresh token"}},
		"body":                 {struct{ Body []byte }{[]byte(`{"password":"` + s.RedisPassword + `"}`)}, []string{"Redis password"}},
	}
	for name, c := range values {
		t.Run(name, func(t *testing.T) {
			scanner := canary.NewScanner(s.List()...)
			var hits []canary.Hit
			if err, ok := c.value.(error); ok {
				hits = scanner.Error(name, err)
			} else {
				hits = scanner.Value(name, c.value)
			}
			for _, want := range c.names {
				assert.True(t, found(hits, want), "no hit on the %s", want)
			}
			for _, hit := range hits {
				assert.Empty(t, scanner.Text("", "", hit.String()), "a hit must not tell the secret")
			}
		})
	}

	t.Run("reachable", func(t *testing.T) {
		scanner := canary.NewScanner()
		for _, err := range []error{
			retrieve, &url.Error{URL: "https://x", Err: context.Canceled}, fmt.Errorf("x: %w", dumpOf(req)), &dumpError{Res: res},
		} {
			assert.NotEmpty(t, scanner.Error("control", err), "%T", err)
		}
		assert.Empty(t, scanner.Error("control", fmt.Errorf("x: %w", context.Canceled)))
	})
}

func found(hits []canary.Hit, secret string) bool {
	for _, hit := range hits {
		if hit.Secret == secret {
			return true
		}
	}
	return false
}

// Every form of every secret is found in a text, and nothing where there is none.
func TestForms(t *testing.T) {
	s := canary.New()
	require.Len(t, s.List(), 19)
	for _, secret := range append(s.List(), s.Words()...) {
		v := secret.Value
		forms := map[string]string{
			"plain": v, "upper case": strings.ToUpper(v), "lower case": strings.ToLower(v), "query": url.QueryEscape(v), "path": url.PathEscape(v),
			"lower percent": strings.ToLower(url.QueryEscape(v)), "twice": url.QueryEscape(url.QueryEscape(v)),
			"JSON": fmt.Sprintf("%q", v), "hex": fmt.Sprintf("%x", v), "HEX": fmt.Sprintf("%X", v), "cut": v[:min(len(v), 20)],
			"base64": base64Of([]byte(v)), "base64 behind": base64Of([]byte("x" + v)), "base64 further": base64Of([]byte("xy" + v + "z")),
		}
		for name, text := range forms {
			hits := canary.NewScanner(secret).Text("here", "there", "before "+text+" after")
			assert.NotEmpty(t, hits, "%s: %s", secret.Name, name)
		}
		assert.Empty(t, canary.NewScanner(secret).Text("here", "there", "zoom: users.get: status 404, code 1001: not found [redacted]"))
	}
	assert.Len(t, canary.Tree(errors.Join(errors.New("a"), fmt.Errorf("b: %w", errors.New("c")))), 4)
	assert.Empty(t, canary.Tree(nil))
}
