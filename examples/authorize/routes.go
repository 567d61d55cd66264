package main

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seatkit/zoom/zoomauth"
)

const cookieName = "authorize_page"

// routes puts what every request has to pass in front of the pages.
func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showHome)
	mux.Handle("GET "+stylePath, static("text/css; charset=utf-8", style))
	mux.Handle("GET "+iconPath, static("image/svg+xml", icon))
	mux.HandleFunc("GET "+connectPath, s.connect)
	mux.HandleFunc("POST "+actionPath+"refresh/{region}", s.change("refreshed", (*installation).refresh))
	mux.HandleFunc("POST "+actionPath+"disconnect/{region}", s.change("disconnected", (*installation).disconnect))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errNoPage) })
	callback := s.login.Callback()

	crossSite := http.NewCrossOriginProtection() // no other site can click our buttons
	crossSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errCrossSite) }))
	inside := crossSite.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(s.apps, func(app zoomauth.App) bool { return callbackPath(app) == r.URL.EscapedPath() }) {
			callback.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if !s.knowsHost(r.Host) { // a name of somebody else's that leads to loopback
			s.fail(w, r, errHost)
			return
		}
		inside.ServeHTTP(w, r)
	})
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *service) knowsHost(host string) bool {
	return "http://"+host == s.base || slices.ContainsFunc(s.apps, func(app zoomauth.App) bool { return redirectOf(app).Host == host })
}

// connect sends the browser to Zoom.
func (s *service) connect(w http.ResponseWriter, r *http.Request) {
	if s.installation(zoomauth.Region(r.URL.Query().Get("region"))) == nil {
		s.fail(w, r, errNoRegion)
		return
	}
	s.login.Start().ServeHTTP(w, r)
}

// connected is called when the token of a login has been saved.
func (s *service) connected(w http.ResponseWriter, r *http.Request, l *zoomauth.Login, _ *zoomauth.Token) {
	if err := s.installation(l.Region).authorized(); err != nil {
		s.fail(w, r, err)
		return
	}
	s.goHome(w, r, "connected", l.Region)
}

// change answers the form of a button. A page of ours was open in this browser, as
// its cookie shows: browsers send it with requests of our own pages only.
func (s *service) change(done string, do func(*installation, context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		i := s.installation(zoomauth.Region(r.PathValue("region")))
		switch {
		case err != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(s.pageKey)) != 1:
			err = errCrossSite
		case i == nil:
			err = errNoRegion
		default:
			err = do(i, r.Context())
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.goHome(w, r, done, i.app.Region)
	}
}

// goHome ends a request with the page, so that to reload it repeats nothing.
func (s *service) goHome(w http.ResponseWriter, r *http.Request, done string, region zoomauth.Region) {
	http.Redirect(w, r, "/?"+url.Values{"done": {done}, "region": {string(region)}}.Encode(), http.StatusSeeOther)
}

func (s *service) setCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure but on loopback without TLS
		Name: cookieName, Value: s.pageKey, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(s.home, "https:"),
	})
}
