package zoom_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

const (
	licensed    = `{"id":"u1","email":"u1@example.com","type":2,"status":"active","role_id":"2"}`
	basic       = `{"id":"u1","email":"u1@example.com","type":1,"status":"active","role_id":"2"}`
	deactivated = `{"id":"u1","email":"u1@example.com","type":2,"status":"inactive","role_id":"2"}`
)

// meetingLicence is a Meetings licence of one of several subscriptions.
const meetingLicence = `"license_info_list":[{"license_type":"MEETING","license_option":2,"subscription_id":"s"}]`

var (
	lost    = answer{err: errors.New("connection reset by peer")}
	noReply = answer{status: http.StatusNoContent}
)

// methodsAsked is what was asked: "GET PUT GET".
func methodsAsked(tp *tape) string {
	var asked []string
	for _, r := range tp.requests() {
		asked = append(asked, r.method)
	}
	return strings.Join(asked, " ")
}

func refusal(status, code int, message string) answer {
	return answer{status: status, body: fmt.Sprintf(`{"code":%d,"message":%q}`, code, message)}
}

func TestReclaimDecides(t *testing.T) {
	user := func(fields string) answer { return ok(`{"id":"u1","email":"u1@example.com",` + fields + `}`) }
	type way struct {
		method zoom.ReclaimMethod
		opts   zoom.ReclaimOptions
	}
	deactivate, downgrade := way{method: zoom.ReclaimDeactivate}, way{method: zoom.ReclaimDowngrade}
	admins := way{zoom.ReclaimDeactivate, zoom.ReclaimOptions{AllowAdmins: true}}
	dry := way{zoom.ReclaimDeactivate, zoom.ReclaimOptions{DryRun: true}}
	const (
		reclaimed = zoom.OutcomeReclaimed
		already   = zoom.OutcomeAlreadyReclaimed
		protected = zoom.OutcomeProtected
		dryRun    = zoom.OutcomeDryRun
	)
	for _, tc := range []struct {
		name string
		way  way
		user answer
		want zoom.ReclaimOutcome
	}{
		{"BR03 owner by id", deactivate, user(`"type":2,"status":"active","role_id":"0"`), protected},
		{"BR03 owner by name", deactivate, user(`"type":2,"status":"active","role_name":"owner"`), protected},
		{"BR03 owner although admins are allowed", admins, user(`"type":2,"status":"active","role_id":"0"`), protected},
		{"BR04 admin by id", deactivate, user(`"type":2,"status":"active","role_id":"1"`), protected},
		{"BR03 owner by a name in another language", deactivate, user(`"type":2,"status":"active","role_name":"Propriétaire"`), protected},
		{"BR03 member by name", deactivate, user(`"type":2,"status":"active","role_name":"member"`), reclaimed},
		{"BR04 admin by name", downgrade, user(`"type":2,"status":"active","role_name":"Admin"`), protected},
		{"admin, allowed", admins, user(`"type":2,"status":"active","role_id":"1"`), reclaimed},
		{"BR20 pending", deactivate, ok(`{"email":"u1@example.com","type":2,"status":"pending"}`), protected},
		{"BR20 pending with an id", deactivate, user(`"type":2,"status":"pending"`), protected},
		{"BR25 unknown type", deactivate, user(`"type":5,"status":"active"`), protected},
		{"BR25 no type", downgrade, user(`"status":"active"`), protected},
		{"BR25 unknown status", deactivate, user(`"type":2,"status":"dormant"`), protected},
		{"BR25 no status", deactivate, user(`"type":2`), protected},
		{"BR25 status in another case", deactivate, user(`"type":2,"status":"Active"`), protected},
		{"BR05 inactive", deactivate, user(`"type":2,"status":"inactive"`), already},
		{"BR05 inactive, downgrade", downgrade, user(`"type":2,"status":"inactive"`), already},
		{"inactive admin", deactivate, user(`"type":2,"status":"inactive","role_id":"1"`), protected},
		{"inactive owner", deactivate, user(`"type":2,"status":"inactive","role_id":"0"`), protected},
		{"BR05 Basic, downgrade", downgrade, user(`"type":1,"status":"active"`), already},
		{"Unassigned, downgrade", downgrade, user(`"type":4,"status":"active"`), already},
		{"None, downgrade", downgrade, user(`"type":99,"status":"active"`), already},
		{"Basic, deactivate", deactivate, user(`"type":1,"status":"active"`), already},
		{"role not told, downgrade", downgrade, user(`"type":2,"status":"active"`), protected},
		{"Basic with a bundle, deactivate", deactivate, user(`"type":1,"status":"active","zoom_one_type":16`), reclaimed},
		{"Basic with a bundle, downgrade", downgrade, user(`"type":1,"status":"active","zoom_one_type":16`), protected},
		{"bundle, downgrade", downgrade, user(`"type":2,"status":"active","zoom_one_type":576460752303423488`), protected},
		{"United, downgrade", downgrade, user(`"type":2,"status":"active","plan_united_type":"1"`), protected},
		{"bundle of a subscription, downgrade", downgrade, user(`"type":2,"status":"active","license_info_list":[{"license_type":"ZOOM_WORKPLACE_BUNDLE","license_option":4}]`), protected},
		{"inactive with a bundle, downgrade", downgrade, user(`"type":2,"status":"inactive","zoom_one_type":16`), already},
		{"bundle, deactivate", deactivate, user(`"type":2,"status":"active","zoom_one_type":16`), reclaimed},
		{"Licensed", deactivate, user(`"type":2,"status":"active","role_id":"2"`), reclaimed},
		{"Licensed, downgrade", downgrade, user(`"type":2,"status":"active","role_id":"2"`), reclaimed},
		{"Licensed by a subscription, downgrade", downgrade, user(`"type":2,"status":"active","role_id":"2",` + meetingLicence), reclaimed},
		{"Basic, a licence of a subscription, downgrade", downgrade, user(`"type":1,"status":"active","role_id":"2",` + meetingLicence), protected},
		{"Unassigned, a licence of a subscription, downgrade", downgrade, user(`"type":4,"status":"active","role_id":"2",` + meetingLicence), protected},
		{"Basic, a licence of a subscription, deactivate", deactivate, user(`"type":1,"status":"active","role_id":"2",` + meetingLicence), reclaimed},
		{"Basic, a licence that is turned off, downgrade", downgrade, user(`"type":1,"status":"active","role_id":"2","license_info_list":[{"license_type":"MEETING","license_option":0}]`), already},
		{"inactive, a licence of a subscription, downgrade", downgrade, user(`"type":1,"status":"inactive","role_id":"2",` + meetingLicence), already},
		{"BD25 role that cannot be read", deactivate, user(`"type":2,"status":"active","role_id":{"a":1}`), protected},
		{"BD25 role that cannot be read, downgrade", downgrade, user(`"type":2,"status":"active","role_id":["0"],"role_name":"Member"`), protected},
		{"BD25 role that cannot be read, admins allowed", admins, user(`"type":2,"status":"active","role_id":["0","2"]`), protected},
		{"BD25 name of the role that cannot be read", deactivate, user(`"type":2,"status":"active","role_name":{}`), protected},
		{"BD25 name of the role that cannot be read beside its id", deactivate, user(`"type":2,"status":"active","role_id":"2","role_name":{}`), reclaimed},
		{"BD25 role with blanks", deactivate, user(`"type":2,"status":"active","role_id":" 0 "`), protected},
		{"BD25 name of the role with blanks", deactivate, user(`"type":2,"status":"active","role_name":"Owner "`), protected},
		{"BD25 bundle that cannot be read", deactivate, user(`"type":2,"status":"active","role_id":"2","zoom_one_type":{}`), protected},
		{"BD25 plan that cannot be read", downgrade, user(`"type":1,"status":"active","role_id":"2","plan_united_type":[1,2]`), protected},
		{"On-Prem, downgrade", downgrade, user(`"type":"3","status":"active","role_id":"2"`), protected},
		{"On-Prem, deactivate", deactivate, user(`"type":3,"status":"active","role_id":"2"`), protected},
		{"On-Prem, allowed", way{zoom.ReclaimDowngrade, zoom.ReclaimOptions{AllowOnPrem: true}}, user(`"type":"3","status":"active","role_id":"2"`), reclaimed},
		{"On-Prem, inactive", deactivate, user(`"type":3,"status":"inactive","role_id":"2"`), already},
		{"custom role", deactivate, user(`"type":2,"status":"active","role_id":"9xyz","role_name":"Admins of rooms"`), reclaimed},
		{"BR09 dry run", dry, user(`"type":2,"status":"active"`), dryRun},
		{"BR09 dry run of an owner", dry, user(`"type":2,"status":"active","role_id":"0"`), protected},
		{"BR09 dry run of an inactive user", dry, user(`"type":2,"status":"inactive"`), already},
	} {
		t.Run(tc.name, func(t *testing.T) {
			after := ok(deactivated)
			if tc.way.method == zoom.ReclaimDowngrade {
				after = ok(basic)
			}
			tp := idleTape(tc.user, noReply, after)
			result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", tc.way.method, &tc.way.opts)
			require.NotNil(t, result)
			assert.Equal(t, tc.want, result.Outcome, result.Outcome.String())
			assert.Equal(t, tc.way.method, result.Method)
			require.NotNil(t, result.Before)
			assert.Equal(t, "u1@example.com", result.Email)
			assert.False(t, result.Reconciled)
			if tc.want == protected {
				require.ErrorIs(t, err, zoom.ErrProtected)
				assert.NotContains(t, err.Error(), "u1@example.com")
			} else {
				require.NoError(t, err)
			}
			switch {
			case tc.want != reclaimed:
				assert.Equal(t, "GET", methodsAsked(tp), "no write")
				assert.Nil(t, result.After)
			case tc.way.method == zoom.ReclaimDowngrade:
				assert.Equal(t, "GET PATCH GET", methodsAsked(tp))
				assert.Equal(t, "/v2/users/u1", tp.requests()[1].path)
				assert.JSONEq(t, `{"type":1}`, tp.requests()[1].body)
				assert.NotNil(t, result.After)
			default:
				assert.Equal(t, "GET PUT GET", methodsAsked(tp))
				assert.Equal(t, "/v2/users/u1/status", tp.requests()[1].path)
				assert.JSONEq(t, `{"action":"deactivate"}`, tp.requests()[1].body)
				assert.Equal(t, zoom.StatusInactive, result.After.Status)
			}
		})
	}
}

