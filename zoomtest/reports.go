package zoomtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/seatkit/zoom"
)

// dates reads from and to where they may be absent. The end is exclusive: the
// first moment after the last day.
func (c *call) dates(zone *time.Location) (from, to time.Time, refusal *answer) {
	for _, bound := range []struct {
		name string
		into *time.Time
	}{{"from", &from}, {"to", &to}} {
		text := c.query.Get(bound.name)
		if text == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			return from, to, invalid(bound.name)
		}
		*bound.into = day
	}
	if !to.IsZero() {
		if to.Before(from) {
			return from, to, invalid("to")
		}
		to = to.AddDate(0, 0, 1)
	}
	return from, to, nil
}

// window reads the from and to of a report: both required, at most a month apart,
// not before six months ago. Days are those of UTC.
func (c *call) window() (from, to time.Time, refusal *answer) {
	from, to, refusal = c.dates(time.UTC)
	today := c.now.UTC().Truncate(24 * time.Hour)
	switch {
	case refusal != nil:
	case from.IsZero():
		refusal = invalid("from")
	case to.IsZero():
		refusal = invalid("to")
	case to.Sub(from) > 31*24*time.Hour:
		refusal = badRequest(300, "The date range can be at most one month.")
	case from.Before(today.AddDate(0, -6, 0)):
		refusal = badRequest(300, "Only provide report in recent 6 months.")
	}
	return from, to, refusal
}

func within(t, from, to time.Time) bool { return !t.Before(from) && t.Before(to) }

// getReportMeeting is GET /report/meetings/{meetingId}.
func getReportMeeting(c *call) *answer {
	occ, refusal := c.reported()
	if refusal != nil {
		return refusal
	}
	o := beginObject(nil)
	c.s.writePast(&o, &occ)
	return ok(o.end())
}

// reported is endedMeeting with the words of the reports.
func (c *call) reported() (occasion, *answer) {
	occ, refusal := c.endedMeeting(c.s.quirks.ReportLag)
	if refusal == nil && c.s.quirks.SoloReportMissing && c.s.peopleIn(&occ) < 2 {
		return occ, refuse(http.StatusNotFound, 3001, "Meeting "+c.params[0]+" not found or has expired.")
	}
	return occ, refusal
}

// listReportParticipants is GET /report/meetings/{meetingId}/participants, for
// meetings with two or more participants.
func listReportParticipants(c *call) *answer {
	include := c.query.Get("include_fields")
	if include != "" && include != "registrant_id" {
		return invalid("include_fields")
	}
	occ, refusal := c.reported()
	if refusal != nil {
		return refusal
	}
	return c.answerParticipants(&occ, func(o *object, row *zoom.Participant) {
		o.text("participant_user_id", row.ParticipantUserID)
		o.text("bo_mtg_id", row.BreakoutRoomID)
		o.textIf("customer_key", row.CustomerKey)
		if include != "" {
			o.text("registrant_id", row.RegistrantID)
		}
	})
}

// listReportMeetings is GET /report/users/{userId}/meetings: meetings with two or
// more participants that the user hosted, for type pastJoined those joined too;
// for pastOne those with one participant.
func listReportMeetings(c *call) *answer {
	s := c.s
	m := c.find(c.params[0])
	if m == nil || m.user.ID == "" {
		return refuse(http.StatusNotFound, 1001, "User "+c.params[0]+" not exist or not belong to this account.")
	}
	from, to, refusal := c.window()
	if refusal != nil {
		return refusal
	}
	kind := or(c.query.Get("type"), "past")
	source := s.occasionsOf(m)
	switch kind {
	case "past", "pastOne":
	case "pastJoined":
		source = s.joinedBy(m)
	default:
		return invalid("type")
	}
	var found []occasion
	for occ := range source {
		if occ.ended(c.now, s.quirks.ReportLag) && within(occ.start, from, to) && (s.peopleIn(&occ) > 1) == (kind != "pastOne") {
			found = append(found, occ)
		}
	}
	slices.SortStableFunc(found, func(a, b occasion) int { return cmp.Compare(a.start.Unix(), b.start.Unix()) })
	return answerPage(c, listing[occasion]{
		key: "meetings", max: 300, numbers: true, total: count(found), from: inOrder(found),
		head: windowHead(from, to),
		row:  func(buf []byte, occ occasion) []byte { return s.appendReportMeeting(buf, &occ, m) },
	})
}

