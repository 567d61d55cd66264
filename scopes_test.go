package zoom_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// office is an account with something for each task to find.
type office struct {
	srv     *zoomtest.Server
	meeting zoomtest.PastMeeting
}

func newOffice(t *testing.T, scopes ...string) *office {
	t.Helper()
	srv := zoomtest.NewServer(zoomtest.WithScopes(scopes...))
	t.Cleanup(srv.Close)
	srv.AddUser(zoom.User{Email: "owner@example.com", Type: zoom.TypeLicensed, RoleID: zoom.RoleOwner})
	for _, name := range []string{"ada", "ben", "cleo", "dan", "eve"} {
		srv.AddUser(zoom.User{Email: name + "@example.com", Type: zoom.TypeLicensed})
	}
	srv.AddMeeting(zoom.Meeting{HostID: "ada@example.com"})
	held := srv.AddPastMeeting(zoomtest.PastMeeting{
		HostID: "ada@example.com", End: srv.Now(), Participants: []zoom.Participant{{UserEmail: "ada@example.com"}, {UserEmail: "ben@example.com"}},
	})
	return &office{srv, held}
}

// do is what a program does for the task, each step whether or not another failed.
func (o *office) do(ctx context.Context, c *zoom.Client, task zoom.Task) []error {
	var errs []error
	step := func(_ any, err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	step(c.Users.Roster(nil).Collect(ctx))
	switch task {
	case zoom.TaskLicenses:
		step(c.Users.Summary(ctx))
	case zoom.TaskAccess:
		step(c.Reports.Hosts(nil).Collect(ctx))
		step(c.Reports.SignIns(nil).Collect(ctx))
		step(c.Reports.UserMeetings("ada@example.com", nil).Collect(ctx))
		step(c.Reports.Participants(o.meeting.UUID, nil).Collect(ctx))
		step(c.Meetings.List("ada@example.com", nil).Collect(ctx))
		step(c.Meetings.Instances(ctx, strconv.FormatInt(o.meeting.ID, 10)))
	case zoom.TaskReclaim:
		step(c.Meetings.List("ben@example.com", &zoom.ListMeetingsOptions{Type: zoom.MeetingsUpcoming}).Collect(ctx))
		step(c.Users.Reclaim(ctx, "ben@example.com", zoom.ReclaimDeactivate, nil))
		step(c.Users.Reclaim(ctx, "cleo@example.com", zoom.ReclaimDowngrade, nil))
		step(nil, c.Users.Deactivate(ctx, "dan@example.com"))
		step(nil, c.Users.Update(ctx, "eve@example.com", &zoom.UserUpdate{Type: zoom.TypeBasic}))
	}
	return errs
}

func namesOf(scopes []zoom.TaskScope, name func(zoom.TaskScope) string) []string {
	var names []string
	for _, s := range scopes {
		names = append(names, name(s))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func endpoint(s zoom.TaskScope) string { return s.Endpoint }
func classic(s zoom.TaskScope) string  { return s.Classic }
func granular(s zoom.TaskScope) string { return s.Granular }

// The table names the endpoints that the client asks for the task, no more and no
// fewer.
func TestTaskScopesAreThoseOfTheCalls(t *testing.T) {
	for _, task := range allTasks() {
		o := newOffice(t, namesOf(task.Scopes(), granular)...)
		require.Empty(t, o.do(t.Context(), o.srv.Client(), task), task)
		var asked []string
		for _, r := range o.srv.Requests() {
			if r.Route != "/oauth/token" {
				asked = append(asked, r.Method+" "+r.Route)
			}
		}
		slices.Sort(asked)
		assert.Equal(t, namesOf(task.Scopes(), endpoint), slices.Compact(asked), task)
	}
}

// Preflight finds what Zoom refuses, and nothing else: with all classic scopes, all
// granular ones, any of them missing, and any choice of the classic ones.
func TestPreflightSaysWhatTheFakeRefuses(t *testing.T) {
	for _, task := range allTasks() {
		table := task.Scopes()
		for _, names := range [][]string{namesOf(table, classic), namesOf(table, granular)} {
			assertPreflight(t, task, names, true)
			for i := range names {
				assertPreflight(t, task, slices.Delete(slices.Clone(names), i, i+1), false)
			}
		}
		for choice := range 1 << 4 {
			var names []string
			for i, name := range []string{"user:read:admin", "user:write:admin", "meeting:read:admin", "report:read:admin"} {
				if choice>>i&1 == 1 {
					names = append(names, name)
				}
			}
			assertPreflight(t, task, names, false)
		}
	}
}

// assertPreflight holds what Preflight says against what happens then. The server
// refuses in each form that the error has.
func assertPreflight(t *testing.T, task zoom.Task, names []string, works bool) {
	t.Helper()
	names = append(names, "phone:read:admin") // no scope at all is another error
	for _, code := range []int{4711, 104} {
		o := newOffice(t, names...)
		o.srv.SetQuirks(zoomtest.Quirks{ScopeErrorCode: code})
		c := o.srv.Client()
		errPreflight := c.Preflight(t.Context(), task)
		for _, r := range o.srv.Requests() {
			require.Equal(t, "/oauth/token", r.Route, "no request to the API")
		}
		errs := o.do(t.Context(), c, task)
		if errPreflight == nil {
			require.Empty(t, errs, "%v %v", task, names)
			continue
		}
		require.False(t, works, "%v %v: %v", task, names, errPreflight)
		foretold := map[string]string{} // the granular scope of an endpoint
		for _, m := range missingIn(t, errPreflight).Missing {
			require.Equal(t, task, m.Task)
			foretold[m.Endpoint] = m.Granular
			for _, name := range []string{task.String(), m.Classic, m.Granular} {
				require.Contains(t, errPreflight.Error(), name)
			}
		}
		refused := map[string]string{}
		for _, err := range errs {
			require.ErrorIs(t, err, zoom.ErrScope, "%v %v", task, names)
			e := asError(t, err)
			require.Len(t, e.Scopes, 1)
			require.Equal(t, code, e.Code)
			refused[e.Method+" "+e.Path] = e.Scopes[0]
		}
		require.Equal(t, foretold, refused, "%v %v", task, names)
	}
}

// Each scope of the table opens its endpoint by itself, and so does a wider one.
func TestTaskScopesOpenTheirEndpointsInTheFake(t *testing.T) {
	for _, task := range allTasks() {
		for _, s := range task.Scopes() {
			for _, scope := range []string{s.Classic, s.Granular, strings.Replace(s.Classic, "user:read:", "user:write:", 1)} {
				require.NotErrorIs(t, knock(t, s.Endpoint, scope), zoom.ErrScope, "%s with %s", s.Endpoint, scope)
			}
			for _, scope := range []string{"", "phone:read:admin"} {
				err := knock(t, s.Endpoint, scope)
				require.ErrorIs(t, err, zoom.ErrScope, s.Endpoint)
				assert.Equal(t, []string{s.Granular}, asError(t, err).Scopes, "the least one")
			}
		}
	}
}

// knock calls an endpoint about nobody, with one scope. Without one it also sees
// whether the fake knows the endpoint at all.
func knock(t *testing.T, endpoint, scope string) error {
	t.Helper()
	srv := zoomtest.NewServer()
	defer srv.Close()
	srv.SetScopes(scope)
	method, path, _ := strings.Cut(endpoint, " ")
	req := &zoom.Request{Method: method, Path: path, Query: url.Values{"from": {"2020-01-01"}, "to": {"2020-01-02"}}}
	if strings.Contains(path, "{") {
		req.PathValues = []string{"nobody"}
	}
	err := srv.Client(once).Do(t.Context(), req, nil)
	if e, ok := errors.AsType[*zoom.Error](err); ok {
		require.NotEqual(t, 2300, e.Code, "the fake does not know %s", endpoint)
	}
	return err
}

func TestTask(t *testing.T) {
	names := map[zoom.Task]string{zoom.TaskRoster: "roster", zoom.TaskAccess: "access", zoom.TaskLicenses: "licenses", zoom.TaskReclaim: "reclaim"}
	for _, task := range allTasks() {
		assert.Equal(t, names[task], task.String())
		scopes := task.Scopes()
		require.NotEmpty(t, scopes)
		scopes[0].Classic = "changed by the caller"
		assert.NotEqual(t, scopes[0], task.Scopes()[0], "a fresh slice each time")
		for _, s := range task.Scopes() {
			assert.Regexp(t, `^(GET|PUT|PATCH) /[a-zA-Z_{}/]+$`, s.Endpoint)
			assert.Regexp(t, `^[a-z]+:(read|write):admin$`, s.Classic)
			assert.Regexp(t, `^[a-z]+:(read|update):[a-z_]+:admin$`, s.Granular)
			assert.Contains(t, zoomtest.AllScopes(), s.Granular)
		}
	}
	for _, task := range []zoom.Task{0, -1, 5} {
		assert.Equal(t, "unknown", task.String())
		assert.Nil(t, task.Scopes())
	}
	text, err := json.Marshal(map[zoom.Task]zoom.Task{zoom.TaskAccess: zoom.TaskReclaim})
	require.NoError(t, err)
	assert.JSONEq(t, `{"access":"reclaim"}`, string(text))
}

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
	odd := &zoom.MissingScopesError{Missing: []zoom.MissingScope{{Task: 9, TaskScope: zoom.TaskScope{Classic: "a\nb", Granular: secretEmail + strings.Repeat("x", 1000)}}}}
	assert.NotContains(t, odd.Error(), "\n")
	assert.NotContains(t, odd.Error(), secretUser)
	assert.Less(t, len(odd.Error()), 600)
	text, err := json.Marshal(zoom.MissingScope{Task: zoom.TaskLicenses, TaskScope: zoom.TaskScope{Endpoint: "GET /users"}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Task":"licenses","Endpoint":"GET /users","Classic":"","Granular":""}`, string(text))
}
