package zoom_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// everybody is a fake with three users of each status, listed two a page:
// p1…p3 pending, a1…a3 active, i1…i3 inactive.
func everybody() *zoomtest.Server {
	srv := zoomtest.NewServer()
	for i := range 3 {
		for _, status := range []zoom.UserStatus{zoom.StatusInactive, zoom.StatusActive, zoom.StatusPending} {
			srv.AddUser(zoom.User{Email: fmt.Sprintf("%c%d@example.com", status[0], i+1), Status: status})
		}
	}
	return srv
}

func inTwos(c *zoom.Client) lister {
	return named[*zoom.User]{c.Users.Roster(&zoom.RosterOptions{PageSize: 2}), userName}
}

func askedStatuses(srv *zoomtest.Server) (statuses []string) {
	for _, r := range srv.Requests() {
		if r.Route == "/users" {
			statuses = append(statuses, r.Query.Get("status"))
		}
	}
	return statuses
}

func TestRosterOrder(t *testing.T) {
	srv := everybody()
	names, err := inTwos(srv.Client()).Collect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"p1", "p2", "p3", "a1", "a2", "a3", "i1", "i2", "i3"}, names)
	assert.Equal(t, []string{"pending", "active", "inactive"}, slices.Compact(askedStatuses(srv)), "one status after the other")
}

func TestRosterOptions(t *testing.T) {
	srv := everybody()
	c := srv.Client()
	statuses := []zoom.UserStatus{zoom.StatusInactive, zoom.StatusPending}
	opts := &zoom.RosterOptions{Statuses: statuses}
	roster := c.Users.Roster(opts)
	statuses[0], opts.Statuses = zoom.StatusActive, nil // too late
	names, err := named[*zoom.User]{roster, userName}.Collect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"i1", "i2", "i3", "p1", "p2", "p3"}, names)

	srv.ResetRequests()
	for name, opts := range map[string]zoom.RosterOptions{
		"no status":       {Statuses: []zoom.UserStatus{}},
		"twice":           {Statuses: []zoom.UserStatus{zoom.StatusActive, zoom.StatusPending, zoom.StatusActive}},
		"empty status":    {Statuses: []zoom.UserStatus{""}},
		"unknown status":  {Statuses: []zoom.UserStatus{"suspended"}},
		"page size":       {PageSize: 2001},
		"below page size": {PageSize: -1},
	} {
		_, err := c.Users.Roster(&opts).Collect(t.Context())
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	assert.Empty(t, srv.Requests())
}

// TestRosterOfMovingUsers moves users while the roster is being listed: the first
// page of each status, and its last one.
func TestRosterOfMovingUsers(t *testing.T) {
	whole := []string{"p1", "p2", "p3", "a1", "a2", "a3", "i1", "i2", "i3"}
	for name, c := range map[string]struct {
		status string
		last   bool
		change func(srv *zoomtest.Server)
		names  []string
	}{
		"PG23 an invitation is accepted": {"pending", true, func(srv *zoomtest.Server) {
			srv.SetStatus("p2@example.com", zoom.StatusActive)
		}, append(whole[:9:9], "p2")},
		"PG23 an invitation is accepted in another case of letters": {"pending", true, func(srv *zoomtest.Server) {
			srv.UpdateUser("p2@example.com", func(u *zoom.User) { u.Email, u.Status = "P2@example.com", zoom.StatusActive })
		}, append(whole[:9:9], "P2")},
		"PG23 an invitation is accepted and the user deactivated": {"pending", true, func(srv *zoomtest.Server) {
			srv.SetStatus("p1@example.com", zoom.StatusActive)
			srv.SetStatus("p1@example.com", zoom.StatusInactive)
		}, append(whole[:9:9], "p1")},
		"a user is deactivated": {"active", true, func(srv *zoomtest.Server) {
			srv.SetStatus("a1@example.com", zoom.StatusInactive)
		}, whole},
		"a user is deactivated before being listed": {"active", false, func(srv *zoomtest.Server) {
			srv.SetStatus("a3@example.com", zoom.StatusInactive)
		}, whole},
		"somebody is invited": {"pending", true, func(srv *zoomtest.Server) {
			srv.AddUser(zoom.User{Email: "p4@example.com", Status: zoom.StatusPending})
		}, append(whole[:9:9], "p4")},
		"somebody comes": {"active", true, func(srv *zoomtest.Server) {
			srv.AddUser(zoom.User{Email: "i4@example.com", Status: zoom.StatusInactive})
		}, append(whole[:9:9], "i4")},
		"PG19 somebody leaves who was listed": {"active", false, func(srv *zoomtest.Server) {
			srv.RemoveUser("a1@example.com")
		}, whole},
	} {
		t.Run(name, func(t *testing.T) {
			srv := everybody()
			done := false
			srv.OnPage(func(p *zoomtest.Page) {
				if !done && p.Query.Get("status") == c.status && (p.Next == "") == c.last {
					done = true
					c.change(srv)
				}
			})
			names, err := gather(t, inTwos(srv.Client()))
			require.NoError(t, err)
			assert.ElementsMatch(t, c.names, names)
		})
	}
}

