package zoom_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		step(c.Meetings.Instances(ctx, o.meeting.ID))
	case zoom.TaskReclaim:
		step(c.Meetings.List("ben@example.com", &zoom.ListMeetingsOptions{Type: zoom.MeetingsUpcoming}).Collect(ctx))
		step(c.Users.Reclaim(ctx, "ben@example.com", nil))
		step(c.Users.Reclaim(ctx, "cleo@example.com", &zoom.ReclaimOptions{Method: zoom.ReclaimDowngrade}))
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
