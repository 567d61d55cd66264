package zoom_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// kept is what stands in a message whatever its language: names of scopes and of
// permissions.
var kept = regexp.MustCompile(`\[[^\]]*\]|[a-z_]+(?::[a-z_]+)+`)

func inJapanese(message string) string {
	return "この操作は許可されていません。" + strings.Join(kept.FindAllString(message, -1), "、") + "管理者にお問い合わせください。"
}

// The requests whose refusals are in the table.
var (
	readUser    = zoom.Request{Path: "/users/{userId}", PathValues: []string{"u1"}}
	readPage    = zoom.Request{Path: "/users", Query: url.Values{"status": {"active"}, "next_page_token": {"n1"}}}
	readMeeting = zoom.Request{Path: "/report/meetings/{meetingId}/participants", PathValues: []string{"7"}}
	readPast    = zoom.Request{Path: "/past_meetings/{meetingId}/instances", PathValues: []string{"7"}}
	readReport  = zoom.Request{Path: "/report/users", Query: url.Values{"from": {"2026-01-01"}}}
	readMetrics = zoom.Request{Path: "/metrics/meetings"}
	readPlan    = zoom.Request{Path: "/accounts/me/plans/usage"}
	deactivate  = zoom.Request{Method: "PUT", Path: "/users/{userId}/status", PathValues: []string{"u1"}, Body: map[string]string{"action": "deactivate"}}
	activate    = zoom.Request{Method: "PUT", Path: "/users/{userId}/status", PathValues: []string{"u1"}, Body: map[string]string{"action": "activate"}}
	downgrade   = zoom.Request{Method: "PATCH", Path: "/users/{userId}", PathValues: []string{"u1"}, Body: map[string]int{"type": 1}}
	promote     = zoom.Request{Method: "PATCH", Path: "/users/{userId}", PathValues: []string{"u1"}, Body: &zoom.UserUpdate{Type: zoom.TypeLicensed}}
	bundleOff   = zoom.Request{Method: "PATCH", Path: "/users/{userId}", PathValues: []string{"u1"}, Body: &zoom.UserUpdate{ZoomOneType: new(int64(0))}}
	rename      = zoom.Request{Method: "PATCH", Path: "/users/{userId}", PathValues: []string{"u1"}, Body: &zoom.UserUpdate{FirstName: new("A")}}
	unlink      = zoom.Request{Method: "DELETE", Path: "/users/{userId}", PathValues: []string{"u1"}}
	create      = zoom.Request{Method: "POST", Path: "/users", Body: map[string]string{"action": "create"}}
)

