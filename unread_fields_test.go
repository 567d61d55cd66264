package zoom_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// oddForms are values of every kind of JSON, and those that Zoom is known to confuse.
var oddForms = []string{
	`{}`, `{"a":1}`, `{"key":"k","name":"n","value":"v"}`, `{"key":{}}`, `{"x":1,"x":2}`,
	`[]`, `[[]]`, `[{}]`, `[null]`, `["a",{}]`, `[{"key":[1]},5]`, `[1,2]`,
	`""`, `"text"`, `"123 456 7890"`, `"0"`, `"none"`, "\"\xff\"", `"\ud800"`,
	`0`, `-1`, `1.5`, `1e400`, `576460752303423488`, `99999999999999999999`,
	`true`, `false`, `null`, `[[[[{"a":[{}]}]]]]`,
}

// strictNames are the fields of each record that a row is refused for. Those of a kind
// that takes any text are not refused for a number.
var strictNames = map[string][]string{
	"User":            {"id", "email", "type", "status"},
	"Meeting":         {"uuid", "id", "host_id", "type"},
	"MeetingInstance": {"uuid"},
	"Participant":     {"participant_user_id", "id", "user_email", "status"},
	"Host":            {"id", "email", "type"},
	"ReportMeeting":   {"uuid", "id", "type", "user_email"},
	"SignIn":          {"email", "type"},
}

// A recordCase reads rows of one type from a body of one of its endpoints.
type recordCase struct {
	row  map[string]string // that can be told from another
	wrap func(rows string) string
	read func(t *testing.T, c *zoom.Client) ([]any, error)
}

func collected[T any](items []T, err error) ([]any, error) {
	var all []any
	for _, item := range items {
		all = append(all, item)
	}
	return all, err
}

func rowsUnder(key string) func(rows string) string {
	return func(rows string) string {
		return fmt.Sprintf(`{"page_size":300,"next_page_token":"",%q:[%s]}`, key, rows)
	}
}

var recordCases = map[string]recordCase{
	"User": {
		map[string]string{"id": `"u1"`, "email": `"a@example.com"`, "type": "2", "status": `"active"`},
		rowsUnder("users"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Users.List(nil).Collect(t.Context()))
		},
	},
	"User of Get": {
		map[string]string{"id": `"u1"`, "email": `"a@example.com"`, "type": "2", "status": `"active"`},
		func(rows string) string { return rows },
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			u, err := c.Users.Get(t.Context(), "u1")
			if err != nil {
				return nil, err
			}
			return []any{u}, nil
		},
	},
	"User of Do": {
		map[string]string{"id": `"u1"`, "email": `"a@example.com"`, "type": "2", "status": `"active"`},
		func(rows string) string { return rows },
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			var u zoom.User
			if err := c.Do(t.Context(), &zoom.Request{Path: "/users/me"}, &u); err != nil {
				return nil, err
			}
			return []any{&u}, nil
		},
	},
	"Meeting": {
		map[string]string{"uuid": `"m=="`, "id": "1", "host_id": `"u1"`, "type": "2"},
		rowsUnder("meetings"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Meetings.List("u1", nil).Collect(t.Context()))
		},
	},
	"MeetingInstance": {
		map[string]string{"uuid": `"m=="`},
		rowsUnder("meetings"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Meetings.Instances(t.Context(), "1"))
		},
	},
	"Participant": {
		map[string]string{"participant_user_id": `"u1"`, "id": `"u1"`, "user_email": `""`, "status": `"in_meeting"`},
		rowsUnder("participants"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Reports.Participants("1", nil).Collect(t.Context()))
		},
	},
	"Host": {
		map[string]string{"id": `"u1"`, "email": `"a@example.com"`, "type": "2"},
		rowsUnder("users"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Reports.Hosts(nil).Collect(t.Context()))
		},
	},
	"ReportMeeting": {
		map[string]string{"uuid": `"m=="`, "id": "1", "type": "2", "user_email": `"a@example.com"`},
		rowsUnder("meetings"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Reports.UserMeetings("u1", nil).Collect(t.Context()))
		},
	},
	"SignIn": {
		map[string]string{"email": `"a@example.com"`, "type": `"Sign in"`},
		rowsUnder("activity_logs"),
		func(t *testing.T, c *zoom.Client) ([]any, error) {
			return collected(c.Reports.SignIns(nil).Collect(t.Context()))
		},
	},
}

