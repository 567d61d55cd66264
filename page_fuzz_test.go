package zoom_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seatkit/zoom"
	"github.com/stretchr/testify/require"
)

// pageSeeds are pages around one row, whole and broken in the ways that servers
// and connections break them.
func pageSeeds(key, row string) []string {
	return []string{
		`{"` + key + `":[` + row + `],"next_page_token":"n","page_size":300,"total_records":1}`,
		`{"total_records":"2","` + key + `":[` + row + `,` + row + `]}`,
		`{"` + key + `":[{}],"total_records":1}`,
		`{"` + key + `":[null,` + row + `]}`,
		`{"` + key + `":null,"total_records":0}`,
		`{"` + key + `":[` + row + `],"` + key + `":[]}`,
		`{"` + key + `":[` + strings.TrimSuffix(row, "}"),
		`{"` + key + `":[` + strings.Replace(row, `"id"`, `"ID"`, 1) + `]}`,
		`{"` + key + `":[` + row + `]}{}`,
		`{"total_records":0}`,
		`{"code":124,"message":"Invalid access token."}`,
		"\xef\xbb\xbf" + `{"` + key + `":[]}`,
		"", "null", "<html>",
	}
}

// jsonRows is how many rows the standard library counts in the list of a body that it
// takes, -1 for a body that it does not take or whose list is no list.
func jsonRows(body []byte, key string) int {
	var page map[string]json.RawMessage
	if json.Unmarshal([]byte(strings.TrimPrefix(string(body), "\xef\xbb\xbf")), &page) != nil {
		return -1
	}
	var rows []json.RawMessage
	if list, ok := page[key]; !ok || json.Unmarshal(list, &rows) != nil {
		return -1
	}
	return len(rows)
}

// FuzzUserPage: a page of users is refused, or has all its rows, each with a key that
// is clean text.
func FuzzUserPage(f *testing.F) {
	for _, seed := range pageSeeds("users", `{"id":"KDcuGIm1QgePTO8WbOqwIQ","email":"a@example.com","type":2,"status":"active","dept":"","last_login_time":"2026-10-23T06:58:09Z","last_client_version":"6.6.0.1(mac)","custom_attributes":[{"key":"k","name":"n","value":"v"}],"group_ids":["g"],"employee_unique_id":"e","plan_united_type":"1","verified":1,"pmi":5551112222}`) {
		f.Add([]byte(seed))
	}
	for _, odd := range oddForms {
		f.Add([]byte(`{"users":[{"id":"a","type":1,"status":"active","custom_attributes":` + odd + `,"license_info_list":` + odd + `,"dept":` + odd + `,"x":1,"x":2}]}`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		users, err := zoom.DecodePage((&zoom.Client{}).Users.List(nil), body)
		if err != nil {
			require.Nil(t, users)
			return
		}
		for _, u := range users {
			require.NotNil(t, u)
			require.True(t, u.ID != "" || u.Status == zoom.StatusPending && u.Email != "", "a user without a key")
			require.True(t, isCleanText(u.ID) && isCleanText(u.Email))
			_, err := json.Marshal(u)
			require.NoError(t, err)
		}
		if rows := jsonRows(body, "users"); rows >= 0 {
			require.Len(t, users, rows)
		}
	})
}

// FuzzParticipantPage: a page of participants is refused, or has all its rows, and
// nothing in it is null.
func FuzzParticipantPage(f *testing.F) {
	for _, seed := range pageSeeds("participants", `{"id":"30R7kT7bTIKSNUFEuH_Qlg","user_id":"27423744","name":"Jill Chill","user_email":"a@example.com","join_time":"2026-10-23T06:58:09Z","leave_time":"2026-10-23T07:58:09Z","duration":259,"attentiveness_score":"","failover":false,"status":"in_meeting","customer_key":"349589LkJyeW","registrant_id":"abcdefghij0-klmnopq23456","bo_mtg_id":"27423744"}`) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		stays, err := zoom.DecodePage((&zoom.Client{}).Reports.Participants("1", nil), body)
		if err != nil {
			require.Nil(t, stays)
			return
		}
		for _, p := range stays {
			require.NotNil(t, p)
			_, err := json.Marshal(p)
			require.NoError(t, err)
		}
		if rows := jsonRows(body, "participants"); rows >= 0 {
			require.Len(t, stays, rows)
		}
	})
}
