package zoomtest

import (
	"cmp"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom"
)

// A PastMeeting is one instance of a meeting: one time that it was held.
type PastMeeting struct {
	UUID   string // of this instance
	ID     int64  // shared by the instances of a recurring meeting
	HostID string // id or address of the host
	Topic  string
	Type   int       // 2 when zero; 1 is an instant meeting, 8 one of a series
	Start  time.Time // an hour before now when zero
	End    time.Time // zero: still running, until EndMeeting; in the future: running until then

	// Participants are the rows of the report. Nil stands for the host alone. A row
	// with a ParticipantUserID or UserEmail of the account gets the other one and the
	// name; missing times are those of the meeting, a missing Duration is computed.
	Participants []zoom.Participant
}

// AddPastMeeting adds an instance and returns it as stored, with what was left
// empty filled. It panics if there is no such host or the UUID is taken.
func (s *Server) AddPastMeeting(p PastMeeting) PastMeeting {
	s.mu.Lock()
	defer s.mu.Unlock()
	host := s.mustFind("AddPastMeeting", p.HostID)
	if p.UUID != "" && s.heldByUUID(p.UUID) != nil {
		panic("zoomtest: AddPastMeeting: there is such a UUID already: " + p.UUID)
	}
	p.HostID = host.user.ID
	p.UUID = or(p.UUID, s.newUUID())
	p.ID = or(p.ID, s.newMeetingID())
	p.Type = or(p.Type, 2)
	p.Topic = or(p.Topic, "Zoom Meeting")
	p.Start = or(p.Start, s.now().Add(-time.Hour)).UTC().Truncate(time.Second)
	p.End = p.End.UTC().Truncate(time.Second)
	rows := p.Participants
	if rows == nil {
		rows = []zoom.Participant{insider(&host.user)}
	}
	p.Participants = slices.Clone(rows)
	for i := range p.Participants {
		s.fillParticipant(&p, &p.Participants[i])
	}
	stored := p
	s.held[host] = append(s.held[host], &stored)
	s.heldAll = append(s.heldAll, &stored)
	s.version++
	p.Participants = slices.Clone(p.Participants)
	return p
}

func (s *Server) fillParticipant(p *PastMeeting, row *zoom.Participant) {
	if m := s.find(or(row.ParticipantUserID, row.UserEmail)); m != nil && m.user.ID != "" {
		known := insider(&m.user)
		row.ParticipantUserID, row.UserEmail = known.ID, or(row.UserEmail, known.UserEmail)
		row.Name = or(row.Name, known.Name)
	}
	s.serial++
	row.ID = row.ParticipantUserID
	row.UserID = or(row.UserID, strconv.FormatInt(16_778_240+s.serial*1024, 10))
	row.Status = or(row.Status, zoom.ParticipantInMeeting)
	row.JoinTime = wholeSeconds(or(row.JoinTime, new(zoom.TimeOf(p.Start))))
	if !p.End.IsZero() {
		row.LeaveTime = or(row.LeaveTime, new(zoom.TimeOf(p.End)))
	}
	row.LeaveTime = wholeSeconds(row.LeaveTime)
	if !row.LeaveTime.IsZero() {
		row.Duration = or(row.Duration, int(row.LeaveTime.Time().Sub(row.JoinTime.Time())/time.Second))
	}
}

// EndMeeting ends an instance that is running. It panics if there is none with
// that UUID.
func (s *Server) EndMeeting(uuid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.heldByUUID(uuid)
	if p == nil {
		panic("zoomtest: EndMeeting: there is no meeting " + uuid)
	}
	p.End = s.now().UTC().Truncate(time.Second)
	for i := range p.Participants {
		s.fillParticipant(p, &p.Participants[i])
	}
	s.version++
}

func (s *Server) heldByUUID(uuid string) *PastMeeting {
	for _, p := range s.heldAll {
		if p.UUID == uuid {
			return p
		}
	}
	return nil
}

// meeting is the row that GET /users/{userId}/meetings has for it.
func (p *PastMeeting) meeting() *zoom.Meeting {
	m := &zoom.Meeting{
		UUID: p.UUID, ID: p.ID, HostID: p.HostID, Topic: p.Topic, Type: p.Type, Timezone: "UTC",
		CreatedAt: new(zoom.TimeOf(p.Start)), JoinURL: joinURL(p.ID), Duration: p.minutes(),
	}
	if p.Type != 3 {
		m.StartTime = new(zoom.TimeOf(p.Start))
	}
	return m
}

func (p *PastMeeting) minutes() int {
	if p.End.IsZero() {
		return 60
	}
	return wholeMinutes(p.End.Sub(p.Start))
}

// wholeMinutes rounds up, so that nothing that was held lasted no minute.
func wholeMinutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

