package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/redact"
)

// maxWait is the longest wait that a server's word can mean.
const maxWait = 7 * 24 * time.Hour

// parseRate reads the headers of an answer, each of which may be missing or
// nonsense, and the message of a 429. RetryAt is by our clock, as far from now as it is
// from the server's.
func parseRate(a *Answer, now time.Time) pace.Rate {
	h := a.Header
	r := pace.Rate{
		Status:   a.Status,
		Category: label(h.Get("X-Ratelimit-Category")),
		Type:     label(h.Get("X-Ratelimit-Type")),
	}
	r.Limit, r.HasLimit = count(h.Get("X-Ratelimit-Limit"))
	r.Remaining, r.HasRemaining = count(h.Get("X-Ratelimit-Remaining"))
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		r.Date = date.UTC()
	}
	if a.Error != nil && (a.Status == http.StatusTooManyRequests || (a.Error.Code == http.StatusTooManyRequests && a.Status < http.StatusInternalServerError)) {
		r.Status, r.Message = http.StatusTooManyRequests, a.Error.Message // also under the status of a success
	}
	if r.Status < http.StatusBadRequest {
		return r
	}
	now = now.UTC().Round(0)
	clock := r.Clock(now)
	at := retryAt(h, clock)
	if r.Daily() && !at.After(clock) { // a moment that has passed is none
		at = pace.NextMidnight(clock)
	}
	if at.IsZero() && r.Status == http.StatusTooManyRequests {
		at = reset(h.Get("X-Ratelimit-Reset"), clock)
	}
	if !at.IsZero() {
		r.RetryAt = now.Add(max(0, at.Sub(clock)))
	}
	return r
}

// retryAt returns the latest moment that Retry-After names, by the server's clock.
func retryAt(h http.Header, clock time.Time) (latest time.Time) {
	for _, value := range h["Retry-After"] {
		if at, ok := parseRetryAfter(value, clock); ok && at.After(latest) {
			latest = at
		}
	}
	return latest
}

// reset reads Unix seconds that lie ahead and within a week.
func reset(value string, clock time.Time) time.Time {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return time.Time{}
	}
	if at := time.Unix(seconds, 0).UTC(); at.After(clock) && at.Before(clock.Add(maxWait)) {
		return at
	}
	return time.Time{}
}

// parseRetryAfter reads the forms that are seen: ISO 8601, HTTP date, seconds, and a
// list of them, of which the latest counts. A date in another zone than GMT is not
// believed: its offset cannot be known from the name.
func parseRetryAfter(value string, clock time.Time) (time.Time, bool) {
	value = strings.Join(strings.Fields(value), " ")
	if at, ok := parseMoment(value, clock); ok {
		return at, true
	}
	var latest time.Time
	found := false
	for part := range strings.SplitSeq(value, ",") {
		if at, ok := parseMoment(strings.TrimSpace(part), clock); ok {
			if found = true; at.After(latest) {
				latest = at
			}
		}
	}
	return latest, found
}

// layouts are the forms of ISO 8601, after a blank between date and time became a T.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00",
}

func parseMoment(value string, clock time.Time) (time.Time, bool) {
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if math.IsNaN(seconds) || seconds < 0 {
			return time.Time{}, false
		}
		seconds = min(math.Ceil(seconds), maxWait.Seconds())
		return clock.Add(time.Duration(seconds) * time.Second), true
	}
	if at, err := parseHTTPDate(value); err == nil {
		return clamp(at.UTC(), clock), true
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, compact(value)); err == nil {
			return clamp(at.UTC(), clock), true
		}
	}
	return time.Time{}, false
}

// compact takes the blanks out of a moment in ISO 8601 and puts a T between date and
// time: "2026-11-20 12:00:00 +0000". A zone by name stays one that cannot be read.
func compact(value string) string {
	const date = len("2006-01-02")
	if len(value) > date && value[date] == ' ' {
		value = value[:date] + "T" + value[date+1:]
	}
	for _, zone := range []string{"UTC", "GMT"} {
		if rest, ok := strings.CutSuffix(value, zone); ok {
			value = rest + "Z"
		}
	}
	return strings.ReplaceAll(value, " ", "")
}

func clamp(at, clock time.Time) time.Time {
	if latest := clock.Add(maxWait); at.After(latest) {
		return latest
	}
	return at
}

// parseHTTPDate reads the forms of RFC 9110. A zone may also be UTC or an offset of
// zero.
func parseHTTPDate(value string) (time.Time, error) {
	for _, zone := range []string{" UTC", " +0000", " +00:00", " Z"} {
		if rest, ok := strings.CutSuffix(value, zone); ok {
			value = rest + " GMT"
		}
	}
	at, err := http.ParseTime(value)
	for _, layout := range [...]string{"02 Jan 2006 15:04:05 MST", "02-Jan-06 15:04:05 MST"} { // without the day of the week
		if err != nil {
			at, err = time.Parse(layout, value)
		}
	}
	if err == nil {
		if zone, _ := at.Zone(); zone != "GMT" && zone != "UTC" && zone != "" {
			return time.Time{}, http.ErrNotSupported
		}
	}
	return at, err
}

// label reads a header that holds a word or two; empty: absent or nonsense.
func label(value string) string {
	const longest = 40
	if len(value) > longest || redact.Opaque(value) {
		return ""
	}
	return value
}

// count reads a header that holds a number.
func count(value string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 {
		return 0, false
	}
	return n, true
}
