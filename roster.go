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

	// CountOnly leaves out the proof. Each status is read once, and its rows are held
	// against Zoom's count. That takes half the calls. It is for a caller who counts:
	// a user can be missing without an error when others move while the pages are read,
	// because the count can be right all the same.
	CountOnly bool
}

// Roster lists everybody who has an account: pending users, then active, then inactive
// (deactivated) ones. Each user comes once.
//
// A nil error means: everybody who was in one status during the whole walk came out.
// Zoom's page tokens may be offsets, so that a user who leaves a status moves the
// others up by one, over the edge of a page. A status of more than one page is
// therefore read twice, side by side, with two page sizes; the answers must overlap
// from the first page to the last. Answers overlap where they share two users or more,
// in the same order (three if an answer has fewer than 20), and fewer users than these
// would have to have moved. So a user who leaves and comes back to another place makes
// nobody else go missing. Where answers do not overlap, the pages around the gap are read
// again a few times. If a gap remains the roster ends in [ErrListIncomplete].
//
// Zoom can count users that it does not show. A count that is too high by less than a page
// is noted in the trace ([NoteCountDiffers]) where nothing else speaks against the status;
// one that is short on its only page is read once more, and must show the same users. A
// larger gap, or one where pages came short, is [ErrListIncomplete].
//
// Not covered:
//   - somebody who is reactivated while the roster is read (everybody else is),
//   - a change of the order in which Zoom lists users, between two answers,
//   - a server that ignores page_size, or whose largest page has fewer than 20 users: a
//     status of several pages ends in [ErrListIncomplete],
//   - PageSize under 20 while users leave a status and come back: such short answers have
//     rarely been seen to hide a gap in random tests,
//   - a roster that was resumed ([List.Resume]) and a single [List.Page].
//
// Users come as they are read; the verdict comes at the end of each status.
//
// A user who moves on while the roster is read, by a deactivation for example, is
// dropped the second time, by id. A pending user may have no id. If the invitation is
// accepted in the meantime, the user comes twice, first without and then with the id:
// merge by e-mail address, in any case of letters, and keep the one with the id.
// [LicenseSummary] does.
//
// The price: about twice the calls for a status of several pages, at most one call
// more in time. A server that sends smaller pages than it was asked for costs up to 3.2
// times the calls, and up to 7.5 times if PageSize is under 20 and its largest page has
// only just 20 users. The calls are medium ones: they have no daily budget on Pro and above.
// On Pro's rate the second walk takes time of its own from about 5,400 users a second
// on; on the Free plan it doubles the time. [RosterOptions] can switch the proof off.
//
// When a page token expires (it lives 15 minutes) a walk begins again, once. The roster
// remembers the ids of those who came, at most 40 bytes a user, and the rows of a few
// pages.
//
// The walks run side by side, each on a goroutine of its own, also without
// [List.Prefetch]: the hooks of a [Trace] run on several goroutines at once and must be
// safe for concurrent use.
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
	l.spec().rule = paging.Proof
	if o.CountOnly {
		l.spec().rule = paging.Recount
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
