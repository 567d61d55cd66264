package zoom_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// isCleanText: other texts are refused as page tokens.
func isCleanText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\uFFFD") }

func faultPG09(t *testing.T) {
	full := func(total int) []answer {
		return []answer{usersPage("t", total, "u01", "u02"), usersPage("", total, "u03")}
	}
	short := func(total int) []answer { return []answer{usersPage("", total, "u01", "u03")} }
	for name, c := range map[string]struct {
		script   []answer
		names    []string
		notes    []zoom.ListNote
		sentinel error
	}{
		"as many as counted":         {script: full(3), names: staffNames(1, 3)},
		"more than counted":          {script: full(2), names: staffNames(1, 3)},
		"no count":                   {script: full(-1), names: staffNames(1, 3)},
		"no count, nobody":           {[]answer{usersPage("", -1), usersPage("", -1)}, nil, []zoom.ListNote{zoom.NoteListedAgain}, zoom.ErrListIncomplete},
		"nobody at all":              {[]answer{usersPage("", 0), usersPage("", 0)}, nil, []zoom.ListNote{zoom.NoteListedAgain}, zoom.ErrListIncomplete},
		"short, then whole":          {append(short(3), full(3)...), []string{"u01", "u03", "u02"}, []zoom.ListNote{zoom.NoteListedAgain}, nil},
		"short, then no count":       {append(short(3), full(-1)...), []string{"u01", "u03", "u02"}, []zoom.ListNote{zoom.NoteListedAgain}, nil},
		"short, then fewer counted":  {append(short(3), short(2)...), []string{"u01", "u03"}, []zoom.ListNote{zoom.NoteListedAgain}, nil},
		"short twice":                {append(short(3), short(3)...), []string{"u01", "u03"}, []zoom.ListNote{zoom.NoteListedAgain}, zoom.ErrListIncomplete},
		"short twice, not the same":  {append(short(3), usersPage("", 3, "u02", "u03")), []string{"u01", "u03", "u02"}, []zoom.ListNote{zoom.NoteListedAgain}, zoom.ErrListIncomplete},
		"counted by repeats":         {[]answer{usersPage("t", 3, "u01", "u02"), usersPage("", 3, "u02")}, staffNames(1, 2), []zoom.ListNote{zoom.NoteListedAgain}, zoom.ErrListIncomplete},
		"nothing of some":            {[]answer{usersPage("", 4)}, nil, []zoom.ListNote{zoom.NoteListedAgain}, zoom.ErrListIncomplete},
		"the last page's count says": {[]answer{usersPage("t", 9, "u01"), usersPage("", 2, "u02")}, staffNames(1, 2), nil, nil},
	} {
		var log notes
		tp := newTape(c.script...)
		names, err := gather(t, inThrees(tp.client(t, log.option()), true))
		assert.Equal(t, c.names, names, name)
		assert.Equal(t, c.notes, log.seen, name)
		if name == "counted by repeats" { // the tape repeats its last answer
			c.script = append(c.script, c.script[1])
		} else if name == "nothing of some" {
			c.script = append(c.script, c.script[0])
		}
		assert.Len(t, tp.requests(), len(c.script), name)
		if c.sentinel == nil {
			require.NoError(t, err, name)
			continue
		}
		pageError(t, err, c.sentinel, len(c.names))
	}
}

func faultPG09Traces(t *testing.T) {
	for total, noted := range map[int][]zoom.ListNote{2: {zoom.NoteTotalMismatch}, 3: nil, 4: nil, -1: nil} {
		var log notes
		tp := newTape(usersPage("t", total, "u01", "u02"), usersPage("", total, "u03"))
		names, err := gather(t, inThrees(tp.client(t, log.option()), false))
		if total > 3 {
			pageError(t, err, zoom.ErrListIncomplete, 3)
		} else {
			require.NoError(t, err)
		}
		assert.Equal(t, staffNames(1, 3), names)
		assert.Equal(t, noted, log.seen, total)
		assert.Len(t, tp.requests(), 2)
	}
	// What came before a resume is not known, so that there is nothing to note.
	var log notes
	tp := newTape(usersPage("", 3, "u03"))
	_, err := inThrees(tp.client(t, log.option()), false).Resume("t").Collect(t.Context())
	require.NoError(t, err)
	assert.Empty(t, log.seen)
}

func faultPG14(t *testing.T) {
	for _, roster := range []bool{false, true} {
		srv := staff(10)
		srv.Inject(zoomtest.Failure(http.StatusBadRequest, 200, "No permission.").On("GET", "/users").After(2))
		list := inThrees(srv.Client(), roster)
		names, err := gather(t, list)
		failed := pageError(t, err, zoom.ErrForbidden, 6)
		assert.Equal(t, staffNames(1, 6), names)
		assert.Equal(t, 3, listRequests(srv))
		rest, err := gather(t, list.Resume(failed.Token))
		require.NoError(t, err)
		assert.Equal(t, staffNames(7, 10), rest)
		assert.Equal(t, 3+2, listRequests(srv))
	}
}

// faultPG15: the bubble fails on a goroutine that is left.
func faultPG15(t *testing.T) {
	for _, roster := range []bool{false, true} {
		srv := staff(30)
		list := inThrees(srv.Client(), roster)
		for range list.All(t.Context()) {
			break
		}
		synctest.Wait()
		assert.Equal(t, 1, listRequests(srv))
		for range list.Prefetch().All(t.Context()) {
			break
		}
		synctest.Wait()
		assert.LessOrEqual(t, listRequests(srv), 1+2, "the page ahead and no other")
	}
}

