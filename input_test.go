package zoom_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// byUser are the calls that take a user id.
var byUser = map[string]func(ctx context.Context, c *zoom.Client, id string) error{
	"get": func(ctx context.Context, c *zoom.Client, id string) error {
		_, err := c.Users.Get(ctx, id)
		return err
	},
	"update": func(ctx context.Context, c *zoom.Client, id string) error {
		return c.Users.Update(ctx, id, &zoom.UserUpdate{Type: zoom.TypeBasic})
	},
	"set status": func(ctx context.Context, c *zoom.Client, id string) error {
		return c.Users.SetStatus(ctx, id, zoom.ActionActivate)
	},
	"activate":   func(ctx context.Context, c *zoom.Client, id string) error { return c.Users.Activate(ctx, id) },
	"deactivate": func(ctx context.Context, c *zoom.Client, id string) error { return c.Users.Deactivate(ctx, id) },
	"reclaim": func(ctx context.Context, c *zoom.Client, id string) error {
		_, err := c.Users.Reclaim(ctx, id, zoom.ReclaimDeactivate, nil)
		return err
	},
	"meetings": func(ctx context.Context, c *zoom.Client, id string) error {
		_, err := c.Meetings.List(id, nil).Collect(ctx)
		return err
	},
	"participants": func(ctx context.Context, c *zoom.Client, id string) error {
		_, err := c.Reports.Participants(id, nil).Collect(ctx)
		return err
	},
	"user meetings": func(ctx context.Context, c *zoom.Client, id string) error {
		_, err := c.Reports.UserMeetings(id, nil).Collect(ctx)
		return err
	},
	"do": func(ctx context.Context, c *zoom.Client, id string) error {
		return c.Do(ctx, &zoom.Request{Path: "/users/{userId}/settings", PathValues: []string{id}}, nil)
	},
	"list of": func(ctx context.Context, c *zoom.Client, id string) error {
		_, err := zoom.ListOf[map[string]any](c, &zoom.Request{Path: "/groups/{groupId}/members", PathValues: []string{id}}, "members").Collect(ctx)
		return err
	},
}

// refusedUnsent checks that a call is refused as a bad argument, in one line that
// does not repeat it, with nothing on the wire.
func refusedUnsent(t *testing.T, tp *tape, err error, secrets ...string) {
	t.Helper()
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	assert.Empty(t, tp.requests(), "nothing may be sent")
	assert.NotContains(t, err.Error(), "\n")
	for _, secret := range secrets {
		if len(secret) > 3 {
			assert.NotContains(t, err.Error(), secret)
		}
	}
}

func TestFaultInputPathValues(t *testing.T) {
	for id, values := range map[string][]string{
		"IN01": {""},
		"IN02": {".", ".."},
		"IN03": {"../accounts/me", "a/../b", "./a", "a/.."},
		"IN05": {" ", "a b", "\t", "a\r\nHost: evil", "a\x00b", "a\x7fb", "a\u0085b", "a\u00a0b", "bad\xffutf8", strings.Repeat("x", 257)},
	} {
		for name, call := range byUser {
			for i, value := range values {
				t.Run(fmt.Sprintf("%s/%s/%d", id, name, i), func(t *testing.T) {
					tp := newTape(ok(`{}`))
					refusedUnsent(t, tp, call(t.Context(), tp.client(t), value), value)
				})
			}
		}
	}
}

// What is not refused stays one segment of the path.
func TestFaultIN03ValuesStayOneSegment(t *testing.T) {
	for value, want := range map[string]string{
		"a/b":                  "/v2/users/a%2Fb",
		"a?x=1":                "/v2/users/a%3Fx%3D1",
		"a#f":                  "/v2/users/a%23f",
		"%2e%2e":               "/v2/users/%252e%252e",
		"a;b=c":                "/v2/users/a%3Bb%3Dc",
		"o'neil+x@example.com": "/v2/users/o%27neil%2Bx%40example.com",
	} {
		tp := newTape(ok(`{"id":"u1","email":"a@example.com","type":1}`))
		_, err := tp.client(t).Users.Get(t.Context(), value)
		require.NoError(t, err)
		require.Len(t, tp.requests(), 1)
		assert.Equal(t, want, tp.requests()[0].path)
		assert.Empty(t, tp.requests()[0].query)
	}
}

