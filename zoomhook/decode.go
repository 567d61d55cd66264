package zoomhook

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seatkit/zoom/internal/wire"
)

const (
	deauthorized = "app_deauthorized"
	validation   = "endpoint.url_validation"
)

// A challenge is the text that Zoom wants signed, to see that the app's owner
// runs this server.
type challenge string

type envelope struct {
	Event   string         `json:"event"`
	EventTS jsontext.Value `json:"event_ts"`
	Payload jsontext.Value `json:"payload"`
}

// parse reads an *AppDeauthorized, a *UserEvent, a challenge or an *Event. Tokens
// and roster rows hang on what it says, so a name that is read and stands twice, and an
// id that is no text or has broken characters, are errors. What is passed on as it came
// and what is not read may be anything: Zoom never sends again what was answered with
// 400. Errors hold nothing of the body.
func parse(body []byte) (any, error) {
	var e envelope
	if err := wire.Decode(body, &e); err != nil {
		return nil, err
	}
	if err := wire.CheckText("the name of the event", e.Event); err != nil {
		return nil, err
	}
	switch kind := UserEventKind(e.Event); kind {
	case "":
		return nil, &wire.ShapeError{Reason: "the event has no name"}
	case UserCreated, UserInvitationAccepted, UserUpdated, UserActivated, UserDeactivated, UserDeleted, UserDisassociated:
		return parseUser(kind, &e)
	case deauthorized:
		return parseDeauthorized(&e)
	case validation:
		return parseChallenge(&e)
	default:
		return &Event{Kind: e.Event, Time: moment(e.EventTS), Payload: json.RawMessage(e.Payload)}, nil
	}
}

func parseDeauthorized(e *envelope) (*AppDeauthorized, error) {
	var p struct {
		AccountID string         `json:"account_id" zoom:"strict"`
		UserID    string         `json:"user_id" zoom:"strict"`
		ClientID  string         `json:"client_id" zoom:"strict"`
		Signature string         `json:"signature"`
		Removed   jsontext.Value `json:"deauthorization_time"`
		EventTS   jsontext.Value `json:"event_ts"` // seen as a time without a zone, which is not read
	}
	if _, err := wire.DecodeBy(wire.Record, e.Payload, &p); err != nil {
		return nil, err
	}
	if p.AccountID == "" {
		return nil, &wire.ShapeError{Reason: "the event has no account id"}
	}
	if err := cmp.Or(
		wire.CheckText("the account id", p.AccountID),
		wire.CheckText("the user id", p.UserID),
		wire.CheckText("the client id", p.ClientID),
	); err != nil {
		return nil, err
	}
	return &AppDeauthorized{
		AccountID: p.AccountID, UserID: p.UserID, ClientID: p.ClientID, Signature: p.Signature,
		Time: moment(p.Removed, p.EventTS, e.EventTS),
	}, nil
}

func parseUser(kind UserEventKind, e *envelope) (*UserEvent, error) {
	var p struct {
		AccountID  string         `json:"account_id" zoom:"strict"`
		Operator   string         `json:"operator"`
		OperatorID string         `json:"operator_id"`
		Operation  string         `json:"operation"`
		TimeStamp  jsontext.Value `json:"time_stamp"`
		Object     jsontext.Value `json:"object"`
		OldObject  jsontext.Value `json:"old_object"`
	}
	if _, err := wire.DecodeBy(wire.Record, e.Payload, &p); err != nil {
		return nil, err
	}
	user, err := parseObject(p.Object)
	if err != nil {
		return nil, err
	}
	if user.ID == "" && user.Email == "" {
		return nil, &wire.ShapeError{Reason: "the event names no user"}
	}
	if err := cmp.Or(
		wire.CheckText("the account id", p.AccountID),
		wire.CheckText("the operator", p.Operator),
		wire.CheckText("the operator id", p.OperatorID),
	); err != nil {
		return nil, err
	}
	event := &UserEvent{
		Kind: kind, AccountID: p.AccountID, Time: moment(e.EventTS, p.TimeStamp),
		Operator: p.Operator, OperatorID: p.OperatorID, User: *user,
	}
	if kind != UserUpdated {
		return event, nil
	}
	if len(p.OldObject) > 0 && !wire.IsNull(p.OldObject) {
		old, err := parseObject(p.OldObject)
		if err != nil {
			return nil, err
		}
		event.Old = old
	}
	event.Changed, event.Operation = changed(p.Object, p.OldObject), p.Operation
	return event, nil
}

// parseObject reads the user that an event is about.
func parseObject(value jsontext.Value) (*EventUser, error) {
	var user EventUser
	if _, err := wire.DecodeBy(wire.Record, value, &user); err != nil {
		return nil, err
	}
	if err := cmp.Or(wire.CheckText("the user id", user.ID), wire.CheckText("the e-mail address", user.Email)); err != nil {
		return nil, err
	}
	return &user, nil
}

// changed returns the names of the fields of which an event speaks.
func changed(now, before jsontext.Value) []string {
	var names []string
	for _, name := range slices.Concat(wire.Names(now), wire.Names(before)) {
		if name != "id" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func parseChallenge(e *envelope) (challenge, error) {
	var p struct {
		PlainToken string `json:"plainToken"`
	}
	if err := wire.Decode(e.Payload, &p); err != nil {
		return "", err
	}
	switch {
	case p.PlainToken == "":
		return "", &wire.ShapeError{Reason: "the challenge is empty"}
	case strings.HasPrefix(p.PlainToken, version+":"): // the answer would be the signature of an event
		return "", &wire.ShapeError{Reason: "the challenge has the form of a delivery"}
	}
	return challenge(p.PlainToken), wire.CheckText("the challenge", p.PlainToken)
}

// moment returns the first of the values that is a time: a number of milliseconds
// since 1970, also as a text, or a text with a zone.
func moment(values ...jsontext.Value) time.Time {
	for _, value := range values {
		var t time.Time
		if n, err := wire.Int(value); err == nil && n > 0 {
			t = time.UnixMilli(n).UTC()
		} else if text, err := wire.Text(value); err == nil {
			t, _ = time.Parse(time.RFC3339, text)
			t = t.UTC()
		}
		if year := t.Year(); !t.IsZero() && year >= 1 && year <= 9999 { // others cannot be written as JSON
			return t
		}
	}
	return time.Time{}
}
