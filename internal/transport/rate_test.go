package transport

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/wire"
)

var rateNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestParseRetryAfter(t *testing.T) {
	at := func(d time.Duration) time.Time { return rateNow.Add(d) }
	for _, tc := range []struct {
		name, value string
		want        time.Time
	}{
		{"RL04 seconds", "7", at(7 * time.Second)},
		{"RL10 blanks", " 5 ", at(5 * time.Second)},
		{"RL10 fraction is rounded up", "1.5", at(2 * time.Second)},
		{"RL09 zero", "0", at(0)},
		{"RL07 a day", "86400", at(24 * time.Hour)},
		{"RL08 overflow", "9223372037", at(maxWait)},
		{"RL08 overflow by far", "1e300", at(maxWait)},
		{"RL08 infinity", "Inf", at(maxWait)},
		{"RL01 ISO 8601", "2026-11-21T00:00:00Z", at(12 * time.Hour)},
		{"ISO 8601 with an offset", "2026-11-20T14:30:00+02:00", at(30 * time.Minute)},
		{"ISO 8601 without a zone", "2026-11-21T00:00:00", at(12 * time.Hour)},
		{"RL08 far future", "9999-12-31T23:59:59Z", at(maxWait)},
		{"RL09 past", "2020-05-31T00:00:00Z", time.Date(2020, 5, 31, 0, 0, 0, 0, time.UTC)},
		{"HTTP date", "Fri, 20 Nov 2026 12:01:00 GMT", at(time.Minute)},
		{"RL06 HTTP date in UTC", "Fri, 20 Nov 2026 12:01:00 UTC", at(time.Minute)},
		{"RL05 RFC 850", "Friday, 20-Nov-26 12:01:00 GMT", at(time.Minute)},
		{"RL05 asctime", "Fri Nov 20 12:01:00 2026", at(time.Minute)},
		{"RL30 list of seconds", "100, 200", at(200 * time.Second)},
		{"RL30 list, the larger first", "200,100", at(200 * time.Second)},
		{"RL30 list with nonsense", "soon, 5, -1", at(5 * time.Second)},
		{"RL30 list of dates", "Fri, 20 Nov 2026 12:01:00 GMT, Fri, 20 Nov 2026 12:02:00 GMT", at(2 * time.Minute)},
		{"RL30 list of seconds and a date", "7, Fri, 20 Nov 2026 12:01:00 GMT", at(time.Minute)},
		{"RL30 list of ISO moments", "2026-11-20T12:01:00Z,2026-11-20T12:03:00Z", at(3 * time.Minute)},
		{"RL30 list of RFC 850 dates", "Friday, 20-Nov-26 12:01:00 GMT, Friday, 20-Nov-26 12:02:00 GMT", at(2 * time.Minute)},
		{"RL30 ISO 8601 with an offset without a colon", "2026-11-20T12:01:00+0000", at(time.Minute)},
		{"RL30 the same of another zone", "2026-11-20T14:01:00+0200", at(time.Minute)},
		{"RL30 offset of hours", "2026-11-20T14:01:00+02", at(time.Minute)},
		{"RL30 a blank for the T", "2026-11-20 12:01:00Z", at(time.Minute)},
		{"RL30 a blank before the zone", "2026-11-20T12:01:00 Z", at(time.Minute)},
		{"RL30 blanks and an offset", "2026-11-20 12:01:00 +0000", at(time.Minute)},
		{"RL30 blanks and UTC", "2026-11-20 12:01:00 UTC", at(time.Minute)},
		{"RL30 a blank within", "2026-11-20T12: 01:00Z", at(time.Minute)},
		{"RL30 blanks around", "  2026-11-20T12:01:00Z ", at(time.Minute)},
		{"RL30 no seconds", "2026-11-20T12:01Z", at(time.Minute)},
		{"RL30 HTTP date with an offset of zero", "Fri, 20 Nov 2026 12:01:00 +0000", at(time.Minute)},
		{"RL30 HTTP date with two blanks", "Fri,  20 Nov 2026  12:01:00 GMT", at(time.Minute)},
		{"RL30 HTTP date without a blank", "Fri,20 Nov 2026 12:01:00 GMT", at(time.Minute)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := parseRetryAfter(tc.value, rateNow)
			require.True(t, ok)
			assert.Equal(t, tc.want, got)
		})
	}
	for _, value := range []string{
		"", " ", "abc", "-1", "-0.5", "NaN", ",", "a, b", "-1, -2", "Fri, 20 Nov 2026 12:01:00 PST", "Friday, 20-Nov-26 12:01:00 PST", "RL06", "2026-11-21",
	} {
		_, ok := parseRetryAfter(value, rateNow)
		assert.False(t, ok, "RL06, RL10: %q", value)
	}
}

// headers builds a header in the canonical form in which net/http gives it.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

