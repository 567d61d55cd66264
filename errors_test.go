package zoom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

var sentinels = []error{
	zoom.ErrInvalidArgument, zoom.ErrUnauthorized, zoom.ErrReauthorize, zoom.ErrClientCredentials, zoom.ErrScope, zoom.ErrScopesUnknown, zoom.ErrForbidden, zoom.ErrNotFound,
	zoom.ErrProtected, zoom.ErrNoSeats, zoom.ErrRateLimited, zoom.ErrDailyLimit, zoom.ErrConcurrentOp, zoom.ErrServer, zoom.ErrUnreachable, zoom.ErrTimeout,
	zoom.ErrTLS, zoom.ErrRedirect, zoom.ErrBadResponse, zoom.ErrBodyTooLarge, zoom.ErrPageTokenExpired, zoom.ErrNoReport, zoom.ErrPageLoop, zoom.ErrListIncomplete,
	zoom.ErrOutcomeUnknown, zoom.ErrNotApplied, zoom.ErrAccountMismatch, zoom.ErrClosed,
}

// once is a policy under which nothing is repeated for a failing server.
var once = zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1})

// The codes of Zoom's description and of the field, and what they mean.
func TestErrorsOfZoom(t *testing.T) {
	for _, tc := range []struct {
		status, code int
		message      string
		want         error // nil: no sentinel
		scopes       []string
	}{
		{400, 124, "Invalid access token.", zoom.ErrUnauthorized, nil},
		{401, 124, "Access token is expired.", zoom.ErrUnauthorized, nil},
		{400, 4711, "Invalid access token, does not contain scopes:[user:read:list_users:admin].", zoom.ErrScope, []string{"user:read:list_users:admin"}},
		{400, 4711, "Invalid access token, does not contain scopes:[user:read:admin, user:write:admin].", zoom.ErrScope, []string{"user:read:admin", "user:write:admin"}},
		{400, 4711, "Invalid access token, does not contain scopes:[user:read:list_users:master].", zoom.ErrScope, []string{"user:read:list_users:master"}},
		{400, 104, `Invalid access token, does not contain scopes:["user:read:admin","user:read:user:admin"]`, zoom.ErrScope, []string{"user:read:admin", "user:read:user:admin"}},
		{400, 4700, "Invalid access token, does not contain scopes: [report:master, report:read:master].", zoom.ErrScope, []string{"report:master", "report:read:master"}},
		{400, 4700, "Invalid access token, does not contain role:read:admin scope.", zoom.ErrScope, []string{"role:read:admin"}},
		{400, 4700, "Invalid access token, does not contain scopes.", zoom.ErrScope, nil},
		{400, 4700, "Token cannot be empty", zoom.ErrUnauthorized, nil},
		{400, 200, "Invalid access token. Does not contain permissions [User:Edit].", zoom.ErrScope, []string{"User:Edit"}},
		{400, 200, "Invalid access token. Does not contain permissions [User:Edit, UsageReport:Read].", zoom.ErrScope, []string{"User:Edit", "UsageReport:Read"}},
		{400, 200, "No permission.", zoom.ErrForbidden, nil},
		{400, 200, "Only paid accounts can use this API.", zoom.ErrNoReport, nil},
		{400, 200, "Account does not enabled REST API.", zoom.ErrForbidden, nil},
		{400, 200, "Zoom Room and Admin users' status can not be changed.", zoom.ErrProtected, nil},
		{403, 403, "authenticated user has not permitted access to the targeted resource", zoom.ErrForbidden, nil},
		{403, 0, "", zoom.ErrForbidden, nil},
		{404, 1001, "User does not exist: $userId.", zoom.ErrNotFound, nil},
		{400, 1010, "User not found on this account", zoom.ErrNotFound, nil},
		{400, 1120, "The invitation has expired.", zoom.ErrNotFound, nil},
		{404, 3001, "Meeting does not exist.", zoom.ErrNotFound, nil},
		{400, 3001, "Meeting ID is invalid or not end.", zoom.ErrNotFound, nil},
		{404, 0, "", zoom.ErrBadResponse, nil},
		{404, 9999, "Not found.", nil, nil},
		{404, 2300, "This API endpoint is not recognized.", nil, nil},
		{400, 4130, "Group does not exist.", zoom.ErrNotFound, nil},
		{400, 300, "The next page token is invalid or expired.", zoom.ErrPageTokenExpired, nil},
		{400, 301, "The next page token is invalid or expired.", zoom.ErrPageTokenExpired, nil},
		{400, 300, "Validation Failed.", zoom.ErrInvalidArgument, nil},
		{400, 300, "Your account can't set user type as On-prem.", zoom.ErrInvalidArgument, nil},
		{400, 2033, "You have reached the maximum number of basic users.", zoom.ErrNoSeats, nil},
		{400, 2034, "You have reached the maximum number of paid users.", zoom.ErrNoSeats, nil},
		{400, 2038, "There are no licenses left.", zoom.ErrNoSeats, nil},
		{400, 2039, "Not enough Basic licenses.", zoom.ErrNoSeats, nil},
		{400, 3412, "You have reached the maximum.", zoom.ErrNoSeats, nil},
		{400, 2300, "This API endpoint is not recognized.", nil, nil},
		{400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities.", nil, nil},
		{401, 0, "", zoom.ErrUnauthorized, nil},
		{408, 0, "", zoom.ErrTimeout, nil},
		{425, 0, "", zoom.ErrServer, nil},
		{429, 429, perSecond429, zoom.ErrRateLimited, nil},
		{429, 0, "", zoom.ErrRateLimited, nil},
		{429, 429, daily429, zoom.ErrDailyLimit, nil},
		{429, 429, perUser429, zoom.ErrDailyLimit, nil},
		{429, 429, concurrent429, zoom.ErrConcurrentOp, nil},
		{500, 0, "", zoom.ErrServer, nil},
		{500, 1001, "User does not exist.", zoom.ErrServer, nil},
		{502, 300, "The next page token is invalid or expired.", zoom.ErrServer, nil},
		{503, 1, "busy", zoom.ErrServer, nil},
		{599, 0, "", zoom.ErrServer, nil},
		{418, 0, "", nil, nil},
	} {
		t.Run(fmt.Sprintf("%d/%d/%s", tc.status, tc.code, tc.message), func(t *testing.T) {
			a := refusal(tc.status, tc.code, tc.message)
			if tc.code == 0 {
				a.body = "<html>hunter2</html>"
			}
			a.header = map[string]string{"X-Zm-Trackingid": "v=2.0;clid=us06;rid=WEB_1"}
			tp := newTape(a)
			_, err := tp.client(t, once).Users.Get(t.Context(), "u1")
			for _, sentinel := range sentinels {
				assert.Equal(t, sentinel == tc.want, errors.Is(err, sentinel), "%v", sentinel) //nolint:errorlint // the very value
			}
			var e *zoom.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.status, e.StatusCode)
			assert.Equal(t, tc.code, e.Code)
			assert.Equal(t, tc.scopes, e.Scopes)
			assert.Equal(t, "users.get", e.Op)
			assert.Equal(t, "GET", e.Method)
			assert.Equal(t, "/users/{userId}", e.Path)
			assert.Equal(t, "v=2.0;clid=us06;rid=WEB_1", e.TrackingID)
			assert.Contains(t, err.Error(), e.TrackingID)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// Zoom does not escape the quotes of the scopes: the body is not JSON.
func TestFaultAU03ScopesInBrokenJSON(t *testing.T) {
	tp := newTape(answer{status: 400, body: `{"code":104,"message":"Invalid access token, does not contain scopes:["user:read:admin","user:read:user:admin"]"}`})
	_, err := tp.client(t).Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, zoom.ErrScope)
	var e *zoom.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, []string{"user:read:admin", "user:read:user:admin"}, e.Scopes)
	assert.Equal(t, 104, e.Code)
	assert.Contains(t, err.Error(), "missing: user:read:admin user:read:user:admin")
	assert.Len(t, tp.requests(), 1)
}

func TestErrorHasTheFindingsOfAValidation(t *testing.T) {
	tp := newTape(answer{status: 400, body: `{"code":300,"message":"Validation Failed.","errors":[{"field":"user_info.email","message":"canary@example.com is invalid.\n"}]}`})
	_, err := tp.client(t).Users.Get(t.Context(), "canary@example.com")
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	var e *zoom.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Fields, 1)
	assert.Equal(t, "user_info.email", e.Fields[0].Field)
	assert.NotContains(t, e.Fields[0].Message, "canary")
	assert.Contains(t, err.Error(), `field "user_info.email"`)
}

// Zoom's words repeat what was asked; none of it may come out in any form.
func TestErrorsAreScrubbed(t *testing.T) {
	const (
		id    = "KDcuGIm1QgePTO8WbOqwIQ"
		email = "Jill.Canary@example.com"
		uuid  = "/abcABC123Canary=="
	)
	for _, tc := range []struct {
		name, value, message string
	}{
		{"user id", id, "User does not exist: " + id + "."},
		{"e-mail address", email, "User does not exist: " + email + "."},
		{"e-mail address in small letters", email, "User jill.canary@example.com does not exist"},
		{"escaped", email, "User does not exist: Jill.Canary%40example.com."},
		{"somebody else's address", "u1", "transfer to boss.canary@example.com failed"},
		{"an address in quotes", "u1", `"Boss <boss.canary@example.com>" failed`},
		{"meeting UUID", uuid, "Meeting does not exist: " + uuid},
		{"meeting UUID without its slash", uuid, "Meeting does not exist: abcABC123Canary=="},
		{"URL", "u1", "see https://zoom.us/x?access_token=canary&y=1 please"},
		{"URL with a password", "u1", "proxy socks5://user:canary@proxy:1080 failed"},
		{"another user's id", "u1", "User does not exist: CanaryZm1QgePTO8WbOqwIQ."},
		{"the access token", "u1", "Invalid access token: eyJhbGciOiJIUzI1NiJ9.Canary-Zm1QgePTO8WbOqwIQ.xyz_123"},
		{"the page token", "u1", "The page 8V8HigQkzm2O5r9RCanary31D9ZyJHgrmFfbLa2 is gone."},
		{"lines", "u1", "one\r\ntwo\x00three\u0085four canary@example.com"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"code": 9999, "message": tc.message, "errors": []map[string]string{{"field": tc.message, "message": tc.message}}})
			require.NoError(t, err)
			tp := newTape(answer{status: 400, body: string(body), header: map[string]string{"X-Zm-Trackingid": "canary@example.com"}})
			err = tp.client(t).Do(t.Context(), &zoom.Request{Path: "/x/{meetingId}", PathValues: []string{tc.value}}, nil)
			var e *zoom.Error
			require.ErrorAs(t, err, &e)
			texts := printForms(t, err)
			texts["message"] = e.Message
			for where, text := range texts {
				assert.NotContains(t, strings.ToLower(text), "canary", where)
				assert.NotContains(t, text, id, where)
			}
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "\r")
		})
	}
	t.Run("words stay", func(t *testing.T) {
		const message = "You have reached the maximum number of Internationalization users in the subscription (ZOOM_WORKPLACE_BUNDLE): type 576460752303423488."
		tp := newTape(refusal(400, 9999, message))
		_, err := tp.client(t).Users.Get(t.Context(), "me")
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, message, e.Message, "me is nobody's name")
	})
	t.Run("long messages are cut", func(t *testing.T) {
		tp := newTape(refusal(400, 9999, strings.Repeat("ä ", 1000)))
		_, err := tp.client(t).Users.Get(t.Context(), "u1")
		assert.Less(t, len(err.Error()), 500)
	})
}

