package zoom

import (
	"slices"
	"strconv"

	"github.com/seatkit/zoom/internal/wire"
)

// A UserType is the number in a user's type field. Numbers without a constant
// here are kept as Zoom sent them; zero stands for an absent or unreadable one.
type UserType int

// The user types that Zoom is known to send.
const (
	TypeBasic      UserType = 1  // free
	TypeLicensed   UserType = 2  // holds a seat
	TypeOnPrem     UserType = 3  // no longer described by Zoom, still sent
	TypeUnassigned UserType = 4  // no meetings licence: can join and not host
	TypeNone       UserType = 99 // made by single sign-on, without a licence
)

// UnmarshalJSON reads a number or a text that holds one and never fails on a
// number that is not known. A text that is no number becomes zero.
func (t *UserType) UnmarshalJSON(data []byte) error {
	if len(data) == 1 && data[0] >= '0' && data[0] <= '9' {
		*t = UserType(data[0] - '0')
		return nil
	}
	text, err := wire.Text(data)
	if err != nil {
		return err
	}
	if err := wire.CheckText("the user type", text); err != nil {
		return err
	}
	n, err := wire.Int(data)
	if err != nil || int64(int(n)) != n {
		n = 0
	}
	*t = UserType(n)
	return nil
}

// A LicenseType is the licence that a user holds, as people speak of it.
type LicenseType int

// The zero value is the licence that we do not know. It is shown, never hidden,
// and never reclaimed.
const (
	LicenseUnknown LicenseType = iota
	LicenseBasic
	LicenseLicensed
	LicenseOnPrem
	LicenseUnassigned
	LicenseNone
)

var licenseNames = [...]string{"Unknown", "Basic", "Licensed", "On-Prem", "Unassigned", "None"}

// String returns "Basic", "Licensed", "On-Prem", "Unassigned", "None" or
// "Unknown".
func (t LicenseType) String() string {
	if t < 0 || int(t) >= len(licenseNames) {
		return licenseNames[LicenseUnknown]
	}
	return licenseNames[t]
}

// MarshalText writes the name, so that reports and logs can be read.
func (t LicenseType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what [LicenseType.MarshalText] writes and refuses any other
// text.
func (t *LicenseType) UnmarshalText(text []byte) error {
	return unmarshalName(t, text, "license type", LicenseUnknown, LicenseBasic, LicenseLicensed, LicenseOnPrem, LicenseUnassigned, LicenseNone)
}

// A License is what one user holds.
type License struct {
	Type   LicenseType `json:"type"`
	Paid   bool        `json:"paid"`   // occupies something that was bought: a licence, an on-premises seat, a bundle
	Bundle bool        `json:"bundle"` // holds a Zoom Workplace (Zoom One) or Zoom United bundle, whatever Type says
	Raw    UserType    `json:"raw"`    // the type as Zoom sent it
}

// LicenseOf tells the licence of u from its type and its bundle fields. It is
// pure: the same user always has the same licence. A user of whom a bundle field came in
// a form that cannot be read, or without its licence type, has LicenseUnknown. A user of type
// Basic with a Meetings licence of a subscription (license_info_list) has LicenseBasic and
// is Paid: a downgrade can leave such a licence behind. Two limits come from Zoom:
// lists do not carry zoom_one_type, so that a Workplace bundle shows only on a
// user from [UsersService.Get] (or in license_info_list); and licences in
// add-ons (webinars, large meetings, Zoom Phone) are in none of these fields.
func LicenseOf(u *User) License {
	if u == nil {
		return License{}
	}
	l := License{Raw: u.Type, Bundle: hasBundle(u)}
	switch u.Type {
	case TypeBasic:
		l.Type = LicenseBasic
	case TypeLicensed:
		l.Type, l.Paid = LicenseLicensed, true
	case TypeOnPrem:
		l.Type, l.Paid = LicenseOnPrem, true
	case TypeUnassigned:
		l.Type = LicenseUnassigned
	case TypeNone:
		l.Type = LicenseNone
	}
	l.Paid = l.Paid || l.Bundle || hasMeetingLicense(u)
	if slices.ContainsFunc(licenseFields[:], u.isUnread) || slices.ContainsFunc(u.LicenseInfoList, hasNoType) {
		l.Type = LicenseUnknown
	}
	return l
}

// hasNoType reports whether an entry of license_info_list does not say which licence it is.
func hasNoType(info LicenseInfo) bool { return info.LicenseType == "" }

// licenseFields are the fields of a user in which a licence can stand, beside the type.
var licenseFields = [...]string{"plan_united_type", "license_info_list", "zoom_one_type"}

// licenseTypeMeeting is the licence type of a single Meetings licence in
// license_info_list; every other one is taken as a bundle.
const licenseTypeMeeting = "MEETING"

func hasBundle(u *User) bool {
	switch u.PlanUnitedType {
	case "", "0", "none":
	default:
		return true
	}
	for _, info := range u.LicenseInfoList {
		if info.LicenseType != licenseTypeMeeting && info.LicenseOption != 0 {
			return true
		}
	}
	return u.ZoomOneType != 0
}

func hasMeetingLicense(u *User) bool {
	for _, info := range u.LicenseInfoList {
		if info.LicenseType == licenseTypeMeeting && info.LicenseOption != 0 {
			return true
		}
	}
	return false
}

// isFree reports whether the include-free-users setting speaks of this user:
// known not to hold anything that was bought.
func (l License) isFree() bool { return l.isFreeType() && !l.Paid }

// isFreeType reports whether the type alone is one that costs nothing.
func (l License) isFreeType() bool {
	return l.Type == LicenseBasic || l.Type == LicenseUnassigned || l.Type == LicenseNone
}

// String names the licence, and a number that is not known.
func (l License) String() string {
	name := l.Type.String()
	if l.Type == LicenseUnknown {
		name += " (" + strconv.Itoa(int(l.Raw)) + ")"
	}
	if l.Bundle {
		name += " + bundle"
	}
	return name
}
