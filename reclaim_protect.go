package zoom

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/meaning"
)

// protection says why a user must not be reclaimed; empty: nothing speaks against
// it.
func (r *reclaim) protection(u *User) string {
	license := LicenseOf(u)
	switch {
	case u.Status == StatusPending || u.ID == "":
		return "the invitation is pending"
	case u.hasRole(RoleOwner, "Owner"):
		return "it is the account owner"
	case u.hasRole(RoleAdmin, "Admin") && !r.opts.AllowAdmins:
		return "it is an admin"
	case u.Status != StatusActive && u.Status != StatusInactive:
		return "the status is not known"
	case license.Type == LicenseUnknown:
		return "the user type is not known"
	case license.Type == LicenseOnPrem && u.Status == StatusActive && !r.opts.AllowOnPrem:
		return "an On-Prem seat cannot be given back by Zoom's API"
	case holdsNothing(u):
		return ""
	case u.isUnread("role_id") || (u.RoleID == "" && u.isUnread("role_name")):
		return "the role cannot be read"
	case u.RoleID == "" && u.RoleName != "" && !u.hasRole(RoleMember, "Member"):
		return "the role is not known" // its name may be that of the owner's, in another language
	case r.method != ReclaimDowngrade:
		return ""
	case u.RoleID == "" && u.RoleName == "":
		return "the role is not known" // Zoom itself refuses to deactivate owner and admins
	case license.Bundle:
		return "a downgrade does not free the bundle"
	case license.isFreeType():
		return "a downgrade does not free the licence of a subscription"
	default:
		return ""
	}
}

// hasRole reports whether a user has one of Zoom's own roles.
func (u *User) hasRole(id, name string) bool {
	return strings.TrimSpace(u.RoleID) == id || strings.EqualFold(strings.TrimSpace(u.RoleName), name)
}

// holdsNothing reports that there is no seat to give back: deactivation took all
// licences away, or there is none.
func holdsNothing(u *User) bool { return u.Status == StatusInactive || LicenseOf(u).isFree() }

// soon is how long before a meeting its host is protected.
const soon = time.Hour

// hosting says which meeting protects a host; empty: none. Upcoming meetings include
// those in progress, so that one request is enough for a user without any. Which of
// them is in progress before or after its time only the list of live ones tells.
func (r *reclaim) hosting(ctx context.Context, userID string) (string, error) {
	if r.opts.AllowLive {
		return "", nil
	}
	none := true
	for m, err := range r.meetings(ctx, userID, MeetingsUpcoming) {
		switch {
		case none && cannotHost(err):
			return "", nil
		case err != nil:
			return "", err
		case !m.hasSchedule():
			return "the time of a meeting cannot be read", nil
		case r.isDue(m):
			return "a meeting is in progress or begins within the hour", nil
		}
		none = false
	}
	if none {
		return "", nil
	}
	for _, err := range r.meetings(ctx, userID, MeetingsLive) {
		if err != nil {
			return "", err
		}
		return "a meeting is in progress", nil
	}
	return "", nil
}

// meetings lists the meetings of a user. Nobody is taken for idle whose meetings are
// fewer than Zoom counts.
func (r *reclaim) meetings(ctx context.Context, userID string, kind MeetingListType) iter.Seq2[*Meeting, error] {
	return func(yield func(*Meeting, error) bool) {
		list := (&MeetingsService{r.users.client()}).List(userID, &ListMeetingsOptions{Type: kind})
		rows, counted := 0, 0
		for page, err := range list.Pages(ctx) {
			if err != nil {
				yield(nil, withoutPage(err))
				return
			}
			rows, counted = rows+len(page.Items), max(counted, page.TotalRecords)
			for _, m := range page.Items {
				if !yield(m, nil) {
					return
				}
			}
		}
		if rows < counted {
			yield(nil, list.spec().incomplete("fewer meetings than the server counts"))
		}
	}
}

// withoutPage is the error of a listing that the caller did not ask for.
func withoutPage(err error) error {
	if page, ok := errors.AsType[*PageError](err); ok {
		return page.Err
	}
	return err
}

// cannotHost reports Zoom's refusal to list the meetings of somebody who may not have
// any.
func cannotHost(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	return ok && refused.Code == meaning.CodeNoMeetings
}

// The types of meetings that have no time of their own.
const (
	meetingInstant   = 1
	meetingRecurring = 3 // without a fixed time
)

// hasSchedule reports whether it can be told when a meeting is planned, or that it has
// no time. A time without a zone can be hours off.
func (m *Meeting) hasSchedule() bool {
	if m.StartTime == nil {
		return m.Type == meetingInstant || m.Type == meetingRecurring
	}
	_, err := time.Parse(time.RFC3339, m.StartTime.Raw())
	return err == nil && !m.StartTime.IsZero()
}

// isDue reports whether a meeting is due by our clock or by Zoom's: either can be wrong.
func (r *reclaim) isDue(m *Meeting) bool {
	now := time.Now()
	return m.isDue(now, soon) || m.isDue(now.Add(r.ahead), soon)
}

// A meeting whose length is not known is taken for one of the longest that Zoom allows.
const longestMeeting = 30 * time.Hour

// isDue reports whether a meeting goes on by its schedule, or begins within the time.
func (m *Meeting) isDue(now time.Time, within time.Duration) bool {
	if m.StartTime.IsZero() {
		return false
	}
	length := longestMeeting
	if m.Duration > 0 && m.Duration < int(longestMeeting/time.Minute) {
		length = time.Duration(m.Duration) * time.Minute
	}
	start := m.StartTime.Time()
	return start.Before(now.Add(within)) && start.Add(length).After(now)
}
