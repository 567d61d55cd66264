package zoom

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/paging"
)

// silence is a wire on which nothing may be sent.
type silence struct{ requests int }

func (s *silence) RoundTrip(*http.Request) (*http.Response, error) {
	s.requests++
	return nil, errors.New("sent")
}

func silentClient(tb testing.TB) (*Client, *silence) {
	tb.Helper()
	wire := &silence{}
	c, err := NewClient(StaticToken("token"), WithHTTPClient(&http.Client{Transport: wire}), WithLimiter(Unlimited()), WithRetry(RetryPolicy{MaxAttempts: 1}))
	require.NoError(tb, err)
	return c, wire
}

// TestFaultPG26ForeignTokens: a token that another listing gave out, or that nobody did, is
// refused before anything is sent.
func TestFaultPG26ForeignTokens(t *testing.T) {
	c, wire := silentClient(t)
	from, to := time.Now().AddDate(0, -2, 0), time.Now().AddDate(0, 0, -1)
	hosts := c.Reports.Hosts(&HostsOptions{From: from, To: to})
	lists := map[string]any{
		"roster":          c.Users.Roster(nil),
		"smaller pages":   c.Users.Roster(&RosterOptions{PageSize: 10}),
		"other statuses":  c.Users.Roster(&RosterOptions{Statuses: []UserStatus{StatusActive, StatusPending, StatusInactive}}),
		"hosts":           hosts,
		"hosts of others": c.Reports.Hosts(&HostsOptions{From: from, To: to, GroupID: "g"}),
		"another window":  c.Reports.Hosts(&HostsOptions{From: from.AddDate(0, 0, 1), To: to}),
		"inactive hosts":  c.Reports.Hosts(&HostsOptions{Type: HostsInactive, From: to.AddDate(0, 0, -7), To: to}),
		"meetings of u1":  c.Reports.UserMeetings("u1", &UserMeetingsOptions{From: from, To: to}),
		"meetings of u2":  c.Reports.UserMeetings("u2", &UserMeetingsOptions{From: from, To: to}),
		"sign-ins":        c.Reports.SignIns(&SignInsOptions{From: from, To: to}),
		"plain users":     c.Users.List(nil),
		"participants":    c.Reports.Participants("1", nil),
	}
	mark := func(l any) string { return tokensOf(t, l).Mark }
	text := func(l any) string { return tokensOf(t, l).Text(paging.Place{Token: "t"}) }
	for name, l := range lists {
		own := "z1.0.0.0." + mark(l)
		foreign := []string{
			"z1.", "z1....", "z1.0.0.0..", "z1.0.0.0.t", "z1.1.1.1." + mark(l), "z1.-1.0.0." + mark(l) + ".t",
			"z1.99.0.0." + mark(l) + ".t", "z1.0.-2.0." + mark(l) + ".t", "z1.0.0.-2." + mark(l) + ".t", "z1.0.-1.0." + mark(l) + ".t",
			"z1.x.0.0." + mark(l) + ".t", "z1.0.x.0." + mark(l) + ".t", "z1.0.0.x." + mark(l) + ".t",
			own + "0.t", "z1.99999999999999999999.0.0." + mark(l) + ".t", "z1. 0.0.0." + mark(l) + ".t",
		}
		if tokensOf(t, l).Joined { // any other text may be Zoom's own
			foreign = append(foreign, "t", "8V8HigQkzm2O5r9RUn31D9ZyJHgrmFfbLa2", "...", "0.0..", "Z1.0.0.0."+mark(l)+".t", " "+own+".t")
			for part := range 40 { // one of them is just behind the last
				foreign = append(foreign, fmt.Sprintf("z1.%d.0.0.%s.t", part+tokensOf(t, l).Parts, mark(l)))
			}
		}
		for other, o := range lists {
			if other != name && tokensOf(t, o).Joined {
				foreign = append(foreign, text(o))
			}
		}
		for _, token := range foreign {
			for _, err := range use(t, l, token) {
				require.ErrorIs(t, err, ErrInvalidArgument, "%s, %q", name, token)
				var page *PageError
				require.ErrorAs(t, err, &page)
				assert.Zero(t, page.Yielded)
			}
		}
	}
	assert.Zero(t, wire.requests)
	for name, l := range lists {
		before := wire.requests
		for _, err := range use(t, l, text(l)) {
			require.ErrorIs(t, err, ErrUnreachable, name)
		}
		assert.Greater(t, wire.requests, before, "its own token is sent")
	}
}

func tokensOf(t *testing.T, list any) paging.Tokens {
	t.Helper()
	switch l := list.(type) {
	case *List[*User]:
		return tokensToday(t, l)
	case *List[*Host]:
		return tokensToday(t, l)
	case *List[*ReportMeeting]:
		return tokensToday(t, l)
	case *List[*SignIn]:
		return tokensToday(t, l)
	case *List[*Participant]:
		return tokensToday(t, l)
	}
	t.Fatal("unknown list")
	return paging.Tokens{}
}

func tokensToday[T any](t *testing.T, l *List[T]) paging.Tokens {
	t.Helper()
	spec, _, err := l.open(t.Context(), "")
	require.NoError(t, err)
	return spec.tokens
}

// use lists from a token in each way and returns the errors.
func use(t *testing.T, list any, token string) []error {
	t.Helper()
	switch l := list.(type) {
	case *List[*User]:
		return useList(t, l, token)
	case *List[*Host]:
		return useList(t, l, token)
	case *List[*ReportMeeting]:
		return useList(t, l, token)
	case *List[*SignIn]:
		return useList(t, l, token)
	case *List[*Participant]:
		return useList(t, l, token)
	}
	t.Fatal("unknown list")
	return nil
}

func useList[T any](t *testing.T, l *List[T], token string) []error {
	t.Helper()
	_, collected := l.Resume(token).Prefetch().Collect(t.Context())
	_, page := l.Page(t.Context(), token)
	return []error{collected, page}
}
