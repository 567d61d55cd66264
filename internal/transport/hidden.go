package transport

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/wire"
)

// hidden returns what was sent and what no text about the call may repeat,
// whoever wrote it: a server that echoes the request, a RoundTripper that dumps
// it. It is put together only when something went wrong.
func (c *trip) hidden() []string {
	hidden := append([]string(nil), c.call.Values...)
	for _, token := range []string{c.token, c.refused} {
		if token != "" {
			hidden = append(hidden, token)
		}
	}
	if _, credential, ok := strings.Cut(c.call.Header.Get("Authorization"), " "); ok {
		hidden = append(hidden, credential)
		if pair, err := base64.StdEncoding.DecodeString(credential); err == nil {
			hidden = append(hidden, string(pair))
		}
	}
	hidden = appendTelling(hidden, c.call.URL.Query())
	if strings.HasPrefix(c.call.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(c.call.Body)) // we wrote it
		return appendTelling(hidden, form)
	}
	for _, text := range wire.Texts(c.call.Body) {
		if redact.Telling(text) {
			hidden = append(hidden, text)
		}
	}
	return hidden
}

func appendTelling(hidden []string, query url.Values) []string {
	for _, values := range query {
		for _, value := range values {
			if redact.Telling(value) {
				hidden = append(hidden, value)
			}
		}
	}
	return hidden
}

// nameAnswer reads the tracking id of an answer, which may be nil.
func (c *trip) nameAnswer(a *Answer) {
	if a == nil {
		return
	}
	if id := a.Header.Get("X-Zm-Trackingid"); id != "" {
		a.TrackingID = redact.ID(id, c.hidden()...)
	}
}
