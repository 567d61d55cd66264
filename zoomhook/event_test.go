package zoomhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomhook"
)

// read delivers a body and returns the event that came of it.
func read(t *testing.T, body string) any {
	t.Helper()
	e := newEndpoint(t, nil)
	w := e.deliver(body)
	require.Equal(t, http.StatusNoContent, w.Code, "%v", e.err)
	require.NoError(t, e.err)
	require.Len(t, e.events, 1)
	assert.Zero(t, w.Body.Len())
	return e.events[0]
}

var (
	july2021 = time.UnixMilli(1626230691572).UTC()
	june2020 = time.Date(2020, 6, 17, 13, 52, 28, 632e6, time.UTC)
)

func TestAppDeauthorized(t *testing.T) {
	// The shape of Zoom's own example.
	assert.Equal(t, &zoomhook.AppDeauthorized{
		AccountID: "AAAAAABBBB", UserID: "abcD3ojfdbjfg", ClientID: "ABCDEFGHIJKLMNOPQRST!V", Time: june2020, Signature: "827edc",
	}, read(t, `{"event":"app_deauthorized","payload":{"account_id":"AAAAAABBBB","user_id":"abcD3ojfdbjfg","signature":"827edc",
		"deauthorization_time":"2020-06-17T13:52:28.632Z","client_id":"ABCDEFGHIJKLMNOPQRST!V","event_ts":"2024-09-08 15:58:40"}}`))

	for name, tc := range map[string]struct {
		body string
		want zoomhook.AppDeauthorized
	}{
		"the account alone":   {`{"event":"app_deauthorized","payload":{"account_id":"a"}}`, zoomhook.AppDeauthorized{AccountID: "a"}},
		"a time without zone": {`{"event":"app_deauthorized","payload":{"account_id":"a","event_ts":"2024-09-08 15:58:40"}}`, zoomhook.AppDeauthorized{AccountID: "a"}},
		"a time in the payload": {
			`{"event":"app_deauthorized","payload":{"account_id":"a","event_ts":1626230691572}}`,
			zoomhook.AppDeauthorized{AccountID: "a", Time: july2021},
		},
		"a time at the top": {
			`{"event":"app_deauthorized","event_ts":"1626230691572","payload":{"account_id":"a","deauthorization_time":"soon"}}`,
			zoomhook.AppDeauthorized{AccountID: "a", Time: july2021},
		},
		"a time of another zone": {
			`{"event":"app_deauthorized","payload":{"account_id":"a","deauthorization_time":"2020-06-17T15:52:28.632+02:00"}}`,
			zoomhook.AppDeauthorized{AccountID: "a", Time: june2020},
		},
		"numbers, nulls, unknown fields": {
			`{"event":"app_deauthorized","x":[{}],"payload":{"account_id":12,"user_id":null,"user_data_retention":"false","client_id":7}}`,
			zoomhook.AppDeauthorized{AccountID: "12", ClientID: "7"},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, &tc.want, read(t, tc.body)) })
	}
}

func TestUserEvent(t *testing.T) {
	const envelope = `{"event":%q,"event_ts":1626230691572,"payload":{"account_id":"AAAAAABBBB","operator":"admin@example.com",
		"operator_id":"z8yCxjabcdEFGHfp8uQ","creation_type":"create","object":{"id":"abcD3ojfdbjfg","first_name":"Jill",
		"last_name":"Chill","display_name":"Jill Chill","email":"jchill@example.com","type":3}}}`
	for _, kind := range []zoomhook.UserEventKind{
		zoomhook.UserCreated, zoomhook.UserInvitationAccepted, zoomhook.UserActivated, zoomhook.UserDeactivated,
		zoomhook.UserDeleted, zoomhook.UserDisassociated,
	} {
		t.Run(string(kind), func(t *testing.T) {
			assert.Equal(t, &zoomhook.UserEvent{
				Kind: kind, AccountID: "AAAAAABBBB", Time: july2021, Operator: "admin@example.com", OperatorID: "z8yCxjabcdEFGHfp8uQ",
				User: zoomhook.EventUser{
					ID: "abcD3ojfdbjfg", Email: "jchill@example.com", FirstName: "Jill", LastName: "Chill", DisplayName: "Jill Chill", Type: zoom.TypeOnPrem,
				},
			}, read(t, fmt.Sprintf(envelope, kind)))
		})
	}
}

