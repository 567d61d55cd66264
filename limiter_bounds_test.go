package zoom_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// What is just within the bounds is taken; TestFaultRL18BadOptions has what is not.
func TestFaultRL18OptionsAtTheirBounds(t *testing.T) {
	l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitShare(1), zoom.LimitRate(zoom.ClassLight, 1e-6), zoom.LimitRate(zoom.ClassResourceIntensive, 1e6),
		zoom.LimitPerDay(zoom.ClassLight, 1e9), zoom.LimitPerDay(zoom.ClassResourceIntensive, 0))
	stats := l.Stats()
	require.Len(t, stats, 4)
	assert.InDelta(t, 1e-6, stats[zoom.ClassLight].Full, 1e-7)
	assert.InDelta(t, 1e6, stats[zoom.ClassResourceIntensive].Full, 1e5)
	assert.Equal(t, int(1e9), stats[zoom.ClassLight].PerDay)
	assert.Zero(t, stats[zoom.ClassHeavy].PerDay, "the budget of both")
	for name, opt := range map[string]zoom.LimiterOption{
		"share": zoom.LimitShare(1.0000001), "slow": zoom.LimitRate(zoom.ClassLight, 0.9e-6), "fast": zoom.LimitRate(zoom.ClassLight, 1.1e6),
		"day": zoom.LimitPerDay(zoom.ClassLight, 1e9+1), "rate of the class behind the last": zoom.LimitRate(zoom.ClassResourceIntensive+1, 1),
	} {
		require.ErrorIs(t, zoom.NewLocalLimiter(zoom.PlanPro, opt).Wait(t.Context(), zoom.ClassLight), zoom.ErrInvalidArgument, name)
	}
}

// standIn lines up n callers, one behind the other, and returns their contexts' ends
// and when each got his turn.
func standIn(t *testing.T, l *zoom.LocalLimiter, class zoom.RateClass, n int) (leave []context.CancelFunc, turns func() []time.Duration) {
	t.Helper()
	begin, at := time.Now(), make([]time.Duration, n)
	var all sync.WaitGroup
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		leave = append(leave, cancel)
		all.Go(func() {
			at[i] = -1
			if l.Wait(ctx, class) == nil {
				at[i] = time.Since(begin)
			}
		})
		synctest.Wait()
	}
	return leave, func() []time.Duration { all.Wait(); return at }
}

// Whoever leaves the line, wherever he stands, takes nobody's turn along and gives
// nobody a turn too early.
func TestLimiterLeavingTheLine(t *testing.T) {
	for _, leaver := range []int{1, 2, 3, 4, 5} { // 0 takes the turn that is there; 1 is the head
		synctest.Test(t, func(t *testing.T) {
			l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassHeavy, 1))
			distance := 1 / l.Stats()[zoom.ClassHeavy].Full
			leave, turns := standIn(t, l, zoom.ClassHeavy, 6)
			time.Sleep(100 * time.Millisecond)
			leave[leaver]()
			place := 0.0
			for i, at := range turns() {
				if i == leaver {
					assert.Negative(t, at)
					continue
				}
				assert.InDelta(t, place*distance, at.Seconds(), 0.001, "%d leaves, turn of %d", leaver, i)
				place++
			}
			assert.Equal(t, 5, l.Stats()[zoom.ClassHeavy].UsedToday)
		})
	}
}

// How long the line is counts: who would not have his turn by his deadline is told
// so at once, who just would stays.
func TestLimiterTellsWhoComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassHeavy, 0.1))
		_, turns := standIn(t, l, zoom.ClassHeavy, 4)
		begin := time.Now()
		turn := time.Duration(4 / l.Stats()[zoom.ClassHeavy].Full * float64(time.Second))
		for _, patience := range []time.Duration{5 * time.Second, turn * 3 / 4, turn - time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			require.ErrorIs(t, l.Wait(ctx, zoom.ClassHeavy), zoom.ErrRateLimited, patience)
			assert.Zero(t, time.Since(begin), "known at once")
			cancel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), turn+time.Second)
		defer cancel()
		require.NoError(t, l.Wait(ctx, zoom.ClassHeavy))
		assert.InDelta(t, turn.Seconds(), time.Since(begin).Seconds(), 0.001)
		assert.Len(t, turns(), 4)
		assert.Equal(t, 5, l.Stats()[zoom.ClassHeavy].UsedToday)
	})
}

// A turn that comes after midnight is one of the new day, whose budget others may
// have spent meanwhile.
func TestLimiterTurnOfTheNextDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitRate(zoom.ClassHeavy, 0.1), zoom.LimitPerDay(zoom.ClassHeavy, 2), unhurried(zoom.ClassResourceIntensive))
		zoom.SetResumeJitter(l, 0)
		time.Sleep(time.Until(midnight(time.Now())) - 5*time.Second)
		_, turns := standIn(t, l, zoom.ClassHeavy, 2)
		time.Sleep(5 * time.Second)
		waits(t, l, zoom.ClassResourceIntensive, 2)
		at := turns()
		assert.Zero(t, at[0])
		assert.Negative(t, at[1], "a third request of the new day")
		assert.Equal(t, 2, l.Stats()[zoom.ClassHeavy].UsedToday)
	})
}

// The warning comes when a twentieth is left, not before.
func TestBudgetWarningAtATwentieth(t *testing.T) {
	for remaining, told := range map[string]int{"51": 0, "50": 1, "0": 1} {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(answer{status: http.StatusOK, body: `{"total_users_count":1}`, header: map[string]string{
				"X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": remaining,
			}})
			got := 0
			c := tp.client(t, zoom.WithTrace(&zoom.Trace{Budget: func(context.Context, zoom.BudgetInfo) { got++ }}))
			_, err := c.Users.Summary(t.Context())
			require.NoError(t, err)
			assert.Equal(t, told, got, remaining)
		})
	}
}
