package zoomhook_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomhook"
	"github.com/seatkit/zoom/zoomtest"
)

// What the fake sends as Zoom does is read here: the events of a roster, the removal of
// an app, the validation of the endpoint.
func TestEventsOfTheFake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		defer srv.Close()
		users, err := srv.Client().Users.Roster(nil).Collect(t.Context())
		require.NoError(t, err)
		user := users[2]

		var kinds []zoomhook.UserEventKind
		var removed []zoomhook.AppDeauthorized
		v, err := zoomhook.NewVerifier(token)
		require.NoError(t, err)
		h, err := zoomhook.NewHandler(v, zoomhook.Handlers{
			User: func(_ context.Context, e *zoomhook.UserEvent) error {
				assert.Equal(t, srv.AccountID(), e.AccountID)
				assert.Equal(t, user.ID, e.User.ID)
				assert.WithinDuration(t, srv.Now(), e.Time, time.Millisecond)
				kinds = append(kinds, e.Kind)
				return nil
			},
			AppDeauthorized: func(_ context.Context, e *zoomhook.AppDeauthorized) error {
				removed = append(removed, *e)
				return nil
			},
		})
		require.NoError(t, err)
		deliver := func(secret string, body []byte) *httptest.ResponseRecorder {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, zoomtest.NewEventRequest("https://app.example/zoom/events", secret, time.Now(), body))
			return rec
		}
		want := []zoomhook.UserEventKind{
			zoomhook.UserCreated, zoomhook.UserUpdated, zoomhook.UserActivated, zoomhook.UserDeactivated, zoomhook.UserDeleted, zoomhook.UserDisassociated,
		}
		for _, kind := range want {
			assert.Equal(t, http.StatusNoContent, deliver(token, srv.Event(string(kind), user)).Code, kind)
			assert.Equal(t, http.StatusUnauthorized, deliver("another secret token", srv.Event(string(kind), user)).Code, kind)
		}
		assert.Equal(t, want, kinds)
		assert.Equal(t, http.StatusNoContent, deliver(token, srv.Event("app_deauthorized", nil)).Code)
		require.Len(t, removed, 1)
		assert.Equal(t, srv.AccountID(), removed[0].AccountID)
		assert.WithinDuration(t, srv.Now(), removed[0].Time, time.Second)

		answer := deliver(token, srv.Event("endpoint.url_validation", "a plain token"))
		assert.Equal(t, http.StatusOK, answer.Code)
		assert.JSONEq(t, `{"plainToken":"a plain token","encryptedToken":"`+sum(token, "a plain token")+`"}`, answer.Body.String())
	})
}
