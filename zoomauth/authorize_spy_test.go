package zoomauth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// member reads a text out of a stored token or login.
func member(t *testing.T, data []byte, name string) string {
	t.Helper()
	var members map[string]any
	require.NoError(t, json.Unmarshal(data, &members))
	text, _ := members[name].(string)
	require.NotEmpty(t, text, name)
	return text
}

func refreshTokenOf(t *testing.T, token *zoomauth.Token) string {
	t.Helper()
	data, err := token.Encode()
	require.NoError(t, err)
	return member(t, data, "refresh_token")
}

// refuseAll is a token endpoint that takes no code.
type refuseAll struct{}

func (refuseAll) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"reason":"x","error":"invalid_grant"}`)),
	}, nil
}

// spy sees requests as they leave, with what the fake's log hides.
type spy struct {
	next http.RoundTripper

	mu   sync.Mutex
	seen []sent
}

type sent struct {
	url    *url.URL
	header http.Header
	form   url.Values
	body   string
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen = append(s.seen, sent{r.URL, r.Header.Clone(), form, string(body)})
	s.mu.Unlock()
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(strings.NewReader(string(body)))
	return s.next.RoundTrip(again)
}