// rowWith is a row of a record with one more field, or another value of one.
func (r recordCase) rowWith(name, value string) string {
	var b strings.Builder
	b.WriteByte('{')
	for _, key := range slices.Sorted(maps.Keys(r.row)) {
		if key != name {
			fmt.Fprintf(&b, "%q:%s,", key, r.row[key])
		}
	}
	fmt.Fprintf(&b, "%q:%s}", name, value)
	return b.String()
}

// readBody answers every request with one body, once.
func (r recordCase) readBody(t *testing.T, body string, trace *zoom.Trace) ([]any, error) {
	tp := newTape(ok(body))
	return r.read(t, tp.client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}), zoom.WithTrace(trace)))
}

// Every field of every record in every odd form, alone in a row and among good rows: only
// the fields that decisions rest on refuse it, and a field that could not be read is zero,
// named and counted. The other fields, and the other rows, are as they would be without it.
func TestFaultPG28OddFieldsNeverRefuseARow(t *testing.T) {
	for name, rc := range recordCases {
		kind, _, _ := strings.Cut(name, " ")
		t.Run("PG28 "+name, func(t *testing.T) {
			plain, err := rc.readBody(t, rc.wrap(rc.rowWith("unknown", "1")), nil)
			require.NoError(t, err)
			typ := reflect.TypeOf(plain[0]).Elem()
			for field := range typ.Fields() {
				column, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				if column == "-" || column == "unread_fields" {
					continue
				}
				strict := slices.Contains(strictNames[kind], column)
				without, err := rc.readBody(t, rc.wrap(rc.rowWith(column, cmp.Or(rc.row[column], "null"))), nil)
				require.NoError(t, err)
				for _, form := range oddForms {
					checkOddField(t, rc, without[0], field, column, form, strict)
				}
			}
		})
	}
}

func checkOddField(t *testing.T, rc recordCase, without any, field reflect.StructField, column, form string, strict bool) {
	t.Helper()
	where := column + ": " + form
	counted := 0
	trace := &zoom.Trace{Done: func(_ context.Context, d zoom.DoneInfo) { counted += d.UnreadFields }}
	rows, err := rc.readBody(t, rc.wrap(rc.rowWith(column, form)), trace)
	if err != nil {
		require.True(t, strict, "%s: %v", where, err)
		require.ErrorIs(t, err, zoom.ErrBadResponse, where)
		return
	}
	require.Len(t, rows, 1, where)
	got := reflect.ValueOf(rows[0]).Elem()
	unread := got.FieldByName("UnreadFields").Interface().([]string)
	if counted > 0 {
		require.False(t, strict, where)
		require.Equal(t, []string{column}, unread, where)
	} else {
		require.Empty(t, unread, where)
	}
	if at, isTime := got.FieldByIndex(field.Index).Interface().(*zoom.Time); isTime && counted > 0 {
		require.NotNil(t, at, "%s: it was sent", where)
		require.True(t, at.IsZero(), where)
		require.Equal(t, form, at.Raw(), where)
	}
	if u, isUser := rows[0].(*zoom.User); isUser && counted > 0 && (column == "plan_united_type" || column == "license_info_list" || column == "zoom_one_type") {
		require.Equal(t, zoom.LicenseUnknown, zoom.LicenseOf(u).Type, where)
		require.True(t, zoom.Classifier{}.Includes(u), "%s: shown, never hidden", where)
	}
	// All but this field is what it is without it.
	want := reflect.ValueOf(without).Elem()
	for i := range want.NumField() {
		if name := want.Type().Field(i).Name; name != field.Name && name != "UnreadFields" {
			require.Equal(t, want.Field(i).Interface(), got.Field(i).Interface(), "%s changed %s", where, name)
		}
	}
}

