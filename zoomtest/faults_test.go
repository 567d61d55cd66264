package zoomtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func TestReadyFaults(t *testing.T) {
	reset := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		fault        zoomtest.Fault
		status, code int
		header       map[string]string
	}{
		"rate":        {zoomtest.RateLimited(), 429, 429, map[string]string{"X-RateLimit-Type": "QPS", "X-RateLimit-Category": "Medium", "Retry-After": ""}},
		"daily":       {zoomtest.DailyLimit(reset), 429, 429, map[string]string{"X-RateLimit-Type": "Daily-limit", "Retry-After": "2026-11-24T00:00:00Z"}},
		"user":        {zoomtest.UserLimit(), 429, 429, map[string]string{"X-RateLimit-Type": "", "X-RateLimit-Remaining": "5893"}},
		"concurrent":  {zoomtest.ConcurrentRequest(), 429, 429, nil},
		"token":       {zoomtest.Unauthorized(), 401, 124, nil},
		"expired":     {zoomtest.TokenExpired(), 400, 124, nil},
		"scope":       {zoomtest.MissingScope("a", "b"), 400, 4711, nil},
		"permission":  {zoomtest.MissingPermission("User:Edit"), 400, 200, nil},
		"failure":     {zoomtest.Failure(409, 1005, "x"), 409, 1005, nil},
		"page token":  {zoomtest.PageTokenExpired(), 400, 300, nil},
		"server HTML": {zoomtest.ServerError(502), 502, -1, map[string]string{"Content-Type": "text/html"}},
		"broken":      {zoomtest.MissingScopeBroken("a", "b"), 400, -1, nil},
	} {
		s := numbered(1)
		s.Inject(tt.fault)
		c := call(t, s)
		r := c.get("/users")
		assert.Equal(t, tt.status, r.status, name)
		if tt.code >= 0 {
			assert.Equal(t, tt.code, r.code(), name)
		}
		for header, want := range tt.header {
			assert.Equal(t, want, r.header.Get(header), name)
		}
		assert.Equal(t, 200, c.get("/users").status, "once")
	}
}

func TestWhichRequestsAFaultHits(t *testing.T) {
	s := numbered(1)
	s.Inject(zoomtest.ServerError(503).On("GET", "/users").After(1).Repeat(2))
	s.Inject(zoomtest.ServerError(500).On("", "/oauth/token"))
	s.Inject(zoomtest.Fault{Status: 418, Times: -1, Match: func(r zoomtest.Request) bool { return r.Query.Get("status") == "pending" }})
	s.InjectFunc(func(r zoomtest.Request) *zoomtest.Fault {
		if r.Route == "/users/summary" {
			return new(zoomtest.Failure(403, 403, "no"))
		}
		return nil
	})
	c := call(t, s)
	for _, tt := range []struct {
		path string
		want int
	}{
		{"/groups", 200},
		{"/users", 200},
		{"/users", 503},
		{"/users?status=pending", 503},
		{"/users?status=pending", 418},
		{"/users", 200},
		{"/users?status=pending", 418},
		{"/users/summary", 403},
		{"/users/summary", 403},
	} {
		assert.Equal(t, tt.want, c.get(tt.path).status, tt.path)
	}
	assert.Equal(t, 500, fetch(t, s, "", "", "", nil).status)
	s.Inject(zoomtest.ServerError(503))
	assert.Equal(t, 400, fetch(t, s, "", "", "", nil).status, "a fault without a route is for the API")
	bad := &caller{t, s, "bad"}
	assert.Equal(t, 401, bad.get("/users").status, "what is refused uses up no fault")
	assert.Equal(t, 503, c.get("/users").status)
	s.ClearFaults()
	assert.Equal(t, 200, c.get("/users?status=pending").status)
}

