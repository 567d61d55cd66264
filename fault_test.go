package zoom_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// A fault is one row of the table of faults: its id and what must happen.
type fault struct {
	name string
	run  func(t *testing.T)
}

func runFaults(t *testing.T, faults []fault) {
	t.Helper()
	for _, f := range faults {
		t.Run(f.name, f.run)
	}
}

// inBubble runs the test on virtual time.
func inBubble(run func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, run) }
}

// What must stand in no error text.
const (
	secretToken    = "test-token" // of tape.client
	secretPage     = "canary-page-token"
	secretUser     = "jane.canary"
	secretEmail    = secretUser + "@example.com"
	secretPassword = "canary-proxy-password"
	secretBody     = "canary-body-text"
)

// assertSilent asserts that no print form of an error tells a secret.
func assertSilent(t *testing.T, err error) {
	t.Helper()
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		for _, secret := range []string{secretToken, secretPage, secretUser, secretPassword, secretBody} {
			assert.NotContains(t, text, secret)
		}
	}
}

// asError returns the *zoom.Error inside err, which must tell no secret.
func asError(t *testing.T, err error) *zoom.Error {
	t.Helper()
	var e *zoom.Error
	require.ErrorAs(t, err, &e)
	assertSilent(t, err)
	return e
}

// userJSON is one record in Zoom's form.
func userJSON(id, status string) string {
	return fmt.Sprintf(`{"id":%q,"email":%q,"type":2,"status":%q}`, id, id+"@example.com", status)
}

// activePage is a page of active users.
func activePage(next string, ids ...string) string {
	users := make([]string, len(ids))
	for i, id := range ids {
		users[i] = userJSON(id, "active")
	}
	return fmt.Sprintf(`{"page_size":300,"next_page_token":%q,"users":[%s]}`, next, strings.Join(users, ","))
}

func idsOf(users []*zoom.User) []string {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	return ids
}

// tooMany is a 429 with Zoom's words and headers.
func tooMany(message string, header map[string]string) answer {
	return answer{
		status: http.StatusTooManyRequests, header: header,
		body: fmt.Sprintf(`{"code":429,"message":%q}`, message),
	}
}

const (
	perSecond  = "You have reached the maximum per-second rate limit for this API. Try again later."
	perDay     = "You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."
	perUser    = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00."
	concurrent = "Too many concurrent requests. A request to disassociate this user has already been made."
)

// gaps are the times between requests.
func gaps(requests []asked) []time.Duration {
	var between []time.Duration
	for i := 1; i < len(requests); i++ {
		between = append(between, requests[i].at.Sub(requests[i-1].at))
	}
	return between
}

// busiest is the highest number of requests in any window of that length.
func busiest(requests []asked, window time.Duration) int {
	most, first := 0, 0
	for last := range requests {
		for requests[last].at.Sub(requests[first].at) >= window {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// collect gathers what a listing yields before its error.
func collect(t *testing.T, l *zoom.List[*zoom.User]) ([]string, error) {
	t.Helper()
	users, err := l.Collect(t.Context())
	return idsOf(users), err
}

// lines is a log that remembers its messages.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(p))
	return len(p), nil
}

// count returns how many lines hold the text.
func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.text {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
