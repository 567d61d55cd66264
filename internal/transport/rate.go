package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

// A Rate is what one answer said about limits, in the fields of the public type.
type Rate struct {
	Status    int
	Category  string
	Type      string
	Message   string
	Limit     int
	Remaining int
	RetryAt   time.Time
	Date      time.Time
}

// maxWait is the longest wait that a server's word can mean.
const maxWait = 7 * 24 * time.Hour

// parseRate reads the headers of an answer, each of which may be missing or
// nonsense, and the message of a 429.
func parseRate(a *Answer, now time.Time) Rate {
	h := a.Header
	r := Rate{
		Status:    a.Status,
		Category:  label(h.Get("X-Ratelimit-Category")),
		Type:      label(h.Get("X-Ratelimit-Type")),
		Limit:     count(h.Get("X-Ratelimit-Limit")),
		Remaining: count(h.Get("X-Ratelimit-Remaining")),
	}
	if value := h.Get("Date"); value != "" {
		if date, err := http.ParseTime(value); err == nil {
			r.Date = date.UTC()
		}
	}
	if a.Status == http.StatusTooManyRequests {
		r.Message = wire.ParseAPIError(a.Body).Message
	}
	if a.Status < http.StatusBadRequest {
		return r
	}
	base := r.clock(now)
	for _, value := range h["Retry-After"] {
		if at, ok := parseRetryAfter(value, base); ok && at.After(r.RetryAt) {
			r.RetryAt = at
		}
	}
	if r.Daily() && !r.RetryAt.After(base) { // a moment that has passed is none
		r.RetryAt = nextMidnight(base)
	}
	if r.RetryAt.IsZero() && a.Status == http.StatusTooManyRequests {
		if seconds, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
			if at := time.Unix(seconds, 0).UTC(); at.After(base) && at.Before(base.Add(maxWait)) {
				r.RetryAt = at
			}
		}
	}
	return r
}

// clock is the server's clock where it told, else ours.
func (r *Rate) clock(now time.Time) time.Time {
	if r.Date.IsZero() {
		return now.UTC()
	}
	return r.Date
}

// Wait returns how long the server asks to wait, by its own clock; zero: it does
// not say, or the moment has passed.
func (r *Rate) Wait(now time.Time) time.Duration {
	if r.RetryAt.IsZero() {
		return 0
	}
	return min(max(0, r.RetryAt.Sub(r.clock(now))), maxWait)
}

// Daily reports whether the answer is a 429 of a daily limit: by its type, and
// where there is none by Zoom's words.
func (r *Rate) Daily() bool {
	if r.Status != http.StatusTooManyRequests {
		return false
	}
	if r.Type != "" {
		return r.IsDailyType()
	}
	words := strings.ToLower(r.Message)
	return strings.Contains(words, "daily rate limit") || strings.Contains(words, "gmt 00:00:00")
}

// IsDailyType reports whether the answer's numbers are those of a day.
func (r *Rate) IsDailyType() bool { return strings.Contains(strings.ToLower(r.Type), "daily") }

// UntilReset returns how long a day's budget stays spent: until the moment that
// the server names, else until midnight UTC, by its own clock.
func (r *Rate) UntilReset(now time.Time) time.Duration {
	if wait := r.Wait(now); wait > 0 {
		return wait
	}
	base := r.clock(now)
	return nextMidnight(base).Sub(base)
}

// Day returns the beginning of the day, UTC, in which the answer was given.
func (r *Rate) Day(now time.Time) time.Time { return nextMidnight(r.clock(now)).AddDate(0, 0, -1) }

// PerUser reports whether a 429 speaks of one user and not of the account.
func (r *Rate) PerUser() bool {
	return r.Status == http.StatusTooManyRequests && strings.Contains(strings.ToLower(r.Message), "this particular")
}

// Concurrent reports whether a 429 means that another operation on the same user
// is under way.
func (r *Rate) Concurrent() bool {
	return r.Status == http.StatusTooManyRequests && strings.Contains(strings.ToLower(r.Message), "concurrent")
}

// parseRetryAfter reads the three forms that are seen: ISO 8601, HTTP date,
// seconds. A date in another zone than GMT is not believed: its offset cannot
// be known from the name.
func parseRetryAfter(value string, base time.Time) (time.Time, bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if math.IsNaN(seconds) || seconds < 0 {
			return time.Time{}, false
		}
		seconds = min(math.Ceil(seconds), maxWait.Seconds())
		return base.Add(time.Duration(seconds) * time.Second), true
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", value)
	}
	if err != nil {
		at, err = parseHTTPDate(value)
	}
	if err != nil {
		return time.Time{}, false
	}
	return clamp(at.UTC(), base), true
}

func clamp(at, base time.Time) time.Time {
	if latest := base.Add(maxWait); at.After(latest) {
		return latest
	}
	return at
}

func parseHTTPDate(value string) (time.Time, error) {
	if rest, ok := strings.CutSuffix(value, " UTC"); ok {
		value = rest + " GMT"
	}
	at, err := http.ParseTime(value)
	if err == nil {
		if zone, _ := at.Zone(); zone != "GMT" && zone != "UTC" && zone != "" {
			return time.Time{}, http.ErrNotSupported
		}
	}
	return at, err
}

func nextMidnight(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}

// label reads a header that holds a word or two; empty: absent or nonsense.
func label(value string) string {
	const longest = 40
	if len(value) > longest || redact.Opaque(value) {
		return ""
	}
	return value
}

// count reads a header that holds a number; -1: absent or nonsense.
func count(value string) int {
	if value == "" {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 {
		return -1
	}
	return n
}
