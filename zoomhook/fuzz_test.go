package zoomhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomhook"
)

// FuzzEvent delivers any body, signed: the handler answers with one of its
// statuses, and an event that comes out says what it is and whom it is about.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, deleted, `{"event":"user.deleted","event":"app_deauthorized"}`,
		`{"event":"app_deauthorized","payload":{"account_id":"a","user_id":"u","deauthorization_time":"2020-06-17T13:52:28.632Z","event_ts":"2024-09-08 15:58:40"}}`,
		`{"event":"user.updated","event_ts":1626230691572,"payload":{"account_id":7,"object":{"id":"u","type":"2"},"old_object":{"id":"u","type":1}}}`,
		`{"event":"user.updated","event_ts":"1e3","payload":{"object":{"email":"a@example.com"},"old_object":null}}`,
		`{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}`,
		`{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1:x"}}`,
		`{"event":"meeting.started","event_ts":9223372036854775807,"payload":[{"a":1}]}`,
		"{\"event\":\"app_deauthorized\",\"payload\":{\"account_id\":\"\xff\"}}", `{"event":"\ud800"}`, "\xef\xbb\xbf{\"event\":7}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		e := newEndpoint(t, nil)
		w := e.deliver(body)
		var ids []string
		for _, event := range e.events {
			require.Equal(t, http.StatusNoContent, w.Code)
			switch event := event.(type) {
			case *zoomhook.AppDeauthorized:
				require.NotEmpty(t, event.AccountID)
				ids = append(ids, event.AccountID, event.UserID, event.ClientID)
			case *zoomhook.UserEvent:
				require.NotEmpty(t, event.Kind)
				require.NotEmpty(t, event.User.ID+event.User.Email)
				if event.Kind != zoomhook.UserUpdated {
					require.Nil(t, event.Changed)
					require.Nil(t, event.Old)
				}
				ids = append(ids, string(event.Kind), event.AccountID, event.User.ID, event.User.Email, event.OperatorID)
			case *zoomhook.Event:
				require.NotEmpty(t, event.Kind)
				ids = append(ids, event.Kind)
			}
		}
		require.NotContains(t, strings.Join(ids, " "), "\uFFFD")
		require.LessOrEqual(t, len(e.events), 1)
		switch w.Code {
		case http.StatusNoContent:
			require.Len(t, e.events, 1)
			require.NoError(t, e.err)
		case http.StatusOK:
			require.Contains(t, body, "endpoint.url_validation")
			require.NoError(t, e.err)
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			require.Error(t, e.err)
			require.NotContains(t, e.err.Error(), "\n")
		default:
			t.Fatal("status", w.Code)
		}
	})
}

// FuzzVerify holds that nothing but the one signature of body and timestamp is
// believed, however the headers look.
func FuzzVerify(f *testing.F) {
	now := time.Unix(1739923528, 0)
	good := signed(token, deleted, now)
	f.Add(good.Get("X-Zm-Signature"), "1739923528", deleted)
	f.Add(strings.ToUpper(good.Get("X-Zm-Signature")), "1739923528", deleted)
	f.Add(good.Get("X-Zm-Signature"), "1739923528:"+deleted[:5], deleted[5:])
	f.Add("v0=", "", "")
	f.Add("v1=00", "-1", "\xff")
	v, err := zoomhook.NewVerifier(token)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, signature, stamp, body string) {
		isRight := signature == "v0="+sum(token, "v0:"+stamp+":"+body)
		if v.Verify(headers(signature, stamp), []byte(body), now) == nil {
			require.True(t, isRight)
		}
		right := headers("v0="+sum(token, "v0:"+stamp+":"+body), stamp)
		err := v.Verify(right, []byte(body), now)
		if stamp == "1739923528" {
			require.NoError(t, err)
		}
		if strings.Trim(stamp, "0123456789") != "" {
			require.ErrorIs(t, err, zoomhook.ErrSignature)
		}
	})
}
