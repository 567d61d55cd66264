package zoomtest

import (
	"iter"
	"slices"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/wire"
)

// listUsers is GET /users: one status at a time.
func listUsers(c *call) *answer {
	status := zoom.UserStatus(or(c.query.Get("status"), string(zoom.StatusActive)))
	include, license := c.query.Get("include_fields"), c.query.Get("license")
	switch {
	case statusOrder(status) < 0:
		return invalid("status")
	case !slices.Contains([]string{"", "custom_attributes", "host_key"}, include):
		return invalid("include_fields")
	case !slices.Contains([]string{"", "zoom_workforce_management", "zoom_compliance_management"}, license):
		return invalid("license")
	}
	role := c.query.Get("role_id")
	wanted := func(m *member) *zoom.User {
		if m.gone {
			return nil
		}
		u := m.view(c.now)
		if u.Status != status || role != "" && u.RoleID != role || license != "" && m.features[license] != true {
			return nil
		}
		return u
	}
	matching := func(pos int64) iter.Seq2[int64, *zoom.User] {
		return func(yield func(int64, *zoom.User) bool) {
			for i := pos; i >= 0 && i < int64(len(c.s.members)); i++ {
				if u := wanted(c.s.members[i]); u != nil && !yield(i, u) {
					return
				}
			}
		}
	}
	return answerPage(c, listing[*zoom.User]{
		key:     "users",
		max:     or(c.s.quirks.UsersPageMax, 2000),
		numbers: true,
		total: func() int {
			return c.s.counts.get(c, string(status)+"\n"+role+"\n"+license, func() (n int) {
				for range matching(0) {
					n++
				}
				return n
			})
		},
		from: matching,
		row:  func(buf []byte, u *zoom.User) []byte { return appendListed(buf, u, include, c.now) },
	})
}

// A countCache remembers totals until the state changes.
type countCache struct {
	version int64
	counts  map[string]int
}

func (cache *countCache) get(c *call, key string, count func() int) int {
	if c.now.Before(c.s.lagging) {
		return count() // what reads show changes by itself
	}
	if cache.version != c.s.version || len(cache.counts) > 100 {
		*cache = countCache{version: c.s.version}
	}
	if cache.counts == nil {
		cache.counts = map[string]int{}
	}
	n, known := cache.counts[key]
	if !known {
		n = count()
		cache.counts[key] = n
	}
	return n
}

// find finds a user by id or address; me is the person whose token it is. A
// server-to-server token has none.
func (c *call) find(id string) *member {
	if id == "me" && c.token != nil && c.token.grant != nil {
		return c.s.owner(c.token.grant)
	}
	return c.s.find(id)
}

// userParam finds the user that the path names by id or address.
func (c *call) userParam() (*member, *answer) {
	id := c.params[0]
	if c.query.Get("search_by_unique_id") == "true" {
		for _, m := range c.s.members {
			if !m.gone && m.user.EmployeeUniqueID == id && id != "" {
				return m, nil
			}
		}
		return nil, noSuchUser(id)
	}
	if m := c.find(id); m != nil {
		return m, nil
	}
	if c.s.foreign[wire.LowerASCII(id)] {
		return nil, badRequest(1010, "User not found on this account: "+id+".")
	}
	return nil, noSuchUser(id)
}

func getUser(c *call) *answer {
	m, refusal := c.userParam()
	if refusal != nil {
		return refusal
	}
	return ok(c.s.appendUser(nil, m, c.now))
}

// getSummary is GET /users/summary. Deactivated users are not in it; whether Zoom
// counts them is unconfirmed.
func getSummary(c *call) *answer {
	var licensed, basic, onPrem, rooms, pending, joinOnly int64
	for _, m := range c.s.members {
		u := m.view(c.now)
		switch {
		case m.gone, u.Status == zoom.StatusInactive:
		case u.Status == zoom.StatusPending:
			pending++
		case m.room:
			rooms++
		case u.Type == zoom.TypeLicensed:
			licensed++
		case u.Type == zoom.TypeOnPrem:
			onPrem++
		case u.Type == zoom.TypeUnassigned, u.Type == zoom.TypeNone:
			joinOnly++
		default:
			basic++
		}
	}
	o := beginObject(nil)
	o.number("licensed_users_count", licensed)
	o.number("basic_users_count", basic)
	o.number("on_prem_users_count", onPrem)
	o.number("room_users_count", rooms)
	o.number("pending_users_count", pending)
	o.number("join_only_users_count", joinOnly)
	o.number("total_users_count", licensed+basic+onPrem+joinOnly+rooms)
	return ok(o.end())
}

func getEmail(c *call) *answer {
	email := c.query.Get("email")
	if email == "" {
		return invalid("email")
	}
	o := beginObject(nil)
	o.flag("existed_email", c.s.find(email) != nil || c.s.foreign[wire.LowerASCII(email)])
	return ok(o.end())
}

// getSettings is GET /users/{userId}/settings, of which only the feature object
// is made.
func getSettings(c *call) *answer {
	m, refusal := c.userParam()
	if refusal != nil {
		return refusal
	}
	u := m.view(c.now)
	capacity := 100
	if u.Type == zoom.TypeLicensed {
		capacity = 300
	}
	features := map[string]any{
		"meeting_capacity": capacity, "large_meeting": false, "webinar": false, "zoom_phone": false,
		"zoom_events": false, "concurrent_meeting": "None", "zoom_whiteboard": false,
	}
	for name, value := range m.features {
		features[name] = value
	}
	o := beginObject(nil)
	o.any("feature", features)
	return ok(o.end())
}

func getPermissions(c *call) *answer {
	m, refusal := c.userParam()
	if refusal != nil {
		return refusal
	}
	permissions := []string{}
	switch m.view(c.now).RoleID {
	case zoom.RoleOwner, zoom.RoleAdmin:
		permissions = []string{"User:Read", "User:Edit", "UsageReport:Read", "Group:Read"}
	}
	o := beginObject(nil)
	o.any("permissions", permissions)
	return ok(o.end())
}
