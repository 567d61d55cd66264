package zoom_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// tape is a RoundTripper that answers from a script, in order, and keeps what it
// was asked and when. The last answer repeats. It honours the context and works
// inside a synctest bubble.
type tape struct {
	mu      sync.Mutex
	answers []answer
	asked   []asked
	idle    bool // a request for a user's meetings is answered with none, and not kept
}

// answer is one entry of the script.
type answer struct {
	status int
	body   string
	header map[string]string
	extra  http.Header                       // added, for names that come twice
	err    error                             // returned instead of an answer
	delay  time.Duration                     // before the answer
	do     func(*http.Request) answer        // computes the answer
	cut    bool                              // the body ends in io.ErrUnexpectedEOF
	reader func(*http.Request) io.ReadCloser // the body
}

type asked struct {
	at     time.Time
	method string
	path   string
	query  string
	auth   string
	body   string
}

func newTape(answers ...answer) *tape { return &tape{answers: answers} }

// idleTape is of an account in which nobody has a meeting.
func idleTape(answers ...answer) *tape { return &tape{answers: answers, idle: true} }

var noMeetings = ok(`{"page_size":300,"total_records":0,"next_page_token":"","meetings":[]}`)

func (t *tape) RoundTrip(req *http.Request) (*http.Response, error) {
	var a answer
	if t.idle && strings.HasSuffix(req.URL.Path, "/meetings") {
		a = noMeetings
	} else {
		a = t.take(req)
	}
	if a.do != nil {
		a = a.do(req)
	}
	if a.delay > 0 {
		timer := time.NewTimer(a.delay)
		defer timer.Stop()
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-timer.C:
		}
	}
	if a.err != nil {
		reportDial(req, a.err)
		return nil, a.err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range a.header {
		header.Set(name, value)
	}
	for name, values := range a.extra {
		header[name] = append(header[name], values...)
	}
	body := io.NopCloser(strings.NewReader(a.body))
	switch {
	case a.reader != nil:
		body = a.reader(req)
	case a.cut:
		body = io.NopCloser(io.MultiReader(strings.NewReader(a.body), brokenReader{}))
	}
	return &http.Response{
		StatusCode: a.status, Header: header, Body: body, ContentLength: -1, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// reportDial reports of a failure to connect what [http.Transport] reports: that it asked
// for a connection.
func reportDial(req *http.Request, err error) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && isDial(err) {
		trace.GetConn(req.URL.Host)
	}
}

func isDial(err error) bool {
	op, isOp := errors.AsType[*net.OpError](err)
	_, isName := errors.AsType[*net.DNSError](err)
	return isName || isOp && op.Op == "dial"
}

// take keeps what was asked. Like [http.Transport] it does not read the body of a request
// for which there is no connection.
func (t *tape) take(req *http.Request) answer {
	t.mu.Lock()
	n := len(t.asked)
	t.asked = append(t.asked, asked{
		at: time.Now(), method: req.Method, path: req.URL.EscapedPath(), query: req.URL.RawQuery,
		auth: req.Header.Get("Authorization"),
	})
	a := t.answers[min(n, len(t.answers)-1)]
	t.mu.Unlock()
	if req.Body == nil {
		return a
	}
	defer req.Body.Close()
	if isDial(a.err) {
		return a
	}
	body, _ := io.ReadAll(req.Body)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked[n].body = string(bytes.TrimSpace(body))
	return a
}

// requests returns what was asked so far.
func (t *tape) requests() []asked {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]asked(nil), t.asked...)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func ok(body string) answer { return answer{status: http.StatusOK, body: body} }

// client returns a client whose wire is the tape, without limits.
func (t *tape) client(tb testing.TB, opts ...zoom.Option) *zoom.Client {
	tb.Helper()
	c, err := zoom.NewClient(zoom.StaticToken("test-token"), append([]zoom.Option{
		zoom.WithHTTPClient(&http.Client{Transport: t}), zoom.WithLimiter(zoom.Unlimited()),
	}, opts...)...)
	require.NoError(tb, err)
	return c
}
