package zoomauth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"

	"github.com/seatkit/zoom"
)

// A page is a static answer: nothing of a request ever stands in it.
type page struct {
	status      int
	title, text string
}

var (
	pageDone    = page{http.StatusOK, "Connected", "Zoom is connected. You can close this window."}
	pageDenied  = page{http.StatusForbidden, "Not connected", "The request was denied in Zoom. Nothing was connected. To try again, begin anew."}
	pageNoLogin = page{http.StatusBadRequest, "This link is not valid", "It was used before, is older than five minutes, or was not begun in this browser at this address. " +
		"Please begin anew, with cookies allowed."}
	pageTwice = page{http.StatusConflict, "Not connected", "The link was opened in two browsers, perhaps by another user of this machine. " +
		"The login was ended, and nothing is connected. Please begin anew."}
	pageRefused  = page{http.StatusBadRequest, "Not connected", "Zoom did not accept the authorisation. Please begin anew."}
	pageZoomDown = page{http.StatusBadGateway, "Not connected", "Zoom cannot be reached at the moment. Please begin anew in a while."}
	pageFailed   = page{http.StatusInternalServerError, "Not connected", "This service could not finish it. Please begin anew in a while, and tell its operator if it happens again."}
	pageStore    = page{http.StatusInternalServerError, "Not connected", "This service cannot store a connection at the moment. " +
		"Nothing was connected. Please begin anew in a while, and tell its operator if it happens again."}
	pageUnsaved = page{http.StatusInternalServerError, "Not connected", "This service could not store the connection and has taken it back at Zoom. " +
		"Nothing is connected. Please tell its operator, and begin anew in a while."}
	pageOrphaned = page{http.StatusInternalServerError, "Not connected", "This service could not store the connection and could not take it back. " +
		"Please remove the app in Zoom's App Marketplace (Manage, Added Apps), tell the operator of this service, and begin anew in a while."}
	pageNotAccepted = page{http.StatusConflict, "Not connected", "This Zoom account was not accepted, perhaps because another one is connected. " +
		"The former connection is as it was. To change the account, disconnect the former one first, then begin anew."}
	pageNoRegion = page{http.StatusBadRequest, "Unknown region", "There is no app for this region."}
	pageSession  = page{http.StatusForbidden, "Not allowed", "Please sign in first."}
	pageMethod   = page{http.StatusMethodNotAllowed, "Not allowed", "This address is only for a browser on its way to Zoom or back."}
	pageNotFound = page{http.StatusNotFound, "Not found", "There is nothing here."}
)

const pageStyle = `body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1.5rem;color:#1f2937;background:#f8fafc}` +
	`h1{font-size:1.5rem;margin:0 0 .5rem}p{margin:0}main{background:#fff;border:1px solid #e2e8f0;border-radius:.75rem;padding:2rem}`

// write sends the page, which can load nothing, tells nobody where it was, and stands
// in no frame.
func (p page) write(w http.ResponseWriter) {
	sum := sha256.Sum256([]byte(pageStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	body := p.html()
	h.Set("Content-Length", strconv.Itoa(len(body))) // it is whole before the handler ends
	w.WriteHeader(p.status)
	_, _ = w.Write([]byte(body))
}

func (p page) html() string {
	return "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
		"<title>" + p.title + "</title>\n<style>" + pageStyle + "</style>\n" +
		"<main><h1>" + p.title + "</h1><p>" + p.text + "</p></main>\n</html>\n"
}

// errDenied is a login that the person ended.
var errDenied = errors.New("the request was denied")

// ServeFailure answers with the page that a [Handler] has for a failure of its own: it
// says what to do, and nothing of the error. It is for a Failed hook that wants to do
// something else as well.
func ServeFailure(w http.ResponseWriter, err error) { pageOf(err).write(w) }

// pageOf chooses the page of an error.
func pageOf(err error) page {
	switch {
	case errors.Is(err, errOrphaned), errors.Is(err, errDoubtful), errors.Is(err, errLeft):
		return pageOrphaned
	case errors.Is(err, errNotAccepted): // whatever else Accept says that it is
		return pageNotAccepted
	case errors.Is(err, ErrLogin):
		return pageNoLogin
	case errors.Is(err, errDenied):
		return pageDenied
	case errors.Is(err, errSession):
		return pageSession
	case errors.Is(err, errNoRegion):
		return pageNoRegion
	case errors.Is(err, errMethod):
		return pageMethod
	case errors.Is(err, errUnsaved):
		return pageUnsaved
	case errors.Is(err, ErrStore):
		return pageStore
	case errors.Is(err, zoom.ErrInvalidArgument), errors.Is(err, zoom.ErrClientCredentials):
		return pageFailed
	case zoom.Unavailable(err):
		return pageZoomDown
	case errors.Is(err, zoom.ErrReauthorize), errors.Is(err, zoom.ErrForbidden):
		return pageRefused
	default:
		return pageFailed
	}
}
