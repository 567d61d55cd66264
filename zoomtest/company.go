package zoomtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom"
)

const maxUsers = 1_000_000

// A company is what WithUsers made. Its users are the first members of the account;
// their meetings and sign-ins are computed from the seed whenever they are asked
// for (history.go).
type company struct {
	seed    uint64
	epoch   time.Time // the server's clock when the company was made
	members []*member
	absent  []bool // never took part in anything: invited or deactivated from the beginning
	hosting []bool // may host meetings

	lastLogin []int64 // in Unix seconds; 0: never signed in
}

// populate fills the account.
func (s *Server) populate(n int, seed uint64, now time.Time) {
	co := &company{seed: seed, epoch: now.UTC().Truncate(time.Second), members: make([]*member, n), absent: make([]bool, n), hosting: make([]bool, n), lastLogin: make([]int64, n)}
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	s.company = co
	s.byID, s.byEmail = make(map[string]*member, n), make(map[string]*member, n)
	s.members = make([]*member, 0, n+16)
	for _, name := range groupNames {
		s.groups = append(s.groups, &group{randomID(r), name})
	}
	for _, name := range []string{"Help desk", "Room manager"} {
		s.roles = append(s.roles, &role{id: randomID(r), name: name})
	}
	groupIDs := make([][]string, len(s.groups))
	for i, g := range s.groups {
		groupIDs[i] = []string{g.id}
	}
	members := make([]member, n) // one piece of memory for all
	for i := range members {
		m := &members[i]
		co.members[i] = m
		u := &m.user
		co.person(r, u, i)
		co.license(r, u, i)
		switch {
		case i == 0:
			u.RoleID = zoom.RoleOwner
		case u.Status == zoom.StatusPending:
			u.RoleID = ""
		case i <= 2 || r.IntN(400) == 0:
			u.RoleID = zoom.RoleAdmin
		case r.IntN(100) == 0:
			u.RoleID = s.roles[3+r.IntN(2)].id
		default:
			u.RoleID = zoom.RoleMember
		}
		if g := r.IntN(3 * len(groupIDs)); g < len(groupIDs) {
			u.GroupIDs = groupIDs[g]
		}
		if i > 2 && u.RoleID == zoom.RoleMember && u.Status == zoom.StatusActive {
			co.oddities(r, m, i)
		}
		co.absent[i] = u.Status != zoom.StatusActive || m.room
		co.hosting[i] = !m.room && u.Status != zoom.StatusPending && u.Type != zoom.TypeUnassigned && u.Type != zoom.TypeNone
		if !u.LastLoginTime.IsZero() {
			co.lastLogin[i] = u.LastLoginTime.Time().Unix()
		}
		s.add(m)
	}
}

// person draws who somebody is.
func (co *company) person(r *rand.Rand, u *zoom.User, i int) {
	u.FirstName, u.LastName = pick(r, firstNames), pick(r, lastNames)
	u.DisplayName = u.FirstName + " " + u.LastName
	u.Email = address(u, i)
	u.Dept = pick(r, departments)
	u.Timezone = pick(r, timezones)
	u.Status = zoom.StatusActive
	if share := r.IntN(100); i > 2 && share < 8 {
		u.Status = zoom.StatusInactive
	} else if i > 2 && share < 11 {
		u.Status = zoom.StatusPending
	}
	u.ID = randomID(r)
	if u.Status == zoom.StatusPending {
		u.ID, u.Timezone, u.Dept = "", "", ""
		return
	}
	u.PMI = 2_000_000_000 + int64(i)*7 + r.Int64N(7)
	u.Verified = min(1, r.IntN(20))
	age := 30 + r.IntN(2000)
	if r.IntN(25) == 0 {
		age = 1 + r.IntN(20) // has just come
	}
	u.UserCreatedAt = co.before(r, age)
	u.CreatedAt = u.UserCreatedAt
	if r.IntN(10) == 0 && age > 60 {
		u.CreatedAt = co.before(r, age/2) // a later login type
	}
	switch share := r.IntN(100); {
	case share < 8 && i > 2: // never signed in
		return
	case share < 23:
		u.LastLoginTime = co.before(r, min(age, 91+r.IntN(400)))
	default:
		u.LastLoginTime = co.before(r, min(age, 1+r.IntN(30)))
	}
	u.LastClientVersion = pick(r, clients)
	if r.IntN(5) == 0 {
		u.EmployeeUniqueID = fmt.Sprintf("E%07d", i)
	}
}

