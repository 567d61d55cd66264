package zoomtest

import (
	"slices"
	"strings"
)

// A scopeGroup is what the consent page lists under one heading.
type scopeGroup struct {
	Name   string
	Scopes []scopeText
}

// A scopeText says a scope in words: "View the list of users" – "whole account".
type scopeText struct{ Words, Audience, Scope string }

func describeScopes(scopes []string) []scopeGroup {
	var groups []scopeGroup
	for _, scope := range scopes {
		resource, _, _ := strings.Cut(scope, ":")
		resource, _, _ = strings.Cut(resource, "_") // dashboard_meetings
		i := slices.IndexFunc(groups, func(g scopeGroup) bool { return g.Name == resource })
		if i < 0 {
			i = len(groups)
			groups = append(groups, scopeGroup{Name: resource})
		}
		groups[i].Scopes = append(groups[i].Scopes, describeScope(scope))
	}
	return groups
}

// describeScope splits the level off: :admin is the whole account, :master that of
// a partner's customers, none the person alone.
func describeScope(scope string) scopeText {
	text := scopeText{Scope: scope, Audience: "your own"}
	what, isAdmin := strings.CutSuffix(scope, ":admin")
	what, isMaster := strings.CutSuffix(what, ":master")
	switch {
	case isAdmin:
		text.Audience = "whole account"
	case isMaster:
		text.Audience = "sub-accounts too"
	}
	text.Words = or(scopeWords[what], guessWords(what))
	return text
}

// guessWords makes words of a scope that the fake has no endpoint for.
func guessWords(what string) string {
	resource, rest, found := strings.Cut(what, ":")
	if !found {
		return "Use " + resource
	}
	verb, object, _ := strings.Cut(rest, ":")
	verb = or(map[string]string{"read": "View", "write": "Change", "update": "Change", "delete": "Delete"}[verb], "Use")
	return verb + " " + strings.ReplaceAll(or(object, resource), "_", " ") + " (" + resource + ")"
}

// scopeWords has the granular scopes of all routes and the classic ones, without
// their level.
var scopeWords = map[string]string{
	"user:read:list_users":       "View the list of users",
	"user:read:user":             "View a user's profile and licence",
	"user:read:summary":          "View how many users hold a licence",
	"user:read:email":            "Check whether an e-mail address is taken",
	"user:read:settings":         "View users' settings and add-ons",
	"user:read:list_permissions": "View what a user's role permits",
	"user:write:user":            "Add users",
	"user:write:feature":         "Change the licences of many users at once",
	"user:update:user":           "Change a user's profile and licence",
	"user:update:status":         "Deactivate and reactivate users",
	"user:delete:user":           "Remove users from the account",
	"user:delete:token":          "Sign users out",

	"meeting:read:list_meetings":          "View users' meetings",
	"meeting:read:list_upcoming_meetings": "View users' upcoming meetings",
	"meeting:read:past_meeting":           "View past meetings",
	"meeting:read:list_past_instances":    "View when a meeting was held",
	"meeting:read:list_past_participants": "View who took part in past meetings",

	"report:read:list_users":                "View the report of active and inactive hosts",
	"report:read:user":                      "View the report of a user's meetings",
	"report:read:meeting":                   "View the report of a meeting",
	"report:read:list_meeting_participants": "View the report of a meeting's participants",
	"report:read:user_activities":           "View the report of sign-ins",

	"dashboard:read:list_meetings": "View the dashboard of meetings",
	"group:read:list_groups":       "View groups",
	"group:read:list_members":      "View the members of groups",
	"role:read:list_roles":         "View roles",
	"role:read:list_members":       "View who has a role",
	"billing:read:plan_usage":      "View how many seats are bought and used",

	"user:read":               "View users",
	"user:write":              "View and change users",
	"meeting:read":            "View meetings",
	"report:read":             "View reports",
	"group:read":              "View groups",
	"group:write":             "View and change groups",
	"role:read":               "View roles",
	"role:write":              "View and change roles",
	"dashboard_meetings:read": "View the dashboard of meetings",
	"dashboard:read":          "View dashboards",
	"account:read":            "View the account",
	"account":                 "View and change accounts",
	"billing":                 "View and change plans",
	"user":                    "View and change users",
	"meeting":                 "View and change meetings",
	"report":                  "View reports",
}