// occasionsOf returns all instances that a user hosts.
func (s *Server) occasionsOf(m *member) iter.Seq[occasion] {
	return func(yield func(occasion) bool) {
		for _, p := range s.held[m] {
			if !yield(occasion{host: m, start: p.Start, end: p.End, told: p}) {
				return
			}
		}
		if m.index >= s.companySize() {
			return
		}
		for _, se := range s.company.seriesOf(m.index) {
			for number := se.count - 1; number >= 0; number-- {
				if !yield(se.occasion(s.company, number)) {
					return
				}
			}
		}
	}
}

// joinedBy returns all instances that a user hosts or takes part in.
func (s *Server) joinedBy(m *member) iter.Seq[occasion] {
	return func(yield func(occasion) bool) {
		for o := range s.occasionsOf(m) {
			if !yield(o) {
				return
			}
		}
		for _, p := range s.heldAll {
			was := slices.ContainsFunc(p.Participants, func(row zoom.Participant) bool { return row.ParticipantUserID == m.user.ID })
			if was && p.HostID != m.user.ID && !yield(occasion{host: s.find(p.HostID), start: p.Start, end: p.End, told: p}) {
				return
			}
		}
		team := m.index / teamSize * teamSize
		for i := team; i < min(team+teamSize, s.companySize()) && m.index < s.companySize(); i++ {
			if i == m.index {
				continue
			}
			for o := range s.occasionsOf(s.company.members[i]) {
				if o.told != nil {
					continue
				}
				if mates, _ := s.company.attendance(&o); mates&(1<<(m.index-team)) != 0 && !yield(o) {
					return
				}
			}
		}
	}
}

func (o *occasion) live(now time.Time) bool {
	return !o.start.After(now) && (o.end.IsZero() || now.Before(o.end))
}

func (o *occasion) ended(now time.Time, lag time.Duration) bool {
	return !o.end.IsZero() && !o.end.Add(lag).After(now)
}

func (o *occasion) meetingID() int64 {
	if o.told != nil {
		return o.told.ID
	}
	return o.series.meetingID()
}

func (o *occasion) kind() int {
	if o.told != nil {
		return o.told.Type
	}
	return o.series.kind
}

func (o *occasion) topic() string {
	if o.told != nil {
		return o.told.Topic
	}
	return o.series.topic
}

func (s *Server) uuidOf(o *occasion) string {
	if o.told != nil {
		return o.told.UUID
	}
	return s.company.uuid(o.series.host, o.series.number, o.number)
}

func (s *Server) rowsOf(o *occasion) []zoom.Participant {
	if o.told != nil {
		return o.told.Participants
	}
	return s.company.participants(o)
}

// peopleIn counts the different participants; who only sat in the waiting room was
// none.
func (s *Server) peopleIn(o *occasion) int {
	if o.told == nil {
		return s.company.people(o)
	}
	people := map[string]bool{}
	for _, row := range o.told.Participants {
		if row.Status != zoom.ParticipantInWaitingRoom {
			people[or(row.ParticipantUserID, or(row.UserEmail, row.Name))] = true
		}
	}
	return len(people)
}

// meetingParam reads the meeting that the path names: a number means its latest
// instance, a UUID that instance. A UUID that begins with a slash or holds two in
// a row is found only if it was escaped twice; any other may be escaped once or
// twice.
func (c *call) meetingParam() (occasion, *answer) {
	id := c.params[0]
	if strings.Contains(id, "%") {
		if again, err := url.PathUnescape(id); err == nil {
			id = again
		}
	} else if strings.HasPrefix(id, "/") || strings.Contains(id, "//") {
		return occasion{}, noSuchMeeting(strings.TrimLeft(strings.ReplaceAll(id, "//", "/"), "/"))
	}
	s := c.s
	if number, err := strconv.ParseInt(id, 10, 64); err == nil {
		found := s.instancesOf(number)
		found = slices.DeleteFunc(found, func(o occasion) bool { return o.start.After(c.now) })
		if len(found) == 0 {
			return occasion{}, noSuchMeeting(id)
		}
		return found[len(found)-1], nil
	}
	if p := s.heldByUUID(id); p != nil {
		return occasion{host: s.hostOf(p), start: p.Start, end: p.End, told: p}, nil
	}
	if s.company != nil {
		if o, known := s.company.byUUID(id); known && !o.start.After(c.now) {
			return o, nil
		}
	}
	return occasion{}, noSuchMeeting(id)
}

// hostOf finds the host, also one who left.
func (s *Server) hostOf(p *PastMeeting) *member {
	for m, list := range s.held {
		if slices.Contains(list, p) {
			return m
		}
	}
	return nil
}

// instancesOf returns the instances of a number, the earliest first.
func (s *Server) instancesOf(id int64) []occasion {
	var found []occasion
	for _, p := range s.heldAll {
		if p.ID == id {
			found = append(found, occasion{host: s.hostOf(p), start: p.Start, end: p.End, told: p})
		}
	}
	if s.company != nil {
		if se, known := s.company.seriesByID(id); known {
			for number := range se.count {
				found = append(found, se.occasion(s.company, number))
			}
		}
	}
	slices.SortStableFunc(found, func(a, b occasion) int { return cmp.Compare(a.start.Unix(), b.start.Unix()) })
	return found
}