func TestReclaimRefusesAnUnknownMethod(t *testing.T) {
	for _, method := range []zoom.ReclaimMethod{0, -1, 3} {
		tp := idleTape(ok(licensed))
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", method, nil)
		refusedUnsent(t, tp, err)
		assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
	}
}

// An e-mail address can change hands between the read and the write.
func TestFaultBR26WritesUseTheIDOnly(t *testing.T) {
	tp := idleTape(ok(licensed), noReply, ok(deactivated))
	result, err := tp.client(t).Users.Reclaim(t.Context(), "u1@example.com", zoom.ReclaimDeactivate, nil)
	require.NoError(t, err)
	assert.Equal(t, "u1", result.UserID)
	requests := tp.requests()
	require.Len(t, requests, 3)
	assert.Equal(t, "/v2/users/u1%40example.com", requests[0].path)
	assert.Equal(t, "/v2/users/u1/status", requests[1].path)
	assert.Equal(t, "/v2/users/u1", requests[2].path)
}

func TestReclaimIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name    string
		method  zoom.ReclaimMethod
		answers []answer
		asked   string
		is      error
		outcome zoom.ReclaimOutcome
	}{
		{"BR06 unknown user", zoom.ReclaimDeactivate, []answer{refusal(404, 1001, "User does not exist: u1.")}, "GET", zoom.ErrNotFound, zoom.OutcomeUnknown},
		{"BR06 gone meanwhile", zoom.ReclaimDeactivate, []answer{ok(licensed), refusal(404, 1001, "User does not exist: u1.")}, "GET PUT", zoom.ErrNotFound, zoom.OutcomeUnknown},
		{"BR04 Zoom Room", zoom.ReclaimDeactivate, []answer{ok(licensed), refusal(400, 200, "Zoom Room and Admin users' status can not be changed.")}, "GET PUT", zoom.ErrProtected, zoom.OutcomeProtected},
		{"BR04 Zoom Room, downgrade", zoom.ReclaimDowngrade, []answer{ok(licensed), refusal(400, 200, "A Zoom Room user cannot be updated to a free user.")}, "GET PATCH", zoom.ErrProtected, zoom.OutcomeProtected},
		{"BR05 not a paid user", zoom.ReclaimDowngrade, []answer{ok(licensed), refusal(400, 1109, "Host is not a paid user."), ok(basic)}, "GET PATCH GET", nil, zoom.OutcomeAlreadyReclaimed},
		{"BR11 no Basic seat", zoom.ReclaimDowngrade, []answer{ok(licensed), refusal(400, 2033, "You have reached the maximum number of basic users.")}, "GET PATCH", zoom.ErrNoSeats, zoom.OutcomeUnknown},
		{"AU03 no write scope", zoom.ReclaimDeactivate, []answer{ok(licensed), refusal(400, 4711, "Invalid access token, does not contain scopes:[user:update:status:admin].")}, "GET PUT", zoom.ErrScope, zoom.OutcomeUnknown},
		{"RL01 daily limit", zoom.ReclaimDeactivate, []answer{ok(licensed), refusal(429, 429, "You have reached the maximum daily rate limit for this API.")}, "GET PUT", zoom.ErrDailyLimit, zoom.OutcomeUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tp := idleTape(tc.answers...)
			result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", tc.method, nil)
			if tc.is == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tc.is)
				require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
			}
			assert.Equal(t, tc.outcome, result.Outcome)
			assert.Equal(t, tc.asked, methodsAsked(tp))
		})
	}
	t.Run("BR12 upcoming Zoom Events", func(t *testing.T) {
		tp := idleTape(ok(licensed), refusal(400, 300, "The user has upcoming Zoom Events."))
		_, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, err, zoom.ErrProtected)
		assert.Equal(t, 300, e.Code)
		assert.Contains(t, err.Error(), "upcoming Zoom Events")
		assert.Equal(t, "GET PUT", methodsAsked(tp))
	})
}

