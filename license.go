package zoom

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

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

// ParseIncludeFreeUsers reads the include-free-users setting as a person types
// it: "Yes" is true; "No" and a blank are false; case and surrounding blanks do
// not matter. Anything else is [ErrInvalidArgument], because a guess would move
// people in or out of the licence counts.
func ParseIncludeFreeUsers(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes":
		return true, nil
	case "no", "":
		return false, nil
	default:
		return false, fmt.Errorf("zoom: include free users: want Yes, No or blank: %w", ErrInvalidArgument)
	}
}

// A Classifier applies the include-free-users setting. The zero value leaves
// free users out, as a blank setting means.
//
// Left out are Basic users and those without any meetings licence (types 4 and
// 99). Licensed, On-Prem, holders of a bundle or of a licence of a subscription, whatever
// their type, and users of an unknown type always stay in.
type Classifier struct {
	IncludeFreeUsers bool
}

// Includes reports whether the setting keeps u.
func (c Classifier) Includes(u *User) bool {
	return u != nil && (c.IncludeFreeUsers || !LicenseOf(u).isFree())
}

// Filter passes on the users that the setting keeps, and every error.
func (c Classifier) Filter(users iter.Seq2[*User, error]) iter.Seq2[*User, error] {
	return func(yield func(*User, error) bool) {
		if users == nil {
			return
		}
		for u, err := range users {
			if err == nil && !c.Includes(u) {
				continue
			}
			if !yield(u, err) {
				return
			}
		}
	}
}

// Summarize counts the users that the setting keeps. On an error the counts so
// far come back with it; they are of an incomplete listing and must not be
// reported as the account's.
func (c Classifier) Summarize(users iter.Seq2[*User, error]) (LicenseSummary, error) {
	var s LicenseSummary
	for u, err := range c.Filter(users) {
		if err != nil {
			return s, err
		}
		s.Add(u)
	}
	s.invited = nil
	return s, nil
}

// A LicenseSummary counts users by licence. Each user who is not pending is in
// exactly one of Basic, Licensed, OnPrem, Unassigned, None and Unknown; pending
// ones are in Pending alone, as in [UsersSummary], against which the counts of a
// whole roster with free users can be held: Basic, Licensed, OnPrem there too,
// Unassigned plus None as join-only. A Basic user with a Meetings licence of a
// subscription is in Basic: LicenseOf(u).Paid tells. Zoom counts Zoom Rooms apart, and does not
// say whether deactivated users count.
type LicenseSummary struct {
	Total      int // users added, pending ones included
	Basic      int
	Licensed   int
	OnPrem     int
	Unassigned int
	None       int
	Unknown    int
	Pending    int
	Inactive   int // of the licence counts: how many are deactivated
	Bundles    int // of the licence counts: how many hold a bundle

	invited *map[string]bool // addresses of the pending users without an id
}

// hasAccepted reports whether u is somebody who was counted as pending, without an
// id, and remembers u if it is pending without one.
func (s *LicenseSummary) hasAccepted(u *User) bool {
	address := ""
	if u.ID == "" || s.invited != nil {
		address = wire.LowerASCII(u.Email)
	}
	switch {
	case u.ID == "" && u.Status == StatusPending:
		if s.invited == nil {
			s.invited = &map[string]bool{}
		}
		(*s.invited)[address] = true
		return false
	case u.ID == "" || s.invited == nil || !(*s.invited)[address]:
		return false
	}
	delete(*s.invited, address) // an invitation is for one person
	return true
}

// String returns the counts on one line.
func (s LicenseSummary) String() string {
	return fmt.Sprintf("total %d: Basic %d, Licensed %d, On-Prem %d, Unassigned %d, None %d, Unknown %d, pending %d; inactive %d, bundles %d",
		s.Total, s.Basic, s.Licensed, s.OnPrem, s.Unassigned, s.None, s.Unknown, s.Pending, s.Inactive, s.Bundles)
}

// Add counts u. It is the same count as [Classifier.Summarize] makes, for
// programs that range over the roster themselves. Somebody who accepted an
// invitation while the roster was read comes twice, first without an id, and is
// counted once, by address. For that s remembers who was invited: a copy of s shares
// that memory.
//
// Add panics on a nil user: that is what comes with the error of a listing, which
// a loop with one variable does not see. Range with two:
//
//	for u, err := range client.Users.Roster(nil).All(ctx) {
//		if err != nil {
//			return err
//		}
//		summary.Add(u)
//	}
func (s *LicenseSummary) Add(u *User) {
	if u == nil {
		panic("zoom: LicenseSummary.Add of a nil user: the listing ended in an error that was not looked at; " +
			"range with two variables, for u, err := range list.All(ctx), and check err")
	}
	if s.hasAccepted(u) {
		s.Pending--
		s.Total--
	}
	s.Total++
	if u.Status == StatusPending {
		s.Pending++
		return
	}
	l := LicenseOf(u)
	switch l.Type {
	case LicenseBasic:
		s.Basic++
	case LicenseLicensed:
		s.Licensed++
	case LicenseOnPrem:
		s.OnPrem++
	case LicenseUnassigned:
		s.Unassigned++
	case LicenseNone:
		s.None++
	default:
		s.Unknown++
	}
	if l.Bundle {
		s.Bundles++
	}
	if u.Status == StatusInactive {
		s.Inactive++
	}
}
