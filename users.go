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

// A User is one row of the roster ([UsersService.List], [UsersService.Roster])
// or the whole record ([UsersService.Get]). Fields that only Get fills say so.
//
// A field on which no decision rests never refuses a row: where an array is due, one value
// is a list of one; what cannot be read is left at its zero value and named in
// UnreadFields. An id, address, type or status that cannot be read is [ErrBadResponse].
//
// API: https://developers.zoom.us/docs/api/users/
type User struct {
	ID          string     `json:"id,omitzero" zoom:"strict"` // about 22 characters; empty for a pending user, whose Email is the only key
	Email       string     `json:"email" zoom:"strict"`
	Type        UserType   `json:"type" zoom:"strict"`
	Status      UserStatus `json:"status,omitzero" zoom:"strict"`
	FirstName   string     `json:"first_name,omitzero"`
	LastName    string     `json:"last_name,omitzero"`
	DisplayName string     `json:"display_name,omitzero"`
	Dept        string     `json:"dept,omitzero"`
	RoleID      string     `json:"role_id,omitzero"` // RoleOwner, RoleAdmin, RoleMember or the id of a custom role

	LastLoginTime     *Time  `json:"last_login_time,omitzero"` // moves only when a sign-in is three days or more after the recorded one; nil: Zoom sent none
	LastClientVersion string `json:"last_client_version,omitzero"`
	UserCreatedAt     *Time  `json:"user_created_at,omitzero"` // when the user was created
	CreatedAt         *Time  `json:"created_at,omitzero"`      // when the latest login type was created; for a pending user the time of the call

	PMI              int64             `json:"pmi,omitzero"` // personal meeting id
	Timezone         string            `json:"timezone,omitzero"`
	Verified         int               `json:"verified,omitzero"` // 1: the e-mail address is verified
	GroupIDs         []string          `json:"group_ids,omitzero"`
	IMGroupIDs       []string          `json:"im_group_ids,omitzero"`
	DivisionIDs      []string          `json:"division_ids,omitzero"`
	EmployeeUniqueID string            `json:"employee_unique_id,omitzero"` // only with SAML single sign-on
	HostKey          string            `json:"host_key,omitzero"`           // only with IncludeFields host_key
	CustomAttributes []CustomAttribute `json:"custom_attributes,omitzero"`  // in lists only with IncludeFields custom_attributes

	PlanUnitedType  string        `json:"plan_united_type,omitzero"` // a power of two as text; "" and "0": no Zoom United plan
	LicenseInfoList []LicenseInfo `json:"license_info_list,omitzero"`
	ZoomOneType     int64         `json:"zoom_one_type,omitzero"` // Zoom Workplace bundle, a power of two; filled by Get only

	// UnreadFields are the JSON names of fields that came in a form that cannot be read.
	// They are zero here, which does not mean that Zoom sent nothing: see [LicenseOf].
	UnreadFields []string `json:"unread_fields,omitzero"`

	// The fields below are filled by Get only.

	RoleName           string        `json:"role_name,omitzero"`
	AccountID          string        `json:"account_id,omitzero"`
	AccountNumber      int64         `json:"account_number,omitzero"`
	Cluster            string        `json:"cluster,omitzero"`
	CMSUserID          string        `json:"cms_user_id,omitzero"`
	Company            string        `json:"company,omitzero"`
	JobTitle           string        `json:"job_title,omitzero"`
	CostCenter         string        `json:"cost_center,omitzero"`
	Location           string        `json:"location,omitzero"`
	Manager            string        `json:"manager,omitzero"`
	Language           string        `json:"language,omitzero"`
	JID                string        `json:"jid,omitzero"`
	LoginTypes         []int         `json:"login_types,omitzero"` // 100 work e-mail, 101 single sign-on, …
	PersonalMeetingURL string        `json:"personal_meeting_url,omitzero"`
	VanityURL          string        `json:"vanity_url,omitzero"`
	PicURL             string        `json:"pic_url,omitzero"`
	PhoneCountry       string        `json:"phone_country,omitzero"` // deprecated by Zoom
	PhoneNumber        string        `json:"phone_number,omitzero"`  // deprecated by Zoom
	PhoneNumbers       []PhoneNumber `json:"phone_numbers,omitzero"`
	Pronouns           string        `json:"pronouns,omitzero"`
	PronounsOption     int           `json:"pronouns_option,omitzero"`
	UsePMI             bool          `json:"use_pmi,omitzero"`
}

// isUnread reports whether a field came in a form that cannot be read.
func (u *User) isUnread(field string) bool { return slices.Contains(u.UnreadFields, field) }

// A CustomAttribute is a field that the account defined for its users.
type CustomAttribute struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A PhoneNumber of a user's profile.
type PhoneNumber struct {
	Code     string `json:"code,omitzero"`
	Country  string `json:"country,omitzero"`
	Label    string `json:"label,omitzero"` // Mobile, Office, Home, Fax, or empty
	Number   string `json:"number,omitzero"`
	Verified bool   `json:"verified,omitzero"`
}

// A LicenseInfo is one licence of a user on an account with several
// subscriptions that contain the same plan.
type LicenseInfo struct {
	LicenseType    string `json:"license_type"`   // MEETING, ZOOM_WORKPLACE_BUNDLE
	LicenseOption  int64  `json:"license_option"` // 2 for MEETING, else a power of two up to 2^59
	SubscriptionID string `json:"subscription_id"`
}

// The role ids that every account has; any other is a custom role.
const (
	RoleOwner  = "0"
	RoleAdmin  = "1"
	RoleMember = "2"
)

// newUser returns a user whose times share one piece of memory. finish takes away
// those that Zoom did not send.
func newUser() *User {
	times := [...]Time{{raw: notSent}, {raw: notSent}, {raw: notSent}}
	return &User{LastLoginTime: &times[0], UserCreatedAt: &times[1], CreatedAt: &times[2]}
}

// finish refuses a row that cannot be told from another: only a pending user has
// no id, and then the e-mail address is the key.
func (u *User) finish() error {
	if u == nil {
		return &wire.ShapeError{Reason: "a user is null"}
	}
	for _, t := range []**Time{&u.LastLoginTime, &u.UserCreatedAt, &u.CreatedAt} {
		if *t != nil && (*t).raw == notSent {
			*t = nil
		}
	}
	if u.ID == "" && (u.Status != StatusPending || u.Email == "") {
		return &wire.ShapeError{Reason: "a user has no id"}
	}
	return errors.Join(wire.CheckText("a user id", u.ID), wire.CheckText("an e-mail address", u.Email))
}

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
		oneOf("status", o.Status, StatusActive, StatusInactive, StatusPending),
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

func oneOf[T ~string](field string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return fmt.Errorf("%s: want one of %s", field, strings.Join(names, ", "))
}
