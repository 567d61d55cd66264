package zoom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A UserUpdate is what [UsersService.Update] changes; what is left out stays as
// it is. Fields that can be cleared are pointers: new("") clears one.
type UserUpdate struct {
	// At most one of these three may be set: Zoom refuses a PATCH with two of them.

	Type           UserType `json:"type,omitzero"`             // TypeBasic frees the licence, TypeLicensed takes one; also TypeOnPrem, TypeUnassigned
	ZoomOneType    *int64   `json:"zoom_one_type,omitzero"`    // Zoom Workplace bundle, a power of two; new(int64(0)) turns it off
	PlanUnitedType string   `json:"plan_united_type,omitzero"` // Zoom United plan, a power of two as text; "none" turns it off

	LicenseInfoList []LicenseInfo      `json:"license_info_list,omitzero"` // at most 2; only on accounts with several subscriptions
	Feature         *UserFeatureUpdate `json:"feature,omitzero"`

	FirstName        *string           `json:"first_name,omitzero"`   // at most 64 characters
	LastName         *string           `json:"last_name,omitzero"`    // at most 64 characters
	DisplayName      *string           `json:"display_name,omitzero"` // at most 128 characters; empty lets Zoom derive it
	Dept             *string           `json:"dept,omitzero"`
	Company          *string           `json:"company,omitzero"`   // at most 255 characters
	JobTitle         *string           `json:"job_title,omitzero"` // at most 128 characters
	Location         *string           `json:"location,omitzero"`  // at most 256 characters
	CostCenter       *string           `json:"cost_center,omitzero"`
	Manager          *string           `json:"manager,omitzero"` // e-mail address
	Timezone         *string           `json:"timezone,omitzero"`
	Language         *string           `json:"language,omitzero"`
	Pronouns         *string           `json:"pronouns,omitzero"`
	PronounsOption   int               `json:"pronouns_option,omitzero"` // 1 to 3
	HostKey          *string           `json:"host_key,omitzero"`        // 6 to 10 digits
	PMI              int64             `json:"pmi,omitzero"`             // 10 digits
	UsePMI           *bool             `json:"use_pmi,omitzero"`
	VanityName       *string           `json:"vanity_name,omitzero"`
	PhoneCountry     *string           `json:"phone_country,omitzero"` // deprecated by Zoom
	PhoneNumber      *string           `json:"phone_number,omitzero"`  // deprecated by Zoom
	PhoneNumbers     []PhoneNumber     `json:"phone_numbers,omitzero"` // at most 3
	GroupID          string            `json:"group_id,omitzero"`      // pending users only
	DivisionIDs      []string          `json:"division_ids,omitzero"`
	CMSUserID        *string           `json:"cms_user_id,omitzero"`
	CustomAttributes []CustomAttribute `json:"custom_attributes,omitzero"` // at most 5
	AboutMe          *string           `json:"about_me,omitzero"`          // at most 150 characters, no HTML, no links
	LinkedInURL      *string           `json:"linkedin_url,omitzero"`

	// Sent as parameters of the query. A read does not show them.

	LoginType            *int `json:"-"` // which of several logins of the same address
	RemoveTSPCredentials bool `json:"-"`
}

// A UserFeatureUpdate changes features. ZoomPhone set to false takes Zoom Phone
// away with all its numbers and devices.
type UserFeatureUpdate struct {
	ZoomPhone *bool `json:"zoom_phone,omitzero"`
}

// Update changes a user. When the answer is lost the user is read, and the change
// is sent again only if it was not made. If userID is an e-mail address, which can change
// hands, the error is [ErrOutcomeUnknown] instead: name users by id. For what the user does not show (host key,
// vanity name, feature, about me, …, LoginType, RemoveTSPCredentials), or shows in a form
// that cannot be read, the error is [ErrOutcomeUnknown] too. An answer about another
// user is not believed.
//
// Writes to a pending user can succeed and do nothing; those to a deactivated one
// are refused or ignored (not confirmed): activate first.
//
// Errors: [ErrInvalidArgument] for an empty or contradictory update, [ErrNoSeats]
// when the plan is full, [ErrProtected] for Zoom Rooms, [ErrNotFound].
//
// API: PATCH /users/{userId}, light; scope user:write:admin, granular
// user:update:user:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/PATCH/users/{userId}
func (s *UsersService) Update(ctx context.Context, userID string, upd *UserUpdate) error {
	if upd == nil {
		upd = &UserUpdate{}
	}
	copied := *upd
	ch := updateChange("users.update", userID, &copied)
	if err := copied.validate(); err != nil {
		return invalidArgument(&ch.operation, err)
	}
	_, err := s.apply(ctx, ch)
	return err
}

// updateChange makes the change of an update that nobody else writes to.
func updateChange(op, userID string, upd *UserUpdate) *change {
	ch := newChange(op, http.MethodPatch, "/users/{userId}", userID, upd, upd.reached())
	ch.query = upd.query()
	return ch
}

func (u *UserUpdate) query() url.Values {
	q := url.Values{}
	if u.LoginType != nil {
		q.Set("login_type", strconv.Itoa(*u.LoginType))
	}
	if u.RemoveTSPCredentials {
		q.Set("remove_tsp_credentials", "true")
	}
	return q
}

// loginTypes are those that Zoom describes.
var loginTypes = []int{0, 1, 11, 21, 23, 24, 27, 97, 98, 99, 100, 101}

