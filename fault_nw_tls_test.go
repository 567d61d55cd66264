package zoom_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// No secure connection: one try, and nothing was sent.
func TestFaultTLS(t *testing.T) {
	var served atomic.Int32
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, changed)
	})
	server := startTLS(t, handler, func(*httptest.Server) {})
	old := startTLS(t, handler, func(s *httptest.Server) {
		s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	})
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	trusting := func(now func() time.Time) *http.Transport {
		return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12, Time: now}}
	}
	for _, tc := range []struct {
		name string
		base string
		wire *http.Transport // nil: our own
	}{
		{"NW03_unknown_authority", server.URL, nil},
		{"NW03_wrong_host", strings.Replace(server.URL, "127.0.0.1", "localhost", 1), trusting(nil)},
		{"NW03_expired", server.URL, trusting(func() time.Time { return time.Now().AddDate(200, 0, 0) })},
		{"NW04_version_mismatch", old.URL, nil},
		{"NW04_https_to_a_plain_server", strings.Replace(plain.URL, "http:", "https:", 1), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, call := range sends {
				opts := []zoom.Option{zoom.WithBaseURL(tc.base), quick, zoom.WithLimiter(zoom.Unlimited())}
				if tc.wire != nil {
					opts = append(opts, zoom.WithHTTPClient(&http.Client{Transport: tc.wire}))
				}
				c, err := zoom.NewClient(zoom.StaticToken(secretToken), opts...)
				require.NoError(t, err)
				err = call.send(t, c)
				require.ErrorIs(t, err, zoom.ErrTLS, call.method)
				require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, call.method)
				assert.Equal(t, 1, asError(t, err).Attempts)
				require.NoError(t, c.Close())
			}
			assert.Zero(t, served.Load())
		})
	}
	t.Run("NW04_alert_after_the_request", inBubble(func(t *testing.T) {
		for _, call := range sends {
			tp := newTape(answer{err: &net.OpError{Op: "remote error", Err: tls.AlertError(80)}})
			err := call.send(t, tp.client(t))
			require.ErrorIs(t, err, zoom.ErrTLS)
			assertSilent(t, err)
			if call.method != "GET" {
				require.ErrorIs(t, err, zoom.ErrOutcomeUnknown, "the connection stood: the request may have been read")
			}
		}
	}))
}

func startTLS(t *testing.T, h http.Handler, configure func(*httptest.Server)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	configure(s)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// A redirect is never followed, wherever it leads.
func TestFaultRedirects(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = io.WriteString(w, changed)
	}))
	t.Cleanup(other.Close)
	var status, asked atomic.Int32
	var target atomic.Value
	answer := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		w.Header().Set("Location", target.Load().(string)+req.URL.Path)
		w.WriteHeader(int(status.Load()))
	})
	server, secure := httptest.NewServer(answer), startTLS(t, answer, func(*httptest.Server) {})
	t.Cleanup(server.Close)
	insecure := strings.Replace(secure.URL, "https:", "http:", 1)
	for _, tc := range []struct {
		name string
		base *httptest.Server
		to   string
	}{
		{"NW08_to_another_host", server, other.URL},
		{"NW09_to_the_same_host", server, server.URL + "/moved"},
		{"NW11_https_to_http", secure, insecure},
	} {
		t.Run(tc.name, func(t *testing.T) {
			target.Store(tc.to)
			for _, code := range []int32{301, 302, 303, 307, 308} {
				for _, call := range sends {
					status.Store(code)
					asked.Store(0)
					c, err := zoom.NewClient(zoom.StaticToken(secretToken), zoom.WithBaseURL(tc.base.URL), quick,
						zoom.WithHTTPClient(tc.base.Client()), zoom.WithLimiter(zoom.Unlimited()))
					require.NoError(t, err)
					err = call.send(t, c)
					require.ErrorIs(t, err, zoom.ErrRedirect, "%d %s", code, call.method)
					require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, "%d %s", code, call.method)
					assert.Equal(t, int(code), asError(t, err).StatusCode)
					assert.Equal(t, int32(1), asked.Load(), "%d %s", code, call.method)
				}
			}
			assert.Zero(t, elsewhere.Load())
		})
	}
	t.Run("NW10_of_the_token_call", func(t *testing.T) {
		target.Store(other.URL)
		for _, code := range []int32{301, 302, 303, 307, 308} {
			status.Store(code)
			asked.Store(0)
			source := zoom.ServerToServer("account", "client", secretPassword)
			source.TokenURL = server.URL + "/oauth/token"
			c, err := zoom.NewClient(source, zoom.WithBaseURL(other.URL), quick, zoom.WithLimiter(zoom.Unlimited()))
			require.NoError(t, err)
			_, err = c.Users.Get(t.Context(), "u1")
			require.ErrorIs(t, err, zoom.ErrRedirect, code)
			assertSilent(t, err)
			assert.Equal(t, int32(1), asked.Load())
			assert.Zero(t, elsewhere.Load(), "neither the secret nor a request got there")
			require.NoError(t, c.Close())
		}
	})
}

func TestFaultProxy(t *testing.T) {
	var asked atomic.Int32
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		assert.NotEmpty(t, req.Header.Get("Proxy-Authorization"))
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(refusing.Close)
	down := httptest.NewServer(nil)
	down.Close()
	for _, tc := range []struct {
		name, base, proxy string
		asked             int32
	}{
		{"NW18_407_on_connect", "https://api.zoom.example/v2", refusing.URL, 1},
		{"NW18_407_as_an_answer", "http://127.0.0.1:9/v2", refusing.URL, 1},
		{"NW18_proxy_down", "https://api.zoom.example/v2", down.URL, 0},
		{"NW18_proxy_down_plain", "http://127.0.0.1:9/v2", down.URL, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			proxy, err := url.Parse(tc.proxy)
			require.NoError(t, err)
			proxy.User = url.UserPassword("proxy-user", secretPassword)
			for _, call := range sends {
				asked.Store(0)
				wire := &countingTransport{next: &http.Transport{Proxy: http.ProxyURL(proxy)}}
				c, err := zoom.NewClient(zoom.StaticToken(secretToken), zoom.WithBaseURL(tc.base), quick,
					zoom.WithHTTPClient(&http.Client{Transport: wire}), zoom.WithLimiter(zoom.Unlimited()))
				require.NoError(t, err)
				err = call.send(t, c)
				require.ErrorIs(t, err, zoom.ErrUnreachable, call.method)
				require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown, call.method)
				assert.Equal(t, 1, asError(t, err).Attempts)
				assert.Len(t, wire.requests(), 1)
				assert.Equal(t, tc.asked, asked.Load())
			}
		})
	}
}
