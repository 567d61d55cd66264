package zoom

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/transport"
)

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

// A MissingScope is an endpoint that a task calls and the token does not open. The
// classic or the granular scope would open it.
type MissingScope struct {
	Task Task
	TaskScope
}

// A MissingScopesError is what [Client.Preflight] found; it is [ErrScope]. It
// stands in an [*Error] whose Scopes are all names in it, of both families.
type MissingScopesError struct {
	Missing []MissingScope // by task, in the order in which they were asked for
}

// Unwrap returns [ErrScope].
func (e *MissingScopesError) Unwrap() error { return ErrScope }

// Error names on one line, for each task, the classic scopes and the granular ones.
func (e *MissingScopesError) Error() string {
	text := ErrScope.Error()
	if e == nil || len(e.Missing) == 0 {
		return text
	}
	var needs []string
	for rest := e.Missing; len(rest) > 0; {
		task := rest[0].Task
		var classic, granular []string
		for len(rest) > 0 && rest[0].Task == task {
			classic, granular = appendNew(classic, scrub(rest[0].Classic)), appendNew(granular, scrub(rest[0].Granular))
			rest = rest[1:]
		}
		needs = append(needs, task.String()+" needs "+strings.Join(classic, " ")+", or granular "+strings.Join(granular, " "))
	}
	return text + ": " + strings.Join(needs, "; ")
}

// Preflight says before the work whether the access token has the scopes of the
// tasks, so that a job that would fail in an hour fails at once. It sends no request
// to the API; it asks the token source only if the client holds no token that is
// good, and reads the scope that came with the token.
//
// A nil error is no promise: Zoom decides at the call, by the scopes of the app
// (codes 104, 4700 and 4711) and by the role of the user who authorised it, such as
// User:Edit (code 200), which no token tells. Both come back as [ErrScope] then.
// Scopes that the app was given later show in the next token only.
//
// It never asks for a family: each endpoint is satisfied by its classic or its
// granular scope, or by a wider one. Scopes of the user alone, without ":admin"
// (user:read), satisfy nothing, because they reach the token's own user only.
//
// Errors: [ErrScope] with a [*MissingScopesError]; [ErrScopesUnknown] if the token
// does not tell its scopes, as that of [StaticToken], or tells none;
// [ErrInvalidArgument] without a task or with an unknown one; those of the token
// source.
//
// API: https://developers.zoom.us/docs/integrations/oauth/,
// https://developers.zoom.us/docs/integrations/oauth-scopes-granular/
func (c *Client) Preflight(ctx context.Context, tasks ...Task) error {
	o := &operation{op: "preflight"}
	switch {
	case c == nil || c.road == nil:
		return invalidArgument(o, errors.New("the client was not made by NewClient"))
	case ctx == nil:
		return invalidArgument(o, errors.New("the context is nil"))
	case len(tasks) == 0:
		return invalidArgument(o, errors.New("tasks: want at least one"))
	}
	for _, task := range tasks {
		if task.Scopes() == nil {
			return invalidArgument(o, errors.New("tasks: want TaskRoster, TaskAccess, TaskLicenses or TaskReclaim"))
		}
	}
	if err := ctx.Err(); err != nil {
		return &Error{Op: o.op, Err: err}
	}
	if c.closed.Load() {
		return &Error{Op: o.op, Err: ErrClosed}
	}
	tok, err := c.tokens.token(ctx)
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return &Error{Op: o.op, Err: ctx.Err()}
	case err != nil:
		return newError(o, &transport.Failure{Kind: transport.KindToken, Err: err})
	}
	scopes := scopesOf(tok)
	if len(scopes) == 0 {
		return &Error{Op: o.op, Err: ErrScopesUnknown}
	}
	return missingError(o, missingFor(tasks, scopes, c.speaksForOther()))
}

// scopesOf reads what the token endpoint said beside the token.
func scopesOf(tok *oauth2.Token) []string {
	text, _ := tok.Extra("scope").(string)
	return strings.Fields(text)
}

func missingFor(tasks []Task, scopes []string, otherAccount bool) []MissingScope {
	var missing []MissingScope
	for i, task := range tasks {
		if slices.Contains(tasks[:i], task) {
			continue
		}
		for _, need := range task.Scopes() {
			if need.metBy(scopes, otherAccount) {
				continue
			}
			if otherAccount {
				need = need.ofPrimaryAccount()
			}
			missing = append(missing, MissingScope{task, need})
		}
	}
	return missing
}

func missingError(o *operation, missing []MissingScope) error {
	if len(missing) == 0 {
		return nil
	}
	e := &Error{Op: o.op, Err: &MissingScopesError{missing}}
	for _, m := range missing {
		e.Scopes = appendNew(appendNew(e.Scopes, m.Classic), m.Granular)
	}
	return e
}

func appendNew(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