func TestUserUpdated(t *testing.T) {
	for name, tc := range map[string]struct {
		payload string
		want    zoomhook.UserEvent
	}{
		"an e-mail address": {
			`{"time_stamp":5,"operator":"admin@example.com","object":{"id":"u","email":"new@example.com"},"old_object":{"id":"u","email":"old@example.com"}}`,
			zoomhook.UserEvent{
				Time: july2021, Operator: "admin@example.com", User: zoomhook.EventUser{ID: "u", Email: "new@example.com"},
				Old: &zoomhook.EventUser{ID: "u", Email: "old@example.com"}, Changed: []string{"email"},
			},
		},
		"a licence, and what is not modelled": {
			`{"object":{"id":"u","type":"2","settings":{"feature":{"webinar":true}},"custom_attributes":[{"value":7}]},"old_object":{"id":"u","type":1,"dept":"x"}}`,
			zoomhook.UserEvent{
				Time: july2021, User: zoomhook.EventUser{ID: "u", Type: zoom.TypeLicensed}, Old: &zoomhook.EventUser{ID: "u", Type: zoom.TypeBasic},
				Changed: []string{"custom_attributes", "dept", "settings", "type"},
			},
		},
		"a type of a new kind": {
			`{"object":{"id":"u","type":"gold"},"old_object":null}`,
			zoomhook.UserEvent{Time: july2021, User: zoomhook.EventUser{ID: "u"}, Changed: []string{"type"}},
		},
		"a password": {
			`{"operation":"change_password","object":{"id":"u"}}`,
			zoomhook.UserEvent{Time: july2021, User: zoomhook.EventUser{ID: "u"}, Operation: "change_password"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.want.Kind = zoomhook.UserUpdated
			got := read(t, `{"event":"user.updated","event_ts":"1626230691572","payload":`+tc.payload+`}`)
			assert.Equal(t, &tc.want, got)

			text, err := json.Marshal(got) // for a queue
			require.NoError(t, err)
			var back zoomhook.UserEvent
			require.NoError(t, json.Unmarshal(text, &back))
			assert.Equal(t, tc.want, back)
		})
	}
}

func TestUserEventTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		`"event_ts":1626230691572,`:               july2021,
		`"event_ts":"1626230691572",`:             july2021,
		`"event_ts":1626230691572.0,`:             july2021,
		`"event_ts":"2020-06-17T13:52:28.632Z",`:  june2020,
		``:                                        time.UnixMilli(7).UTC(), // the payload's time_stamp
		`"event_ts":null,`:                        time.UnixMilli(7).UTC(),
		`"event_ts":0,`:                           time.UnixMilli(7).UTC(),
		`"event_ts":-5,`:                          time.UnixMilli(7).UTC(),
		`"event_ts":{},`:                          time.UnixMilli(7).UTC(),
		`"event_ts":9223372036854775807,`:         time.UnixMilli(7).UTC(),
		`"event_ts":"0000-01-01T00:00:00+23:00",`: time.UnixMilli(7).UTC(),
	} {
		got := read(t, `{"event":"user.created",`+text+`"payload":{"time_stamp":7,"object":{"email":"a@example.com"}}}`)
		assert.Equal(t, want, got.(*zoomhook.UserEvent).Time, text)
	}
	got := read(t, `{"event":"user.created","payload":{"object":{"email":"a@example.com"}}}`)
	assert.Zero(t, got.(*zoomhook.UserEvent).Time)
}

func TestOtherEvents(t *testing.T) {
	for body, want := range map[string]*zoomhook.Event{
		`{"event":"user.signed_in","event_ts":1626230691572,"payload":{"account_id":"a", "object":{"id":"u"}}}`: {
			Kind: "user.signed_in", Time: july2021, Payload: json.RawMessage(`{"account_id":"a", "object":{"id":"u"}}`),
		},
		`{"event":"meeting.started","payload":[1]}`: {Kind: "meeting.started", Payload: json.RawMessage(`[1]`)},
		`{"event":"User.Created"}`:                  {Kind: "User.Created"}, // names are exact
		`{"event":"app_deauthorized ","EVENT":1}`:   {Kind: "app_deauthorized "},
		"\xef\xbb\xbf" + `{"event":7}`:              {Kind: "7"},
	} {
		t.Run(want.Kind, func(t *testing.T) { assert.Equal(t, want, read(t, body)) })
	}
}

