package zoomtest

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// AddMeeting schedules a meeting of a user and returns it as stored. HostID is the
// id or address of the host. What is left empty is filled: the UUID, the number,
// type 2, half an hour, UTC, the creation. A recurring meeting without fixed time,
// type 3, needs no StartTime; a meeting of any other type begins in an hour if
// none is given. It panics if there is no such host.
//
// Meetings in progress and past ones are instances: [Server.AddPastMeeting].
func (s *Server) AddMeeting(m zoom.Meeting) zoom.Meeting {
	s.mu.Lock()
	defer s.mu.Unlock()
	host := s.mustFind("AddMeeting", m.HostID)
	m.HostID = host.user.ID
	m.Type = or(m.Type, 2)
	m.ID = or(m.ID, s.newMeetingID())
	m.UUID = or(m.UUID, s.newUUID())
	m.Topic = or(m.Topic, "Zoom Meeting")
	m.Timezone = or(m.Timezone, "UTC")
	m.JoinURL = or(m.JoinURL, joinURL(m.ID))
	m.CreatedAt = wholeSeconds(or(m.CreatedAt, zoom.NewTime(s.now())))
	if m.Type == 2 || m.Type == 8 {
		m.StartTime = or(m.StartTime, zoom.NewTime(s.now().Add(time.Hour)))
		m.Duration = or(m.Duration, 30)
	}
	m.StartTime = wholeSeconds(m.StartTime)
	s.meetings[host] = append(s.meetings[host], new(m))
	s.version++
	return m
}

func joinURL(id int64) string { return "https://us06web.zoom.us/j/" + strconv.FormatInt(id, 10) }

// newMeetingID makes a number that no meeting of WithUsers has.
func (s *Server) newMeetingID() int64 {
	s.serial++
	return 97_000_000_000 + s.serial*1009
}

func (s *Server) newUUID() string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], s.random.Uint64())
	binary.BigEndian.PutUint64(raw[8:], s.random.Uint64())
	return base64.StdEncoding.EncodeToString(raw[:])
}

// meetingsOf returns the meetings of a host that are not expired: a number expires
// 30 days after its last use. Instant meetings are not among them.
func (s *Server) meetingsOf(m *member, now time.Time) []*zoom.Meeting {
	var list []*zoom.Meeting
	for _, meeting := range s.meetings[m] {
		if meeting.Type != 1 {
			list = append(list, meeting)
		}
	}
	for _, told := range s.held[m] {
		known := slices.ContainsFunc(list, func(meeting *zoom.Meeting) bool { return meeting.ID == told.ID })
		if !known && told.Type != 1 {
			list = append(list, told.meeting())
		}
	}
	if m.index < s.companySize() {
		for _, se := range s.company.seriesOf(m.index) {
			if se.kind != 1 {
				list = append(list, s.company.meeting(&se))
			}
		}
	}
	return slices.DeleteFunc(list, func(meeting *zoom.Meeting) bool {
		return meeting.StartTime.Before(now.AddDate(0, 0, -30)) && !s.isLive(m, meeting.ID, now)
	})
}

func (s *Server) companySize() int {
	if s.company == nil {
		return 0
	}
	return len(s.company.members)
}

// meeting is the row of a series.
func (co *company) meeting(se *series) *zoom.Meeting {
	id := se.meetingID()
	m := &zoom.Meeting{
		UUID: co.uuid(se.host, se.number, 0), ID: id, HostID: co.members[se.host].user.ID,
		Topic: se.topic, Agenda: se.topic, Type: se.kind, Duration: se.minutes, Timezone: "UTC", JoinURL: joinURL(id),
		CreatedAt: zoom.NewTime(se.latest.Add(-time.Duration(se.count)*se.every - 24*time.Hour)),
	}
	start := se.next
	if start.IsZero() {
		start = se.latest
	}
	if se.kind != 3 {
		m.StartTime = zoom.NewTime(start)
	}
	return m
}

func (s *Server) isLive(m *member, id int64, now time.Time) bool {
	for o := range s.occasionsOf(m) {
		if o.meetingID() == id && o.live(now) {
			return true
		}
	}
	return false
}

