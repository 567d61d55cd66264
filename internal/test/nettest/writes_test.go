package nettest

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const (
	targets    = 12 // users to reclaim at a time
	mostWrites = 3
)

// kinds are the toxics, latency with jitter counted apart.
var kinds = []string{"latency", "jitter", "bandwidth", "slow_close", "timeout", "slicer", "limit_data", "reset_peer"}

// weather are the toxics that writes go through, on connections of their own.
var weather = []toxic{
	{"latency", up, 0.5, attrs{"latency": 700}},
	{"latency", down, 0.5, attrs{"latency": 700}},
	{"latency", up, 1, attrs{"latency": 200, "jitter": 200}},
	{"latency", down, 1, attrs{"latency": 200, "jitter": 200}},
	{"bandwidth", up, 0.5, attrs{"rate": 1}},
	{"bandwidth", down, 0.5, attrs{"rate": 1}},
	{"slow_close", up, 1, attrs{"delay": 400}},
	{"slow_close", down, 1, attrs{"delay": 400}},
	{"timeout", up, 0.5, attrs{"timeout": 0}},
	{"timeout", down, 0.5, attrs{"timeout": 50}},
	{"slicer", up, 1, attrs{"average_size": 20, "size_variation": 10, "delay": 1000}},
	{"slicer", down, 1, attrs{"average_size": 20, "size_variation": 10, "delay": 1000}},
	{"limit_data", up, 0.5, attrs{"bytes": 400}},
	{"limit_data", down, 0.5, attrs{"bytes": 120}},
	{"reset_peer", up, 0.5, attrs{"timeout": 0}},
	{"reset_peer", down, 0.5, attrs{"timeout": 0}},
}

// A reclaim is what the client said of one user.
type reclaim struct {
	before zoom.User
	method zoom.ReclaimMethod
	result *zoom.ReclaimResult
	err    error
}

func runWrites(t *testing.T, kind string, said *tally) {
	for _, x := range weather {
		if x.kind() != kind {
			continue
		}
		t.Run(x.Stream, func(t *testing.T) {
			t.Parallel()
			srv := zoomtest.NewServer(zoomtest.WithUsers(60, seed))
			t.Cleanup(srv.Close)
			p := newProxy(t, srv)
			client := newClient(t, srv, p, false, zoom.WithRetry(impatient))
			p.poison(x)
			users := active(srv)
			reclaims := reclaimAll(t, client, users)
			requests := srv.Requests()
			for _, r := range reclaims {
				said.add(requireSo(t, srv, requests, r))
			}

			p.cure()
			later := newClient(t, srv, p, true, zoom.WithRetry(patient))
			for i, r := range reclaimAll(t, later, users) {
				if !errors.Is(r.err, zoom.ErrProtected) {
					require.NoError(t, r.err)
				}
				outcome := requireSo(t, srv, nil, r)
				if reclaims[i].result.Outcome == zoom.OutcomeReclaimed {
					require.Equal(t, zoom.OutcomeAlreadyReclaimed.String(), outcome, "reclaimed before")
				}
			}
		})
	}
}

// active are users who may have a seat to give back.
func active(srv *zoomtest.Server) []zoom.User {
	users := []zoom.User{}
	for _, u := range srv.Users() {
		if u.Status == zoom.StatusActive && len(users) < targets {
			users = append(users, u)
		}
	}
	return users
}

// reclaimAll reclaims all users at once, by both methods in turn.
func reclaimAll(t *testing.T, client *zoom.Client, users []zoom.User) []*reclaim {
	t.Helper()
	reclaims := make([]*reclaim, len(users))
	var wg sync.WaitGroup
	for i, u := range users {
		r := &reclaim{before: u, method: zoom.ReclaimMethod(1 + i%2)}
		reclaims[i] = r
		wg.Go(func() {
			r.result, r.err = client.Users.Reclaim(t.Context(), u.ID, r.method, nil)
		})
	}
	wg.Wait()
	return reclaims
}

// requireSo asserts that what was said is so, and says it in a word.
func requireSo(t *testing.T, srv *zoomtest.Server, requests []zoomtest.Request, r *reclaim) string {
	t.Helper()
	writes := 0
	for _, request := range requests {
		if request.Method != http.MethodGet && strings.Contains(request.Path, "/users/"+r.before.ID) {
			writes++
		}
	}
	require.LessOrEqual(t, writes, mostWrites)

	after, found := srv.User(r.before.ID)
	require.True(t, found)
	reached := after.Status == zoom.StatusInactive || (r.method == zoom.ReclaimDowngrade && after.Type == zoom.TypeBasic)
	changed := r.before.Status != after.Status || r.before.Type != after.Type
	switch outcome := r.result.Outcome; {
	case outcome == zoom.OutcomeReclaimed:
		require.NoError(t, r.err)
		require.True(t, reached, "said to be reclaimed")
		require.NotNil(t, r.result.After)
		if r.result.Reconciled {
			return "reclaimed, reconciled"
		}
		return "reclaimed"
	case outcome == zoom.OutcomeAlreadyReclaimed:
		require.NoError(t, r.err)
		require.True(t, after.Status == zoom.StatusInactive || !zoom.LicenseOf(&after).Paid, "said to hold nothing")
		require.Zero(t, writes)
	case outcome == zoom.OutcomeProtected:
		require.ErrorIs(t, r.err, zoom.ErrProtected)
		require.False(t, changed, "said to be protected")
	case errors.Is(r.err, zoom.ErrOutcomeUnknown):
		return "unknown"
	default:
		requireTyped(t, r.err, errEither)
		require.False(t, changed, "said to be left alone: %v", r.err)
		return "failed"
	}
	return r.result.Outcome.String()
}

// tally counts what was said of all writes.
type tally struct {
	mu     sync.Mutex
	total  int
	counts map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what]++
	c.total++
}

// require asserts, when all kinds have run, that the weather was bad enough.
func (c *tally) require(t *testing.T) {
	t.Helper()
	t.Logf("writes: %v", c.counts)
	if c.total == len(weather)*targets {
		require.Positive(t, c.counts["reclaimed"])
		require.Positive(t, c.counts["reclaimed, reconciled"])
		require.Positive(t, c.counts["unknown"]+c.counts["failed"])
	}
}
