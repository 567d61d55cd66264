package zoomtest

import (
	"net/http"

	"github.com/seatkit/zoom"
)

// roomOrAdminStays is Zoom's one refusal for both.
const roomOrAdminStays = "Zoom Room and Admin users' status cannot be activated or deactivated."

// putStatus is PUT /users/{userId}/status.
func putStatus(c *call) *answer {
	m, refusal := c.userParam()
	if refusal != nil {
		return refusal
	}
	var body struct {
		Action zoom.StatusAction `json:"action"`
	}
	if !readJSON(c.body, &body) {
		return badRequest(300, "Request Body should be a valid JSON object.")
	}
	done := &answer{status: or(c.s.quirks.StatusCode, http.StatusOK)}
	u := cloneUser(&m.user)
	switch body.Action {
	case zoom.ActionActivate, zoom.ActionDeactivate:
	case zoom.ActionClockIn, zoom.ActionClockOut:
		return done
	default:
		return invalid("action")
	}
	deactivate := body.Action == zoom.ActionDeactivate
	switch {
	case u.Status == zoom.StatusPending:
		return done // Zoom says that it worked, and does nothing
	case m.room:
		return badRequest(200, roomOrAdminStays)
	case u.RoleID == zoom.RoleOwner, u.RoleID == zoom.RoleAdmin:
		return badRequest(200, roomOrAdminStays)
	case m.events && deactivate:
		return badRequest(300, "You cannot deactivate this user because the user has an upcoming Zoom Events scheduled.")
	case deactivate == (u.Status == zoom.StatusInactive):
		return done
	case deactivate:
		shadow := *m
		shadow.user = u
		c.s.setStatus(&shadow, zoom.StatusInactive)
		c.write(m, shadow.user)
		m.features = nil
		return done
	}
	// Only the sign-in comes back: who is reactivated holds no licence.
	if u.Type != zoom.TypeUnassigned && u.Type != zoom.TypeNone {
		u.Type = zoom.TypeBasic
	}
	if refusal := c.s.seatFor(nil, u.Type); refusal != nil {
		return refusal
	}
	u.Status = zoom.StatusActive
	c.write(m, u)
	return done
}

// setStatus moves a member; deactivation takes all licences away.
func (s *Server) setStatus(m *member, status zoom.UserStatus) {
	u := &m.user
	u.Status = status
	if status != zoom.StatusInactive {
		return
	}
	u.PlanUnitedType, u.ZoomOneType, u.LicenseInfoList = "", 0, nil
	if !s.quirks.InactiveKeepsType && u.Type != zoom.TypeUnassigned && u.Type != zoom.TypeNone {
		u.Type = zoom.TypeBasic
	}
	m.features = nil
}
