package zoom_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func faultPG07(t *testing.T) {
	srv := staff(2)
	srv.AddPastMeeting(zoomtest.PastMeeting{ID: 91234567890, HostID: "u01@example.com", End: srv.Now(), Participants: []zoom.Participant{
		{UserEmail: "u01@example.com"},
		{UserEmail: "u02@example.com", UserID: "16778240"},
		{Name: "guest"},
		{UserEmail: "u02@example.com", UserID: "16778240"},
		{Name: "guest"},
	}})
	rows, err := srv.Client().Reports.Participants("91234567890", &zoom.ParticipantsOptions{PageSize: 2}).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 5)
	assert.Equal(t, rows[1], rows[3], "the same person twice, on two pages")
	assert.Equal(t, "u02@example.com", rows[3].UserEmail)
	assert.Equal(t, rows[2].Name, rows[4].Name)
	assert.Equal(t, 3, listRequests(srv))
}

func faultPG08(t *testing.T) {
	for _, roster := range []bool{false, true} {
		script := []answer{usersPage("e0", 4, "u01", "u02")}
		for i := range 9 {
			script = append(script, usersPage(fmt.Sprintf("e%d", i+1), 4))
		}
		script = append(script, usersPage("f0", 4, "u03"), usersPage("f1", 4), usersPage("", 4, "u04"))
		tp := newTape(script...)
		names, err := gather(t, inThrees(tp.client(t), roster))
		require.NoError(t, err)
		assert.Equal(t, staffNames(1, 4), names)
		assert.Len(t, tp.requests(), len(script))
	}
}

func faultPG10(t *testing.T) {
	for _, quirk := range []int{4, 1} {
		srv := staff(10, zoomtest.WithQuirks(zoomtest.Quirks{UsersPageMax: quirk}))
		list := srv.Client().Users.List(&zoom.ListUsersOptions{PageSize: 2000})
		var names []string
		for page, err := range list.Pages(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, quirk, page.PageSize)
			assert.LessOrEqual(t, len(page.Items), quirk)
			for _, u := range page.Items {
				names = append(names, userName(u))
			}
		}
		assert.Equal(t, staffNames(1, 10), names)
		assert.Equal(t, (10+quirk-1)/quirk, listRequests(srv))
	}
}

