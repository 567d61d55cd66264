package zoom

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/seatkit/zoom/internal/wire"
)

// A UserStatus says where a user stands in the life of an account. Values
// without a constant here are kept.
type UserStatus string

// The user statuses that Zoom describes.
const (
	StatusActive   UserStatus = "active"
	StatusInactive UserStatus = "inactive" // deactivated
	StatusPending  UserStatus = "pending"  // invited, not yet accepted; has no id
)

// UnmarshalJSON keeps any text.
func (s *UserStatus) UnmarshalJSON(data []byte) error {
	for _, known := range [...]UserStatus{StatusActive, StatusInactive, StatusPending} {
		if len(data) == len(known)+2 && string(data[1:len(data)-1]) == string(known) {
			*s = known
			return nil
		}
	}
	text, err := wire.Text(data)
	if err != nil {
		return err
	}
	*s = UserStatus(text)
	return wire.CheckText("the user status", text)
}

// A StatusAction is what [UsersService.SetStatus] does to a user.
type StatusAction string

// The actions that Zoom describes. The last two belong to workforce management.
const (
	ActionActivate   StatusAction = "activate"
	ActionDeactivate StatusAction = "deactivate"
	ActionClockIn    StatusAction = "clock_in"
	ActionClockOut   StatusAction = "clock_out"
)

// SetStatus activates or deactivates a user, or clocks one in or out.
// Deactivation takes away all licences and blocks sign-in; activation restores
// sign-in and no licence. "me" cannot be deactivated. When the answer is lost the
// user is read and the change is sent again only if it was not made; where that
// cannot be told, clocking included, the error is [ErrOutcomeUnknown]. So it is if userID
// is an e-mail address, which can change hands: name users by id.
//
// To give a seat back use [UsersService.Reclaim], which looks before it writes
// and after.
//
// Errors: [ErrProtected] for admins and Zoom Rooms, [ErrNoSeats] when there is no
// seat to come back to, [ErrNotFound].
//
// API: PUT /users/{userId}/status, light; scope user:write:admin, granular
// user:update:status:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/PUT/users/{userId}/status
func (s *UsersService) SetStatus(ctx context.Context, userID string, action StatusAction) error {
	ch := statusChange("users.set_status", userID, action)
	if err := oneOf("action", action, ActionActivate, ActionDeactivate, ActionClockIn, ActionClockOut); err != nil {
		return invalidArgument(&ch.operation, err)
	}
	if action == ActionDeactivate && isMe(userID) {
		return protected(&ch.operation, "it is the caller")
	}
	_, err := s.apply(ctx, ch)
	return err
}

// Activate lets a deactivated user sign in again. The licences that the user held
// do not come back.
func (s *UsersService) Activate(ctx context.Context, userID string) error {
	return s.SetStatus(ctx, userID, ActionActivate)
}

// Deactivate blocks a user's sign-in and takes away all licences.
func (s *UsersService) Deactivate(ctx context.Context, userID string) error {
	return s.SetStatus(ctx, userID, ActionDeactivate)
}

func statusChange(op, userID string, action StatusAction) *change {
	var reached func(*User) shown
	switch action {
	case ActionActivate:
		reached = func(u *User) shown { return u.shows(u.Status == StatusActive, "status") }
	case ActionDeactivate:
		reached = func(u *User) shown { return u.shows(u.Status == StatusInactive, "status") }
	}
	body := map[string]string{"action": string(action)}
	return newChange(op, http.MethodPut, "/users/{userId}/status", userID, body, reached)
}

func isMe(userID string) bool { return strings.EqualFold(userID, "me") }

func protected(o *operation, reason string) *Error {
	return &Error{Op: o.op, Method: o.method, Path: o.path, Err: withSentinel(ErrProtected, errors.New(reason))}
}