func TestFaultIN04MeIsNoTarget(t *testing.T) {
	for _, id := range []string{"me", "ME", "Me"} {
		tp := newTape(ok(`{"id":"u1","email":"a@example.com","type":2,"status":"active"}`))
		c := tp.client(t)
		for _, opts := range []*zoom.ReclaimOptions{nil, {DryRun: true}, {AllowAdmins: true}} {
			for _, method := range []zoom.ReclaimMethod{zoom.ReclaimDeactivate, zoom.ReclaimDowngrade} {
				result, err := c.Users.Reclaim(t.Context(), id, method, opts)
				require.ErrorIs(t, err, zoom.ErrProtected)
				assert.Equal(t, zoom.OutcomeProtected, result.Outcome)
			}
		}
		require.ErrorIs(t, c.Users.Deactivate(t.Context(), id), zoom.ErrProtected)
		require.ErrorIs(t, c.Users.SetStatus(t.Context(), id, zoom.ActionDeactivate), zoom.ErrProtected)
		assert.Empty(t, tp.requests())
	}
}

func TestFaultIN06MeetingUUIDs(t *testing.T) {
	for uuid, want := range map[string]string{
		"/abcABC123==":      "%252FabcABC123%253D%253D",
		"ab//cd==":          "ab%252F%252Fcd%253D%253D",
		"ab/cd==":           "ab%252Fcd%253D%253D",
		"aDYlo+sHRtCd4ii==": "aDYlo%2BsHRtCd4ii%3D%3D",
		"123 4567 8901":     "12345678901",
		" 85412345678 ":     "85412345678",
	} {
		tp := newTape(ok(`{"participants":[]}`))
		_, err := tp.client(t).Reports.Participants(uuid, nil).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, tp.requests(), 1)
		assert.Equal(t, "/v2/report/meetings/"+want+"/participants", tp.requests()[0].path)
	}
	tp := newTape(ok(`{}`))
	require.NoError(t, tp.client(t).Do(t.Context(), &zoom.Request{Path: "/past_meetings/{meetingId}", PathValues: []string{"/a=="}}, nil))
	assert.Equal(t, "/v2/past_meetings/%252Fa%253D%253D", tp.requests()[0].path)
	for _, id := range []string{"", ".", ".."} {
		_, err := tp.client(t).Meetings.Instances(t.Context(), id)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	}
	assert.Len(t, tp.requests(), 1)
}

func TestFaultIN07ReportWindows(t *testing.T) {
	now := time.Now().UTC()
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	for _, tc := range []struct {
		name     string
		from, to time.Time
	}{
		{"from after to", ago(3), ago(5)},
		{"in the future", ago(3), now.AddDate(0, 0, 2)},
		{"wholly in the future", now.AddDate(0, 0, 2), now.AddDate(0, 0, 3)},
		{"older than six months", now.AddDate(0, -6, -1), ago(100)},
		{"older, to left open", now.AddDate(0, -7, 0), time.Time{}},
		{"older, from left open", time.Time{}, now.AddDate(0, -6, 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tp := newTape(ok(`{}`))
			c := tp.client(t)
			_, err := c.Reports.Hosts(&zoom.HostsOptions{From: tc.from, To: tc.to}).Collect(t.Context())
			refusedUnsent(t, tp, err)
			_, err = c.Reports.Hosts(&zoom.HostsOptions{Type: zoom.HostsInactive, From: tc.from, To: tc.to}).Collect(t.Context())
			refusedUnsent(t, tp, err)
			_, err = c.Reports.UserMeetings("u1", &zoom.UserMeetingsOptions{From: tc.from, To: tc.to}).Collect(t.Context())
			refusedUnsent(t, tp, err)
			_, err = c.Reports.SignIns(&zoom.SignInsOptions{From: tc.from, To: tc.to}).Collect(t.Context())
			refusedUnsent(t, tp, err)
		})
	}
	t.Run("inactive hosts of more than a month", func(t *testing.T) {
		tp := newTape(ok(`{}`))
		_, err := tp.client(t).Reports.Hosts(&zoom.HostsOptions{Type: zoom.HostsInactive, From: ago(60), To: now}).Collect(t.Context())
		refusedUnsent(t, tp, err)
	})
	t.Run("meetings from after to", func(t *testing.T) {
		tp := newTape(ok(`{}`))
		_, err := tp.client(t).Meetings.List("u1", &zoom.ListMeetingsOptions{From: ago(1), To: ago(2)}).Collect(t.Context())
		refusedUnsent(t, tp, err)
	})
	t.Run("active hosts of six months are split", func(t *testing.T) {
		tp := newTape(ok(`{"users":[]}`))
		_, err := tp.client(t).Reports.Hosts(&zoom.HostsOptions{From: ago(95), To: now}).Collect(t.Context())
		require.NoError(t, err)
		requests := tp.requests()
		require.Len(t, requests, 4)
		next := ago(95).Format(time.DateOnly)
		for _, r := range requests {
			q, err := url.ParseQuery(r.query)
			require.NoError(t, err)
			assert.Equal(t, next, q.Get("from"), "no day left out, none twice")
			to, err := time.Parse(time.DateOnly, q.Get("to"))
			require.NoError(t, err)
			next = to.AddDate(0, 0, 1).Format(time.DateOnly)
		}
		assert.Equal(t, now.AddDate(0, 0, 1).Format(time.DateOnly), next)
	})
}