func TestErrorForms(t *testing.T) {
	at := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	e := &zoom.Error{
		Op: "users.get", Method: "GET", Path: "/users/{userId}", StatusCode: 429, Code: 429, Message: "slow down", TrackingID: "WEB_1",
		Attempts: 3, RetryAt: at, Err: zoom.ErrDailyLimit,
	}
	const text = `zoom: users.get: GET /users/{userId}: status 429, code 429: daily limit reached: "slow down", after 3 attempts, retry at 2026-11-21T00:00:00Z, tracking id WEB_1`
	assert.Equal(t, text, e.Error())
	assert.Equal(t, fmt.Sprintf("&zoom.Error{%q}", text), fmt.Sprintf("%#v", e))
	data, err := json.Marshal(e)
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`{"msg":%q,"op":"users.get","status":429,"code":429,"tracking_id":"WEB_1","attempts":3,"retry_at":"2026-11-21T00:00:00Z"}`, text), string(data))
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "err", e)
	assert.Contains(t, b.String(), `"status":429`)
	require.ErrorIs(t, e, zoom.ErrDailyLimit)
	once := &zoom.Error{Op: "users.get", Attempts: 1, Err: zoom.ErrServer}
	assert.Equal(t, "zoom: users.get: server failure", once.Error())
	assert.Equal(t, "zoom", new(zoom.Error).Error())
	assert.Equal(t, "zoom: access token refused", (&zoom.Error{Err: zoom.ErrUnauthorized}).Error())
}

