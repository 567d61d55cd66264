package zoom

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/wire"
)

// ReportsService is the usage reports of an account. It is reached as
// Client.Reports. Reports lag behind the end of a meeting by minutes to half an
// hour (not confirmed by Zoom): end a window on a day that is over. Zoom does not
// say in which zone a day of a report begins.
type ReportsService service

func (s *ReportsService) client() *Client { return (*service)(s).client() }

// ParticipantsOptions change [ReportsService.Participants].
type ParticipantsOptions struct {
	PageSize      int    // 1 to 300; 0 means 300
	IncludeFields string // "registrant_id"
}

// Participants lists the stays of the people in one past meeting. A meeting
// number means the latest instance, a UUID the one that it names. Only meetings
// with two or more participants, the host included, have this report. Rows are
// given as they are sent: a person has one for each join.
//
// Errors: [ErrNotFound] for a meeting that does not exist, has not ended or is
// not ready; [ErrPageTokenExpired] when the reader takes 15 minutes for a page;
// [ErrNoReport] if the plan, the account or the role has no reports.
//
// API: GET /report/meetings/{meetingId}/participants, heavy; scope
// report:read:admin, granular report:read:list_meeting_participants:admin.
// https://developers.zoom.us/docs/api/meetings/#tag/reports/GET/report/meetings/{meetingId}/participants
func (s *ReportsService) Participants(meetingID string, opts *ParticipantsOptions) *List[*Participant] {
	var o ParticipantsOptions
	if opts != nil {
		o = *opts
	}
	size, err := pageSize(o.PageSize, maxPageSize)
	err = errors.Join(err, oneOf("include fields", o.IncludeFields, "", "registrant_id"))
	query := url.Values{"page_size": {size}}
	setUnlessEmpty(query, "include_fields", o.IncludeFields)
	op := operation{
		op: "reports.participants", path: "/report/meetings/{meetingId}/participants",
		values: []string{meetingNumber(meetingID)}, class: ClassHeavy,
	}
	return newList(s.client(), op, rowsOf[*Participant]("participants"), err, part[*Participant]{query: query})
}

// meetingNumber strips the blanks with which meeting numbers are shown.
func meetingNumber(id string) string {
	digits := strings.ReplaceAll(strings.TrimSpace(id), " ", "")
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		return digits
	}
	return id
}

// HostType is which hosts the report of [ReportsService.Hosts] lists.
type HostType string

// The two reports of hosts. Somebody who only joins meetings is inactive.
const (
	HostsActive   HostType = "active"
	HostsInactive HostType = "inactive"
)

// HostsOptions narrow [ReportsService.Hosts].
type HostsOptions struct {
	PageSize int       // 1 to 300; 0 means 300
	Type     HostType  // "" means HostsActive
	From     time.Time // first day, by its own calendar date; zero: the 30 days that end at To
	To       time.Time // last day, inclusive; zero: today, in the location of From if that is given, else in UTC
	GroupID  string    // only hosts of this group
}

// Hosts lists who hosted meetings, or who did not. A window of active hosts may
// be up to six months long and is asked for month by month (30 days): each host
// has one row for each month, with its From and To. A window of inactive hosts
// is at most one month: inactive in one month is not inactive in all, so for a
// longer time take the active hosts away from the roster.
//
// Errors: [ErrNoReport] if the plan, the account or the role has no reports.
//
// API: GET /report/users, heavy; scope report:read:admin, granular
// report:read:list_users:admin.
// https://developers.zoom.us/docs/api/meetings/#tag/reports/GET/report/users
func (s *ReportsService) Hosts(opts *HostsOptions) *List[*Host] {
	var o HostsOptions
	if opts != nil {
		o = *opts
	}
	return windowList(s.client(), operation{op: "reports.hosts", path: "/report/users", class: ClassHeavy}, rowsOf[*Host]("users"), o.parts)
}

func (o HostsOptions) parts(now time.Time) ([]part[*Host], error) {
	if o.Type == "" {
		o.Type = HostsActive
	}
	size, errSize := pageSize(o.PageSize, maxPageSize)
	w, errWindow := reportWindow(o.From, o.To, now)
	if err := errors.Join(errSize, oneOf("type", string(o.Type), string(HostsActive), string(HostsInactive)), errWindow); err != nil {
		return nil, err
	}
	q := url.Values{"page_size": {size}, "type": {string(o.Type)}}
	setUnlessEmpty(q, "group_id", o.GroupID)
	stamp := func(h *Host, month window) {
		if h != nil {
			h.From, h.To = month.from, month.to
		}
	}
	if o.Type == HostsInactive {
		if !w.withinMonth() {
			return nil, errors.New("from: inactive hosts can be asked for one month at most")
		}
		return []part[*Host]{{query: w.query(q), complete: func(h *Host) { stamp(h, w) }}}, nil
	}
	return windowParts(w, q, stamp), nil
}

