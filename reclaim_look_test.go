package zoom_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// meetingsPage is a page of meetings that Zoom counts as so many.
func meetingsPage(next string, counted int, rows ...string) answer {
	return ok(fmt.Sprintf(`{"page_size":300,"total_records":%d,"next_page_token":%q,"meetings":[%s]}`, counted, next, strings.Join(rows, ",")))
}

// plannedMeeting is a row of a scheduled meeting with more fields.
func plannedMeeting(fields string) string { return `{"uuid":"a==","id":7,"type":2` + fields + `}` }

// noPermission is a refusal under a success, with an empty list.
const noPermission = `{"code":200,"message":"No permission.","total_records":0,"meetings":[]}`

// Fewer meetings than Zoom counts are no answer to whether somebody hosts.
func TestFaultBR29MeetingsThatAreCountedAndNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := plannedMeeting(fmt.Sprintf(`,"start_time":%q,"duration":30`, time.Now().Add(12*time.Hour).Format(time.RFC3339)))
		other := strings.Replace(later, `"a=="`, `"b=="`, 1)
		made := []answer{noReply, ok(deactivated)}
		for name, tc := range map[string]struct {
			look []answer
			is   error
		}{
			"one counted, none shown":              {[]answer{meetingsPage("", 1)}, zoom.ErrListIncomplete},
			"one counted, no list":                 {[]answer{ok(`{"total_records":1,"next_page_token":""}`)}, zoom.ErrBadResponse},
			"two counted, one shown":               {[]answer{meetingsPage("", 2, later)}, zoom.ErrListIncomplete},
			"a live one counted, none shown":       {[]answer{meetingsPage("", 1, later), meetingsPage("", 1)}, zoom.ErrListIncomplete},
			"the last page takes back the count":   {[]answer{meetingsPage("n", 2, later), meetingsPage("", 0), noMeetings, meetingsPage("n", 2, later), meetingsPage("", 0)}, zoom.ErrListIncomplete},
			"shown the second time":                {append([]answer{meetingsPage("", 2, later), meetingsPage("", 2, later, other), noMeetings}, made...), nil},
			"two that share an id":                 {[]answer{meetingsPage("", 2, later), meetingsPage("", 2, later, later)}, zoom.ErrListIncomplete},
			"more than counted":                    {append([]answer{meetingsPage("", 0, later), noMeetings}, made...), nil},
			"no licence, after a meeting":          {[]answer{meetingsPage("n", 2, later), refusal(400, 3161, "x")}, errCode(3161)},
			"no licence, for the live ones":        {[]answer{meetingsPage("", 1, later), refusal(400, 3161, "x")}, errCode(3161)},
			"a refusal beside an empty list":       {[]answer{ok(`{"code":300,"message":"x","total_records":0,"meetings":[]}`)}, errCode(300)},
			"a refusal beside an empty live list":  {[]answer{meetingsPage("", 1, later), ok(`{"code":300,"message":"x","total_records":0,"meetings":[]}`)}, errCode(300)},
			"no permission beside an empty list":   {[]answer{ok(noPermission)}, errCode(200)},
			"no permission beside no live one":     {[]answer{meetingsPage("", 1, later), ok(noPermission)}, errCode(200)},
			"a refusal of code 0 is none":          {append([]answer{ok(`{"code":0,"message":"","total_records":0,"meetings":[]}`)}, made...), nil},
			"a success without any list or number": {[]answer{ok(`{}`)}, zoom.ErrBadResponse},
		} {
			tp := newTape(append([]answer{ok(licensed)}, tc.look...)...)
			result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
			if tc.is == nil {
				require.NoError(t, err, name)
				assert.Equal(t, zoom.OutcomeReclaimed, result.Outcome, name)
				continue
			}
			var code errCode
			if c, isCode := tc.is.(errCode); isCode { //nolint:errorlint // the very value
				code = c
				assert.Equal(t, int(code), asError(t, err).Code, name)
			} else {
				require.ErrorIs(t, err, tc.is, name)
			}
			assert.Equal(t, zoom.OutcomeUnknown, result.Outcome, name)
			assert.NotContains(t, methodsAsked(tp), "P", "%s: nothing is written", name)
		}
	})
}

