package meaning

import (
	"net/http"
	"slices"
	"strings"
)

// Asked is what a call asked for, as far as the meaning of its answer depends on it.
type Asked struct {
	Method    string
	Route     string   // the route template, with or without the prefix of a sub-account
	PageToken bool     // the query holds a page token
	Members   []string // of the JSON object that was sent
}

// licenceMembers are those of a PATCH of a user that give or take a licence.
var licenceMembers = []string{"type", "zoom_one_type", "plan_united_type", "license_info_list"}

// segments of the route, without the prefix of a sub-account.
func (a *Asked) segments() []string {
	parts := strings.Split(strings.Trim(a.Route, "/"), "/")
	if len(parts) > 2 && parts[0] == "accounts" && parts[2] != "plans" && parts[2] != "settings" {
		parts = parts[2:]
	}
	return parts
}

func (a *Asked) reads() bool {
	return a.Method == "" || a.Method == http.MethodGet || a.Method == http.MethodHead
}

// writesUser reports a write to one user, or a bulk write to several.
func (a *Asked) writesUser() bool {
	parts := a.segments()
	return !a.reads() && len(parts) > 1 && parts[0] == "users"
}

// writesStatus reports an activation or a deactivation.
func (a *Asked) writesStatus() bool {
	parts := a.segments()
	return a.Method == http.MethodPut && len(parts) == 3 && parts[0] == "users" && parts[2] == "status"
}

// writesLicence reports a write that gives or takes a licence.
func (a *Asked) writesLicence() bool {
	parts := a.segments()
	if a.reads() || len(parts) != 2 || parts[0] != "users" {
		return false
	}
	if parts[1] == "features" {
		return true
	}
	return a.Method == http.MethodPatch && slices.ContainsFunc(a.Members, func(member string) bool {
		return slices.Contains(licenceMembers, member)
	})
}

// readsReport reports a read of what not every plan, account or role has.
func (a *Asked) readsReport() bool {
	parts := a.segments()
	switch {
	case !a.reads():
		return false
	case parts[0] == "report", parts[0] == "metrics", parts[0] == "past_meetings", parts[0] == "past_webinars":
		return true
	default:
		return parts[0] == "accounts" && len(parts) > 2 && parts[2] == "plans"
	}
}

// readsMeeting reports a read of one meeting, whose id is all that can be wrong.
func (a *Asked) readsMeeting() bool {
	parts := a.segments()
	if parts[0] == "report" || parts[0] == "metrics" {
		parts = parts[1:]
	}
	if !a.reads() || len(parts) < 2 {
		return false
	}
	switch parts[0] {
	case "meetings", "webinars", "past_meetings", "past_webinars":
		return true
	default:
		return false
	}
}
