package transport

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/redact"
)

// A failure keeps the latest answer of the call, though its last attempt had none.
func TestFailureKeepsTheLatestAnswer(t *testing.T) {
	for _, tc := range []struct {
		name   string
		steps  []step
		kind   Kind
		status int // 0: no answer at all
	}{
		{"none", []step{fails(errors.New("broken"))}, KindUnreachable, 0},
		{"one before", []step{answers(503, "", "X-RateLimit-Limit", "7"), fails(errors.New("broken"))}, KindUnreachable, 503},
		{"one long before", []step{answers(503, "", "X-RateLimit-Limit", "7"), silent, fails(errors.New("broken"))}, KindUnreachable, 503},
		{"two", []step{answers(503, ""), answers(404, "", "X-RateLimit-Limit", "7")}, KindStatus, 404},
		{"one after none", []step{fails(errors.New("broken")), answers(404, "", "X-RateLimit-Limit", "7")}, KindStatus, 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, _, err := newTestRoad(&script{steps: tc.steps}).Do(t.Context(), get())
				f := failureOf(t, err)
				assert.Equal(t, tc.kind, f.Kind)
				if tc.status == 0 {
					assert.Nil(t, f.Answer)
					assert.Equal(t, pace.Rate{}, f.Rate, "who did not answer said nothing")
					return
				}
				assert.Equal(t, tc.status, f.Answer.Status)
				assert.Equal(t, tc.status, f.Rate.Status)
				assert.Equal(t, 7, f.Rate.Limit)
			})
		})
	}
}

// What was sent is hidden in whatever is said of the call: path values, tokens,
// credentials, and what a query, a form or a JSON body tells beyond Zoom's words.
func TestHiddenIsAllThatWasSent(t *testing.T) {
	pair := "client:S3cr3t/Canary"
	basic := base64.StdEncoding.EncodeToString([]byte(pair))
	for _, tc := range []struct {
		name   string
		change func(*Call)
		want   []string
	}{
		{"nothing", func(*Call) {}, nil},
		{"path values", func(c *Call) { c.Values = []string{"jane", "KDcu/GIm1"} }, []string{"jane", "KDcu/GIm1"}},
		{"query", func(c *Call) { c.URL.RawQuery = "status=active&page_size=300&next_page_token=Tok3nCanary" }, []string{"Tok3nCanary"}},
		{"basic credentials", func(c *Call) { c.Header.Set("Authorization", "Basic "+basic) }, []string{basic, pair}},
		{"other credentials", func(c *Call) { c.Header.Set("Authorization", "Bearer not*base64") }, []string{"not*base64"}},
		{"a header of one word", func(c *Call) { c.Header.Set("Authorization", "odd") }, nil},
		{"JSON", func(c *Call) { c.Body = []byte(`{"action":"active","email":"jane@canary.example"}`) }, []string{"jane@canary.example"}},
		{"form", func(c *Call) {
			c.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			c.Body = []byte("grant_type=account_credentials&account_id=Acc0untCanary")
		}, []string{"Acc0untCanary"}},
		{"form that is none", func(c *Call) { c.Body = []byte("grant_type=account_credentials&account_id=Acc0untCanary") }, nil},
		{"all", func(c *Call) {
			c.Values, c.URL.RawQuery, c.Body = []string{"jane"}, "q=Qu3ryCanary", []byte(`"B0dyCanary"`)
			c.Header.Set("Authorization", "Basic "+basic)
		}, []string{"jane", basic, pair, "Qu3ryCanary", "B0dyCanary"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				call := get()
				tc.change(call)
				_, _, err := newTestRoad(&script{steps: []step{answers(404, "")}}).Do(t.Context(), call)
				assert.Equal(t, tc.want, failureOf(t, err).Hidden)
			})
		})
	}
}

func TestHiddenAreTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &tokens{list: []string{"first", "second", "third"}}
		_, _, err := newTestRoad(&script{steps: []step{answers(401, "")}}, func(c *Config) { c.Tokens = source }).Do(t.Context(), get())
		assert.ElementsMatch(t, []string{"first", "second"}, failureOf(t, err).Hidden)

		source = &tokens{list: []string{"first"}}
		_, _, err = newTestRoad(&script{steps: []step{answers(404, "")}}, func(c *Config) { c.Tokens = source }).Do(t.Context(), get())
		assert.Equal(t, []string{"first"}, failureOf(t, err).Hidden)
	})
}

// The message of a 429 goes to limiters, which may write it down.
func TestMessageOfA429RepeatsNothingThatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := get()
		call.Values = []string{"janecanary"}
		_, _, err := newTestRoad(&script{steps: []step{answers(429, `{"message":"User janecanary has exceeded the daily rate limit."}`)}}).Do(t.Context(), call)
		f := failureOf(t, err)
		assert.Equal(t, "User "+redact.Mark+" has exceeded the daily rate limit.", f.Rate.Message)
		assert.True(t, f.Rate.Daily())
	})
}

// The tracking id is told with the attempt, as far as it is one.
func TestTrackingIDIsTold(t *testing.T) {
	for _, tc := range []struct {
		name  string
		pairs []string
		want  string
	}{
		{"an id", []string{"X-Zm-Trackingid", "v=2.0;clid=us06;rid=WEB_1"}, "v=2.0;clid=us06;rid=WEB_1"},
		{"none", nil, ""},
		{"what was sent", []string{"X-Zm-Trackingid", "rid=janecanary"}, redact.Mark},
		{"a text", []string{"X-Zm-Trackingid", strings.Repeat("x", 129)}, redact.Mark},
	} {
		for _, status := range []int{http.StatusOK, http.StatusNotFound} {
			t.Run(tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					call := get()
					call.Values = []string{"janecanary"}
					var told []string
					_, _, err := newTestRoad(&script{steps: []step{answers(status, "{}", tc.pairs...)}}, func(c *Config) {
						c.Events.Attempted = func(_ context.Context, _ *Call, _ int, a *Answer, _ error, _ time.Duration) {
							told = append(told, a.TrackingID)
						}
					}).Do(t.Context(), call)
					require.Equal(t, status == http.StatusOK, err == nil)
					assert.Equal(t, []string{tc.want}, told)
				})
			})
		}
	}
}
