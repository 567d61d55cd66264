package zoom_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

// granted is a source whose tokens come with a scope, nil: without any.
type granted struct {
	scope any
	asked int
}

func (g *granted) Token(context.Context) (*oauth2.Token, error) {
	g.asked++
	tok := &oauth2.Token{AccessToken: "test-token", Expiry: time.Now().Add(time.Hour)}
	if g.scope == nil {
		return tok, nil
	}
	return tok.WithExtra(map[string]any{"scope": g.scope}), nil
}

// plainSource is one of golang.org/x/oauth2, which knows no context.
type plainSource struct{ *granted }

func (p plainSource) Token() (*oauth2.Token, error) { return p.granted.Token(context.Background()) }

func allTasks() []zoom.Task {
	return []zoom.Task{zoom.TaskRoster, zoom.TaskAccess, zoom.TaskLicenses, zoom.TaskReclaim}
}

func missingIn(t *testing.T, err error) *zoom.MissingScopesError {
	t.Helper()
	require.ErrorIs(t, err, zoom.ErrScope)
	missing, ok := errors.AsType[*zoom.MissingScopesError](err)
	require.True(t, ok)
	return missing
}

func TestPreflightSatisfied(t *testing.T) {
	roster, reclaim, access := zoom.TaskRoster, zoom.TaskReclaim, zoom.TaskAccess
	for name, tc := range map[string]struct {
		scope string
		tasks []zoom.Task
	}{
		"classic":                       {"user:read:admin", []zoom.Task{roster, zoom.TaskLicenses}},
		"granular":                      {"user:read:list_users:admin", []zoom.Task{roster}},
		"write covers read":             {"user:write:admin meeting:read:admin", []zoom.Task{roster, zoom.TaskLicenses, reclaim}},
		"some of each":                  {"user:read:admin meeting:read:list_meetings:admin user:update:status:admin user:update:user:admin", []zoom.Task{reclaim}},
		"some of each, access":          {"user:read:list_users:admin report:read:admin meeting:read:list_meetings:admin meeting:read:list_past_instances:admin", []zoom.Task{access}},
		"blanks and scopes of others":   {"  phone:read:admin\tuser:read:admin\n user:read:admin ", []zoom.Task{roster}},
		"primary account, classic":      {"user:master meeting:read:master", []zoom.Task{roster, reclaim}},
		"primary account, classic read": {"user:read:master", []zoom.Task{roster}},
		"primary account, granular":     {"user:read:list_users:master", []zoom.Task{roster, roster}},
		"primary account, all":          {"user:master report:master meeting:master", allTasks()},
	} {
		t.Run(name, func(t *testing.T) {
			tp, src := newTape(fine), &granted{scope: tc.scope}
			c := clientWith(t, src, tp)
			require.NoError(t, c.Preflight(t.Context(), tc.tasks...))
			require.NoError(t, c.Preflight(t.Context(), tc.tasks...))
			assert.Equal(t, 1, src.asked, "the token is kept")
			require.NoError(t, clientWith(t, zoom.FromOAuth2(plainSource{src}), tp).Preflight(t.Context(), tc.tasks...))
			assert.Empty(t, tp.requests())
		})
	}
}

func TestPreflightMissing(t *testing.T) {
	tp := newTape(fine)
	c := clientWith(t, &granted{scope: "meeting:read:admin user:read:user:admin user:read:summary:admin report:read:user:admin"}, tp)
	err := c.Preflight(t.Context(), zoom.TaskRoster, zoom.TaskLicenses, zoom.TaskRoster, zoom.TaskAccess, zoom.TaskReclaim)
	missing := missingIn(t, err)
	endpoints := map[zoom.Task][]string{}
	for _, m := range missing.Missing {
		endpoints[m.Task] = append(endpoints[m.Task], m.Endpoint)
		assert.Contains(t, m.Task.Scopes(), zoom.TaskScope{Endpoint: m.Endpoint, Classic: m.Classic, Granular: m.Granular})
	}
	assert.Equal(t, map[zoom.Task][]string{
		zoom.TaskRoster:   {"GET /users"},
		zoom.TaskLicenses: {"GET /users"},
		zoom.TaskAccess:   {"GET /users", "GET /report/users", "GET /report/meetings/{meetingId}/participants", "GET /report/activities"},
		zoom.TaskReclaim:  {"GET /users", "PUT /users/{userId}/status", "PATCH /users/{userId}"},
	}, endpoints)

	e := asError(t, err)
	assert.Equal(t, "preflight", e.Op)
	assert.Zero(t, e.StatusCode)
	assert.Equal(t, []string{
		"user:read:admin", "user:read:list_users:admin", "report:read:admin", "report:read:list_users:admin",
		"report:read:list_meeting_participants:admin", "report:read:user_activities:admin",
		"user:write:admin", "user:update:status:admin", "user:update:user:admin",
	}, e.Scopes)
	const text = "the token lacks a scope or permission" +
		": roster needs user:read:admin, or granular user:read:list_users:admin" +
		"; licenses needs user:read:admin, or granular user:read:list_users:admin" +
		"; access needs user:read:admin report:read:admin, or granular user:read:list_users:admin report:read:list_users:admin" +
		" report:read:list_meeting_participants:admin report:read:user_activities:admin" +
		"; reclaim needs user:read:admin user:write:admin, or granular user:read:list_users:admin user:update:status:admin user:update:user:admin"
	assert.Equal(t, "zoom: preflight: "+text, err.Error(), "whole, and each name where it belongs")
	assert.Equal(t, text, missing.Error())
	assert.Empty(t, tp.requests())
}