func TestAppliedAndLostAnswers(t *testing.T) {
	s := numbered(3)
	c := call(t, s)
	deactivate := func(user string) (*http.Response, error) {
		req, err := http.NewRequest(http.MethodPut, "https://api.zoom.us/v2/users/"+user+"/status", strings.NewReader(`{"action":"deactivate"}`))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+c.token)
		return s.RoundTripper().RoundTrip(req)
	}
	status := func(user string) zoom.UserStatus {
		u, _ := s.User(user)
		return u.Status
	}
	s.Inject(zoomtest.LostAnswer())
	_, err := deactivate("u0@example.com")
	assert.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Equal(t, zoom.StatusInactive, status("u0@example.com"))

	s.Inject(zoomtest.ConnectionReset())
	_, err = deactivate("u1@example.com")
	assert.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Equal(t, zoom.StatusActive, status("u1@example.com"))

	s.Inject(zoomtest.Fault{Status: 504, Apply: true})
	res, err := deactivate("u2@example.com")
	require.NoError(t, err)
	assert.Equal(t, 504, res.StatusCode)
	assert.Equal(t, zoom.StatusInactive, status("u2@example.com"))
}

func TestBrokenBodies(t *testing.T) {
	for name, tt := range map[string]struct {
		fault zoomtest.Fault
		cause error
		read  int
	}{
		"cut":          {zoomtest.CutBody(10), io.ErrUnexpectedEOF, 10},
		"cut at once":  {zoomtest.CutBody(0), io.ErrUnexpectedEOF, 0},
		"reset inside": {zoomtest.Fault{CutAfter: 5, Reset: true}, syscall.ECONNRESET, 5},
		"error cut":    {zoomtest.Fault{Status: 500, Body: "0123456789", CutAfter: 99}, io.ErrUnexpectedEOF, 9},
	} {
		for where, client := range bothWays(t) {
			s := client.server
			s.Inject(tt.fault)
			res, err := client.get("/users")
			var body []byte
			if err == nil {
				body, err = io.ReadAll(res.Body)
				res.Body.Close()
				if where == "in memory" || !tt.fault.Reset { // a reset may overtake the bytes before it
					assert.Len(t, body, tt.read, "%s %s", name, where)
				}
			}
			assert.ErrorIs(t, err, tt.cause, "%s %s", name, where)
		}
	}
}

// A way is one of the two that lead to a server.
type way struct {
	server *zoomtest.Server
	get    func(path string) (*http.Response, error)
}

func bothWays(t *testing.T) map[string]way {
	ways := map[string]way{}
	for _, name := range []string{"in memory", "listener"} {
		s := numbered(3)
		t.Cleanup(s.Close)
		base, client := "https://api.zoom.us/v2", &http.Client{Transport: s.RoundTripper()}
		if name == "listener" {
			base, client = s.URL(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		}
		ways[name] = way{s, func(path string) (*http.Response, error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+s.IssueToken())
			return client.Do(req)
		}}
	}
	return ways
}

func TestBothWaysAnswerAlike(t *testing.T) {
	for where, client := range bothWays(t) {
		for _, path := range []string{"/users", "/users/none", "/nothing", "/users/%2Fx%2F", "/past_meetings/%252Fab%253D"} {
			res, err := client.get(path)
			require.NoError(t, err, where)
			r := read(t, res)
			assert.Equal(t, "application/json;charset=UTF-8", r.header.Get("Content-Type"), where)
			assert.Equal(t, "Mon, 23 Nov 2026 12:00:00 GMT", r.header.Get("Date"), where)
		}
		logged := client.server.Requests()
		require.Len(t, logged, 5, where)
		assert.Equal(t, "/v2/users/%2Fx%2F", logged[3].Path, where)
		assert.Equal(t, "/users/{userId}", logged[3].Route, where)
		assert.Equal(t, zoom.ClassLight, logged[3].Class, where)
		assert.Equal(t, 404, logged[3].Status, where)

		client.server.Inject(zoomtest.ConnectionReset())
		_, err := client.get("/users")
		assert.ErrorIs(t, err, syscall.ECONNRESET, where)
	}
}

