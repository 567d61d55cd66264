package zoom_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

const (
	u1Licensed = `{"id":"u1","email":"u1@example.com","type":2,"status":"active","role_id":"2"}`
	victim     = `{"id":"u9","email":"v@example.com","type":2,"status":"%s","role_id":"2"}`
)

// An answer about another person leads to no write and proves none.
func TestReclaimAnswerAboutAnotherUser(t *testing.T) {
	written := answer{status: http.StatusNoContent}
	other := func(status string) answer { return ok(fmt.Sprintf(victim, status)) }
	t.Run("before", func(t *testing.T) {
		tp := idleTape(other("active"), written, other("inactive"))
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrBadResponse)
		assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
		assert.Len(t, tp.requests(), 1)
	})
	t.Run("read back", func(t *testing.T) {
		tp := idleTape(ok(u1Licensed), written, other("inactive"))
		result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
	})
	t.Run("after a lost answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tp := idleTape(ok(u1Licensed), answer{err: errors.New("reset")}, other("inactive"))
			_, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
			require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
		})
	})
}

// A last page that takes back what the first one counted is not believed.
func TestRosterTotalTakenBack(t *testing.T) {
	row := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"email":"%[1]s@example.com","type":2,"status":"active"}`, id)
	}
	first := ok(`{"users":[` + row("a") + `,` + row("b") + `],"next_page_token":"n","total_records":600}`)
	for name, last := range map[string]string{
		"no list":    `{"total_records":0}`,
		"empty list": `{"users":[],"next_page_token":"","total_records":0}`,
		"no total":   `{"users":[],"next_page_token":""}`,
		"empty text": `{"total_records":""}`,
	} {
		for _, relist := range [][]answer{{ok(last)}, {ok(last), first, ok(last)}} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tp := newTape(append([]answer{first}, relist...)...)
					active := &zoom.RosterOptions{Statuses: []zoom.UserStatus{zoom.StatusActive}}
					users, err := tp.client(t).Users.Roster(active).Collect(t.Context())
					require.Error(t, err)
					assert.Len(t, users, 2)
				})
			})
		}
	}
}

// Callers that wait for a token wait in front of the limiter, not behind it.
func TestSlowTokenKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape(ok(u1Licensed))
		c, err := zoom.NewClient(sourceFunc(func(context.Context) (*oauth2.Token, error) {
			time.Sleep(3 * time.Second) // of the bubble
			return &oauth2.Token{AccessToken: "t"}, nil
		}), zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithPlan(zoom.PlanPro))
		require.NoError(t, err)
		for range 100 {
			go func() { _, _ = c.Users.Get(t.Context(), "u1") }()
		}
		time.Sleep(time.Minute)
		requests := tp.requests()
		require.Len(t, requests, 100)
		for i := 30; i < len(requests); i++ {
			require.Greater(t, requests[i].at.Sub(requests[i-30].at), time.Second, "31 requests in a second")
		}
	})
}

// What a former attempt brought does not show in the result of the next one.
func TestDoWritesOutOnce(t *testing.T) {
	type person struct {
		Email string `json:"email"`
		ID    string `json:"id"`
		PMI   int    `json:"pmi"`
	}
	synctest.Test(t, func(t *testing.T) {
		tp := newTape(ok(`{"id":"a","email":"a@example.com","pmi":{}}`), ok(`{"id":"b"}`))
		var p person
		require.NoError(t, tp.client(t).Do(t.Context(), &zoom.Request{Path: "/users/me"}, &p))
		assert.Equal(t, person{ID: "b"}, p)
	})
}

func TestDoRefusesWhatItCannotWriteTo(t *testing.T) {
	var none *struct{}
	for name, out := range map[string]any{"a value": struct{}{}, "a map": map[string]any{}, "nil pointer": none} {
		t.Run(name, func(t *testing.T) {
			tp := newTape(ok(`{}`))
			err := tp.client(t).Do(t.Context(), &zoom.Request{Method: http.MethodPost, Path: "/users"}, out)
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			assert.Empty(t, tp.requests())
		})
	}
}

func TestNilContextLeavesNoLock(t *testing.T) {
	src := zoom.ServerToServer("account", "client", "secret")
	for range 2 {
		_, err := src.Token(nil) //nolint:staticcheck // the fault
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	}
	require.ErrorIs(t, zoom.Unlimited().Wait(nil, zoom.ClassLight), zoom.ErrInvalidArgument)                   //nolint:staticcheck // the fault
	require.ErrorIs(t, zoom.NewLocalLimiter(zoom.PlanPro).Wait(nil, zoom.ClassLight), zoom.ErrInvalidArgument) //nolint:staticcheck // the fault
}

// A hook that ends its goroutine, as a failed require does, ends the listing.
func TestGoexitWhileFetchingAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape(ok(`{"users":[`+u1Licensed+`],"next_page_token":"n"}`), ok(`{"users":[]}`))
		starts := 0
		c := tp.client(t, zoom.WithTrace(&zoom.Trace{Start: func(ctx context.Context, _ zoom.CallInfo) context.Context {
			if starts++; starts == 2 {
				runtime.Goexit()
			}
			return ctx
		}}))
		users, err := c.Users.List(nil).Prefetch().Collect(t.Context())
		require.Error(t, err)
		assert.Len(t, users, 1)
	})
}
