package zoomtest

import (
	"cmp"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom"
)

// An occasion is one instance of a meeting of a company or of AddPastMeeting.
type occasion struct {
	host   *member
	series series // of a company's meeting
	number int
	start  time.Time
	end    time.Time    // zero: runs until somebody ends it
	told   *PastMeeting // of AddPastMeeting
}

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
			if was && p.HostID != m.user.ID && !yield(p.occasion()) {
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
	if held, found := s.heldByUUID(id); found {
		return held.occasion(), nil
	}
	if s.company != nil {
		if o, known := s.company.byUUID(id); known && !o.start.After(c.now) {
			return o, nil
		}
	}
	return occasion{}, noSuchMeeting(id)
}

// instancesOf returns the instances of a number, the earliest first.
func (s *Server) instancesOf(id int64) []occasion {
	var found []occasion
	for _, p := range s.heldAll {
		if p.ID == id {
			found = append(found, p.occasion())
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
