package zoomauth_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// publicApp is an app of the kind that Zoom lets come back to a loopback address.
func publicApp(srv *zoomtest.Server, redirect string) zoomauth.App {
	return zoomauth.App{ClientID: srv.ClientID(), RedirectURL: redirect, HTTPClient: &http.Client{Transport: srv.RoundTripper()}}
}

// waiting is a Login under way, seen from outside.
type waiting struct {
	t       *testing.T
	zoom    *zoomtest.Server
	address string // of the callback
	host    string
	link    string // of Zoom
	entry   string // what Login shows
	cookie  *http.Cookie
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	ended   chan struct{}
	token   *zoomauth.Token
	err     error
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// begin runs Login until a browser has opened its link.
func begin(t *testing.T, srv *zoomtest.Server, dial dialer, login func(context.Context, zoomauth.LoginOptions) (*zoomauth.Token, error)) *waiting {
	t.Helper()
	w := &waiting{t: t, zoom: srv, ended: make(chan struct{}), dial: dial}
	links := make(chan string, 1)
	opts := zoomauth.LoginOptions{Open: func(_ context.Context, link string) error {
		links <- link
		return nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(w.ended)
		w.token, w.err = login(ctx, opts)
	}()
	t.Cleanup(func() {
		cancel()
		<-w.ended
	})
	select {
	case link := <-links:
		require.NoError(t, w.open(link))
	case <-w.ended:
		require.NoError(t, w.err)
	}
	return w
}

// open is a browser that is given the link of Login.
func (w *waiting) open(link string) error {
	w.entry = link
	res, err := w.get(link)
	if err != nil {
		return err
	}
	w.link = res.Header.Get("Location")
	if len(res.Cookies()) == 1 {
		w.cookie = res.Cookies()[0]
	}
	u, err := url.Parse(w.link)
	if err != nil {
		return err
	}
	w.address = u.Query().Get("redirect_uri")
	if u, err = url.Parse(w.address); err == nil {
		w.host = u.Host
	}
	return err
}

// get is the browser that opened the link.
func (w *waiting) get(target string) (shown, error) { return w.browse(target, w.cookie) }

// browse is any browser.
func (w *waiting) browse(target string, cookie *http.Cookie) (shown, error) {
	client := &http.Client{
		Transport:     &http.Transport{DialContext: w.dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		return shown{}, err
	}
	if cookie != nil {
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	res, err := client.Do(req)
	if err != nil {
		return shown{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return shown{res, string(body)}, err
}

// beginAtLoopback is begin at a port of the system's choice.
func beginAtLoopback(t *testing.T) *waiting {
	t.Helper()
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	return begin(t, srv, (&net.Dialer{}).DialContext, func(ctx context.Context, opts zoomauth.LoginOptions) (*zoomauth.Token, error) {
		return publicApp(srv, "http://127.0.0.1:0/callback").Login(ctx, &opts)
	})
}

// beginInBubble is begin at a listener in memory, so that a bubble's clock can move.
func beginInBubble(t *testing.T) *waiting {
	t.Helper()
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	listener := newPipes("127.0.0.1:8477")
	return begin(t, srv, listener.dial, func(ctx context.Context, opts zoomauth.LoginOptions) (*zoomauth.Token, error) {
		return publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(ctx, listener, opts)
	})
}

func (w *waiting) allowed() url.Values { return allow(w.t, w.zoom, w.link) }

// back is a browser that comes to the callback.
func (w *waiting) back(query string) shown {
	w.t.Helper()
	res, err := w.tryBack(query)
	require.NoError(w.t, err)
	return res
}

func (w *waiting) tryBack(query string) (shown, error) { return w.get(w.address + "?" + query) }

// come is a browser that opens the link, and a person who clicks Allow.
func (w *waiting) come(link string) {
	if err := w.open(link); err == nil {
		_, _ = w.tryBack(w.allowed().Encode())
	}
}

// isOpen reports whether Login still waits.
func (w *waiting) isOpen() bool {
	select {
	case <-w.ended:
		return false
	default:
		return true
	}
}

// raw sends bytes as they are and reads one answer.
func (w *waiting) raw(request string) shown {
	w.t.Helper()
	return raw(w.t, w.dial, w.host, request)
}

func raw(t *testing.T, dial func(context.Context, string, string) (net.Conn, error), host, request string) shown {
	t.Helper()
	conn, err := dial(t.Context(), "tcp", host)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	go func() { _, _ = io.WriteString(conn, request) }() // the answer may come before the end
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return shown{res, string(body)}
}

// pipes is a listener in memory.
type pipes struct {
	address net.Addr
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func newPipes(address string) *pipes {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err)
	}
	return &pipes{address: a, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Addr() net.Addr { return p.address }

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checkConnected sees that the login ended well.
func (w *waiting) checkConnected() {
	w.t.Helper()
	<-w.ended
	require.NoError(w.t, w.err)
	assert.True(w.t, w.zoom.GrantAlive(refreshTokenOf(w.t, w.token)))
	assert.Equal(w.t, 1, codesSent(w.zoom), "exchanges")
}

// prints is a value in the forms in which programs print.
func prints(t *testing.T, v any) []string {
	t.Helper()
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, v), fmt.Sprintf(verb, []any{v}))
	}
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return append(texts, string(data))
}