// Signed and yet not to be acted on.
func TestS16UnreadableEvents(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                  ``,
		"blanks":                 ` `,
		"no JSON":                `event=secret-a`,
		"cut":                    `{"event":"user.created","payload":{"object":{"id":"secret-a"`,
		"text behind":            `{"event":"user.signed_in"} secret-a`,
		"array":                  `[{"event":"user.created"}]`,
		"null":                   `null`,
		"no name":                `{"payload":{"object":{"id":"secret-a"}}}`,
		"empty name":             `{"event":"","payload":{"object":{"id":"secret-a"}}}`,
		"name of another type":   `{"event":{"a":"secret-a"}}`,
		"name with bad UTF-8":    "{\"event\":\"secret-a\xff\"}",
		"doubled event":          `{"event":"user.signed_in","event":"app_deauthorized","payload":{"account_id":"secret-a"}}`,
		"doubled event, escaped": `{"event":"user.signed_in","\u0065vent":"app_deauthorized","payload":{"account_id":"secret-a"}}`,
		"doubled account":        `{"event":"app_deauthorized","payload":{"account_id":"a","account_id":"secret-a"}}`,
		"doubled user id":        `{"event":"user.deleted","payload":{"object":{"id":"a","id":"secret-a"}}}`,
		"nested too deeply":      `{"event":"x","payload":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,

		"deauthorised: no payload":            `{"event":"app_deauthorized"}`,
		"deauthorised: null":                  `{"event":"app_deauthorized","payload":null}`,
		"deauthorised: a list":                `{"event":"app_deauthorized","payload":[]}`,
		"deauthorised: no account":            `{"event":"app_deauthorized","payload":{"user_id":"secret-a"}}`,
		"deauthorised: empty account":         `{"event":"app_deauthorized","payload":{"account_id":""}}`,
		"deauthorised: account of other case": `{"event":"app_deauthorized","payload":{"Account_ID":"secret-a"}}`,
		"deauthorised: account at the top":    `{"event":"app_deauthorized","account_id":"secret-a","payload":{}}`,
		"deauthorised: account is an object":  `{"event":"app_deauthorized","payload":{"account_id":{"x":"secret-a"}}}`,
		"deauthorised: bad UTF-8":             "{\"event\":\"app_deauthorized\",\"payload\":{\"account_id\":\"secret-a\xff\"}}",
		"deauthorised: lone surrogate":        `{"event":"app_deauthorized","payload":{"account_id":"secret-a\ud800"}}`,
		"deauthorised: bad user":              "{\"event\":\"app_deauthorized\",\"payload\":{\"account_id\":\"a\",\"user_id\":\"secret-a\xff\"}}",
		"deauthorised: bad client":            "{\"event\":\"app_deauthorized\",\"payload\":{\"account_id\":\"a\",\"client_id\":\"secret-a\xff\"}}",

		"user: no payload":     `{"event":"user.deleted"}`,
		"user: no object":      `{"event":"user.deleted","payload":{"account_id":"secret-a"}}`,
		"user: null":           `{"event":"user.updated","payload":{"object":null}}`,
		"user: a text":         `{"event":"user.deleted","payload":{"object":"secret-a"}}`,
		"user: nobody":         `{"event":"user.deleted","payload":{"object":{"first_name":"secret-a"}}}`,
		"user: bad id":         "{\"event\":\"user.deleted\",\"payload\":{\"object\":{\"id\":\"secret-a\xff\"}}}",
		"user: bad e-mail":     "{\"event\":\"user.deleted\",\"payload\":{\"object\":{\"id\":\"u\",\"email\":\"secret-a\xff@example.com\"}}}",
		"user: bad account":    "{\"event\":\"user.deleted\",\"payload\":{\"account_id\":\"secret-a\xff\",\"object\":{\"id\":\"u\"}}}",
		"user: bad operator":   "{\"event\":\"user.deleted\",\"payload\":{\"operator_id\":\"secret-a\xff\",\"object\":{\"id\":\"u\"}}}",
		"user: bad old e-mail": "{\"event\":\"user.updated\",\"payload\":{\"object\":{\"id\":\"u\"},\"old_object\":{\"email\":\"secret-a\xff\"}}}",
		"user: old is a list":  `{"event":"user.updated","payload":{"object":{"id":"u"},"old_object":["secret-a"]}}`,

		"challenge: no payload":       `{"event":"endpoint.url_validation"}`,
		"challenge: none":             `{"event":"endpoint.url_validation","payload":{}}`,
		"challenge: empty":            `{"event":"endpoint.url_validation","payload":{"plainToken":""}}`,
		"challenge: an object":        `{"event":"endpoint.url_validation","payload":{"plainToken":{"a":"secret-a"}}}`,
		"challenge: bad UTF-8":        "{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"secret-a\xff\"}}",
		"challenge: a delivery":       `{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1739923528:{\"event\":\"secret-a\"}"}}`,
		"challenge: doubled":          `{"event":"endpoint.url_validation","payload":{"plainToken":"a","plainToken":"secret-a"}}`,
		"challenge: of another case":  `{"event":"endpoint.url_validation","payload":{"plaintoken":"secret-a"}}`,
		"challenge: outside of place": `{"event":"endpoint.url_validation","plainToken":"secret-a"}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			w := e.deliver(body)
			assert.Equal(t, http.StatusBadRequest, w.Code)
			assert.Zero(t, w.Body.Len())
			assert.Empty(t, e.events)
			assert.Equal(t, http.StatusBadRequest, e.status)
			require.Error(t, e.err)
			assert.Regexp(t, `^zoomhook: the event cannot be read: [^\n]+$`, e.err.Error())
			assert.NotContains(t, e.err.Error(), "secret")
		})
	}
}

