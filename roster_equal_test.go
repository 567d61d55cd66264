package zoom_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// storm makes a share of the answers fail: at most three in a row for one
// request, and never a 401 twice in a row.
type storm struct {
	random          *rand.Rand
	share           float64
	answers, faults int
	inRow           map[string]int // failures of a request
	was401          map[string]bool
	kinds           map[string]int
}

func newStorm(seed uint64, share float64) *storm {
	return &storm{random: rand.New(rand.NewPCG(seed, 7)), share: share, inRow: map[string]int{}, was401: map[string]bool{}, kinds: map[string]int{}}
}

// strike decides about one request. It runs with the server locked.
func (s *storm) strike(r zoomtest.Request) *zoomtest.Fault {
	if r.Route != "/users" {
		return nil
	}
	const mostInRow = 3
	s.answers++
	request := r.Query.Encode()
	if s.inRow[request] == mostInRow || s.random.Float64() >= s.share {
		delete(s.inRow, request)
		delete(s.was401, request)
		return nil
	}
	kinds := []string{"5xx", "429", "429 with Retry-After", "cut", "cut at once", "401"}
	if s.was401[request] {
		kinds = kinds[:len(kinds)-1]
	}
	kind := kinds[s.random.IntN(len(kinds))]
	s.faults++
	s.inRow[request]++
	s.kinds[kind]++
	s.was401[request] = kind == "401"
	f := s.fault(kind)
	f.Apply = s.random.IntN(2) == 0 // the server may have done its part or not
	return &f
}

func (s *storm) fault(kind string) zoomtest.Fault {
	switch kind {
	case "5xx":
		return zoomtest.ServerError([]int{500, 502, 503, 504}[s.random.IntN(4)])
	case "429":
		return zoomtest.RateLimited()
	case "429 with Retry-After":
		f := zoomtest.RateLimited()
		f.Header = http.Header{"Retry-After": {fmt.Sprint(1 + s.random.IntN(5))}}
		return f
	case "cut":
		return zoomtest.CutBody(1 + s.random.IntN(100_000))
	case "cut at once":
		return zoomtest.CutBody(0)
	default:
		return zoomtest.Unauthorized()
	}
}

// TestRosterEqualsTheAccount: a large account comes out exactly as it is, each
// user with all fields and in order, while a fifth of the answers fail.
func TestRosterEqualsTheAccount(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			users := 40_000
			if seed == 1 && *long {
				users = 100_000
			}
			synctest.Test(t, func(t *testing.T) { rosterEquals(t, users, seed) })
		})
	}
}

func rosterEquals(t *testing.T, users int, seed uint64) {
	const share = 0.2
	srv := zoomtest.NewServer(zoomtest.WithUsers(users, seed), zoomtest.WithRequestLog(0),
		zoomtest.WithQuirks(zoomtest.Quirks{SingleToken: seed%2 == 0}))
	weather := newStorm(seed, share)
	srv.InjectFunc(weather.strike)
	want := srv.Roster()
	require.Len(t, want, users)

	list := srv.Client().Users.Roster(nil)
	if seed == 3 {
		list = list.Prefetch()
	}
	got := 0
	for u, err := range list.All(t.Context()) {
		require.NoError(t, err)
		require.Less(t, got, len(want), "more users than there are")
		if u.Status == zoom.StatusPending {
			u.CreatedAt = nil // the time of the call
		}
		if !reflect.DeepEqual(&want[got], u) {
			require.Equal(t, &want[got], u, "user %d", got)
		}
		got++
	}
	assert.Equal(t, users, got)
	assert.InDelta(t, share, float64(weather.faults)/float64(weather.answers), 0.06)
	assert.Len(t, weather.kinds, 6, "every kind of failure came: %v", weather.kinds)
	t.Logf("%d users, %d answers, %d of them failures: %v", got, weather.answers, weather.faults, weather.kinds)
}