// A meeting is ruled out only by a time that can be read.
func TestFaultBR29TimesThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(d time.Duration, layout string) string { return time.Now().UTC().Add(d).Format(layout) }
		started := fmt.Sprintf(`,"start_time":%q`, at(-2*time.Hour, time.RFC3339))
		for name, tc := range map[string]struct {
			row  string
			kept bool
		}{
			"no zone":                             {plannedMeeting(`,"start_time":"` + at(9*time.Hour, "2006-01-02T15:04:05") + `"`), true},
			"a blank for the T":                   {plannedMeeting(`,"start_time":"` + at(9*time.Hour, "2006-01-02 15:04:05") + `"`), true},
			"no seconds":                          {plannedMeeting(`,"start_time":"` + at(9*time.Hour, "2006-01-02T15:04Z") + `"`), true},
			"the form of the reports":             {plannedMeeting(`,"start_time":"` + at(9*time.Hour, "01/02/2006 15:04") + `"`), true},
			"a number":                            {plannedMeeting(`,"start_time":` + fmt.Sprint(time.Now().Add(9*time.Hour).UnixMilli())), true},
			"a word":                              {plannedMeeting(`,"start_time":"tomorrow"`), true},
			"an object":                           {plannedMeeting(`,"start_time":{"date":1}`), true},
			"a list":                              {plannedMeeting(`,"start_time":[]`), true},
			"true":                                {plannedMeeting(`,"start_time":true`), true},
			"empty":                               {plannedMeeting(`,"start_time":""`), true},
			"blank":                               {plannedMeeting(`,"start_time":" "`), true},
			"the year one":                        {plannedMeeting(`,"start_time":"0001-01-01T00:00:00Z"`), true},
			"a day that does not exist":           {plannedMeeting(`,"start_time":"2026-02-30T10:00:00Z"`), true},
			"a scheduled one without":             {plannedMeeting(``), true},
			"a scheduled one with null":           {plannedMeeting(`,"start_time":null`), true},
			"a recurring one with a fixed time":   {`{"uuid":"a==","id":7,"type":8}`, true},
			"one of an unknown type":              {`{"uuid":"a==","id":7,"type":0}`, true},
			"an empty time of a recurring one":    {`{"uuid":"a==","id":7,"type":3,"start_time":""}`, true},
			"a recurring one without":             {`{"uuid":"a==","id":7,"type":3}`, false},
			"a recurring one with null":           {`{"uuid":"a==","id":7,"type":3,"start_time":null}`, false},
			"an instant one without":              {`{"uuid":"a==","id":7,"type":1}`, false},
			"with another zone":                   {plannedMeeting(`,"start_time":"` + time.Now().Add(9*time.Hour).In(time.FixedZone("", 3600)).Format(time.RFC3339) + `"`), false},
			"began, no length":                    {plannedMeeting(started), true},
			"began, a length that cannot be read": {plannedMeeting(started + `,"duration":{}`), true},
			"began, a length of nothing":          {plannedMeeting(started + `,"duration":0`), true},
			"began, a negative length":            {plannedMeeting(started + `,"duration":-5`), true},
			"began, a length beyond all":          {plannedMeeting(started + `,"duration":9223372036854775807`), true},
			"over":                                {plannedMeeting(started + `,"duration":30`), false},
			"long over, no length":                {plannedMeeting(fmt.Sprintf(`,"start_time":%q`, at(-48*time.Hour, time.RFC3339))), false},
		} {
			tp := newTape(ok(licensed), meetingsPage("", 1, tc.row), noMeetings, noReply, ok(deactivated))
			result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
			if !tc.kept {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorIs(t, err, zoom.ErrProtected, name)
			assert.Equal(t, zoom.OutcomeProtected, result.Outcome, name)
			assert.Equal(t, "GET GET", methodsAsked(tp), name)
		}
	})
}

