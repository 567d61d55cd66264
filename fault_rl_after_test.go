package zoom_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// Each row is one form of Retry-After on a 429 that a success follows. In a
// bubble it is midnight of 1 January 2000, a Saturday.
func TestFaultRetryAfter(t *testing.T) {
	for _, tc := range []struct {
		name     string
		values   []string
		from, to time.Duration // how long the wait is
	}{
		{"RL04_seconds", []string{"7"}, 7 * time.Second, 7700 * time.Millisecond},
		{"RL05_rfc_1123", []string{"Sat, 01 Jan 2000 00:00:20 GMT"}, 20 * time.Second, 22 * time.Second},
		{"RL05_rfc_850", []string{"Saturday, 01-Jan-00 00:00:20 GMT"}, 20 * time.Second, 22 * time.Second},
		{"RL05_asctime", []string{"Sat Jan  1 00:00:20 2000"}, 20 * time.Second, 22 * time.Second},
		{"RL05_iso", []string{"2000-01-01T00:00:20Z"}, 20 * time.Second, 22 * time.Second},
		{"RL06_utc_by_name", []string{"Sat, 01 Jan 2000 00:00:20 UTC"}, 20 * time.Second, 22 * time.Second},
		{"RL06_pst", []string{"Sat, 01 Jan 2000 00:00:20 PST"}, 0, time.Second},
		{"RL06_pst_in_rfc_850", []string{"Saturday, 01-Jan-00 00:00:20 PST"}, 0, time.Second},
		{"RL06_gmt_with_offset", []string{"Saturday, 01-Jan-00 00:00:20 GMT+8"}, 0, time.Second},
		{"RL09_zero", []string{"0"}, 100 * time.Millisecond, time.Second},
		{"RL09_past_date", []string{"Fri, 31 Dec 1999 23:00:00 GMT"}, 100 * time.Millisecond, time.Second},
		{"RL10_blanks", []string{" 5 "}, 5 * time.Second, 5500 * time.Millisecond},
		{"RL10_fraction", []string{"1.5"}, 2 * time.Second, 2200 * time.Millisecond},
		{"RL10_negative", []string{"-1"}, 0, time.Second},
		{"RL10_text", []string{"abc"}, 0, time.Second},
		{"RL10_not_a_number", []string{"NaN"}, 0, time.Second},
		{"RL11_larger_comes_second", []string{"3", "9"}, 9 * time.Second, 9900 * time.Millisecond},
		{"RL11_larger_comes_first", []string{"9", "3"}, 9 * time.Second, 9900 * time.Millisecond},
		{"RL11_one_is_bad", []string{"abc", "4"}, 4 * time.Second, 4400 * time.Millisecond},
	} {
		t.Run(tc.name, inBubble(func(t *testing.T) {
			limited := tooMany(perSecond, nil)
			limited.extra = http.Header{"Retry-After": tc.values}
			tp := newTape(limited, ok(userJSON("u1", "active")))
			u, err := tp.client(t).Users.Get(t.Context(), "u1")
			require.NoError(t, err)
			assert.Equal(t, "u1", u.ID)
			require.Len(t, tp.requests(), 2)
			wait := gaps(tp.requests())[0]
			assert.GreaterOrEqual(t, wait, max(tc.from, 100*time.Millisecond))
			assert.LessOrEqual(t, wait, tc.to)
		}))
	}
}