// Zoom never sends again what was answered with 400: what is not read, or passed on as it
// came, refuses no event.
func TestFaultBD34EventsWithDoubledNames(t *testing.T) {
	for name, body := range map[string]string{
		"in an event that is passed on":     `{"event":"session.recording_completed","payload":{"object":{"files":[{"kind":"x","kind":"y"}]}}}`,
		"around it":                         `{"event":"meeting.started","x":1,"x":2,"payload":{}}`,
		"in what is not read of a user":     `{"event":"user.created","payload":{"object":{"id":"u","settings":{"a":1,"a":2},"settings":{}}}}`,
		"in the payload of a user":          `{"event":"user.deleted","payload":{"x":1,"x":2,"object":{"id":"u"}}}`,
		"in an update":                      `{"event":"user.updated","payload":{"object":{"id":"u","dept":"a","dept":"b"},"old_object":{"x":[{"y":1,"y":2}]}}}`,
		"in a removal":                      `{"event":"app_deauthorized","payload":{"account_id":"a","x":1,"x":2}}`,
		"in an odd operator":                `{"event":"user.deleted","payload":{"operator":{"x":1,"x":2},"object":{"id":"u","first_name":["a"]}}}`,
		"in a challenge":                    `{"event":"endpoint.url_validation","payload":{"plainToken":"p","x":1,"x":2}}`,
		"of another case, which is unknown": `{"event":"user.deleted","payload":{"object":{"id":"u","ID":"v","Id":"w"}}}`,
	} {
		t.Run("BD34 "+name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			w := e.deliver(body)
			assert.Less(t, w.Code, 300, "%v", e.err)
			require.NoError(t, e.err)
		})
	}
	t.Run("BD34 fields of an update", func(t *testing.T) {
		got := read(t, `{"event":"user.updated","payload":{"object":{"id":"u","dept":"a","dept":"b"},"old_object":{"dept":"c","x":1}}}`)
		assert.Equal(t, []string{"dept", "x"}, got.(*zoomhook.UserEvent).Changed)
	})
	t.Run("BD34 the payload as it came", func(t *testing.T) {
		got := read(t, `{"event":"meeting.started","payload":{"y":1,"y":2}}`)
		assert.Equal(t, `{"y":1,"y":2}`, string(got.(*zoomhook.Event).Payload))
	})
}
