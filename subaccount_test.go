package zoom_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

const secretAccount = "canary-Acc_1"

func TestSubAccountPrefixesEveryPath(t *testing.T) {
	users := func(next string) string { return activePage(next, "u1") }
	day := time.Now().AddDate(0, 0, -1)
	for name, tc := range map[string]struct {
		answers []answer
		call    func(ctx context.Context, c *zoom.Client) error
		want    string // method and path of each request, without the prefix
	}{
		"get": {[]answer{fine}, get, "GET /users/u1"},
		"list": {[]answer{ok(users("n1")), ok(users(""))}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.List(nil).Collect(ctx))
		}, "GET /users, GET /users"},
		"roster, ahead": {[]answer{ok(users(""))}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.Roster(nil).Prefetch().Collect(ctx))
		}, "GET /users, GET /users, GET /users"},
		"page": {[]answer{ok(users(""))}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.List(nil).Resume("n1").Page(ctx, ""))
		}, "GET /users"},
		"summary": {[]answer{ok(`{"total_users_count":1}`)}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.Summary(ctx))
		}, "GET /users/summary"},
		"PUT status": {[]answer{ok("")}, func(ctx context.Context, c *zoom.Client) error {
			return c.Users.Deactivate(ctx, "u1")
		}, "PUT /users/u1/status"},
		"PUT status, answer lost": {[]answer{{status: 502}, ok(userJSON("u1", "inactive"))}, func(ctx context.Context, c *zoom.Client) error {
			return c.Users.Deactivate(ctx, "u1")
		}, "PUT /users/u1/status, GET /users/u1"},
		"PATCH": {[]answer{{status: 204}}, func(ctx context.Context, c *zoom.Client) error {
			return c.Users.Update(ctx, "a@example.com", &zoom.UserUpdate{Type: zoom.TypeBasic})
		}, "PATCH /users/a%40example.com"},
		"reclaim": {[]answer{ok(userJSON("u1", "active")), noMeetings, ok("{}"), ok(userJSON("u1", "inactive"))}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.Reclaim(ctx, "u1", zoom.ReclaimDeactivate, nil))
		}, "GET /users/u1, GET /users/u1/meetings, PUT /users/u1/status, GET /users/u1"},
		"report": {[]answer{ok(`{"participants":[{"id":"p1"}]}`)}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Reports.Participants("/abc==", nil).Collect(ctx))
		}, "GET /report/meetings/%252Fabc%253D%253D/participants"},
		"report of months": {[]answer{ok(`{"users":[]}`)}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Reports.Hosts(&zoom.HostsOptions{From: day.AddDate(0, 0, -40), To: day}).Collect(ctx))
		}, "GET /report/users, GET /report/users"},
		"meetings": {[]answer{ok(`{"meetings":[{"uuid":"i1"}]}`)}, func(ctx context.Context, c *zoom.Client) error {
			return second(c.Meetings.Instances(ctx, "7"))
		}, "GET /past_meetings/7/instances"},
		"Do": {[]answer{ok("{}")}, func(ctx context.Context, c *zoom.Client) error {
			req := &zoom.Request{Method: "post", Path: "/groups/{groupId}/members", PathValues: []string{"g"}, Body: map[string]int{}}
			return errors.Join(c.Do(ctx, req, nil), c.Do(ctx, req, nil)) // the request is not changed
		}, "POST /groups/g/members, POST /groups/g/members"},
		"ListOf": {[]answer{ok(`{"groups":[],"total_records":0}`)}, func(ctx context.Context, c *zoom.Client) error {
			list := zoom.ListOf[json.RawMessage](c, &zoom.Request{Path: "/groups"}, "groups")
			return errors.Join(second(list.Collect(ctx)), second(list.Collect(ctx)))
		}, "GET /groups, GET /groups"},
	} {
		t.Run(name, func(t *testing.T) {
			for id, prefix := range map[string]string{secretAccount: "/v2/accounts/" + secretAccount, "me": "/v2/accounts/me", "a+b==": "/v2/accounts/a%2Bb%3D%3D"} {
				tp := newTape(tc.answers...)
				require.NoError(t, tc.call(t.Context(), tp.client(t, zoom.WithSubAccount(id))))
				var paths []string
				for _, r := range tp.requests() {
					rest, placed := strings.CutPrefix(r.path, prefix+"/")
					require.True(t, placed, r.path)
					paths = append(paths, r.method+" /"+rest)
				}
				assert.Equal(t, tc.want, strings.Join(paths, ", "))
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestSubAccountIDIsRefused(t *testing.T) {
	for _, id := range []string{"", ".", "..", "/", "canary/x", "../canary", "canary/..", " ", "canary x", "canary\r\n", "canary\x00", "canary\xff", strings.Repeat("canary", 50)} {
		c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithSubAccount(id))
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, "%q", id)
		assert.Nil(t, c)
		assert.Contains(t, err.Error(), "accountId")
		assert.NotContains(t, err.Error(), "canary")
	}
	tp := newTape(fine)
	c := tp.client(t, zoom.WithSubAccount("first"), zoom.WithSubAccount("last"), zoom.WithBaseURL("https://api.zoom.us/proxy/v2/"))
	require.NoError(t, get(t.Context(), c))
	assert.Equal(t, "/proxy/v2/accounts/last/users/u1", tp.requests()[0].path, "the last one counts")
}

// What a client of a sub-account refuses is what any other refuses.
func TestSubAccountRefusesBadPaths(t *testing.T) {
	tp := newTape(fine)
	c := tp.client(t, zoom.WithSubAccount(secretAccount))
	for _, req := range []*zoom.Request{
		{Path: ""},
		{Path: "users"},
		{Path: "/users/{userId}"},
		{Path: "/users", PathValues: []string{"u1"}},
		{Path: "/users/{userId}", PathValues: []string{".."}},
		{Path: "/users?x=1"},
		{Path: "/users/../x"},
	} {
		err := c.Do(t.Context(), req, nil)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, req.Path)
		assertSilentOn(t, err)
	}
	assert.Empty(t, tp.requests())
}

func assertSilentOn(t *testing.T, err error) {
	t.Helper()
	for form, text := range printForms(t, err) {
		assert.NotContains(t, strings.ToLower(text), "canary", form)
	}
}

// Errors, traces and logs show the template, whatever Zoom repeats; no print form
// of what holds the id shows it.
func TestSubAccountIDIsNeverPrinted(t *testing.T) {
	const message = "Account " + secretAccount + " does not exist, " + "see /accounts/" + secretAccount + "/users."
	var text bytes.Buffer
	var calls []string
	opts := []zoom.Option{
		once, zoom.WithSubAccount(secretAccount), zoom.WithLogger(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		zoom.WithTrace(&zoom.Trace{Start: func(ctx context.Context, call zoom.CallInfo) context.Context {
			calls = append(calls, call.Method+" "+call.Path)
			return ctx
		}}),
	}
	for name, a := range map[string]answer{
		"refusal":    refusal(404, 2001, message),
		"server":     {status: 500, body: message},
		"odd answer": ok(message),
		"network":    {err: &url.Error{Op: "Get", URL: "https://api.zoom.us/v2/accounts/" + secretAccount, Err: errors.New(message)}},
		"redirect":   {status: 302, header: map[string]string{"Location": "https://x.example.com/" + secretAccount}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTape(a).client(t, opts...)
			for path, err := range map[string]error{
				"/accounts/{accountId}/users":                 second(c.Users.List(nil).Collect(t.Context())),
				"/accounts/{accountId}/users/{userId}":        get(t.Context(), c),
				"/accounts/{accountId}/users/{userId}/status": c.Users.Activate(t.Context(), "u1"),
				"/accounts/{accountId}/groups":                c.Do(t.Context(), &zoom.Request{Path: "/groups"}, new(struct{})),
			} {
				assert.Equal(t, path, asError(t, err).Path)
				assertSilentOn(t, err)
			}
			for _, held := range []any{
				c, c.Users, c.Users.List(nil), *c.Users.List(nil),
				struct{ c *zoom.Client }{c},
				struct{ l zoom.List[*zoom.User] }{*c.Users.List(nil)},
				opts,
			} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					assert.NotContains(t, strings.ToLower(fmt.Sprintf(verb, held)), "canary", verb)
				}
			}
		})
	}
	assert.NotContains(t, text.String(), "canary")
	assert.Contains(t, text.String(), "path=/accounts/{accountId}/users ")
	assert.Contains(t, calls, "PUT /accounts/{accountId}/users/{userId}/status")
}