const (
	dailyBody   = `{"code":429,"message":"You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."}`
	secondBody  = `{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}`
	perUserBody = `{"code":429,"message":"You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00."}`
	concurrent  = `{"code":429,"message":"Too many concurrent requests. A request to disassociate this user has already been made."}`
)

func TestParseRateTellsTheFormsOf429Apart(t *testing.T) {
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name                       string
		status                     int
		header                     http.Header
		body                       string
		daily, perUser, concurrent bool
		retryAt                    time.Time
	}{
		{"RL03 per second, no header", 429, headers(), secondBody, false, false, false, time.Time{}},
		{"RL01 daily with type and moment", 429, headers("X-RateLimit-Type", "Daily-limit", "Retry-After", "2026-11-20T18:00:00Z"), dailyBody, true, false, false, rateNow.Add(6 * time.Hour)},
		{"RL02 daily by words", 429, headers(), dailyBody, true, false, false, midnight},
		{"per second by type, whatever the words", 429, headers("X-RateLimit-Type", "QPS"), dailyBody, false, false, false, time.Time{}},
		{"RL02 per user, forum 18928", 429, headers("X-RateLimit-Category", "Light", "X-RateLimit-Limit", "6000", "X-RateLimit-Remaining", "5893"), perUserBody, true, true, false, midnight},
		{"RL14 concurrency", 429, headers(), concurrent, false, false, true, time.Time{}},
		{"a 429 under a 200", 200, headers(), dailyBody, true, false, false, midnight},
		{"the words of a 429 among others under a 200", 200, headers(), dailyBody[:len(dailyBody)-1] + `,"users":[]}`, false, false, false, time.Time{}},
		{"RL19 daily type under a 200", 200, headers("X-RateLimit-Type", "Daily-limit", "X-RateLimit-Remaining", "0"), `{}`, false, false, false, time.Time{}},
		{"RL12 a 503 that asks for patience", 503, headers("Retry-After", "120"), ``, false, false, false, rateNow.Add(2 * time.Minute)},
		{"RL11 two of them: the later", 429, headers("Retry-After", "3", "Retry-After", "9"), ``, false, false, false, rateNow.Add(9 * time.Second)},
		{"Retry-After of a success", 200, headers("Retry-After", "3"), ``, false, false, false, time.Time{}},
		{"reset in Unix seconds", 429, headers("X-RateLimit-Reset", fmt.Sprint(rateNow.Add(time.Second).Unix())), secondBody, false, false, false, rateNow.Add(time.Second)},
		{"reset in the past", 429, headers("X-RateLimit-Reset", "12"), secondBody, false, false, false, time.Time{}},
		{"reset beyond belief", 429, headers("X-RateLimit-Reset", "99999999999"), secondBody, false, false, false, time.Time{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := &Answer{Status: tc.status, Header: tc.header, Body: []byte(tc.body)}
			a.Error = parseError(a)
			r := parseRate(a, rateNow)
			assert.Equal(t, tc.daily, r.Daily())
			assert.Equal(t, tc.perUser, r.Kind() == pace.KindPerUser)
			assert.Equal(t, tc.concurrent, r.Concurrent())
			assert.Equal(t, tc.retryAt, r.RetryAt)
		})
	}
}

func TestFaultRL20RateHeadersMayBeNonsense(t *testing.T) {
	for _, value := range []string{"", " ", "abc", "-1", "1.5", "99999999999999999999"} {
		r := parseRate(&Answer{Status: 200, Header: headers("X-RateLimit-Limit", value, "X-RateLimit-Remaining", value)}, rateNow)
		assert.Equal(t, pace.Rate{Status: 200}, r, "%q", value)
	}
	r := parseRate(&Answer{Status: 200, Header: nil}, rateNow)
	assert.Equal(t, pace.Rate{Status: 200}, r)
	r = parseRate(&Answer{Status: 200, Header: headers("X-RateLimit-Limit", " 30000 ", "X-RateLimit-Remaining", "0")}, rateNow)
	assert.Equal(t, pace.Rate{Status: 200, Limit: 30000, HasLimit: true, HasRemaining: true}, r)
}

// An absolute moment is measured by the clock of the server that named it.
func TestFaultRL13WaitIsByTheServersClock(t *testing.T) {
	for skew, want := range map[time.Duration]time.Duration{0: 10 * time.Second, time.Hour: 10 * time.Second, -time.Hour: 10 * time.Second} {
		date := rateNow.Add(skew)
		r := parseRate(&Answer{Status: 429, Header: headers(
			"Date", date.Format(http.TimeFormat), "Retry-After", date.Add(10*time.Second).Format(time.RFC3339),
		)}, rateNow)
		assert.Equal(t, want, r.Wait(rateNow), "%s", skew)
	}
	r := parseRate(&Answer{Status: 429, Header: headers("Retry-After", "2026-11-20T12:00:10Z")}, rateNow)
	assert.Equal(t, 10*time.Second, r.Wait(rateNow), "no Date: our clock")
	r = parseRate(&Answer{Status: 429, Header: headers("Retry-After", "2026-11-20T11:00:00Z")}, rateNow)
	assert.Zero(t, r.Wait(rateNow), "RL09: the past asks for nothing")
}

