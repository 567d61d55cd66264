package zoom_test

import (
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// days are the first and the last day that some requests asked for.
func days(t *testing.T, requests []asked) (first, last string) {
	t.Helper()
	require.NotEmpty(t, requests)
	query := func(r asked) url.Values {
		q, err := url.ParseQuery(r.query)
		require.NoError(t, err)
		return q
	}
	return query(requests[0]).Get("from"), query(requests[len(requests)-1]).Get("to")
}

// emptyReports answers every report with no rows.
func emptyReports() *tape { return newTape(ok(`{"users":[],"meetings":[],"activity_logs":[]}`)) }

// windowed are the reports of a window, by their ends.
var windowed = map[string]func(t *testing.T, c *zoom.Client, from, to time.Time) error{
	"Hosts": func(t *testing.T, c *zoom.Client, from, to time.Time) error {
		_, err := c.Reports.Hosts(&zoom.HostsOptions{From: from, To: to}).Collect(t.Context())
		return err
	},
	"UserMeetings": func(t *testing.T, c *zoom.Client, from, to time.Time) error {
		_, err := c.Reports.UserMeetings("u1", &zoom.UserMeetingsOptions{From: from, To: to}).Collect(t.Context())
		return err
	},
	"SignIns": func(t *testing.T, c *zoom.Client, from, to time.Time) error {
		_, err := c.Reports.SignIns(&zoom.SignInsOptions{From: from, To: to}).Collect(t.Context())
		return err
	},
}

// until moves the clock of a bubble to a moment.
func until(t *testing.T, at time.Time) {
	t.Helper()
	require.True(t, at.After(time.Now()))
	time.Sleep(time.Until(at))
}

// A window that begins today in the caller's own calendar is good at every hour of the
// day, wherever the caller is.
func TestFaultIN21DefaultWindowIsOfTheCallersDate(t *testing.T) {
	for name, collect := range windowed {
		for _, offset := range []int{14, 5, 0, -5, -12} {
			t.Run(fmt.Sprintf("IN21 %s UTC%+d", name, offset), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					zone := time.FixedZone("", offset*3600)
					until(t, time.Date(2001, 3, 14, 0, 30, 0, 0, time.UTC))
					for range 24 {
						time.Sleep(time.Hour)
						now := time.Now()
						here := now.In(zone)
						for _, tc := range []struct {
							from, to    time.Time
							first, last string
						}{
							{here, time.Time{}, here.Format(time.DateOnly), here.Format(time.DateOnly)},
							{here.AddDate(0, 0, -3), time.Time{}, here.AddDate(0, 0, -3).Format(time.DateOnly), here.Format(time.DateOnly)},
							{time.Time{}, here, here.AddDate(0, 0, -29).Format(time.DateOnly), here.Format(time.DateOnly)},
							{time.Time{}, time.Time{}, now.UTC().AddDate(0, 0, -29).Format(time.DateOnly), now.UTC().Format(time.DateOnly)},
						} {
							tp := emptyReports()
							require.NoError(t, collect(t, tp.client(t), tc.from, tc.to), "%s", here)
							first, last := days(t, tp.requests())
							assert.Equal(t, tc.first, first)
							assert.Equal(t, tc.last, last)
						}
						tp := emptyReports()
						require.ErrorIs(t, collect(t, tp.client(t), here.AddDate(0, 0, 1), time.Time{}), zoom.ErrInvalidArgument, "from tomorrow")
						assert.Empty(t, tp.requests())
					}
				})
			})
		}
	}
}

// A list that is kept asks for the days before its use, not before its making.
func TestFaultIN21DefaultWindowIsOfTheDayOfUse(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, c *zoom.Client) func(){
		"Hosts": keep(func(c *zoom.Client) *zoom.List[*zoom.Host] { return c.Reports.Hosts(nil) }),
		"inactive hosts": keep(func(c *zoom.Client) *zoom.List[*zoom.Host] {
			return c.Reports.Hosts(&zoom.HostsOptions{Type: zoom.HostsInactive})
		}),
		"UserMeetings": keep(func(c *zoom.Client) *zoom.List[*zoom.ReportMeeting] { return c.Reports.UserMeetings("u1", nil) }),
		"SignIns":      keep(func(c *zoom.Client) *zoom.List[*zoom.SignIn] { return c.Reports.SignIns(nil) }),
	} {
		t.Run("IN21 "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := emptyReports()
				c := tp.client(t)
				defer c.Close()
				list := use(t, c)
				for range 3 {
					time.Sleep(100 * time.Hour)
					before := len(tp.requests())
					list()
					for _, r := range tp.requests()[before:] {
						first, last := days(t, []asked{r})
						assert.Equal(t, time.Now().UTC().Format(time.DateOnly), last)
						assert.Equal(t, time.Now().UTC().AddDate(0, 0, -29).Format(time.DateOnly), first)
					}
				}
			})
		})
	}
}

// keep makes one list and uses it in each way.
func keep[T any](list func(c *zoom.Client) *zoom.List[T]) func(t *testing.T, c *zoom.Client) func() {
	return func(t *testing.T, c *zoom.Client) func() {
		l := list(c)
		return func() {
			_, err := l.Collect(t.Context())
			require.NoError(t, err)
			_, err = l.Page(t.Context(), "")
			require.NoError(t, err)
			_, err = l.Prefetch().Collect(t.Context())
			require.NoError(t, err)
		}
	}
}

// A page token that is used after midnight goes on with the window that it is of.
func TestFaultIN21PageTokenLivesPastMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape(ok(`{"users":[{"id":"a","email":"a@example.com","type":2}],"next_page_token":"t","total_records":2}`),
			ok(`{"users":[{"id":"b","email":"b@example.com","type":2}],"next_page_token":"","total_records":2}`))
		c := tp.client(t)
		defer c.Close()
		l := c.Reports.Hosts(nil)
		until(t, time.Date(2001, 3, 14, 23, 59, 0, 0, time.UTC))
		page, err := l.Page(t.Context(), "")
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		page, err = l.Page(t.Context(), page.NextPageToken)
		require.NoError(t, err)
		assert.Equal(t, "b", page.Items[0].ID)
		first, last := days(t, tp.requests())
		assert.Equal(t, "2001-02-13", first)
		assert.Equal(t, "2001-03-14", last, "the second page is of the same window")
	})
}

// The client refuses by itself what the server may refuse, and what it asks for the
// server answers, also where a month has no such day.
func TestFaultIN21SixMonthsAtTheEndOfEachMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1))
		defer srv.Close()
		c := srv.Client()
		until(t, time.Date(2003, 7, 1, 12, 0, 0, 0, time.UTC))
		for range 366 {
			time.Sleep(24 * time.Hour)
			now := time.Now()
			if d := now.Day(); d > 1 && d < 28 {
				continue // the ends of the months are what differs
			}
			oldest := 0
			for back := 180; back <= 185; back++ {
				before := len(srv.Requests())
				_, err := c.Reports.Hosts(&zoom.HostsOptions{From: now.AddDate(0, 0, -back), To: now.AddDate(0, 0, -back+1)}).Collect(t.Context())
				if err == nil {
					oldest = back
					continue
				}
				require.ErrorIs(t, err, zoom.ErrInvalidArgument)
				require.Contains(t, err.Error(), "the first day is "+now.AddDate(0, -6, 0).Format(time.DateOnly))
				require.Len(t, srv.Requests(), before, "refused unsent")
			}
			require.Equal(t, now.AddDate(0, -6, 0).Format(time.DateOnly), now.AddDate(0, 0, -oldest).Format(time.DateOnly))
		}
	})
}
