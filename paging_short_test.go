package zoom_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// TestFaultPG20ShortListings: Zoom counts more than it sends.
func TestFaultPG20ShortListings(t *testing.T) {
	heavy := func(name string) bool { return strings.HasPrefix(name, "Reports.") }
	for _, l := range listings() {
		if l.name == "Users.Roster without the proof" {
			continue // PG09
		}
		isStrict := l.name == "Users.List"
		for name, c := range map[string]struct {
			pages, total int
			fails        bool
			readAgain    bool
		}{
			"PG20 a page is missing":          {1, 600, true, false},
			"PG20 the last of two is missing": {2, 601, true, false},
			"PG20 one row is missing":         {2, 5, isStrict, !isStrict && !heavy(l.name)},
			"PG20 as many as counted":         {1, 2, false, false},
			"PG20 more than counted":          {1, 1, false, false},
			"PG20 not counted":                {1, -1, false, false},
		} {
			t.Run(l.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBook(l, c.pages, 2)
					b.over = func(_ place, leaf *leaf) { leaf.total = c.total }
					var log notes
					names, err := gather(t, l.open(b.tape().client(t, log.option())))
					if c.fails {
						pageError(t, err, zoom.ErrListIncomplete, 2*c.pages)
						assert.Equal(t, b.first(2*c.pages), names)
						return
					}
					require.NoError(t, err)
					assert.Equal(t, b.names(), names)
					requests := c.pages * len(b.pages)
					if c.readAgain {
						requests *= 2
					}
					assert.Equal(t, requests, b.requests())
					if c.total > 2*c.pages {
						assert.Contains(t, log.seen, zoom.NoteCountDiffers)
					} else {
						assert.NotContains(t, log.seen, zoom.NoteCountDiffers)
					}
				})
			})
		}
	}
}

// TestFaultPG24RefusalBesideAnEmptyList: an error code beside an empty list is a
// refusal, and an account has an owner who is active.
func TestFaultPG24RefusalBesideAnEmptyList(t *testing.T) {
	for _, list := range []func(c *zoom.Client) *zoom.List[*zoom.User]{
		func(c *zoom.Client) *zoom.List[*zoom.User] { return c.Users.Roster(nil) },
		func(c *zoom.Client) *zoom.List[*zoom.User] {
			return c.Users.Roster(&zoom.RosterOptions{CountOnly: true})
		},
		func(c *zoom.Client) *zoom.List[*zoom.User] { return c.Users.List(nil) },
	} {
		for name, c := range map[string]struct {
			body     string
			sentinel error
		}{
			"PG24 limit":                {`{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later.","users":[]}`, zoom.ErrRateLimited},
			"PG24 limit and a count":    {`{"code":"429","message":"You have reached the maximum per-second rate limit for this API.","users":[],"total_records":0}`, zoom.ErrRateLimited},
			"PG24 no list":              {`{"code":300,"message":"Validation failed."}`, zoom.ErrInvalidArgument},
			"PG24 nobody is active":     {`{"users":[],"total_records":0}`, zoom.ErrListIncomplete},
			"PG24 nobody, no list":      {`{"total_records":0}`, zoom.ErrListIncomplete},
			"PG24 nobody, not counted":  {`{"users":[]}`, zoom.ErrListIncomplete},
			"PG24 a code that is none":  {`{"code":0,"users":[],"total_records":0}`, zoom.ErrListIncomplete},
			"PG24 a code of a success":  {`{"code":200,"users":[],"total_records":0}`, zoom.ErrListIncomplete},
			"PG24 no permission":        {`{"code":200,"message":"No permission.","users":[],"total_records":0}`, zoom.ErrForbidden},
			"PG24 an empty page before": {`{"users":[],"next_page_token":"","total_records":0}`, zoom.ErrListIncomplete},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					users, err := list(newTape(ok(c.body)).client(t)).Collect(t.Context())
					require.ErrorIs(t, err, c.sentinel)
					assert.Empty(t, users)
					assert.Equal(t, errors.Is(err, zoom.ErrListIncomplete), strings.Contains(err.Error(), "an account has an owner"), "%v", err)
				})
			})
		}
	}
	t.Run("PG24 no permission to see meetings", func(t *testing.T) {
		for _, body := range []string{
			`{"code":200,"message":"No permission.","total_records":0,"meetings":[]}`,
			`{"code":200,"message":"No permission.","total_records":0}`,
			`{"code":"200","message":"No permission.","meetings":[]}`,
			`{"code":200,"errors":[{"field":"userId","message":"No permission."}],"meetings":[]}`,
		} {
			_, err := newTape(ok(body)).client(t).Meetings.List("kim", nil).Collect(t.Context())
			require.ErrorIs(t, err, zoom.ErrForbidden, body)
		}
	})
	t.Run("PG24 nobody of a role", func(t *testing.T) {
		users, err := newTape(ok(`{"users":[],"total_records":0}`)).client(t).Users.List(&zoom.ListUsersOptions{RoleID: "9"}).Collect(t.Context())
		require.NoError(t, err)
		assert.Empty(t, users)
	})
}