func TestFaultBR16LostAnswers(t *testing.T) {
	dial := answer{err: &net.OpError{Op: "dial", Err: errors.New("refused")}}
	html := answer{status: 200, body: "<html>login</html>"}
	for _, tc := range []struct {
		name       string
		answers    []answer
		asked      string
		is         error
		outcome    zoom.ReclaimOutcome
		reconciled bool
	}{
		{"made, then cut", []answer{ok(licensed), lost, ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, true},
		{"made, then 502", []answer{ok(licensed), {status: 502}, ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, true},
		{"made, then a cut body", []answer{ok(licensed), {status: 200, body: "{", cut: true}, ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, true},
		{"BD06 made, 202", []answer{ok(licensed), {status: 202}, ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, true},
		{"BD07 made, 200 HTML", []answer{ok(licensed), html, ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, true},
		{"not made, then made", []answer{ok(licensed), {status: 500}, ok(licensed), noReply, ok(deactivated)}, "GET PUT GET PUT GET", nil, zoom.OutcomeReclaimed, false},
		{"NW06 never made: three writes", []answer{ok(licensed), lost, ok(licensed), lost, ok(licensed), lost, ok(licensed)}, "GET PUT GET PUT GET PUT GET", zoom.ErrOutcomeUnknown, zoom.OutcomeUnknown, false},
		{"lost, and no read", []answer{ok(licensed), lost, refusal(403, 0, "no")}, "GET PUT GET", zoom.ErrOutcomeUnknown, zoom.OutcomeUnknown, false},
		{"lost, and the user gone", []answer{ok(licensed), lost, refusal(404, 1001, "User does not exist.")}, "GET PUT GET", zoom.ErrOutcomeUnknown, zoom.OutcomeUnknown, false},
		{"RL03 429 is replayed", []answer{ok(licensed), {status: 429}, noReply, ok(deactivated)}, "GET PUT PUT GET", nil, zoom.OutcomeReclaimed, false},
		{"RL14 429 of concurrency is not", []answer{ok(licensed), refusal(429, 429, "Too many concurrent requests. A request to disassociate this user has already been made."), ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, true},
		{"NW02 a dial error is replayed", []answer{ok(licensed), dial, dial, noReply, ok(deactivated)}, "GET PUT PUT PUT GET", nil, zoom.OutcomeReclaimed, false},
		{"200 with an empty object", []answer{ok(licensed), ok(" {} \n"), ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, false},
		{"200 with nothing", []answer{ok(licensed), ok(""), ok(deactivated)}, "GET PUT GET", nil, zoom.OutcomeReclaimed, false},
		{"a refusal under 200", []answer{ok(licensed), ok(`{"code":1001,"message":"User does not exist."}`)}, "GET PUT", zoom.ErrNotFound, zoom.OutcomeUnknown, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := idleTape(tc.answers...)
				result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
				if tc.is == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, tc.is)
				}
				assert.Equal(t, tc.outcome, result.Outcome)
				assert.Equal(t, tc.reconciled, result.Reconciled)
				assert.Equal(t, tc.asked, methodsAsked(tp))
			})
		})
	}
}

func TestFaultBR17AcceptedAndNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := idleTape(ok(licensed), noReply, ok(licensed))
		start := time.Now()
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrNotApplied)
		assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
		assert.Equal(t, "GET PUT GET GET GET", methodsAsked(tp))
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.Equal(t, zoom.StatusActive, result.After.Status)
	})
	synctest.Test(t, func(t *testing.T) { // it only takes a while
		tp := idleTape(ok(licensed), noReply, ok(licensed), ok(licensed), ok(deactivated))
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.NoError(t, err)
		assert.Equal(t, zoom.OutcomeReclaimed, result.Outcome)
		assert.Equal(t, "GET PUT GET GET GET", methodsAsked(tp))
	})
	synctest.Test(t, func(t *testing.T) { // it cannot be read back
		tp := idleTape(ok(licensed), noReply, refusal(403, 0, "no"))
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		require.ErrorIs(t, err, zoom.ErrForbidden)
		assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
		assert.Nil(t, result.After)
	})
}

