package zoom

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/wire"
)

// A Participant is one stay of one person in one meeting. Leaving and coming
// back, breakout rooms and second devices each make a row of their own: add up
// by ParticipantUserID, else by UserEmail, else by Name.
type Participant struct {
	ParticipantUserID string            `json:"participant_user_id" zoom:"strict"` // the Zoom user id; empty for a guest
	ID                string            `json:"id" zoom:"strict"`                  // the same value, being removed by Zoom
	UserID            string            `json:"user_id"`                           // of this join only: changes on every rejoin
	Name              string            `json:"name"`                              // empty on accounts under a BAA
	UserEmail         string            `json:"user_email" zoom:"strict"`          // empty for people outside of the host's account
	JoinTime          *Time             `json:"join_time,omitzero"`
	LeaveTime         *Time             `json:"leave_time,omitzero"`
	Duration          int               `json:"duration"` // seconds, of this stay
	Status            ParticipantStatus `json:"status,omitzero" zoom:"strict"`
	RegistrantID      string            `json:"registrant_id,omitzero"`
	BreakoutRoomID    string            `json:"bo_mtg_id,omitzero"`
	CustomerKey       string            `json:"customer_key,omitzero"`
	Failover          bool              `json:"failover"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A ParticipantStatus is where a participant stayed. A stay in the waiting room is no
// attendance. Any other text is kept.
type ParticipantStatus string

// The statuses that Zoom describes.
const (
	ParticipantInMeeting     ParticipantStatus = "in_meeting"
	ParticipantInWaitingRoom ParticipantStatus = "in_waiting_room"
)

// A Host is one row of the active or inactive hosts report: one person in one
// window of at most a month.
type Host struct {
	ID               string            `json:"id" zoom:"strict"`
	Email            string            `json:"email" zoom:"strict"`
	UserName         string            `json:"user_name"`
	Dept             string            `json:"dept"`
	Type             UserType          `json:"type" zoom:"strict"`
	Meetings         int               `json:"meetings"`        // hosted in the window
	MeetingMinutes   int               `json:"meeting_minutes"` // of those meetings
	Participants     int               `json:"participants"`    // in those meetings
	CustomAttributes []CustomAttribute `json:"custom_attributes,omitzero"`

	From time.Time `json:"-"` // first day of the window, 00:00 UTC
	To   time.Time `json:"-"` // last day of the window, 00:00 UTC, inclusive

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A ReportMeeting is one meeting or webinar of a user's meeting report. Only
// those with two or more different participants are in it.
type ReportMeeting struct {
	UUID                       string      `json:"uuid" zoom:"strict"`
	ID                         int64       `json:"id" zoom:"strict"`
	Topic                      string      `json:"topic"`
	Type                       int         `json:"type" zoom:"strict"`
	StartTime                  *Time       `json:"start_time,omitzero"`
	EndTime                    *Time       `json:"end_time,omitzero"`
	Duration                   int         `json:"duration"`           // minutes
	TotalMinutes               int         `json:"total_minutes"`      // summed over the participants
	ParticipantsCount          int         `json:"participants_count"` // different participants
	ParticipantsCountMyAccount int         `json:"participants_count_my_account"`
	UserEmail                  string      `json:"user_email" zoom:"strict"`
	UserName                   string      `json:"user_name"`
	Source                     string      `json:"source,omitzero"`
	CustomKeys                 []CustomKey `json:"custom_keys,omitzero"`
	SessionKey                 string      `json:"session_key,omitzero"`
	HostOrganization           string      `json:"host_organization,omitzero"`
	HostName                   string      `json:"host_name,omitzero"`
	HasScreenShare             bool        `json:"has_screen_share"`
	HasRecording               bool        `json:"has_recording"`
	HasChat                    bool        `json:"has_chat"`
	MeetingEncryptionStatus    int         `json:"meeting_encryption_status,omitzero"` // 1 end-to-end, 2 enhanced

	// Zoom writes these without a zone and does not say which one is meant: read
	// as UTC, with the text as sent in Raw.

	ScheduleTime        *Time `json:"schedule_time,omitzero"`
	JoinWaitingRoomTime *Time `json:"join_waiting_room_time,omitzero"`
	JoinTime            *Time `json:"join_time,omitzero"`
	LeaveTime           *Time `json:"leave_time,omitzero"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A CustomKey is a pair that an application attached to a meeting.
type CustomKey struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A SignIn is one row of the sign-in and sign-out report.
type SignIn struct {
	Email      string `json:"email" zoom:"strict"`
	Time       *Time  `json:"time,omitzero"`
	Type       string `json:"type" zoom:"strict"` // "Sign in" or "Sign out"
	IPAddress  string `json:"ip_address"`
	ClientType string `json:"client_type"`
	Version    string `json:"version"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

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
	if err := errors.Join(errSize, oneOf("type", o.Type, HostsActive, HostsInactive), errWindow); err != nil {
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

// A UserMeetingsType is which past meetings of a user [ReportsService.UserMeetings] lists.
type UserMeetingsType string

// The reports of a user's past meetings.
const (
	UserMeetingsPast       UserMeetingsType = "past"
	UserMeetingsPastOne    UserMeetingsType = "pastOne"    // with one participant
	UserMeetingsPastJoined UserMeetingsType = "pastJoined" // hosted or joined
)

// UserMeetingsOptions narrow [ReportsService.UserMeetings].
type UserMeetingsOptions struct {
	PageSize int              // 1 to 300; 0 means 300
	Type     UserMeetingsType // "" means UserMeetingsPast
	From     time.Time        // first day, by its own calendar date; zero: the 30 days that end at To
	To       time.Time        // last day, inclusive; zero: today, in the location of From if that is given, else in UTC
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
	return windowParts[*ReportMeeting](w, url.Values{"page_size": {size}, "type": {string(o.Type)}}, nil), nil
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

const (
	windowDays   = 30 // a month that Zoom never refuses
	reportMonths = 6  // how far back the reports go
)

// A window is a run of days, both ends included, at 00:00 UTC of their dates.
type window struct{ from, to time.Time }

// dayOf is the calendar date of t in its own location.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func formatDay(day time.Time) string { return day.Format(time.DateOnly) }

// reportWindow checks the days of a report. A zero to means today, where from is
// given in its location; a zero from the 30 days that end at to.
func reportWindow(from, to, now time.Time) (window, error) {
	switch {
	case !to.IsZero():
	case from.IsZero():
		to = now.UTC()
	default:
		to = now.In(from.Location())
	}
	w := window{to: dayOf(to)}
	if from.IsZero() {
		w.from = w.to.AddDate(0, 0, 1-windowDays)
	} else {
		w.from = dayOf(from)
	}
	switch {
	case w.from.After(w.to):
		return w, errors.New("from: lies after to")
	case w.to.After(dayOf(now.In(to.Location()))):
		return w, errors.New("to: lies in the future")
	}
	if first := firstReportDay(now); w.from.Before(first) {
		return w, fmt.Errorf("from: lies more than %d months back, the first day is %s", reportMonths, formatDay(first))
	}
	return w, nil
}

// firstReportDay is the first day that no reading of "six months" refuses. Zoom does
// not say what that is on 31 August, where there is no 31 February: the end of that
// month, or as many days later as it is short.
func firstReportDay(now time.Time) time.Time {
	return dayOf(now.UTC()).AddDate(0, -reportMonths, 0)
}

// months splits a window into runs of at most 30 days.
func (w window) months() []window {
	var runs []window
	for from := w.from; !from.After(w.to); {
		to := from.AddDate(0, 0, windowDays-1)
		if to.After(w.to) {
			to = w.to
		}
		runs = append(runs, window{from, to})
		from = to.AddDate(0, 0, 1)
	}
	return runs
}

// withinMonth reports whether Zoom answers the window in one listing.
// Zoom says "one month": from a day to the same day of the next month, or 30 days.
func (w window) withinMonth() bool {
	return !w.to.After(addMonths(w.from, 1)) || w.to.Before(w.from.AddDate(0, 0, windowDays))
}

// addMonths is the same day in another month, or the last one of a shorter month.
func addMonths(day time.Time, months int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	return first.AddDate(0, 0, min(day.Day(), last.Day())-1)
}

// query adds the days of the window to a copy of q.
func (w window) query(q url.Values) url.Values {
	q = cloneQuery(q)
	q.Set("from", formatDay(w.from))
	q.Set("to", formatDay(w.to))
	return q
}

// windowParts makes a part of a listing for each month.
func windowParts[T any](w window, q url.Values, stamp func(T, window)) []part[T] {
	var parts []part[T]
	for _, month := range w.months() {
		p := part[T]{query: month.query(q)}
		if stamp != nil {
			p.complete = func(item T) { stamp(item, month) }
		}
		parts = append(parts, p)
	}
	return parts
}
