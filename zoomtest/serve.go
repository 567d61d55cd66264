package zoomtest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A call is one request while it is served.
type call struct {
	s      *Server
	route  *route
	params []string // the values in the path
	path   string   // escaped, without the base: "/users/%2Fabc"
	query  url.Values
	header http.Header
	body   []byte
	now    time.Time
	token  *accessToken // nil where none is needed
	logged *Request
	fault  *Fault
}

// serve takes one request from its arrival to its answer. It fails only when ctx
// ends during a delay.
func (s *Server) serve(ctx context.Context, method, target string, header http.Header, body []byte) (*answer, error) {
	c, early := s.admit(method, target, header, body)
	f := c.fault
	if f == nil {
		f = &Fault{}
	}
	result := early
	if result == nil && f.Apply {
		result = c.run()
	}
	if err := wait(ctx, f.Delay); err != nil {
		return nil, err
	}
	if result == nil && !f.replaces() {
		result = c.run()
	}
	if f.Status != 0 {
		result = f.answer()
	}
	if result == nil {
		result = &answer{status: http.StatusOK}
	}
	s.finish(c, f, result)
	return result, nil
}

// admit logs the request, matches it, checks its token and the limits, and picks
// its fault. A request that Zoom would not serve is answered at once and uses up
// no fault.
func (s *Server) admit(method, target string, header http.Header, body []byte) (*call, *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, rawQuery, _ := strings.Cut(target, "?")
	query, _ := url.ParseQuery(rawQuery) // what can be read of it
	c := &call{s: s, query: query, header: header, body: body, now: s.now()}
	base := ""
	if rest, found := strings.CutPrefix(path, apiBase); found && (rest == "" || rest[0] == '/') {
		base, c.path = apiBase, rest
	} else {
		c.path = path
	}
	c.route, c.params = match(method, base, c.path)
	s.trackers++
	c.logged = &Request{
		Method: method, Path: path, Route: c.route.path, Query: query, Header: redacted(header), Body: body,
		Class: c.route.class, Time: c.now, TrackingID: fmt.Sprintf("v=2.0;clid=us06;rid=WEB_%032x", s.trackers),
	}
	s.record(c.logged)

	if !c.route.open {
		token, refusal := c.authorize()
		if refusal != nil {
			return c, refusal
		}
		if refusal := s.meter(c); refusal != nil {
			return c, refusal
		}
		c.fault = s.pickFault(c)
		c.token = token
		carried := c.fault == nil || c.fault.Apply || !c.fault.replaces()
		if carried && !token.allows(c.route.scopes) {
			return c, scopeRefusal(s.quirks.ScopeErrorCode, c.route.granular())
		}
		return c, nil
	}
	c.fault = s.pickFault(c)
	return c, nil
}

// run carries the request out and lets the page hooks at its answer.
func (c *call) run() *answer {
	result, hooks := c.handle()
	if result.page == nil {
		return result
	}
	for _, hook := range hooks {
		hook(result.page)
	}
	result.body = result.page.encode()
	return result
}

// handle calls the handler of the route. A handler that panics leaves the server
// unlocked: the panic is the caller's to see, and other requests are served.
func (c *call) handle() (*answer, []func(*Page)) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.now = c.s.now()
	return c.route.handle(c), c.s.pageHooks
}

// finish puts the headers on and does to the answer what the fault says.
func (s *Server) finish(c *call, f *Fault, result *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Rewrite != nil {
		result.body = f.Rewrite(result.body)
	}
	if s.quirks.ForeignWords && result.status >= http.StatusBadRequest {
		result.body = inForeignWords(result.body)
	}
	header := http.Header{}
	if len(result.body) > 0 {
		header.Set("Content-Type", "application/json;charset=UTF-8")
	}
	header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	header.Set(TrackingHeader, c.logged.TrackingID)
	if !c.route.open {
		s.rateHeaders(header, c.route.class)
	}
	for _, more := range []http.Header{result.header, f.Header} {
		for name, values := range more {
			name = http.CanonicalHeaderKey(name)
			if len(values) == 0 {
				delete(header, name)
				continue
			}
			header[name] = values
		}
	}
	for _, name := range s.quirks.OmitHeaders {
		header.Del(name)
	}
	result.header, result.cut, result.reset = header, f.CutAfter, f.Reset
	if !f.Reset {
		c.logged.Status = result.status
	}
}

// wait is free of locks and of anything that a testing/synctest bubble does not
// see through.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// TrackingHeader is on every answer; Zoom's support asks for its value.
const TrackingHeader = "X-Zm-Trackingid"

const apiBase = "/v2"
