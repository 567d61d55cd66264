package zoom

import "github.com/seatkit/zoom/internal/wire"

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