// endedMeeting is meetingParam for what speaks of meetings that are over and not
// older than a year.
func (c *call) endedMeeting(lag time.Duration) (occasion, *answer) {
	o, refusal := c.meetingParam()
	switch {
	case refusal != nil:
		return o, refusal
	case !o.ended(c.now, lag):
		return o, refuse(http.StatusNotFound, 3001, "Meeting ID is invalid or not end.")
	case o.start.Before(c.now.AddDate(-1, 0, 0)):
		return o, badRequest(12702, "Can not access a meeting a year ago.")
	}
	return o, nil
}

// getPastMeeting is GET /past_meetings/{meetingId}.
func getPastMeeting(c *call) *answer {
	occ, refusal := c.endedMeeting(0)
	if refusal != nil {
		return refusal
	}
	o := beginObject(nil)
	c.s.writePast(&o, &occ)
	o.text("host_id", occ.host.user.ID)
	o.text("source", "Zoom")
	o.flag("has_meeting_summary", false)
	return ok(o.end())
}

// writePast writes what the past meeting and its report have in common.
func (s *Server) writePast(o *object, occ *occasion) {
	o.text("uuid", s.uuidOf(occ))
	o.number("id", occ.meetingID())
	o.number("type", int64(occ.kind()))
	o.text("topic", occ.topic())
	o.text("user_name", occ.host.user.DisplayName)
	o.text("user_email", occ.host.user.Email)
	o.text("dept", occ.host.user.Dept)
	o.date("start_time", occ.start)
	o.date("end_time", occ.end)
	o.number("duration", int64(wholeMinutes(occ.end.Sub(occ.start))))
	o.number("total_minutes", s.totalMinutes(occ))
	o.number("participants_count", int64(s.peopleIn(occ)))
}

func (s *Server) totalMinutes(occ *occasion) int64 {
	var seconds int
	for _, row := range s.rowsOf(occ) {
		if row.Status != zoom.ParticipantInWaitingRoom {
			seconds += row.Duration
		}
	}
	return int64(wholeMinutes(time.Duration(seconds) * time.Second))
}

// listInstances is GET /past_meetings/{meetingId}/instances: by number only, 15
// months back, without pages.
func listInstances(c *call) *answer {
	number, err := strconv.ParseInt(c.params[0], 10, 64)
	if err != nil {
		return invalid("meetingId")
	}
	found := c.s.instancesOf(number)
	if len(found) == 0 && !c.s.isScheduled(number) {
		return noSuchMeeting(c.params[0])
	}
	o := beginObject(nil)
	o.key("meetings")
	o.buf = append(o.buf, '[')
	first := true
	for _, occ := range found {
		if !occ.ended(c.now, 0) || occ.start.Before(c.now.AddDate(0, -15, 0)) {
			continue
		}
		if !first {
			o.buf = append(o.buf, ',')
		}
		first = false
		item := beginObject(o.buf)
		item.text("uuid", c.s.uuidOf(&occ))
		item.date("start_time", occ.start)
		o.buf = item.end()
	}
	o.buf = append(o.buf, ']')
	return ok(o.end())
}

func (s *Server) isScheduled(id int64) bool {
	for _, list := range s.meetings {
		if slices.ContainsFunc(list, func(m *zoom.Meeting) bool { return m.ID == id }) {
			return true
		}
	}
	if s.company != nil {
		_, known := s.company.seriesByID(id)
		return known
	}
	return false
}

// listPastParticipants is GET /past_meetings/{meetingId}/participants, which is
// empty for a meeting with one participant.
func listPastParticipants(c *call) *answer {
	occ, refusal := c.endedMeeting(0)
	if refusal != nil {
		return refusal
	}
	return c.answerParticipants(&occ, func(o *object, row *zoom.Participant) {
		o.flag("internal_user", row.ParticipantUserID != "")
	})
}

func (c *call) answerParticipants(occ *occasion, more func(*object, *zoom.Participant)) *answer {
	var rows []zoom.Participant
	if c.s.peopleIn(occ) > 1 {
		rows = c.s.rowsOf(occ)
	}
	return answerPage(c, listing[zoom.Participant]{
		key: "participants", max: 300, total: count(rows), from: inOrder(rows),
		row: func(buf []byte, row zoom.Participant) []byte {
			o := beginObject(buf)
			o.text("id", row.ID)
			o.text("user_id", row.UserID)
			o.text("name", row.Name)
			o.text("user_email", row.UserEmail)
			o.moment("join_time", row.JoinTime)
			o.moment("leave_time", row.LeaveTime)
			o.number("duration", int64(row.Duration))
			o.flag("failover", row.Failover)
			o.textIf("status", row.Status)
			more(&o, &row)
			return o.end()
		},
	})
}
