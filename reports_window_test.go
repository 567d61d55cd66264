package zoom

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func calendar(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestReportWindow(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	east, west := time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600)
	for name, tc := range map[string]struct {
		from, to time.Time
		want     window
	}{
		"nothing given":       {time.Time{}, time.Time{}, window{calendar(2026, 10, 22), calendar(2026, 11, 20)}},
		"to alone":            {time.Time{}, calendar(2026, 9, 30), window{calendar(2026, 9, 1), calendar(2026, 9, 30)}},
		"from alone":          {calendar(2026, 11, 1), time.Time{}, window{calendar(2026, 11, 1), calendar(2026, 11, 20)}},
		"one day":             {calendar(2026, 11, 1), calendar(2026, 11, 1), window{calendar(2026, 11, 1), calendar(2026, 11, 1)}},
		"six months":          {calendar(2026, 5, 20), calendar(2026, 11, 20), window{calendar(2026, 5, 20), calendar(2026, 11, 20)}},
		"late in its own day": {time.Date(2026, 11, 1, 23, 59, 0, 0, west), time.Date(2026, 11, 2, 0, 1, 0, 0, east), window{calendar(2026, 11, 1), calendar(2026, 11, 2)}},
		"today in the east":   {calendar(2026, 11, 1), time.Date(2026, 11, 21, 1, 0, 0, 0, east), window{calendar(2026, 11, 1), calendar(2026, 11, 21)}},
	} {
		got, err := reportWindow(tc.from, tc.to, now)
		require.NoError(t, err, name)
		assert.Equal(t, tc.want, got, name)
	}
	for name, tc := range map[string][2]time.Time{
		"IN07 from after to":             {calendar(2026, 11, 2), calendar(2026, 11, 1)},
		"IN07 tomorrow":                  {calendar(2026, 11, 2), calendar(2026, 11, 21)},
		"IN07 tomorrow in the west":      {calendar(2026, 11, 2), time.Date(2026, 11, 21, 1, 0, 0, 0, west)},
		"IN07 a day beyond six months":   {calendar(2026, 5, 19), calendar(2026, 11, 1)},
		"IN07 to beyond, from not given": {time.Time{}, calendar(2026, 5, 30)},
	} {
		_, err := reportWindow(tc[0], tc[1], now)
		require.Error(t, err, name)
	}
}

// Months join without a gap and without a day twice, whatever the length.
func TestWindowMonths(t *testing.T) {
	from := calendar(2024, 2, 20)
	for days := range 190 {
		w := window{from, from.AddDate(0, 0, days)}
		next, months := from, w.months()
		for _, m := range months {
			require.Equal(t, next, m.from)
			require.False(t, m.to.Before(m.from))
			require.Less(t, m.to.Sub(m.from), 30*24*time.Hour, "30 days at most, both ends counted")
			require.True(t, m.withinMonth())
			next = m.to.AddDate(0, 0, 1)
		}
		require.Equal(t, w.to.AddDate(0, 0, 1), next)
		require.Len(t, months, days/30+1)
	}
}

func TestWindowWithinMonth(t *testing.T) {
	assert.True(t, window{calendar(2026, 10, 1), calendar(2026, 11, 1)}.withinMonth())
	assert.False(t, window{calendar(2026, 10, 1), calendar(2026, 11, 2)}.withinMonth())
	assert.True(t, window{calendar(2026, 2, 1), calendar(2026, 3, 1)}.withinMonth())
	assert.False(t, window{calendar(2026, 1, 1), calendar(2026, 6, 1)}.withinMonth())
	assert.False(t, window{calendar(2026, 1, 31), calendar(2026, 3, 3)}.withinMonth(), "February is shorter")
	assert.True(t, window{calendar(2026, 1, 31), calendar(2026, 3, 1)}.withinMonth(), "30 days")
}
