package transport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const day = 24 * time.Hour

// An answer asks to wait from status 400 on.
func TestRetryAfterIsOfErrors(t *testing.T) {
	for status, want := range map[int]time.Duration{
		200: 0, 299: 0, 399: 0, 400: 5 * time.Second, 403: 5 * time.Second, 429: 5 * time.Second, 599: 5 * time.Second,
	} {
		r := parseRate(&Answer{Status: status, Header: headers("Retry-After", "5")}, rateNow)
		assert.Equal(t, want, r.Wait(rateNow), status)
	}
}

// No server can ask for more than a week, which is exactly 7 days.
func TestFaultRL08LongestWait(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"604799": 7*day - time.Second, "604800": 7 * day, "604801": 7 * day, "604799.5": 7 * day,
		rateNow.Add(7*day - time.Second).Format(time.RFC3339): 7*day - time.Second,
		rateNow.Add(7 * day).Format(time.RFC3339):             7 * day,
		rateNow.Add(7*day + time.Second).Format(time.RFC3339): 7 * day,
		rateNow.Add(365 * day).Format(time.RFC3339):           7 * day,
	} {
		r := parseRate(&Answer{Status: 429, Header: headers("Retry-After", value)}, rateNow)
		assert.Equal(t, want, r.Wait(rateNow), value)
		assert.Equal(t, rateNow.Add(want), r.RetryAt, value)
	}
}

// X-RateLimit-Reset counts for a 429 alone, when it lies ahead and within a week,
// and where there is no Retry-After.
func TestResetBoundaries(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		ahead  time.Duration
		after  string
		want   time.Duration
	}{
		{"now", 429, 0, "", 0},
		{"in a second", 429, time.Second, "", time.Second},
		{"a second ago", 429, -time.Second, "", 0},
		{"just within a week", 429, 7*day - time.Second, "", 7*day - time.Second},
		{"in a week", 429, 7 * day, "", 0},
		{"of another status", 503, time.Second, "", 0},
		{"beside a Retry-After", 429, time.Hour, "7", 7 * time.Second},
		{"beside a Retry-After that cannot be read", 429, time.Hour, "soon", time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := headers("X-RateLimit-Reset", fmt.Sprint(rateNow.Add(tc.ahead).Unix()))
			if tc.after != "" {
				h.Set("Retry-After", tc.after)
			}
			r := parseRate(&Answer{Status: tc.status, Header: h}, rateNow)
			assert.Equal(t, tc.want, r.Wait(rateNow))
		})
	}
}

// A daily limit without a moment that lies ahead ends at midnight UTC, by the
// server's clock.
func TestDailyLimitEndsAtMidnight(t *testing.T) {
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, date, after string
		want              time.Time
	}{
		{"noon", "", "", midnight},
		{"the last second", "Fri, 20 Nov 2026 23:59:59 GMT", "", midnight},
		{"midnight itself is of the day that begins", "Sat, 21 Nov 2026 00:00:00 GMT", "", midnight.Add(day)},
		{"the last of a month", "Mon, 30 Nov 2026 10:00:00 GMT", "", time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		{"a moment that has come", "", "2026-11-20T12:00:00Z", midnight},
		{"a moment ahead", "", "2026-11-20T12:00:01Z", rateNow.Add(time.Second)},
		{"none to wait for", "", "0", midnight},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := headers("X-RateLimit-Type", "Daily-limit")
			if tc.date != "" {
				h.Set("Date", tc.date)
			}
			if tc.after != "" {
				h.Set("Retry-After", tc.after)
			}
			r := parseRate(&Answer{Status: 429, Header: h}, rateNow)
			clock := rateNow
			if tc.date != "" {
				clock = r.Date
			}
			assert.Equal(t, rateNow.Add(tc.want.Sub(clock)), r.RetryAt)
		})
	}
}

// Labels are words: long texts and ids in their place are not passed on.
func TestLabels(t *testing.T) {
	words := strings.Repeat("light ", 7)
	for _, tc := range []struct{ value, want string }{
		{"", ""},
		{"Light", "Light"},
		{"Daily-limit", "Daily-limit"},
		{words[:40], words[:40]},
		{words[:41], ""},
		{"KDcuGIm1QgePTO8WbOqwIQ", ""},
	} {
		r := parseRate(&Answer{Status: 200, Header: headers("X-RateLimit-Category", tc.value, "X-RateLimit-Type", tc.value)}, rateNow)
		assert.Equal(t, tc.want, r.Category)
		assert.Equal(t, tc.want, r.Type)
	}
}

// A date that cannot be read is none: the local clock counts.
func TestDateOfTheServer(t *testing.T) {
	for value, want := range map[string]time.Time{
		"Fri, 20 Nov 2026 13:00:00 GMT": rateNow.Add(time.Hour),
		"yesterday":                     {},
		"":                              {},
	} {
		r := parseRate(&Answer{Status: 503, Header: headers("Date", value, "Retry-After", "2026-11-20T13:00:30Z")}, rateNow)
		assert.Equal(t, want, r.Date)
		if want.IsZero() {
			assert.Equal(t, time.Hour+30*time.Second, r.Wait(rateNow))
		} else {
			assert.Equal(t, 30*time.Second, r.Wait(rateNow))
		}
	}
}