// hardTokens have signs that mean something in a query, in a path, in our own
// tokens.
var hardTokens = []string{"a+b/c=d%e&f;g#h?i j", "+", "%2B", "..", "0.0.x.", "naïve 日本", `quo"te\`, "\u2028\x7f"}

func faultPG11(t *testing.T) {
	for _, token := range hardTokens {
		sentBack(t, token, func(c *zoom.Client) lister { return inThrees(c, false) })
		sentBack(t, token, func(c *zoom.Client) lister { return inThrees(c, true) })
	}
}

// FuzzPG11PageToken sends tokens there and back.
func FuzzPG11PageToken(f *testing.F) {
	for _, token := range hardTokens {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if token == "" || !isCleanText(token) {
			t.Skip()
		}
		sentBack(t, token, func(c *zoom.Client) lister { return inThrees(c, slices.Contains([]byte(token), 'r')) })
	})
}

// sentBack checks that a token comes back as it was given out, with the same
// other parameters, in the listing and in the one that is resumed.
func sentBack(t *testing.T, token string, open func(*zoom.Client) lister) {
	t.Helper()
	var queries []map[string][]string
	tp := newTape(answer{do: func(req *http.Request) answer {
		queries = append(queries, req.URL.Query())
		if req.URL.Query().Has("next_page_token") {
			return usersPage("", 2, "u02")
		}
		return usersPage(token, 2, "u01")
	}})
	list := open(tp.client(t))
	names, err := list.Collect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, staffNames(1, 2), names)
	first, err := list.Page(t.Context(), "")
	require.NoError(t, err)
	rest, err := list.Resume(first.NextPageToken).Collect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"u02"}, rest)
	require.Len(t, queries, 4)
	for i, query := range queries {
		if i%2 == 1 {
			assert.Equal(t, []string{token}, query["next_page_token"])
		}
		delete(query, "next_page_token")
		assert.Equal(t, queries[0], query)
	}
}

func faultPG12(t *testing.T) {
	for _, end := range []string{`"next_page_token":"",`, `"next_page_token":null,`, ``} {
		for _, roster := range []bool{false, true} {
			tp := newTape(usersPage("t", 2, "u01"), ok(`{`+end+`"total_records":2,"users":[`+rowOf(userRow)(1, "u02")+`]}`))
			names, err := gather(t, inThrees(tp.client(t), roster))
			require.NoError(t, err, end)
			assert.Equal(t, staffNames(1, 2), names)
			assert.Len(t, tp.requests(), 2)
		}
	}
	for _, token := range []string{`7`, `0`, `true`, `false`, `{}`, `["t2"]`, `"t\ud800"`} {
		for _, roster := range []bool{false, true} {
			tp := newTape(usersPage("t", 2, "u01"), ok(`{"next_page_token":`+token+`,"users":[`+rowOf(userRow)(1, "u02")+`]}`))
			names, err := gather(t, inThrees(tp.client(t), roster))
			pageError(t, err, zoom.ErrBadResponse, 1)
			assert.Equal(t, staffNames(1, 1), names, token)
			assert.Len(t, tp.requests(), 1+5)
		}
	}
}

// rotating gives out a new token each time that it is asked.
type rotating struct{ given atomic.Int64 }

func (r *rotating) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: fmt.Sprintf("token-%d", r.given.Add(1))}, nil
}

// midFaults are what can happen to one request in the middle of a listing.
var midFaults = []struct {
	name     string
	answer   answer
	sentinel error // when it stays
	tries    int
}{
	{"401", answer{status: 401, body: `{"code":124,"message":"Invalid access token."}`}, zoom.ErrUnauthorized, 2},
	{"400 code 124", answer{status: 400, body: `{"code":124,"message":"Access token is expired."}`}, zoom.ErrUnauthorized, 2},
	{"429", answer{status: 429, body: `{"code":429,"message":"per-second rate limit"}`}, zoom.ErrRateLimited, 5},
	{"429 that says how long", answer{status: 429, header: map[string]string{"Retry-After": "7"}}, zoom.ErrRateLimited, 5},
	{"500", answer{status: 500}, zoom.ErrServer, 5},
	{"502 HTML", answer{status: 502, body: "<html>"}, zoom.ErrServer, 5},
	{"408", answer{status: 408}, zoom.ErrTimeout, 5},
	{"cut body", answer{status: 200, body: `{"users":[` + rowOf(userRow)(0, "u99") + `,`, cut: true}, io.ErrUnexpectedEOF, 5},
	{"cut body without a sign", ok(`{"users":[` + rowOf(userRow)(0, "u99") + `,`), zoom.ErrBadResponse, 5},
	{"empty body", ok(""), zoom.ErrBadResponse, 5},
	{"HTML", ok("<html>"), zoom.ErrBadResponse, 5},
	{"no list", ok(`{"next_page_token":"","total_records":10}`), zoom.ErrBadResponse, 5},
	{"null list", ok(`{"users":null,"total_records":0}`), zoom.ErrBadResponse, 5},
	{"null", ok(`null`), zoom.ErrBadResponse, 5},
	{"row without id", ok(`{"users":[` + rowOf(userRow)(0, "u99") + `,{"type":2}]}`), zoom.ErrBadResponse, 5},
	{"reset", answer{err: syscall.ECONNRESET}, zoom.ErrUnreachable, 5},
	{"lost connection", answer{err: io.ErrUnexpectedEOF}, zoom.ErrBadResponse, 5},
	{"no answer", answer{delay: time.Hour}, zoom.ErrTimeout, 5},
}

// faulty is a server of ten users in threes that fails so many times at a page.
func faulty(at string, with answer, times int) *tape {
	return newTape(answer{do: func(req *http.Request) answer {
		if req.URL.Query().Get("next_page_token") == at && times > 0 {
			times--
			return with
		}
		return ok(offsetPage(staffNames(1, 10), req, 3))
	}})
}

func faultPG13(t *testing.T) {
	for _, fault := range midFaults {
		for _, at := range []string{"", "3", "6", "9"} {
			for _, times := range []int{1, 3} {
				if times >= fault.tries {
					continue
				}
				tp, src := faulty(at, fault.answer, times), &rotating{}
				c, err := zoom.NewClient(src, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(zoom.Unlimited()))
				require.NoError(t, err)
				names, err := gather(t, inThrees(c, times == 1))
				require.NoError(t, err, fault.name)
				assert.Equal(t, staffNames(1, 10), names, fault.name)
				requests := tp.requests()
				require.Len(t, requests, 4+times, fault.name)
				failed := slices.Index([]string{"", "3", "6", "9"}, at)
				for i := range times {
					again, before := requests[failed+i+1], requests[failed+i]
					assert.Equal(t, before.path+before.query, again.path+again.query, "the same page again")
					assert.Equal(t, fault.tries == 2, before.auth != again.auth, fault.name)
				}
			}
		}
	}
}

func faultPG13Stays(t *testing.T) {
	for _, fault := range midFaults {
		tp := faulty("6", fault.answer, fault.tries)
		c, err := zoom.NewClient(&rotating{}, zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(zoom.Unlimited()))
		require.NoError(t, err)
		list := inThrees(c, true)
		names, err := gather(t, list)
		assert.Equal(t, staffNames(1, 6), names, fault.name)
		failed := pageError(t, err, fault.sentinel, 6)
		assert.Len(t, tp.requests(), 2+fault.tries, fault.name)

		rest, err := gather(t, list.Resume(failed.Token))
		require.NoError(t, err, fault.name)
		assert.Equal(t, staffNames(7, 10), rest)
	}
}
