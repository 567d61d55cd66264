package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var rateNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestUntilReset(t *testing.T) {
	r := Rate{Status: 429, Type: "Daily-limit"}
	assert.Equal(t, 12*time.Hour, r.UntilReset(rateNow), "to midnight by our clock")
	r.Date = rateNow.Add(11 * time.Hour)
	assert.Equal(t, time.Hour, r.UntilReset(rateNow), "to midnight by the server's")
	r.RetryAt = rateNow.Add(3 * time.Hour)
	assert.Equal(t, 3*time.Hour, r.UntilReset(rateNow), "to the moment that it names")
}

// A day begins at midnight UTC, that moment included.
func TestDay(t *testing.T) {
	for _, tc := range []struct{ date, now, want time.Time }{
		{time.Time{}, rateNow, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
		{time.Time{}, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
		{time.Time{}, time.Date(2026, 11, 19, 23, 59, 59, 0, time.UTC), time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)},
		{time.Time{}, time.Date(2026, 11, 20, 1, 0, 0, 0, time.FixedZone("", 7200)), time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)},
		{time.Date(2026, 12, 1, 0, 0, 1, 0, time.UTC), rateNow, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
	} {
		r := Rate{Date: tc.date}
		assert.Equal(t, tc.want, r.Day(tc.now))
	}
	r := Rate{RetryAt: rateNow}
	assert.Equal(t, 12*time.Hour, r.UntilReset(rateNow), "a moment that has come is none")
	r.RetryAt = rateNow.Add(1)
	assert.Equal(t, time.Duration(1), r.UntilReset(rateNow))
}

// One place decides which limit a 429 speaks of, headers first.
func TestKind(t *testing.T) {
	const (
		perSecond  = "You have reached the maximum per-second rate limit for this API. Try again later."
		daily      = "You have reached the maximum daily rate limit for this API."
		perUser    = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user."
		concurrent = "Too many concurrent requests. A request to disassociate this user has already been made."
	)
	for _, tc := range []struct {
		rate Rate
		want Kind
	}{
		{Rate{}, KindNone},
		{Rate{Status: 200, Type: "Daily-limit", HasRemaining: true}, KindNone},
		{Rate{Status: 503, Message: daily}, KindNone},
		{Rate{Status: 429}, KindPerSecond},
		{Rate{Status: 429, Message: perSecond}, KindPerSecond},
		{Rate{Status: 429, Type: "QPS", Message: daily}, KindPerSecond},
		{Rate{Status: 429, Type: "QPS", Category: "Resource-intensive"}, KindPerMinute},
		{Rate{Status: 429, Category: "RESOURCE_INTENSIVE"}, KindPerMinute},
		{Rate{Status: 429, Category: "Heavy"}, KindPerSecond},
		{Rate{Status: 429, Message: daily}, KindDaily},
		{Rate{Status: 429, Type: "Daily-limit"}, KindDaily},
		{Rate{Status: 429, Type: "Daily-limit", Category: "Resource-intensive"}, KindDaily},
		{Rate{Status: 429, Message: perUser}, KindPerUser},
		{Rate{Status: 429, Type: "Daily-limit", Message: perUser}, KindPerUser},
		{Rate{Status: 429, Message: concurrent}, KindConcurrent},
		{Rate{Status: 429, Type: "Daily-limit", Message: concurrent}, KindDaily},
		{Rate{Status: 429, Type: "Daily-limit", Category: "Heavy", Message: "daily limit reached for this particular app"}, KindDaily},
		{Rate{Status: 429, Message: "daily limit reached for this particular app"}, KindDaily},
	} {
		assert.Equal(t, tc.want, tc.rate.Kind(), "%+v", tc.rate)
	}
}

// The answer's category names the class, in whatever spelling.
func TestClassOfAnAnswer(t *testing.T) {
	for category, want := range map[string]Class{
		"Light": Light, "MEDIUM": Medium, "heavy": Heavy, "Resource-intensive": ResourceIntensive, "resource intensive": ResourceIntensive,
		"": Heavy, "other": Heavy,
	} {
		r := Rate{Category: category}
		assert.Equal(t, want, r.Class(Heavy), category)
	}
}
