package zoomtest

import (
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/seatkit/zoom"
)

// loginBuffer is how much newer a sign-in must be to move last_login_time.
const loginBuffer = 3 * 24 * time.Hour

// AddSignIn adds a row to the sign-in report. What is left empty is filled: the
// time with now, the type with "Sign in". A sign-in of a user of the account moves
// the last_login_time by Zoom's rule: only if it is three days or more after the
// recorded one.
func (s *Server) AddSignIn(in zoom.SignIn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in.Type = or(in.Type, "Sign in")
	in.IPAddress = or(in.IPAddress, "203.0.113.7")
	in.ClientType = or(in.ClientType, "Windows")
	in.Version = or(in.Version, "6.5.9")
	in.Time = wholeSeconds(or(in.Time, zoom.NewTime(s.now())))
	s.signIns = append(s.signIns, &in)
	m := s.find(in.Email)
	if m == nil || in.Type != "Sign in" {
		return
	}
	if last := m.user.LastLoginTime; last.IsZero() || !in.Time.Time().Before(last.Time().Add(loginBuffer)) {
		m.user.LastLoginTime = new(*in.Time)
		s.version++
	}
}

// told is where the positions of AddSignIn's rows begin; those of a company lie
// below, user by user.
const told = int64(1) << 40

// signInsPerUser bounds the rows of one user of a company.
const signInsPerUser = 16

// listSignIns is GET /report/activities. Without from and to it covers the last 30
// days.
func listSignIns(c *call) *answer {
	if c.query.Get("from") == "" && c.query.Get("to") == "" {
		c.query = maps.Clone(c.query)
		c.query.Set("from", c.now.UTC().AddDate(0, 0, -30).Format(time.DateOnly))
		c.query.Set("to", c.now.UTC().Format(time.DateOnly))
	}
	from, to, refusal := c.window()
	if refusal != nil {
		return refusal
	}
	s := c.s
	return answerPage(c, listing[zoom.SignIn]{
		key: "activity_logs", max: 300,
		head: func(o *object) {
			o.date("from", from)
			o.date("to", to.AddDate(0, 0, -1))
		},
		from: func(pos int64) iter.Seq2[int64, zoom.SignIn] {
			return func(yield func(int64, zoom.SignIn) bool) {
				for i := pos; i < int64(s.companySize())*signInsPerUser; i++ {
					row, there := s.company.signIn(int(i/signInsPerUser), int(i%signInsPerUser))
					if !there {
						i |= signInsPerUser - 1 // on to the next user
						continue
					}
					if within(row.Time.Time(), from, to) && !yield(i, row) {
						return
					}
				}
				for i := max(0, pos-told); i < int64(len(s.signIns)); i++ {
					if row := s.signIns[i]; within(row.Time.Time(), from, to) && !yield(told+i, *row) {
						return
					}
				}
			}
		},
		row: func(buf []byte, in zoom.SignIn) []byte {
			o := beginObject(buf)
			o.text("email", in.Email)
			o.moment("time", in.Time)
			o.text("type", in.Type)
			o.text("ip_address", in.IPAddress)
			o.text("client_type", in.ClientType)
			o.text("version", in.Version)
			return o.end()
		},
	})
}

// signIn is row number n of a user of the company: sign-ins at last_login_time and
// every some days before, each with its sign-out.
func (co *company) signIn(i, n int) (zoom.SignIn, bool) {
	last := co.lastLogin[i]
	if last == 0 {
		return zoom.SignIn{}, false
	}
	gap := 3 + i*7%17
	at := time.Unix(last, 0).UTC().AddDate(0, 0, -gap*(n/2))
	row := zoom.SignIn{
		Email: co.members[i].user.Email, Type: "Sign in", IPAddress: fmt.Sprintf("203.0.113.%d", i%250+1), ClientType: "Windows", Version: "6.5.9",
	}
	if n%2 == 1 {
		row.Type = "Sign out"
		at = at.Add(time.Duration(30+i%240) * time.Minute)
	}
	row.Time = zoom.NewTime(at)
	return row, true
}
