package zoom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seatkit/zoom/internal/paging"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// UsersService is the people of an account. It is reached as Client.Users.
type UsersService service

func (s *UsersService) client() *Client { return (*service)(s).client() }

// Get returns one user, with all fields. userID is an id, an e-mail address, or
// "me" with a token of that user.
//
// Errors: [ErrNotFound], also for an address that belongs to another account.
//
// API: GET /users/{userId}, light; scope user:read:admin, granular
// user:read:user:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/GET/users/{userId}
func (s *UsersService) Get(ctx context.Context, userID string) (*User, error) {
	u, _, err := s.get(ctx, userID)
	return u, err
}

func (s *UsersService) get(ctx context.Context, userID string) (*User, *transport.Answer, error) {
	u := new(User)
	o := &operation{
		op: "users.get", method: http.MethodGet, path: "/users/{userId}", values: []string{userID},
		class: ClassLight, repeatable: true,
	}
	o.accept = func(a *transport.Answer) (err error) {
		*u = User{}
		o.unread, err = decodeRecord(a, u)
		return err
	}
	answer, err := s.client().do(ctx, o)
	if err != nil {
		return nil, answer, err
	}
	return u, answer, nil
}

// decodeRecord reads one record and refuses one without a key, which may also be
// a refusal under the status of a success. It returns how many values could not be read.
func decodeRecord(a *transport.Answer, out record) (unread int, err error) {
	if unread, err = wire.DecodeBy(wire.Record, a.Body, out); err != nil {
		return unread, err
	}
	if err := out.finish(); err != nil {
		return unread, wire.RefusalOr(a.Body, err)
	}
	return unread, nil
}

// ListUsersOptions narrow [UsersService.List].
type ListUsersOptions struct {
	PageSize      int        // 1 to 2000; 0 means 300
	Status        UserStatus // "" means StatusActive
	RoleID        string     // only users of this role
	IncludeFields string     // "custom_attributes" or "host_key"
	License       string     // "zoom_workforce_management" or "zoom_compliance_management"; not a filter for Basic or Licensed
}

// maxUsersPage is the largest page of users that Zoom describes. Whether every
// account answers more than 300 is not confirmed.
const maxUsersPage = 2000

// List lists the users of one status, active ones by default, as Zoom lists them. It
// ends in [ErrListIncomplete] when fewer come than Zoom counts. It does not prove more:
// while users move, one may come twice and another not at all. For everybody use
// [UsersService.Roster].
//
// API: GET /users, medium; scope user:read:admin, granular
// user:read:list_users:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/GET/users
func (s *UsersService) List(opts *ListUsersOptions) *List[*User] {
	var o ListUsersOptions
	if opts != nil {
		o = *opts
	}
	p, err := o.part()
	l := newList(s.client(), usersOperation("users.list"), userRows(), err, p)
	l.spec().rule = paging.Strict
	return l
}

func userRows() rows[*User] {
	r := rowsOf[*User]("users")
	r.newItem = newUser
	return r
}

func usersOperation(op string) operation {
	return operation{op: op, path: "/users", class: ClassMedium}
}

// part is the listing of one status. Zoom need not send the status with a row: it is
// the one that was asked for. An account has an owner, who is active, so that a
// listing of all active users is never empty.
func (o *ListUsersOptions) part() (part[*User], error) {
	query, err := o.query()
	if err != nil {
		return part[*User]{}, err
	}
	asked := o.Status
	return part[*User]{
		query: query,
		complete: func(u *User) {
			if u != nil && u.Status == "" {
				u.Status = asked
			}
		},
		neverEmpty: asked == StatusActive && o.RoleID == "" && o.License == "",
	}, nil
}

func (o *ListUsersOptions) query() (url.Values, error) {
	size, err := pageSize(o.PageSize, maxUsersPage)
	if err != nil {
		return nil, err
	}
	if o.Status == "" {
		o.Status = StatusActive
	}
	if err := errors.Join(
		oneOf("status", string(o.Status), string(StatusActive), string(StatusInactive), string(StatusPending)),
		oneOf("include fields", o.IncludeFields, "", "custom_attributes", "host_key"),
		oneOf("license", o.License, "", "zoom_workforce_management", "zoom_compliance_management"),
	); err != nil {
		return nil, err
	}
	q := url.Values{"page_size": {size}, "status": {string(o.Status)}}
	setUnlessEmpty(q, "role_id", o.RoleID)
	setUnlessEmpty(q, "include_fields", o.IncludeFields)
	setUnlessEmpty(q, "license", o.License)
	return q, nil
}

// A UsersSummary is Zoom's own count of users. TotalUsersCount is the sum of all
// but the pending ones.
type UsersSummary struct {
	LicensedUsersCount int `json:"licensed_users_count"`
	BasicUsersCount    int `json:"basic_users_count"`
	OnPremUsersCount   int `json:"on_prem_users_count"`
	RoomUsersCount     int `json:"room_users_count"`
	PendingUsersCount  int `json:"pending_users_count"`
	JoinOnlyUsersCount int `json:"join_only_users_count"`
	TotalUsersCount    int `json:"total_users_count"`
}

// Summary returns Zoom's count of users by licence, a check on what a roster
// adds up to. Zoom does not say whether deactivated users count.
//
// API: GET /users/summary, medium; scope user:read:admin, granular
// user:read:summary:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/GET/users/summary
func (s *UsersService) Summary(ctx context.Context) (*UsersSummary, error) {
	summary := new(UsersSummary)
	o := &operation{
		op: "users.summary", method: http.MethodGet, path: "/users/summary", class: ClassMedium, repeatable: true,
		accept: func(a *transport.Answer) error {
			*summary = UsersSummary{}
			return decodeSummary(a, summary)
		},
	}
	if _, err := s.client().do(ctx, o); err != nil {
		return nil, err
	}
	return summary, nil
}

func decodeSummary(a *transport.Answer, summary *UsersSummary) error {
	if err := wire.Decode(a.Body, summary); err != nil {
		return err
	}
	if slices.Contains(wire.Names(a.Body), "total_users_count") {
		return nil
	}
	return wire.RefusalOr(a.Body, &wire.ShapeError{Reason: "the count of users is missing"})
}

func setUnlessEmpty(q url.Values, key, value string) {
	if value != "" {
		q.Set(key, value)
	}
}

// pageSize checks a page size: 0 means 300.
func pageSize(size, most int) (string, error) {
	switch {
	case size == 0:
		return strconv.Itoa(maxPageSize), nil
	case size < 0 || size > most:
		return "", fmt.Errorf("page size: want 1 to %d, or 0 for %d", most, maxPageSize)
	default:
		return strconv.Itoa(size), nil
	}
}

func oneOf(field, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("%s: want one of %s", field, strings.Join(allowed, ", "))
}
