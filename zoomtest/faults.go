package zoomtest

import (
	"net/http"
	"strings"
	"time"
)

// A Fault is what happens to a request in place of the usual answer, or to that
// answer. The zero value of each field changes nothing. With a Status, or with
// Reset alone, the request is not carried out unless Apply is set; else the real
// answer is made and then delayed, rewritten or cut.
//
// Ready ones with Zoom's own words: [RateLimited], [DailyLimit], [ServerError],
// [Unauthorized], [LostAnswer] and others. [Fault.On], [Fault.Repeat] and
// [Fault.After] say which requests are hit:
//
//	server.Inject(zoomtest.ServerError(502).On("GET", "/users").After(1).Repeat(2))
//
// The routes of the OAuth host are "/oauth/token", "/oauth/authorize",
// "/oauth/revoke", "/oauth/devicecode" and "/oauth_device". The fault of a route
// also hits that route under /accounts/{accountId}; "/accounts/{accountId}/users"
// hits that road alone.
//
// A fault hits only requests that the server would serve: those with a bad token
// or over the limits of [WithPlan] are refused first and use up no fault.
type Fault struct {
	Method string             // "": any
	Route  string             // the template: "/users/{userId}/status", "/oauth/token"; "": any route of the API, none of OAuth
	Match  func(Request) bool // nil: any; called with the server locked, so it must not call the server
	Skip   int                // so many matching requests pass first
	Times  int                // how often it strikes: 0 is once, negative is for ever

	Delay    time.Duration            // before the answer; after the change where Apply is set
	Apply    bool                     // carry the request out although its answer is replaced or lost
	Status   int                      // the answer's status; 0: the real answer
	Header   http.Header              // headers to set; one without a value is left out of the answer
	Body     string                   // with Status
	Rewrite  func(body []byte) []byte // changes the body on its way out; must not call the server
	CutAfter int                      // the body breaks off after so many bytes; negative: at once
	Reset    bool                     // the connection is reset: at once, or where the body is cut
}

// On returns the fault for one route. Both may be empty, for any.
func (f Fault) On(method, route string) Fault {
	f.Method, f.Route = method, route
	return f
}

// Repeat returns the fault for n requests; negative: for ever.
func (f Fault) Repeat(n int) Fault {
	f.Times = n
	return f
}

// After returns the fault with n matching requests let through first.
func (f Fault) After(n int) Fault {
	f.Skip = n
	return f
}

// Inject adds a scripted fault. Of several that match a request the first injected
// one strikes; the others wait for the next request.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := f.Times
	if left == 0 {
		left = 1
	}
	f.Header = f.Header.Clone()
	s.faults = append(s.faults, &fault{Fault: f, skip: f.Skip, left: left})
}

// InjectFunc has f decide about every request that no scripted fault strikes; nil
// means no fault. Method, Route, Match, Skip and Times of its faults do not count.
// It is called with the server locked and must not call the server.
func (s *Server) InjectFunc(f func(Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faultFuncs = append(s.faultFuncs, f)
}

// ClearFaults takes back all faults, those of InjectFunc and the hooks of OnPage
// too.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.faultFuncs, s.pageHooks = nil, nil, nil
}

// OnPage has hook change every page of every listing on its way out: repeat or
// loop tokens, lose rows, drop members, disturb the total. It is called without a
// lock and may call the server, to change the account between two pages.
func (s *Server) OnPage(hook func(*Page)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageHooks = append(s.pageHooks, hook)
}

// AfterPage calls move once, when the n-th page (from 1) of a listing has been made:
// "/users" for that of users. What move does to the account shows in the pages that
// follow and not in this one.
func (s *Server) AfterPage(route string, n int, move func(*Server)) {
	made := 0
	s.OnPage(func(p *Page) {
		if p.Route != route {
			return
		}
		s.mu.Lock()
		made++
		due := made == n
		s.mu.Unlock()
		if due {
			move(s)
		}
	})
}

type fault struct {
	Fault
	skip, left int
}

func (f *Fault) replaces() bool { return f.Status != 0 || f.Reset && f.CutAfter == 0 }

func (f *Fault) answer() *answer {
	return &answer{status: f.Status, body: []byte(f.Body)}
}

func (f *Fault) matches(c *call) bool {
	switch {
	case f.Method != "" && !strings.EqualFold(f.Method, c.logged.Method):
		return false
	case f.Route == "" && c.route.open, f.Route != "" && f.Route != c.route.path && f.Route != c.route.plain:
		return false
	default:
		return f.Match == nil || f.Match(c.logged.clone())
	}
}

// pickFault finds the fault that strikes a call and uses it up.
func (s *Server) pickFault(c *call) *Fault {
	for _, f := range s.faults {
		if f.left == 0 || !f.matches(c) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.left > 0 {
			f.left--
		}
		return &f.Fault
	}
	for _, decide := range s.faultFuncs {
		if f := decide(c.logged.clone()); f != nil {
			return f
		}
	}
	return nil
}
