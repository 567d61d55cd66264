package nettest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const (
	people   = 3000
	pageSize = 150 // some 23 requests, about 80 kB each
	seed     = 19
)

// sentinels are those that a fault of the network may end in.
var sentinels = []error{zoom.ErrTimeout, zoom.ErrUnreachable, zoom.ErrBadResponse}

// A listing is one way to list the roster through a toxic.
type listing struct {
	name      string
	toxic     toxic
	keepAlive bool  // one connection for many requests; else a connection each
	after     int   // rows that come before the toxic
	ahead     bool  // with Prefetch
	want      error // how it must end; either: complete, or in one of the sentinels

	// What shows that the toxic was there.
	fails bool          // some attempt must have failed
	slow  time.Duration // every good attempt must have taken as long
}

var either = errors.New("complete, or a typed error")

func (l *listing) policy() zoom.RetryPolicy {
	if errors.Is(l.want, either) || errors.Is(l.want, zoom.ErrTimeout) {
		return impatient
	}
	return patient
}

func runListing(t *testing.T, l *listing) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(people, seed))
	t.Cleanup(srv.Close)
	truth := rosterOf(t, srv)
	p := newProxy(t, srv)
	var seen witness
	roster := func(policy zoom.RetryPolicy) *zoom.List[*zoom.User] {
		client := newClient(t, srv, p, l.keepAlive, zoom.WithRetry(policy), zoom.WithTrace(seen.trace()))
		list := client.Users.Roster(&zoom.RosterOptions{PageSize: pageSize})
		if l.ahead {
			list = list.Prefetch()
		}
		return list
	}
	list := roster(l.policy())

	if l.after == 0 {
		p.poison(l.toxic)
	}
	rows, err := collect(t, list, func(n int) {
		if n == l.after {
			p.poison(l.toxic)
		}
	})
	failed, fastest := seen.report()
	if l.fails {
		assert.Positive(t, failed, "attempts that failed")
	}
	assert.GreaterOrEqual(t, fastest, l.slow, "fastest good attempt")
	if err == nil {
		require.True(t, l.want == nil || errors.Is(l.want, either), "complete, want: %v", l.want)
		requireRows(t, truth, rows)
		t.Logf("complete, %d attempts failed, fastest good one %v", failed, fastest.Round(time.Millisecond))
		return
	}

	requireTyped(t, err, l.want)
	var broken *zoom.PageError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, len(rows), broken.Yielded)
	require.GreaterOrEqual(t, len(rows), l.after)
	require.Less(t, len(rows), len(truth))
	requireRows(t, truth[:len(rows)], rows)

	p.cure()
	if l.policy() == impatient {
		list = roster(patient) // a token is not tied to its client
	}
	rest, err := collect(t, list.From(broken.Token), nil)
	require.NoError(t, err, "resumed")
	requireRows(t, truth, append(rows, rest...))
	t.Logf("%d rows and %v, then complete; %d attempts failed", broken.Yielded, broken, failed)
}

// collect ranges to the end; before counts the rows that are about to come.
func collect(t *testing.T, list *zoom.List[*zoom.User], before func(rows int)) ([]string, error) {
	t.Helper()
	rows := []string{}
	for user, err := range list.All(t.Context()) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, asText(t, *user))
		if before != nil {
			before(len(rows))
		}
	}
	return rows, nil
}

func rosterOf(t *testing.T, srv *zoomtest.Server) []string {
	t.Helper()
	rows := []string{}
	once := map[string]bool{}
	for _, user := range srv.Roster() {
		require.False(t, once[user.Email], "the truth has no doubles")
		once[user.Email] = true
		rows = append(rows, asText(t, user))
	}
	require.Len(t, rows, people)
	return rows
}

// asText is all that a row says. Zoom sends the time of the call as the creation
// of a pending user.
func asText(t *testing.T, user zoom.User) string {
	t.Helper()
	if user.Status == zoom.StatusPending {
		user.CreatedAt = nil
	}
	text, err := json.Marshal(&user)
	require.NoError(t, err)
	return string(text)
}

// requireRows is require.Equal with a message that can be read.
func requireRows(t *testing.T, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "row %d", i)
	}
	require.Len(t, got, len(want))
}

// requireTyped asserts that err is want, or one of the sentinels where either
// end will do.
func requireTyped(t *testing.T, err, want error) {
	t.Helper()
	if want == nil {
		require.NoError(t, err)
	}
	if errors.Is(want, either) {
		require.True(t, slices.ContainsFunc(sentinels, func(s error) bool { return errors.Is(err, s) }), "untyped: %v", err)
		return
	}
	require.ErrorIs(t, err, want)
}

// A witness sees a client's attempts.
type witness struct {
	mu      sync.Mutex
	failed  int
	fastest time.Duration // of those that succeeded
}

func (w *witness) trace() *zoom.Trace {
	return &zoom.Trace{Attempt: func(_ context.Context, a zoom.AttemptInfo) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case a.Err != nil:
			w.failed++
		case w.fastest == 0 || a.Duration < w.fastest:
			w.fastest = a.Duration
		}
	}}
}

func (w *witness) report() (failed int, fastest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed, w.fastest
}
