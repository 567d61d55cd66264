package zoom_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// TestFaultPaging injects the faults of family PG, each in a synctest bubble.
func TestFaultPaging(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"PG01 the same token again":                  faultPG01,
		"PG02 tokens in a loop":                      faultPG02,
		"PG03 new tokens for ever, empty pages":      faultPG03,
		"PG03 new tokens for ever, 100,000 pages":    faultPG03Pages,
		"PG04 page token expired, roster":            faultPG04,
		"PG04 page token expired late, roster":       faultPG04Long,
		"PG04 page token expired twice, roster":      faultPG04Twice,
		"PG04 page token expired, no roster":         faultPG04Others,
		"PG05 list shrinks while it is reclaimed":    faultPG05,
		"PG06 user added in front":                   faultPG06,
		"PG07 participant rejoined":                  faultPG07,
		"PG08 empty page with a token":               faultPG08,
		"PG09 rows missing, roster":                  faultPG09,
		"PG09 rows differ from the total, List":      faultPG09Traces,
		"PG10 server lowers the page size":           faultPG10,
		"PG11 token with signs that mean something":  faultPG11,
		"PG12 token of another type":                 faultPG12,
		"PG13 a fault in mid-list":                   faultPG13,
		"PG13 a fault that stays":                    faultPG13Stays,
		"PG14 error after some rows":                 faultPG14,
		"PG15 reader stops early":                    faultPG15,
		"PG16 daily limit in mid-list":               faultPG16,
		"PG17 record that we do not understand":      faultPG17,
		"PG18 meeting not found or report not ready": faultPG18,
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// staff is a fake with n active users, u01, u02, …, and how they are listed.
func staff(n int, opts ...zoomtest.Option) *zoomtest.Server {
	srv := zoomtest.NewServer(opts...)
	for i := range n {
		srv.AddUser(zoom.User{Email: fmt.Sprintf("u%02d@example.com", i+1), Type: zoom.TypeLicensed})
	}
	return srv
}

func staffNames(from, to int) (names []string) {
	for i := from; i <= to; i++ {
		names = append(names, fmt.Sprintf("u%02d", i))
	}
	return names
}

// inThrees lists the active users, three a page, as roster without the proof or as
// plain list. The roster with the proof has tests of its own.
func inThrees(c *zoom.Client, roster bool) lister {
	if roster {
		return named[*zoom.User]{c.Users.Roster(&zoom.RosterOptions{PageSize: 3, CountOnly: true, Statuses: []zoom.UserStatus{zoom.StatusActive}}), userName}
	}
	return named[*zoom.User]{c.Users.List(&zoom.ListUsersOptions{PageSize: 3}), userName}
}

// listRequests counts the listings that the fake was asked for.
func listRequests(srv *zoomtest.Server) (n int) {
	for _, r := range srv.Requests() {
		if r.Method == http.MethodGet && !strings.HasPrefix(r.Route, "/oauth") {
			n++
		}
	}
	return n
}

// onTurn calls hook for every n-th page that goes out.
func onTurn(srv *zoomtest.Server, hook func(turn int, p *zoomtest.Page)) {
	turn := 0
	srv.OnPage(func(p *zoomtest.Page) {
		turn++
		hook(turn, p)
	})
}

func faultPG01(t *testing.T) {
	for _, roster := range []bool{false, true} {
		srv := staff(10)
		onTurn(srv, func(turn int, p *zoomtest.Page) {
			if turn >= 2 {
				p.Next = p.Token
			}
		})
		names, err := gather(t, inThrees(srv.Client(), roster))
		pageError(t, err, zoom.ErrPageLoop, 6)
		assert.Equal(t, staffNames(1, 6), names)
		assert.Equal(t, 2, listRequests(srv))
	}
}

func faultPG02(t *testing.T) {
	for _, roster := range []bool{false, true} {
		srv, second := staff(12), ""
		onTurn(srv, func(turn int, p *zoomtest.Page) {
			switch turn {
			case 2:
				second = p.Token
			case 3:
				p.Next = second
			}
		})
		names, err := gather(t, inThrees(srv.Client(), roster))
		pageError(t, err, zoom.ErrPageLoop, 9)
		assert.Equal(t, staffNames(1, 9), names)
		assert.Equal(t, 3, listRequests(srv))
	}
}

// usersPage is a page of active users; a total of -1 is left out.
func usersPage(next string, total int, names ...string) answer {
	return ok(rosterListing().body(1, &leaf{names: names, next: next, total: total}, "300"))
}

func faultPG03(t *testing.T) {
	for _, roster := range []bool{false, true} {
		pages := 0
		tp := newTape(answer{do: func(*http.Request) answer {
			if pages++; pages == 1 {
				return usersPage("more", 3, staffNames(1, 3)...)
			}
			return usersPage(fmt.Sprintf("more%d", pages), 3)
		}})
		names, err := gather(t, inThrees(tp.client(t), roster))
		pageError(t, err, zoom.ErrPageLoop, 3)
		assert.Equal(t, staffNames(1, 3), names)
		assert.Len(t, tp.requests(), 1+10)
	}
}

// faultPG03Pages: pages that are not empty do not go on for ever either.
func faultPG03Pages(t *testing.T) {
	if !*long {
		t.Skip("needs -zoom.long")
	}
	const most = 100_000
	pages := 0
	tp := newTape(answer{do: func(*http.Request) answer {
		pages++
		return ok(fmt.Sprintf(`{"members":[{"id":"m%d"}],"next_page_token":"t%d"}`, pages, pages))
	}})
	list := zoom.ListOf[group](tp.client(t), &zoom.Request{Path: "/members"}, "members")
	got, last := 0, ""
	for member, err := range list.All(t.Context()) {
		if err != nil {
			pageError(t, err, zoom.ErrPageLoop, most)
			break
		}
		got++
		last = member.ID
	}
	assert.Equal(t, most, got)
	assert.Equal(t, "m100000", last)
	assert.Equal(t, most, pages)
}

// notes keeps what a listing notices about itself, and how many rows came.
type notes struct {
	seen []zoom.ListNote
	rows int
}

func (n *notes) option() zoom.Option {
	return zoom.WithTrace(&zoom.Trace{Page: func(_ context.Context, p zoom.PageInfo) {
		n.rows += p.Items
		if p.Note != "" {
			n.seen = append(n.seen, p.Note)
		}
	}})
}

func faultPG04(t *testing.T) {
	srv := staff(10)
	var log notes
	var names []string
	pages := 0
	for page, err := range inThrees(srv.Client(log.option()), true).Pages(t.Context()) {
		require.NoError(t, err)
		names = append(names, page.Items...)
		if pages++; pages == 2 {
			time.Sleep(16 * time.Minute) // the reader is slow; the clock is the bubble's
		}
	}
	assert.Equal(t, staffNames(1, 10), names)
	assert.Equal(t, []zoom.ListNote{zoom.NoteRestarted}, log.seen)
	assert.Equal(t, 2+1+4, listRequests(srv), "two pages, the refused one, all four again")
	assert.Equal(t, 6+10, log.rows)
}

// faultPG04Long: pages of known users, after the restart, are no empty pages.
func faultPG04Long(t *testing.T) {
	srv := staff(60)
	var names []string
	pages := 0
	for page, err := range inThrees(srv.Client(), true).Pages(t.Context()) {
		require.NoError(t, err)
		names = append(names, page.Items...)
		if pages++; pages == 15 {
			time.Sleep(16 * time.Minute)
		}
	}
	assert.Equal(t, staffNames(1, 60), names)
	assert.Equal(t, 15+1+20, listRequests(srv))
}

func faultPG04Twice(t *testing.T) {
	srv := staff(10)
	var names []string
	var failure error
	for page, err := range inThrees(srv.Client(), true).Pages(t.Context()) {
		if failure = err; err != nil {
			break
		}
		names = append(names, page.Items...)
		time.Sleep(16 * time.Minute)
	}
	assert.Equal(t, staffNames(1, 3), names)
	failed := pageError(t, failure, zoom.ErrPageTokenExpired, 3)
	assert.Equal(t, 1+1+1+1, listRequests(srv))

	// Each status has a restart of its own, and a resumed roster a new one.
	after, err := inThrees(srv.Client(), true).Resume(failed.Token).Collect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, staffNames(1, 10), after)
}

func faultPG04Others(t *testing.T) {
	srv := staff(10)
	participants := make([]zoom.Participant, 10)
	for i := range participants {
		participants[i].Name = fmt.Sprintf("guest %d", i)
	}
	meeting := srv.AddPastMeeting(zoomtest.PastMeeting{HostID: "u01@example.com", End: srv.Now(), Participants: participants})
	c := srv.Client()
	for _, list := range []lister{
		inThrees(c, false),
		named[*zoom.Participant]{c.Reports.Participants(meeting.UUID, &zoom.ParticipantsOptions{PageSize: 3}), func(p *zoom.Participant) string { return p.Name }},
	} {
		srv.ResetRequests()
		got, failure := 0, error(nil)
		for _, err := range list.All(t.Context()) {
			if failure = err; err != nil {
				break
			}
			if got++; got == 6 {
				time.Sleep(15 * time.Minute)
			}
		}
		assert.Equal(t, 6, got)
		pageError(t, failure, zoom.ErrPageTokenExpired, 6)
		var e *zoom.Error
		require.ErrorAs(t, failure, &e)
		assert.Equal(t, 1, e.Attempts)
		assert.Equal(t, 3, listRequests(srv))
	}
}
