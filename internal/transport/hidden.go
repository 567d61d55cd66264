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
func (st *state) hidden() []string {
	hidden := append([]string(nil), st.call.Values...)
	for _, token := range []string{st.token, st.rejected} {
		if token != "" {
			hidden = append(hidden, token)
		}
	}
	if _, credential, ok := strings.Cut(st.call.Header.Get("Authorization"), " "); ok {
		hidden = append(hidden, credential)
		if pair, err := base64.StdEncoding.DecodeString(credential); err == nil {
			hidden = append(hidden, string(pair))
		}
	}
	hidden = appendTelling(hidden, st.call.URL.Query())
	if strings.HasPrefix(st.call.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(st.call.Body)) // we wrote it
		return appendTelling(hidden, form)
	}
	for _, text := range wire.Texts(st.call.Body) {
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

// nameAnswer reads the tracking id of the latest answer.
func (st *state) nameAnswer() {
	if st.answer == nil {
		return
	}
	if id := st.answer.Header.Get("X-Zm-Trackingid"); id != "" {
		st.answer.TrackingID = redact.ID(id, st.hidden()...)
	}
}