// Whether a licence of a subscription goes with the type is not known: what remains is
// told, and not written again.
func TestFaultBR17ADowngradeMadeByHalf(t *testing.T) {
	with := func(kind int, more string) answer {
		return ok(fmt.Sprintf(`{"id":"u1","email":"u1@example.com","type":%d,"status":"active","role_id":"2",%s}`, kind, more))
	}
	held, half, gone := with(2, meetingLicence), with(1, meetingLicence), ok(basic)
	unread := with(1, `"license_info_list":"x"`)
	const text = "the type changed, a licence of a subscription remains"
	for _, tc := range []struct {
		name    string
		answers []answer
		asked   string
		is      error
		text    string
	}{
		{"the list goes with the type", []answer{held, noReply, gone}, "GET PATCH GET", nil, ""},
		{"the list goes later", []answer{held, noReply, half, half, gone}, "GET PATCH GET GET GET", nil, ""},
		{"the list remains", []answer{held, noReply, half}, "GET PATCH GET GET GET", zoom.ErrNotApplied, text},
		{"neither goes", []answer{held, noReply, held}, "GET PATCH GET GET GET", zoom.ErrNotApplied, ""},
		{"the second run", []answer{half}, "GET", zoom.ErrProtected, "a downgrade does not free the licence of a subscription"},
		{"lost, and the list remains", []answer{held, lost, half}, "GET PATCH GET", zoom.ErrOutcomeUnknown, "licence of a subscription"},
		{"lost, and the list goes", []answer{held, lost, gone}, "GET PATCH GET", nil, ""},
		{"BD25 the list cannot be read", []answer{held, noReply, unread}, "GET PATCH GET GET GET", zoom.ErrOutcomeUnknown, "cannot be read"},
		{"BD25 the list can be read later", []answer{held, noReply, unread, gone}, "GET PATCH GET GET", nil, ""},
		{"BD25 lost, and the list cannot be read", []answer{held, lost, unread}, "GET PATCH GET", zoom.ErrOutcomeUnknown, "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := idleTape(tc.answers...)
				result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDowngrade, nil)
				assert.Equal(t, tc.asked, methodsAsked(tp))
				if tc.is == nil {
					require.NoError(t, err)
					assert.Equal(t, zoom.OutcomeReclaimed, result.Outcome)
					return
				}
				require.ErrorIs(t, err, tc.is)
				assert.Contains(t, err.Error(), tc.text)
				assert.Equal(t, tc.text == text, strings.Contains(err.Error(), text))
				if tc.is == zoom.ErrNotApplied { //nolint:errorlint // the very value
					assert.NotNil(t, result.After)
				}
			})
		})
	}
}