func rowJSON(id, email, status string) string {
	return fmt.Sprintf(`{"id":%q,"email":%q,"type":1,"status":%q}`, id, email, status)
}

func rosterPage(next string, total int, users ...string) answer {
	return ok(fmt.Sprintf(`{"next_page_token":%q,"total_records":%d,"users":[%s]}`, next, total, strings.Join(users, ",")))
}

// TestRosterTellsUsersApart: by exact id, and by address where there is no id.
func TestRosterTellsUsersApart(t *testing.T) {
	tp := newTape(
		rosterPage("", 4, `{"email":"New@Example.com","status":"pending"}`, `{"email":"other@example.com","status":"pending"}`,
			`{"email":"new@example.com","status":"pending"}`, rowJSON("pending-with-id", "p@example.com", "pending")),
		rosterPage("", 9, rowJSON("KDcuGIm1QgePTO8WbOqwIQ", "a@example.com", "active"), rowJSON("KDCUGIm1QgePTO8WbOqwIQ", "b@example.com", "active"),
			rowJSON("KDcuGIm1QgePTO8WbOqwIR", "c@example.com", "active"), rowJSON("KDcuGIm1QgePTO8WbOqwI", "d@example.com", "active"),
			rowJSON("KDcuGIm1QgePTO8WbOqwIQ", "a@example.com", "active"), rowJSON("12345", "NEW@example.com", "active"),
			rowJSON("54321", "new@example.com", "active"), rowJSON("pending-with-id", "p@example.com", "active"),
			rowJSON("x1", "", "active"), rowJSON("x2", "", "active")),
		rosterPage("", 1, rowJSON("12345", "changed@example.com", "inactive")),
	)
	roster := tp.client(t).Users.Roster(nil)
	users, err := roster.Collect(t.Context())
	require.NoError(t, err)
	var got []string
	for _, u := range users {
		got = append(got, u.ID+" "+u.Email)
	}
	assert.Equal(t, []string{
		" New@Example.com", " other@example.com", "pending-with-id p@example.com",
		"KDcuGIm1QgePTO8WbOqwIQ a@example.com", "KDCUGIm1QgePTO8WbOqwIQ b@example.com",
		"KDcuGIm1QgePTO8WbOqwIR c@example.com", "KDcuGIm1QgePTO8WbOqwI d@example.com",
		"12345 NEW@example.com", "54321 new@example.com", "x1 ", "x2 ",
	}, got, "an address without an id hides nobody with one")
	assert.Len(t, tp.requests(), 3)
}

// TestRosterIncompletePart: a status that stays short ends the roster.
func TestRosterIncompletePart(t *testing.T) {
	srv := everybody()
	srv.OnPage(func(p *zoomtest.Page) {
		if p.Query.Get("status") == "active" && p.First {
			p.Items = p.Items[1:]
		}
	})
	for _, countOnly := range []bool{false, true} {
		list := srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: 2, CountOnly: countOnly})
		names, err := gather(t, named[*zoom.User]{list, userName})
		assert.Equal(t, []string{"p1", "p2", "p3", "a2", "a3"}, names)
		pageError(t, err, zoom.ErrListIncomplete, 5)
	}
}

