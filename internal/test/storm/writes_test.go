package storm

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const mostWrites = 3 // of one change, those that surely had no effect apart

func TestStormWrites(t *testing.T) {
	var seen tally
	t.Run("runs", func(t *testing.T) {
		inShards(t, func(t *testing.T, seed uint64) { stormWrites(t, seed, &seen) })
	})
	t.Log(seen.counts)
	if *runs >= 200 {
		for _, outcome := range []string{"reclaimed", "reclaimed, reconciled", "already reclaimed", "unknown"} {
			require.Positive(t, seen.counts[outcome], outcome)
		}
	}
}

func stormWrites(t *testing.T, seed uint64, seen *tally) {
	rng := rand.New(rand.NewPCG(seed, 2))
	srv := zoomtest.NewServer(zoomtest.WithUsers(30, seed))
	defer srv.Close()
	w := newWeather(seed, serverError, serverErrorAfterwards, retryAfter, rateLimited, dailyLimit, concurrent, unauthorized,
		cut, reset, slow, nonsense, redirect, forbidden, skewed, otherDay, refused200, strange404, alternating, long)
	srv.InjectFunc(w.strike)
	client := srv.Client()
	users := srv.Users()
	for range 5 {
		user := users[rng.IntN(len(users))]
		if user.ID == "" {
			continue
		}
		reclaimInStorm(t, seed, srv, client, user.ID, zoom.ReclaimMethod(1+rng.IntN(2)), seen)
	}
}

func reclaimInStorm(t *testing.T, seed uint64, srv *zoomtest.Server, client *zoom.Client, id string, method zoom.ReclaimMethod, seen *tally) {
	before, _ := srv.User(id)
	srv.ResetRequests()
	result, err := client.Users.Reclaim(t.Context(), id, method, nil)
	after, _ := srv.User(id)

	writes := 0
	for _, r := range srv.Requests() {
		if r.Method == http.MethodGet || r.Method == http.MethodPost || r.Status == http.StatusTooManyRequests || r.Status == http.StatusUnauthorized || r.Status == http.StatusBadRequest {
			continue
		}
		writes++
	}
	require.LessOrEqual(t, writes, mostWrites, "seed %d", seed)
	if before.Status == zoom.StatusInactive {
		require.Zero(t, writes, "seed %d: nothing to give back", seed)
	}

	reached := after.Status == zoom.StatusInactive || (method == zoom.ReclaimDowngrade && after.Type == zoom.TypeBasic)
	changed := before.Status != after.Status || before.Type != after.Type
	switch {
	case result.Outcome == zoom.OutcomeReclaimed:
		require.NoError(t, err, "seed %d", seed)
		require.True(t, reached, "seed %d: said to be reclaimed", seed)
		if result.Reconciled {
			seen.add("reclaimed, reconciled")
		} else {
			seen.add("reclaimed")
		}
	case result.Outcome == zoom.OutcomeAlreadyReclaimed, result.Outcome == zoom.OutcomeProtected:
		require.False(t, changed, "seed %d: said to be left alone", seed)
		seen.add(result.Outcome.String())
	case errors.Is(err, zoom.ErrOutcomeUnknown), errors.Is(err, zoom.ErrNotApplied):
		seen.add("unknown")
	default:
		require.Error(t, err, "seed %d", seed)
		require.False(t, changed, "seed %d: refused with %v", seed, err)
		seen.add("refused")
	}
}
