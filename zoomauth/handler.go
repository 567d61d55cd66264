package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// HandlerOptions say how a web service lets people connect their Zoom account.
type HandlerOptions struct {
	// Apps are one, or one for each region; required. Their redirect URLs are https, or
	// all of them http on loopback. A browser must come to Start at the host of the
	// redirect URL: it brings the cookie back to no other.
	Apps Apps

	// Store returns where the token of a login is to be kept: by its Region and its
	// Session. It is asked before the code is exchanged, so that no grant is left at
	// Zoom if it fails. A store that is no [Locker] is to be equal, by ==, to the one that
	// the sources use. Required.
	Store func(ctx context.Context, l *Login) (TokenStore, error)

	// Session names whose login it is: the signed-in customer of the request. The
	// login is bound to that name, and the callback must come with the same. An error
	// or an empty name refuses the request. Nil: the login is bound to the browser
	// alone.
	Session func(r *http.Request) (string, error)

	// Accept decides whether next, the token of the login l, is saved in place of old, which
	// the store holds; old is nil if it holds none or one that cannot be read. After an error
	// the store keeps old, the grant of next is revoked at Zoom, and Failed gets the error.
	//
	// It is called under the lock of the store, which it must not use, and has 10 seconds. A
	// token of the same account is not to be refused: by authorising again a person may have
	// ended the former token.
	//
	// Nil: a token of another account than that of old is zoom.ErrAccountMismatch, unless
	// Zoom has refused the refresh token of old, or its 90 days are over. An account that is
	// not known passes. To move to another account, call Source.Disconnect first.
	Accept func(ctx context.Context, l *Login, old, next *Token) error

	// Done answers the request when the token has been saved, usually with a redirect
	// to a page of the service. Nil: a page that says so.
	Done func(w http.ResponseWriter, r *http.Request, l *Login, t *Token)

	// Failed answers a request that failed: ErrLogin, zoom.ErrReauthorize (Deny
	// among them), ErrStore, what Accept returned, what the network does. Its error shows no secret. Nil:
	// ServeFailure, a page that says what to do.
	Failed func(w http.ResponseWriter, r *http.Request, err error)

	// Logger is for the operator: each request that failed is logged with its reason,
	// whoever answers it. What an operator has to mend has the level error, what the
	// person has to do otherwise the level warn. Nil: nothing is logged.
	Logger *slog.Logger

	// Logins keeps the logins under way. Nil: in the memory of this process.
	Logins LoginStore
}

// A Handler lets an admin connect a Zoom account in a browser. Its two halves are
// mounted by the service: Start where its button points (a link, with ?region=EU if
// there are several apps), Callback at the path of RedirectURL.
//
// A login is bound to the browser that began it, by a cookie that lives five minutes,
// to the Session if there is one, and to its state, which is good once. The token is
// saved before Done is called.
//
// The cookie is SameSite=Lax: the browser brings it back when Zoom redirects it. Start must
// be opened in a window or tab of its own. In a frame of another site, such as a Zoom app
// in the Zoom client, the browser does not keep the cookie, and the callback is ErrLogin.
//
// The code is exchanged only after the store has shown that it can be written. If the
// token cannot be saved all the same, its grant is revoked.
//
//	h, err := zoomauth.NewHandler(zoomauth.HandlerOptions{Apps: apps, Store: store})
//	…
//	mux.Handle("/zoom/connect", h.Start())
//	mux.Handle("/zoom/callback", h.Callback())
type Handler struct {
	redactor
	opts   func() HandlerOptions
	cookie string
	secure bool

	elsewhere *atomic.Bool // Start was opened at another host than that of the redirect URL
}

const (
	cookieName = "zoom_login"
	maxQuery   = 8 << 10 // bytes of a callback
	opStart    = "start"
	opCallback = "callback"

	storeTimeout  = 45 * time.Second // of HandlerOptions.Store
	loginsTimeout = 20 * time.Second // of a call of HandlerOptions.Logins
)

var (
	errSession  = errors.New("the request has no session")
	errNoRegion = errors.New("there is no app for the region")
	errMethod   = errors.New("the method is not GET")
)

