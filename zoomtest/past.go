package zoomtest

import (
	"slices"
	"strconv"
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

// heldMeeting is a stored instance with its host, who may have left since: then no
// look-up by id finds the host.
type heldMeeting struct {
	*PastMeeting
	host *member
}

func (h heldMeeting) occasion() occasion {
	return occasion{host: h.host, start: h.Start, end: h.End, told: h.PastMeeting}
}

// AddPastMeeting adds an instance and returns it as stored, with what was left
// empty filled. It panics if there is no such host or the UUID is taken.
func (s *Server) AddPastMeeting(p PastMeeting) PastMeeting {
	s.mu.Lock()
	defer s.mu.Unlock()
	host := s.mustFind("AddPastMeeting", p.HostID)
	if _, taken := s.heldByUUID(p.UUID); taken && p.UUID != "" {
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
	s.heldAll = append(s.heldAll, heldMeeting{&stored, host})
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
	row.JoinTime = wholeSeconds(or(row.JoinTime, zoom.NewTime(p.Start)))
	if !p.End.IsZero() {
		row.LeaveTime = or(row.LeaveTime, zoom.NewTime(p.End))
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
	held, found := s.heldByUUID(uuid)
	if !found {
		panic("zoomtest: EndMeeting: there is no meeting " + uuid)
	}
	p := held.PastMeeting
	p.End = s.now().UTC().Truncate(time.Second)
	for i := range p.Participants {
		s.fillParticipant(p, &p.Participants[i])
	}
	s.version++
}

func (s *Server) heldByUUID(uuid string) (held heldMeeting, found bool) {
	i := slices.IndexFunc(s.heldAll, func(h heldMeeting) bool { return h.UUID == uuid })
	if i < 0 {
		return heldMeeting{}, false
	}
	return s.heldAll[i], true
}

// meeting is the row that GET /users/{userId}/meetings has for it.
func (p *PastMeeting) meeting() *zoom.Meeting {
	m := &zoom.Meeting{
		UUID: p.UUID, ID: p.ID, HostID: p.HostID, Topic: p.Topic, Type: p.Type, Timezone: "UTC",
		CreatedAt: zoom.NewTime(p.Start), JoinURL: joinURL(p.ID), Duration: p.minutes(),
	}
	if p.Type != 3 {
		m.StartTime = zoom.NewTime(p.Start)
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