func TestReclaimIsCancelled(t *testing.T) {
	for _, tc := range []struct {
		name    string
		after   time.Duration
		answers []answer
		asked   string
		unknown bool // whether the write was made
	}{
		{"while it reads", time.Second, []answer{{status: 200, delay: 5 * time.Second}}, "GET", false},
		{"while it writes", time.Second, []answer{ok(licensed), {status: 204, delay: 5 * time.Second}}, "GET PUT", true},
		{"while it reads back", time.Second, []answer{ok(licensed), noReply, {status: 200, delay: 5 * time.Second}}, "GET PUT GET", true},
		{"between the looks", 2 * time.Second, []answer{ok(licensed), noReply, ok(licensed)}, "GET PUT GET", true},
		{"before the second write", 100 * time.Millisecond, []answer{ok(licensed), lost, ok(licensed)}, "GET PUT GET", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := idleTape(tc.answers...)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(tc.after, cancel)
				start := time.Now()
				result, err := tp.client(t).Users.Reclaim(ctx, "u1", zoom.ReclaimDeactivate, nil)
				require.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, tc.unknown, errors.Is(err, zoom.ErrOutcomeUnknown))
				assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
				assert.Equal(t, tc.asked, methodsAsked(tp))
				assert.Equal(t, tc.after, time.Since(start))
			})
		})
	}
}