// NewHandler checks the options; it does no I/O.
func NewHandler(opts HandlerOptions) (*Handler, error) {
	const op = "auth.handler"
	if len(opts.Apps) == 0 {
		return nil, invalid(op, errors.New("apps: is empty"))
	}
	if opts.Store == nil {
		return nil, invalid(op, errors.New("store: is nil"))
	}
	opts.Apps = append(Apps(nil), opts.Apps...)
	h := &Handler{cookie: cookieName, elsewhere: &atomic.Bool{}}
	regions := map[Region]bool{}
	for i, app := range opts.Apps {
		u, err := app.redirect()
		if err == nil {
			err = app.check()
		}
		if err == nil && regions[app.Region] {
			err = errors.New("its region is there twice")
		}
		if err != nil {
			return nil, invalid(op, fmt.Errorf("app %d: %w", i, err))
		}
		regions[app.Region] = true
		isSecure := u.Scheme == "https"
		if i > 0 && isSecure != h.secure {
			// A Secure cookie does not reach plain http, and one that is not could be
			// planted on the others.
			return nil, invalid(op, fmt.Errorf("app %d: redirect URL: want https for all apps or for none of a handler", i))
		}
		h.secure = isSecure
	}
	if h.secure {
		// The prefix makes browsers refuse the cookie from anybody but this host.
		h.cookie = "__Host-" + cookieName
	}
	if opts.Accept == nil {
		opts.Accept = keepsAccount
	}
	if opts.Logins == nil {
		opts.Logins = &MemoryLogins{}
	}
	h.opts = func() HandlerOptions { return opts }
	return h, nil
}

// Start sends the browser to Zoom.
func (h *Handler) Start() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.start(w, r); err != nil {
			h.fail(w, r, opStart, err)
		}
	})
}

func (h *Handler) start(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return errMethod
	}
	opts := h.opts()
	app := opts.Apps[0]
	if region := r.URL.Query().Get("region"); region != "" || len(opts.Apps) > 1 {
		var err error
		if app, err = opts.Apps.Region(Region(region)); err != nil {
			return fmt.Errorf("%w: %w", errNoRegion, err)
		}
	}
	h.noteHost(r, app)
	session, err := h.session(r)
	if err != nil {
		return err
	}
	link, login, err := app.AuthCodeURL()
	if err != nil {
		return err
	}
	login.Session = session
	binding, ok := h.binding(r)
	if !ok {
		binding = randomText()
	}
	putting, cancel := context.WithTimeout(r.Context(), loginsTimeout)
	defer cancel()
	if err := opts.Logins.Put(putting, loginKey(binding, session, login.state()), login); err != nil {
		return opError("auth.login", storeError(err))
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure but on a loopback address without TLS
		Name: h.cookie, Value: binding, Path: "/", MaxAge: int(loginLife / time.Second),
		Secure: h.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", link) // and no page: the state stands in the link
	w.WriteHeader(http.StatusFound)
	return nil
}

// Callback takes the browser back from Zoom, exchanges the code, and saves the token.
func (h *Handler) Callback() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login, token, err := h.callback(r)
		switch done := h.opts().Done; {
		case err != nil:
			h.fail(w, r, opCallback, err)
		case done != nil:
			w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
			w.Header().Set("Cache-Control", "no-store")
			done(w, r, login, token)
		default:
			pageDone.write(w)
		}
	})
}

func (h *Handler) callback(r *http.Request) (*Login, *Token, error) {
	query, err := callbackQuery(r)
	if err != nil {
		return nil, nil, err
	}
	opts := h.opts()
	back, ok := readReply(query) // before the login is taken: nothing else may end it
	if !ok {
		return nil, nil, errCallback
	}
	binding, err := h.brought(r)
	if err != nil {
		return nil, nil, err
	}
	session, err := h.session(r)
	if err != nil {
		return nil, nil, err
	}
	taking, cancel := context.WithTimeout(r.Context(), loginsTimeout)
	defer cancel()
	login, err := opts.Logins.Take(taking, loginKey(binding, session, back.state))
	switch {
	case errors.Is(err, ErrLogin):
		return nil, nil, errUnknown
	case err != nil:
		return nil, nil, opError("auth.login", storeError(err))
	case login == nil || login.Session != session:
		return nil, nil, errUnknown
	}
	// From here on it goes to its end whatever the browser does: a code is good once.
	ctx := context.WithoutCancel(r.Context())
	app, err := opts.Apps.Region(login.Region)
	if err != nil {
		return nil, nil, err
	}
	store, err := opts.storeOf(ctx, login)
	if err != nil {
		return nil, nil, err
	}
	lease, err := h.lock(ctx, store, login)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = lease.Release() }()
	token, err := app.connect(ctx, store, opts.Accept, login, query)
	return login, token, err
}

// lock keeps logins apart whose store is no Locker and may be another value for each.
func (h *Handler) lock(ctx context.Context, store TokenStore, login *Login) (Lease, error) {
	if _, locks := store.(Locker); locks {
		return noLease{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	lease, err := processTurns.take(ctx, loginTurn{h, login.Region, login.Session})
	return lease, opError(opKeep, err)
}

func (o *HandlerOptions) storeOf(ctx context.Context, login *Login) (TokenStore, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	store, err := o.Store(ctx, login)
	switch {
	case err != nil:
		return nil, opError(opKeep, storeError(err))
	case store == nil:
		return nil, invalid(opKeep, errors.New("store: is nil"))
	}
	return store, nil
}
