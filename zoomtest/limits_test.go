package zoomtest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const (
	lightPath  = "/users/u0@example.com"
	mediumPath = "/groups"
	heavyPath  = "/report/activities"
	resPath    = "/metrics/meetings?from=2026-11-01&to=2026-11-23"
)

func TestRatesAreStrict(t *testing.T) {
	for _, tt := range []struct {
		name     string
		plan     zoom.Plan
		path     string
		category string
		limit    int
		window   time.Duration
	}{
		{"free light", zoom.PlanFree, lightPath, "Light", 4, time.Second},
		{"free medium", zoom.PlanFree, mediumPath, "Medium", 2, time.Second},
		{"free heavy", zoom.PlanFree, heavyPath, "Heavy", 1, time.Second},
		{"free resource-intensive", zoom.PlanFree, resPath, "Resource-intensive", 10, time.Minute},
		{"pro light", zoom.PlanPro, lightPath, "Light", 30, time.Second},
		{"pro medium", zoom.PlanPro, mediumPath, "Medium", 20, time.Second},
		{"pro heavy", zoom.PlanPro, heavyPath, "Heavy", 10, time.Second},
		{"pro resource-intensive", zoom.PlanPro, resPath, "Resource-intensive", 10, time.Minute},
		{"business light", zoom.PlanBusiness, lightPath, "Light", 80, time.Second},
		{"business medium", zoom.PlanBusiness, mediumPath, "Medium", 60, time.Second},
		{"business heavy", zoom.PlanBusiness, heavyPath, "Heavy", 40, time.Second},
		{"business resource-intensive", zoom.PlanBusiness, resPath, "Resource-intensive", 20, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := numbered(1, zoomtest.WithPlan(tt.plan))
			c := call(t, s)
			half := tt.limit / 2
			for range half {
				assert.NotEqual(t, 429, c.get(tt.path).status)
			}
			s.Advance(tt.window / 2)
			for range tt.limit - half {
				assert.NotEqual(t, 429, c.get(tt.path).status)
			}
			r := c.get(tt.path)
			assert.Equal(t, http.StatusTooManyRequests, r.status)
			assert.JSONEq(t, `{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}`, r.body)
			assert.Equal(t, "QPS", r.header.Get("X-RateLimit-Type"))
			assert.Equal(t, tt.category, r.header.Get("X-RateLimit-Category"))
			assert.Equal(t, "0", r.header.Get("X-RateLimit-Remaining"))
			assert.Empty(t, r.header.Get("Retry-After"))

			s.Advance(tt.window / 2) // the window slides: only the first half is forgotten
			for range half {
				assert.NotEqual(t, 429, c.get(tt.path).status)
			}
			assert.Equal(t, 429, c.get(tt.path).status)
		})
	}
}

func TestOtherClassesAreNotLimited(t *testing.T) {
	s := numbered(1, zoomtest.WithPlan(zoom.PlanFree))
	c := call(t, s)
	assert.Equal(t, 200, c.get(heavyPath).status)
	assert.Equal(t, 429, c.get(heavyPath).status)
	assert.Equal(t, 200, c.get(mediumPath).status)
	for range 20 {
		assert.Equal(t, 2300, c.get("/nothing").code(), "what is no endpoint has no limit")
	}
}

func TestDailyBudgets(t *testing.T) {
	for _, tt := range []struct {
		name   string
		plan   zoom.Plan
		class  zoom.RateClass // spent by another app
		path   string
		budget int
	}{
		{"free light", zoom.PlanFree, zoom.ClassLight, lightPath, 6000},
		{"free medium", zoom.PlanFree, zoom.ClassMedium, mediumPath, 2000},
		{"free heavy", zoom.PlanFree, zoom.ClassHeavy, heavyPath, 1000},
		{"free resource-intensive", zoom.PlanFree, zoom.ClassResourceIntensive, resPath, 30_000},
		{"pro heavy", zoom.PlanPro, zoom.ClassHeavy, heavyPath, 30_000},
		{"pro joint", zoom.PlanPro, zoom.ClassHeavy, resPath, 30_000},
		{"business joint", zoom.PlanBusiness, zoom.ClassResourceIntensive, heavyPath, 60_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := numbered(1, zoomtest.WithPlan(tt.plan))
			c := call(t, s)
			s.SpendDaily(tt.class, tt.budget-1)
			last := c.get(tt.path)
			assert.NotEqual(t, 429, last.status)
			assert.Equal(t, "Daily-limit", last.header.Get("X-RateLimit-Type"))
			assert.Equal(t, "0", last.header.Get("X-RateLimit-Remaining"))
			s.Advance(time.Minute)
			r := c.get(tt.path)
			assert.Equal(t, http.StatusTooManyRequests, r.status)
			assert.Equal(t, 429, r.code())
			assert.Contains(t, r.body, "maximum daily rate limit")
			assert.Equal(t, "Daily-limit", r.header.Get("X-RateLimit-Type"))
			assert.Equal(t, "2026-11-24T00:00:00Z", r.header.Get("Retry-After"))

			s.Advance(12 * time.Hour)
			c.token = s.IssueToken()
			assert.NotEqual(t, 429, c.get(tt.path).status, "a new day")
		})
	}
}

func TestDailyUsage(t *testing.T) {
	s := numbered(1, zoomtest.WithPlan(zoom.PlanPro))
	c := call(t, s)
	for range 25 {
		c.get(mediumPath)
	}
	assert.Equal(t, 20, s.DailyUsage(zoom.ClassMedium), "what was refused does not count")
	r := c.get(lightPath)
	assert.Equal(t, "QPS", r.header.Get("X-RateLimit-Type"))
	assert.Equal(t, "30", r.header.Get("X-RateLimit-Limit"))
	assert.Equal(t, "29", r.header.Get("X-RateLimit-Remaining"))
}

func TestNoPlanNoLimit(t *testing.T) {
	c := call(t, numbered(1))
	for range 200 {
		r := c.get(heavyPath)
		assert.Equal(t, 200, r.status)
		assert.Equal(t, "Heavy", r.header.Get("X-RateLimit-Category"))
		assert.Empty(t, r.header.Get("X-RateLimit-Type"))
	}
}

func TestBulkPause(t *testing.T) {
	s := numbered(1, zoomtest.WithPlan(zoom.PlanPro))
	c := call(t, s)
	body := `{"feature_type":"user_type","feature_value":"1","users":[{"email":"u0@example.com"}]}`
	assert.Equal(t, 201, c.do(http.MethodPost, "/users/features", body).status)
	s.Advance(9 * time.Second)
	assert.Equal(t, 429, c.do(http.MethodPost, "/users/features", body).status)
	s.Advance(time.Second)
	assert.Equal(t, 201, c.do(http.MethodPost, "/users/features", body).status)
}

func TestFaultsCountAgainstTheLimits(t *testing.T) {
	s := numbered(1, zoomtest.WithPlan(zoom.PlanFree))
	s.Inject(zoomtest.ServerError(500).Repeat(-1))
	c := call(t, s)
	assert.Equal(t, 500, c.get(mediumPath).status)
	assert.Equal(t, 500, c.get(mediumPath).status)
	assert.Equal(t, 429, c.get(mediumPath).status)
}