// Either clock can be wrong: a meeting is due by Zoom's or by ours.
func TestFaultBR29ClocksThatDiffer(t *testing.T) {
	const year = 365 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []time.Duration{0, time.Minute, -time.Minute, 3 * time.Hour, -3 * time.Hour, 14 * 24 * time.Hour, -14 * 24 * time.Hour, 30 * year, -30 * year, 250 * year} {
			for begins, kept := range map[time.Duration]bool{
				-20 * time.Minute: true, 0: true, 58 * time.Minute: true, -5 * time.Hour: false, 70 * time.Minute: false,
			} {
				for _, byOurs := range []bool{true, false} {
					start := time.Now().Add(begins)
					if !byOurs {
						start = start.Add(off)
					}
					row := plannedMeeting(fmt.Sprintf(`,"start_time":%q,"duration":30`, start.UTC().Format(time.RFC3339)))
					tp := newTape(dated(ok(licensed), time.Now().Add(off)), meetingsPage("", 1, row), noMeetings, noReply, ok(deactivated))
					_, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
					if kept {
						require.ErrorIs(t, err, zoom.ErrProtected, "Date is off by %v, %v", off, begins)
					} else if off == 0 {
						require.NoError(t, err, begins)
					}
				}
			}
		}
	})
	synctest.Test(t, func(t *testing.T) { // the time that the look takes counts
		row := plannedMeeting(fmt.Sprintf(`,"start_time":%q,"duration":30`, time.Now().Add(time.Hour+10*time.Second).UTC().Format(time.RFC3339)))
		slow := meetingsPage("", 1, row)
		slow.delay = 15 * time.Second
		tp := newTape(dated(ok(licensed), time.Now()), slow, noMeetings, noReply, ok(deactivated))
		_, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrProtected)
	})
}

// Addresses are the same in any case of ASCII, and in no other.
func TestFaultBR28AddressesThatFoldAlike(t *testing.T) {
	for _, tc := range []struct {
		asked, shown string
		same         bool
	}{
		{"KIM@Example.com", "kim@example.com", true},
		{"kim@example.com", "\u212Aim@example.com", false}, // KELVIN SIGN
		{"\u212Aim@example.com", "kim@example.com", false},
		{"jess@example.com", "je\u017Fs@example.com", false}, // LONG S
		{"Ä@example.com", "Ä@EXAMPLE.com", true},
	} {
		user := strings.Replace(licensed, "u1@example.com", tc.shown, 1)
		off := strings.Replace(deactivated, "u1@example.com", tc.shown, 1)
		tp := idleTape(ok(user), noReply, ok(off))
		_, err := tp.client(t).Users.Reclaim(t.Context(), tc.asked, zoom.ReclaimDeactivate, nil)
		if tc.same {
			require.NoError(t, err, tc.shown)
			continue
		}
		require.ErrorIs(t, err, zoom.ErrBadResponse, tc.shown)
		assert.Equal(t, "GET", methodsAsked(tp))
	}

	var s zoom.LicenseSummary
	for _, u := range []zoom.User{
		{Email: "kim@example.com", Status: zoom.StatusPending},
		{ID: "a", Email: "\u212Aim@example.com", Type: zoom.TypeBasic, Status: zoom.StatusActive},
		{ID: "b", Email: "KIM@example.com", Type: zoom.TypeBasic, Status: zoom.StatusActive},
	} {
		s.Add(&u)
	}
	assert.Equal(t, 2, s.Total)
	assert.Zero(t, s.Pending)
}

func TestFaultPG22InvitationsThatFoldAlike(t *testing.T) {
	pending := func(email string) string { return fmt.Sprintf(`{"email":%q,"type":1,"status":"pending"}`, email) }
	rows := []string{pending("kim@example.com"), pending("\u212Aim@example.com")}
	tp := newTape(ok(`{"page_size":300,"total_records":2,"next_page_token":"","users":[` + strings.Join(rows, ",") + `]}`))
	users, err := tp.client(t).Users.Roster(&zoom.RosterOptions{Statuses: []zoom.UserStatus{zoom.StatusPending}}).Collect(t.Context())
	require.NoError(t, err)
	assert.Len(t, users, 2)
}