// Zoom's refusals, by section of its API, with its words. What they mean does not
// depend on the words, but for the rows that say so: docs/errors.md lists these.
var refusals = []struct {
	id      string
	req     zoom.Request
	status  int
	code    int
	message string
	want    error
	foreign error // in another language, if that is another one
	silent  error // without a message, if that is a third one
}{
	{"BD31 page token", readPage, 400, 300, "The next page token is invalid or expired.", zoom.ErrPageTokenExpired, nil, nil},
	{"BD31 page token, marketplace", readPage, 400, 301, "The next page token is invalid or expired.", zoom.ErrPageTokenExpired, nil, nil},
	{"BD31 page token, report", zoom.Request{Path: "/report/users", Query: url.Values{"next_page_token": {"n"}}}, 400, 300, "The next page token is invalid or expired.", zoom.ErrPageTokenExpired, nil, nil},
	{"BD31 scope 4711", readUser, 400, 4711, "Invalid access token, does not contain scopes:[user:read:list_users:admin].", zoom.ErrScope, nil, nil},
	{"BD31 scope 104", readUser, 400, 104, "Invalid access token, does not contain scopes:[user:read:admin, user:write:admin]", zoom.ErrScope, nil, nil},
	{"BD31 scope 4700", readUser, 400, 4700, "Invalid access token, does not contain role:read:admin scope.", zoom.ErrScope, nil, zoom.ErrUnauthorized},
	{"BD31 scope 4700, bracketed", readUser, 400, 4700, "Invalid access token, does not contain scopes: [report:master, report:read:master].", zoom.ErrScope, nil, zoom.ErrUnauthorized},
	{"BD31 scope 4700, not named", readUser, 400, 4700, "Invalid access token, does not contain scopes.", zoom.ErrScope, zoom.ErrUnauthorized, nil},
	{"BD31 no token", readUser, 400, 4700, "Token cannot be empty", zoom.ErrUnauthorized, nil, nil},
	{"BD31 permission", readUser, 400, 200, "Invalid access token. Does not contain permissions [User:Edit].", zoom.ErrScope, nil, zoom.ErrForbidden},
	{"BD31 permission of a report", readReport, 400, 200, "Invalid access token. Does not contain permissions [UsageReport:Read, User:Read].", zoom.ErrScope, nil, zoom.ErrNoReport},
	{"BD31 permission of a write", deactivate, 400, 200, "Invalid access token. Does not contain permissions [User:Edit].", zoom.ErrScope, nil, zoom.ErrProtected},
	{"BD31 no permission", readUser, 400, 200, "No permission.", zoom.ErrForbidden, nil, nil},
	{"BD31 no permission for a report", readReport, 400, 200, "No permission.", zoom.ErrForbidden, zoom.ErrNoReport, nil},
	{"BD38 REST API off", readUser, 400, 200, "Account does not enabled REST API.", zoom.ErrForbidden, nil, nil},
	{"BD38 REST API off for the user", rename, 400, 200, "Access to the Zoom REST API has been denied for this user.", zoom.ErrForbidden, nil, nil},
	{"BD38 paid only, report", readReport, 400, 200, "Only available for Paid account.", zoom.ErrNoReport, nil, nil},
	{"BD38 paid only, report of a meeting", readMeeting, 400, 200, "Only available for paid account: {accountId}", zoom.ErrNoReport, nil, nil},
	{"BD38 paid only, past meeting", readPast, 400, 200, "Only available for paid account: {accountId}", zoom.ErrNoReport, nil, nil},
	{"BD38 paid only, plan", readPlan, 400, 200, "Only available for Paid account.", zoom.ErrNoReport, nil, nil},
	{"BD38 dashboard", readMetrics, 400, 200, "This API is only available for ZMP and Business or higher accounts that have enabled the Dashboard feature.", zoom.ErrNoReport, nil, nil},
	{"BD38 no dashboard on this plan", readMetrics, 400, 400, "Dashboard feature is not available for this account plan.", zoom.ErrNoReport, nil, nil},
	{"BD38 paid only, no report", readUser, 400, 200, "Only paid accounts can use this API.", zoom.ErrNoReport, zoom.ErrForbidden, nil},
	{"BD39 room and admin", deactivate, 400, 200, "Zoom Room and Admin users' status cannot be activated or deactivated.", zoom.ErrProtected, nil, nil},
	{"BD39 admin", deactivate, 400, 200, "Admins cannot be activated or deactivated.", zoom.ErrProtected, nil, nil},
	{"BD39 code 400", deactivate, 400, 400, "The status of this user cannot be changed.", zoom.ErrProtected, nil, nil},
	{"BD38 room", downgrade, 400, 200, "A Zoom Room user cannot be changed to a free user type: u1.", zoom.ErrProtected, nil, nil},
	{"BD38 room, older words", downgrade, 400, 200, "Cannot update Room user to free: u1", zoom.ErrProtected, nil, nil},
	{"BD38 Zoom Events, status", deactivate, 400, 300, "You cannot deactivate this user because the user has an upcoming Zoom Events scheduled.", zoom.ErrProtected, nil, nil},
	{"BD38 Zoom Events, licence", downgrade, 400, 300, `You cannot change the user type to "Basic" because this user has an upcoming Zoom Events scheduled.`, zoom.ErrProtected, nil, nil},
	{"BD38 base plan", bundleOff, 400, 300, "You can't turn off your Zoom One license now because you are having Zoom One as your basic plan type.", zoom.ErrProtected, nil, nil},
	{"BD38 On-Prem", downgrade, 400, 300, "Your account can't set user type as On-prem.", zoom.ErrProtected, nil, nil},
	{"BD38 cap on licences", promote, 400, 300, "You have exceeded the limit of license assignments for your account.", zoom.ErrNoSeats, zoom.ErrProtected, nil},
	{"BD38 max paid users", promote, 400, 200, "You can add max 5 paid users.", zoom.ErrNoSeats, zoom.ErrProtected, nil},
	{"BD38 max free users", create, 400, 200, "You can add max 9 free users.", zoom.ErrNoSeats, zoom.ErrForbidden, nil},
	{"BD38 force locked", deactivate, 400, 1000, "This user is force locked.", zoom.ErrProtected, nil, nil},
	{"BD38 force locked, licence", downgrade, 400, 1000, "This user is force locked.", zoom.ErrProtected, nil, nil},
	{"BD38 admin unlinked", unlink, 400, 1117, "You can not disassociate an Admin user.", zoom.ErrProtected, nil, nil},
	{"BD38 not JSON", rename, 400, 300, "Request Body should be a valid JSON object.", zoom.ErrInvalidArgument, nil, nil},
	{"BD38 not JSON, licence", downgrade, 400, 300, "Request Body should be a valid JSON object.", zoom.ErrInvalidArgument, zoom.ErrProtected, nil},
	{"BD38 meeting id", readMeeting, 400, 300, "Invalid meeting id.", zoom.ErrNotFound, nil, nil},
	{"BD38 meeting id, past", readPast, 400, 300, "Cannot access meeting information.", zoom.ErrNotFound, nil, nil},
	{"BD38 window of a report", readReport, 400, 300, "only last six months", zoom.ErrInvalidArgument, nil, nil},
	{"type not permitted", promote, 400, 1108, "Permission requirements to change the user type of this user were not met.", zoom.ErrForbidden, nil, nil},
	{"full plan", promote, 400, 2034, "Your request to convert this user's plan type wasn't approved.", zoom.ErrNoSeats, nil, nil},
	{"no licence left", promote, 400, 2038, "There are no licenses left.", zoom.ErrNoSeats, nil, nil},
	{"no Basic licence", bundleOff, 400, 2039, "Not enough Basic licenses.", zoom.ErrNoSeats, nil, nil},
	{"no Basic seat", activate, 400, 2033, "You have reached the maximum number of basic users.", zoom.ErrNoSeats, nil, nil},
	{"quota", activate, 400, 3412, "You have reached the maximum number of users.", zoom.ErrNoSeats, nil, nil},
	{"BD32 user", readUser, 404, 1001, "User does not exist: u1.", zoom.ErrNotFound, nil, nil},
	{"BD32 user of another account", readUser, 400, 1010, "User not found on this account", zoom.ErrNotFound, nil, nil},
	{"BD32 invitation", readUser, 400, 1120, "The invitation has expired.", zoom.ErrNotFound, nil, nil},
	{"PG18 meeting not ready", readMeeting, 400, 3001, "Meeting ID is invalid or not end.", zoom.ErrNotFound, nil, nil},
	{"PG18 meeting not found", readMeeting, 404, 3001, "Meeting 7 not found or has expired.", zoom.ErrNotFound, nil, nil},
	{"BD32 route", readUser, 404, 2300, "This API endpoint is not recognized.", nil, nil, nil},
	{"BD32 account", readUser, 404, 2001, "Account does not exist: a.", nil, nil, nil},
	{"BD32 a code that is not known", readUser, 404, 9999, "Not found.", nil, nil, nil},
	{"no meetings", readUser, 400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities.", nil, nil, nil},
	{"shared access", readUser, 403, 403, "authenticated user has not permitted access to the targeted resource", zoom.ErrForbidden, nil, nil},
	{"group of a report", readReport, 403, 12703, "No permission for the group: 1", zoom.ErrForbidden, nil, nil},
	{"owner gone", readUser, 400, 4735, "The token owner does not exist.", zoom.ErrReauthorize, nil, nil},
	{"disabled", readUser, 400, 4738, "disabled by admin", zoom.ErrForbidden, nil, nil},
	{"revoked", readUser, 400, 4741, "The token has been revoked.", zoom.ErrReauthorize, nil, nil},
	{"BD31 429 per second", readUser, 429, 429, perSecond429, zoom.ErrRateLimited, nil, nil},
	{"BD31 429 daily, without headers", readUser, 429, 429, daily429, zoom.ErrDailyLimit, zoom.ErrRateLimited, nil},
	{"BD31 429 per user, without headers", readUser, 429, 429, perUser429, zoom.ErrDailyLimit, zoom.ErrRateLimited, nil},
	{"BD31 429 concurrent, without headers", readUser, 429, 429, concurrent429, zoom.ErrConcurrentOp, zoom.ErrRateLimited, nil},
	{"BD33 500", readUser, 500, 1001, "User does not exist.", zoom.ErrServer, nil, nil},
	{"BD33 502", readPage, 502, 300, "The next page token is invalid or expired.", zoom.ErrServer, nil, nil},
	{"BD33 503", deactivate, 503, 200, "Zoom Room and Admin users' status cannot be activated or deactivated.", zoom.ErrServer, nil, nil},
}

func TestFaultBD31RefusalsInEveryLanguage(t *testing.T) {
	for _, tc := range refusals {
		t.Run(tc.id, func(t *testing.T) {
			foreign, silent := tc.want, tc.want
			if tc.foreign != nil {
				foreign, silent = tc.foreign, tc.foreign
			}
			if tc.silent != nil {
				silent = tc.silent
			}
			for _, form := range []struct {
				message string
				want    error
			}{{tc.message, tc.want}, {inJapanese(tc.message), foreign}, {"", silent}} {
				for _, opts := range [][]zoom.Option{{once}, {once, zoom.WithSubAccount("a1")}} {
					synctest.Test(t, func(t *testing.T) {
						body, err := json.Marshal(map[string]any{"code": tc.code, "message": form.message})
						require.NoError(t, err)
						tp := newTape(answer{status: tc.status, body: string(body)})
						req := tc.req
						err = tp.client(t, opts...).Do(t.Context(), &req, nil)
						require.Error(t, err)
						assertMeans(t, err, form.want)
						assert.Len(t, tp.requests(), 1)
					})
				}
			}
		})
	}
}

// assertMeans demands one sentinel and no other, besides ErrOutcomeUnknown.
func assertMeans(t *testing.T, err, want error) {
	t.Helper()
	for _, sentinel := range sentinels {
		if sentinel != zoom.ErrOutcomeUnknown { //nolint:errorlint // the very value
			assert.Equal(t, sentinel == want, errors.Is(err, sentinel), "%v: %v", sentinel, err) //nolint:errorlint // the very value
		}
	}
}

// A list of findings is a validation error, also of a request with a page token and
// of a change of a licence.
func TestFaultBD31FindingsAreAValidation(t *testing.T) {
	for _, req := range []zoom.Request{readPage, downgrade, deactivate, readMeeting} {
		tp := newTape(answer{status: 400, body: `{"code":300,"message":"検証に失敗しました。","errors":[{"field":"type","message":"無効"}]}`})
		err := tp.client(t, once).Do(t.Context(), &req, nil)
		assertMeans(t, err, zoom.ErrInvalidArgument)
	}
}

func TestFaultBD31EnglishIsAskedFor(t *testing.T) {
	api := newTape(answer{do: func(r *http.Request) answer {
		assert.Equal(t, "en-US", r.Header.Get("Accept-Language"))
		return fine
	}})
	tokens := newTape(answer{do: func(r *http.Request) answer {
		assert.Equal(t, "en-US", r.Header.Get("Accept-Language"))
		return ok(goodToken)
	}})
	require.NoError(t, get(t.Context(), clientWith(t, s2s(tokens), api)))
	assert.Len(t, api.requests(), 1)
	assert.Len(t, tokens.requests(), 1)
}

// Programs delete what is not found.
func TestFaultBD32NotFoundIsSaidByZoomAlone(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "HTML": "<html><h1>404 Not Found</h1></html>", "a gateway's": `{"message":"no Route matched with those values"}`,
		"another's": `{"status":404,"error":"Not Found","path":"/v2/users/u1"}`, "null": "null", "a list": "[]", "text": "404 page not found",
		"code 0": `{"code":0,"message":"x"}`, "a code that is no number": `{"code":"NoSuchKey"}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, req := range []zoom.Request{readUser, readMeeting, deactivate, downgrade} {
				tp := newTape(answer{status: 404, body: body})
				err := tp.client(t).Do(t.Context(), &req, nil)
				assertMeans(t, err, zoom.ErrBadResponse)
				require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
				assert.Len(t, tp.requests(), 1)
			}
		})
	}
}

func TestQuestionsAboutErrors(t *testing.T) {
	refused := func(sentinel error) error {
		return &zoom.Error{Op: "users.get", StatusCode: 400, Code: 9, Err: sentinel}
	}
	type answers struct{ temporary, unavailable, stops, person bool }
	for _, tc := range []struct {
		err  error
		want answers
	}{
		{nil, answers{}},
		{errors.New("x"), answers{}},
		{context.Canceled, answers{stops: true}},
		{context.DeadlineExceeded, answers{stops: true}},
		{refused(nil), answers{}},
		{refused(zoom.ErrInvalidArgument), answers{}},
		{refused(zoom.ErrUnauthorized), answers{stops: true, person: true}},
		{refused(zoom.ErrReauthorize), answers{stops: true, person: true}},
		{refused(zoom.ErrClientCredentials), answers{stops: true, person: true}},
		{refused(zoom.ErrScope), answers{stops: true, person: true}},
		{refused(zoom.ErrForbidden), answers{stops: true, person: true}},
		{refused(zoom.ErrNoReport), answers{stops: true, person: true}},
		{refused(zoom.ErrNotFound), answers{}},
		{refused(zoom.ErrProtected), answers{}},
		{refused(zoom.ErrNoSeats), answers{stops: true, person: true}},
		{refused(zoom.ErrRateLimited), answers{temporary: true, unavailable: true, stops: true}},
		{refused(zoom.ErrDailyLimit), answers{temporary: true, stops: true}},
		{refused(zoom.ErrConcurrentOp), answers{temporary: true}},
		{refused(zoom.ErrServer), answers{temporary: true, unavailable: true, stops: true}},
		{refused(zoom.ErrUnreachable), answers{temporary: true, unavailable: true, stops: true}},
		{refused(zoom.ErrTimeout), answers{temporary: true, unavailable: true, stops: true}},
		{refused(zoom.ErrTLS), answers{unavailable: true, stops: true, person: true}},
		{refused(zoom.ErrRedirect), answers{unavailable: true, stops: true, person: true}},
		{refused(zoom.ErrBadResponse), answers{temporary: true, unavailable: true}},
		{refused(zoom.ErrBodyTooLarge), answers{unavailable: true}},
		{refused(zoom.ErrPageTokenExpired), answers{temporary: true}},
		{refused(zoom.ErrPageLoop), answers{}},
		{refused(zoom.ErrListIncomplete), answers{temporary: true}},
		{refused(zoom.ErrOutcomeUnknown), answers{}},
		{errors.Join(zoom.ErrOutcomeUnknown, zoom.ErrServer), answers{unavailable: true, stops: true}},
		{refused(zoom.ErrNotApplied), answers{temporary: true}},
		{refused(zoom.ErrAccountMismatch), answers{stops: true, person: true}},
		{refused(zoom.ErrClosed), answers{stops: true}},
		{refused(zoomauth.ErrStore), answers{stops: true}},
		{refused(zoomauth.ErrStoreUnavailable), answers{temporary: true, unavailable: true, stops: true}},
		{refused(zoomauth.ErrStoreChanged), answers{temporary: true, stops: true}},
		{refused(zoomauth.ErrStoreCorrupt), answers{stops: true, person: true}},
		{refused(zoomauth.ErrNoToken), answers{stops: true, person: true}},
		{&zoom.Error{StatusCode: 404, Code: 2300}, answers{stops: true}},
		{&zoom.Error{StatusCode: 403, Err: zoom.ErrForbidden, RetryAt: endOfNovember}, answers{temporary: true, stops: true, person: true}},
	} {
		for form, err := range map[string]error{"bare": tc.err, "wrapped": wrapped(tc.err), "joined": joined(tc.err), "page": paged(tc.err)} {
			if tc.err == nil && form != "bare" {
				continue
			}
			assert.Equal(t, tc.want, answers{zoom.Temporary(err), zoom.Unavailable(err), zoom.StopsRun(err), zoom.NeedsPerson(err)}, "%s: %v", form, err)
			_, named := zoom.RetryAt(err)
			assert.Equal(t, tc.want.temporary, named, "%s: %v", form, err)
		}
	}
}

// The table of docs/errors.md says what the questions answer.
func TestQuestionsAreAsDocumented(t *testing.T) {
	text, err := os.ReadFile("docs/errors.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(text), "## What the questions answer")
	table, _, _ = strings.Cut(table, "\n## ")
	documented := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 8 {
			continue
		}
		answers := ""
		for _, cell := range cells[2:7] {
			answers += strings.TrimSpace(cell) + ";"
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			documented[name[1]] = answers
		}
	}
	word := map[bool]string{true: "yes;", false: ";"}
	for name, sentinel := range map[string]error{
		"ErrInvalidArgument": zoom.ErrInvalidArgument, "ErrUnauthorized": zoom.ErrUnauthorized, "ErrReauthorize": zoom.ErrReauthorize,
		"ErrClientCredentials": zoom.ErrClientCredentials, "ErrScope": zoom.ErrScope, "ErrScopesUnknown": zoom.ErrScopesUnknown,
		"ErrForbidden": zoom.ErrForbidden, "ErrNoReport": zoom.ErrNoReport, "ErrNotFound": zoom.ErrNotFound,
		"ErrProtected": zoom.ErrProtected, "ErrNoSeats": zoom.ErrNoSeats, "ErrRateLimited": zoom.ErrRateLimited,
		"ErrDailyLimit": zoom.ErrDailyLimit, "ErrConcurrentOp": zoom.ErrConcurrentOp, "ErrServer": zoom.ErrServer,
		"ErrUnreachable": zoom.ErrUnreachable, "ErrTimeout": zoom.ErrTimeout, "ErrTLS": zoom.ErrTLS, "ErrRedirect": zoom.ErrRedirect,
		"ErrBadResponse": zoom.ErrBadResponse, "ErrBodyTooLarge": zoom.ErrBodyTooLarge, "ErrPageTokenExpired": zoom.ErrPageTokenExpired,
		"ErrPageLoop": zoom.ErrPageLoop, "ErrListIncomplete": zoom.ErrListIncomplete, "ErrOutcomeUnknown": zoom.ErrOutcomeUnknown,
		"ErrNotApplied": zoom.ErrNotApplied, "ErrAccountMismatch": zoom.ErrAccountMismatch, "ErrClosed": zoom.ErrClosed,
		"ErrStoreUnavailable": zoomauth.ErrStoreUnavailable, "ErrStoreChanged": zoomauth.ErrStoreChanged, "ErrStoreCorrupt": zoomauth.ErrStoreCorrupt,
		"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	} {
		err := &zoom.Error{Op: "users.get", Err: sentinel}
		want := ""
		for _, question := range []func(error) bool{zoom.Temporary, zoom.Unavailable, zoom.StopsRun, zoom.StopsPromotions, zoom.NeedsPerson} {
			want += word[question(err)]
		}
		assert.Equal(t, want, documented[name], name)
	}
}

// A limit of one user ends no run.
func TestStopsRunIsFalseForALimitOfOneUser(t *testing.T) {
	for name, c := range map[string]struct {
		fault zoomtest.Fault
		stops bool
	}{
		"of one user":    {zoomtest.UserLimit(), false},
		"of the account": {zoomtest.DailyLimit(endOfNovember), true},
	} {
		t.Run(name, func(t *testing.T) {
			server := zoomtest.NewServer()
			user := server.AddUser(zoom.User{Email: "ann@example.com"})
			server.Inject(c.fault)
			_, err := server.Client().Users.Get(t.Context(), user.ID)
			require.ErrorIs(t, err, zoom.ErrDailyLimit)
			assert.Equal(t, c.stops, zoom.StopsRun(paged(wrapped(err))))
		})
	}
}

// What is said once is not said again.
func TestErrorTextsSayEachThingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := newTape(answer{status: 503}, answer{status: 503}, answer{status: 503}, answer{status: 503}, answer{status: 503}, answer{status: 503})
		err := lost.client(t).Users.Deactivate(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		assert.Equal(t, 1, strings.Count(err.Error(), zoom.ErrOutcomeUnknown.Error()), "%v", err)

		server := zoomtest.NewServer()
		server.Inject(zoomtest.Fault{Route: "/oauth/token", Status: 400, Body: `{"error":"invalid_client"}`})
		_, err = server.Client().Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrClientCredentials)
		assert.Equal(t, 1, strings.Count(err.Error(), "status 400"), "%v", err)
		assert.Equal(t, 1, strings.Count(err.Error(), "tracking id"), "%v", err)
	})
}

func TestStopsPromotions(t *testing.T) {
	for err, want := range map[*zoom.Error]bool{
		{StatusCode: 400, Code: 2034, Err: zoom.ErrNoSeats}:        true,
		{StatusCode: 400, Code: 300, Err: zoom.ErrProtected}:       true,
		{StatusCode: 400, Code: 9999}:                              true,
		{StatusCode: 404, Code: 1001, Err: zoom.ErrNotFound}:       false,
		{StatusCode: 400, Code: 1010, Err: zoom.ErrNotFound}:       false,
		{StatusCode: 400, Code: 300, Err: zoom.ErrInvalidArgument}: false,
		{StatusCode: 429, Code: 429, Err: zoom.ErrDailyLimit}:      true,
		{StatusCode: 429, Code: 429, Err: zoom.ErrConcurrentOp}:    false,
		{Err: zoom.ErrProtected}:                                   false,
		{StatusCode: 503, Err: zoom.ErrServer}:                     true,
		{StatusCode: 400, Code: 4711, Err: zoom.ErrScope}:          true,
		{StatusCode: 404, Code: 2300}:                              true,
		{StatusCode: 200, Code: 0, Err: zoom.ErrOutcomeUnknown}:    false,
	} {
		assert.Equal(t, want, zoom.StopsPromotions(paged(err)), "%v", err)
	}
}

func TestRetryAt(t *testing.T) {
	limit := &zoom.Error{StatusCode: 429, Err: zoom.ErrDailyLimit, RetryAt: endOfNovember}
	sooner := &zoom.Error{StatusCode: 429, Err: zoom.ErrRateLimited, RetryAt: endOfNovember.Add(-1)}
	for name, err := range map[string]error{
		"bare": limit, "wrapped": wrapped(limit), "joined": errors.Join(sooner, errors.New("x"), limit), "page": paged(limit),
		"all": wrapped(errors.Join(paged(sooner), wrapped(paged(limit)))),
	} {
		at, ok := zoom.RetryAt(err)
		assert.True(t, ok, name)
		assert.Equal(t, endOfNovember, at, name)
	}
	synctest.Test(t, func(t *testing.T) { // Zoom named no moment
		tp := newTape(answer{status: 503})
		err := get(t.Context(), tp.client(t, once))
		at, ok := zoom.RetryAt(err)
		assert.True(t, ok)
		assert.Equal(t, 30*time.Second, at.Sub(tp.requests()[0].at))
	})
	for _, err := range []error{nil, errors.New("x"), (*zoom.Error)(nil), &zoom.PageError{}, zoom.ErrNotFound, errors.Join(limit, zoom.ErrOutcomeUnknown)} {
		at, ok := zoom.RetryAt(err)
		assert.False(t, ok, "%v", err)
		assert.Zero(t, at)
	}
}

// An error of another library's token source goes by the same map.
func TestFaultAU39ForeignTokenErrors(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   string
		want   error
	}{
		{400, "invalid_grant", zoom.ErrReauthorize},
		{401, "invalid_client", zoom.ErrClientCredentials},
		{429, "invalid_grant", zoom.ErrRateLimited},
		{503, "invalid_grant", zoom.ErrServer},
		{404, "", zoom.ErrBadResponse},
		{400, "hunter2", zoom.ErrUnauthorized},
	} {
		src := sourceFunc(func(context.Context) (*oauth2.Token, error) {
			return nil, &oauth2.RetrieveError{ErrorCode: tc.code, Response: &http.Response{StatusCode: tc.status}}
		})
		err := get(t.Context(), clientWith(t, src, newTape(fine)))
		assertMeans(t, err, tc.want)
	}
}

var endOfNovember = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func wrapped(err error) error { return fmt.Errorf("job: %w", err) }
func joined(err error) error  { return errors.Join(errors.New("one more"), wrapped(err)) }
func paged(err error) error   { return &zoom.PageError{Token: "t", Err: err} }

// The same work in a company whose Zoom speaks English and in one whose Zoom does not:
// every error means the same.
func TestFaultBD31ACompanyInAnotherLanguage(t *testing.T) {
	meanings := func(foreign bool) (all []string) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(150, 31), zoomtest.WithPlan(zoom.PlanFree))
		defer srv.Close()
		srv.SetQuirks(zoomtest.Quirks{ForeignWords: foreign, ProtectAdmins: true, RefuseBasicAgain: true})
		users := srv.Users()
		srv.SetSeats(zoom.TypeBasic, 20)
		c := srv.Client(once, zoom.WithLimiter(zoom.Unlimited()))
		note := func(what string, err error) {
			for _, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					what += ": " + sentinel.Error()
				}
			}
			all = append(all, what)
		}
		for i, u := range users {
			if u.ID == "" {
				continue
			}
			srv.Advance(time.Second) // the plan has four requests a second
			switch i % 4 {
			case 0:
				note("deactivate", c.Users.Deactivate(t.Context(), u.ID))
			case 1:
				note("downgrade", c.Users.Update(t.Context(), u.ID, &zoom.UserUpdate{Type: zoom.TypeBasic}))
			case 2:
				note("activate", c.Users.Activate(t.Context(), u.ID))
			default:
				result, err := c.Users.Reclaim(t.Context(), u.ID, zoom.ReclaimMethod(i/4%2), &zoom.ReclaimOptions{AllowAdmins: true})
				note("reclaim "+result.Outcome.String(), err)
			}
		}
		srv.Advance(time.Second)
		_, err := c.Users.Get(t.Context(), "nobody")
		note("nobody", err)
		note("plan", c.Do(t.Context(), &zoom.Request{Path: "/accounts/me/plans/usage"}, nil))
		note("dashboard", c.Do(t.Context(), &zoom.Request{Path: "/metrics/meetings", Query: url.Values{"from": {"2026-11-01"}, "to": {"2026-11-02"}}, Class: zoom.ClassResourceIntensive}, nil))
		note("route", c.Do(t.Context(), &zoom.Request{Path: "/nothing"}, nil))
		return all
	}
	english := meanings(false)
	assert.Equal(t, english, meanings(true))
	for _, want := range []string{"deactivate: the user is protected", "downgrade: the user is protected", "no seat", "no such report", "not found"} {
		assert.Contains(t, strings.Join(english, "\n"), want)
	}
}

// A page token that expires in the middle is known in any language: the roster comes
// whole. So is a missing scope, with its name.
func TestFaultBD31RosterAndScopesInAnotherLanguage(t *testing.T) {
	for after := range 6 {
		srv := zoomtest.NewServer(zoomtest.WithUsers(700, 2))
		srv.SetQuirks(zoomtest.Quirks{ForeignWords: true})
		srv.Inject(zoomtest.Failure(400, 300, "The next page token is invalid or expired.").On("GET", "/users").After(after))
		users, err := srv.Client().Users.Roster(nil).Collect(t.Context())
		require.NoError(t, err, "after %d requests", after)
		assert.Len(t, users, len(srv.Users()))
		srv.Close()
	}
	for _, code := range []int{104, 4711} {
		srv := zoomtest.NewServer(zoomtest.WithScopes("phone:read:admin"))
		srv.SetQuirks(zoomtest.Quirks{ForeignWords: true, ScopeErrorCode: code})
		_, err := srv.Client().Users.Get(t.Context(), "me")
		require.ErrorIs(t, err, zoom.ErrScope)
		assert.Contains(t, asError(t, err).Scopes, "user:read:user:admin")
		srv.Close()
	}
}

// A refusal under the status of a success is what its code says, and is treated so: a
// limit is waited for, a limit of the day ends the call at once.
func TestFaultBD33RefusalsUnderASuccess(t *testing.T) {
	limit := func(message string) answer { return ok(fmt.Sprintf(`{"code":429,"message":%q}`, message)) }
	calls := map[string]func(context.Context, *zoom.Client) error{
		"get": get,
		"summary": func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.Summary(ctx))
		},
		"list": func(ctx context.Context, c *zoom.Client) error {
			return second(c.Users.List(nil).Collect(ctx))
		},
		"do": func(ctx context.Context, c *zoom.Client) error {
			return c.Do(ctx, &zoom.Request{Path: "/groups"}, new(map[string]any))
		},
	}
	for name, call := range calls {
		t.Run(name, inBubble(func(t *testing.T) {
			for _, tc := range []struct {
				answer answer
				want   error
				tries  int
			}{
				{limit(daily429), zoom.ErrDailyLimit, 1},
				{limit("daily limit reached"), zoom.ErrDailyLimit, 1},
				{limit(perSecond429), zoom.ErrRateLimited, 5},
				{limit("制限に達しました。"), zoom.ErrRateLimited, 5},
				{limit(concurrent429), zoom.ErrConcurrentOp, 3},
				{ok(`{"code":429,"message":"The daily limit is reached.","users":[],"groups":7}`), zoom.ErrDailyLimit, 1},
				{ok(`{"code":1001,"message":"x"}`), zoom.ErrNotFound, 1},
				{ok(`{"code":4711,"message":"[user:read:admin]"}`), zoom.ErrScope, 1},
				{ok(`{"code":9999,"message":"x"}`), nil, 1},
				{answer{status: 500, body: `{"code":429,"message":"daily rate limit"}`}, zoom.ErrServer, 5},
				{answer{status: 400, body: `{"code":429,"message":"daily rate limit"}`}, zoom.ErrDailyLimit, 1},
				{answer{status: 401, body: `{"code":4711,"message":"[user:read:admin]"}`}, zoom.ErrScope, 1},
			} {
				if name == "do" && strings.Contains(tc.answer.body, "groups") {
					continue // whatever Do is given may be an answer
				}
				tp := newTape(tc.answer)
				err := call(t.Context(), tp.client(t))
				require.Error(t, err)
				assertMeans(t, err, tc.want)
				assert.Len(t, tp.requests(), tc.tries, tc.answer.body)
				if errors.Is(err, zoom.ErrDailyLimit) {
					at, ok := zoom.RetryAt(err)
					assert.True(t, ok)
					assert.True(t, at.After(time.Now()), at)
				}
			}
			tp := newTape(limit(perSecond429), ok(`{"id":"u1","email":"u1@example.com","total_users_count":1,"users":[`+u1Licensed+`],"total_records":1}`))
			require.NoError(t, call(t.Context(), tp.client(t)))
			assert.Len(t, tp.requests(), 2)
		}))
	}
}

// A record may have a code of its own. What was created is not created twice.
func TestFaultBD37AnswersWithACodeOfTheirOwn(t *testing.T) {
	for _, body := range []string{
		`{"id":"thing","name":"x","code":124}`, `{"code":124,"message":"welcome","id":"thing"}`, `{"code":429,"id":"thing"}`,
		`{"code":124,"message":"` + strings.Repeat("x", 5000) + `"}`, `{"code":0,"message":"fine"}`, `{"code":"124","item":{}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(answer{status: 201, body: body})
			var out map[string]any
			require.NoError(t, tp.client(t).Do(t.Context(), &zoom.Request{Method: "POST", Path: "/things", Body: map[string]int{}}, &out), body)
			assert.Len(t, tp.requests(), 1)
			assert.Contains(t, out, "code")
			for _, method := range []string{"PUT", "PATCH", "DELETE"} {
				tp = newTape(ok(body))
				require.NoError(t, tp.client(t).Do(t.Context(), &zoom.Request{Method: method, Path: "/things"}, nil), body)
				assert.Len(t, tp.requests(), 1)
			}
		})
	}
	t.Run("a change is looked at", inBubble(func(t *testing.T) {
		for _, body := range []string{`{"id":"u1","code":124}`, `{"id":"u1","code":1001,"message":"x"}`, `{"status":"ok"}`} {
			tp := newTape(ok(body), ok(annInactive))
			require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"), body)
			assert.Equal(t, "PUT GET", methodsAsked(tp))
		}
	}))
}