func faultPG16(t *testing.T) {
	for _, roster := range []bool{false, true} {
		srv := staff(10)
		midnight := srv.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		srv.Inject(zoomtest.DailyLimit(midnight).On("GET", "/users").After(2))
		c := srv.Client()
		list := inThrees(c, roster)
		names, err := gather(t, list)
		failed := pageError(t, err, zoom.ErrDailyLimit, 6)
		assert.Equal(t, staffNames(1, 6), names)
		assert.Equal(t, 3, listRequests(srv), "asked once, not again and again")
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, midnight, e.RetryAt)

		rest, err := gather(t, list.Resume(failed.Token)) // while the token is alive
		require.NoError(t, err)
		assert.Equal(t, staffNames(7, 10), rest)

		srv.ResetRequests()
		time.Sleep(time.Until(e.RetryAt))
		rest, err = gather(t, list.Resume(failed.Token))
		if !roster {
			pageError(t, err, zoom.ErrPageTokenExpired, 0)
			assert.Equal(t, 1, listRequests(srv))
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, staffNames(1, 10), rest, "from page 1 on")
		assert.Equal(t, 1+4, listRequests(srv))
	}
	// With a limiter of ours the gate is shut: nothing more is sent.
	srv := staff(10)
	srv.Inject(zoomtest.DailyLimit(srv.Now().Add(20*time.Hour)).On("GET", "/users").After(2))
	list := inThrees(srv.Client(zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanBusiness))), true)
	_, err := gather(t, list)
	failed := pageError(t, err, zoom.ErrDailyLimit, 6)
	for range 50 {
		_, err := gather(t, list.Resume(failed.Token))
		assert.Equal(t, failed.Token, pageError(t, err, zoom.ErrDailyLimit, 0).Token)
	}
	assert.Equal(t, 3, listRequests(srv))
}

func faultPG17(t *testing.T) {
	body := `{"total_records":4,"users":[` + strings.Join([]string{
		rowOf(userRow)(0, "u01"),
		`{"id":"f1","email":"foreign@other.example","type":77,"status":"active","account_id":"another"}`,
		`{"id":"r1","email":"room@example.com","status":"active","type":"room","plan":{"x":[1]}}`,
		`{"id":"s1","email":"strange@example.com","status":"suspended","type":2}`,
	}, ",") + `]}`
	for _, roster := range []bool{false, true} {
		tp := newTape(ok(body))
		list := tp.client(t).Users.List(nil)
		if roster {
			list = tp.client(t).Users.Roster(&zoom.RosterOptions{Statuses: []zoom.UserStatus{zoom.StatusActive}})
		}
		users, err := list.Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, users, 4)
		assert.Len(t, tp.requests(), 1)
		assert.Equal(t, zoom.License{Type: zoom.LicenseUnknown, Raw: 77}, zoom.LicenseOf(users[1]))
		assert.Equal(t, zoom.License{Type: zoom.LicenseUnknown}, zoom.LicenseOf(users[2]))
		assert.Equal(t, zoom.UserStatus("suspended"), users[3].Status)
		var kept []string
		for u, err := range (zoom.Classifier{}).Filter(list.All(t.Context())) {
			require.NoError(t, err)
			kept = append(kept, u.ID)
		}
		assert.Equal(t, []string{"u01", "f1", "r1", "s1"}, kept, "shown, not hidden")
	}
	srv := staff(1) // and never reclaimed
	for _, u := range []zoom.User{{ID: "type", Type: 77}, {ID: "status", Type: zoom.TypeLicensed, Status: "suspended"}} {
		srv.AddUser(u)
		result, err := srv.Client().Users.Reclaim(t.Context(), u.ID, zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrProtected)
		assert.Equal(t, zoom.OutcomeProtected, result.Outcome)
	}
	assert.False(t, slices.ContainsFunc(srv.Requests(), func(r zoomtest.Request) bool { return r.Method == http.MethodPut || r.Method == http.MethodPatch }))
}

func faultPG18(t *testing.T) {
	srv := staff(2, zoomtest.WithQuirks(zoomtest.Quirks{ReportLag: 20 * time.Minute, SoloReportMissing: true}))
	rows := []zoom.Participant{{UserEmail: "u01@example.com"}, {UserEmail: "u02@example.com"}}
	fresh := srv.AddPastMeeting(zoomtest.PastMeeting{HostID: "u01@example.com", End: srv.Now(), Participants: rows})
	solo := srv.AddPastMeeting(zoomtest.PastMeeting{HostID: "u01@example.com", Start: srv.Now().Add(-2 * time.Hour), End: srv.Now().Add(-time.Hour)})
	c := srv.Client()
	for name, id := range map[string]string{"not found": "99999999999", "not ready": fresh.UUID, "one participant": solo.UUID} {
		srv.ResetRequests()
		items, err := c.Reports.Participants(id, nil).Collect(t.Context())
		pageError(t, err, zoom.ErrNotFound, 0)
		assert.Empty(t, items, name)
		assert.Equal(t, 1, listRequests(srv), name)
		var e *zoom.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 3001, e.Code)
	}
	time.Sleep(20 * time.Minute) // on the bubble's clock
	items, err := c.Reports.Participants(fresh.UUID, nil).Collect(t.Context())
	require.NoError(t, err)
	assert.Len(t, items, 2)

	srv.ResetRequests() // also in mid-list, and for the other listings
	_, err = c.Meetings.List("nobody@example.com", nil).Collect(t.Context())
	pageError(t, err, zoom.ErrNotFound, 0)
	assert.Equal(t, 1, listRequests(srv))
}
