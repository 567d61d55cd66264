package transport

import (
	"encoding/base64"
	"net/url"
	"slices"
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
	hidden = appendValues(hidden, c.call.URL.Query())
	if strings.HasPrefix(c.call.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(c.call.Body)) // we wrote it
		return appendValues(hidden, form)
	}
	names, values := wire.Words(c.call.Body)
	return appendWords(hidden, names, values)
}

func appendValues(hidden []string, query url.Values) []string {
	for name, values := range query {
		hidden = appendWords(hidden, []string{name}, values)
	}
	return hidden
}

// appendWords adds values, but for words of Zoom's vocabulary, and names that are none.
func appendWords(hidden, names, values []string) []string {
	for _, name := range names {
		if redact.Telling(name) {
			hidden = append(hidden, name)
		}
	}
	for _, value := range values {
		if redact.Sent(value) {
			hidden = append(hidden, value)
		}
	}
	return hidden
}

// deciding are Zoom's words that say which limit was reached.
var deciding = []string{"this particular user", "concurrent", "daily", "gmt 00:00:00", "rate limit"}

// hiddenOfLimits is hidden without what would take such words out of a message.
func (c *trip) hiddenOfLimits() []string {
	return slices.DeleteFunc(c.hidden(), func(value string) bool {
		return slices.ContainsFunc(deciding, func(words string) bool { return strings.Contains(words, strings.ToLower(value)) })
	})
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