// listMeetings is GET /users/{userId}/meetings.
func listMeetings(c *call) *answer {
	m, refusal := c.hostParam()
	if refusal != nil {
		return refusal
	}
	kind := or(c.query.Get("type"), "scheduled")
	zone, err := time.LoadLocation(or(c.query.Get("timezone"), "UTC"))
	if err != nil {
		return invalid("timezone")
	}
	from, to, refusal := c.dates(zone)
	if refusal != nil {
		return refusal
	}
	ranged := kind == "upcoming" || kind == "upcoming_meetings" || kind == "previous_meetings"
	if ranged && !from.IsZero() && !to.IsZero() && to.After(from.AddDate(0, 6, 1)) {
		return badRequest(300, "The date range can be at most six months.")
	}
	list := c.s.meetingsOf(m, c.now)
	list = slices.DeleteFunc(list, func(meeting *zoom.Meeting) bool {
		start, end := meeting.StartTime.Time(), meeting.StartTime.Time().Add(time.Duration(meeting.Duration)*time.Minute)
		untimed := meeting.StartTime.IsZero()
		live := c.s.isLive(m, meeting.ID, c.now)
		outside := !untimed && (!from.IsZero() && start.Before(from) || !to.IsZero() && !start.Before(to))
		switch kind {
		case "live":
			return !live
		case "upcoming", "upcoming_meetings":
			return outside || !live && !untimed && !end.After(c.now)
		case "previous_meetings":
			return outside || untimed || live || end.After(c.now)
		default:
			return outside
		}
	})
	if !slices.Contains([]string{"scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings"}, kind) {
		return invalid("type")
	}
	return answerPage(c, listing[*zoom.Meeting]{
		key: "meetings", max: 300, numbers: true, total: count(list), from: inOrder(list), row: appendMeeting,
	})
}

// hostParam finds the user that the path names and refuses who cannot host.
func (c *call) hostParam() (*member, *answer) {
	m, refusal := c.userParam()
	if refusal != nil {
		return nil, refusal
	}
	if u := m.view(c.now); u.Type == zoom.TypeUnassigned || u.Type == zoom.TypeNone {
		return nil, badRequest(3161, "Meeting hosting and scheduling capabilities are not allowed for your user account.")
	}
	return m, nil
}

func appendMeeting(buf []byte, m *zoom.Meeting) []byte {
	o := beginObject(buf)
	o.text("uuid", m.UUID)
	o.number("id", m.ID)
	o.text("host_id", m.HostID)
	o.text("topic", m.Topic)
	o.number("type", int64(m.Type))
	o.moment("start_time", m.StartTime)
	o.numberIf("duration", int64(m.Duration))
	o.text("timezone", m.Timezone)
	o.textIf("agenda", agenda(m.Agenda))
	o.moment("created_at", m.CreatedAt)
	o.text("join_url", m.JoinURL)
	o.textIf("pmi", m.PMI)
	return o.end()
}

func agenda(text string) string {
	if letters := []rune(text); len(letters) > 250 {
		return string(letters[:250])
	}
	return text
}

// listUpcoming is GET /users/{userId}/upcoming_meetings: the next 24 hours of the
// user's own meetings, without pages. An unknown user is 3001 here.
func listUpcoming(c *call) *answer {
	m := c.find(c.params[0])
	if m == nil {
		return refuse(404, 3001, "User does not exist: "+c.params[0]+".")
	}
	list := slices.DeleteFunc(c.s.meetingsOf(m, c.now), func(meeting *zoom.Meeting) bool {
		return meeting.StartTime.IsZero() || meeting.StartTime.Before(c.now) || meeting.StartTime.After(c.now.Add(24*time.Hour))
	})
	o := beginObject(nil)
	o.number("total_records", int64(len(list)))
	o.key("meetings")
	o.buf = append(o.buf, '[')
	for i, meeting := range list {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		item := beginObject(o.buf)
		item.number("id", meeting.ID)
		item.text("topic", meeting.Topic)
		item.number("type", int64(meeting.Type))
		item.moment("start_time", meeting.StartTime)
		item.number("duration", int64(meeting.Duration))
		item.text("timezone", meeting.Timezone)
		item.moment("created_at", meeting.CreatedAt)
		item.text("join_url", meeting.JoinURL)
		item.text("passcode", "")
		item.flag("use_pmi", meeting.PMI != "")
		item.flag("is_host", true)
		item.flag("is_all_day", false)
		o.buf = item.end()
	}
	o.buf = append(o.buf, ']')
	return ok(o.end())
}