// A 429 of Zoom's that does not say of what may mean that another operation is under
// way: a write is not repeated blindly.
func TestFaultBD31AVague429OfAWrite(t *testing.T) {
	const foreign = `{"code":429,"message":"リクエストが多すぎます。"}`
	for name, tc := range map[string]struct {
		answer answer
		blind  bool // the write is sent again without a look
		once   bool // not the POST
	}{
		"words that are not known":    {answer{status: 429, body: foreign}, false, false},
		"no words":                    {answer{status: 429, body: `{"code":429,"message":""}`}, false, false},
		"under a success":             {ok(foreign), false, false},
		"only a category":             {answer{status: 429, body: foreign, header: map[string]string{"X-RateLimit-Category": "Light"}}, false, false},
		"a type":                      {answer{status: 429, body: foreign, header: map[string]string{"X-RateLimit-Type": "QPS"}}, true, false},
		"a time":                      {answer{status: 429, body: foreign, header: map[string]string{"Retry-After": "1"}}, true, false},
		"words that are known":        {refusal(429, 429, perSecond429), true, false},
		"a gateway's":                 {answer{status: 429}, true, true},
		"a gateway's, with some text": {answer{status: 429, body: "<html>slow down"}, true, true},
		"known words under a success": {ok(`{"code":429,"message":"` + perSecond429 + `"}`), true, true},
		"Zoom's, by a header":         {answer{status: 429, header: map[string]string{"X-RateLimit-Type": "QPS"}}, true, false},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			tp := newTape(tc.answer, ok(annLicensed), noReply)
			want := "PUT GET PUT"
			if tc.blind {
				tp, want = newTape(tc.answer, noReply), "PUT PUT"
			}
			require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
			assert.Equal(t, want, methodsAsked(tp))

			tp = newTape(tc.answer, noReply)
			err := tp.client(t).Do(t.Context(), &zoom.Request{Method: "POST", Path: "/things"}, nil)
			if tc.blind && !tc.once {
				require.NoError(t, err)
				assert.Equal(t, "POST POST", methodsAsked(tp))
				return
			}
			require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
			require.ErrorIs(t, err, zoom.ErrRateLimited)
			assert.Equal(t, "POST", methodsAsked(tp))
		}))
	}
}
