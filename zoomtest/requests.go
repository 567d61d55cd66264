package zoomtest

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seatkit/zoom"
)

// A Request is one request that the server was asked.
type Request struct {
	Method     string
	Path       string // as it came, still escaped: "/v2/users/%2Fabc"
	Route      string // the template: "/users/{userId}", "/oauth/token"; "" where nothing is known
	Query      url.Values
	Header     http.Header // without the credentials
	Body       []byte
	Class      zoom.RateClass // of API routes
	Time       time.Time      // on the server's clock
	Status     int            // of the answer; 0: none yet, or the connection was broken
	TrackingID string
}

// Requests returns what was asked, in order. The server keeps the latest 10,000
// requests, or as many as [WithRequestLog] says.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.log[max(0, len(s.log)-s.logSize):]
	out := make([]Request, len(kept))
	for i, r := range kept {
		out[i] = r.clone()
	}
	return out
}

// ResetRequests forgets what was asked.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

func (r *Request) clone() Request {
	out := *r
	out.Query = url.Values(http.Header(r.Query).Clone())
	out.Header = r.Header.Clone()
	out.Body = bytes.Clone(r.Body)
	return out
}

func (s *Server) record(r *Request) {
	if s.logSize == 0 {
		return
	}
	if len(s.log) >= 2*s.logSize {
		s.log = slices.Clone(s.log[len(s.log)-s.logSize:])
	}
	s.log = append(s.log, r)
}

// redacted copies a header without its credentials.
func redacted(h http.Header) http.Header {
	out := h.Clone()
	if out.Get("Authorization") != "" {
		out.Set("Authorization", "REDACTED")
	}
	return out
}