func windowHead(from, to time.Time) func(*object) {
	return func(o *object) {
		o.text("from", from.Format(time.DateOnly))
		o.text("to", to.AddDate(0, 0, -1).Format(time.DateOnly))
	}
}

// zoneless is how this report writes some of its times.
const zoneless = "01/02/2006 15:04"

func (s *Server) appendReportMeeting(buf []byte, occ *occasion, m *member) []byte {
	o := beginObject(buf)
	host, inside := &occ.host.user, map[string]bool{}
	var own *zoom.Participant
	for _, row := range s.rowsOf(occ) {
		if row.ParticipantUserID != "" && row.Status != zoom.ParticipantInWaitingRoom {
			inside[row.ParticipantUserID] = true
		}
		if own == nil && row.ParticipantUserID == m.user.ID {
			own = &row
		}
	}
	o.text("uuid", s.uuidOf(occ))
	o.number("id", occ.meetingID())
	o.number("type", int64(occ.kind()))
	o.text("topic", occ.topic())
	o.text("user_name", host.DisplayName)
	o.text("user_email", host.Email)
	o.text("host_name", host.DisplayName)
	o.text("host_organization", "Example")
	o.date("start_time", occ.start)
	o.date("end_time", occ.end)
	o.number("duration", int64(wholeMinutes(occ.end.Sub(occ.start))))
	o.number("total_minutes", s.totalMinutes(occ))
	o.number("participants_count", int64(s.peopleIn(occ)))
	o.number("participants_count_my_account", int64(len(inside)))
	o.text("source", "Zoom")
	o.flag("has_screen_share", false)
	o.flag("has_recording", false)
	o.flag("has_chat", false)
	o.number("meeting_encryption_status", 2)
	if occ.kind() == 2 || occ.kind() == 8 {
		o.text("schedule_time", occ.start.Format(zoneless))
	}
	if own != nil && !own.JoinTime.IsZero() && !own.LeaveTime.IsZero() {
		o.text("join_time", own.JoinTime.Time().Format(zoneless))
		o.text("leave_time", own.LeaveTime.Time().Format(zoneless))
	}
	return o.end()
}

// listMetrics is GET /metrics/meetings, of the dashboard of Business accounts.
func listMetrics(c *call) *answer {
	s := c.s
	if s.plan == zoom.PlanFree || s.plan == zoom.PlanPro {
		return badRequest(400, "Dashboard feature is not available for this account plan.")
	}
	from, to, refusal := c.window()
	if refusal != nil {
		return refusal
	}
	kind := or(c.query.Get("type"), "live")
	if kind != "live" && kind != "past" && kind != "pastOne" {
		return invalid("type")
	}
	var found []occasion
	for _, m := range s.members {
		for occ := range s.occasionsOf(m) {
			keep := occ.live(c.now)
			if kind != "live" {
				keep = occ.ended(c.now, 0) && within(occ.start, from, to) && (s.peopleIn(&occ) > 1) == (kind == "past")
			}
			if keep {
				found = append(found, occ)
			}
		}
	}
	return answerPage(c, listing[occasion]{
		key: "meetings", max: 300, total: count(found), from: inOrder(found), head: windowHead(from, to),
		row: func(buf []byte, occ occasion) []byte {
			o := beginObject(buf)
			o.text("uuid", s.uuidOf(&occ))
			o.number("id", occ.meetingID())
			o.text("topic", occ.topic())
			o.text("host", occ.host.user.DisplayName)
			o.text("email", occ.host.user.Email)
			o.text("dept", occ.host.user.Dept)
			o.text("user_type", zoom.LicenseOf(&occ.host.user).Type.String())
			o.date("start_time", occ.start)
			if kind != "live" {
				o.date("end_time", occ.end)
				o.text("duration", clockText(occ.end.Sub(occ.start)))
			}
			o.number("participants", int64(s.peopleIn(&occ)))
			return o.end()
		},
	})
}

// clockText writes hh:mm:ss, and mm:ss below an hour.
func clockText(d time.Duration) string {
	seconds := int(d / time.Second)
	if seconds < 3600 {
		return fmt.Sprintf("%02d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