// TestFaultPG25AllInstances: Zoom does not page past instances; if it does, all come.
func TestFaultPG25AllInstances(t *testing.T) {
	page := func(next string, total int, uuids ...string) answer {
		rows := make([]string, len(uuids))
		for i, uuid := range uuids {
			rows[i] = fmt.Sprintf(`{"uuid":%q}`, uuid)
		}
		count := ""
		if total >= 0 {
			count = fmt.Sprintf(`,"total_records":%d`, total)
		}
		return ok(fmt.Sprintf(`{"meetings":[%s],"next_page_token":%q%s}`, strings.Join(rows, ","), next, count))
	}
	for name, c := range map[string]struct {
		script   []answer
		count    int
		sentinel error
	}{
		"PG25 one answer":        {[]answer{page("", -1, "a", "b")}, 2, nil},
		"PG25 two pages":         {[]answer{page("more", 3, "a", "b"), page("", 3, "c")}, 3, nil},
		"PG25 the same page":     {[]answer{page("more", 500, "a")}, 0, zoom.ErrPageLoop},
		"PG25 one of 500":        {[]answer{page("", 500, "a")}, 0, zoom.ErrListIncomplete},
		"PG25 a page that fails": {[]answer{page("more", 3, "a"), {status: http.StatusForbidden}}, 0, zoom.ErrForbidden},
		"PG25 without UUID":      {[]answer{page("", -1, "a", "")}, 0, zoom.ErrBadResponse},
		"PG25 an expired token":  {[]answer{page("more", 3, "a"), {status: 400, body: `{"code":300,"message":"The next page token is invalid or expired."}`}}, 0, zoom.ErrPageTokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				instances, err := newTape(c.script...).client(t).Meetings.Instances(t.Context(), "123")
				assert.Len(t, instances, c.count)
				if c.sentinel == nil {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, c.sentinel)
				assert.True(t, strings.HasPrefix(err.Error(), "zoom: meetings.instances"), err.Error())
			})
		})
	}
}

// TestFaultPG20RowsThatChange: a row is told by its id in the second reading, whatever
// else of it has changed, so that nobody comes twice.
func TestFaultPG20RowsThatChange(t *testing.T) {
	for name, id := range map[string]string{"PG20 by id": `"id":"%s%d"`, "PG20 by number": `"id":%[2]d`, "PG20 by uuid": `"id":7,"uuid":"%s%d"`} {
		t.Run(name, func(t *testing.T) {
			reading := 0
			page := func() answer {
				reading++
				var rows []string
				for i := range 25 {
					rows = append(rows, fmt.Sprintf(`{`+id+`,"seen":%[3]d}`, "u", i, reading))
				}
				return ok(fmt.Sprintf(`{"page_size":30,"total_records":26,"members":[%s]}`, strings.Join(rows, ",")))
			}
			rows, err := zoom.ListOf[map[string]any](newTape(page(), page()).client(t), &zoom.Request{Path: "/groups"}, "members").Collect(t.Context())
			require.NoError(t, err)
			assert.Len(t, rows, 25)
		})
	}
}
