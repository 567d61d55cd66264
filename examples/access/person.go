package main

import (
	"slices"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/output"
)

// A person is somebody in the account, and what was read of him.
type person struct {
	user   *zoom.User
	hosted int // meetings, those without participants included
	joined int // meetings of others
	visits []*visit
}

// The roles of a person in a meeting.
const (
	hosted = "hosted"
	joined = "joined"
)

// A visit is the part that a person had in one meeting.
type visit struct {
	meeting *zoom.ReportMeeting
	role    string
	stays   []stay
}

// A stay is the time between a join and a leave.
type stay struct{ from, to time.Time }

// visit returns the visit to a meeting, a new one if there is none. Meetings are
// read one after the other, so it can only be the last.
func (p *person) visit(meeting *zoom.ReportMeeting, role string) *visit {
	if n := len(p.visits); n > 0 && p.visits[n-1].meeting == meeting {
		return p.visits[n-1]
	}
	if role == joined {
		p.joined++
	}
	v := &visit{meeting: meeting, role: role}
	p.visits = append(p.visits, v)
	return v
}

// unlisted returns how many of the hosted meetings are not among the visits.
func (p *person) unlisted() int { return max(0, p.hosted-(len(p.visits)-p.joined)) }

// add notes a stay. Where one end is not known the duration tells it.
func (v *visit) add(row *zoom.Participant) {
	s := stay{row.JoinTime.Time(), row.LeaveTime.Time()}
	length := time.Duration(row.Duration) * time.Second
	switch {
	case s.from.IsZero() && s.to.IsZero():
		return
	case s.from.IsZero():
		s.from = s.to.Add(-length)
	case s.to.IsZero():
		s.to = s.from.Add(length)
	}
	v.stays = append(v.stays, s)
}

// attendance returns the minutes in meetings and the end of the last one. Stays
// that overlap, because of a second device or a breakout room, are merged.
func attendance(stays []stay) (minutes int, lastSeen time.Time) {
	slices.SortFunc(stays, func(a, b stay) int { return a.from.Compare(b.from) })
	var total time.Duration
	for _, s := range stays {
		if s.from.Before(lastSeen) {
			s.from = lastSeen
		}
		if s.to.After(s.from) {
			total += s.to.Sub(s.from)
		}
		if s.to.After(lastSeen) {
			lastSeen = s.to
		}
	}
	return int(total.Round(time.Minute) / time.Minute), lastSeen
}

var (
	personColumns  = []string{"email", "name", "license", "hosted", "joined", "minutes", "last_seen"}
	meetingColumns = []string{"email", "name", "license", "role", "topic", "uuid", "start", "minutes"}
)

func writePerson(rows *output.Writer, p *person) error {
	var stays []stay
	for _, v := range p.visits {
		stays = append(stays, v.stays...)
	}
	minutes, lastSeen := attendance(stays)
	return rows.Row(p.user.Email, p.user.DisplayName, zoom.LicenseOf(p.user).String(), p.hosted, p.joined, minutes, lastSeen)
}

func writeMeetings(rows *output.Writer, p *person) error {
	slices.SortStableFunc(p.visits, func(a, b *visit) int {
		return a.meeting.StartTime.Time().Compare(b.meeting.StartTime.Time())
	})
	for _, v := range p.visits {
		minutes, _ := attendance(v.stays)
		err := rows.Row(p.user.Email, p.user.DisplayName, zoom.LicenseOf(p.user).String(),
			v.role, v.meeting.Topic, v.meeting.UUID, v.meeting.StartTime.Time(), minutes)
		if err != nil {
			return err
		}
	}
	return nil
}