func (u *UserUpdate) validate() error {
	licences := 0
	for _, set := range []bool{u.Type != 0, u.ZoomOneType != nil, u.PlanUnitedType != ""} {
		if set {
			licences++
		}
	}
	switch {
	case isEmptyUpdate(u):
		return errors.New("the update is empty")
	case licences > 1:
		return errors.New("type, zoom one type, plan united type: want at most one of the three")
	case u.Type < 0 || u.Type > TypeUnassigned:
		return errors.New("type: want TypeBasic, TypeLicensed, TypeOnPrem or TypeUnassigned")
	case u.ZoomOneType != nil && *u.ZoomOneType < 0:
		return errors.New("zoom one type: want no negative number")
	case u.PronounsOption < 0 || u.PronounsOption > 3:
		return errors.New("pronouns option: want 1 to 3")
	case u.PMI != 0 && (u.PMI < 1e9 || u.PMI >= 1e10):
		return errors.New("pmi: want 10 digits")
	case u.LoginType != nil && !slices.Contains(loginTypes, *u.LoginType):
		return errors.New("login type: want one that Zoom describes")
	}
	return errors.Join(
		atMost("license info list", len(u.LicenseInfoList), 2),
		atMost("phone numbers", len(u.PhoneNumbers), 3),
		atMost("custom attributes", len(u.CustomAttributes), 5),
		lengthOf("first name", u.FirstName, 0, 64),
		lengthOf("last name", u.LastName, 0, 64),
		lengthOf("display name", u.DisplayName, 0, 128),
		lengthOf("company", u.Company, 0, 255),
		lengthOf("job title", u.JobTitle, 0, 128),
		lengthOf("location", u.Location, 0, 256),
		lengthOf("host key", u.HostKey, 6, 10),
		lengthOf("about me", u.AboutMe, 0, 150),
	)
}

func atMost(field string, n, most int) error {
	if n > most {
		return fmt.Errorf("%s: want at most %d", field, most)
	}
	return nil
}

func lengthOf(field string, text *string, least, most int) error {
	if text == nil {
		return nil
	}
	if n := utf8.RuneCountInString(*text); n < least || n > most {
		return fmt.Errorf("%s: want %d to %d characters", field, least, most)
	}
	return nil
}

// isEmptyUpdate reports that nothing is set.
func isEmptyUpdate(u *UserUpdate) bool { return reflect.ValueOf(*u).IsZero() }

// reached returns how to tell from a user that the update was made, or nil when
// something is set that the user does not show: a field that Zoom does not give back,
// the credentials that were to go, or another login of the same address than the one
// that a read shows.
func (u *UserUpdate) reached() func(*User) shown {
	hidden := *u
	hidden.Type, hidden.ZoomOneType, hidden.PlanUnitedType = 0, nil, ""
	hidden.FirstName, hidden.LastName, hidden.DisplayName, hidden.Dept = nil, nil, nil, nil
	hidden.Company, hidden.JobTitle, hidden.Location, hidden.CostCenter = nil, nil, nil, nil
	hidden.Manager, hidden.Timezone, hidden.Language = nil, nil, nil
	hidden.Pronouns, hidden.PronounsOption, hidden.UsePMI, hidden.PMI = nil, 0, nil, 0
	if !isEmptyUpdate(&hidden) {
		return nil
	}
	if u.DisplayName != nil && *u.DisplayName == "" {
		return nil // Zoom derives one
	}
	return u.shownBy
}

// A wish is one field of an update and whether a user shows it.
type wish struct {
	field string // its name in JSON
	asked bool
	shown bool
}

func (u *UserUpdate) wishes(user *User) []wish {
	text := func(field string, want *string, have string) wish {
		return wish{field, want != nil, want != nil && *want == have}
	}
	return []wish{
		text("first_name", u.FirstName, user.FirstName),
		text("last_name", u.LastName, user.LastName),
		text("display_name", u.DisplayName, user.DisplayName),
		text("dept", u.Dept, user.Dept),
		text("company", u.Company, user.Company),
		text("job_title", u.JobTitle, user.JobTitle),
		text("location", u.Location, user.Location),
		text("cost_center", u.CostCenter, user.CostCenter),
		text("manager", u.Manager, user.Manager),
		text("timezone", u.Timezone, user.Timezone),
		text("language", u.Language, user.Language),
		text("pronouns", u.Pronouns, user.Pronouns),
		{"type", u.Type != 0, u.Type == user.Type},
		{"zoom_one_type", u.ZoomOneType != nil, u.ZoomOneType != nil && *u.ZoomOneType == user.ZoomOneType},
		{"plan_united_type", u.PlanUnitedType != "", samePlan(u.PlanUnitedType, user.PlanUnitedType)},
		{"pronouns_option", u.PronounsOption != 0, u.PronounsOption == user.PronounsOption},
		{"pmi", u.PMI != 0, u.PMI == user.PMI},
		{"use_pmi", u.UsePMI != nil, u.UsePMI != nil && *u.UsePMI == user.UsePMI},
	}
}

// shownBy tells whether the update was made. A field that was asked for and cannot be
// read leaves that open, whatever the others show.
func (u *UserUpdate) shownBy(user *User) shown {
	state := shownMade
	for _, w := range u.wishes(user) {
		switch {
		case !w.asked:
		case user.isUnread(w.field):
			return shownUnclear
		case !w.shown:
			state = shownNotMade
		}
	}
	return state
}

// samePlan compares a Zoom United plan that was asked for with the one that is
// there; "none" shows as nothing or as "0".
func samePlan(want, have string) bool {
	if want == "none" {
		return have == "" || have == "0" || have == "none"
	}
	return want == have
}
