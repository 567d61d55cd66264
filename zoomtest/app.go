package zoomtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/seatkit/zoom/zoomauth"
)

// App returns the OAuth app that the server knows: its credentials, and a transport to the
// server in memory. redirectURL is the address of the app's callback. A client of it takes
// the same transport:
//
//	app := srv.App("https://service.example/callback")
//	source, err := app.TokenSource(store, nil)
//	client, err := app.Client(source)
//
// For calls over the network set its HTTPClient to nil and its Endpoints to
// [Server.Endpoints].
func (s *Server) App(redirectURL string) zoomauth.App {
	app := zoomauth.App{ClientID: s.clientID, ClientSecret: s.clientSecret, RedirectURL: redirectURL, HTTPClient: &http.Client{Transport: s.RoundTripper()}}
	if s.public {
		app.ClientSecret = ""
	}
	return app
}

// Endpoints returns the server's addresses in the network. The listener is opened.
func (s *Server) Endpoints() zoomauth.Endpoints {
	return zoomauth.Endpoints{
		Authorize: s.AuthorizeURL(), Token: s.TokenURL(), Revoke: s.RevokeURL(), Device: s.DeviceURL(), API: s.URL(),
	}
}

// Connect takes a handler the whole way that an admin goes: a browser opens its Start, is
// sent to the consent page, where Allow is clicked, and comes back to its Callback. It
// returns what Callback answered: a failed login is an answer, too. All of it happens in
// memory.
//
// start is the request with which the browser opens Start; its query may name a region. Its
// header, as far as the service knows a session by it, comes with the callback as well. Nil
// is a request without any.
//
// The error says which step could not be made: Start did not send the browser to Zoom, or
// the consent page refused the link.
func (s *Server) Connect(h *zoomauth.Handler, start *http.Request) (*http.Response, error) {
	return s.through("Connect", h, start, "allow")
}

// Decline is [Server.Connect] with a click on Deny.
func (s *Server) Decline(h *zoomauth.Handler, start *http.Request) (*http.Response, error) {
	return s.through("Decline", h, start, "deny")
}

func (s *Server) through(method string, h *zoomauth.Handler, start *http.Request, decision string) (*http.Response, error) {
	if start == nil {
		start = httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil) //nolint:contextcheck // nobody gave one
		start.Host = ""                                                                        // whatever the service's is
	}
	sent := serve(h.Start(), start)
	link := sent.Header.Get("Location")
	if sent.StatusCode != http.StatusFound || link == "" {
		return nil, fmt.Errorf("zoomtest: %s: Start answered with status %d and sent the browser nowhere", method, sent.StatusCode)
	}
	address, err := s.click(start.Context(), method, link, decision)
	if err != nil {
		return nil, err
	}
	back := httptest.NewRequestWithContext(start.Context(), http.MethodGet, address, nil)
	back.Header = start.Header.Clone()
	for _, cookie := range sent.Cookies() {
		back.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value}) //nolint:gosec // one that goes back has no attributes
	}
	return serve(h.Callback(), back), nil
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}
