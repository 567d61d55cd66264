package zoomtest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func TestEvents(t *testing.T) {
	s := app()
	s.UpdateUser("owner@example.com", func(u *zoom.User) { u.ID = "own" })
	s.UpdateUser("jill@example.com", func(u *zoom.User) { u.ID, u.FirstName, u.DisplayName = "jill", "Jill", "Jill <Chill>" })
	s.Advance(7 * time.Millisecond)
	jill, _ := s.User("jill")
	const (
		ts     = `"event_ts":1795435200007`
		by     = `"operator":"owner@example.com","operator_id":"own"`
		object = `"object":{"id":"jill","first_name":"Jill","last_name":"","display_name":"Jill <Chill>","email":"jill@example.com","type":1}`
	)
	for _, tt := range []struct {
		name    string
		object  any
		want    string
		payload string
	}{
		{"user.deactivated", jill, ts, by + "," + object},
		{"user.created", &jill, ts, by + `,"creation_type":"create",` + object},
		{"user.updated", map[string]any{"id": "jill", "type": 2}, ts, by + `,"time_stamp":1795435200007,"object":{"id":"jill","type":2},"old_object":{"id":"jill"}`},
		{"user.updated", []int{1}, ts, by + `,"time_stamp":1795435200007,"object":[1],"old_object":{}`},
		{"user.invitation_accepted", zoom.User{Email: "x@example.com", Type: 1}, ts, `"object":{"first_name":"","last_name":"","display_name":"","email":"x@example.com","type":1}`},
		{"meeting.started", map[string]string{"id": "85746065"}, ts, `"object":{"id":"85746065"}`},
		{"meeting.ended", nil, ts, `"object":{}`},
		{"app.authorization_request_created", nil, `"event_ts":"1795435200007"`, `"object":{}`},
	} {
		assert.JSONEq(t, `{"event":"`+tt.name+`",`+tt.want+`,"payload":{"account_id":"acc",`+tt.payload+`}}`, string(s.Event(tt.name, tt.object)), tt.name)
	}
	assert.Panics(t, func() { s.Event("x", func() {}) })

	r := reply{t: t, body: string(s.Event("app_deauthorized", nil))}
	assert.NotContains(t, r.json(), "event_ts")
	payload := r.json()["payload"].(map[string]any)
	assert.Regexp(t, `^[0-9a-f]{64}$`, payload["signature"])
	delete(payload, "signature")
	assert.Equal(t, map[string]any{
		"account_id": "acc", "user_id": "own", "client_id": "id", "deauthorization_time": "2026-11-23T12:00:00.007Z", "event_ts": "2026-11-23 12:00:00",
	}, payload)
	assert.Contains(t, string(zoomtest.NewServer().Event("app_deauthorized", nil)), `"user_id":""`)

	assert.JSONEq(t, `{"event":"endpoint.url_validation",`+ts+`,"payload":{"plainToken":"abc"}}`, string(s.Event("endpoint.url_validation", "abc")))
	assert.Regexp(t, `"plainToken":"[\w-]{22}"`, string(s.Event("endpoint.url_validation", nil)))
}

func TestSignedDelivery(t *testing.T) {
	header := zoomtest.SignEvent("secret", time.Unix(1739923528, 999), []byte(`{"a":1}`))
	assert.Equal(t, http.Header{
		"Content-Type":           {"application/json; charset=utf-8"},
		"X-Zm-Request-Timestamp": {"1739923528"},
		// printf 'v0:1739923528:{"a":1}' | openssl dgst -sha256 -hmac secret
		"X-Zm-Signature": {"v0=220676373f55d4e38f23e70db18b0684bfadeb3b7c8517cabd7b508588746d40"},
	}, header)

	var got []byte
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		assert.Equal(t, http.MethodPost, r.Method)
		assert.Equal(t, "/hook", r.URL.Path)
		for name, want := range zoomtest.SignEvent("secret", today, got) {
			assert.Equal(t, want, r.Header[name], name)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	s := app()
	body := s.Event("user.deleted", nil)
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, zoomtest.NewEventRequest("https://example.com/hook", "secret", today, body))
	assert.Equal(t, http.StatusNoContent, rec.Code)
	assert.Equal(t, body, got)

	receiver := httptest.NewServer(handler)
	defer receiver.Close()
	for _, client := range []*http.Client{nil, receiver.Client()} {
		got = nil
		res, err := s.Deliver(t.Context(), client, receiver.URL+"/hook", "secret", body)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, http.StatusNoContent, res.StatusCode)
		assert.Equal(t, body, got)
	}
	res, err := http.DefaultClient.Do(zoomtest.NewEventRequest(receiver.URL+"/hook", "secret", today, body))
	require.NoError(t, err)
	res.Body.Close()
	assert.Panics(t, func() { zoomtest.NewEventRequest("://", "secret", today, nil) })
}
