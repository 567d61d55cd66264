package zoom

import (
	"context"
	"time"
)

// A RateClass is the rate-limit label that Zoom gives to an endpoint.
//
// API: https://developers.zoom.us/docs/api/rate-limits/
type RateClass int

// The four labels. The zero value is Medium.
const (
	ClassMedium RateClass = iota
	ClassLight
	ClassHeavy
	ClassResourceIntensive

	numClasses = iota
)

var classNames = [numClasses]string{"medium", "light", "heavy", "resource-intensive"}

// String returns "light", "medium", "heavy" or "resource-intensive".
func (c RateClass) String() string {
	if c < 0 || c >= numClasses {
		return "unknown"
	}
	return classNames[c]
}

// A Plan is the kind of Zoom account whose published limits apply. No API tells
// which plan an account has.
type Plan int

// The plans that Zoom publishes limits for. PlanBusiness stands for Business,
// Education, Enterprise and Partner.
const (
	PlanFree Plan = iota + 1
	PlanPro
	PlanBusiness
)

// A Limiter stands for one account: Zoom counts requests per account, over all
// apps and users on it. It holds the rates, the day's budget and the gate that a
// daily limit shuts. Share one among all clients of an account.
//
// A Limiter may also have a method ResumeDelay() time.Duration: how long after the
// moment that Zoom names it opens a gate that a daily limit shut. That much is
// added to RetryAt of the error.
type Limiter interface {
	// Wait returns when a request of the class may be sent. It is called before
	// every attempt, retries included. While the gate is shut it returns an
	// [*Error] that is [ErrDailyLimit], with RetryAt, at once.
	Wait(ctx context.Context, class RateClass) error

	// Observe is told what every answer said about limits.
	Observe(class RateClass, r RateLimit)
}

// A RateLimit is what one answer said about limits. Zoom sends few of these on
// most answers: every field may be absent.
type RateLimit struct {
	Status    int       // HTTP status of the answer
	Category  string    // X-RateLimit-Category: Light, Medium, Heavy, Resource-intensive
	Type      string    // X-RateLimit-Type: QPS or Daily-limit
	Message   string    // Zoom's words on a 429
	Limit     int       // X-RateLimit-Limit; -1: absent
	Remaining int       // X-RateLimit-Remaining; -1: absent
	RetryAt   time.Time // from Retry-After, or from the text of a daily 429; zero: not told
	Date      time.Time // the server's clock; zero: not told
}
