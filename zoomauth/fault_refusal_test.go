package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// Only a 400 or 401 in which Zoom says so ends a grant.
func TestFaultAU39WhatEndsAGrant(t *testing.T) {
	grant := `{"reason":"Invalid Token!","error":"invalid_grant"}`
	for name, tc := range map[string]struct {
		status int
		body   string
		is     error
	}{
		"AU39 400":                  {400, grant, zoom.ErrReauthorize},
		"AU39 401":                  {401, grant, zoom.ErrReauthorize},
		"AU39 401, older form":      {401, `{"reason":"Invalid Token!","error":"invalid_request"}`, zoom.ErrReauthorize},
		"AU39 400, a code":          {400, `{"code":4741,"message":"Token has been revoked"}`, zoom.ErrReauthorize},
		"AU39 402":                  {402, grant, zoom.ErrBadResponse},
		"AU39 403":                  {403, grant, zoom.ErrForbidden},
		"AU39 403, HTML":            {403, "<html>", zoom.ErrForbidden},
		"AU39 404":                  {404, grant, zoom.ErrBadResponse},
		"AU39 404, HTML":            {404, "<html>not found</html>", zoom.ErrBadResponse},
		"AU39 404, nothing":         {404, "", zoom.ErrBadResponse},
		"AU39 405":                  {405, grant, zoom.ErrBadResponse},
		"AU39 410":                  {410, "", zoom.ErrBadResponse},
		"AU39 410, a refusal":       {410, grant, zoom.ErrBadResponse},
		"AU39 418":                  {418, grant, zoom.ErrBadResponse},
		"AU39 422":                  {422, grant, zoom.ErrBadResponse},
		"AU39 429":                  {429, grant, zoom.ErrRateLimited},
		"AU39 429, a code":          {429, `{"code":4741,"message":"x"}`, zoom.ErrRateLimited},
		"AU39 451":                  {451, "", zoom.ErrBadResponse},
		"AU39 500":                  {500, grant, zoom.ErrServer},
		"AU39 502":                  {502, grant, zoom.ErrServer},
		"AU39 503":                  {503, `{"error":"invalid_grant"}`, zoom.ErrServer},
		"AU39 503, a code":          {503, `{"code":4735,"message":"x"}`, zoom.ErrServer},
		"AU39 400, HTML":            {400, "<html>Bad Request</html>", zoom.ErrBadResponse},
		"AU39 401, HTML":            {401, "<html>", zoom.ErrBadResponse},
		"AU39 400, an array":        {400, "[" + grant + "]", zoom.ErrBadResponse},
		"AU39 400, cut":             {400, grant[:len(grant)-3], zoom.ErrBadResponse},
		"AU39 400, error as object": {400, `{"error":{"error":"invalid_grant"}}`, zoom.ErrBadResponse},
		"AU39 200, invalid_grant":   {200, grant, zoom.ErrBadResponse},
		"AU39 400, wrong secret":    {400, `{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`, zoom.ErrClientCredentials},
		"AU39 401, wrong secret":    {401, `{"error":"invalid_client"}`, zoom.ErrClientCredentials},
		"AU39 404, wrong secret":    {404, `{"error":"invalid_client"}`, zoom.ErrBadResponse},
		"AU39 503, wrong secret":    {503, `{"error":"invalid_client"}`, zoom.ErrServer},
		"AU39 302":                  {302, grant, zoom.ErrRedirect},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{status: tc.status, body: tc.body}}}
			store := holding(t, w.app(), 0)
			asked := 0
			src := sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { asked++ }})
			_, err := src.Token(t.Context())
			require.ErrorIs(t, err, tc.is)
			assertSilent(t, err)
			kept := store.inStore(t)
			_, refresh := texts(t, kept)
			assert.Equal(t, "refresh-canary-1", refresh)
			if errors.Is(tc.is, zoom.ErrReauthorize) {
				assert.Equal(t, 1, asked)
				return
			}
			require.NotErrorIs(t, err, zoom.ErrReauthorize)
			assert.Zero(t, asked)
			if !errors.Is(tc.is, zoom.ErrClientCredentials) {
				require.NotErrorIs(t, err, zoom.ErrClientCredentials)
			}
			time.Sleep(time.Minute) // the grant is alive
			w.answers = []wireAnswer{brings("access-canary-2", "refresh-canary-2")}
			assert.Equal(t, "access-canary-2", accessOf(t, src))
		}))
	}
}

// Zoom's reason is shown if it is one that is known; any other may repeat the form.
func TestFaultAU39TheReason(t *testing.T) {
	for reason, want := range map[string]string{
		"Invalid Token!":                             "invalid_grant: Invalid Token!",
		" invalid token! ":                           "invalid_grant: Invalid Token!",
		"Bad Request":                                "invalid_grant: Bad Request",
		"Invalid client_id or client_secret":         "invalid_grant: Invalid client_id or client_secret",
		"Invalid Token! refresh-canary-1":            "invalid_grant",
		"refresh-canary-1 is spent":                  "invalid_grant",
		"client canary-client-secret-77":             "invalid_grant",
		"":                                           "invalid_grant",
		"無効なトークンです":                                  "invalid_grant",
		"<script>alert('refresh-canary-1')</script>": "invalid_grant",
	} {
		t.Run("AU39 "+reason, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{{status: 400, body: fmt.Sprintf(`{"reason":%q,"error":"invalid_grant"}`, reason)}}}
			_, err := sourceOf(t, w.app(), holding(t, w.app(), 0), nil).Token(t.Context())
			var e *zoom.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, want, e.Message)
			assert.Contains(t, err.Error(), want)
			assertSilent(t, err)
		}))
	}
}
