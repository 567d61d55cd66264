package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecorderKeepsWhatPrismFinds(t *testing.T) {
	const inHeader = `[{"location":["response","body","users","12","type"],"severity":"Error","code":"enum","message":"m"},` +
		`{"location":["response"],"severity":"Error","message":"Unable to match the returned status code with those defined"},` +
		`{"location":["response","body","users","3"],"code":"additionalProperties","message":"must NOT have additional properties; found 'nick'"}]`
	const problem = `{"type":"https://stoplight.io/prism/errors#UNPROCESSABLE_ENTITY","title":"Invalid request","validation":` +
		`[{"location":["path","meetingid"],"severity":"Error","code":"type","message":"must be integer"}]}`
	tests := []struct {
		name, target, header, kind, body string
		want                             []string
	}{
		{name: "nothing", target: "/users?status=active", body: `{}`},
		{name: "header", target: "/users", header: inHeader, body: `{}`, want: []string{
			"GET /users response.body.users.#.type enum",
			"GET /users response status-200",
			"GET /users response.body.users.#.nick additionalProperties",
		}},
		{
			name: "problem", target: "/past_meetings/x/instances", kind: "application/problem+json", body: problem,
			want: []string{"GET /past_meetings/{meetingId}/instances path.meetingid type"},
		},
		{
			name: "problem without findings", target: "/users", kind: "application/problem+json; charset=utf-8", body: `{"title":"t"}`,
			want: []string{"GET /users request problem"},
		},
		{name: "unreadable header", target: "/users", header: "oops", want: []string{"GET /users  unreadable"}},
		{name: "parameter", target: "/users?nick=x", want: []string{"GET /users request.query.nick undescribed"}},
		{name: "operation", target: "/nowhere", want: []string{"(unknown) request path"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Sl-Violations", tt.header)
				}
				w.Header().Set("Content-Type", tt.kind)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			rec := &recorder{next: http.DefaultTransport, desc: builtinDescription(t)}
			resp, err := (&http.Client{Transport: rec}).Get(server.URL + tt.target)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, tt.body, string(body), "the client still sees the answer")

			exchanges := rec.take()
			require.Len(t, exchanges, 1)
			var keys []string
			for _, v := range exchanges[0].violations {
				keys = append(keys, exchanges[0].key(v))
			}
			assert.Equal(t, tt.want, keys)
			assert.Empty(t, rec.take())
		})
	}
}

func TestRecorderGivesTheMockAMemory(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"pending","type":1,"dept":"d"}`)
	}))
	defer server.Close()
	rec := &recorder{next: http.DefaultTransport, desc: builtinDescription(t)}
	send := func(method, path, body string) string {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		resp, err := rec.RoundTrip(req)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(data)
	}
	rec.begin(member())
	assert.Contains(t, send("GET", "/users/x", ""), `"status":"active"`)
	send("PUT", "/users/x/status", `{"action":"deactivate"}`)
	send("PATCH", "/users/x", `{"type":4}`)
	after := send("GET", "/users/x", "")
	assert.Contains(t, after, `"status":"inactive"`)
	assert.Contains(t, after, `"type":4`)
	assert.Contains(t, after, `"dept":"d"`)
	rec.begin(nil)
	assert.Contains(t, send("GET", "/users/x", ""), `"status":"pending"`)
}

func TestReportLetsOnlyKnownDefectsThrough(t *testing.T) {
	op := builtinDescription(t).find("GET", "/users")
	typeEnum := violation{[]string{"response", "body", "users", "0", "type"}, "enum", "m"}
	emailFormat := violation{[]string{"response", "body", "users", "0", "email"}, "format", "must match"}

	var out bytes.Buffer
	p := &report{out: &out}
	good := newResult("good")
	good.absorb([]exchange{{op: op, status: 200, violations: []violation{typeEnum}}}, &p.found)
	p.add(good)
	require.NoError(t, p.end())
	assert.Contains(t, out.String(), "ok    good")
	assert.Contains(t, out.String(), "1 times  user-type-3")
	assert.Contains(t, out.String(), "did not occur")

	bad := newResult("bad")
	bad.absorb([]exchange{{op: op, status: 200, violations: []violation{emailFormat, emailFormat}}}, &p.found)
	p.add(bad)
	require.Error(t, p.end())
	assert.Contains(t, out.String(), "FAIL  bad")
	assert.Contains(t, out.String(), "GET /users response.body.users.#.email format: must match (2 times)")
}

func TestDefectsHaveUniqueNamesSourcesAndReasons(t *testing.T) {
	names := map[string]bool{}
	for _, d := range defects {
		assert.False(t, names[d.name], d.name)
		names[d.name] = true
		assert.NotEmpty(t, d.source, d.name)
		assert.NotEmpty(t, d.reason, d.name)
		assert.NotEmpty(t, d.keys, d.name)
	}
}
