package zoomauth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

// LoginOptions change [App.Login]. Nil means the defaults.
type LoginOptions struct {
	// Open shows the link to the person and returns, without waiting for what becomes
	// of it. The link is an address of this machine, which sends the browser on to Zoom;
	// it works in one browser. Nil: the browser of the system.
	Open func(ctx context.Context, link string) error
	// Output is where the link is printed if it cannot be opened. Nil: standard error.
	Output io.Writer
}

// Login lets the person at this machine authorise: it listens on the loopback address
// of RedirectURL (http://127.0.0.1:8477/callback; port 0 lets the system choose, where
// the app's registration allows any), opens the browser, and waits five minutes at
// most. Requests that do not belong to the login are refused and do not end it. The
// token is not saved yet; see [Keep].
//
// Any user of this machine can read the link where a program is started with it. So it
// holds nothing of the login: it is an address of the small server, good once, that binds
// the browser by a cookie and sends it on to Zoom. If a second browser opens the link, the
// login ends with [ErrLogin]: somebody else may have been the first. On Linux a connection
// of another user is refused.
//
// Zoom allows a loopback address for public clients with PKCE only.
//
// Errors: [zoom.ErrInvalidArgument] for a RedirectURL that cannot be listened on, a
// port that is taken among them; [zoom.ErrReauthorize] for Deny; [zoom.ErrTimeout]
// when nobody came back. If ctx ends while the code is exchanged, the result is that of the
// exchange: the token, or an error that says that the code may be used up.
func (a App) Login(ctx context.Context, opts *LoginOptions) (*Token, error) {
	var o LoginOptions
	if opts != nil {
		o = *opts
	}
	if ctx == nil {
		return nil, invalid(opLogin, errors.New("the context is nil"))
	}
	listener, address, err := a.listen(ctx)
	if err != nil {
		return nil, invalid(opLogin, err)
	}
	a.RedirectURL = address
	return a.loginAt(ctx, listener, &o)
}

// listen opens the port of the redirect URL, on loopback and nowhere else, and
// returns the URL with the port that the system chose, where it was to choose. Else
// the URL stays as it is to the letter: as it was registered.
func (a App) listen(ctx context.Context) (net.Listener, string, error) {
	u, err := a.redirect()
	if err != nil {
		return nil, "", err
	}
	if u.Scheme != "http" || u.RawQuery != "" || u.ForceQuery {
		return nil, "", errors.New("redirect URL: want http on 127.0.0.1 or [::1], without a query")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, "", fmt.Errorf("redirect URL: its port cannot be listened on: %w", redact.Cause(err))
	}
	if port == "0" {
		u.Host = listener.Addr().String()
		return listener, u.String(), nil
	}
	return listener, a.RedirectURL, nil
}

// loginAt waits for the browser at a listener, which it closes.
func (a App) loginAt(ctx context.Context, listener net.Listener, o *LoginOptions) (*Token, error) {
	link, login, err := a.AuthCodeURL()
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	t := newTerminal(a, login, link, listener.Addr())
	ctx, cancel := context.WithCancel(ctx)
	stop := sync.OnceFunc(t.serve(ctx, listener))
	defer stop()
	defer cancel() // first: what is under way shall not be waited for
	unshown := o.show(ctx, t.address())
	if unshown == nil {
		err = t.wait(ctx)
	}
	cancel()
	stop() // an exchange that was under way has ended
	token, err := t.result(err)
	if unshown != nil && token == nil {
		return nil, errors.Join(opError(opLogin, redact.Cause(unshown, t.address(), link)), err)
	}
	return token, err
}

const opLogin = "auth.login"

// terminal is the small server that sends one browser to Zoom and waits for its good
// callback.
type terminal struct {
	redactor
	app   App
	login *Login
	local net.Addr // where it listens
	host  string   // the same as text
	entry string   // path of the address that the browser is given
	path  string   // of the callback
	link  secret   // to Zoom
	bind  secret   // the cookie of the browser
	ended chan struct{}

	mu     sync.Mutex
	opened bool // the entry was opened
	twice  bool // by two browsers

	// Once ended is closed:
	token    *Token
	err      error
	panicked any
}

func newTerminal(a App, login *Login, link string, local net.Addr) *terminal {
	t := &terminal{
		app: a, login: login, local: local, host: local.String(), entry: "/" + randomText(), path: "/",
		link: hide(link), bind: hide(randomText()), ended: make(chan struct{}),
	}
	if u, err := a.redirect(); err == nil && u.EscapedPath() != "" {
		t.path = u.EscapedPath()
	}
	return t
}

// address is what the browser is given.
func (t *terminal) address() string { return "http://" + t.host + t.entry }

// wait waits for the callback. The five minutes are for the person: an exchange that began
// in time goes to its end, for its code is used up.
func (t *terminal) wait(ctx context.Context) error {
	timer := time.NewTimer(time.Until(t.login.Expires))
	defer timer.Stop()
	select {
	case <-t.ended:
	case <-ctx.Done():
	case <-timer.C:
		if t.login.use() {
			return opError(opLogin, fmt.Errorf("%w: nobody came back from Zoom within five minutes", zoom.ErrTimeout))
		}
		select {
		case <-t.ended:
		case <-ctx.Done():
		}
	}
	return opError(opLogin, ctx.Err())
}

