package zoomtest

import (
	"time"

	"github.com/seatkit/zoom"
)

// SetSeats sets how many users the account may have of a type; a negative number
// means any, which is the default. Users who are there stay, above the number too.
func (s *Server) SetSeats(t zoom.UserType, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 0 {
		delete(s.seats, t)
		return
	}
	s.seats[t] = n
}

// SeatsUsed returns how many users hold a seat of a type. Deactivated users, Zoom
// Rooms and, until they accept, pending users hold none.
func (s *Server) SeatsUsed(t zoom.UserType) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seatsUsed(t)
}

func (s *Server) seatsUsed(t zoom.UserType) (n int) {
	for _, m := range s.members {
		if !m.gone && !m.room && m.user.Status == zoom.StatusActive && m.user.Type == t {
			n++
		}
	}
	return n
}

// seatFor refuses a move to a type that has no seat left. A nil user comes from
// outside.
func (s *Server) seatFor(u *zoom.User, want zoom.UserType) *answer {
	limit, limited := s.seats[want]
	if !limited || u != nil && u.Type == want && u.Status == zoom.StatusActive || s.seatsUsed(want) < limit {
		return nil
	}
	code := or(s.quirks.SeatErrorCode, 2034)
	switch {
	case want == zoom.TypeBasic && code != 3412:
		return badRequest(2033, "Your account has reached the maximum number of Basic users.")
	case want == zoom.TypeBasic:
		return badRequest(3412, "Your account has reached the maximum number of Basic users allowed.")
	case want == zoom.TypeUnassigned:
		return badRequest(3412, "Your account has reached the maximum number of No Meetings License users.")
	case code == 2038:
		return badRequest(2038, "There are no licenses left for this plan.")
	default:
		return badRequest(code, "Your account has reached the maximum number of paying users. Purchase more licenses.")
	}
}

// assign counts a move to a paid type against Quirks.AssignmentCap. Moves down
// are always accepted.
func (c *call) assign(from, to zoom.UserType) *answer {
	if to != zoom.TypeLicensed && to != zoom.TypeOnPrem || from == to {
		return nil
	}
	s := c.s
	for len(s.promoted) > 0 && !s.promoted[0].After(c.now.Add(-30*24*time.Hour)) {
		s.promoted = s.promoted[1:]
	}
	if limit := s.quirks.AssignmentCap; limit > 0 && len(s.promoted) >= limit {
		return badRequest(or(s.quirks.AssignmentCapCode, 300), "You have exceeded the limit of license assignments for your account.")
	}
	s.promoted = append(s.promoted, c.now)
	return nil
}

// getPlanUsage is GET /accounts/{accountId}/plans/usage, for accountId me or the
// account's own.
func getPlanUsage(c *call) *answer {
	s := c.s
	if refusal := c.accountParam(); refusal != nil {
		return refusal
	}
	if s.plan == zoom.PlanFree {
		return badRequest(200, "Only available for paid account.")
	}
	used, pending, bundles := s.seatsUsed(zoom.TypeLicensed), 0, 0
	for _, m := range s.members {
		switch {
		case m.gone:
		case m.user.Status == zoom.StatusPending:
			pending++
		case m.user.ZoomOneType != 0:
			bundles++
		}
	}
	bought, limited := s.seats[zoom.TypeLicensed]
	if !limited {
		bought = used
	}
	usage := func(kind string, hosts, used, pending int) map[string]any {
		return map[string]any{"type": kind, "hosts": hosts, "usage": used, "pending": pending}
	}
	base := usage("yearly", bought, used, pending)
	base["active_hosts"] = used
	o := beginObject(nil)
	o.any("plan_base", base)
	if bundles > 0 {
		o.any("plan_zoom_one", []any{usage("zoom_one_business_plus_yearly", bundles, bundles, 0)})
	}
	return ok(o.end())
}
