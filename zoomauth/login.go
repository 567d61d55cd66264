package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/redact"
)

// LoginOptions change [App.Login]. Nil means the defaults.
type LoginOptions struct {
	// Open shows the link to the person. Nil: the browser of the system.
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
// Zoom allows a loopback address for public clients with PKCE only.
//
// Errors: [zoom.ErrInvalidArgument] for a RedirectURL that cannot be listened on, a
// port that is taken among them; [zoom.ErrReauthorize] for Deny; [zoom.ErrTimeout]
// when nobody came back.
func (a App) Login(ctx context.Context, opts *LoginOptions) (*Token, error) {
	const op = "auth.login"
	var o LoginOptions
	if opts != nil {
		o = *opts
	}
	if ctx == nil {
		return nil, invalid(op, errors.New("the context is nil"))
	}
	listener, at, err := a.listen(ctx)
	if err != nil {
		return nil, invalid(op, err)
	}
	defer func() { _ = listener.Close() }()
	a.RedirectURL = at.String()
	link, login, err := a.AuthCodeURL()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, loginLife)
	defer cancel()
	t := &terminal{app: a, login: login, ended: make(chan struct{})}
	stop := t.serve(ctx, listener, at)
	defer stop()
	if err := o.show(ctx, link); err != nil {
		return nil, opError(op, redact.Cause(err, link))
	}
	select {
	case <-t.ended:
		return t.token, t.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && !time.Now().Before(login.Expires) {
			return nil, opError(op, fmt.Errorf("%w: nobody came back from Zoom within five minutes", zoom.ErrTimeout))
		}
		return nil, opError(op, ctx.Err())
	}
}

// listen opens the port of the redirect URL, on loopback and nowhere else, and
// returns the URL with the port that the system chose, where it was to choose.
func (a App) listen(ctx context.Context) (net.Listener, *url.URL, error) {
	u, err := a.redirect()
	if err != nil {
		return nil, nil, err
	}
	if u.Scheme != "http" || u.RawQuery != "" || u.ForceQuery {
		return nil, nil, errors.New("redirect URL: want http on 127.0.0.1 or [::1], without a query")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, nil, fmt.Errorf("redirect URL: its port cannot be listened on: %w", redact.Cause(err))
	}
	if port == "0" {
		u.Host = listener.Addr().String()
	}
	return listener, u, nil
}

// terminal is the small server that waits for one good callback.
type terminal struct {
	redactor
	app   App
	login *Login
	ended chan struct{}
	token *Token // once ended is closed
	err   error
}

// serve begins to answer and returns what ends it, when the last page has been sent.
func (t *terminal) serve(ctx context.Context, listener net.Listener, at *url.URL) (stop func()) {
	path := at.EscapedPath()
	if path == "" {
		path = "/"
	}
	answers := make(chan struct{}, 1) // one callback at a time
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      callbackLimit + 10*time.Second,
		IdleTimeout:       10 * time.Second,
		MaxHeaderBytes:    16 << 10,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Host != at.Host || r.URL.EscapedPath() != path:
				pageNotFound.write(w)
			case r.Method != http.MethodGet:
				w.Header().Set("Allow", http.MethodGet)
				pageMethod.write(w)
			default:
				answers <- struct{}{}
				defer func() { <-answers }()
				t.answer(ctx, w, r)
			}
		}),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		<-done
	}
}

func (t *terminal) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	query, err := callbackQuery(r)
	if err != nil {
		pageNoLogin.write(w)
		return
	}
	token, err := t.app.Exchange(ctx, t.login, query)
	switch {
	case errors.Is(err, ErrLogin):
		pageNoLogin.write(w)
		return
	case err != nil:
		pageOf(err).write(w)
	default:
		pageDone.write(w)
	}
	t.token, t.err = token, err
	close(t.ended)
}

// show opens the link, or prints it.
func (o *LoginOptions) show(ctx context.Context, link string) error {
	open := o.Open
	if open == nil {
		open = openBrowser
	}
	if open(ctx, link) == nil {
		return nil
	}
	out := o.Output
	if out == nil {
		out = os.Stderr
	}
	_, err := fmt.Fprintf(out, "Open this link in a browser to connect Zoom:\n\n  %s\n\n", link)
	return err
}
