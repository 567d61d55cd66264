package redact_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/redact"
)

func TestText(t *testing.T) {
	const id = "KDcuGIm1QgePTO8WbOqwIQ"
	for _, c := range []struct {
		text, want string
		values     []string
	}{
		{"User does not exist: jane@example.com.", "User does not exist: [redacted]", nil},
		{"see https://zoom.us/x?token=1 now", "see [redacted] now", nil},
		{"User " + id + " is gone", "User [redacted] is gone", nil},
		{"sent Authorization: Bearer abcdefgh", "sent Authorization: Bearer [redacted]", nil},
		{"does not contain scopes:[user:read:list_meeting_participants:admin]", "does not contain scopes:[user:read:list_meeting_participants:admin]", nil},
		{"The value 2026-01-31T10:00:00Z of page_size 300 is wrong (CALL_OUT).", "The value 2026-01-31T10:00:00Z of page_size 300 is wrong (CALL_OUT).", nil},
		{"no meeting of me, jane", "no meeting of [redacted], [redacted]", []string{"me", "jane"}},
		{"JANE%2fX and jane%2Fx and jane/x", "[redacted] and [redacted] and [redacted]", []string{"jane/x"}},
		{`{"a":"q\"\u003cx"}`, `{"a":"[redacted]"}`, []string{`q"<x`}},
	} {
		assert.Equal(t, c.want, redact.Text(c.text, c.values...))
	}
	assert.Equal(t, "v=2.0;clid=us06;rid=WEB_"+id, redact.ID("v=2.0;clid=us06;rid=WEB_"+id))
	assert.Equal(t, redact.Mark, redact.ID("rid_"+id, id))
	assert.Equal(t, redact.Mark, redact.ID("jane@example.com"))
	assert.Empty(t, redact.ID(""))
}

// What a server says of somebody else than was asked for, in whatever form.
func TestFaultS1AddressesInEveryForm(t *testing.T) {
	for _, told := range []string{
		"bob@corp.io", "bob%40corp.io", "bob%2540corp.io", "bob&#64;corp.io", "bob&#x40;corp.io", `bob\u0040corp.io`, "bob＠corp.io", "bob @corp.io", "bob@ corp.io",
		`"bob smith"@corp.io`, "bob(at)corp.io", "bob@[10.0.0.1]", "bob=40corp.io", "//zoom.us/bob?pwd=a", "zoom.us/rec/bob", "zoom.us?u=bob", "https:/zoom.us/bob",
		"https&#58;//zoom.us/bob", "https%3A%2F%2Fzoom.us%2Fbob", `https:\/\/zoom.us\/bob`, "kdcuglmqgeptowbogwbobb", "8412345678", "841 2345 6789", "12345678901234567890",
		"AbcDefGhij1234", "token=bobb", "password: bobb", "Bearer=bob",
	} {
		got := redact.Text("Cannot change " + told + " now.")
		assert.Contains(t, got, "Cannot change ", told)
		assert.NotContains(t, got, "bob", told)
		assert.NotRegexp(t, `[0-9]{4}`, got, told)
	}
	for _, stays := range []string{
		"type 576460752303423488 and/or page_size=400", "user:read:token:admin", "Invalid access token, does not contain scopes:[meeting:read:list_meetings:admin].",
		"v=2.0;rid=WEB_abc", "at 2026-01-31T10:00:00Z (GMT 00:00:00)", "HTTP/1.1, api.zoom.us:443",
	} {
		assert.Equal(t, stays, redact.Text(stays))
	}
}

// What was sent is hidden whatever its form, but for Zoom's own words, dates and what is short.
func TestFaultS1Sent(t *testing.T) {
	for _, v := range []string{"schmidtova", "acme_corp", "4711", "123456", "8412345678", "Kim", "kim", "lowercasetoken", "a.b"} {
		assert.True(t, redact.Sent(v), v)
	}
	for _, v := range []string{"", "me", "300", "-1", "active", "true", "scheduled", "deactivate", "2026-01-31", "2026-01", "2026-01-31T10:00:00Z"} {
		assert.False(t, redact.Sent(v), v)
	}
}