// A scope of the user alone says nothing about everybody else.
func TestPreflightTakesNoScopeOfTheUserAlone(t *testing.T) {
	const own = "user:read user:write user:read:user user:read:list_users meeting:read meeting:read:list_meetings report:read " +
		"user:update:status user:read:admin2 user:readadmin user:read:list_users:admins USER:READ:ADMIN"
	c := clientWith(t, &granted{scope: own}, newTape(fine))
	for _, task := range allTasks() {
		assert.Len(t, missingIn(t, c.Preflight(t.Context(), task)).Missing, len(task.Scopes()), task)
	}
}

func TestPreflightUnknownScopes(t *testing.T) {
	tp := newTape(fine)
	for name, src := range map[string]zoom.TokenSource{
		"static":             zoom.StaticToken("test-token"),
		"no scope":           &granted{},
		"empty":              &granted{scope: ""},
		"blank":              &granted{scope: " \t"},
		"no text":            &granted{scope: 7},
		"oauth2, no scope":   zoom.FromOAuth2(plainSource{&granted{}}),
		"oauth2, with scope": zoom.FromOAuth2(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "test-token"})),
	} {
		err := clientWith(t, src, tp).Preflight(t.Context(), zoom.TaskRoster)
		require.ErrorIs(t, err, zoom.ErrScopesUnknown, name)
		require.NotErrorIs(t, err, zoom.ErrScope, name)
		assert.Equal(t, "zoom: preflight: the token does not tell its scopes", asError(t, err).Error())
	}
	assert.Empty(t, tp.requests())
}

func TestPreflightRefuses(t *testing.T) {
	src := &granted{scope: "user:read:admin"}
	c := clientWith(t, src, newTape(fine))
	var none *zoom.Client
	for name, err := range map[string]error{
		"no task":       c.Preflight(t.Context()),
		"task 0":        c.Preflight(t.Context(), 0),
		"task -1":       c.Preflight(t.Context(), zoom.TaskRoster, -1),
		"task 5":        c.Preflight(t.Context(), 5),
		"nil client":    none.Preflight(t.Context(), zoom.TaskRoster),
		"zero client":   new(zoom.Client).Preflight(t.Context(), zoom.TaskRoster),
		"nil context":   c.Preflight(nil, zoom.TaskRoster), //nolint:staticcheck // what is tested
		"zero, no task": new(zoom.Client).Preflight(t.Context()),
	} {
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
		assert.Equal(t, "preflight", asError(t, err).Op, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Preflight(ctx, zoom.TaskRoster), context.Canceled)
	assert.Zero(t, src.asked)
	require.NoError(t, c.Preflight(t.Context(), zoom.TaskRoster))
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Preflight(t.Context(), zoom.TaskRoster), zoom.ErrClosed)
	assert.Equal(t, 1, src.asked)
}

// What a token source says comes out as it does from a call, and a wait for it ends
// with the context.
func TestPreflightWithoutAToken(t *testing.T) {
	tp := newTape(fine)
	failing := sourceFunc(func(context.Context) (*oauth2.Token, error) {
		return nil, &zoom.Error{Op: "vault", StatusCode: 400, Err: zoom.ErrReauthorize}
	})
	err := clientWith(t, failing, tp).Preflight(t.Context(), zoom.TaskRoster)
	require.ErrorIs(t, err, zoom.ErrReauthorize)
	e := asError(t, err)
	assert.Equal(t, "preflight", e.Op)
	assert.Equal(t, 400, e.StatusCode)

	synctest.Test(t, func(t *testing.T) {
		slow := sourceFunc(func(context.Context) (*oauth2.Token, error) {
			time.Sleep(20 * time.Second)
			return (&granted{scope: "user:read:admin"}).Token(context.Background())
		})
		c := clientWith(t, slow, tp)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, c.Preflight(ctx, zoom.TaskRoster), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		require.NoError(t, c.Preflight(t.Context(), zoom.TaskRoster), "the fetch went on")
	})
	assert.Empty(t, tp.requests())
}

func TestMissingScopesErrorForms(t *testing.T) {
	var none *zoom.MissingScopesError
	assert.Equal(t, zoom.ErrScope.Error(), none.Error())
	require.ErrorIs(t, none, zoom.ErrScope)
	assert.Equal(t, "zoom: "+zoom.ErrScope.Error(), (&zoom.Error{Err: new(zoom.MissingScopesError)}).Error())
	odd := &zoom.MissingScopesError{Missing: []zoom.MissingScope{{Task: 9, Classic: "a\nb", Granular: secretEmail + strings.Repeat("x", 1000)}}}
	assert.NotContains(t, odd.Error(), "\n")
	assert.NotContains(t, odd.Error(), secretUser)
	assert.Less(t, len(odd.Error()), 600)
	text, err := json.Marshal(zoom.MissingScope{Task: zoom.TaskLicenses, Endpoint: "GET /users"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Task":"licenses","Endpoint":"GET /users","Classic":"","Granular":""}`, string(text))
}
