package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/wire"
)

func TestNetworkFailureSorts(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, tc := range []struct {
		name     string
		err      error
		kind     Kind
		whenRead Kind // of the same error in a body
	}{
		{"name", &net.DNSError{Err: "no such host", IsNotFound: true}, KindUnreachable, KindBadBody},
		{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), KindUnreachable, KindBadBody},
		{"dial timeout", dial(os.ErrDeadlineExceeded), KindTimeout, KindTimeout},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, KindUnreachable, KindBadBody},
		{"EOF", io.EOF, KindUnreachable, KindBadBody},
		{"wrapped in a URL error twice", &url.Error{Err: &url.Error{Err: io.EOF}}, KindUnreachable, KindBadBody},
		{"cut", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), KindBadBody, KindBadBody},
		{"gzip", errors.New("gzip: invalid header"), KindBadBody, KindBadBody},
		{"shape", &wire.ShapeError{Reason: "odd"}, KindBadBody, KindBadBody},
		{"too large", errBodyTooLarge, KindTooLarge, KindTooLarge},
		{"long header", errors.New("net/http: server response headers exceeded 1048576 bytes; aborted"), KindTooLarge, KindTooLarge},
		{"deadline", context.DeadlineExceeded, KindTimeout, KindTimeout},
		{"garbage", errors.New(`malformed HTTP response "x"`), KindProtocol, KindBadBody},
		{"two lengths", errors.New("http: message cannot contain multiple Content-Length headers"), KindProtocol, KindBadBody},
		{"proxy refuses", errors.New("Proxy Authentication Required"), KindProxy, KindBadBody},
		{"proxy down", &net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, KindProxy, KindBadBody},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, KindTLS, KindBadBody},
		{"bare unknown authority", x509.UnknownAuthorityError{}, KindTLS, KindBadBody},
		{"bare host name", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, KindTLS, KindBadBody},
		{"bare expired", x509.CertificateInvalidError{Reason: x509.Expired}, KindTLS, KindBadBody},
		{"plain server", errors.New("http: server gave HTTP response to HTTPS client"), KindTLS, KindBadBody},
		{"bad record", tls.RecordHeaderError{Msg: "odd"}, KindTLS, KindBadBody},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(80)}, KindTLS, KindBadBody},
		{"by its words", errors.New("tls: protocol version not supported"), KindTLS, KindBadBody},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := networkFailure(tc.err)
			assert.Equal(t, tc.kind, f.Kind)
			assert.Equal(t, tc.whenRead, bodyFailure(tc.err).Kind)
			if tc.whenRead == KindBadBody && tc.kind != KindBadBody {
				require.ErrorIs(t, bodyFailure(tc.err), io.ErrUnexpectedEOF)
			}
		})
	}
}

func TestReadAllStopsAtTheLimit(t *testing.T) {
	const limit = 20 << 10
	for _, size := range []int{0, 1, 8 << 10, 8<<10 + 1, limit - 1, limit} {
		for _, hint := range []int64{-1, int64(size), 1 << 40} {
			got, err := readAll(&sips{rest: string(make([]byte, size)), most: 1}, hint, limit)
			require.NoError(t, err)
			assert.Len(t, got, size)
		}
	}
	_, err := readAll(&sips{rest: string(make([]byte, limit+1))}, -1, limit)
	require.ErrorIs(t, err, errBodyTooLarge)
	got, err := readAll(iotest.TimeoutReader(&sips{rest: "abc", most: 1}), -1, limit)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	assert.Equal(t, "a", string(got))
}