// result returns what the callback brought, whatever else ended the wait: its grant is alive.
// Without a callback it returns err.
func (t *terminal) result(err error) (*Token, error) {
	select {
	case <-t.ended:
		if t.panicked != nil {
			panic(t.panicked)
		}
		return t.token, t.err
	default:
		return nil, err
	}
}

// serve begins to answer and returns what ends it: no listener, no connection and no
// goroutine is left then.
func (t *terminal) serve(ctx context.Context, listener net.Listener) (stop func()) {
	var connections sync.WaitGroup
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      2*callTimeout + 5*time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),

		DisableGeneralOptionsHandler: true, // it would answer "OPTIONS *" with 200
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				connections.Add(1)
			case http.StateClosed:
				connections.Done()
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.route(ctx, w, r) }),
	}
	server.SetKeepAlivesEnabled(false)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return func() {
		// Not Shutdown, which waits seconds for a connection that never asked
		// anything: browsers open some in advance. The last page has been sent.
		_ = server.Close()
		<-done
		connections.Wait()
	}
}

func (t *terminal) route(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	at := r.URL.EscapedPath()
	switch {
	case r.Host != t.host && r.Host+":80" != t.host, at != t.entry && at != t.path, isOfAnotherUser(r, t.local):
		pageNotFound.write(w)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		pageMethod.write(w)
	case at == t.entry:
		t.enter(w, r)
	default:
		t.answer(ctx, w, r)
	}
}

const terminalCookie = "zoom_login"

// enter sends the first browser that opens the entry to Zoom, and binds the login to it. A
// second one ends the login: which of the two is the person's nobody knows.
func (t *terminal) enter(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	isBound := t.isBound(r)
	isFirst := !t.opened
	t.opened = true
	t.twice = t.twice || !isFirst && !isBound
	t.mu.Unlock()
	switch {
	case isFirst:
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // a loopback address has no TLS
			Name: t.cookieName(), Value: t.bind(), Path: "/", MaxAge: int(loginLife / time.Second),
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	case !isBound:
		pageTwice.write(w)
		if t.login.use() { // else an exchange is under way, and ends with this
			t.err = opError(opLogin, errTwice)
			t.end(w)
		}
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", t.link())
	w.WriteHeader(http.StatusFound)
}

// cookieName differs among the logins of a machine, whose cookies go to all of them.
func (t *terminal) cookieName() string { return terminalCookie + "_" + t.entry[1:9] }

func (t *terminal) isBound(r *http.Request) bool {
	cookies := r.CookiesNamed(t.cookieName())
	return len(cookies) == 1 && subtle.ConstantTimeCompare([]byte(cookies[0].Value), []byte(t.bind())) == 1
}

func (t *terminal) wasOpenedTwice() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.twice
}

func (t *terminal) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	query, err := callbackQuery(r)
	if err != nil || !t.isBound(r) {
		pageNoLogin.write(w)
		return
	}
	over := false
	defer func() {
		if over {
			return
		}
		// The transport of the caller panicked. It does so again where Login was called:
		// net/http would swallow it, and Login wait for ever.
		t.err, t.panicked = opError(opLogin, errors.New("the exchange was broken off")), recover()
		pageFailed.write(w)
		t.end(w)
	}()
	token, err := t.app.handOut(ctx, func(ctx context.Context, a App, g *newGrant) (*Token, error) {
		return t.exchange(ctx, a, g, query)
	})
	over = true
	switch {
	case errors.Is(err, errTwice):
		pageTwice.write(w)
	case errors.Is(err, ErrLogin):
		pageNoLogin.write(w)
		return
	case err != nil:
		pageOf(err).write(w)
	default:
		pageDone.write(w)
	}
	t.token, t.err = token, err
	t.end(w)
}

// exchange exchanges the code, and revokes what it gave if nobody knows whose that is.
func (t *terminal) exchange(ctx context.Context, a App, g *newGrant, query url.Values) (*Token, error) {
	code, err := a.takeCode(t.login, query)
	if err != nil {
		return nil, err
	}
	token, err := a.exchangeCode(ctx, g, t.login, code)
	if err == nil && t.wasOpenedTwice() {
		return nil, a.endUseless(ctx, opLogin, g.read.Grant(), opError(opLogin, errTwice))
	}
	return token, err
}

// end sends the last page and ends the login.
func (t *terminal) end(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush() // what comes now ends the server
	close(t.ended)
}

// show opens the link, or prints it.
func (o *LoginOptions) show(ctx context.Context, link string) error {
	open := o.Open
	if open == nil {
		open = openBrowser
	}
	if err := open(ctx, link); err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	out := o.Output
	if out == nil {
		out = os.Stderr
	}
	_, err := fmt.Fprintf(out, "Open this link in a browser on this machine to connect Zoom:\n\n  %s\n\n", link)
	return err
}
