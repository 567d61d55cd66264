package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecodePage(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       Page[record]
	}{
		{
			"whole", `{"next_page_token":"n","page_size":2,"total_records":3,"users":[{"id":"a","type":1},{"id":"b","type":2}]}`,
			Page[record]{Items: []record{{ID: "a", Type: 1}, {ID: "b", Type: 2}}, NextPageToken: "n", PageSize: 2, TotalRecords: 3, HasTotal: true},
		},
		{"BD09 byte order mark", "\xef\xbb\xbf" + `{"users":[{"id":"a"}]}`, Page[record]{Items: []record{{ID: "a"}}}},
		{"PG12 null token", `{"users":[],"next_page_token":null}`, Page[record]{}},
		{"PG12 empty token", `{"users":[],"next_page_token":""}`, Page[record]{}},
		{"no list and no records", `{"total_records":0}`, Page[record]{HasTotal: true}},
		{
			"BD15 tolerant numbers begin the reading anew", `{"page_size":"300","users":[{"id":1,"type":"2"},{"id":"b","type":"3"}],"total_records":"2"}`,
			Page[record]{Items: []record{{ID: "1", Type: 2}, {ID: "b", Type: 3}}, PageSize: 300, TotalRecords: 2, HasTotal: true},
		},
		{"null total", `{"users":[{"id":"a"}],"total_records":null}`, Page[record]{Items: []record{{ID: "a"}}}},
		{"unknown members", `{"from":"2026-01-01","x":{"y":[1,2]},"users":[{"id":"a"}]}`, Page[record]{Items: []record{{ID: "a"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := DecodePage[record](Exact, []byte(tc.body), "users", nil)
			require.NoError(t, err)
			assert.Equal(t, tc.want, *got)
		})
	}
}

func TestDecodePageRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"BD05 empty":                            ``,
		"BD14 null":                             `null`,
		"BD14 empty object":                     `{}`,
		"BD14 null list":                        `{"users":null,"total_records":0}`,
		"BD14 no list and records":              `{"total_records":3}`,
		"BD14 no list, null total":              `{"total_records":null}`,
		"BD14 no list and a token":              `{"total_records":0,"next_page_token":"n"}`,
		"list is an object":                     `{"users":{}}`,
		"list is a text":                        `{"users":"secret"}`,
		"BD12 key in another case":              `{"Users":[]}`,
		"BD11 list twice":                       `{"users":[],"users":[{"id":"secret"}]}`,
		"BD11 token twice":                      `{"users":[],"next_page_token":"secret","next_page_token":""}`,
		"BD11 id twice":                         `{"users":[{"id":"secret","id":"b"}]}`,
		"PG12 token is a number":                `{"users":[],"next_page_token":1}`,
		"PG12 token is an object":               `{"users":[],"next_page_token":{}}`,
		"BD10 broken token":                     "{\"users\":[],\"next_page_token\":\"secret\xff\"}",
		"BD17 text behind":                      `{"users":[]} secret`,
		"BD17 two documents":                    `{"users":[]}{"users":[]}`,
		"an array":                              `[{"id":"secret"}]`,
		"cut in a row":                          `{"users":[{"id":"secret"`,
		"cut behind the list":                   `{"users":[{"id":"secret"}]`,
		"HTML":                                  `<html>secret</html>`,
		"wrong type that tolerance cannot mend": `{"users":[{"id":"a","type":"secret"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			page, err := DecodePage[record](Exact, []byte(body), "users", nil)
			require.Nil(t, page)
			_, ok := errors.AsType[*ShapeError](err)
			require.True(t, ok, "%T %v", err, err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestFaultBD27ARefusalUnderASuccess(t *testing.T) {
	_, err := DecodePage[record](Exact, []byte(`{"code":300,"message":"Validation Failed."}`), "users", nil)
	refused, ok := errors.AsType[*APIError](err)
	require.True(t, ok)
	assert.Equal(t, 300, refused.Code)
}

// FuzzDecodePage: a page is either refused or holds the list, or says that there is nothing.
func FuzzDecodePage(f *testing.F) {
	for _, seed := range []string{
		`{"users":[{"id":"a","type":"2"}],"next_page_token":"n","total_records":1}`, `{"total_records":0}`, `null`, `{"users":null}`,
		`{"users":[],"users":[]}`, "{\"users\":[{\"id\":\"\xff\"}]}", `{"code":124,"message":"x"}`, `{"users":[`, `{"users":[]}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := DecodePage[record](Exact, body, "users", nil)
		require.Equal(t, err == nil, page != nil)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NoError(t, CheckText("", page.NextPageToken))
		if len(page.Items) == 0 && !bytes.Contains(body, []byte(`"users`)) && !bytes.Contains(body, []byte(`\u`)) {
			require.True(t, page.HasTotal, "a page without the list says that there is nothing")
			require.Zero(t, page.TotalRecords)
		}
	})
}
