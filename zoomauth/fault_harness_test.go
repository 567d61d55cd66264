package zoomauth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// What must stand in no text.
const (
	wireID     = "canaryClientId22"
	wireSecret = "canary-client-secret-77"
	wireScope  = "user:read:list_users:admin"
)

// wire is the token endpoint by script: the last answer repeats. Without answers it
// hands the requests on.
type wire struct {
	next    http.RoundTripper
	answers []wireAnswer

	mu    sync.Mutex
	asked []wireAsked
}

type wireAnswer struct {
	status int // 0: 200
	body   string
	header http.Header
	err    error
	delay  time.Duration
	do     func() // before the answer
}

type wireAsked struct {
	at   time.Time
	path string
	auth string
	form url.Values
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || req.URL.RawQuery != "" {
		return nil, errors.New("want a form in the body alone")
	}
	w.mu.Lock()
	w.asked = append(w.asked, wireAsked{time.Now(), req.URL.Path, req.Header.Get("Authorization"), form})
	n := len(w.asked)
	w.mu.Unlock()
	if w.next != nil {
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
		return w.next.RoundTrip(req)
	}
	a := w.answers[min(n, len(w.answers))-1]
	if a.do != nil {
		a.do()
	}
	if a.delay > 0 {
		select {
		case <-req.Context().Done():
		case <-time.After(a.delay):
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if a.err != nil {
		reportDial(req, a.err)
		return nil, a.err
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewBufferString(a.body)), ContentLength: -1, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

func (w *wire) requests() []wireAsked {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]wireAsked(nil), w.asked...)
}

func (w *wire) app() zoomauth.App {
	return zoomauth.App{ClientID: wireID, ClientSecret: wireSecret, HTTPClient: &http.Client{Transport: w}}
}

// sent are the refresh tokens that were sent. Each came with the Basic header, and
// never with the secret in the form.
func (w *wire) sent(t *testing.T) []string {
	t.Helper()
	var tokens []string
	for _, r := range w.requests() {
		assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte(wireID+":"+wireSecret)), r.auth)
		assert.Equal(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": r.form["refresh_token"]}, r.form)
		tokens = append(tokens, r.form.Get("refresh_token"))
	}
	return tokens
}

// brings is a good answer.
func brings(access, refresh string) wireAnswer {
	return wireAnswer{body: fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","refresh_token":%q,"expires_in":3600,"scope":%q}`, access, refresh, wireScope)}
}

var (
	errReset     = errors.New("connection reset by peer")
	lostAnswer   = wireAnswer{err: errReset}
	invalidGrant = wireAnswer{status: http.StatusBadRequest, body: `{"reason":"Invalid Token!","error":"invalid_grant"}`}
)

// holding is a store with a token that is good for so long.
func holding(t *testing.T, app zoomauth.App, life time.Duration) *watched {
	t.Helper()
	token, err := app.NewToken("access-canary-1", "refresh-canary-1", time.Now().Add(life))
	require.NoError(t, err)
	store := &watched{}
	require.NoError(t, store.Save(t.Context(), token))
	return store
}

// watched is a [zoomauth.MemoryStore] whose calls a test can see, hold up and fail:
// before is told "load", "save" (also of Swap), "delete", "lock", "check" or "release".
type watched struct {
	zoomauth.MemoryStore

	mu     sync.Mutex
	before func(ctx context.Context, call string, next *zoomauth.Token) error
}

func (w *watched) on(before func(ctx context.Context, call string, next *zoomauth.Token) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

func (w *watched) ask(ctx context.Context, call string, next *zoomauth.Token) error {
	w.mu.Lock()
	before := w.before
	w.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx, call, next)
}

func (w *watched) Load(ctx context.Context) (*zoomauth.Token, error) {
	if err := w.ask(ctx, "load", nil); err != nil {
		return nil, err
	}
	return w.MemoryStore.Load(ctx)
}

func (w *watched) Save(ctx context.Context, t *zoomauth.Token) error {
	if err := w.ask(ctx, "save", t); err != nil {
		return err
	}
	return w.MemoryStore.Save(ctx, t)
}

func (w *watched) Delete(ctx context.Context) error {
	if err := w.ask(ctx, "delete", nil); err != nil {
		return err
	}
	return w.MemoryStore.Delete(ctx)
}

func (w *watched) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if err := w.ask(ctx, "save", next); err != nil {
		return err
	}
	return w.MemoryStore.Swap(ctx, old, next)
}

func (w *watched) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if err := w.ask(ctx, "lock", nil); err != nil {
		return nil, err
	}
	lease, err := w.MemoryStore.Lock(ctx)
	return watchedLease{w, lease}, err
}

type watchedLease struct {
	store *watched
	zoomauth.Lease
}

func (l watchedLease) Check(ctx context.Context) error { return l.store.ask(ctx, "check", nil) }

func (l watchedLease) Release() error {
	_ = l.store.ask(context.Background(), "release", nil)
	return l.Lease.Release()
}

// plain is a store that can neither lock nor swap.
type plain struct{ store zoomauth.TokenStore }

func (p plain) Load(ctx context.Context) (*zoomauth.Token, error) { return p.store.Load(ctx) }
func (p plain) Save(ctx context.Context, token *zoomauth.Token) error {
	return p.store.Save(ctx, token)
}
func (p plain) Delete(ctx context.Context) error { return p.store.Delete(ctx) }

// inStore is what a store holds, past everything that watches it.
func (w *watched) inStore(t *testing.T) *zoomauth.Token {
	t.Helper()
	token, err := w.MemoryStore.Load(t.Context())
	require.NoError(t, err)
	return token
}

// texts are the two tokens in a stored one.
func texts(t *testing.T, token *zoomauth.Token) (access, refresh string) {
	t.Helper()
	data, err := token.Encode()
	require.NoError(t, err)
	var stored struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	require.NoError(t, json.Unmarshal(data, &stored))
	return stored.Access, stored.Refresh
}

// assertStored asserts what a store holds.
func assertStored(t *testing.T, store *watched, refresh string, suspect bool) {
	t.Helper()
	token := store.inStore(t)
	_, got := texts(t, token)
	assert.Equal(t, refresh, got)
	assert.Equal(t, suspect, token.Suspect)
}

// accessOf asks a source.
func accessOf(t *testing.T, src *zoomauth.Source) string {
	t.Helper()
	token, err := src.Token(t.Context())
	require.NoError(t, err)
	return token.AccessToken
}

// renewed asks a source whose token is due and still good: that is given out, and the
// next one when the refresh beside is over.
func renewed(t *testing.T, src *zoomauth.Source) string {
	t.Helper()
	accessOf(t, src)
	synctest.Wait()
	return accessOf(t, src)
}

// reportDial reports of a failure to connect what [http.Transport] reports: that it asked
// for a connection.
func reportDial(req *http.Request, err error) {
	op, ok := errors.AsType[*net.OpError](err)
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && ok && op.Op == "dial" {
		trace.GetConn(req.URL.Host)
	}
}

// dialError is a connection that never came about.
func dialError() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}
