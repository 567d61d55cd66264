package zoom

import (
	"fmt"
	"iter"
	"strings"

	"github.com/seatkit/zoom/internal/wire"
)

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
