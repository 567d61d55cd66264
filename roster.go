package zoom

import (
	"errors"

	"github.com/seatkit/zoom/internal/paging"
)

// RosterOptions narrow [UsersService.Roster].
type RosterOptions struct {
	PageSize      int          // 1 to 2000; 0 means 300
	Statuses      []UserStatus // in the order in which they are listed; nil means pending, active, inactive
	RoleID        string       // only users of this role
	IncludeFields string       // "custom_attributes" or "host_key"

	// CountOnly leaves out the proof and checks the counts alone: half of the calls,
	// for a caller who counts people and does not act on who is missing. While people
	// join and leave, somebody can then be missing without an error.
	CountOnly bool
}

// Roster lists everybody who has an account, each once: pending users, then
// active, then inactive (deactivated) ones. It is complete or it ends in an error.
//
// Zoom has no listing of all statuses, so that this joins three. Their order
// makes the moves that happen while they are read, an invitation that is
// accepted, a deactivation, show a user twice rather than never; repeats are
// dropped by id, or by e-mail address where there is no id. Only somebody who is
// reactivated in that time can be missed.
//
// Each status must bring at least as many rows as Zoom counts. One that is short
// is listed once more; still short, the listing ends in [ErrListIncomplete].
// When a page token expires (it lives 15 minutes) the status is listed again,
// once, and only those are yielded who were not yet.
//
// It remembers the ids that it has seen, at most 40 bytes a user, and those
// of a status that had to be listed again twice.
//
// API: GET /users, medium; scope user:read:admin, granular
// user:read:list_users:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/GET/users
func (s *UsersService) Roster(opts *RosterOptions) *List[*User] {
	o := RosterOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Statuses == nil {
		o.Statuses = []UserStatus{StatusPending, StatusActive, StatusInactive}
	}
	parts, err := o.parts()
	r := userRows()
	r.identity = func(u *User) (string, string) { return u.ID, u.Email }
	l := joinedList(s.client(), usersOperation("users.roster"), r, err, parts)
	l.spec.rule = paging.Proof
	if o.CountOnly {
		l.spec.rule = paging.Recount
	}
	return l
}

func (o *RosterOptions) parts() ([]part[*User], error) {
	var parts []part[*User]
	if len(o.Statuses) == 0 {
		return nil, errors.New("statuses: want at least one, or nil for all")
	}
	listed := map[UserStatus]bool{}
	for _, status := range o.Statuses {
		if listed[status] || status == "" {
			return nil, errors.New("statuses: want each one once, and none empty")
		}
		listed[status] = true
		one := ListUsersOptions{PageSize: o.PageSize, Status: status, RoleID: o.RoleID, IncludeFields: o.IncludeFields}
		p, err := one.part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}
