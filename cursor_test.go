package zoom

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestCursorRoundTrip(t *testing.T) {
	c, _ := silentClient(t)
	roster := c.Users.Roster(nil)
	for _, at := range []cursor{
		{},
		{token: "t"},
		{part: 1},
		{part: 2, token: "a.b.c"},
		{part: 1, rows: 300, token: "."},
		{part: 2, rows: 1, token: " +/=%\x00é"},
		{rows: 7, token: "1.2.x.y"},
		{part: 2, rows: 1 << 40, token: strings.Repeat("t", 5000)},
	} {
		token := roster.encode(at)
		assert.Equal(t, at == cursor{}, token == "")
		got, err := roster.cursor(token)
		require.NoError(t, err)
		assert.Equal(t, at, got)
	}
	plain := c.Users.List(nil)
	for _, token := range []string{"", "t", "0.0.x.t", roster.encode(cursor{part: 1})} {
		at, err := plain.cursor(token)
		require.NoError(t, err)
		assert.Equal(t, cursor{token: token}, at, "the token of a listing in one part is Zoom's own")
		assert.Equal(t, token, plain.encode(at))
	}
}

func TestCursorAfterAPage(t *testing.T) {
	c, _ := silentClient(t)
	l := c.Users.Roster(nil)
	for _, step := range []struct {
		at   cursor
		next string
		want cursor
		last bool
	}{
		{cursor{rows: 3}, "t", cursor{rows: 3, token: "t"}, false},
		{cursor{rows: 3, token: "t"}, "", cursor{part: 1}, false},
		{cursor{part: 1, rows: 9, token: "t"}, "u", cursor{part: 1, rows: 9, token: "u"}, false},
		{cursor{part: 2, rows: 9, token: "t"}, "", cursor{}, true},
	} {
		token := l.after(step.at, step.next)
		assert.Equal(t, step.last, token == "")
		got, err := l.cursor(token)
		require.NoError(t, err)
		assert.Equal(t, step.want, got)
	}
}

// TestForeignTokens: a token that another listing gave out, or that nobody did, is
// refused before anything is sent.
func TestForeignTokens(t *testing.T) {
	c, wire := silentClient(t)
	from, to := time.Now().AddDate(0, -2, 0), time.Now().AddDate(0, 0, -1)
	hosts := dated(t, c.Reports.Hosts(&HostsOptions{From: from, To: to}))
	lists := map[string]interface {
		mark(int) string
		encode(cursor) string
	}{
		"roster":          c.Users.Roster(nil),
		"smaller pages":   c.Users.Roster(&RosterOptions{PageSize: 10}),
		"other statuses":  c.Users.Roster(&RosterOptions{Statuses: []UserStatus{StatusActive, StatusPending, StatusInactive}}),
		"hosts":           hosts,
		"hosts of others": dated(t, c.Reports.Hosts(&HostsOptions{From: from, To: to, GroupID: "g"})),
		"another window":  dated(t, c.Reports.Hosts(&HostsOptions{From: from.AddDate(0, 0, 1), To: to})),
		"inactive hosts":  dated(t, c.Reports.Hosts(&HostsOptions{Type: HostsInactive, From: to.AddDate(0, 0, -7), To: to})),
		"meetings of u1":  dated(t, c.Reports.UserMeetings("u1", &UserMeetingsOptions{From: from, To: to})),
		"meetings of u2":  dated(t, c.Reports.UserMeetings("u2", &UserMeetingsOptions{From: from, To: to})),
		"sign-ins":        dated(t, c.Reports.SignIns(&SignInsOptions{From: from, To: to})),
	}
	for name, l := range lists {
		foreign := []string{
			"t", "8V8HigQkzm2O5r9RUn31D9ZyJHgrmFfbLa2", "...", "0.0..", "0.0.t", "1.1." + l.mark(0), "-1.0." + l.mark(0) + ".t",
			"9.0." + l.mark(0) + ".t", "0.-1." + l.mark(0) + ".t", "x.0." + l.mark(0) + ".t", "0.x." + l.mark(0) + ".t",
			"0.0." + l.mark(0) + "0.t", "99999999999999999999.0." + l.mark(0) + ".t", " 0.0." + l.mark(0) + ".t",
		}
		for part := range 40 { // one of them is just behind the last
			foreign = append(foreign, fmt.Sprintf("%d.0.%s.t", part+1, l.mark(0)))
		}
		for other, o := range lists {
			if other != name {
				foreign = append(foreign, o.encode(cursor{token: "t"}))
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
		for _, err := range use(t, l, l.encode(cursor{token: "t"})) {
			require.ErrorIs(t, err, ErrUnreachable, name)
		}
		assert.Greater(t, wire.requests, before, "its own token is sent")
	}
}

// dated returns a list with the parts of today.
func dated[T any](t *testing.T, l *List[T]) *List[T] {
	t.Helper()
	d, _, err := l.begin("")
	require.NoError(t, err)
	return d
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
	}
	t.Fatal("unknown list")
	return nil
}

func useList[T any](t *testing.T, l *List[T], token string) []error {
	t.Helper()
	_, collected := l.From(token).Prefetch().Collect(t.Context())
	_, page := l.Page(t.Context(), token)
	return []error{collected, page}
}

// FuzzCursor: a token is either refused or stands for one place, which has one
// canonical token.
func FuzzCursor(f *testing.F) {
	c, _ := silentClient(f)
	roster := c.Users.Roster(nil)
	for _, at := range []cursor{{}, {token: "t"}, {part: 2, rows: 7, token: "a.b"}, {part: 1}} {
		f.Add(roster.encode(at), at.part, at.rows, at.token)
	}
	f.Add("0.00.x.t", -1, -1, "..")
	f.Add("+1.0."+roster.mark(1)+".t", 3, 1<<62, "\xff")
	f.Fuzz(func(t *testing.T, token string, part, rows int, zoomToken string) {
		if at, err := roster.cursor(token); err != nil {
			require.ErrorIs(t, err, ErrInvalidArgument)
		} else {
			require.True(t, at.part >= 0 && at.part < 3 && at.rows >= 0)
			again, err := roster.cursor(roster.encode(at))
			require.NoError(t, err)
			require.Equal(t, at, again)
		}
		if part < 0 || part > 2 || rows < 0 {
			return
		}
		at := cursor{part: part, rows: rows, token: zoomToken}
		got, err := roster.cursor(roster.encode(at))
		require.NoError(t, err)
		require.Equal(t, at, got)
	})
}
