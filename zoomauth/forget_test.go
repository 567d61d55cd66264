package zoomauth_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func TestForgetDeletesWhatTheRemovalEnded(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(2, 1))
	app := srv.App(redirectURL)
	token := authorize(t, srv, app)
	const slack = 6 * time.Minute // of a clock that is behind Zoom's
	is := zoomauth.Removal{ClientID: app.ClientID, AccountID: srv.AccountID(), At: token.Authorized.Add(time.Hour)}
	for name, tc := range map[string]struct {
		change func(*zoomauth.Removal)
		token  func(*zoomauth.Token)
		want   bool
	}{
		"its own":                 {want: true},
		"at the end of the slack": {change: func(r *zoomauth.Removal) { r.At = token.Authorized.Add(slack) }, want: true},
		"within the slack":        {change: func(r *zoomauth.Removal) { r.At = token.Authorized.Add(slack - time.Second) }},
		"at the same moment":      {change: func(r *zoomauth.Removal) { r.At = token.Authorized }},
		"of another app":          {change: func(r *zoomauth.Removal) { r.ClientID = "other" }},
		"of an app not named":     {change: func(r *zoomauth.Removal) { r.ClientID = "" }},
		"of another account":      {change: func(r *zoomauth.Removal) { r.AccountID = "other" }},
		"of an account not named": {change: func(r *zoomauth.Removal) { r.AccountID = "" }},
		"before it was installed": {change: func(r *zoomauth.Removal) { r.At = token.Authorized.Add(-time.Second) }},
		"at no time":              {change: func(r *zoomauth.Removal) { r.At = time.Time{} }},
		"account not known":       {token: func(t *zoomauth.Token) { t.AccountID = "" }},
		"both not known":          {change: func(r *zoomauth.Removal) { r.AccountID = "" }, token: func(t *zoomauth.Token) { t.AccountID = "" }},
		"refreshed since":         {token: func(t *zoomauth.Token) { t.Issued = t.Issued.Add(2 * time.Hour) }},
		"server-to-server":        {token: func(t *zoomauth.Token) { t.Authorized, t.RefreshIssued = time.Time{}, time.Time{} }},
	} {
		t.Run(name, func(t *testing.T) {
			stored, r := *token, is
			if tc.token != nil {
				tc.token(&stored)
			}
			if tc.change != nil {
				tc.change(&r)
			}
			store := &watched{}
			require.NoError(t, store.Save(t.Context(), &stored))
			forgotten, err := zoomauth.Forget(t.Context(), store, r)
			require.NoError(t, err)
			assert.Equal(t, tc.want, forgotten)
			_, err = store.Load(t.Context())
			assert.Equal(t, tc.want, err != nil)
			forgotten, err = zoomauth.Forget(t.Context(), store, r)
			require.NoError(t, err, "an event comes twice")
			assert.False(t, forgotten)
		})
	}
	t.Run("installed again", func(t *testing.T) {
		store := &zoomauth.MemoryStore{}
		require.NoError(t, zoomauth.Keep(t.Context(), store, token))
		srv.Uninstall()
		removed := zoomauth.Removal{ClientID: app.ClientID, AccountID: srv.AccountID(), At: time.Now()}
		require.NoError(t, zoomauth.Keep(t.Context(), store, authorize(t, srv, app)))
		forgotten, err := zoomauth.Forget(t.Context(), store, removed)
		require.NoError(t, err)
		assert.False(t, forgotten)
		_, err = sourceOf(t, app, store, nil).Token(t.Context())
		require.NoError(t, err)
	})
	t.Run("a store that fails", func(t *testing.T) {
		for _, call := range []string{"lock", "load", "delete"} {
			store := &watched{}
			require.NoError(t, store.Save(t.Context(), token))
			store.on(func(_ context.Context, at string, _ *zoomauth.Token) error {
				if at == call {
					return errDisk
				}
				return nil
			})
			forgotten, err := zoomauth.Forget(t.Context(), store, is)
			require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable, call)
			assert.False(t, forgotten)
		}
		store := undeleting{&committing{}}
		require.NoError(t, store.Save(t.Context(), token))
		store.fails = 1
		forgotten, err := zoomauth.Forget(t.Context(), store, is)
		require.ErrorIs(t, err, errCommit)
		assert.False(t, forgotten)
	})
	_, err := zoomauth.Forget(t.Context(), nil, is)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
}
