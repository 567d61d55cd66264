package zoom_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// A name that stands twice refuses an answer where it is read, and nowhere else: in what
// is skipped, and in what is passed on as it came, Zoom may write what it likes.
func TestFaultBD34DoubledNames(t *testing.T) {
	type inner struct {
		A int `json:"a"`
	}
	type answerType struct {
		ID    string            `json:"id"`
		Inner inner             `json:"inner"`
		List  []*inner          `json:"list"`
		Map   map[string]inner  `json:"map"`
		Any   any               `json:"any"`
		Raw   json.RawMessage   `json:"raw"`
		Raws  []json.RawMessage `json:"raws"`
	}
	for name, tc := range map[string]struct {
		body  string
		reads bool
	}{
		"skipped":                    {`{"id":"a","x":1,"x":2}`, true},
		"skipped, deep":              {`{"id":"a","x":[{"y":{"z":1,"z":2}}]}`, true},
		"skipped, and wrong numbers": {`{"id":7,"x":{"y":1,"y":2}}`, true},
		"skipped in a part":          {`{"id":"a","inner":{"a":1,"b":1,"b":2}}`, true},
		"skipped in a list":          {`{"id":"a","list":[{"a":1},{"b":{"c":1,"c":2}}]}`, true},
		"passed on":                  {`{"id":"a","raw":{"y":1,"y":2}}`, true},
		"passed on in a list":        {`{"id":"a","raws":[{"y":1,"y":2}]}`, true},
		"read":                       {`{"id":"a","id":"b"}`, false},
		"read, equal":                {`{"id":"a","id":"a"}`, false},
		"read, escaped":              {`{"id":"a","i\u0064":"b"}`, false},
		"read, in another case":      {`{"id":"a","ID":"b"}`, false},
		"read, behind a skipped one": {`{"x":1,"x":2,"id":"a","id":"b"}`, false},
		"read in a part":             {`{"id":"a","inner":{"a":1,"a":2}}`, false},
		"the part itself":            {`{"id":"a","inner":{"a":1},"inner":{}}`, false},
		"read in a list":             {`{"id":"a","list":[null,{"a":1,"a":2}]}`, false},
		"a key of a map":             {`{"id":"a","map":{"k":{},"k":{}}}`, false},
		"read in a map":              {`{"id":"a","map":{"k":{"a":1,"a":2}}}`, false},
		"any":                        {`{"id":"a","any":[{"y":1,"y":2}]}`, false},
		"the raw part itself":        {`{"id":"a","raw":1,"raw":2}`, false},
	} {
		t.Run("BD34 "+name, func(t *testing.T) {
			out := answerType{ID: "before"}
			c := newTape(ok(tc.body)).client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}))
			err := c.Do(t.Context(), &zoom.Request{Path: "/x"}, &out)
			page := newTape(ok(`{"x":[{"y":1,"y":2}],"items":[`+tc.body+`],"x":3}`)).client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}))
			items, errList := zoom.ListOf[answerType](page, &zoom.Request{Path: "/x"}, "items").Collect(t.Context())
			if !tc.reads {
				require.ErrorIs(t, err, zoom.ErrBadResponse)
				assert.Equal(t, answerType{ID: "before"}, out)
				require.ErrorIs(t, errList, zoom.ErrBadResponse)
				assert.Empty(t, items)
				return
			}
			require.NoError(t, err)
			require.NoError(t, errList)
			require.Len(t, items, 1)
			assert.Equal(t, items[0], out)
			assert.NotEqual(t, "before", out.ID)
			if out.Raw != nil {
				assert.JSONEq(t, `{"y":2}`, string(out.Raw))
				assert.Contains(t, string(out.Raw), `"y":1`, "as it came")
			}
		})
	}
	for name, body := range map[string]string{
		"the list":          `{"users":[],"users":[{"id":"a"}]}`,
		"the token":         `{"users":[{"id":"a"}],"next_page_token":"","next_page_token":"t"}`,
		"the count":         `{"users":[{"id":"a"}],"total_records":1,"total_records":2}`,
		"an id":             `{"users":[{"id":"a","id":"b"}]}`,
		"a department":      `{"users":[{"id":"a","dept":"a","dept":"b"}]}`,
		"in an odd field":   `{"users":[{"id":"a","custom_attributes":{"key":"a","key":"b"}}]}`,
		"an id, and others": `{"users":[{"id":"a","dept":{},"x":1,"x":2},{"id":"b","x":{"y":1,"y":2},"id":"c"}]}`,
	} {
		t.Run("BD34 page: "+name, func(t *testing.T) {
			c := newTape(ok(body)).client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}))
			users, err := c.Users.List(nil).Collect(t.Context())
			require.ErrorIs(t, err, zoom.ErrBadResponse)
			assert.Empty(t, users)
		})
	}
	t.Run("BD34 an answer that nobody reads", func(t *testing.T) {
		c := newTape(ok(`{"x":1,"x":2}`)).client(t)
		require.NoError(t, c.Do(t.Context(), &zoom.Request{Path: "/x"}, nil))
	})
}

