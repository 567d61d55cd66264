package pace

import (
	"net/http"
	"strings"
	"time"
)

// A Rate is what one answer said about limits, in the fields of zoom.RateLimit. The
// zero value says nothing.
type Rate struct {
	Status       int
	Category     string
	Type         string
	Message      string
	Limit        int
	Remaining    int
	HasLimit     bool
	HasRemaining bool
	RetryAt      time.Time // by our clock
	Date         time.Time // the server's clock
}

// A Kind is which limit a 429 speaks of.
type Kind int

// The kinds of a 429, in the numbers of zoom.RateKind.
const (
	KindNone Kind = iota
	KindPerSecond
	KindPerMinute
	KindDaily
	KindPerUser
	KindConcurrent
)

// Kind says which limit an answer speaks of. It is the only place that decides.
// Zoom's words count only where no header tells.
func (r *Rate) Kind() Kind {
	if r.Status != http.StatusTooManyRequests {
		return KindNone
	}
	words := strings.ToLower(r.Message)
	switch {
	case strings.Contains(words, "this particular user"):
		return KindPerUser
	case r.IsDailyType():
		return KindDaily
	case strings.Contains(words, "concurrent"):
		return KindConcurrent
	case r.isDaily(words):
		return KindDaily
	}
	if class, ok := classOf(r.Category); ok && class == ResourceIntensive {
		return KindPerMinute // Zoom labels it like one per second
	}
	return KindPerSecond
}

// isDaily goes by the type, and without one by Zoom's words.
func (r *Rate) isDaily(words string) bool {
	if r.Type != "" {
		return r.IsDailyType()
	}
	return strings.Contains(words, "daily") || strings.Contains(words, "gmt 00:00:00")
}

// Daily reports whether the answer is a 429 that lasts until the day ends, of the
// account or of one user.
func (r *Rate) Daily() bool {
	switch r.Kind() {
	case KindDaily:
		return true
	case KindPerUser:
		return r.isDaily(strings.ToLower(r.Message))
	default:
		return false
	}
}

// Concurrent reports whether a 429 means that another operation on the same user
// is under way.
func (r *Rate) Concurrent() bool { return r.Kind() == KindConcurrent }

// IsDailyType reports whether the answer's numbers are those of a day.
func (r *Rate) IsDailyType() bool { return strings.Contains(strings.ToLower(r.Type), "daily") }

// IsSpent reports whether an answer that is no 429 says that nothing is left of the
// day's requests.
func (r *Rate) IsSpent() bool {
	return r.Status != http.StatusTooManyRequests && r.IsDailyType() && r.HasRemaining && r.Remaining == 0
}

// Class returns the class that the answer speaks of: the one that it names, else that
// of the call.
func (r *Rate) Class(call Class) Class {
	if c, ok := classOf(r.Category); ok {
		return c
	}
	return call
}

// Wait returns how long from now the answer asks to wait; zero: it does not say, or
// the moment has passed.
func (r *Rate) Wait(now time.Time) time.Duration {
	if r.RetryAt.IsZero() {
		return 0
	}
	return max(0, r.RetryAt.Sub(now))
}

// UntilReset returns how long a day's budget stays spent: until the moment that the
// answer names, else until midnight UTC by the server's clock.
func (r *Rate) UntilReset(now time.Time) time.Duration {
	if wait := r.Wait(now); wait > 0 {
		return wait
	}
	clock := r.Clock(now)
	return NextMidnight(clock).Sub(clock)
}

// Day returns the beginning of the day, UTC, in which the answer was given.
func (r *Rate) Day(now time.Time) time.Time { return NextMidnight(r.Clock(now)).AddDate(0, 0, -1) }

// Clock is the server's clock if the answer has it, else ours.
func (r *Rate) Clock(now time.Time) time.Time {
	if r.Date.IsZero() {
		return now.UTC()
	}
	return r.Date
}

// NextMidnight is the first midnight UTC after t.
func NextMidnight(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}