// license draws what somebody holds.
func (co *company) license(r *rand.Rand, u *zoom.User, i int) {
	switch share := r.IntN(1000); {
	case i <= 2 || share < 450:
		u.Type = zoom.TypeLicensed
	case share < 900:
		u.Type = zoom.TypeBasic
	case share < 930:
		u.Type = zoom.TypeOnPrem
	case share < 970:
		u.Type = zoom.TypeUnassigned
	case share < 990:
		u.Type = zoom.TypeNone
	default:
		u.Type = unknownType
	}
	if u.Status == zoom.StatusInactive && u.Type != zoom.TypeUnassigned && u.Type != zoom.TypeNone {
		u.Type = zoom.TypeBasic
	}
	if u.Type != zoom.TypeLicensed || u.Status != zoom.StatusActive {
		return
	}
	switch r.IntN(40) {
	case 0:
		u.PlanUnitedType = pick(r, []string{"1", "32", "1024", "131072"})
	case 1:
		u.ZoomOneType = pick(r, bundles) // not in listings
	case 2:
		option := pick(r, bundles)
		u.ZoomOneType = option
		u.LicenseInfoList = []zoom.LicenseInfo{{LicenseType: "ZOOM_WORKPLACE_BUNDLE", LicenseOption: option, SubscriptionID: "SUBREF-7f31-a"}}
	case 3:
		u.LicenseInfoList = []zoom.LicenseInfo{{LicenseType: "MEETING", LicenseOption: 2, SubscriptionID: "SUBREF-7f31-b"}}
	}
}

// oddities makes a few users into Zoom Rooms and gives a few an event, an add-on
// or a custom attribute.
func (co *company) oddities(r *rand.Rand, m *member, i int) {
	u := &m.user
	switch r.IntN(150) {
	case 0:
		m.room = true
		u.Type, u.ZoomOneType, u.PlanUnitedType, u.LicenseInfoList = zoom.TypeLicensed, 0, "", nil
		u.FirstName = "Zoom Room"
		u.DisplayName = u.FirstName + " " + u.LastName
		u.Email = fmt.Sprintf("rooms_%d@example.com", i)
		u.LastLoginTime = nil
	case 1:
		m.events = true
	case 2, 3:
		m.features = map[string]any{"webinar": true, "webinar_capacity": 500}
	case 4:
		u.CustomAttributes = []zoom.CustomAttribute{{Key: "cbf_cywdkexrtqc73f97gd4w6g", Name: "Cost centre", Value: fmt.Sprint(4000 + i%40)}}
		u.HostKey = fmt.Sprintf("%06d", i)
	}
}

// before is a moment so many days ago, at some time of the working day.
func (co *company) before(r *rand.Rand, days int) *zoom.Time {
	second := 6*3600 + r.IntN(12*3600)
	day := co.epoch.Truncate(24*time.Hour).AddDate(0, 0, -days)
	return zoom.NewTime(day.Add(time.Duration(second) * time.Second))
}

// address makes an address with the letters that paths have to escape among them.
func address(u *zoom.User, i int) string {
	domain, tag := "example.com", ""
	if i%10 == 7 {
		domain = "example.org"
	}
	if i%50 == 9 {
		tag = "+zoom"
	}
	return fold(u.FirstName) + "." + fold(u.LastName) + "." + strconv.Itoa(i) + tag + "@" + domain
}

func fold(name string) string {
	return strings.ToLower(plainLetters.Replace(name))
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// unknownType is a type that Zoom does not describe.
const unknownType zoom.UserType = 7

var (
	plainLetters = strings.NewReplacer("é", "e", "ë", "e", "ü", "u", "ø", "o", " ", ".")

	bundles     = []int64{16, 1 << 25, 1 << 28, 1 << 42, 1 << 56, 1 << 57, 1 << 59}
	groupNames  = []string{"Everyone in sales", "Contractors", "Keep licensed", "Trainers"}
	departments = []string{"Sales", "Engineering", "Support", "Marketing", "Finance", "HR", "Legal", "Operations", ""}
	timezones   = []string{"Europe/Berlin", "America/Los_Angeles", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Europe/London", "UTC", ""}
	clients     = []string{"6.5.9.11873(win)", "6.6.2.64511(mac)", "6.4.0.2356(android)", "6.6.1.19872(iphone)", "5.17.11.3835(linux)"}
	firstNames  = []string{"Ada", "Ben", "Chloé", "Dmitri", "Emma", "Farid", "Grace", "Hiro", "Ines", "Jill", "Kofi", "Léa", "Mateo", "Nora", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wen", "Zoë"}
	lastNames   = []string{"Adler", "Baker", "Chill", "Diaz", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jensen", "Kumar", "Lopez", "Müller", "Nguyen", "O'Neil", "Petrov", "Quist", "Rossi", "Sørensen", "Tanaka", "Usman", "Van Dyk", "Weber", "Young"}
)
