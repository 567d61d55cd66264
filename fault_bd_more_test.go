package zoom_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestFaultBodies(t *testing.T) {
	runFaults(t, []fault{
		{"BD06_answers_of_a_write", inBubble(answersOfAWrite)},
		{"BD11_never_reaches_a_write", inBubble(doubledNeverWritten)},
		{"BD13_writes_refuse_an_empty_id", inBubble(emptyIDNeverWritten)},
		{"BD16_unknown_is_never_reclaimed", inBubble(unknownNeverReclaimed)},
		{"BD25_meeting_ids", inBubble(meetingIDs)},
		{"BD29_memory_is_flat", memoryIsFlat},
	})
}

func answersOfAWrite(t *testing.T) {
	writes := map[string]func(c *zoom.Client) error{
		"PUT": func(c *zoom.Client) error { return c.Users.Deactivate(t.Context(), "u1") },
		"PATCH": func(c *zoom.Client) error {
			return c.Users.Update(t.Context(), "u1", &zoom.UserUpdate{Dept: new("Sales")})
		},
	}
	before := `{"id":"u1","email":"u1@example.com","type":2,"status":"active"}`
	after := `{"id":"u1","email":"u1@example.com","type":2,"status":"inactive","dept":"Sales"}`
	for method, write := range writes {
		for _, good := range []answer{{status: http.StatusNoContent}, ok(""), ok("{}"), ok(" {} ")} {
			tp := newTape(good)
			require.NoError(t, write(tp.client(t)))
			assert.Equal(t, []string{method}, methods(tp.requests()))
		}
		for _, odd := range []answer{
			{status: http.StatusCreated},
			{status: http.StatusAccepted},
			{status: http.StatusPartialContent, body: "{}"},
			{status: 299},
			ok("<html>" + secretBody), ok(`{"id":"u1"}`), ok("null"),
			{status: http.StatusNoContent, cut: true},
		} {
			tp := newTape(odd, ok(after))
			require.NoError(t, write(tp.client(t)), "status %d: the state was reached", odd.status)
			assert.Equal(t, []string{method, "GET"}, methods(tp.requests()))

			tp = newTape(odd, ok(before), odd, ok(before), odd, ok(before))
			err := write(tp.client(t))
			require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
			assertSilent(t, err)
			assert.Equal(t, []string{method, "GET", method, "GET", method, "GET"}, methods(tp.requests()), "at most three writes")
		}
		tp := newTape(ok(`{"code":1001,"message":"User does not exist: jane.canary@example.com."}`))
		err := write(tp.client(t))
		require.ErrorIs(t, err, zoom.ErrNotFound, "a refusal under 200")
		assert.Equal(t, 1001, asError(t, err).Code)
		assert.Len(t, tp.requests(), 1)
	}
}

func doubledNeverWritten(t *testing.T) {
	tp := newTape(ok(`{"id":"owner","id":"victim","email":"a@example.com","type":2,"status":"active"}`))
	result, err := tp.client(t).Users.Reclaim(t.Context(), "owner", zoom.ReclaimDeactivate, nil)
	require.ErrorIs(t, err, zoom.ErrBadResponse)
	assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
	assert.Equal(t, []string{"GET", "GET", "GET", "GET", "GET"}, methods(tp.requests()))
}

func emptyIDNeverWritten(t *testing.T) {
	tp := newTape(ok(usersOf(`{"email":"new@example.com","status":"pending"}`)))
	c := tp.client(t)
	users, err := c.Users.List(&zoom.ListUsersOptions{Status: zoom.StatusPending}).Collect(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, c.Users.Deactivate(t.Context(), users[0].ID), zoom.ErrInvalidArgument)
	require.ErrorIs(t, c.Users.Update(t.Context(), users[0].ID, &zoom.UserUpdate{Type: zoom.TypeBasic}), zoom.ErrInvalidArgument)
	_, err = c.Users.Reclaim(t.Context(), users[0].ID, zoom.ReclaimDeactivate, nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	assert.Len(t, tp.requests(), 1)
}

func unknownNeverReclaimed(t *testing.T) {
	for _, record := range []string{
		`{"id":"u1","type":2,"status":"dormant"}`, `{"id":"u1","type":7,"status":"active"}`,
		`{"id":"u1","type":"gold","status":"active"}`, `{"id":"u1","status":"active"}`, `{"id":"u1","type":2}`,
	} {
		tp := newTape(ok(record))
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrProtected, record)
		assert.Equal(t, zoom.OutcomeProtected, result.Outcome)
		assert.Equal(t, []string{"GET"}, methods(tp.requests()))
	}
}

func meetingIDs(t *testing.T) {
	tp := newTape(ok(`{"next_page_token":"","meetings":[{"id":85746065433,"uuid":"a=="},{"id":"99999999999","uuid":"b=="}]}`))
	meetings, err := tp.client(t).Meetings.List("u1", nil).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, meetings, 2)
	assert.Equal(t, int64(85746065433), meetings[0].ID)
	assert.Equal(t, int64(99999999999), meetings[1].ID)
	assert.Len(t, tp.requests(), 1)
}

// endlessUsers serves so many pages of a record and 4 kB of padding. A page that
// is held on to shows among ten thousand.
type endlessUsers struct{ pages, asked int }

func (e *endlessUsers) RoundTrip(req *http.Request) (*http.Response, error) {
	e.asked++
	next := ""
	if e.asked < e.pages {
		next = fmt.Sprintf("token-%d", e.asked)
	}
	body := `{"next_page_token":"` + next + `","pad":"` + padding + `","users":[` + userJSON(fmt.Sprintf("u%d", e.asked), "active") + `]}`
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: req,
	}, nil
}

var padding = strings.Repeat("x", 4_000)

func memoryIsFlat(t *testing.T) {
	const pages = 10_000
	server := &endlessUsers{pages: pages}
	c, err := zoom.NewClient(zoom.StaticToken("x"), zoom.WithHTTPClient(&http.Client{Transport: server}), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	var first, last runtime.MemStats
	users := 0
	for page, err := range c.Users.List(nil).Pages(t.Context()) {
		require.NoError(t, err)
		users += len(page.Items)
		switch users {
		case 10:
			runtime.GC()
			runtime.ReadMemStats(&first)
		case pages:
			runtime.GC()
			runtime.ReadMemStats(&last)
		}
	}
	assert.Equal(t, pages, users, "none lost, none doubled")
	assert.Equal(t, pages, server.asked)
	assert.LessOrEqual(t, last.HeapAlloc, first.HeapAlloc+5<<20)
}
