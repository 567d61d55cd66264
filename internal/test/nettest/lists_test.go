package nettest

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
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
	people   = 2500
	pageSize = 125 // some 22 requests, about 65 kB each
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
	want      error // how it must end; errEither: complete, or in one of the sentinels

	// What shows that the toxic was there.
	fails bool          // some attempt must have failed
	slow  time.Duration // every good attempt must have taken as long
}

var errEither = errors.New("complete, or a typed error")

func (l *listing) policy() zoom.RetryPolicy {
	switch {
	case errors.Is(l.want, errEither):
		return impatient
	case errors.Is(l.want, zoom.ErrTimeout):
		longer := impatient // so that the rows before the toxic come on a busy machine too
		longer.AttemptTimeout *= 2
		return longer
	default:
		return patient
	}
}

func runListing(t *testing.T, l *listing) {
	srv := company(t)
	truth := theTruth()
	p := newProxy(t, srv)
	var seen witness
	roster := func(policy zoom.RetryPolicy) *zoom.List[*zoom.User] {
		client := newClient(t, srv, p, l.keepAlive, zoom.WithRetry(policy), zoom.WithTrace(seen.trace()))
		// Without the proof: one walk, which can be resumed.
		list := client.Users.Roster(&zoom.RosterOptions{PageSize: pageSize, CountOnly: true})
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
		require.True(t, l.want == nil || errors.Is(l.want, errEither), "complete, want: %v", l.want)
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
	if l.policy() != patient {
		list = roster(patient) // a token is not tied to its client
	}
	rest, err := collect(t, list.Resume(broken.Token), nil)
	require.NoError(t, err, "resumed")
	requireRows(t, truth, append(rows, rest...))
	t.Logf("%d rows and %v, then complete; %d attempts failed", broken.Yielded, broken, failed)
}

// company is a server that is the same every time.
func company(t *testing.T) *zoomtest.Server {
	t.Helper()
	srv := newCompany()
	t.Cleanup(srv.Close)
	return srv
}

func newCompany() *zoomtest.Server {
	return zoomtest.NewServer(zoomtest.WithUsers(people, seed), zoomtest.WithTime(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
}

// theTruth is the company's roster in the form in which it travels.
var theTruth = sync.OnceValue(func() []*zoom.User {
	srv := newCompany()
	defer srv.Close()
	text, err := json.Marshal(srv.Roster())
	if err != nil {
		panic(err)
	}
	var users []*zoom.User
	if err := json.Unmarshal(text, &users); err != nil {
		panic(err)
	}
	return users
})

func TestTruth(t *testing.T) {
	t.Parallel()
	once := map[string]bool{}
	for _, user := range theTruth() {
		once[user.Email] = true
	}
	require.Len(t, theTruth(), people)
	require.Len(t, once, people, "no doubles")
}

// collect ranges to the end; behind is told after each row how many came.
func collect(t *testing.T, list *zoom.List[*zoom.User], behind func(rows int)) ([]*zoom.User, error) {
	t.Helper()
	rows := []*zoom.User{}
	for user, err := range list.All(t.Context()) {
		if err != nil {
			return rows, err
		}
		if user.Status == zoom.StatusPending {
			user.CreatedAt = nil // Zoom sends the time of the call
		}
		rows = append(rows, user)
		if behind != nil {
			behind(len(rows))
		}
	}
	return rows, nil
}

// requireRows is require.Equal with a message that can be read.
func requireRows(t *testing.T, want, got []*zoom.User) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		if !reflect.DeepEqual(want[i], got[i]) {
			require.Equal(t, want[i], got[i], "row %d", i)
		}
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
	if errors.Is(want, errEither) {
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
		case a.Call.Op == "token": // goes another way than through the proxy
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