func TestReclaimNames(t *testing.T) {
	assert.Equal(t, "deactivate downgrade unknown", fmt.Sprint(zoom.ReclaimDeactivate, " ", zoom.ReclaimDowngrade, " ", zoom.ReclaimMethod(7)))
	var names []string
	for o := zoom.ReclaimOutcome(-1); o <= zoom.OutcomeDryRun+1; o++ {
		names = append(names, o.String())
	}
	assert.Equal(t, []string{"unknown", "unknown", "reclaimed", "already reclaimed", "protected", "dry run", "unknown"}, names)
}

// What a report or a journal wrote can be read again; what it did not write cannot.
func TestNamesAreReadBack(t *testing.T) {
	result := zoom.ReclaimResult{
		UserID: "u1", Email: "u1@example.com", Method: zoom.ReclaimDowngrade, Outcome: zoom.OutcomeDryRun,
		Before: &zoom.User{ID: "u1", Email: "u1@example.com", Type: zoom.TypeLicensed, Status: zoom.StatusActive},
	}
	data, err := json.Marshal(result)
	require.NoError(t, err)
	assert.Contains(t, string(data), `"dry run"`)
	var again zoom.ReclaimResult
	require.NoError(t, json.Unmarshal(data, &again))
	assert.Equal(t, result, again)

	for name, target := range map[string]any{
		`["unknown","deactivate","downgrade"]`:                              new([]zoom.ReclaimMethod),
		`["unknown","reclaimed","already reclaimed","protected","dry run"]`: new([]zoom.ReclaimOutcome),
		`["roster","access","licenses","reclaim"]`:                          new([]zoom.Task),
		`["Unknown","Basic","Licensed","On-Prem","Unassigned","None"]`:      new([]zoom.LicenseType),
	} {
		require.NoError(t, json.Unmarshal([]byte(name), target))
		data, err := json.Marshal(target)
		require.NoError(t, err)
		assert.JSONEq(t, name, string(data))
	}
	for _, text := range []string{``, `unknown `, `Deactivate`, `1`, `basic`, `delete`} {
		require.ErrorIs(t, new(zoom.ReclaimMethod).UnmarshalText([]byte(text)), zoom.ErrInvalidArgument, text)
		require.ErrorIs(t, new(zoom.ReclaimOutcome).UnmarshalText([]byte(text)), zoom.ErrInvalidArgument, text)
		require.ErrorIs(t, new(zoom.Task).UnmarshalText([]byte(text)), zoom.ErrInvalidArgument, text)
		require.ErrorIs(t, new(zoom.LicenseType).UnmarshalText([]byte(text)), zoom.ErrInvalidArgument, text)
	}
}