func TestRewriteAndHeaders(t *testing.T) {
	s := numbered(1, zoomtest.WithQuirks(zoomtest.Quirks{OmitHeaders: []string{"x-ratelimit-category"}}))
	s.Inject(zoomtest.Fault{
		Rewrite: func(body []byte) []byte { return []byte(strings.ReplaceAll(string(body), `"type":1`, `"type":"1"`)) },
		Header:  http.Header{"Date": nil, "X-Own": {"1"}},
	})
	r := call(t, s).get("/users")
	assert.Equal(t, "1", r.list("users")[0]["type"])
	assert.Equal(t, "1", r.header.Get("X-Own"))
	assert.NotContains(t, r.header, "Date")
	assert.Empty(t, r.header.Get("X-RateLimit-Category"))
}

func TestDelaysInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zoomtest.NewServer()
		u := s.AddUser(zoom.User{})
		c := call(t, s)
		start := time.Now()
		s.Inject(zoomtest.Slow(time.Minute))
		assert.Equal(t, 200, c.get("/users").status)
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Equal(t, time.Now(), s.Now())

		s.Inject(zoomtest.Slow(time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPatch, "https://api.zoom.us/v2/users/"+u.ID, strings.NewReader(`{"type":2}`))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+c.token)
		_, err = s.RoundTripper().RoundTrip(req)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		after, _ := s.User(u.ID)
		assert.Equal(t, zoom.TypeLicensed, after.Type, "the change was made before the delay")

		_, err = s.RoundTripper().RoundTrip(req)
		assert.ErrorIs(t, err, context.DeadlineExceeded, "the context is over")
	})
}

type brokenBody struct{}

var errBroken = errors.New("broken")

func (brokenBody) Read([]byte) (int, error) { return 0, errBroken }
func (brokenBody) Close() error             { return nil }

func TestRequestBodyThatFails(t *testing.T) {
	req, err := http.NewRequest(http.MethodPost, "https://api.zoom.us/v2/users", brokenBody{})
	require.NoError(t, err)
	_, err = zoomtest.NewServer().RoundTripper().RoundTrip(req)
	assert.ErrorIs(t, err, errBroken)
}

func TestListener(t *testing.T) {
	s := zoomtest.NewServer()
	assert.True(t, strings.HasSuffix(s.URL(), "/v2"))
	for _, u := range []string{s.TokenURL(), s.AuthorizeURL(), s.RevokeURL(), s.DeviceURL()} {
		assert.True(t, strings.HasPrefix(u, strings.TrimSuffix(s.URL(), "/v2")+"/oauth/"), u)
	}
	res, err := http.Get(strings.TrimSuffix(s.URL(), "/v2") + "/oauth/nothing")
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusNotFound, res.StatusCode)
	s.Close()
	s.Close()
	assert.Panics(t, func() { s.URL() })
	assert.Equal(t, 200, call(t, s).get("/users").status, "still there in memory")
}

func TestRequestLog(t *testing.T) {
	s := numbered(1, zoomtest.WithRequestLog(3))
	c := call(t, s)
	for range 10 {
		c.do(http.MethodPatch, "/users/u0@example.com?x=1", `{"type":1}`)
	}
	c.get("/users")
	log := s.Requests()
	require.Len(t, log, 3)
	assert.Equal(t, "PATCH", log[1].Method)
	assert.Equal(t, "1", log[1].Query.Get("x"))
	assert.JSONEq(t, `{"type":1}`, string(log[1].Body))
	assert.Equal(t, "/users", log[2].Route)
	assert.Equal(t, "v=2.0;clid=us06;rid=WEB_0000000000000000000000000000000b", log[2].TrackingID)
	assert.Equal(t, today, log[2].Time)
	s.ResetRequests()
	assert.Empty(t, s.Requests())
	s = numbered(1, zoomtest.WithRequestLog(0))
	call(t, s).get("/users")
	assert.Empty(t, s.Requests())
}
