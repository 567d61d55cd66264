package zoom

import (
	"errors"
	"slices"

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
