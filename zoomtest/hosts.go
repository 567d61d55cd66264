package zoomtest

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/seatkit/zoom"
)

// A hostRow is one row of the hosts report.
type hostRow struct {
	user                            *zoom.User
	meetings, minutes, participants int
}

// A hostCache remembers the totals of the hosts reports asked for last, until the
// state changes.
type hostCache struct {
	version int64
	totals  map[string]hostTotals
}

type hostTotals struct {
	rows int
	hostRow
}

// listHosts is GET /report/users: who hosted at least one meeting in the window,
// or who hosted none.
func listHosts(c *call) *answer {
	from, to, refusal := c.window()
	if refusal != nil {
		return refusal
	}
	kind, group := or(c.query.Get("type"), "active"), c.query.Get("group_id")
	if kind != "active" && kind != "inactive" {
		return invalid("type")
	}
	rows := c.hostRows(kind == "active", group, from, to)
	totals := c.hostTotals(fmt.Sprint(kind, group, from.Unix(), to.Unix()), to, rows)
	return answerPage(c, listing[hostRow]{
		key: "users", max: 300, numbers: true, from: rows,
		total: func() int { return totals.rows },
		head: func(o *object) {
			windowHead(from, to)(o)
			o.number("total_meetings", int64(totals.meetings))
			o.number("total_meeting_minutes", int64(totals.minutes))
			o.number("total_participants", int64(totals.participants))
		},
		row: func(buf []byte, h hostRow) []byte {
			o := beginObject(buf)
			o.text("id", h.user.ID)
			o.text("email", h.user.Email)
			o.text("user_name", h.user.DisplayName)
			o.text("dept", h.user.Dept)
			o.number("type", int64(h.user.Type))
			o.number("meetings", int64(h.meetings))
			o.number("meeting_minutes", int64(h.minutes))
			o.number("participants", int64(h.participants))
			if len(h.user.CustomAttributes) > 0 {
				o.any("custom_attributes", h.user.CustomAttributes)
			}
			return o.end()
		},
	})
}

// hostRows computes the rows from a position, which is a place in the order of
// users. Somebody who was deactivated or has left can be an active host and is never an
// inactive one.
func (c *call) hostRows(active bool, group string, from, to time.Time) func(int64) iter.Seq2[int64, hostRow] {
	s := c.s
	return func(pos int64) iter.Seq2[int64, hostRow] {
		return func(yield func(int64, hostRow) bool) {
			for i := pos; i >= 0 && i < int64(len(s.members)); i++ {
				m := s.members[i]
				u := m.view(c.now)
				if m.gone && !active || u.Status == zoom.StatusPending || !active && u.Status != zoom.StatusActive ||
					group != "" && !slices.Contains(u.GroupIDs, group) {
					continue
				}
				row := hostRow{user: u}
				for occ := range s.occasionsOf(m) {
					if within(occ.start, from, to) && occ.ended(c.now, s.quirks.ReportLag) {
						row.meetings++
						row.minutes += wholeMinutes(occ.end.Sub(occ.start))
						row.participants += s.peopleIn(&occ)
					}
				}
				if (row.meetings > 0) == active && !yield(i, row) {
					return
				}
			}
		}
	}
}

func (c *call) hostTotals(key string, to time.Time, rows func(int64) iter.Seq2[int64, hostRow]) hostTotals {
	cache := &c.s.hosts
	if c.now.Before(to) || c.now.Before(c.s.lagging) {
		key += c.now.Format(time.RFC3339) // meetings may end meanwhile
	}
	if cache.version != c.s.version || cache.totals == nil || len(cache.totals) > 50 {
		*cache = hostCache{version: c.s.version, totals: map[string]hostTotals{}}
	}
	totals, known := cache.totals[key]
	if !known {
		for _, row := range rows(0) {
			totals.rows++
			totals.meetings += row.meetings
			totals.minutes += row.minutes
			totals.participants += row.participants
		}
		cache.totals[key] = totals
	}
	return totals
}