// A word after one like "AUTH" is no plain word.
func TestFaultS1WordsAfterMarkers(t *testing.T) {
	for _, secret := range []string{"hunter", "correct-horse-battery-staple", "SuperSecret", "swordfish/trout", "hunter2", "kim", "kim_secret"} {
		for _, format := range []string{"redis: AUTH %s failed", "AUTH default %s: refused", "wrong password: %s", "bad secret %s", `token "%s" expired`, "Bearer %s", "password=%s"} {
			got := redact.Cause(fmt.Errorf(format, secret)).Error()
			assert.NotContains(t, got, secret, format)
		}
	}
	for _, text := range []string{
		"the token source is down", "fetch token: context deadline exceeded", "token: dial tcp 127.0.0.1:443: connect: connection refused", "auth failed", "no password given",
	} {
		assert.Equal(t, text, redact.Cause(fmt.Errorf("%s", text)).Error())
	}
}

// Texts of the standard library stay, those of unknown code are reduced to words.
func TestCausePrints(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for want, err := range map[string]error{
		"dial tcp 127.0.0.1:443: connect: connection refused": refused,
		"lookup api.zoom.us: no such host":                    &net.DNSError{Err: "no such host", Name: "api.zoom.us", IsNotFound: true},
		"x509: certificate signed by unknown authority":       x509.UnknownAuthorityError{},
		"EOF":                       &url.Error{Op: "Get", URL: "https://x?secret", Err: io.EOF},
		"the vault is sealed":       errors.New("the vault is sealed"),
		"GET [redacted] HTTP/1.1 …": errors.New("GET /v2/users?x=y HTTP/1.1\r\nAuthorization: x"),
		"user [redacted] is gone":   errors.New("user janecanary is gone"),
		"unknown cause":             errors.New(""),
	} {
		got := redact.Cause(err, "janecanary")
		assert.Equal(t, want, got.Error())
		assert.Equal(t, want, fmt.Sprintf("%v", got))
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the address goes
		}
		assert.ErrorIs(t, got, err)
	}
	hidden := redact.Cause(fmt.Errorf("at https://x?secret: %w", io.EOF))
	assert.Equal(t, `"at [redacted] EOF"`, fmt.Sprintf("%q", hidden))
	assert.NotContains(t, fmt.Sprintf("%d %#v", hidden, hidden), "secret")
	text, err := json.Marshal(hidden)
	require.NoError(t, err)
	assert.Equal(t, `"at [redacted] EOF"`, string(text))
	assert.NoError(t, redact.Cause(nil))
	assert.Same(t, hidden, redact.Cause(hidden))
}

type ownError struct{ Code int }

func (*ownError) Error() string { return "own" }

type dumpError struct{ Req *http.Request }

func (*dumpError) Error() string { return "dump" }

// What a cause is can be asked, but for what leads to a request.
func TestCauseIsAndAs(t *testing.T) {
	err := redact.Cause(&url.Error{Op: "Get", URL: "https://x?secret", Err: fmt.Errorf("a=b: %w", errors.Join(
		&net.OpError{Op: "read", Err: errors.New("of a=b")}, &ownError{7}, &dumpError{}, context.DeadlineExceeded,
		&fs.PathError{Op: "open", Path: "/x?a=b", Err: syscall.ENOENT},
	))})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, syscall.ENOENT)
	own, ok := errors.AsType[*ownError](err)
	require.True(t, ok)
	assert.Equal(t, 7, own.Code)
	op, ok := errors.AsType[*net.OpError](err)
	require.True(t, ok)
	assert.NotContains(t, op.Error(), "a=b")
	path, ok := errors.AsType[*fs.PathError](err)
	require.True(t, ok)
	assert.NotContains(t, path.Error(), "a=b")
	network, ok := errors.AsType[net.Error](err)
	require.True(t, ok)
	assert.NotContains(t, network.Error(), "a=b")
	_, ok = errors.AsType[*url.Error](err)
	assert.False(t, ok)
	_, ok = errors.AsType[*dumpError](err)
	assert.False(t, ok)
	assert.NoError(t, errors.Unwrap(err))

	timeout, ok := errors.AsType[net.Error](redact.Cause(&url.Error{URL: "https://x?secret", Err: os.ErrDeadlineExceeded}))
	require.True(t, ok)
	assert.True(t, timeout.Timeout())
}
