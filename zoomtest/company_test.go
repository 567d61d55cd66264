package zoomtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func company(n int, opts ...zoomtest.Option) *zoomtest.Server {
	return zoomtest.NewServer(append([]zoomtest.Option{zoomtest.WithTime(today), zoomtest.WithUsers(n, 7)}, opts...)...)
}

func TestCompanyIsTheSameEachTime(t *testing.T) {
	assert.Equal(t, company(500).Users(), company(500).Users())
	other := zoomtest.NewServer(zoomtest.WithTime(today), zoomtest.WithUsers(500, 8))
	assert.NotEqual(t, company(500).Users(), other.Users())
}

func TestCompanyIsPlausible(t *testing.T) {
	users := company(3000).Users()
	require.Len(t, users, 3000)
	ids, emails, kinds, roles, statuses, odd := map[string]bool{}, map[string]bool{}, map[zoom.UserType]int{}, map[string]int{}, map[zoom.UserStatus]int{}, map[string]int{}
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	for _, u := range users {
		emails[strings.ToLower(u.Email)] = true
		assert.Regexp(t, `@example\.(com|org)$`, u.Email)
		kinds[u.Type]++
		statuses[u.Status]++
		if u.Status == zoom.StatusPending {
			assert.Empty(t, u.ID)
			continue
		}
		assert.Regexp(t, form, u.ID)
		ids[u.ID] = true
		roles[u.RoleID]++
		assert.True(t, u.UserCreatedAt.Before(today))
		for name, holds := range map[string]bool{
			"never": u.LastLoginTime == nil, "old": u.LastLoginTime.Before(today.AddDate(0, 0, -90)), "bundle": u.ZoomOneType != 0, "united": u.PlanUnitedType != "",
			"list": len(u.LicenseInfoList) > 0, "big": u.ZoomOneType == 1<<59, "groups": len(u.GroupIDs) > 0, "dash": strings.HasPrefix(u.ID, "-") || strings.HasPrefix(u.ID, "_"),
			"new": u.UserCreatedAt.After(today.AddDate(0, 0, -30)), "attributes": len(u.CustomAttributes) > 0, "plus": strings.Contains(u.Email, "+"),
		} {
			if holds {
				odd[name]++
			}
		}
	}
	assert.Len(t, emails, 3000)
	assert.Len(t, ids, 3000-statuses[zoom.StatusPending])
	assert.Equal(t, 1, roles[zoom.RoleOwner])
	assert.Greater(t, roles[zoom.RoleAdmin], 1)
	assert.Len(t, roles, 5)
	assert.Len(t, kinds, 6)
	for _, kind := range []zoom.UserType{1, 2, 3, 4, 99} {
		assert.Positive(t, kinds[kind], kind)
	}
	assert.Greater(t, statuses[zoom.StatusActive], 2000)
	assert.Len(t, statuses, 3)
	for _, name := range []string{"never", "old", "bundle", "united", "list", "big", "groups", "dash", "new", "attributes", "plus"} {
		assert.Positive(t, odd[name], name)
	}
}

func TestCompanyRosterIsTheState(t *testing.T) {
	s := company(700)
	c := call(t, s)
	var listed []zoom.User
	for _, status := range []string{"pending", "active", "inactive"} {
		rows := c.all("/users?page_size=90&status="+status, "users")
		require.NoError(t, json.Unmarshal(must(json.Marshal(rows)), new([]zoom.User)))
		var part []zoom.User
		require.NoError(t, json.Unmarshal(must(json.Marshal(rows)), &part))
		listed = append(listed, part...)
	}
	for i := range listed {
		if listed[i].Status == zoom.StatusPending {
			assert.Equal(t, today, listed[i].CreatedAt.Time(), "the time of the call")
			listed[i].CreatedAt = nil
		}
	}
	assert.Equal(t, s.Roster(), listed)
}

