package zoom

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/seatkit/zoom/internal/wire"
)

// A Meeting is one row of [MeetingsService.List]: a meeting that is scheduled,
// live or past and not yet expired. Instant meetings are not in it.
type Meeting struct {
	UUID      string `json:"uuid" zoom:"strict"`
	ID        int64  `json:"id" zoom:"strict"`
	HostID    string `json:"host_id" zoom:"strict"`
	Topic     string `json:"topic,omitzero"`
	Agenda    string `json:"agenda,omitzero"`    // cut at 250 characters
	Type      int    `json:"type" zoom:"strict"` // 1 instant, 2 scheduled, 3 recurring without fixed time, 8 recurring with fixed time
	StartTime *Time  `json:"start_time,omitzero"`
	Duration  int    `json:"duration,omitzero"` // minutes
	Timezone  string `json:"timezone,omitzero"`
	CreatedAt *Time  `json:"created_at,omitzero"`
	JoinURL   string `json:"join_url,omitzero"`
	PMI       string `json:"pmi,omitzero"` // only for meetings with the personal meeting id

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A MeetingInstance is one past occurrence of a meeting.
type MeetingInstance struct {
	UUID      string `json:"uuid" zoom:"strict"`
	StartTime *Time  `json:"start_time,omitzero"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// MeetingsService is the meetings of an account. It is reached as
// Client.Meetings.
type MeetingsService service

func (s *MeetingsService) client() *Client { return (*service)(s).client() }

// A MeetingListType is which meetings of a user [MeetingsService.List] lists.
type MeetingListType string

// The lists of meetings that Zoom has.
const (
	MeetingsScheduled      MeetingListType = "scheduled"         // unexpired past, live and upcoming ones
	MeetingsLive           MeetingListType = "live"              // in progress
	MeetingsUpcoming       MeetingListType = "upcoming"          // from now on, live ones included
	MeetingsUpcomingByDate MeetingListType = "upcoming_meetings" // the same by date
	MeetingsPrevious       MeetingListType = "previous_meetings" // past ones
)

// ListMeetingsOptions narrow [MeetingsService.List].
type ListMeetingsOptions struct {
	PageSize int             // 1 to 300; 0 means 300
	Type     MeetingListType // "" means MeetingsScheduled
	From     time.Time       // first day, by its own calendar date; zero: no limit
	To       time.Time       // last day, inclusive
	Timezone string          // IANA name of the zone that From and To are days in; "" is left to Zoom
}

// List lists the meetings of a user: scheduled ones that have not expired. It is
// no history of use; for that see [ReportsService.UserMeetings]. Instant meetings
// are not in it.
//
// Errors: [ErrNotFound] for an unknown user. A user without a meetings licence is
// refused with code 3161.
//
// API: GET /users/{userId}/meetings, medium; scope meeting:read:admin, granular
// meeting:read:list_meetings:admin.
// https://developers.zoom.us/docs/api/meetings/#tag/meetings/GET/users/{userId}/meetings
func (s *MeetingsService) List(userID string, opts *ListMeetingsOptions) *List[*Meeting] {
	var o ListMeetingsOptions
	if opts != nil {
		o = *opts
	}
	query, err := o.query()
	op := operation{op: "meetings.list", path: "/users/{userId}/meetings", values: []string{userID}, class: ClassMedium}
	return newList(s.client(), op, rowsOf[*Meeting]("meetings"), err, part[*Meeting]{query: query})
}

func (o *ListMeetingsOptions) query() (url.Values, error) {
	size, err := pageSize(o.PageSize, maxPageSize)
	if err != nil {
		return nil, err
	}
	if o.Type == "" {
		o.Type = MeetingsScheduled
	}
	if err := oneOf("type", o.Type, MeetingsScheduled, MeetingsLive, MeetingsUpcoming, MeetingsUpcomingByDate, MeetingsPrevious); err != nil {
		return nil, err
	}
	if !o.From.IsZero() && !o.To.IsZero() && dayOf(o.From).After(dayOf(o.To)) {
		return nil, errors.New("from: lies after to")
	}
	q := url.Values{"page_size": {size}, "type": {string(o.Type)}}
	if !o.From.IsZero() {
		q.Set("from", formatDay(dayOf(o.From)))
	}
	if !o.To.IsZero() {
		q.Set("to", formatDay(dayOf(o.To)))
	}
	setUnlessEmpty(q, "timezone", o.Timezone)
	return q, nil
}

// Instances returns the past occurrences of a meeting, of the last 15 months,
// each with the UUID that names it in the reports. meetingID is the number of the
// meeting; a UUID is sent as well, though Zoom describes numbers alone. Zoom sends them in one answer; if
// it sends a page token, all pages are read.
//
// Errors: [ErrNotFound]; [ErrListIncomplete] when fewer come than Zoom counts.
//
// API: GET /past_meetings/{meetingId}/instances, medium; scope
// meeting:read:admin, granular meeting:read:list_past_instances:admin.
// https://developers.zoom.us/docs/api/meetings/#tag/meetings/GET/past_meetings/{meetingId}/instances
func (s *MeetingsService) Instances(ctx context.Context, meetingID string) ([]*MeetingInstance, error) {
	o := operation{
		op: "meetings.instances", path: "/past_meetings/{meetingId}/instances",
		values: []string{meetingNumber(meetingID)}, class: ClassMedium,
	}
	l := newList(s.client(), o, rowsOf[*MeetingInstance]("meetings"), nil, part[*MeetingInstance]{})
	instances, err := l.Collect(ctx)
	if failed, ok := errors.AsType[*PageError](err); ok {
		return nil, failed.Err // the caller sees no pages
	}
	return instances, err
}

func (m *Meeting) finish() error {
	if m == nil {
		return &wire.ShapeError{Reason: "a meeting is null"}
	}
	return errors.Join(wire.CheckText("a meeting UUID", m.UUID), wire.CheckText("a host id", m.HostID))
}

func (i *MeetingInstance) finish() error {
	if i == nil || i.UUID == "" {
		return &wire.ShapeError{Reason: "a meeting instance has no UUID"}
	}
	return wire.CheckText("a meeting UUID", i.UUID)
}
