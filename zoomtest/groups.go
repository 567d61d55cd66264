package zoomtest

import (
	"net/http"
	"slices"

	"github.com/seatkit/zoom"
)

type group struct{ id, name string }

type role struct{ id, name, description string }

func standardRoles() []*role {
	return []*role{
		{zoom.RoleOwner, "Owner", "Account owner"},
		{zoom.RoleAdmin, "Admin", "Account administrators"},
		{zoom.RoleMember, "Member", "Users without administrative rights"},
	}
}

// AddGroup adds a user group and returns its id, which goes into GroupIDs of its
// members.
func (s *Server) AddGroup(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &group{s.newID(), name}
	s.groups = append(s.groups, g)
	return g.id
}

// AddRole adds a custom role and returns its id, which goes into RoleID of its
// members.
func (s *Server) AddRole(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &role{id: s.newID(), name: name}
	s.roles = append(s.roles, r)
	return r.id
}

func (s *Server) roleName(id string) string {
	for _, r := range s.roles {
		if r.id == id {
			return r.name
		}
	}
	return ""
}

func listGroups(c *call) *answer {
	return answerPage(c, listing[*group]{
		key: "groups", max: 300, bare: true, total: count(c.s.groups), from: inOrder(c.s.groups),
		row: func(buf []byte, g *group) []byte {
			o := beginObject(buf)
			o.text("id", g.id)
			o.text("name", g.name)
			o.number("total_members", int64(len(c.membersOf(func(u *zoom.User) bool { return slices.Contains(u.GroupIDs, g.id) }))))
			return o.end()
		},
	})
}

func listGroupMembers(c *call) *answer {
	id := c.params[0]
	if !slices.ContainsFunc(c.s.groups, func(g *group) bool { return g.id == id }) {
		return refuse(http.StatusNotFound, 4130, "A group with this "+id+" does not exist.")
	}
	return c.answerMembers(2000, "", func(u *zoom.User) bool { return slices.Contains(u.GroupIDs, id) })
}

func listRoles(c *call) *answer {
	o := beginObject(nil)
	o.number("total_records", int64(len(c.s.roles)))
	o.key("roles")
	o.buf = append(o.buf, '[')
	for i, r := range c.s.roles {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		item := beginObject(o.buf)
		item.text("id", r.id)
		item.text("name", r.name)
		item.text("description", r.description)
		item.number("total_members", int64(len(c.membersOf(func(u *zoom.User) bool { return u.RoleID == r.id }))))
		o.buf = item.end()
	}
	o.buf = append(o.buf, ']')
	return ok(o.end())
}

func listRoleMembers(c *call) *answer {
	id := c.params[0]
	if !slices.ContainsFunc(c.s.roles, func(r *role) bool { return r.id == id }) {
		return badRequest(1034, "Provided `role_id` does not exist: "+id+".")
	}
	return c.answerMembers(300, "department", func(u *zoom.User) bool { return u.RoleID == id })
}

func (c *call) membersOf(belongs func(*zoom.User) bool) []*zoom.User {
	var users []*zoom.User
	for _, m := range c.s.members {
		if u := m.view(c.now); !m.gone && u.Status != zoom.StatusPending && belongs(u) {
			users = append(users, u)
		}
	}
	return users
}

func (c *call) answerMembers(limit int, dept string, belongs func(*zoom.User) bool) *answer {
	users := c.membersOf(belongs)
	return answerPage(c, listing[*zoom.User]{
		key: "members", max: limit, numbers: true, total: count(users), from: inOrder(users),
		row: func(buf []byte, u *zoom.User) []byte {
			o := beginObject(buf)
			o.text("id", u.ID)
			o.text("first_name", u.FirstName)
			o.text("last_name", u.LastName)
			o.text("email", u.Email)
			o.number("type", int64(u.Type))
			if dept != "" {
				o.text(dept, u.Dept)
			}
			return o.end()
		},
	})
}
