package zoomtest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func TestClientIsReady(t *testing.T) {
	s := company(120)
	users, err := s.Client().Users.Roster(nil).Collect(t.Context())
	require.NoError(t, err)
	got := make([]zoom.User, len(users))
	for i, u := range users {
		got[i] = *u
		if u.Status == zoom.StatusPending {
			got[i].CreatedAt = nil
		}
	}
	assert.Equal(t, s.Roster(), got)
}

func TestClientTakesEveryOption(t *testing.T) {
	s := numbered(1)
	for name, opts := range map[string][]zoom.Option{
		"plan":      {zoom.WithPlan(zoom.PlanFree)},
		"limiter":   {zoom.WithLimiter(zoom.NewLocalLimiter(zoom.PlanPro))},
		"both":      {zoom.WithPlan(zoom.PlanFree), zoom.WithLimiter(zoom.Unlimited())},
		"transport": {zoom.WithHTTPClient(&http.Client{Transport: s.RoundTripper()})},
	} {
		_, err := s.Client(opts...).Users.Get(t.Context(), "u0@example.com")
		assert.NoError(t, err, name)
	}
	assert.Panics(t, func() { s.Client(zoom.WithBaseURL("ftp://x")) })
}

func TestClientKeepsToThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zoomtest.NewServer(zoomtest.WithPlan(zoom.PlanFree))
		s.AddUser(zoom.User{Email: "a@example.com"})
		client, start := s.Client(), time.Now()
		for range 9 {
			_, err := client.Users.Get(t.Context(), "a@example.com")
			require.NoError(t, err)
		}
		assert.Greater(t, time.Since(start), 2*time.Second)
		for _, r := range s.Requests() {
			assert.Equal(t, http.StatusOK, r.Status, r.Route)
		}
	})
}

func TestClientOverTheNetwork(t *testing.T) {
	s := numbered(2)
	defer s.Close()
	src := zoom.ServerToServer(s.AccountID(), s.ClientID(), s.ClientSecret())
	src.TokenURL = s.TokenURL()
	client, err := zoom.NewClient(src, zoom.WithBaseURL(s.URL()))
	require.NoError(t, err)
	defer client.Close()
	users, err := client.Users.List(nil).Collect(t.Context())
	require.NoError(t, err)
	assert.Len(t, users, 2)
}
