package main

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func builtinDescription(t *testing.T) *description {
	t.Helper()
	d, err := parseDescription(builtin)
	require.NoError(t, err)
	return d
}

func TestFind(t *testing.T) {
	d := builtinDescription(t)
	tests := []struct{ method, path, want string }{
		{"GET", "/users", "GET /users"},
		{"GET", "/users/summary", "GET /users/summary"},
		{"GET", "/users/somebody@example.com", "GET /users/{userId}"},
		{"PUT", "/users/abc/status", "PUT /users/{userId}/status"},
		{"GET", "/report/meetings/%252Fabc%253D%253D/participants", "GET /report/meetings/{meetingId}/participants"},
		{"DELETE", "/users", ""},
		{"GET", "/v2/users", ""},
		{"GET", "/nothing/of/the/kind", ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			found := d.find(tt.method, tt.path)
			if tt.want == "" {
				assert.Nil(t, found)
				return
			}
			require.NotNil(t, found)
			assert.Equal(t, tt.want, found.String())
		})
	}
}

func TestParseDescriptionJoinsFiles(t *testing.T) {
	first := `{"paths":{"/a":{"get":{"responses":{"200":{}},"parameters":[{"in":"query","name":"q"}]}}}}`
	second := `{"paths":{"/b":{"post":{"responses":{"201":{}}}}}}`
	d, err := parseDescription([]byte(first), []byte(second))
	require.NoError(t, err)
	require.NotNil(t, d.find("GET", "/a"))
	assert.True(t, d.find("GET", "/a").query["q"])
	assert.NotNil(t, d.find("POST", "/b"))

	for _, bad := range []string{``, `[]`, `{}`, `{"paths":1}`} {
		_, err := parseDescription([]byte(bad))
		require.Error(t, err, bad)
	}
	_, err = parseDescription()
	require.Error(t, err)
}

func TestStrictClosesEverySchemaAndKeepsNumbers(t *testing.T) {
	d := builtinDescription(t)
	data, err := d.strict()
	require.NoError(t, err)
	assert.Contains(t, string(data), "18014398509481984", "a licence option beyond 2^53")

	strict, err := parseDescription(data)
	require.NoError(t, err)
	visited := 0
	eachSchema(strict.doc, func(path, method string, response bool, schema object) {
		if method+" "+path != "GET /users/{userId}/meetings" || !response {
			return
		}
		visited++
		assert.NotContains(t, schema, "allOf")
		properties := schema["properties"].(object)
		assert.Contains(t, properties, "next_page_token", "of the first part")
		require.Contains(t, properties, "meetings", "of the second part")
		assert.Equal(t, false, schema["additionalProperties"])
		items := properties["meetings"].(object)["items"].(object)
		assert.Equal(t, false, items["additionalProperties"])
		assert.Contains(t, items["properties"], "uuid")
	})
	assert.Equal(t, 1, visited)
	assert.Equal(t, true, example(object{"type": "boolean", "example": true}))
}

func TestExampleBodySetsEveryDescribedMember(t *testing.T) {
	body := builtinDescription(t).exampleBody("PATCH", "/users/{userId}")
	assert.Equal(t, json.Number("2"), body["type"])
	assert.Equal(t, object{"zoom_phone": true}, body["feature"])
	assert.Len(t, body["license_info_list"], 1)
	for name, value := range body {
		assert.NotNil(t, value, name)
	}
}

func TestEveryMethodHasACall(t *testing.T) {
	calls := slices.Concat(reads(), writes(), updates(builtinDescription(t)))
	assert.Empty(t, uncalled(calls))
	assert.Contains(t, uncalled(nil), "Users.Get")
}