func TestJudge(t *testing.T) {
	limit := func(message string) pace.Rate { return pace.Rate{Status: 429, Message: message} }
	for _, tc := range []struct {
		name         string
		f            Failure
		read, write  int // tries
		open         bool
		unsentWrites int
	}{
		{"500", Failure{Answer: &Answer{Status: 500}}, 5, 1, true, 1},
		{"408", Failure{Answer: &Answer{Status: 408}}, 5, 1, true, 1},
		{"425", Failure{Answer: &Answer{Status: 425}}, 5, 1, true, 1},
		{"404", Failure{Answer: &Answer{Status: 404}}, 1, 1, false, 1},
		{"429", Failure{Answer: &Answer{Status: 429}, Rate: limit("")}, 5, 5, false, 5},
		{"429 of a day", Failure{Answer: &Answer{Status: 429}, Rate: limit("daily rate limit")}, 1, 1, false, 1},
		{"429 of another operation", Failure{Answer: &Answer{Status: 429}, Rate: limit("concurrent")}, 3, 1, true, 1},
		{"refusal under 200", Failure{Answer: &Answer{Status: 200}, Err: &wire.APIError{Code: 1}}, 1, 1, false, 1},
		{"shape", Failure{Kind: KindBadBody, Err: &wire.ShapeError{}}, 5, 1, true, 5},
		{"final shape", Failure{Kind: KindBadBody, Err: &wire.ShapeError{Final: true}}, 1, 1, true, 1},
		{"unreachable", Failure{Kind: KindUnreachable}, 5, 1, true, 5},
		{"no such name", Failure{Kind: KindUnreachable, Err: &net.DNSError{IsNotFound: true}}, 2, 1, true, 2},
		{"timeout", Failure{Kind: KindTimeout}, 5, 1, true, 5},
		{"not HTTP", Failure{Kind: KindProtocol}, 5, 1, true, 5},
		{"too large", Failure{Kind: KindTooLarge}, 1, 1, true, 1},
		{"redirect", Failure{Kind: KindRedirect}, 1, 1, false, 1},
		{"TLS", Failure{Kind: KindTLS}, 1, 1, true, 1},
		{"no status", Failure{Kind: KindBadStatus}, 1, 1, true, 1},
		{"proxy", Failure{Kind: KindProxy}, 1, 1, true, 1},
		{"token", Failure{Kind: KindToken}, 1, 1, true, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.read, judge(get(), &tc.f, testPolicy).tries)
			assert.Equal(t, tc.write, judge(post(), &tc.f, testPolicy).tries)
			assert.Equal(t, tc.open, tc.f.isOpen(post()))
			tc.f.Unsent = true
			assert.Equal(t, tc.unsentWrites, judge(post(), &tc.f, testPolicy).tries)
			assert.False(t, tc.f.isOpen(post()))
		})
	}
	perMinute := get()
	perMinute.Class = pace.ResourceIntensive
	for _, f := range []Failure{
		{Answer: &Answer{Status: 429}, Rate: pace.Rate{Status: 429, Category: "Resource-intensive"}},
		{Answer: &Answer{Status: 429}, Rate: pace.Rate{Status: 429}},
	} {
		v := judge(perMinute, &f, testPolicy)
		assert.Equal(t, basePerMinute, v.base)
		assert.Equal(t, perMinuteMaxWait, v.maxDelay)
	}
}

func TestBudget(t *testing.T) {
	b := &budget{tokens: budgetSize}
	retries := 0
	for b.take(costRetry) {
		retries++
	}
	assert.Equal(t, 35, retries)
	assert.True(t, b.take(costThrottled), "10 are left")
	assert.True(t, b.take(costThrottled))
	assert.False(t, b.take(1))
	b.give(0)
	assert.True(t, b.take(gainSuccess))
	b.give(costRetry)
	assert.Equal(t, costRetry, b.tokens)
	b.give(1 << 20)
	assert.Equal(t, budgetSize, b.tokens)
}

