package canary_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"golang.org/x/oauth2"
)

// wire is a RoundTripper.
type wire func(req *http.Request) (*http.Response, error)

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) { return w(req) }

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func response(req *http.Request, status int, header http.Header, body io.Reader) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(body), ContentLength: -1, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// telltale headers repeat what was sent.
func telltale(req *http.Request) http.Header {
	auth := req.Header.Get("Authorization")
	return http.Header{
		"X-Zm-Trackingid":      {auth + " " + req.URL.RequestURI()},
		"Location":             {req.URL.String() + "&access_token=" + auth},
		"Set-Cookie":           {"token=" + auth},
		"Www-Authenticate":     {`Bearer error_description="` + auth + `"`},
		"Retry-After":          {auth},
		"X-Ratelimit-Category": {auth},
		"X-Ratelimit-Limit":    {auth},
	}
}

// answers returns a fault: a status and a body made of one piece of the request.
// Of the pieces it takes one after the other.
func answers(status int, body func(piece string, all []string) string) func() wire {
	return func() wire {
		turn := 0
		return func(req *http.Request) (*http.Response, error) {
			header, all := telltale(req), pieces(req)
			piece := all[turn%len(all)]
			turn++
			return response(req, status, header, strings.NewReader(body(piece, all))), nil
		}
	}
}

// refusal is Zoom's error body with the request in each of its texts.
func refusal(code int, words string) func(string, []string) string {
	return func(piece string, all []string) string {
		fields := []map[string]string{}
		for _, p := range all {
			fields = append(fields, map[string]string{"field": p, "message": "Invalid value: " + p + "."})
		}
		text, err := json.Marshal(map[string]any{"code": code, "message": fmt.Sprintf(words, piece), "errors": fields, "reason": piece})
		if err != nil {
			panic(err)
		}
		return string(text)
	}
}

func raw(format string) func(string, []string) string {
	return func(piece string, all []string) string {
		return strings.NewReplacer("PIECE", piece, "ALL", strings.Join(all, " ")).Replace(format)
	}
}

// breaks returns a fault: an error of the RoundTripper, which knows the request.
func breaks(err func(req *http.Request) error) func() wire {
	return func() wire {
		return func(req *http.Request) (*http.Response, error) { return nil, err(req) }
	}
}

// cuts returns a fault of the body.
func cuts(err func(req *http.Request) error) func() wire {
	return func() wire {
		return func(req *http.Request) (*http.Response, error) {
			return response(req, http.StatusOK, telltale(req), io.MultiReader(strings.NewReader(`{"users":[`), failing{err(req)})), nil
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The errors of a caller's own RoundTripper.

type dumpError struct { // holds the request, and prints it
	Req *http.Request
	Res *http.Response
	Txt string
}

func (e *dumpError) Error() string                { return "round trip: " + e.Txt }
func (e *dumpError) HTTPRequest() *http.Request   { return e.Req }
func (e *dumpError) HTTPResponse() *http.Response { return e.Res }

type valueError struct{ Text, URL string } // by value, printed field by field

func (e valueError) Error() string { return e.Text + e.URL }

type netError struct{ text string }

func (e *netError) Error() string { return e.text }
func (*netError) Timeout() bool   { return true }
func (*netError) Temporary() bool { return true }
func (e *netError) String() string {
	return e.text
}

func dumpOf(req *http.Request) error {
	return &dumpError{Req: req, Res: response(req, http.StatusTeapot, nil, strings.NewReader("")), Txt: dump(req)}
}

func urlErrorOf(req *http.Request, err error) error {
	return &url.Error{Op: "Get", URL: req.URL.String(), Err: err}
}

var networkErrors = map[string]func(req *http.Request) error{
	"url.Error":            func(req *http.Request) error { return urlErrorOf(req, syscall.ECONNRESET) },
	"url.Error in text":    func(req *http.Request) error { return fmt.Errorf("attempt: %w", urlErrorOf(req, io.EOF)) },
	"url.Error in Join":    func(req *http.Request) error { return errors.Join(io.EOF, urlErrorOf(req, io.EOF)) },
	"url.Error of timeout": func(req *http.Request) error { return urlErrorOf(req, os.ErrDeadlineExceeded) },
	"text":                 func(req *http.Request) error { return errors.New(dump(req)) },
	"text of one line":     func(req *http.Request) error { return fmt.Errorf("%s %s: boom", req.Method, req.URL) },
	"text of the header":   func(req *http.Request) error { return fmt.Errorf("sent %q", req.Header) },
	"text of the body":     func(req *http.Request) error { return fmt.Errorf("sent %s", pieces(req)[11]) },
	"text in hex":          func(req *http.Request) error { return fmt.Errorf("sent %x", dump(req)) },
	"text in base64":       func(req *http.Request) error { return fmt.Errorf("sent %s", base64Of([]byte(dump(req)))) },
	"dump":                 dumpOf,
	"dump, wrapped":        func(req *http.Request) error { return fmt.Errorf("vcr: %w", dumpOf(req)) },
	"dump, joined":         func(req *http.Request) error { return errors.Join(dumpOf(req), io.ErrUnexpectedEOF) },
	"value":                func(req *http.Request) error { return valueError{dump(req), req.URL.String()} },
	"net.Error":            func(req *http.Request) error { return &netError{dump(req)} },
	"net.OpError":          func(req *http.Request) error { return &net.OpError{Op: "read", Net: "tcp", Err: dumpOf(req)} },
	"net.OpError of dial": func(req *http.Request) error {
		return &net.OpError{Op: "dial", Net: req.URL.String(), Err: dumpOf(req)}
	},
	"net.DNSError": func(req *http.Request) error {
		return &net.DNSError{Err: dump(req), Name: "api.zoom.us", IsNotFound: true}
	},
	"os.SyscallError": func(req *http.Request) error { return &os.SyscallError{Syscall: dump(req), Err: syscall.EPIPE} },
	"os.PathError": func(req *http.Request) error {
		return &os.PathError{Op: "cassette", Path: req.URL.String(), Err: syscall.ENOENT}
	},
	"tls":            func(req *http.Request) error { return fmt.Errorf("tls: %s", dump(req)) },
	"proxyconnect":   func(req *http.Request) error { return fmt.Errorf("proxyconnect tcp: %s", dump(req)) },
	"malformed":      func(req *http.Request) error { return fmt.Errorf("malformed HTTP response %q", dump(req)) },
	"gzip":           func(req *http.Request) error { return fmt.Errorf("gzip: %s", dump(req)) },
	"unexpected EOF": func(req *http.Request) error { return fmt.Errorf("%s: %w", req.URL, io.ErrUnexpectedEOF) },
	"deadline":       func(req *http.Request) error { return fmt.Errorf("%s: %w", req.URL, context.DeadlineExceeded) },
	"canceled":       func(req *http.Request) error { return fmt.Errorf("%s: %w", req.URL, context.Canceled) },
	"oauth2.Transport": func(req *http.Request) error {
		return &oauth2.RetrieveError{Response: response(req, 400, nil, strings.NewReader("")), Body: []byte(dump(req)), ErrorDescription: dump(req)}
	},
}
