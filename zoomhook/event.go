package zoomhook

import (
	"encoding/json"
	"time"

	"github.com/seatkit/zoom"
)

// An AppDeauthorized says that somebody removed the app. Zoom sends it for
// published apps only; the tokens are dead by then.
//
// Before dropping tokens compare the event with the installation that they belong
// to: see the package documentation.
//
// API: https://developers.zoom.us/docs/api/marketplace/events/
type AppDeauthorized struct {
	AccountID string    // never empty
	UserID    string    // who removed the app
	ClientID  string    // of the app
	Time      time.Time // when it was removed, UTC; zero: Zoom sent nothing readable
	Signature string    // Zoom's id of this removal; no proof of anything
}

// A UserEventKind is the name of an event about a user, as Zoom writes it.
type UserEventKind string

// The events about users that matter to a roster.
const (
	UserCreated            UserEventKind = "user.created" // may be pending still
	UserInvitationAccepted UserEventKind = "user.invitation_accepted"
	UserUpdated            UserEventKind = "user.updated"
	UserActivated          UserEventKind = "user.activated"
	UserDeactivated        UserEventKind = "user.deactivated"
	UserDeleted            UserEventKind = "user.deleted"
	UserDisassociated      UserEventKind = "user.disassociated" // left the account and lives on in another
)

// A UserEvent says that something happened to a user. It is a hint: read the user
// again before deciding anything. It can be written as JSON and read back.
//
// API: https://developers.zoom.us/docs/api/users/events/
type UserEvent struct {
	Kind       UserEventKind
	AccountID  string
	Time       time.Time // when it happened, UTC; zero: Zoom sent nothing readable
	Operator   string    // e-mail address of who did it; often empty
	OperatorID string
	User       EventUser

	// The fields below are filled by user.updated only.

	Changed   []string   // names of the fields that the event speaks of, sorted, without "id"
	Old       *EventUser // what was before, where Zoom tells; only changed fields are filled
	Operation string     // "change_password", "sign_out_from_all_devices" or empty
}

// An EventUser is a user as an event describes them: incomplete, and possibly out
// of date. In a [UserUpdated] only ID and what changed are filled.
type EventUser struct {
	ID          string        `json:"id,omitzero" zoom:"strict"` // of ID and Email one at least is there
	Email       string        `json:"email,omitzero" zoom:"strict"`
	FirstName   string        `json:"first_name,omitzero"`
	LastName    string        `json:"last_name,omitzero"`
	DisplayName string        `json:"display_name,omitzero"`
	Type        zoom.UserType `json:"type,omitzero"` // as sent, often not the licence that the user holds; zero: not sent
}

// An Event is any other event: sign-ins, meetings, groups and whatever else the
// app subscribed to.
type Event struct {
	Kind    string          // such as "user.signed_in"; never empty
	Time    time.Time       // UTC; zero: Zoom sent nothing readable
	Payload json.RawMessage // as it came, account_id and all; nil: there was none
}