// What a transport reports decides whether a write may be sent again.
func TestSending(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(refuses.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<10))
			_ = conn.Close()
		}
	}()
	for _, tc := range []struct {
		name, url string
		unsent    bool
		dial      error
		proxy     string
	}{
		{name: "served", url: server.URL},
		{name: "closed after the handshake of TCP", url: "http://" + listener.Addr().String()},
		{name: "closed in the handshake of TLS", url: "https://" + listener.Addr().String(), unsent: true},
		{name: "NW01 name not found", url: server.URL, unsent: true, dial: &net.DNSError{Err: "no such host", IsNotFound: true}},
		{name: "NW02 refused", url: server.URL, unsent: true, dial: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
		{name: "NW04 plain server for TLS", url: strings.Replace(server.URL, "http:", "https:", 1), unsent: true},
		{name: "NW18 proxy down", url: "https://api.zoom.us", unsent: true, proxy: "http://127.0.0.1:1"},
		{name: "NW18 proxy refuses", url: "https://api.zoom.us", unsent: true, proxy: refuses.URL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sent sending
			req, err := http.NewRequestWithContext(sent.trace(t.Context()), http.MethodPost, tc.url, strings.NewReader("{}"))
			require.NoError(t, err)
			wire := &http.Transport{}
			defer wire.CloseIdleConnections()
			if tc.dial != nil {
				wire.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, tc.dial }
			}
			if tc.proxy != "" {
				proxy, err := url.Parse(tc.proxy)
				require.NoError(t, err)
				wire.Proxy = http.ProxyURL(proxy)
			}
			if resp, err := wire.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
			assert.Equal(t, tc.unsent, sent.isUnsent(KindUnreachable))
		})
	}
	var sent sending
	assert.False(t, sent.isUnsent(KindUnreachable), "who reports nothing proves nothing")
	hooks := httptrace.ContextClientTrace(sent.trace(t.Context()))
	hooks.ConnectStart("tcp", "192.0.2.1:443")
	hooks.ConnectDone("tcp", "192.0.2.1:443", syscall.ECONNREFUSED)
	assert.True(t, sent.isUnsent(KindUnreachable), "dialled by hand, and refused")
	hooks.ConnectDone("tcp", "192.0.2.2:443", nil)
	assert.False(t, sent.isUnsent(KindUnreachable), "who dials by hand does not report what it writes")
	hooks.GetConn("")
	assert.True(t, sent.isUnsent(KindTimeout))
	hooks.GotConn(httptrace.GotConnInfo{})
	assert.True(t, sent.isUnsent(KindUnreachable), "a connection, and nothing written to it")
	assert.False(t, sent.isUnsent(KindTimeout), "it may be about to be written")
	assert.False(t, sent.isUnsent(KindContext))
	hooks.WroteHeaderField("", nil)
	assert.False(t, sent.isUnsent(KindUnreachable))
}

// A body that was read may have been sent. One that was found unread stays so: who comes
// late gets nothing to send.
func TestFaultNW20ReadBodyMayHaveBeenSent(t *testing.T) {
	request := func(s *sending) (*http.Request, *httptrace.ClientTrace) {
		ctx := s.trace(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.zoom.us", strings.NewReader("{}"))
		require.NoError(t, err)
		s.watch(req)
		return req, httptrace.ContextClientTrace(ctx)
	}
	report := map[string]func(*httptrace.ClientTrace){
		"NW20 dialled by hand": func(hooks *httptrace.ClientTrace) { hooks.ConnectStart("tcp", "192.0.2.1:443") },
		"NW20 no connection":   func(hooks *httptrace.ClientTrace) { hooks.GetConn("api.zoom.us:443") },
		"NW20 nothing written": func(hooks *httptrace.ClientTrace) {
			hooks.GetConn("api.zoom.us:443")
			hooks.GotConn(httptrace.GotConnInfo{})
		},
	}
	for name, reported := range report {
		t.Run(name, func(t *testing.T) {
			for what, open := range map[string]func(*http.Request) (io.ReadCloser, error){
				"body": func(req *http.Request) (io.ReadCloser, error) { return req.Body, nil },
				"copy": func(req *http.Request) (io.ReadCloser, error) { return req.GetBody() },
			} {
				var read sending
				req, hooks := request(&read)
				reported(hooks)
				body, err := open(req)
				require.NoError(t, err)
				data, err := io.ReadAll(body)
				require.NoError(t, err)
				assert.Equal(t, "{}", string(data))
				assert.False(t, read.isUnsent(KindUnreachable), what)

				var unread sending
				req, hooks = request(&unread)
				reported(hooks)
				body, err = open(req)
				require.NoError(t, err)
				assert.True(t, unread.isUnsent(KindUnreachable), what)
				data, err = io.ReadAll(body)
				require.ErrorIs(t, err, errLateRead)
				assert.Empty(t, data)
				assert.True(t, unread.isUnsent(KindUnreachable), what)
			}
		})
	}
	var sent sending
	for _, body := range []io.ReadCloser{nil, http.NoBody} {
		req := &http.Request{Body: body}
		sent.watch(req)
		assert.Equal(t, body, req.Body, "http.Transport knows it")
	}
}
