package zoomtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// today is where most tests stop the clock: a Monday.
var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(t time.Time) *zoom.Time { return zoom.NewTime(t) }

// A caller sends raw requests, as a program without our client would.
type caller struct {
	t      *testing.T
	server *zoomtest.Server
	token  string
}

func call(t *testing.T, server *zoomtest.Server) *caller {
	return &caller{t, server, server.IssueToken()}
}

// A reply is an answer with its body read.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (c *caller) do(method, path, body string) reply {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, "https://api.zoom.us/v2"+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.server.RoundTripper().RoundTrip(req)
	require.NoError(c.t, err)
	return read(c.t, res)
}

func (c *caller) get(path string) reply {
	c.t.Helper()
	return c.do(http.MethodGet, path, "")
}

func read(t *testing.T, res *http.Response) reply {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NotEmpty(t, res.Header.Get(zoomtest.TrackingHeader))
	return reply{t, res.StatusCode, res.Header, string(body)}
}

// json returns the body as what it says.
func (r reply) json() map[string]any {
	r.t.Helper()
	var fields map[string]any
	dec := json.NewDecoder(strings.NewReader(r.body))
	dec.UseNumber()
	require.NoError(r.t, dec.Decode(&fields), r.body)
	return fields
}

// list returns the items of a page.
func (r reply) list(key string) []map[string]any {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, r.body)
	raw, there := r.json()[key].([]any)
	require.True(r.t, there, "no list %s in %s", key, r.body)
	items := make([]map[string]any, len(raw))
	for i, item := range raw {
		items[i] = item.(map[string]any)
	}
	return items
}

func (r reply) code() int {
	r.t.Helper()
	if r.body == "" {
		return 0
	}
	n, _ := r.json()["code"].(json.Number)
	code, _ := n.Int64()
	return int(code)
}

func (r reply) next() string {
	r.t.Helper()
	token, _ := r.json()["next_page_token"].(string)
	return token
}

// all follows the page tokens to the end.
func (c *caller) all(path, key string) []map[string]any {
	c.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	var items []map[string]any
	for token := ""; ; {
		page := c.get(path + sep + "next_page_token=" + url.QueryEscape(token))
		items = append(items, page.list(key)...)
		if token = page.next(); token == "" {
			return items
		}
	}
}

func values(items []map[string]any, key string) []string {
	out := []string{}
	for _, item := range items {
		text, _ := item[key].(string)
		out = append(out, text)
	}
	return out
}
