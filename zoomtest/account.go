package zoomtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/wire"
)

// AddUser adds a user and returns it as stored. What is left empty is filled: the
// id (unless the user is pending, who has none), an address at example.com, status
// active, type Basic, role member, a display name, a personal meeting id, and a
// creation one year before now. Times are kept in whole seconds, as Zoom writes
// them. It panics if the id or the address is taken.
func (s *Server) AddUser(u zoom.User) zoom.User {
	s.mu.Lock()
	defer s.mu.Unlock()
	u = cloneUser(&u)
	s.fillUser(&u)
	if s.find(u.Email) != nil || u.ID != "" && s.byID[u.ID] != nil {
		panic("zoomtest: AddUser: there is such a user already: " + u.Email)
	}
	s.add(&member{user: u})
	return cloneUser(&u)
}

func (s *Server) fillUser(u *zoom.User) {
	s.serial++
	u.Status = or(u.Status, zoom.StatusActive)
	u.Type = or(u.Type, zoom.TypeBasic)
	u.Email = or(u.Email, fmt.Sprintf("user.%d@example.com", s.serial))
	created := zoom.NewTime(s.now().AddDate(-1, 0, 0).Truncate(time.Second))
	if u.Status == zoom.StatusPending {
		u.ID = ""
	} else {
		u.ID = or(u.ID, s.newID())
		u.RoleID = or(u.RoleID, zoom.RoleMember)
		u.PMI = or(u.PMI, 2_000_000_000+s.random.Int64N(7_999_999_999))
		u.UserCreatedAt = or(u.UserCreatedAt, created)
	}
	u.CreatedAt = or(u.CreatedAt, u.UserCreatedAt)
	u.DisplayName = or(u.DisplayName, displayName(u))
	for _, t := range []**zoom.Time{&u.CreatedAt, &u.UserCreatedAt, &u.LastLoginTime} {
		*t = wholeSeconds(*t)
	}
}

func displayName(u *zoom.User) string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

// wholeSeconds leaves what is no moment as it is.
func wholeSeconds(t *zoom.Time) *zoom.Time {
	if t.IsZero() {
		return t
	}
	return zoom.NewTime(t.Time().Truncate(time.Second))
}

// User returns a user by id or by address, in any case of letters.
func (s *Server) User(idOrEmail string) (zoom.User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(idOrEmail)
	if m == nil {
		return zoom.User{}, false
	}
	return cloneUser(&m.user), true
}

// Users returns all users with all their fields, in the order of listings.
func (s *Server) Users() []zoom.User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]zoom.User, 0, len(s.members))
	for _, m := range s.members {
		if !m.gone {
			users = append(users, cloneUser(&m.user))
		}
	}
	return users
}

// Roster returns what a complete listing has to bring: the pending, then the
// active, then the inactive users, with exactly the fields that GET /users sends
// without include_fields. Pending users have no CreatedAt here: Zoom sends the
// time of the call.
func (s *Server) Roster() []zoom.User {
	users := s.Users()
	users = slices.DeleteFunc(users, func(u zoom.User) bool { return statusOrder(u.Status) < 0 })
	for i := range users {
		listed(&users[i])
	}
	slices.SortStableFunc(users, func(a, b zoom.User) int { return cmp.Compare(statusOrder(a.Status), statusOrder(b.Status)) })
	return users
}

func statusOrder(status zoom.UserStatus) int {
	return slices.Index([]zoom.UserStatus{zoom.StatusPending, zoom.StatusActive, zoom.StatusInactive}, status)
}

// UpdateUser lets change edit a user, past all the rules of the API, and returns
// the user as stored. It panics if there is no such user.
func (s *Server) UpdateUser(idOrEmail string, change func(*zoom.User)) zoom.User {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mustFind("UpdateUser", idOrEmail)
	s.unindex(m)
	change(&m.user)
	m.user = cloneUser(&m.user)
	s.fillUser(&m.user)
	s.index(m)
	return cloneUser(&m.user)
}

// SetStatus moves a user to a status, past all the rules of the API: a pending
// user who becomes active has accepted the invitation and gets an id; one who
// becomes inactive loses the licences. It panics if there is no such user.
func (s *Server) SetStatus(idOrEmail string, status zoom.UserStatus) zoom.User {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mustFind("SetStatus", idOrEmail)
	s.unindex(m)
	s.setStatus(m, status)
	s.fillUser(&m.user)
	s.index(m)
	return cloneUser(&m.user)
}

// RemoveUser takes a user off the account. It panics if there is no such user.
func (s *Server) RemoveUser(idOrEmail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(s.mustFind("RemoveUser", idOrEmail))
}

func (s *Server) remove(m *member) {
	s.unindex(m)
	m.gone = true
}

// SetRoom makes a user a Zoom Room, which no field tells: it cannot become Basic
// and cannot be deactivated.
func (s *Server) SetRoom(idOrEmail string, isRoom bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind("SetRoom", idOrEmail).room = isRoom
	s.version++
}

// SetUpcomingEvents gives a user an upcoming Zoom Events event, which forbids to
// make him Basic, to deactivate and to delete him.
func (s *Server) SetUpcomingEvents(idOrEmail string, has bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind("SetUpcomingEvents", idOrEmail).events = has
}

// SetFeatures merges add-ons into what GET /users/{userId}/settings shows under
// feature, for example {"webinar": true, "webinar_capacity": 500}.
func (s *Server) SetFeatures(idOrEmail string, features map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mustFind("SetFeatures", idOrEmail)
	if m.features == nil {
		m.features = map[string]any{}
	}
	maps.Copy(m.features, features)
}

// AddForeigner makes an address belong to somebody on another Zoom account, who
// is looked up with code 1010.
func (s *Server) AddForeigner(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.foreign[wire.LowerASCII(email)] = true
}

func (s *Server) mustFind(method, idOrEmail string) *member {
	m := s.find(idOrEmail)
	if m == nil {
		panic("zoomtest: " + method + ": there is no user " + idOrEmail)
	}
	return m
}

// cloneUser copies a user with all that it refers to.
func cloneUser(u *zoom.User) zoom.User {
	out := *u
	out.GroupIDs = slices.Clone(u.GroupIDs)
	out.IMGroupIDs = slices.Clone(u.IMGroupIDs)
	out.DivisionIDs = slices.Clone(u.DivisionIDs)
	out.CustomAttributes = slices.Clone(u.CustomAttributes)
	out.LicenseInfoList = slices.Clone(u.LicenseInfoList)
	out.LoginTypes = slices.Clone(u.LoginTypes)
	out.PhoneNumbers = slices.Clone(u.PhoneNumbers)
	for _, t := range []**zoom.Time{&out.CreatedAt, &out.UserCreatedAt, &out.LastLoginTime} {
		if *t != nil {
			*t = new(**t)
		}
	}
	return out
}
