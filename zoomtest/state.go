package zoomtest

import (
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/wire"
)

// The state of an account. Everything in it is guarded by Server.mu.
type state struct {
	members  []*member // in the order of listings; those who left stay as gone
	byID     map[string]*member
	byEmail  map[string]*member // lower case
	foreign  map[string]bool    // lower-cased addresses of people on other Zoom accounts
	version  int64              // moves with every change, for what is computed from the state
	seats    map[zoom.UserType]int
	groups   []*group
	roles    []*role
	meetings map[*member][]*zoom.Meeting
	held     map[*member][]*PastMeeting
	heldAll  []heldMeeting
	signIns  []*zoom.SignIn
	promoted []time.Time // assignments of licences, for Quirks.AssignmentCap
	company  *company
	counts   countCache
	hosts    hostCache
	serial   int64
	lagging  time.Time // until when reads may differ from the state
}

// A member is a user with what Zoom knows and does not show.
type member struct {
	user       zoom.User
	index      int // in state.members
	room       bool
	events     bool // has an upcoming Zoom Events event
	gone       bool
	features   map[string]any
	shown      *zoom.User // what reads show until shownUntil
	shownUntil time.Time
}

// view is the user as a read at that time shows it.
func (m *member) view(now time.Time) *zoom.User {
	if m.shown != nil && now.Before(m.shownUntil) {
		return m.shown
	}
	return &m.user
}

func (st *state) init() {
	st.byID = map[string]*member{}
	st.byEmail = map[string]*member{}
	st.foreign = map[string]bool{}
	st.seats = map[zoom.UserType]int{}
	st.meetings = map[*member][]*zoom.Meeting{}
	st.held = map[*member][]*PastMeeting{}
	st.roles = standardRoles()
}

func (st *state) find(idOrEmail string) *member {
	if m := st.byID[idOrEmail]; m != nil {
		return m
	}
	return st.byEmail[wire.LowerASCII(idOrEmail)]
}

func (st *state) add(m *member) {
	m.index = len(st.members)
	st.members = append(st.members, m)
	st.index(m)
}

func (st *state) index(m *member) {
	if m.user.ID != "" {
		st.byID[m.user.ID] = m
	}
	st.byEmail[wire.LowerASCII(m.user.Email)] = m
	st.version++
}

func (st *state) unindex(m *member) {
	delete(st.byID, m.user.ID)
	delete(st.byEmail, wire.LowerASCII(m.user.Email))
	st.version++
}