// TestRosterResumed: what came before a resume is not known, so that a resumed
// roster is not proven. One that counts alone has its count in the token.
func TestRosterResumed(t *testing.T) {
	srv := everybody()
	list := inTwos(srv.Client())
	first, err := list.Page(t.Context(), "")
	require.NoError(t, err)
	rest, err := gather(t, list.Resume(first.NextPageToken))
	pageError(t, err, zoom.ErrListIncomplete, 7)
	assert.Equal(t, []string{"p3", "a1", "a2", "a3", "i1", "i2", "i3"}, rest)

	counting := named[*zoom.User]{srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: 2, CountOnly: true}), userName}
	rest, err = gather(t, counting.Resume(first.NextPageToken))
	require.NoError(t, err)
	assert.Equal(t, []string{"p3", "a1", "a2", "a3", "i1", "i2", "i3"}, rest)

	srv.ResetRequests()
	onTurn(srv, func(turn int, p *zoomtest.Page) {
		if turn == 1 {
			p.Items = nil
		}
	})
	rest, err = gather(t, counting.Resume(first.NextPageToken))
	require.NoError(t, err)
	assert.Equal(t, []string{"p1", "p2", "p3", "a1", "a2", "a3", "i1", "i2", "i3"}, rest, "listed again, of which the first two are known to the caller")
	assert.Equal(t, 1+6, listRequests(srv))
}

// TestRosterPageTokens: only the last page has no token, also where a status is
// listed again, so that whoever stores the token of each page never takes an
// unfinished roster for a finished one.
func TestRosterPageTokens(t *testing.T) {
	for _, countOnly := range []bool{false, true} {
		for _, status := range rosterParts {
			srv := everybody()
			lost := false
			srv.OnPage(func(p *zoomtest.Page) {
				if !lost && p.Query.Get("status") == status && p.First {
					lost, p.Items = true, nil
				}
			})
			got := map[string]int{}
			var tokens []string
			list := named[*zoom.User]{srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: 2, CountOnly: countOnly}), userName}
			for page, err := range list.Pages(t.Context()) {
				require.NoError(t, err)
				for _, name := range page.Items {
					got[name]++
				}
				tokens = append(tokens, page.NextPageToken)
			}
			assert.Len(t, got, 9)
			assert.Equal(t, len(tokens)-1, slices.Index(tokens, ""), status)
		}
		tp := newTape(usersPage("", 301, "u01")) // and where a page is missing
		active := &zoom.RosterOptions{CountOnly: countOnly, Statuses: []zoom.UserStatus{zoom.StatusActive}}
		for page, err := range tp.client(t).Users.Roster(active).Pages(t.Context()) {
			assert.True(t, err != nil || page.NextPageToken != "")
		}
	}
}

// TestEmptyPartsAreNotEmptyPages: the end of a month without sign-ins is no page
// of a listing without end.
func TestEmptyPartsAreNotEmptyPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape(answer{do: func(req *http.Request) answer {
			from, token := req.URL.Query().Get("from"), req.URL.Query().Get("next_page_token")
			switch {
			case token == "":
				return ok(`{"next_page_token":"t1","activity_logs":[]}`)
			case token == "t1" && from == "1999-12-30":
				return ok(`{"next_page_token":"t2","activity_logs":[]}`)
			case token == "t1":
				return ok(`{"next_page_token":"","activity_logs":[]}`)
			case token == "t2":
				return ok(`{"next_page_token":"t3","activity_logs":[]}`)
			case token == "t3":
				return ok(`{"next_page_token":"t4","activity_logs":[]}`)
			default:
				return ok(`{"next_page_token":"","activity_logs":[{"email":"late@example.com"}]}`)
			}
		}})
		rows, err := tp.client(t).Reports.SignIns(&zoom.SignInsOptions{From: autumn, To: yearEnd}).Collect(t.Context())
		require.NoError(t, err)
		assert.Len(t, rows, 1)
		assert.Len(t, tp.requests(), 3*2+5)
	})
}
