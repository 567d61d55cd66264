package zoom_test

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestSetStatusSends(t *testing.T) {
	for _, action := range []zoom.StatusAction{zoom.ActionActivate, zoom.ActionDeactivate, zoom.ActionClockIn, zoom.ActionClockOut} {
		for name, a := range map[string]answer{"204": noReply, "200": ok(""), "200 {}": ok("{}"), "204 {}": {status: 204, body: "{}"}} {
			tp := newTape(a)
			require.NoError(t, tp.client(t).Users.SetStatus(t.Context(), "u1", action), name)
			requests := tp.requests()
			require.Len(t, requests, 1)
			assert.Equal(t, "/v2/users/u1/status", requests[0].path)
			assert.JSONEq(t, `{"action":"`+string(action)+`"}`, requests[0].body)
		}
	}
	tp := newTape(noReply)
	require.NoError(t, tp.client(t).Users.Activate(t.Context(), "me"), "me may be activated")
	require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
	assert.Equal(t, "PUT PUT", methodsAsked(tp))
}

func TestSetStatusRefusesAnUnknownAction(t *testing.T) {
	for _, action := range []zoom.StatusAction{"", "delete", "Activate", "deactivate "} {
		tp := newTape(noReply)
		refusedUnsent(t, tp, tp.client(t).Users.SetStatus(t.Context(), "u1", action))
	}
}

// The rule for writes: repeat what surely was not made; where that is not known,
// look first.
func TestSetStatusWRule(t *testing.T) {
	dial := answer{err: &net.OpError{Op: "dial", Err: errors.New("refused")}}
	name := answer{err: &net.DNSError{Err: "no such host", IsNotFound: true}}
	const html = "<html>login</html>"
	for _, tc := range []struct {
		name    string
		action  zoom.StatusAction
		answers []answer
		asked   string
		is      error
	}{
		{"NW05 lost, made", "deactivate", []answer{lost, ok(deactivated)}, "PUT GET", nil},
		{"NW06 502, made", "activate", []answer{{status: 502}, ok(licensed)}, "PUT GET", nil},
		{"NW06 503, not made, made", "deactivate", []answer{{status: 503}, ok(licensed), noReply}, "PUT GET PUT", nil},
		{"NW06 500 for ever", "deactivate", []answer{{status: 500}, ok(licensed), {status: 500}, ok(licensed), {status: 500}, ok(licensed)}, "PUT GET PUT GET PUT GET", zoom.ErrOutcomeUnknown},
		{"NW14 408, made", "deactivate", []answer{{status: 408}, ok(deactivated)}, "PUT GET", nil},
		{"BD06 202, made", "deactivate", []answer{{status: 202}, ok(deactivated)}, "PUT GET", nil},
		{"BD06 201, made", "activate", []answer{{status: 201, body: licensed}, ok(licensed)}, "PUT GET", nil},
		{"BD07 200 HTML, made", "deactivate", []answer{ok(html), ok(deactivated)}, "PUT GET", nil},
		{"BD07 200 HTML, not made, 200 HTML …", "deactivate", []answer{ok(html), ok(licensed), ok(html), ok(licensed), ok(html), ok(licensed)}, "PUT GET PUT GET PUT GET", zoom.ErrOutcomeUnknown},
		{"pending does not count as active", "activate", []answer{lost, ok(`{"id":"u1","type":1,"status":"pending"}`), noReply}, "PUT GET PUT", nil},
		{"the read fails", "deactivate", []answer{lost, refusal(404, 1001, "User does not exist.")}, "PUT GET", zoom.ErrOutcomeUnknown},
		{"clocking cannot be read", "clock_in", []answer{lost}, "PUT", zoom.ErrOutcomeUnknown},
		{"clocking, 500", "clock_out", []answer{{status: 500}}, "PUT", zoom.ErrOutcomeUnknown},
		{"RL03 429 is replayed", "deactivate", []answer{{status: 429}, {status: 429}, noReply}, "PUT PUT PUT", nil},
		{"RL03 429 five times", "clock_in", []answer{{status: 429}}, "PUT PUT PUT PUT PUT", zoom.ErrRateLimited},
		{"NW02 no connection", "deactivate", []answer{dial}, "PUT PUT PUT PUT PUT", zoom.ErrUnreachable},
		{"NW01 no name", "deactivate", []answer{name}, "PUT PUT", zoom.ErrUnreachable},
		{"NW09 a redirect is no success", "deactivate", []answer{{status: 302, header: map[string]string{"Location": "https://evil.example.com"}}}, "PUT", zoom.ErrRedirect},
		{"refused", "deactivate", []answer{refusal(400, 3412, "You have reached the maximum number of basic users.")}, "PUT", zoom.ErrNoSeats},
		{"refused under a 200", "deactivate", []answer{ok(`{"code":3412,"message":"maximum"}`)}, "PUT", zoom.ErrNoSeats},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape(tc.answers...)
				err := tp.client(t).Users.SetStatus(t.Context(), "u1", tc.action)
				if tc.is == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, tc.is)
					assert.Equal(t, errors.Is(tc.is, zoom.ErrOutcomeUnknown), errors.Is(err, zoom.ErrOutcomeUnknown))
					assert.NotContains(t, err.Error(), "html")
				}
				assert.Equal(t, tc.asked, methodsAsked(tp))
			})
		})
	}
}