// One odd row among good ones changes none of them, and nothing of the first reading of a
// page is left in the second.
func TestFaultPG28OddRowAmongOthers(t *testing.T) {
	user := func(id, more string) string {
		return fmt.Sprintf(`{"id":%q,"email":"%s@example.com","type":2,"status":"active","dept":"D-%s","group_ids":["g-%s"]%s}`, id, id, id, id, more)
	}
	good := func(id string) *zoom.User {
		return &zoom.User{ID: id, Email: id + "@example.com", Type: 2, Status: zoom.StatusActive, Dept: "D-" + id, GroupIDs: []string{"g-" + id}}
	}
	odd := func(id string, change func(u *zoom.User)) *zoom.User {
		u := good(id)
		change(u)
		return u
	}
	rows := []string{
		user("a", ""),
		user("b", `,"custom_attributes":{"key":"k","name":"Floor","value":3}`),
		user("c", `,"verified":true,"pmi":"123 456 7890"`),
		user("d", ""),
		user("e", `,"custom_attributes":[{"key":"k1","name":"n","value":"v"},7,{"key":"k2","name":{},"value":"v2"}]`),
		user("f", `,"timezone":{},"last_login_time":{"at":1},"first_name":"F"`),
		user("g", `,"im_group_ids":"i"`),
		`{"id":7,"email":"h@example.com","type":"1","status":"active"}`,
		user("i", `,"license_info_list":{},"plan_united_type":{"x":1}`),
	}
	want := []*zoom.User{
		good("a"),
		odd("b", func(u *zoom.User) { u.CustomAttributes = []zoom.CustomAttribute{{Key: "k", Name: "Floor", Value: "3"}} }),
		odd("c", func(u *zoom.User) { u.UnreadFields = []string{"verified", "pmi"} }),
		good("d"),
		odd("e", func(u *zoom.User) {
			u.CustomAttributes = []zoom.CustomAttribute{{Key: "k1", Name: "n", Value: "v"}, {Key: "k2", Value: "v2"}}
			u.UnreadFields = []string{"custom_attributes"}
		}),
		odd("f", func(u *zoom.User) {
			u.FirstName, u.UnreadFields = "F", []string{"timezone", "last_login_time"}
			u.LastLoginTime = new(zoom.Time)
			assert.Error(t, json.Unmarshal([]byte(`{"at":1}`), u.LastLoginTime))
		}),
		odd("g", func(u *zoom.User) { u.IMGroupIDs = []string{"i"} }),
		{ID: "7", Email: "h@example.com", Type: 1, Status: zoom.StatusActive},
		odd("i", func(u *zoom.User) { u.UnreadFields = []string{"license_info_list", "plan_united_type"} }),
	}
	for shift := range rows { // the odd row that ends the first reading is another one each time
		body := fmt.Sprintf(`{"users":[%s],"page_size":{},"total_records":%d,"next_page_token":""}`, strings.Join(rotated(rows, shift), ","), len(rows))
		counts := []int{}
		trace := &zoom.Trace{Page: func(_ context.Context, p zoom.PageInfo) { counts = append(counts, p.UnreadFields) }}
		got, err := newTape(ok(body)).client(t, zoom.WithTrace(trace)).Users.List(nil).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, rotated(want, shift), got)
		assert.Equal(t, []int{9}, counts, "the page size is one of them")
	}
}

func rotated[T any](items []T, by int) []T { return slices.Concat(items[by:], items[:by]) }

// A licence that cannot be read is Unknown, or shows a bundle, and is never Basic: only a
// value that says that there is nothing leaves the type alone.
func TestFaultPG28UnreadableLicenceIsNeverBasic(t *testing.T) {
	nothing := map[string][]string{
		"license_info_list": {`[]`, `null`},
		"plan_united_type":  {`""`, `"0"`, `"none"`, `0`, `null`},
		"zoom_one_type":     {`""`, `"0"`, `0`, `null`},
	}
	rc := recordCases["User"]
	rc.row = map[string]string{"id": `"u1"`, "email": `"a@example.com"`, "type": "1", "status": `"active"`}
	for field, none := range nothing {
		t.Run("PG28 "+field, func(t *testing.T) {
			for _, form := range oddForms {
				rows, err := rc.readBody(t, rc.wrap(rc.rowWith(field, form)), nil)
				require.NoError(t, err, form)
				u := rows[0].(*zoom.User)
				l := zoom.LicenseOf(u)
				if slices.Contains(none, form) {
					assert.Equal(t, zoom.License{Type: zoom.LicenseBasic, Raw: 1}, l, form)
					continue
				}
				assert.True(t, l.Type == zoom.LicenseUnknown || l.Bundle, "%s: %v", form, l)
				assert.True(t, zoom.Classifier{}.Includes(u), form)

				text, err := json.Marshal(u) // and stays so on its way through a file
				require.NoError(t, err)
				var back zoom.User
				require.NoError(t, json.Unmarshal(text, &back))
				assert.Equal(t, l, zoom.LicenseOf(&back), form)
			}
		})
	}
}