// Waits that are too long to be slept through.
func TestFaultRetryAfterTooLong(t *testing.T) {
	for _, tc := range []struct {
		name     string
		value    string
		patience time.Duration // the caller's; 0: without end
		told     time.Duration // RetryAt, from now
	}{
		{"RL07_a_day", "86400", 0, 24 * time.Hour},
		{"RL07_just_too_long", "61", 0, 61 * time.Second},
		{"RL07_past_the_deadline", "30", 5 * time.Second, 30 * time.Second},
		{"RL08_overflow", "9223372037", 0, 7 * 24 * time.Hour},
		{"RL08_beyond_numbers", "1e300", 0, 7 * 24 * time.Hour},
		{"RL08_far_future", "9999-01-01T00:00:00Z", 0, 7 * 24 * time.Hour},
	} {
		t.Run(tc.name, inBubble(func(t *testing.T) {
			ctx, begin := t.Context(), time.Now()
			if tc.patience > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tc.patience)
				defer cancel()
			}
			tp := newTape(tooMany(perSecond, map[string]string{"Retry-After": tc.value}))
			_, err := tp.client(t).Users.Get(ctx, secretEmail)
			require.ErrorIs(t, err, zoom.ErrRateLimited)
			e := asError(t, err)
			assert.Equal(t, begin.Add(tc.told).UTC(), e.RetryAt.UTC())
			assert.Equal(t, 1, e.Attempts)
			assert.Len(t, tp.requests(), 1)
			assert.Zero(t, time.Since(begin))
		}))
	}
}

func TestFaultRetryAfterOnFailures(t *testing.T) {
	for _, tc := range []struct {
		name     string
		status   int
		sentinel error
		requests int // when a wait of 7 s is asked for and a success follows
	}{
		{"RL12_408", http.StatusRequestTimeout, zoom.ErrTimeout, 2},
		{"RL12_425", http.StatusTooEarly, zoom.ErrServer, 2},
		{"RL12_500", http.StatusInternalServerError, zoom.ErrServer, 2},
		{"RL12_502", http.StatusBadGateway, zoom.ErrServer, 2},
		{"RL12_503", http.StatusServiceUnavailable, zoom.ErrServer, 2},
		{"RL12_504", http.StatusGatewayTimeout, zoom.ErrServer, 2},
		{"RL12_403_is_final", http.StatusForbidden, zoom.ErrForbidden, 1},
	} {
		t.Run(tc.name, inBubble(func(t *testing.T) {
			tp := newTape(answer{status: tc.status, header: map[string]string{"Retry-After": "7"}}, ok(userJSON("u1", "active")))
			_, err := tp.client(t).Users.Get(t.Context(), "u1")
			requests := tp.requests()
			require.Len(t, requests, tc.requests)
			if tc.requests == 1 {
				require.ErrorIs(t, err, tc.sentinel)
			} else {
				require.NoError(t, err)
				assert.GreaterOrEqual(t, gaps(requests)[0], 7*time.Second)
				assert.LessOrEqual(t, gaps(requests)[0], 7700*time.Millisecond)
			}

			begin := time.Now()
			tp = newTape(answer{status: tc.status, header: map[string]string{"Retry-After": "120"}})
			_, err = tp.client(t).Users.Get(t.Context(), "u1")
			require.ErrorIs(t, err, tc.sentinel)
			assert.Len(t, tp.requests(), 1)
			assert.Equal(t, begin.Add(2*time.Minute).UTC(), asError(t, err).RetryAt.UTC())
			assert.Zero(t, time.Since(begin))
		}))
	}
	t.Run("RL12_write", inBubble(func(t *testing.T) {
		busy := func(after string) answer {
			return answer{status: http.StatusServiceUnavailable, header: map[string]string{"Retry-After": after}}
		}
		tp := newTape(busy("7"), ok(userJSON("u1", "active")), answer{status: http.StatusNoContent})
		require.NoError(t, tp.client(t).Users.Deactivate(t.Context(), "u1"))
		requests := tp.requests()
		require.Equal(t, []string{"PUT", "GET", "PUT"}, methods(requests))
		assert.GreaterOrEqual(t, requests[2].at.Sub(requests[0].at), 7*time.Second, "the second write waits as it was asked to")

		begin := time.Now()
		tp = newTape(busy("120"), ok(userJSON("u1", "active")))
		err := tp.client(t).Users.Deactivate(t.Context(), "u1")
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		require.ErrorIs(t, err, zoom.ErrServer)
		assert.Equal(t, begin.Add(2*time.Minute).UTC(), asError(t, err).RetryAt.UTC())
		assert.Equal(t, []string{"PUT", "GET"}, methods(tp.requests()))
		assert.Zero(t, time.Since(begin))
	}))
}
