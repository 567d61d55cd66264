package zoom_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// A server that repeats the request puts nothing of it into an error.
func TestFaultS1EchoOfTheRequest(t *testing.T) {
	c := newTape(answer{do: func(req *http.Request) answer {
		var body []byte
		if req.Body != nil {
			body, _ = io.ReadAll(req.Body)
		}
		echo, err := json.Marshal(map[string]any{
			"code": 300, "message": req.URL.RawQuery + " " + string(body), "errors": []any{map[string]any{"field": string(body), "message": req.URL.Path}},
		})
		require.NoError(t, err)
		return answer{status: 400, body: string(echo)}
	}})
	client := c.client(t)
	text := func(s string) *string { return &s }
	ctx := t.Context()
	for name, tc := range map[string]struct {
		call   func() error
		hidden []string
	}{
		"S1 update": {func() error {
			return client.Users.Update(ctx, "u1", &zoom.UserUpdate{
				LastName: text("schmidtova"), FirstName: text("Kim"), Dept: text("secretdept"), HostKey: text("123456"), PMI: 8412345678, VanityName: text("kimsroom"),
			})
		}, []string{"schmidtova", "Kim", "secretdept", "123456", "8412345678", "kimsroom"}},
		"S1 query": {func() error {
			return client.Do(ctx, &zoom.Request{Path: "/x", Query: map[string][]string{"q": {"hunterpass"}, "pin": {"4711"}}}, nil)
		}, []string{"hunterpass", "4711"}},
		"S1 body": {func() error {
			return client.Do(ctx, &zoom.Request{Method: "POST", Path: "/x", Body: map[string]any{"password": "hunterpass", "pin": 471147, "list": []any{"abc", 4711}}}, nil)
		}, []string{"hunterpass", "471147", "abc", "4711"}},
		"S1 page token": {func() error {
			_, err := client.Meetings.List("u1", nil).Resume("lowercasetoken").Collect(ctx)
			return err
		}, []string{"lowercasetoken"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.call()
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			var e *zoom.Error
			require.ErrorAs(t, err, &e)
			all := fmt.Sprintf("%v %+v %q %q", err, err, e.Message, e.Fields)
			for _, value := range tc.hidden {
				assert.NotContains(t, all, value)
			}
		})
	}
}

// A path with a value in it is refused; all routes of Zoom's that are known pass.
func TestFaultS3LiteralPaths(t *testing.T) {
	tp := newTape(ok(`{}`))
	c := tp.client(t)
	for _, path := range []string{
		"/meetings/84123456789", "/meetings/841-2345-6789", "/users/kim.smith/settings", "/users/kdcuglmqgeptowbogwlqab", "/users/KDcuGIm1QgePTO8WbOqwIQ", "/users/{kim.smith}", "/users/{84123456789}",
	} {
		refusedUnsent(t, tp, c.Do(t.Context(), &zoom.Request{Path: path}, nil), strings.Trim(path[strings.LastIndex(path[:9], "/")+1:], "{}"))
	}
	data, err := os.ReadFile("internal/test/contract/testdata/zoom-openapi.json")
	require.NoError(t, err)
	var spec struct{ Paths map[string]any }
	require.NoError(t, json.Unmarshal(data, &spec))
	require.NotEmpty(t, spec.Paths)
	for _, path := range []string{
		"/v2/users", "/v1.1/x", "/h323/devices", "/phone/extension/{extensionId}/call_handling/settings/{settingType}", "/live_meetings/{meetingId}/chat/messages/{messageId}",
		"/contact_center/address_books/units/{unitId}", "/meetings/{meetingId}/jointoken/local_archiving", "/phone/outbound_calling/countries_regions", "/accounts/me/plans/usage",
	} {
		spec.Paths[path] = nil
	}
	for path := range spec.Paths {
		var values []string
		for range strings.Count(path, "{") {
			values = append(values, "u1")
		}
		require.NoError(t, c.Do(t.Context(), &zoom.Request{Path: path, PathValues: values}, nil), path)
	}
}

// fmt prints the fields of a listing in an unexported field without asking it.
func TestFaultS1ListInAStruct(t *testing.T) {
	l := newTape(ok(`{}`)).client(t).Meetings.List("kim@example.com", nil).Resume("canarytoken")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		for _, holder := range []any{struct{ l zoom.List[*zoom.Meeting] }{*l}, struct{ l *zoom.List[*zoom.Meeting] }{l}} {
			got := fmt.Sprintf(verb, holder)
			assert.NotContains(t, got, "canarytoken", verb)
			assert.NotContains(t, got, "kim@", verb)
			assert.NotContains(t, got, fmt.Sprintf("%x", "canarytoken"), verb)
		}
	}
}