func TestFaultIN08PageSizes(t *testing.T) {
	lists := map[string]struct {
		most int
		ask  func(ctx context.Context, c *zoom.Client, size int) error
	}{
		"users": {2000, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Users.List(&zoom.ListUsersOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
		"roster": {2000, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Users.Roster(&zoom.RosterOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
		"meetings": {300, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Meetings.List("u1", &zoom.ListMeetingsOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
		"participants": {300, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Reports.Participants("1", &zoom.ParticipantsOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
		"hosts": {300, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Reports.Hosts(&zoom.HostsOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
		"user meetings": {300, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Reports.UserMeetings("u1", &zoom.UserMeetingsOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
		"sign-ins": {300, func(ctx context.Context, c *zoom.Client, size int) error {
			_, err := c.Reports.SignIns(&zoom.SignInsOptions{PageSize: size}).Page(ctx, "")
			return err
		}},
	}
	const page = `{"users":[],"meetings":[],"participants":[],"activity_logs":[]}`
	for name, l := range lists {
		for _, size := range []int{-1, l.most + 1} {
			tp := newTape(ok(page))
			refusedUnsent(t, tp, l.ask(t.Context(), tp.client(t), size))
		}
		for size, want := range map[int]string{0: "300", 1: "1", l.most: fmt.Sprint(l.most)} {
			tp := newTape(ok(page))
			require.NoError(t, l.ask(t.Context(), tp.client(t), size), name)
			require.Len(t, tp.requests(), 1)
			q, err := url.ParseQuery(tp.requests()[0].query)
			require.NoError(t, err)
			assert.Equal(t, want, q.Get("page_size"), name)
		}
	}
}

func TestFaultIN09Contexts(t *testing.T) {
	for name, call := range byUser {
		t.Run("IN09/"+name, func(t *testing.T) {
			tp := newTape(ok(`{"id":"u1","type":2,"status":"active","meetings":[],"participants":[],"members":[]}`))
			c := tp.client(t)
			refusedUnsent(t, tp, call(nil, c, "u1"))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := call(ctx, c, "u1")
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, zoom.ErrInvalidArgument)
			ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			require.ErrorIs(t, call(ctx, c, "u1"), context.DeadlineExceeded)
			assert.Empty(t, tp.requests())
		})
	}
	tp := newTape(ok(`{}`))
	_, err := tp.client(t).Users.Roster(nil).Page(nil, "") //nolint:staticcheck // the fault
	refusedUnsent(t, tp, err)
	_, err = tp.client(t).Users.Summary(nil) //nolint:staticcheck // the fault
	refusedUnsent(t, tp, err)
}

func TestFaultIN10BaseURLs(t *testing.T) {
	for _, base := range []string{
		"http://api.zoom.us/v2", "http://127.0.0.1.example.com/v2", "http://localhost.example.com", "http://10.0.0.1",
		"https://user@api.zoom.us/v2", "https://user:hunter2@api.zoom.us/v2", "https://api.zoom.us/v2?access_token=hunter2",
		"https://api.zoom.us/v2?", "https://api.zoom.us/v2#hunter2", "", "/v2", "api.zoom.us/v2", "https:///v2", "https://:443/v2",
		"https:api.zoom.us", "ftp://api.zoom.us", "file:///etc/passwd", "://", "https://api zoom.us", "https://[::1",
	} {
		_, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithBaseURL(base))
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, base)
		assert.NotContains(t, err.Error(), "hunter2")
		// The same rule holds for the address to which the client secret goes.
		tp := newTape(ok(`{}`))
		src := zoom.ServerToServer("account", "id", "hunter2")
		src.TokenURL = base
		if base == "" {
			continue // the default
		}
		c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}))
		require.NoError(t, err)
		_, err = c.Users.Get(t.Context(), "u1")
		refusedUnsent(t, tp, err, "hunter2")
	}
	for base, want := range map[string]string{
		"https://api-eu.zoom.us/v2": "/v2/users/u1",
		"https://api.zoom.us/v2///": "/v2/users/u1",
		"https://api.zoom.us":       "/users/u1",
		"http://127.0.0.1:8080/v2":  "/v2/users/u1",
		"http://LOCALHOST/v2":       "/v2/users/u1",
		"http://[::1]:80/v2":        "/v2/users/u1",
		"https://proxy/a%20b/zoom":  "/a%20b/zoom/users/u1",
		"HTTPS://api.zoom.us/v2":    "/v2/users/u1",
	} {
		tp := newTape(ok(`{"id":"u1","type":1}`))
		_, err := tp.client(t, zoom.WithBaseURL(base)).Users.Get(t.Context(), "u1")
		require.NoError(t, err, base)
		assert.Equal(t, want, tp.requests()[0].path)
	}
}
