package storm

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// TestStormMoves lists everybody while people move and requests fail, with every
// kind of page token: a roster without an error holds everybody who stayed where he
// was.
func TestStormMoves(t *testing.T) {
	var seen tally
	t.Run("runs", func(t *testing.T) {
		inShards(t, func(t *testing.T, seed uint64) {
			if *runs > 200 || seed%4 == 0 { // each run is long
				stormMoves(t, seed, &seen)
			}
		})
	})
	t.Log(seen.counts)
	if *runs >= 200 {
		require.Positive(t, seen.counts["proven"])
		require.Positive(t, seen.counts["proven while people moved"])
	}
}

func stormMoves(t *testing.T, seed uint64, seen *tally) {
	rng := rand.New(rand.NewPCG(seed, 3))
	srv := zoomtest.NewServer(zoomtest.WithUsers(20+rng.IntN(600), seed), zoomtest.WithQuirks(zoomtest.Quirks{
		OffsetPageTokens: rng.IntN(2) == 0, OncePageTokens: rng.IntN(2) == 0,
	}))
	defer srv.Close()
	stays := map[string]bool{}
	for _, u := range srv.Users() {
		stays[u.Email] = true
	}
	w := newWeather(seed, serverError, retryAfter, rateLimited, unauthorized, cut, reset, slow, harmless, pageTokenExpired, skewed,
		alternating, long, fewerRows, oddRows)
	w.rate /= 4
	srv.InjectFunc(w.strike) // called with the server locked
	var mu sync.Mutex        // two pages may be on their way at once
	often, moved := rng.Float64(), 0
	srv.OnPage(func(*zoomtest.Page) {
		mu.Lock()
		defer mu.Unlock()
		if rng.Float64() < often {
			moved++
			move(rng, srv, stays)
		}
	})
	opts := &zoom.RosterOptions{PageSize: []int{0, 7, 30, 50, 100}[rng.IntN(5)]}
	list := srv.Client().Users.Roster(opts)
	if rng.IntN(2) == 0 {
		list = list.Prefetch()
	}
	ids, came := map[string]bool{}, []string{}
	rows := 0
	for u, err := range list.All(t.Context()) {
		if err != nil {
			var failed *zoom.PageError
			require.ErrorAs(t, err, &failed, "seed %d", seed)
			require.Equal(t, rows, failed.Yielded, "seed %d", seed)
			require.True(t, named(err), "seed %d: %v", seed, err)
			seen.add("error")
			return
		}
		rows++
		require.False(t, u.ID != "" && ids[u.ID], "seed %d: twice", seed)
		ids[u.ID] = true
		came = append(came, u.Email)
	}
	for _, email := range came {
		delete(stays, email)
	}
	require.Empty(t, stays, "seed %d: missing without an error, after %d moves", seed, moved)
	seen.add("proven")
	if moved > 0 {
		seen.add("proven while people moved")
	}
}

// move changes one person, or takes one out while another comes.
func move(rng *rand.Rand, srv *zoomtest.Server, stays map[string]bool) {
	users := srv.Users()
	u := users[rng.IntN(len(users))]
	if u.RoleID == "0" { // the owner cannot be moved
		return
	}
	delete(stays, u.Email)
	kind := rng.IntN(4)
	switch {
	case u.Status == zoom.StatusPending:
		srv.SetStatus(u.Email, zoom.StatusActive)
	case u.Status == zoom.StatusActive && kind < 2:
		srv.SetStatus(u.Email, zoom.StatusInactive)
	case u.Status == zoom.StatusInactive && kind < 2:
		srv.SetStatus(u.Email, zoom.StatusActive)
	case u.Status == zoom.StatusActive && kind == 2:
		srv.RemoveUser(u.Email)
		srv.AddUser(zoom.User{Email: "new" + u.Email, Type: zoom.TypeBasic})
	default:
		srv.RemoveUser(u.Email)
	}
}
