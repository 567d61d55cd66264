package zoom

import "strings"

// A Task is one of the jobs that this package is for. Each needs scopes of its
// own: [Task.Scopes] lists them, [Client.Preflight] looks whether the access token
// has them.
type Task int

// The tasks. The zero value is none.
const (
	TaskRoster   Task = iota + 1 // who has an account
	TaskAccess                   // who uses it, when: meetings, reports, sign-ins
	TaskLicenses                 // which licence each person holds, held against Zoom's own count
	TaskReclaim                  // give seats back: roster, look, write, look again; both methods
)

// String returns "roster", "access", "licenses" or "reclaim".
func (t Task) String() string {
	switch t {
	case TaskRoster:
		return "roster"
	case TaskAccess:
		return "access"
	case TaskLicenses:
		return "licenses"
	case TaskReclaim:
		return "reclaim"
	default:
		return "unknown"
	}
}

// MarshalText writes the name, so that reports and logs can be read.
func (t Task) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what [Task.MarshalText] writes and refuses any other text.
func (t *Task) UnmarshalText(text []byte) error {
	return unmarshalName(t, text, "task", TaskRoster, TaskAccess, TaskLicenses, TaskReclaim)
}

// A TaskScope is what one endpoint asks of a token: the classic scope or the
// granular one. An app made now has granular scopes, an older one classic scopes;
// either will do, and so will some of each. These are the least; a wider scope, as
// user:write:admin is where user:read:admin is named, does as well.
type TaskScope struct {
	Endpoint string // method and route template, "GET /users"
	Classic  string // "user:read:admin"
	Granular string // "user:read:list_users:admin"
}

// The least classic scopes.
const (
	scopeUserRead    = "user:read:admin"
	scopeUserWrite   = "user:write:admin"
	scopeMeetingRead = "meeting:read:admin"
	scopeReportRead  = "report:read:admin"
)

// Scopes returns the scopes of every endpoint that this package calls for the
// task, on the token's own account; nil for an unknown task. For a sub-account see
// [WithSubAccount].
//
// API: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/
func (t Task) Scopes() []TaskScope {
	users := TaskScope{"GET /users", scopeUserRead, "user:read:list_users:admin"}
	meetings := TaskScope{"GET /users/{userId}/meetings", scopeMeetingRead, "meeting:read:list_meetings:admin"}
	switch t {
	case TaskRoster:
		return []TaskScope{users}
	case TaskAccess:
		return []TaskScope{
			users,
			meetings,
			{"GET /past_meetings/{meetingId}/instances", scopeMeetingRead, "meeting:read:list_past_instances:admin"},
			{"GET /report/users", scopeReportRead, "report:read:list_users:admin"},
			{"GET /report/users/{userId}/meetings", scopeReportRead, "report:read:user:admin"},
			{"GET /report/meetings/{meetingId}/participants", scopeReportRead, "report:read:list_meeting_participants:admin"},
			{"GET /report/activities", scopeReportRead, "report:read:user_activities:admin"},
		}
	case TaskLicenses:
		return []TaskScope{users, {"GET /users/summary", scopeUserRead, "user:read:summary:admin"}}
	case TaskReclaim:
		return []TaskScope{
			users,
			{"GET /users/{userId}", scopeUserRead, "user:read:user:admin"},
			{"PUT /users/{userId}/status", scopeUserWrite, "user:update:status:admin"},
			{"PATCH /users/{userId}", scopeUserWrite, "user:update:user:admin"},
			meetings, // whether somebody hosts now
		}
	default:
		return nil
	}
}

// metBy reports whether one of the scopes opens the endpoint. A scope of the user
// alone (user:read, user:read:user) does not: Zoom takes it for the token's own
// user, and a task is about everybody. One of a primary account (:master) counts on
// the token's own account too: whether Zoom takes it there is not said, and it is
// for Zoom to refuse. For a sub-account only such a one will do.
func (s TaskScope) metBy(scopes []string, otherAccount bool) bool {
	resource, _, _ := strings.Cut(s.Classic, ":")
	for _, scope := range scopes {
		wide, isMaster := strings.CutSuffix(scope, ":master")
		switch {
		case isMaster && wide == resource:
			return true
		case isMaster:
			scope = wide + ":admin"
		case otherAccount:
			continue
		}
		if scope == s.Classic || scope == s.Granular || (scope == scopeUserWrite && s.Classic == scopeUserRead) {
			return true
		}
	}
	return false
}

// ofPrimaryAccount is the same need where it is about a sub-account.
func (s TaskScope) ofPrimaryAccount() TaskScope {
	resource, _, _ := strings.Cut(s.Classic, ":")
	method, path, _ := strings.Cut(s.Endpoint, " ")
	return TaskScope{
		Endpoint: method + " " + accountPath + path,
		Classic:  resource + ":master",
		Granular: strings.TrimSuffix(s.Granular, ":admin") + ":master",
	}
}
