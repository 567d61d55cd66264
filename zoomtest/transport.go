package zoomtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"syscall"
)

// RoundTripper serves requests in memory, whatever their host: no network, no
// goroutine, nothing that a testing/synctest bubble could not see through. It
// stands in the place of a transport:
//
//	hc := &http.Client{Transport: server.RoundTripper()}
func (s *Server) RoundTripper() http.RoundTripper { return roundTripper{s} }

type roundTripper struct{ s *Server }

// RoundTrip implements [http.RoundTripper].
func (rt roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close() // it was read to its end
		if err != nil {
			return nil, err
		}
	}
	result, err := rt.s.serve(req.Context(), req.Method, req.URL.RequestURI(), req.Header, body)
	if err != nil {
		return nil, err
	}
	if result.reset && result.cut == 0 {
		return nil, connectionReset()
	}
	content := io.Reader(bytes.NewReader(result.body))
	if cut, broken := cutAt(result); broken {
		failure := io.ErrUnexpectedEOF
		if result.reset {
			failure = connectionReset()
		}
		content = io.MultiReader(bytes.NewReader(result.body[:cut]), failingReader{failure})
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", result.status, http.StatusText(result.status)),
		StatusCode:    result.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        result.header,
		Body:          io.NopCloser(content),
		ContentLength: int64(len(result.body)),
		Request:       req,
	}, nil
}

// cutAt tells after how many bytes the body breaks off.
func cutAt(result *answer) (int, bool) {
	switch {
	case result.cut < 0:
		return 0, true
	case result.cut == 0:
		return 0, false
	default:
		return min(result.cut, max(0, len(result.body)-1)), true
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func connectionReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// URL opens a listener on the loopback, if there is none yet, and returns the
// base URL of the API, which ends in /v2. [Server.Close] shuts it.
func (s *Server) URL() string { return s.listen() + apiBase }

// TokenURL is where tokens are fetched, on the same listener.
func (s *Server) TokenURL() string { return s.listen() + tokenPath }

// AuthorizeURL is where an admin is sent to click Allow, on the same listener. The
// page wants response_type=code, client_id, redirect_uri and, as a rule, state and
// a PKCE challenge. [Server.Allow] does without a browser.
func (s *Server) AuthorizeURL() string { return s.listen() + authorizePath }

// RevokeURL is where a token is given back, on the same listener.
func (s *Server) RevokeURL() string { return s.listen() + revokePath }

// DeviceURL is where a device without a browser asks for its codes, on the same
// listener. [Server.ApproveDevice] does without a browser.
func (s *Server) DeviceURL() string { return s.listen() + deviceCodePath }

func (s *Server) listen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		panic("zoomtest: the server is closed")
	}
	if s.listener == nil {
		s.listener = httptest.NewServer(http.HandlerFunc(s.serveHTTP))
	}
	return s.listener.URL
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	result, err := s.serve(r.Context(), r.Method, r.RequestURI, r.Header, body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	if result.reset && result.cut == 0 {
		abort(w, true)
	}
	for name, values := range result.header {
		w.Header()[name] = values
	}
	if result.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(result.body)))
	}
	w.WriteHeader(result.status)
	cut, broken := cutAt(result)
	if !broken {
		_, _ = w.Write(result.body) // the client may have gone
		return
	}
	_, _ = w.Write(result.body[:cut])
	_ = http.NewResponseController(w).Flush()
	abort(w, result.reset)
}

// abort ends the connection: hard, so that the client sees a reset, or softly, so
// that the body ends too early.
func abort(w http.ResponseWriter, hard bool) {
	if hard {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			if tcp, isTCP := conn.(*net.TCPConn); isTCP {
				_ = tcp.SetLinger(0) // close with a reset
			}
			_ = conn.Close()
		}
	}
	panic(http.ErrAbortHandler)
}
