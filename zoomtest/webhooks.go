package zoomtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// The two events whose payload is not that of the others.
const (
	eventDeauthorized  = "app_deauthorized"
	eventURLValidation = "endpoint.url_validation"
)

// operated are the events that name who caused them.
var operated = []string{
	"user.created", "user.updated", "user.activated", "user.deactivated", "user.deleted", "user.disassociated", "user.settings_updated",
}

// SignEvent returns the headers of a webhook delivery of the body: the signature
// over the time in seconds and the very bytes of the body, that time, and the
// content type.
func SignEvent(secretToken string, at time.Time, body []byte) http.Header {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secretToken))
	mac.Write([]byte("v0:" + seconds + ":"))
	mac.Write(body)
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("x-zm-request-timestamp", seconds)
	header.Set("x-zm-signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return header
}

// NewEventRequest makes the request of a webhook delivery, signed: for a client,
// or for the ServeHTTP of a handler. It panics on a bad URL.
func NewEventRequest(url, secretToken string, at time.Time, body []byte) *http.Request {
	return newEventRequest(context.Background(), url, secretToken, at, body)
}

func newEventRequest(ctx context.Context, url, secretToken string, at time.Time, body []byte) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		panic("zoomtest: NewEventRequest: " + err.Error())
	}
	req.Header = SignEvent(secretToken, at, body)
	return req
}

// Deliver sends an event once, signed at the server's time, as Zoom does: it
// repeats nothing. Zoom waits three seconds for the answer; here ctx decides. A nil
// client is [http.DefaultClient]. It panics on a bad URL.
//
// zoomhook compares that time with the clock of the machine: with [WithTime] or after
// [Server.Advance] an event can be too old or too new for it. Sign such an event with
// [NewEventRequest] at time.Now, or run the test in a testing/synctest bubble with the clock of
// the bubble.
func (s *Server) Deliver(ctx context.Context, client *http.Client, url, secretToken string, body []byte) (*http.Response, error) {
	if client == nil {
		client = http.DefaultClient
	}
	return client.Do(newEventRequest(ctx, url, secretToken, s.Now(), body))
}

// Event makes the body of a webhook event of this account, at the server's time:
//
//	server.Event("user.deactivated", jill) // a zoom.User
//	server.Event("meeting.started", map[string]any{"id": "85746065", "host_id": jill.ID})
//	server.Event("app_deauthorized", nil)
//	server.Event("endpoint.url_validation", "a plain token")
//
// The object is written as encoding/json does; of a user only what Zoom sends. Nil
// is an empty object. The operator of the events of users is the owner, or an
// admin. The old_object of user.updated holds the id alone. Event panics if the
// object cannot be written.
func (s *Server) Event(name string, object any) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC()
	o := beginObject(nil)
	o.text("event", name)
	switch name {
	case eventDeauthorized: // no event_ts beside it
		o.raw("payload", s.deauthorization(now))
		return o.end()
	case "app.authorization_request_created": // a text in this one
		o.text("event_ts", strconv.FormatInt(now.UnixMilli(), 10))
	default:
		o.number("event_ts", now.UnixMilli())
	}
	if name == eventURLValidation {
		token, _ := object.(string)
		payload := beginObject(nil)
		payload.text("plainToken", or(token, s.newID()))
		o.raw("payload", payload.end())
		return o.end()
	}
	o.raw("payload", s.eventPayload(name, object, now))
	return o.end()
}

func (s *Server) eventPayload(name string, content any, now time.Time) []byte {
	o := beginObject(nil)
	o.text("account_id", s.accountID)
	if m := s.admin(); m != nil && slices.Contains(operated, name) {
		o.text("operator", m.user.Email)
		o.text("operator_id", m.user.ID)
	}
	switch name {
	case "user.created":
		o.text("creation_type", "create")
	case "user.updated":
		o.number("time_stamp", now.UnixMilli())
	}
	o.any("object", eventObject(content))
	if name == "user.updated" {
		o.any("old_object", idOnly(o.end()))
	}
	return o.end()
}

// eventObject takes from a user what the events of users hold.
func eventObject(content any) any {
	switch u := content.(type) {
	case nil:
		return struct{}{}
	case *zoom.User:
		return eventObject(*u)
	case zoom.User:
		return struct {
			ID          string        `json:"id,omitempty"`
			FirstName   string        `json:"first_name"`
			LastName    string        `json:"last_name"`
			DisplayName string        `json:"display_name"`
			Email       string        `json:"email"`
			Type        zoom.UserType `json:"type"`
		}{u.ID, u.FirstName, u.LastName, u.DisplayName, u.Email, u.Type}
	}
	return content
}

// idOnly keeps of the object of a payload the id, if it has one.
func idOnly(payload []byte) any {
	var event struct {
		Object struct {
			ID json.RawMessage `json:"id,omitempty"`
		} `json:"object"`
	}
	_ = json.Unmarshal(payload, &event) // an object of another kind has none
	return event.Object
}

// deauthorization is the payload of app_deauthorized, whose times are texts in two
// forms.
func (s *Server) deauthorization(now time.Time) []byte {
	o := beginObject(nil)
	o.text("account_id", s.accountID)
	userID := ""
	if m := s.admin(); m != nil {
		userID = m.user.ID
	}
	o.text("user_id", userID)
	o.text("signature", hex.EncodeToString([]byte(s.newID() + s.newID()))[:64])
	o.text("deauthorization_time", now.Format("2006-01-02T15:04:05.000Z"))
	o.text("client_id", s.clientID)
	o.text("event_ts", now.Format(time.DateTime))
	return o.end()
}
