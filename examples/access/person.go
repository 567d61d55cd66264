package main

import (
	"slices"
	"time"

	"github.com/seatkit/zoom"
)

// A person is somebody in the account, and what was read of him.
type person struct {
	user   *zoom.User
	hosted int // meetings, those without participants included
	joined int // meetings of others
	stays  []stay
}

// A stay is the time between a join and a leave.
type stay struct{ from, to time.Time }

// add notes a stay. Where one end is not known the duration tells it.
func (p *person) add(row *zoom.Participant) {
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
	p.stays = append(p.stays, s)
}

// attendance returns the minutes in meetings and the end of the last one. Stays
// that overlap, because of a second device or a breakout room, are merged.
func (p *person) attendance() (minutes int, lastSeen time.Time) {
	slices.SortFunc(p.stays, func(a, b stay) int { return a.from.Compare(b.from) })
	var total time.Duration
	for _, s := range p.stays {
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
