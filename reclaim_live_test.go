package zoom_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func TestFaultBR29HostsKeepTheirSeat(t *testing.T) {
	at := func(s *zoomtest.Server, d time.Duration) *zoom.Time { return zoom.NewTime(s.Now().Add(d)) }
	for _, tc := range []struct {
		name    string
		meeting func(s *zoomtest.Server, host string)
		kept    bool
	}{
		{"no meeting", func(*zoomtest.Server, string) {}, false},
		{"a meeting in progress", func(s *zoomtest.Server, host string) {
			s.AddPastMeeting(zoomtest.PastMeeting{HostID: host, Start: s.Now().Add(-10 * time.Minute)})
		}, true},
		{"one that runs over", func(s *zoomtest.Server, host string) {
			m := s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, -3*time.Hour), Duration: 30})
			s.AddPastMeeting(zoomtest.PastMeeting{HostID: host, ID: m.ID, Start: s.Now().Add(-3 * time.Hour)})
		}, true},
		{"one that began a day early", func(s *zoomtest.Server, host string) {
			m := s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, 24*time.Hour), Duration: 30})
			s.AddPastMeeting(zoomtest.PastMeeting{HostID: host, ID: m.ID, Start: s.Now().Add(-time.Minute)})
		}, true},
		{"one without a time, in progress", func(s *zoomtest.Server, host string) {
			m := s.AddMeeting(zoom.Meeting{HostID: host, Type: 3})
			s.AddPastMeeting(zoomtest.PastMeeting{HostID: host, ID: m.ID, Type: 3, Start: s.Now().Add(-time.Minute)})
		}, true},
		{"one without a time", func(s *zoomtest.Server, host string) { s.AddMeeting(zoom.Meeting{HostID: host, Type: 3}) }, false},
		{"one in 59 minutes", func(s *zoomtest.Server, host string) {
			s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, 59*time.Minute)})
		}, true},
		{"one in 61 minutes", func(s *zoomtest.Server, host string) {
			s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, 61*time.Minute)})
		}, false},
		{"one that is due and has not begun", func(s *zoomtest.Server, host string) {
			s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, -5*time.Minute)})
		}, true},
		{"one that is over", func(s *zoomtest.Server, host string) {
			s.AddPastMeeting(zoomtest.PastMeeting{HostID: host, Start: s.Now().Add(-time.Hour), End: s.Now().Add(-time.Minute)})
		}, false},
		{"many, the last one soon", func(s *zoomtest.Server, host string) {
			for i := range 700 {
				s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, time.Duration(i+2)*time.Hour)})
			}
			s.AddMeeting(zoom.Meeting{HostID: host, StartTime: at(s, time.Minute)})
		}, true},
		{"somebody else's", func(s *zoomtest.Server, _ string) {
			other := s.AddUser(zoom.User{Email: "other@example.com", Type: zoom.TypeLicensed})
			s.AddPastMeeting(zoomtest.PastMeeting{HostID: other.ID, Start: s.Now().Add(-10 * time.Minute)})
		}, false},
	} {
		for _, method := range []zoom.ReclaimMethod{zoom.ReclaimDeactivate, zoom.ReclaimDowngrade} {
			for _, dry := range []bool{false, true} {
				t.Run(fmt.Sprint(tc.name, "/", method, "/", dry), func(t *testing.T) {
					srv := zoomtest.NewServer()
					defer srv.Close()
					host := srv.AddUser(zoom.User{Email: "host@example.com", Type: zoom.TypeLicensed})
					tc.meeting(srv, host.ID)
					opts := &zoom.ReclaimOptions{DryRun: dry}
					result, err := srv.Client().Users.Reclaim(t.Context(), host.ID, method, opts)
					if tc.kept {
						require.ErrorIs(t, err, zoom.ErrProtected)
						assert.Contains(t, err.Error(), "a meeting is in progress")
						assert.Equal(t, zoom.OutcomeProtected, result.Outcome)
					} else {
						require.NoError(t, err)
					}
					if tc.kept || dry {
						for _, r := range srv.Requests() {
							assert.Contains(t, []string{http.MethodGet, http.MethodPost}, r.Method)
						}
						now, _ := srv.User(host.ID)
						assert.Equal(t, zoom.TypeLicensed, now.Type)
						assert.Equal(t, zoom.StatusActive, now.Status)
					}
					opts.AllowLive = true
					srv.ResetRequests()
					_, err = srv.Client().Users.Reclaim(t.Context(), host.ID, method, opts)
					require.NoError(t, err)
					for _, r := range srv.Requests() {
						assert.NotContains(t, r.Route, "/meetings")
					}
				})
			}
		}
	}
}