// untagged is what a program writes down for encoding/json.
type untagged struct {
	ID       string
	Name     string
	MemberID []string
	Total    int `json:"total_members"`
	hidden   string
	Nested   struct{ Owner string }
	Embedded
}

// Embedded is promoted.
type Embedded struct{ Comment string }

// Types of a caller's are read as encoding/json reads them: the standard library is the
// measure.
func TestFaultBD35NamesOfTheCallersTypes(t *testing.T) {
	for name, body := range map[string]string{
		"lower case":        `{"id":"g","name":"Staff","memberid":["a"],"total_members":3,"nested":{"owner":"o"},"comment":"c"}`,
		"upper case":        `{"ID":"g","NAME":"Staff","MEMBERID":["a"],"TOTAL_MEMBERS":3,"NESTED":{"OWNER":"o"},"COMMENT":"c"}`,
		"as written":        `{"ID":"g","Name":"Staff","MemberID":["a"],"total_members":3,"Nested":{"Owner":"o"},"Comment":"c"}`,
		"underscores count": `{"id":"g","member_id":["a"],"totalmembers":3}`,
		"others":            `{"hidden":"h","Total":4,"embedded":{"comment":"c"}}`,
		"nothing":           `{}`,
	} {
		t.Run("BD35 "+name, func(t *testing.T) {
			var want, got untagged
			require.NoError(t, json.Unmarshal([]byte(body), &want))
			c := newTape(ok(body)).client(t)
			require.NoError(t, c.Do(t.Context(), &zoom.Request{Path: "/x"}, &got))
			assert.Equal(t, want, got)
			assert.Empty(t, got.hidden)

			c = newTape(ok(`{"groups":[` + body + `]}`)).client(t)
			items, err := zoom.ListOf[untagged](c, &zoom.Request{Path: "/groups"}, "groups").Collect(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []untagged{want}, items)
			pointers, err := zoom.ListOf[*untagged](c, &zoom.Request{Path: "/groups"}, "groups").Collect(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []*untagged{&want}, pointers)
		})
	}
	t.Run("BD35 numbers and texts, as in every answer", func(t *testing.T) {
		var got untagged
		require.NoError(t, newTape(ok(`{"id":7,"total_members":"3"}`)).client(t).Do(t.Context(), &zoom.Request{Path: "/x"}, &got))
		assert.Equal(t, untagged{ID: "7", Total: 3}, got)
	})
	t.Run("BD35 another form is an error", func(t *testing.T) {
		got := untagged{ID: "before"}
		c := newTape(ok(`{"id":"g","memberid":{}}`)).client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}))
		require.ErrorIs(t, c.Do(t.Context(), &zoom.Request{Path: "/x"}, &got), zoom.ErrBadResponse)
		assert.Equal(t, untagged{ID: "before"}, got)
	})
	t.Run("BD35 the types of this package stay exact", func(t *testing.T) {
		body := `{"id":"u1","email":"a@example.com","type":1,"status":"active","ID":"owner","Dept":"x","TYPE":2}`
		var u zoom.User
		require.NoError(t, newTape(ok(body)).client(t).Do(t.Context(), &zoom.Request{Path: "/users/me"}, &u))
		want := zoom.User{ID: "u1", Email: "a@example.com", Type: 1, Status: zoom.StatusActive}
		assert.Equal(t, want, u)
		users, err := zoom.ListOf[*zoom.User](newTape(ok(`{"members":[`+body+`]}`)).client(t), &zoom.Request{Path: "/x"}, "members").Collect(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []*zoom.User{&want}, users)
	})
}

// An answer without a body where one is due is no success, and leaves no old value to be
// taken for the new one.
func TestFaultBD36DoWithoutABody(t *testing.T) {
	bodies := map[string]answer{
		"204": {status: http.StatusNoContent}, "200 empty": ok(""), "200 blank": ok(" \n"), "201 empty": {status: http.StatusCreated},
		"202 empty": {status: http.StatusAccepted}, "null": ok("null"),
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			t.Run(fmt.Sprintf("BD36 %s %s", method, name), inBubble(func(t *testing.T) {
				out := map[string]any{"id": "before"}
				tp := newTape(bodies[name])
				err := tp.client(t).Do(t.Context(), &zoom.Request{Method: method, Path: "/x"}, &out)
				require.ErrorIs(t, err, zoom.ErrBadResponse)
				assert.Equal(t, map[string]any{"id": "before"}, out)
				if method != http.MethodGet {
					assert.Len(t, tp.requests(), 1, "it may have been carried out")
				}
				if strings.Contains(name, "null") {
					return
				}
				tp = newTape(bodies[name])
				require.NoError(t, tp.client(t).Do(t.Context(), &zoom.Request{Method: method, Path: "/x"}, nil), "without out nothing is due")
			}))
		}
	}
}