// RetryAt is for the caller's clock: as far ahead as the server means, and never in the
// past, whatever the server takes the time for.
func TestFaultRL26RetryAtIsByOurClock(t *testing.T) {
	clocks := map[string]time.Time{
		"none": {}, "ours": rateNow, "an hour behind": rateNow.Add(-time.Hour), "an hour ahead": rateNow.Add(time.Hour),
		"1970": time.Unix(0, 0).UTC(), "2099": time.Date(2099, 1, 1, 9, 0, 0, 0, time.UTC), "a year behind": rateNow.AddDate(-1, 0, 0),
	}
	for name, clock := range clocks {
		t.Run("RL26 clock of the server: "+name, func(t *testing.T) {
			base := clock
			if base.IsZero() {
				base = rateNow
			}
			for _, tc := range []struct {
				after, kind string
				want        time.Duration
			}{
				{"120", "", 2 * time.Minute},
				{"120", "Daily-limit", 2 * time.Minute},
				{base.Add(2 * time.Minute).Format(time.RFC3339), "", 2 * time.Minute},
				{base.Add(2 * time.Minute).Format(http.TimeFormat), "", 2 * time.Minute},
				{base.Add(-time.Hour).Format(time.RFC3339), "", 0},
				{base.Add(-time.Hour).Format(time.RFC3339), "Daily-limit", pace.NextMidnight(base).Sub(base)},
				{"", "Daily-limit", pace.NextMidnight(base).Sub(base)},
				{"0", "", 0},
			} {
				h := headers("X-RateLimit-Type", tc.kind, "Retry-After", tc.after)
				if !clock.IsZero() {
					h.Set("Date", clock.Format(http.TimeFormat))
				}
				for _, status := range []int{429, 503} {
					if status == 503 && tc.kind != "" {
						continue
					}
					r := parseRate(&Answer{Status: status, Header: h, Error: &wire.APIError{}}, rateNow)
					assert.Equal(t, rateNow.Add(tc.want), r.RetryAt, "%+v", tc)
					assert.Equal(t, tc.want, r.Wait(rateNow))
				}
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"7", " 5", "1.5", "-1", "abc", "9223372037", "1e309", "2026-11-21T00:00:00Z", "Fri, 20 Nov 2026 12:01:00 GMT",
		"Friday, 20-Nov-26 12:01:00 GMT", "Fri Nov 20 12:01:00 2026", "Fri, 20 Nov 2026 12:01:00 PST", "0x1p-2", "0000-01-01T00:00:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		at, ok := parseRetryAfter(value, rateNow)
		if !ok {
			require.True(t, at.IsZero())
			return
		}
		require.False(t, at.After(rateNow.Add(maxWait)))
		r := pace.Rate{RetryAt: at}
		require.GreaterOrEqual(t, r.Wait(rateNow), time.Duration(0))
		require.LessOrEqual(t, r.Wait(rateNow), maxWait)
	})
}

func FuzzRateHeaders(f *testing.F) {
	f.Add(429, "Daily-limit", "30000", "0", "2026-11-21T00:00:00Z", "", "Fri, 20 Nov 2026 12:00:00 GMT", dailyBody)
	f.Add(429, "", "6000", "5893", "", "", "", perUserBody)
	f.Add(200, "QPS", "-1", "x", "abc", "1", "Thu, 01 Jan 1970 00:00:00 GMT", `{"message":`)
	f.Add(503, "", "", "", "1e300", "99999999999", "Mon, 01 Jan 0001 00:00:00 GMT", concurrent)
	f.Fuzz(func(t *testing.T, status int, kind, limit, remaining, retryAfter, reset, date, body string) {
		h := headers("X-RateLimit-Type", kind, "X-RateLimit-Limit", limit, "X-RateLimit-Remaining", remaining,
			"Retry-After", retryAfter, "X-RateLimit-Reset", reset, "Date", date)
		a := &Answer{Status: status, Header: h, Body: []byte(body)}
		a.Error = parseError(a)
		r := parseRate(a, rateNow)
		require.GreaterOrEqual(t, r.Limit, 0)
		require.GreaterOrEqual(t, r.Remaining, 0)
		require.True(t, r.RetryAt.IsZero() || !r.RetryAt.Before(rateNow))
		for _, wait := range []time.Duration{r.Wait(rateNow), r.UntilReset(rateNow)} {
			require.GreaterOrEqual(t, wait, time.Duration(0))
			require.LessOrEqual(t, wait, maxWait)
		}
		require.False(t, r.Daily() && r.Status != http.StatusTooManyRequests)
	})
}