// The rule for other writes: a POST is on the wire once.
func TestDoPostIsSentOnce(t *testing.T) {
	post := &zoom.Request{Method: "post", Path: "/users/features", Body: map[string]any{"feature_type": "user_type"}}
	for name, a := range map[string]answer{
		"NW05 lost": lost, "NW06 500": {status: 500}, "502 HTML": {status: 502, body: "<html>"}, "cut": {status: 201, body: "{", cut: true},
		"BD05 empty": ok(""), "BD07 HTML": ok("<html>"),
		"429 of nobody's": {status: 429}, "429 of a gateway's": {status: 429, body: "<html>"},
		"a limit under 201": {status: 201, body: `{"code":429,"message":"` + perSecond429 + `"}`}, "code 124 under 201": {status: 201, body: `{"code":124}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape(a)
				var out struct{}
				err := tp.client(t).Do(t.Context(), post, &out)
				require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
				var e *zoom.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, 1, e.Attempts)
				assert.Len(t, tp.requests(), 1)
			})
		})
	}
	for name, a := range map[string]answer{"429": refusal(429, 429, perSecond429), "dial": {err: &net.OpError{Op: "dial", Err: errors.New("refused")}}} {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(a, a, answer{status: http.StatusCreated, body: `{"success_user_ids":["u1"]}`})
			var out struct {
				IDs []string `json:"success_user_ids"`
			}
			require.NoError(t, tp.client(t).Do(t.Context(), post, &out), name)
			assert.Equal(t, []string{"u1"}, out.IDs)
			assert.Equal(t, "POST POST POST", methodsAsked(tp))
		})
	}
	synctest.Test(t, func(t *testing.T) { // the caller knows better
		tp := newTape(answer{status: 500}, lost, noReply)
		again := *post
		again.Idempotent = true
		require.NoError(t, tp.client(t).Do(t.Context(), &again, nil))
		assert.Equal(t, "POST POST POST", methodsAsked(tp))
	})
	for method, tries := range map[string]int{"": 5, "GET": 5, "HEAD": 5, "PUT": 1, "PATCH": 1, "DELETE": 1} {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(answer{status: 500})
			err := tp.client(t).Do(t.Context(), &zoom.Request{Method: method, Path: "/x"}, nil)
			require.ErrorIs(t, err, zoom.ErrServer)
			assert.Equal(t, tries == 1, errors.Is(err, zoom.ErrOutcomeUnknown), method)
			assert.Len(t, tp.requests(), tries, method)
		})
	}
}

func TestDoRefuses(t *testing.T) {
	for name, req := range map[string]*zoom.Request{
		"method":         {Method: "TRACE", Path: "/x"},
		"class":          {Path: "/x", Class: 4},
		"negative class": {Path: "/x", Class: -1},
		"no path":        {},
		"query in path":  {Path: "/x?a=b"},
		"absolute URL":   {Path: "https://evil.example.com/x"},
		"missing value":  {Path: "/x/{id}"},
		"spare value":    {Path: "/x", PathValues: []string{"a"}},
		"body":           {Method: "POST", Path: "/x", Body: func() {}},
	} {
		tp := newTape(ok(`{}`))
		refusedUnsent(t, tp, tp.client(t).Do(t.Context(), req, nil))
		assert.NotEmpty(t, name)
	}
}

func TestUserStatusKeepsAnyText(t *testing.T) {
	var s zoom.UserStatus
	for raw, want := range map[string]zoom.UserStatus{`"active"`: "active", `"dormant"`: "dormant", `null`: "", `""`: "", `7`: "7"} {
		require.NoError(t, json.Unmarshal([]byte(raw), &s))
		assert.Equal(t, want, s)
	}
	require.Error(t, json.Unmarshal([]byte(`{}`), &s))
	require.Error(t, json.Unmarshal([]byte(`"act\ufffdve"`), &s), "BD10")
}
