package oauth

import (
	"io"
	"net/http"
)

// A Reading keeps what was read of the last answer that is a success, also if the call fails
// or panics afterwards: what tokens came with it are alive.
type Reading struct{ text []byte }

// Grant returns the tokens that were read, nil if there is none.
func (r *Reading) Grant() *Grant {
	g, _ := ReadGrant(r.text) // with an error it is nil, or lacks an access token
	if g == nil || g.Revocable() == "" {
		return nil
	}
	return g
}

// of is a transport whose answers are noted.
func (r *Reading) of(next http.RoundTripper) http.RoundTripper {
	if r == nil {
		return next
	}
	return readingTransport{r, next}
}

type readingTransport struct {
	reading *Reading
	next    http.RoundTripper
}

func (t readingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.reading.text = nil
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp == nil || resp.Body == nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp, err
	}
	noted := *resp
	noted.Body = readingBody{resp.Body, t.reading}
	return &noted, nil
}

type readingBody struct {
	io.ReadCloser
	reading *Reading
}

func (b readingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.reading.text = append(b.reading.text, p[:n]...)
	return n, err
}
