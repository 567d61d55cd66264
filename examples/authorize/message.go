package main

import (
	"errors"
	"net/http"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// A message is the page of something that went wrong.
type message struct {
	Status      int
	Title, Text string
	Detail      string // the error, which shows no secret
	Home        string
}

var (
	errDenied    = errors.New("somebody clicked Deny")
	errNoRegion  = errors.New("there is no app for the region")
	errNoPage    = errors.New("there is no such page")
	errCrossSite = errors.New("the request does not come from a page of this program")
	errHost      = errors.New("the request is for another host")
)

// messages are tried in this order: an error can be several of them.
var messages = []struct {
	err error
	message
}{
	{errDenied, message{Status: 403, Title: "Not connected", Text: "The request was denied at Zoom. Nothing was connected, and nothing has changed."}},
	{errNoRegion, message{Status: 404, Title: "Unknown region", Text: "There is no app for this region."}},
	{errNoPage, message{Status: 404, Title: "Nothing here", Text: "There is no such page."}},
	{errCrossSite, message{Status: 403, Title: "Not allowed", Text: "This click did not come from the page of this program, or from one that is too old. Open the page anew and click again."}},
	{errHost, message{Status: 421, Title: "Wrong address", Text: "This program answers at its own address only."}},
	{zoomauth.ErrLogin, message{Status: 400, Title: "This link is not valid", Text: "It was used before, is older than five minutes, or was not begun in this browser. Please begin anew."}},
	{zoomauth.ErrNoToken, message{Status: 409, Title: "Not connected", Text: "There is no token of this region. It may have been disconnected meanwhile."}},
	{zoomauth.ErrStoreCorrupt, message{Status: 500, Title: "The stored token cannot be read", Text: "Its file is damaged and was left as it is. Authorize again: then it is kept beside the new one."}},
	{zoomauth.ErrStore, message{Status: 500, Title: "The token cannot be kept", Text: "Something is wrong with the directory of the tokens."}},
	{zoom.ErrAccountMismatch, message{Status: 409, Title: "Another app's token", Text: "What is stored was given to another app. Authorize again, or use another directory."}},
	{zoom.ErrClientCredentials, message{Status: 502, Title: "Zoom refused the app", Text: "Its client id or client secret is wrong."}},
	{zoom.ErrScope, message{Status: 502, Title: "A scope is missing", Text: "The app may not do that. Add the scope in Zoom's Marketplace and authorize again."}},
	{nil, message{Status: 502, Title: "Zoom cannot be reached", Text: "Nothing has changed. Try again in a while."}}, // Zoom or the way to it failed
	{zoom.ErrReauthorize, message{Status: 409, Title: "Authorize again", Text: "Zoom does not accept this permission any more: it was removed there, ran out, or was never complete."}},
	{zoom.ErrInvalidArgument, message{Status: 500, Title: "Zoom refused the redirect URL", Text: "It has to be registered in Zoom's Marketplace to the letter."}},
}

// explain chooses the message of an error.
func explain(err error) message {
	for _, m := range messages {
		if errors.Is(err, m.err) || (m.err == nil && zoom.Unavailable(err)) {
			m.Detail = err.Error()
			return m.message
		}
	}
	return message{Status: 500, Title: "That did not work", Text: "Try again in a while.", Detail: err.Error()}
}

// fail answers a request with the message of an error.
func (s *service) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, zoom.ErrReauthorize) && r.URL.Query().Get("error") == "access_denied" {
		err = errDenied // the handler does not tell it from other ends of a login
	}
	m := explain(err)
	m.Home = s.home
	write(w, m.Status, &content{Fake: s.fake, Message: &m})
}
