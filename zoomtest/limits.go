package zoomtest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// A rate is a limit of one class: so many requests in a window.
type rate struct {
	limit  int
	window time.Duration
}

type limits struct {
	rates map[zoom.RateClass]rate
	daily map[zoom.RateClass]int
	joint bool // heavy and resource-intensive share one daily budget
}

// planLimits are Zoom's published figures.
//
// https://developers.zoom.us/docs/api/rate-limits/
var planLimits = map[zoom.Plan]limits{
	zoom.PlanFree: {
		rates: map[zoom.RateClass]rate{
			zoom.ClassLight:             {4, time.Second},
			zoom.ClassMedium:            {2, time.Second},
			zoom.ClassHeavy:             {1, time.Second},
			zoom.ClassResourceIntensive: {10, time.Minute},
		},
		daily: map[zoom.RateClass]int{
			zoom.ClassLight: 6000, zoom.ClassMedium: 2000, zoom.ClassHeavy: 1000, zoom.ClassResourceIntensive: 30_000,
		},
	},
	zoom.PlanPro: {
		rates: map[zoom.RateClass]rate{
			zoom.ClassLight:             {30, time.Second},
			zoom.ClassMedium:            {20, time.Second},
			zoom.ClassHeavy:             {10, time.Second},
			zoom.ClassResourceIntensive: {10, time.Minute},
		},
		daily: map[zoom.RateClass]int{zoom.ClassHeavy: 30_000, zoom.ClassResourceIntensive: 30_000},
		joint: true,
	},
	zoom.PlanBusiness: {
		rates: map[zoom.RateClass]rate{
			zoom.ClassLight:             {80, time.Second},
			zoom.ClassMedium:            {60, time.Second},
			zoom.ClassHeavy:             {40, time.Second},
			zoom.ClassResourceIntensive: {20, time.Minute},
		},
		daily: map[zoom.RateClass]int{zoom.ClassHeavy: 60_000, zoom.ClassResourceIntensive: 60_000},
		joint: true,
	},
}

var categories = map[zoom.RateClass]string{
	zoom.ClassLight:             "Light",
	zoom.ClassMedium:            "Medium",
	zoom.ClassHeavy:             "Heavy",
	zoom.ClassResourceIntensive: "Resource-intensive",
}

// meters count what was let through.
type meters struct {
	recent   map[zoom.RateClass][]time.Time // within the window
	day      time.Time
	spent    map[zoom.RateClass]int // of the day
	features time.Time              // the last POST /users/features
}

// bulkPause is what Zoom wants between two POST /users/features.
const bulkPause = 10 * time.Second

// DailyUsage returns how many requests of a class were let through on the present
// day, which begins at 00:00 UTC. Without [WithPlan] nothing is counted.
func (s *Server) DailyUsage(class zoom.RateClass) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meters.roll(s.now())
	return s.meters.spent[class]
}

// SpendDaily counts n requests of a class against the budget of the day, as if
// another app on the account had made them.
func (s *Server) SpendDaily(class zoom.RateClass, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meters.roll(s.now())
	s.meters.spent[class] += n
}

// meter counts a call, or refuses it. Refused calls do not count.
func (s *Server) meter(c *call) *answer {
	plan, limited := planLimits[s.plan]
	if !limited || c.route.unmetered {
		return nil
	}
	m, class := &s.meters, c.route.class
	m.roll(c.now)
	if budget := plan.daily[class]; budget > 0 && m.spentOf(class, plan.joint) >= budget {
		return limitRefusal(DailyLimit(m.day.Add(24*time.Hour)), budget)
	}
	r := plan.rates[class]
	recent := m.recent[class]
	for len(recent) > 0 && !recent[0].After(c.now.Add(-r.window)) {
		recent = recent[1:]
	}
	m.recent[class] = recent
	if len(recent) >= r.limit {
		return limitRefusal(RateLimited(), r.limit)
	}
	if c.route.bulk {
		if !m.features.IsZero() && c.now.Before(m.features.Add(bulkPause)) {
			return limitRefusal(RateLimited(), 1)
		}
		m.features = c.now
	}
	m.recent[class] = append(recent, c.now)
	m.spent[class]++
	return nil
}

func limitRefusal(f Fault, limit int) *answer {
	a := f.answer()
	a.header = f.Header
	a.header.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	return a
}

// roll begins a new day.
func (m *meters) roll(now time.Time) {
	if m.recent == nil {
		m.recent = map[zoom.RateClass][]time.Time{}
	}
	if day := now.UTC().Truncate(24 * time.Hour); m.spent == nil || !day.Equal(m.day) {
		m.day, m.spent = day, map[zoom.RateClass]int{}
	}
}

func (m *meters) spentOf(class zoom.RateClass, joint bool) int {
	if joint {
		return m.spent[zoom.ClassHeavy] + m.spent[zoom.ClassResourceIntensive]
	}
	return m.spent[class]
}

// rateHeaders tells what is left. Without a plan only the category is told, as
// seen live.
func (s *Server) rateHeaders(header http.Header, class zoom.RateClass) {
	header.Set("X-RateLimit-Category", categories[class])
	plan, limited := planLimits[s.plan]
	if !limited {
		return
	}
	s.meters.roll(s.now())
	kind, limit, left := "QPS", plan.rates[class].limit, 0
	if budget := plan.daily[class]; budget > 0 {
		kind, limit, left = "Daily-limit", budget, budget-s.meters.spentOf(class, plan.joint)
	} else {
		left = limit - len(s.meters.recent[class])
	}
	header.Set("X-RateLimit-Type", kind)
	header.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, left)))
}