// The look costs one request for whoever has no meeting, two for whoever has some.
func TestFaultBR29RequestsOfTheLook(t *testing.T) {
	meeting := func(start time.Time) answer {
		return ok(fmt.Sprintf(`{"total_records":1,"next_page_token":"","meetings":[{"uuid":"a==","id":7,"type":2,"start_time":%q,"duration":30}]}`, start.Format(time.RFC3339)))
	}
	synctest.Test(t, func(t *testing.T) {
		noon := time.Now().Add(12 * time.Hour)
		for name, tc := range map[string]struct {
			answers []answer
			want    string
			is      error
		}{
			"none":                     {[]answer{ok(licensed), noMeetings, noReply, ok(deactivated)}, "GET GET PUT GET", nil},
			"later ones":               {[]answer{ok(licensed), meeting(noon), noMeetings, noReply, ok(deactivated)}, "GET GET GET PUT GET", nil},
			"later ones, one is live":  {[]answer{ok(licensed), meeting(noon), meeting(noon)}, "GET GET GET", zoom.ErrProtected},
			"soon":                     {[]answer{ok(licensed), meeting(time.Now().Add(time.Minute))}, "GET GET", zoom.ErrProtected},
			"by Zoom's clock soon":     {[]answer{dated(ok(licensed), noon.Add(-time.Minute)), meeting(noon)}, "GET GET", zoom.ErrProtected},
			"may not host":             {[]answer{ok(licensed), refusal(400, 3161, "x"), noReply, ok(deactivated)}, "GET GET PUT GET", nil},
			"nobody to protect":        {[]answer{ok(basic)}, "GET", nil},
			"protected anyway":         {[]answer{ok(`{"id":"u1","type":2,"status":"active","role_id":"0"}`)}, "GET", zoom.ErrProtected},
			"no scope":                 {[]answer{ok(licensed), refusal(400, 4711, "[meeting:read:list_meetings:admin]")}, "GET GET", zoom.ErrScope},
			"no permission":            {[]answer{ok(licensed), refusal(400, 200, "x")}, "GET GET", zoom.ErrForbidden},
			"gone":                     {[]answer{ok(licensed), refusal(404, 1001, "x")}, "GET GET", zoom.ErrNotFound},
			"daily limit":              {[]answer{ok(licensed), refusal(429, 429, daily429)}, "GET GET", zoom.ErrDailyLimit},
			"no list":                  {[]answer{ok(licensed), {status: 200, body: "<html>"}}, "GET GET GET GET GET GET", zoom.ErrBadResponse},
			"live ones cannot be read": {[]answer{ok(licensed), meeting(noon), refusal(403, 0, "no")}, "GET GET GET", zoom.ErrForbidden},
		} {
			tp := newTape(tc.answers...)
			result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
			assert.Equal(t, tc.want, methodsAsked(tp), name)
			if tc.is == nil {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorIs(t, err, tc.is, name)
			require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, name)
			assert.True(t, strings.HasPrefix(err.Error(), "zoom: "), err.Error())
			want := zoom.OutcomeUnknown
			if tc.is == zoom.ErrProtected { //nolint:errorlint // the very value
				want = zoom.OutcomeProtected
			}
			assert.Equal(t, want, result.Outcome, name)
			assert.NotNil(t, result.Before, name)
		}
	})
}

func dated(a answer, at time.Time) answer {
	a.header = map[string]string{"Date": at.UTC().Format(http.TimeFormat)}
	return a
}

// A company at work has people who are hosting.
func TestFaultBR29SomebodyOfACompanyIsHosting(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(300, 3))
	defer srv.Close()
	c := srv.Client()
	hosting := 0
	for _, u := range srv.Users() {
		if u.ID == "" || u.Status != zoom.StatusActive || u.Type != zoom.TypeLicensed {
			continue
		}
		result, err := c.Users.Reclaim(t.Context(), u.ID, zoom.ReclaimDeactivate, &zoom.ReclaimOptions{DryRun: true})
		if err != nil && strings.Contains(err.Error(), "meeting") {
			require.ErrorIs(t, err, zoom.ErrProtected)
			assert.Equal(t, zoom.OutcomeProtected, result.Outcome)
			hosting++
		}
	}
	assert.Positive(t, hosting)
}