func TestNilError(t *testing.T) {
	var e *zoom.Error
	assert.Equal(t, "zoom: no error", e.Error())
	require.NoError(t, e.Unwrap())
	assert.NotEmpty(t, e.GoString())
	assert.NotPanics(t, func() { e.LogValue() })
	data, err := e.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, "null", string(data))
	assert.NotPanics(t, func() { _ = fmt.Sprintf("%v %+v %#v %s %q", e, e, e, e, e) })
	var pe *zoom.PageError
	assert.NotPanics(t, func() { slog.New(slog.DiscardHandler).Info("m", "err", e, "page", pe) })
}

func FuzzErrorText(f *testing.F) {
	f.Add(`{"code":300,"message":"a@b.c https://x/y?z=1\n"}`, "a@b.c")
	f.Add(`{"code":104,"message":"scopes:["a:b"]"}`, "u1")
	f.Add("<html>\r\n", "x")
	f.Fuzz(func(t *testing.T, body, id string) {
		c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithLimiter(zoom.Unlimited()),
			zoom.WithHTTPClient(&http.Client{Transport: newTape(answer{status: 400, body: body})}))
		require.NoError(t, err)
		_, err = c.Users.Get(t.Context(), id)
		require.Error(t, err)
		text := err.Error()
		require.NotContains(t, text, "\n")
		require.Less(t, len(text), 64<<10)
		if strings.Contains(id, "@") && len(id) > 8 && !strings.ContainsAny(id, ` "'<>(),:;[]\`) {
			require.NotContains(t, text, id)
		}
	})
}