// What UserMeetingsOptions.Type can be.
const (
	UserMeetingsPast       = "past"
	UserMeetingsPastOne    = "pastOne"    // with one participant
	UserMeetingsPastJoined = "pastJoined" // hosted or joined
)

// UserMeetingsOptions narrow [ReportsService.UserMeetings].
type UserMeetingsOptions struct {
	PageSize int       // 1 to 300; 0 means 300
	Type     string    // a UserMeetings constant; "" means UserMeetingsPast
	From     time.Time // first day, by its own calendar date; zero: the 30 days that end at To
	To       time.Time // last day, inclusive; zero: today, in the location of From if that is given, else in UTC
}

// UserMeetings lists the past meetings and webinars of a user, those with two or
// more different participants. A window of up to six months is asked for month
// by month (30 days).
//
// Errors: [ErrNoReport] if the plan, the account or the role has no reports.
//
// API: GET /report/users/{userId}/meetings, heavy; scope report:read:admin,
// granular report:read:user:admin.
// https://developers.zoom.us/docs/api/meetings/#tag/reports/GET/report/users/{userId}/meetings
func (s *ReportsService) UserMeetings(userID string, opts *UserMeetingsOptions) *List[*ReportMeeting] {
	var o UserMeetingsOptions
	if opts != nil {
		o = *opts
	}
	op := operation{op: "reports.user_meetings", path: "/report/users/{userId}/meetings", values: []string{userID}, class: ClassHeavy}
	return windowList(s.client(), op, rowsOf[*ReportMeeting]("meetings"), o.parts)
}

func (o UserMeetingsOptions) parts(now time.Time) ([]part[*ReportMeeting], error) {
	if o.Type == "" {
		o.Type = UserMeetingsPast
	}
	size, errSize := pageSize(o.PageSize, maxPageSize)
	w, errWindow := reportWindow(o.From, o.To, now)
	if err := errors.Join(errSize, errWindow, oneOf("type", o.Type, UserMeetingsPast, UserMeetingsPastOne, UserMeetingsPastJoined)); err != nil {
		return nil, err
	}
	return windowParts[*ReportMeeting](w, url.Values{"page_size": {size}, "type": {o.Type}}, nil), nil
}

// SignInsOptions narrow [ReportsService.SignIns].
type SignInsOptions struct {
	PageSize int       // 1 to 300; 0 means 300
	From     time.Time // first day, by its own calendar date; zero: the 30 days that end at To
	To       time.Time // last day, inclusive; zero: today, in the location of From if that is given, else in UTC
}

// SignIns lists the sign-ins and sign-outs of all users, the most exact sign of
// use that needs no dashboard plan. A window of up to six months is asked for
// month by month (30 days).
//
// Errors: [ErrNoReport] if the plan, the account or the role has no reports.
//
// API: GET /report/activities, heavy; scope report:read:admin, granular
// report:read:user_activities:admin.
// https://developers.zoom.us/docs/api/meetings/#tag/reports/GET/report/activities
func (s *ReportsService) SignIns(opts *SignInsOptions) *List[*SignIn] {
	var o SignInsOptions
	if opts != nil {
		o = *opts
	}
	return windowList(s.client(), operation{op: "reports.sign_ins", path: "/report/activities", class: ClassHeavy}, rowsOf[*SignIn]("activity_logs"), o.parts)
}

func (o SignInsOptions) parts(now time.Time) ([]part[*SignIn], error) {
	size, errSize := pageSize(o.PageSize, maxPageSize)
	w, errWindow := reportWindow(o.From, o.To, now)
	if err := errors.Join(errSize, errWindow); err != nil {
		return nil, err
	}
	return windowParts[*SignIn](w, url.Values{"page_size": {size}}, nil), nil
}

func (p *Participant) finish() error {
	if p == nil {
		return &wire.ShapeError{Reason: "a participant is null"}
	}
	return errors.Join(wire.CheckText("a participant's user id", p.ParticipantUserID), wire.CheckText("an e-mail address", p.UserEmail))
}

func (h *Host) finish() error {
	if h == nil || (h.ID == "" && h.Email == "") {
		return &wire.ShapeError{Reason: "a host has neither id nor e-mail address"}
	}
	return errors.Join(wire.CheckText("a host id", h.ID), wire.CheckText("an e-mail address", h.Email))
}

func (m *ReportMeeting) finish() error {
	if m == nil {
		return &wire.ShapeError{Reason: "a meeting is null"}
	}
	return errors.Join(wire.CheckText("a meeting UUID", m.UUID), wire.CheckText("an e-mail address", m.UserEmail))
}

func (s *SignIn) finish() error {
	if s == nil {
		return &wire.ShapeError{Reason: "a sign-in is null"}
	}
	return wire.CheckText("an e-mail address", s.Email)
}
