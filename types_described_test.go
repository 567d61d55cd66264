package zoom_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// A describedSchema is the part of a JSON schema that says which members there are.
type describedSchema struct {
	Type       string                     `json:"type"`
	Format     string                     `json:"format"`
	Properties map[string]describedSchema `json:"properties"`
	Items      *describedSchema           `json:"items"`
	AllOf      []describedSchema          `json:"allOf"`
}

type apiDescription struct {
	Paths map[string]map[string]struct {
		RequestBody describedBody            `json:"requestBody"`
		Responses   map[string]describedBody `json:"responses"`
	} `json:"paths"`
}

type describedBody struct {
	Content map[string]struct {
		Schema describedSchema `json:"schema"`
	} `json:"content"`
}

// leftOut are members around the items of a listing that the client leaves out
// on purpose.
var leftOut = map[string]string{
	"page_count":            "a page number as a loop condition loses people; Zoom sends it on the first page only",
	"page_number":           "deprecated by Zoom in favour of the page token",
	"from":                  "an echo of what was asked for; joined windows have no single answer",
	"to":                    "an echo of what was asked for; joined windows have no single answer",
	"total_meetings":        "GET /report/users: of one month of a joined window; the sum of the rows says the same",
	"total_meeting_minutes": "GET /report/users: of one month of a joined window; the sum of the rows says the same",
	"total_participants":    "GET /report/users: of one month of a joined window; the sum of the rows says the same",
}

// A page as the client reads it: these three members become those of zoom.Page.
type pageEnvelope struct {
	NextPageToken string `json:"next_page_token"`
	PageSize      int    `json:"page_size"`
	TotalRecords  int    `json:"total_records"`
}

// TestTypesHoldEveryDescribedField walks Zoom's API description: a member of an
// answer, or of an update, that our types have no field for is a failure.
func TestTypesHoldEveryDescribedField(t *testing.T) {
	tests := []struct {
		operation string
		request   bool   // the request body, else the answer
		key       string // of the items in a listing
		typ       reflect.Type
	}{
		{operation: "GET /users", key: "users", typ: reflect.TypeFor[zoom.User]()},
		{operation: "GET /users/{userId}", typ: reflect.TypeFor[zoom.User]()},
		{operation: "PATCH /users/{userId}", request: true, typ: reflect.TypeFor[zoom.UserUpdate]()},
		{operation: "GET /users/summary", typ: reflect.TypeFor[zoom.UsersSummary]()},
		{operation: "GET /users/{userId}/meetings", key: "meetings", typ: reflect.TypeFor[zoom.Meeting]()},
		{operation: "GET /past_meetings/{meetingId}/instances", key: "meetings", typ: reflect.TypeFor[zoom.MeetingInstance]()},
		{operation: "GET /report/meetings/{meetingId}/participants", key: "participants", typ: reflect.TypeFor[zoom.Participant]()},
		{operation: "GET /report/users", key: "users", typ: reflect.TypeFor[zoom.Host]()},
		{operation: "GET /report/users/{userId}/meetings", key: "meetings", typ: reflect.TypeFor[zoom.ReportMeeting]()},
		{operation: "GET /report/activities", key: "activity_logs", typ: reflect.TypeFor[zoom.SignIn]()},
	}
	d := readDescription(t)
	for _, tt := range tests {
		t.Run(tt.operation, func(t *testing.T) {
			found := d.schema(t, tt.operation, tt.request)
			require.NotEmpty(t, found.Properties)
			if tt.key == "" {
				holdsMembers(t, "", found, tt.typ)
				return
			}
			items, ok := found.Properties[tt.key]
			require.True(t, ok && items.Items != nil, "the listing has no items under %q", tt.key)
			holdsMembers(t, tt.key, *items.Items, tt.typ)
			delete(found.Properties, tt.key)
			maps.DeleteFunc(found.Properties, func(name string, _ describedSchema) bool { return leftOut[name] != "" })
			holdsMembers(t, "", found, reflect.TypeFor[pageEnvelope]())
		})
	}
}

// holdsMembers checks that every member of s has a field of typ, with a kind that takes
// its values.
func holdsMembers(t *testing.T, place string, s describedSchema, typ reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	s = s.joined()
	switch {
	case s.Properties != nil:
		fields := jsonFields(typ)
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			field, ok := fields[name]
			if assert.True(t, ok, "%s has no field for %s", typ, strings.TrimPrefix(place+"."+name, ".")) {
				holdsMembers(t, place+"."+name, s.Properties[name], field)
			}
		}
	case s.Type == "array":
		require.Equal(t, reflect.Slice, typ.Kind(), "%s is an array", place)
		if s.Items != nil {
			holdsMembers(t, place+"[]", *s.Items, typ.Elem())
		}
	case s.Type == "integer" && s.Format == "int64":
		assert.Equal(t, reflect.Int64, typ.Kind(), "%s does not fit into an int of 32 bits", place)
	case s.Type == "integer":
		assert.Contains(t, []reflect.Kind{reflect.Int, reflect.Int64}, typ.Kind(), "%s is an integer", place)
	case s.Type == "boolean":
		assert.Equal(t, reflect.Bool, typ.Kind(), "%s is a boolean", place)
	case s.Format == "date-time":
		assert.Equal(t, reflect.TypeFor[zoom.Time](), typ, "%s is a time", place)
	case s.Type == "string":
		if typ != reflect.TypeFor[zoom.Time]() {
			assert.Equal(t, reflect.String, typ.Kind(), "%s is a text", place)
		}
	default:
		t.Errorf("%s: the description has a type that this test does not know: %q", place, s.Type)
	}
}

// jsonFields returns the fields of a struct by their names in JSON.
func jsonFields(typ reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if typ.Kind() != reflect.Struct {
		return fields
	}
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.IsExported() && name != "" && name != "-" {
			fields[name] = field.Type
		}
	}
	return fields
}

// joined merges the parts of allOf.
func (s describedSchema) joined() describedSchema {
	for _, part := range s.AllOf {
		part = part.joined()
		if s.Properties == nil && part.Properties != nil {
			s.Properties = map[string]describedSchema{}
		}
		maps.Copy(s.Properties, part.Properties)
	}
	s.AllOf = nil
	return s
}

func (d *apiDescription) schema(t *testing.T, operation string, request bool) describedSchema {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	op, ok := d.Paths[path][strings.ToLower(method)]
	require.True(t, ok, "the description has no %s", operation)
	holder := op.Responses["200"]
	if request {
		holder = op.RequestBody
	}
	return holder.Content["application/json"].Schema.joined()
}

func readDescription(t *testing.T) *apiDescription {
	t.Helper()
	data, err := os.ReadFile("internal/test/contract/testdata/zoom-openapi.json")
	require.NoError(t, err)
	d := new(apiDescription)
	require.NoError(t, json.Unmarshal(data, d))
	return d
}
