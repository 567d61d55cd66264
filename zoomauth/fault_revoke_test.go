package zoomauth_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// Only Zoom's own word ends a token: with any other answer the store keeps it.
func TestFaultAU37WhatIsNoRevocation(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html"}}
	for name, tc := range map[string]struct {
		answer wireAnswer
		is     error // nil: it is one
		times  int   // that Zoom is asked
	}{
		"AU37 success":                {revokes, nil, 1},
		"AU37 success and more":       {wireAnswer{body: ` {"id":1,"status":"success"} `}, nil, 1},
		"AU37 a page of maintenance":  {wireAnswer{body: "<html>maintenance</html>", header: html}, zoom.ErrBadResponse, 3},
		"AU37 nothing":                {wireAnswer{}, zoom.ErrBadResponse, 3},
		"AU37 null":                   {wireAnswer{body: `null`}, zoom.ErrBadResponse, 1},
		"AU37 an empty object":        {wireAnswer{body: `{}`}, zoom.ErrBadResponse, 1},
		"AU37 failed":                 {wireAnswer{body: `{"status":"failed"}`}, zoom.ErrBadResponse, 1},
		"AU37 in capitals":            {wireAnswer{body: `{"status":"SUCCESS"}`}, zoom.ErrBadResponse, 1},
		"AU37 success under a name":   {wireAnswer{body: `{"Status":"success"}`}, zoom.ErrBadResponse, 1},
		"AU37 success in an object":   {wireAnswer{body: `{"status":{"status":"success"}}`}, zoom.ErrBadResponse, 1},
		"AU37 success as text":        {wireAnswer{body: `"success"`}, zoom.ErrBadResponse, 3},
		"AU37 true":                   {wireAnswer{body: `{"status":true}`}, zoom.ErrBadResponse, 1},
		"AU37 an error under 200":     {wireAnswer{body: `{"reason":"x","error":"invalid_client"}`}, zoom.ErrBadResponse, 1},
		"AU37 invalid_grant, 200":     {wireAnswer{body: `{"reason":"x","error":"invalid_grant"}`}, zoom.ErrBadResponse, 1},
		"AU37 a code under 200":       {wireAnswer{body: `{"code":4702,"message":"Invalid client_id"}`}, zoom.ErrBadResponse, 1},
		"AU37 accepted":               {wireAnswer{status: 202}, zoom.ErrBadResponse, 3},
		"AU37 accepted, success":      {wireAnswer{status: 202, body: `{"status":"success"}`}, zoom.ErrBadResponse, 1},
		"AU37 created, success":       {wireAnswer{status: 201, body: `{"status":"success"}`}, zoom.ErrBadResponse, 1},
		"AU37 no content":             {wireAnswer{status: 204}, zoom.ErrBadResponse, 3},
		"AU37 cut":                    {wireAnswer{body: `{"status":"success"`}, zoom.ErrBadResponse, 3},
		"AU37 not found":              {wireAnswer{status: 404, body: "<html>", header: html}, zoom.ErrBadResponse, 1},
		"AU37 gone":                   {wireAnswer{status: 410}, zoom.ErrBadResponse, 1},
		"AU37 failure, invalid_grant": {wireAnswer{status: 503, body: `{"error":"invalid_grant"}`}, zoom.ErrServer, 3},
		"AU37 limited, invalid_grant": {wireAnswer{status: 429, body: `{"error":"invalid_grant"}`}, zoom.ErrRateLimited, 3},
		"AU37 a redirect":             {wireAnswer{status: 302, header: http.Header{"Location": {"https://zoom.us/"}}}, zoom.ErrRedirect, 1},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			w := &wire{answers: []wireAnswer{tc.answer}}
			store := holding(t, w.app(), time.Hour)
			held := store.inStore(t)
			err := sourceOf(t, w.app(), store, nil).Disconnect(t.Context())
			assert.Len(t, w.revoked(), tc.times)
			if tc.is == nil {
				require.NoError(t, err)
				_, err = store.Load(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrNoToken)
				require.NoError(t, w.app().Revoke(t.Context(), held))
				return
			}
			require.ErrorIs(t, err, tc.is)
			assertSilent(t, err)
			assertStored(t, store, "refresh-canary-1", false)
			require.ErrorIs(t, w.app().Revoke(t.Context(), held), tc.is)
		}))
	}
}

// A Delete that was lost with the lock is no success.
func TestFaultAU37NotDeleted(t *testing.T) {
	w := &wire{answers: []wireAnswer{revokes}}
	store := &committing{}
	first, err := w.app().NewToken("access-canary-1", "refresh-canary-1", time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.NoError(t, zoomauth.Keep(t.Context(), store, first))
	src := sourceOf(t, w.app(), undeleting{store}, nil)
	require.ErrorIs(t, src.Disconnect(t.Context()), zoomauth.ErrStoreUnavailable)
	require.NoError(t, sourceOf(t, w.app(), store, nil).Disconnect(t.Context()))
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrNoToken)
}

// undeleting says that it has deleted.
type undeleting struct{ *committing }

func (undeleting) Delete(context.Context) error { return nil }
