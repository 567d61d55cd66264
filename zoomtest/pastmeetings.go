package zoomtest

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

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
			o.textIf("status", string(row.Status))
			more(&o, &row)
			return o.end()
		},
	})
}
