package zoomtest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seatkit/zoom"
)

// A route is one endpoint.
type route struct {
	method    string
	path      string // the template
	plain     string // under /accounts/{accountId}: the template without that
	class     zoom.RateClass
	scopes    []string // any one is enough; the granular ones begin at fine
	fine      int
	open      bool // needs no token and is not limited
	unmetered bool
	bulk      bool // once in ten seconds
	handle    func(*call) *answer
}

// granular is what a missing-scope error names: the narrowest scope that would do.
func (r *route) granular() []string { return r.scopes[len(r.scopes)-1:] }

const (
	light    = zoom.ClassLight
	medium   = zoom.ClassMedium
	heavy    = zoom.ClassHeavy
	resource = zoom.ClassResourceIntensive
)

// The classic scopes, and after the bar the granular ones.
const (
	userRead    = "user:read:admin user:write:admin user:read user:write | "
	userWrite   = "user:write:admin user:write | "
	groupRead   = "group:read:admin group:write:admin | "
	roleRead    = "role:read:admin role:write:admin | "
	meetingRead = "meeting:read:admin meeting:read | "
	reportRead  = "report:read:admin | "
	dashboard   = "dashboard_meetings:read:admin dashboard:read:admin | "
	billing     = "billing:master account:master account:read:admin | "
)

// routes are all endpoints. Where two templates fit a path the first one counts.
var routes = withAccounts([]*route{
	api("GET /users", medium, userRead+"user:read:list_users:admin", listUsers),
	api("POST /users", light, userWrite+"user:write:user:admin", postUser),
	api("GET /users/summary", medium, userRead+"user:read:summary:admin", getSummary),
	api("GET /users/email", light, userRead+"user:read:email user:read:email:admin", getEmail),
	bulk(api("POST /users/features", medium, userWrite+"user:write:feature:admin", postFeatures)),
	api("GET /users/{userId}", light, userRead+"user:read:user user:read:user:admin", getUser),
	api("PATCH /users/{userId}", light, userWrite+"user:update:user user:update:user:admin", patchUser),
	api("DELETE /users/{userId}", light, userWrite+"user:delete:user user:delete:user:admin", deleteUser),
	api("PUT /users/{userId}/status", light, userWrite+"user:update:status user:update:status:admin", putStatus),
	api("GET /users/{userId}/settings", medium, userRead+"user:read:settings user:read:settings:admin", getSettings),
	api("GET /users/{userId}/permissions", light, userRead+"user:read:list_permissions user:read:list_permissions:admin", getPermissions),
	api("DELETE /users/{userId}/token", light, userWrite+"user:delete:token user:delete:token:admin", deleteToken),
	api("GET /users/{userId}/meetings", medium, meetingRead+"meeting:read:list_meetings meeting:read:list_meetings:admin", listMeetings),
	api("GET /users/{userId}/upcoming_meetings", medium, meetingRead+"meeting:read:list_upcoming_meetings meeting:read:list_upcoming_meetings:admin", listUpcoming),

	api("GET /past_meetings/{meetingId}", light, meetingRead+"meeting:read:past_meeting meeting:read:past_meeting:admin", getPastMeeting),
	api("GET /past_meetings/{meetingId}/instances", medium, meetingRead+"meeting:read:list_past_instances meeting:read:list_past_instances:admin", listInstances),
	api("GET /past_meetings/{meetingId}/participants", medium, meetingRead+"meeting:read:list_past_participants meeting:read:list_past_participants:admin", listPastParticipants),

	api("GET /report/users", heavy, reportRead+"report:read:list_users:admin", listHosts),
	api("GET /report/users/{userId}/meetings", heavy, reportRead+"report:read:user:admin", listReportMeetings),
	api("GET /report/meetings/{meetingId}", heavy, reportRead+"report:read:meeting:admin", getReportMeeting),
	api("GET /report/meetings/{meetingId}/participants", heavy, reportRead+"report:read:list_meeting_participants:admin", listReportParticipants),
	api("GET /report/activities", heavy, reportRead+"report:read:user_activities:admin", listSignIns),
	api("GET /metrics/meetings", resource, dashboard+"dashboard:read:list_meetings:admin", listMetrics),

	api("GET /groups", medium, groupRead+"group:read:list_groups:admin", listGroups),
	api("GET /groups/{groupId}/members", medium, groupRead+"group:read:list_members:admin", listGroupMembers),
	api("GET /roles", medium, roleRead+"role:read:list_roles role:read:list_roles:admin", listRoles),
	api("GET /roles/{roleId}/members", medium, roleRead+"role:read:list_members role:read:list_members:admin", listRoleMembers),
	api("GET /accounts/{accountId}/plans/usage", heavy, billing+"billing:read:plan_usage:admin", getPlanUsage),

	page("POST "+tokenPath, postToken),
	page("POST "+revokePath, postRevoke),
	page("POST "+deviceCodePath, postDeviceCode),
	page("GET "+authorizePath, getAuthorize),
	page("POST "+authorizePath, postDecision),
	page("GET "+devicePath, getDevice),
	page("POST "+devicePath, postDevice),
	page("GET "+deviceDonePath+"{userCode}", getDeviceComplete),
})

var (
	unknownEndpoint = &route{unmetered: true, handle: func(*call) *answer {
		return badRequest(2300, "This API endpoint is not recognized.")
	}}
	unknownPage = &route{open: true, handle: func(*call) *answer { return &answer{status: http.StatusNotFound} }}
)

func api(pattern string, class zoom.RateClass, scopes string, handle func(*call) *answer) *route {
	method, path, _ := strings.Cut(pattern, " ")
	classic, granular, _ := strings.Cut(scopes, "|")
	r := &route{method: method, path: path, class: class, scopes: strings.Fields(classic), handle: handle}
	r.fine = len(r.scopes)
	r.scopes = append(r.scopes, strings.Fields(granular)...)
	return r
}

// page is an address of the OAuth host.
func page(pattern string, handle func(*call) *answer) *route {
	method, path, _ := strings.Cut(pattern, " ")
	return &route{method: method, path: path, open: true, handle: handle}
}

func bulk(r *route) *route {
	r.bulk = true
	return r
}

// AllScopes returns the granular scopes of all endpoints of the fake, without those
// for sub-accounts.
func AllScopes() []string {
	var scopes []string
	for _, r := range routes {
		if r.plain == "" {
			scopes = append(scopes, r.scopes[r.fine:]...)
		}
	}
	return scopes
}

// match finds the route of an escaped path by its segments, each of which is
// unescaped once. A plus sign that was not escaped is a blank.
func match(method, base, path string) (*route, []string) {
	segments := strings.Split(path, "/")
	for _, r := range routes {
		if r.method != method || r.open != (base == "") {
			continue
		}
		if params, fits := fit(r.path, segments); fits {
			return r, params
		}
	}
	if base == "" {
		return unknownPage, nil
	}
	return unknownEndpoint, nil
}

func fit(template string, segments []string) ([]string, bool) {
	var params []string
	for i, segment := range segments {
		part, rest, more := strings.Cut(template, "/")
		if more != (i < len(segments)-1) {
			return nil, false
		}
		template = rest
		if !strings.HasPrefix(part, "{") {
			if part != segment {
				return nil, false
			}
			continue
		}
		value, err := url.QueryUnescape(segment)
		if err != nil || value == "" {
			return nil, false
		}
		params = append(params, value)
	}
	return params, true
}