// What a listing and a write say about themselves has the template as well.
func TestSubAccountErrorsThatNoAnswerMade(t *testing.T) {
	sub := zoom.WithSubAccount(secretAccount)
	short := newTape(ok(`{"users":[],"next_page_token":"","total_records":7}`)).client(t, sub)
	_, err := short.Users.Roster(nil).Collect(t.Context())
	require.ErrorIs(t, err, zoom.ErrListIncomplete)
	assert.Equal(t, "/accounts/{accountId}/users", asError(t, err).Path)
	_, err = short.Users.List(&zoom.ListUsersOptions{PageSize: -1}).Collect(t.Context())
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	assert.Equal(t, "/accounts/{accountId}/users", asError(t, err).Path)

	lost := newTape(answer{status: 502}, refusal(404, 1001, "gone")).client(t, sub)
	err = lost.Users.Deactivate(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
	assert.Equal(t, "/accounts/{accountId}/users/{userId}/status", asError(t, err).Path)
}

// ofAccount is a client of a sub-account with a token of one scope.
func ofAccount(t *testing.T, accountID, scope string) *zoom.Client {
	t.Helper()
	c, err := zoom.NewClient(&granted{scope: scope}, zoom.WithSubAccount(accountID))
	require.NoError(t, err)
	return c
}

// Only the scopes of a primary account reach another account; "me" is one's own.
func TestSubAccountPreflight(t *testing.T) {
	for scope, works := range map[string]bool{
		"user:master": true, "user:read:list_users:master": true, "user:read:master": true, "user:write:master": true,
		"user:read:admin": false, "user:write:admin": false, "user:read:list_users:admin": false, "report:master": false,
		"user:read:user:master": false, "user:master:admin": false, "master": false,
	} {
		c := ofAccount(t, secretAccount, scope)
		err := c.Preflight(t.Context(), zoom.TaskRoster)
		if works {
			require.NoError(t, err, scope)
			continue
		}
		assert.Equal(t, []zoom.MissingScope{{
			Task:      zoom.TaskRoster,
			TaskScope: zoom.TaskScope{Endpoint: "GET /accounts/{accountId}/users", Classic: "user:master", Granular: "user:read:list_users:master"},
		}}, missingIn(t, err).Missing, scope)
		assert.Equal(t, []string{"user:master", "user:read:list_users:master"}, asError(t, err).Scopes)
	}
	c := ofAccount(t, secretAccount, "phone:master")
	names := asError(t, c.Preflight(t.Context(), zoom.TaskAccess, zoom.TaskReclaim)).Scopes
	for _, name := range names {
		assert.Regexp(t, `^[a-z:_]+:master$`, name)
	}
	assert.Subset(t, names, []string{"meeting:master", "report:master", "report:read:user_activities:master", "user:update:status:master"})

	for _, me := range []string{"me", "ME"} {
		own := ofAccount(t, me, "user:read:admin")
		require.NoError(t, own.Preflight(t.Context(), zoom.TaskRoster))
		assert.Equal(t, "user:write:admin", missingIn(t, own.Preflight(t.Context(), zoom.TaskReclaim)).Missing[0].Classic)
	}
}

// A client without a sub-account pays nothing for it: ten allocations more than the
// stack by hand is the goal.
func TestSubAccountCostsOthersNothing(t *testing.T) {
	allocs := func(opts ...zoom.Option) float64 {
		c, err := zoom.NewClient(zoom.StaticToken("t"), append(opts, zoom.WithLimiter(zoom.Unlimited()), zoom.WithHTTPClient(&http.Client{Transport: noop{"{}"}}))...)
		require.NoError(t, err)
		req := &zoom.Request{Path: "/users/{userId}", PathValues: []string{"KDcuGIm1QgePTO8WbOqwIQ"}, Class: zoom.ClassLight}
		return testing.AllocsPerRun(100, func() { _ = c.Do(t.Context(), req, nil) })
	}
	assert.Less(t, allocs(), allocs(zoom.WithSubAccount(secretAccount)))
}
