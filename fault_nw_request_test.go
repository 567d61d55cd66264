package zoom_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A RoundTripper of the caller's may open connections of its own. That one of them
// cannot be dialled says nothing of the request, whose bytes were written.
func TestFaultNW20BytesThatWereWrittenOutweighTheError(t *testing.T) {
	status := http.StatusCreated
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		got.Add(1)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"id":"u1"}`)
	}))
	defer server.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	dial := func(ctx context.Context) error {
		_, err := new(net.Dialer).DialContext(ctx, "tcp", closed.Addr().String())
		return err
	}
	wire := &http.Transport{}
	defer wire.CloseIdleConnections()
	send := func(req *http.Request) error {
		resp, err := wire.RoundTrip(req)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	for name, tc := range map[string]struct {
		status int
		rt     roundTripper
		sent   int64
	}{
		"NW20 audit after the answer": {http.StatusCreated, func(req *http.Request) (*http.Response, error) {
			if err := send(req); err != nil {
				return nil, err
			}
			return nil, dial(req.Context())
		}, 1},
		"NW20 inner retry that is not dialled": {http.StatusServiceUnavailable, func(req *http.Request) (*http.Response, error) {
			if err := send(req.Clone(req.Context())); err != nil {
				return nil, err
			}
			return nil, dial(req.Context())
		}, 1},
		"NW20 name of the second host not found": {http.StatusCreated, func(req *http.Request) (*http.Response, error) {
			if err := send(req); err != nil {
				return nil, err
			}
			return nil, &net.DNSError{Err: "no such host", Name: "audit.example.com", IsNotFound: true}
		}, 1},
		"NW20 audit before the request": {http.StatusCreated, func(req *http.Request) (*http.Response, error) {
			return nil, dial(req.Context())
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			status = tc.status
			got.Store(0)
			tries := 0
			c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithBaseURL(server.URL), zoom.WithLimiter(zoom.Unlimited()),
				zoom.WithRetry(zoom.RetryPolicy{MinDelay: 1, MaxDelay: 1}),
				zoom.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
					tries++
					return tc.rt(req)
				})}))
			require.NoError(t, err)
			err = c.Do(t.Context(), &zoom.Request{Method: http.MethodPost, Path: "/users", Body: map[string]string{"action": "create"}}, nil)
			assert.Equal(t, tc.sent, got.Load())
			require.ErrorIs(t, err, zoom.ErrUnreachable)
			if tc.sent == 0 {
				assert.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, "nothing was sent")
				assert.Equal(t, 5, tries)
				return
			}
			assert.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
			assert.Equal(t, 1, tries)
		})
	}
}

// A RoundTripper that sends with a context of its own reports nothing to us. That its last
// way cannot be dialled does not say that the first one did not carry the write out.
func TestFaultNW20FailoverThatReportsNothing(t *testing.T) {
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"id":"u1","email":"u@example.com","type":2,"status":"active"}`)
			return
		}
		got.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler) // carried out, and the answer is lost
	}))
	defer server.Close()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for name, lost := range map[string]error{
		"NW20 the second way is refused":      dial,
		"NW20 the second way has no name":     &net.DNSError{Err: "no such host", IsNotFound: true},
		"NW20 the second way has no proxy":    fmt.Errorf("proxyconnect tcp: %w", dial),
		"NW20 the second way is not the host": &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // Reclaim waits before it reads the user again
				wire := &http.Transport{DisableKeepAlives: true}
				c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithBaseURL(server.URL), zoom.WithLimiter(zoom.Unlimited()),
					zoom.WithRetry(zoom.RetryPolicy{MinDelay: 1, MaxDelay: 1}),
					zoom.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
						resp, err := wire.RoundTrip(req.Clone(context.Background()))
						if err != nil {
							return nil, lost
						}
						return resp, nil
					})}))
				require.NoError(t, err)
				for what, write := range map[string]func() error{
					"POST": func() error {
						return c.Do(t.Context(), &zoom.Request{Method: http.MethodPost, Path: "/users", Body: map[string]string{"action": "create"}}, nil)
					},
					"Reclaim": func() error {
						_, err := c.Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, &zoom.ReclaimOptions{AllowLive: true})
						return err
					},
				} {
					got.Store(0)
					require.ErrorIs(t, write(), zoom.ErrOutcomeUnknown, what)
					if what == "POST" {
						assert.EqualValues(t, 1, got.Load())
					}
				}
			})
		})
	}
}

