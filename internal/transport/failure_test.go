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
		unsent   bool // by the error alone
		whenRead Kind // of the same error in a body
	}{
		{"name", &net.DNSError{Err: "no such host", IsNotFound: true}, KindUnreachable, true, KindBadBody},
		{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), KindUnreachable, true, KindBadBody},
		{"dial timeout", dial(os.ErrDeadlineExceeded), KindTimeout, true, KindTimeout},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, KindUnreachable, false, KindBadBody},
		{"EOF", io.EOF, KindUnreachable, false, KindBadBody},
		{"wrapped in a URL error twice", &url.Error{Err: &url.Error{Err: io.EOF}}, KindUnreachable, false, KindBadBody},
		{"cut", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), KindBadBody, false, KindBadBody},
		{"gzip", errors.New("gzip: invalid header"), KindBadBody, false, KindBadBody},
		{"shape", &wire.ShapeError{Reason: "odd"}, KindBadBody, false, KindBadBody},
		{"too large", errBodyTooLarge, KindTooLarge, false, KindTooLarge},
		{"long header", errors.New("net/http: server response headers exceeded 1048576 bytes; aborted"), KindTooLarge, false, KindTooLarge},
		{"deadline", context.DeadlineExceeded, KindTimeout, false, KindTimeout},
		{"garbage", errors.New(`malformed HTTP response "x"`), KindProtocol, false, KindBadBody},
		{"two lengths", errors.New("http: message cannot contain multiple Content-Length headers"), KindProtocol, false, KindBadBody},
		{"proxy refuses", errors.New("Proxy Authentication Required"), KindProxy, true, KindBadBody},
		{"proxy down", &net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, KindProxy, true, KindBadBody},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, KindTLS, true, KindBadBody},
		{"bare unknown authority", x509.UnknownAuthorityError{}, KindTLS, false, KindBadBody},
		{"bare host name", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, KindTLS, false, KindBadBody},
		{"bare expired", x509.CertificateInvalidError{Reason: x509.Expired}, KindTLS, false, KindBadBody},
		{"plain server", errors.New("http: server gave HTTP response to HTTPS client"), KindTLS, true, KindBadBody},
		{"bad record", tls.RecordHeaderError{Msg: "odd"}, KindTLS, false, KindBadBody},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(80)}, KindTLS, false, KindBadBody},
		{"by its words", errors.New("tls: protocol version not supported"), KindTLS, false, KindBadBody},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := networkFailure(tc.err)
			assert.Equal(t, tc.kind, f.Kind)
			assert.Equal(t, tc.unsent, f.neverConnected())
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
			assert.Equal(t, tc.open, tc.f.isOpen())
			tc.f.Unsent = true
			assert.Equal(t, tc.unsentWrites, judge(post(), &tc.f, testPolicy).tries)
			assert.False(t, tc.f.isOpen())
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
	}{
		{"served", server.URL, false},
		{"closed after the handshake of TCP", "http://" + listener.Addr().String(), false},
		{"closed in the handshake of TLS", "https://" + listener.Addr().String(), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sent sending
			req, err := http.NewRequestWithContext(sent.trace(t.Context()), http.MethodPost, tc.url, strings.NewReader("{}"))
			require.NoError(t, err)
			wire := &http.Transport{}
			defer wire.CloseIdleConnections()
			if resp, err := wire.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
			assert.Equal(t, tc.unsent, sent.surelyNot(KindUnreachable))
		})
	}
	var sent sending
	assert.False(t, sent.surelyNot(KindUnreachable), "who reports nothing proves nothing")
	hooks := httptrace.ContextClientTrace(sent.trace(t.Context()))
	hooks.GetConn("")
	assert.True(t, sent.surelyNot(KindTimeout))
	hooks.GotConn(httptrace.GotConnInfo{})
	assert.True(t, sent.surelyNot(KindUnreachable), "a connection, and nothing written to it")
	assert.False(t, sent.surelyNot(KindTimeout), "it may be about to be written")
	assert.False(t, sent.surelyNot(KindContext))
	hooks.WroteHeaderField("", nil)
	assert.False(t, sent.surelyNot(KindUnreachable))
}