// TestCompanyMeetingsAgree walks from hosts to meetings, instances and participants
// and back, as a program that gathers evidence does.
func TestCompanyMeetingsAgree(t *testing.T) {
	s := company(240)
	c := call(t, s)
	window := "from=2026-10-24&to=2026-11-23&page_size=300"
	hosts := map[string]int{}
	for _, h := range c.all("/report/users?type=active&"+window, "users") {
		n, _ := h["meetings"].(json.Number).Int64()
		hosts[h["id"].(string)] = int(n)
	}
	require.NotEmpty(t, hosts)
	seen := map[string]int{} // what was found in instances
	slashes := map[string]int{}
	joined := map[string]map[string]bool{} // user → UUIDs by participant reports
	scheduled, live, guests, rejoined, waiting, alone := 0, 0, 0, 0, 0, 0
	for _, u := range s.Users() {
		if u.ID == "" || u.Type == zoom.TypeUnassigned || u.Type == zoom.TypeNone {
			continue
		}
		scheduled += len(c.all("/users/"+u.ID+"/meetings?page_size=300", "meetings"))
		live += len(c.all("/users/"+u.ID+"/meetings?type=live", "meetings"))
		path := "/report/users/" + u.ID + "/meetings?" + window
		for _, kind := range []string{"past", "pastOne"} {
			for _, m := range c.all(path+"&type="+kind, "meetings") {
				uuid, id := m["uuid"].(string), m["id"].(json.Number).String()
				if strings.HasPrefix(uuid, "//") {
					slashes["//"]++
				} else if strings.HasPrefix(uuid, "/") {
					slashes["/"]++
				}
				seen[u.ID]++
				escaped := url.QueryEscape(url.QueryEscape(uuid))
				assert.Equal(t, uuid, c.get("/past_meetings/" + escaped).json()["uuid"])
				assert.Contains(t, values(c.get("/past_meetings/"+id+"/instances").list("meetings"), "uuid"), uuid)
				rows := c.all("/report/meetings/"+escaped+"/participants?page_size=300", "participants")
				people := map[string]bool{}
				for _, row := range rows {
					key := row["participant_user_id"].(string)
					switch {
					case row["status"] == string(zoom.ParticipantInWaitingRoom):
						waiting++
						continue
					case key == "":
						key = row["name"].(string)
						guests++
					case people[key]:
						rejoined++
					}
					people[key] = true
					if joined[key] == nil {
						joined[key] = map[string]bool{}
					}
					joined[key][uuid] = true
				}
				if kind == "pastOne" {
					assert.Empty(t, rows)
					alone++
					continue
				}
				assert.Equal(t, fmt.Sprint(len(people)), m["participants_count"].(json.Number).String())
			}
		}
	}
	assert.Equal(t, hosts, seen)
	for name, n := range map[string]int{"scheduled": scheduled, "live": live, "guests": guests, "rejoined": rejoined, "waiting": waiting, "alone": alone, "/": slashes["/"], "//": slashes["//"]} {
		assert.Positive(t, n, name)
	}
	for _, u := range s.Users()[:60] {
		if u.ID == "" {
			continue
		}
		uuids := map[string]bool{}
		for _, m := range c.all("/report/users/"+u.ID+"/meetings?type=pastJoined&"+window, "meetings") {
			uuids[m["uuid"].(string)] = true
		}
		assert.Equal(t, len(joined[u.ID]), len(uuids), u.Email)
		for uuid := range joined[u.ID] {
			assert.True(t, uuids[uuid])
		}
	}
}

func TestCompanySignInsFitLastLogin(t *testing.T) {
	s := company(300)
	c := call(t, s)
	last := map[string]string{}
	for _, row := range c.all("/report/activities?from=2026-10-24&to=2026-11-23&page_size=100", "activity_logs") {
		when, email := row["time"].(string), row["email"].(string)
		if row["type"] == "Sign in" && when > last[email] {
			last[email] = when
		}
	}
	require.NotEmpty(t, last)
	for _, u := range s.Users() {
		if u.LastLoginTime.After(today.AddDate(0, 0, -30)) {
			assert.Equal(t, u.LastLoginTime.String(), last[u.Email])
		}
	}
}

func TestCompanyLooksUpNothingForeign(t *testing.T) {
	c := call(t, company(20))
	for _, id := range []string{"81000000001", "89999999999", "80000000000", "AAAAAAAAAAAAAAAAAAAAAA==", "not-base64"} {
		assert.Equal(t, 3001, c.get("/past_meetings/"+id).code(), id)
	}
	assert.Equal(t, 3001, c.get("/past_meetings/81000000001/instances").code())
}

func TestPageCostsNoMemory(t *testing.T) {
	s := company(2000, zoomtest.WithRequestLog(0))
	c := call(t, s)
	req, err := http.NewRequest(http.MethodGet, "https://api.zoom.us/v2/users?page_size=300", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	allocs := testing.AllocsPerRun(20, func() {
		_, err := s.RoundTripper().RoundTrip(req)
		require.NoError(t, err)
	})
	assert.Less(t, allocs, 600.0, "per page of 300 users")
}

func TestConcurrentUse(t *testing.T) {
	s := company(200)
	c := call(t, s)
	s.OnPage(func(p *zoomtest.Page) { p.Total++ })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 8 {
				c.all("/users?page_size=100", "users")
				c.do(http.MethodPatch, fmt.Sprintf("/users/user%d@example.com", i), `{"type":2}`)
				u := s.AddUser(zoom.User{})
				s.Advance(time.Millisecond)
				s.AddPastMeeting(zoomtest.PastMeeting{HostID: u.ID})
				c.get("/report/users?type=active&from=2026-11-01&to=2026-11-23")
				s.Requests()
				s.RemoveUser(u.ID)
			}
		})
	}
	wg.Wait()
	assert.Len(t, s.Users(), 200)
}