// A RoundTripper that read the body may have sent it in a way that it does not report. That
// it then asked [http.Transport] for a connection and got none proves nothing. Calls that do
// no harm twice are sent again, and so is a write whose body nobody read.
func TestFaultNW20BodyThatWasReadMayHaveBeenSent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	wire := &http.Transport{}
	defer wire.CloseIdleConnections()
	readBody := func(body io.ReadCloser) []byte {
		if body == nil {
			return nil
		}
		data, _ := io.ReadAll(body)
		_ = body.Close()
		return data
	}
	for name, tc := range map[string]struct {
		rt   roundTripper
		read bool
	}{
		"NW20 nobody reads": {wire.RoundTrip, false},
		"NW20 closed, not read": {func(req *http.Request) (*http.Response, error) {
			if req.Body != nil {
				_ = req.Body.Close()
			}
			req.Body, req.GetBody, req.ContentLength = nil, nil, 0
			return wire.RoundTrip(req)
		}, false},
		"NW20 written by hand": {func(req *http.Request) (*http.Response, error) {
			_ = readBody(req.Body) // and written to a connection of its own
			_, err := new(net.Dialer).DialContext(req.Context(), "tcp", closed.Addr().String())
			return nil, err
		}, true},
		"NW20 written by hand, and http.Transport as the second way": {func(req *http.Request) (*http.Response, error) {
			body := readBody(req.Body)
			next := req.Clone(req.Context())
			next.Body = io.NopCloser(bytes.NewReader(body))
			return wire.RoundTrip(next)
		}, true},
		"NW20 logged": {func(req *http.Request) (*http.Response, error) {
			_, _ = httputil.DumpRequest(req, true)
			return wire.RoundTrip(req)
		}, true},
		"NW20 logged as it goes out": {func(req *http.Request) (*http.Response, error) {
			_, _ = httputil.DumpRequestOut(req, true)
			return wire.RoundTrip(req)
		}, true},
		"NW20 a copy is read": {func(req *http.Request) (*http.Response, error) {
			if req.GetBody != nil {
				body, _ := req.GetBody()
				_ = readBody(body)
			}
			return wire.RoundTrip(req)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				tries := 0
				c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithBaseURL("http://"+closed.Addr().String()), zoom.WithLimiter(zoom.Unlimited()),
					zoom.WithRetry(zoom.RetryPolicy{MinDelay: 1, MaxDelay: 1}),
					zoom.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
						tries++
						return tc.rt(req)
					})}))
				require.NoError(t, err)
				req := &zoom.Request{Method: method, Path: "/users"}
				if method == http.MethodPost {
					req.Body = map[string]string{"action": "create"}
				}
				err = c.Do(t.Context(), req, nil)
				require.ErrorIs(t, err, zoom.ErrUnreachable)
				if tc.read && method == http.MethodPost {
					require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
					assert.Equal(t, 1, tries)
					continue
				}
				require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
				assert.Equal(t, 5, tries, method)
			}
		})
	}
}

// What a RoundTripper writes to a request does not reach the next attempt.
func TestFaultNW21EachAttemptHasARequestOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct{ method, url, query, header, body string }
		var requests []seen
		rt := roundTripper(func(req *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(req.Body)
			requests = append(requests, seen{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, req.Header.Get("X-Audit") + req.Header.Get("Content-Type"), string(body)})
			req.URL.Path, req.URL.RawPath = "/prefix"+req.URL.Path, "/prefix"+req.URL.RawPath
			req.URL.Host, req.URL.RawQuery, req.Method = "other.example.com", "x=y", http.MethodDelete
			req.Header.Add("X-Audit", "1")
			req.Header.Del("Content-Type")
			status := http.StatusTooManyRequests
			if len(requests) == 3 {
				status = http.StatusNoContent
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
		})
		c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithLimiter(zoom.Unlimited()), zoom.WithHTTPClient(&http.Client{Transport: rt}))
		require.NoError(t, err)
		require.NoError(t, c.Do(t.Context(), &zoom.Request{
			Method: http.MethodPatch, Path: "/groups/{groupId}", PathValues: []string{"a/b"}, Query: map[string][]string{"q": {"1"}}, Body: map[string]int{"n": 1},
		}, nil))
		want := seen{http.MethodPatch, "/v2/groups/a%2Fb", "q=1", "application/json", `{"n":1}`}
		assert.Equal(t, []seen{want, want, want}, requests)
	})
}

// The path of the base URL is sent as it was given.
func TestFaultNW21BasePathIsKept(t *testing.T) {
	for base, want := range map[string]string{
		"https://proxy.example.com/v2":                 "/v2/users/u1",
		"https://proxy.example.com/v2/":                "/v2/users/u1",
		"https://proxy.example.com":                    "/users/u1",
		"https://proxy.example.com/":                   "/users/u1",
		"https://proxy.example.com/a%2Fb/v2":           "/a%2Fb/v2/users/u1",
		"https://proxy.example.com/a%2fb/v2//":         "/a%2fb/v2/users/u1",
		"https://proxy.example.com/a%2Fb%2F":           "/a%2Fb%2F/users/u1",
		"https://proxy.example.com/team%20a/%E2%82%AC": "/team%20a/%E2%82%AC/users/u1",
		"https://proxy.example.com/a%252Fb":            "/a%252Fb/users/u1",
	} {
		t.Run("NW21 "+base, func(t *testing.T) {
			var got []string
			rt := roundTripper(func(req *http.Request) (*http.Response, error) {
				got = append(got, req.URL.EscapedPath())
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(traceUser))}, nil
			})
			c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithBaseURL(base), zoom.WithHTTPClient(&http.Client{Transport: rt}))
			require.NoError(t, err)
			require.NoError(t, get(t.Context(), c))
			assert.Equal(t, []string{want}, got)
		})
	}
}
