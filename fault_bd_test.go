package zoom_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// Each row is a page of users that is odd. With a sentinel the listing ends in it
// after so many tries and yields nothing of the page.
func TestFaultOddPages(t *testing.T) {
	const last = `"next_page_token":"","page_size":300`
	for _, tc := range []struct {
		name     string
		body     string
		sentinel error
		tries    int
		ids      []string
		check    func(t *testing.T, u *zoom.User) // of the first user
	}{
		{name: "BD05_empty", body: "", sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD05_blank", body: " \r\n", sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD07_html", body: "<html>" + secretBody + "</html>", sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD09_byte_order_mark", body: "\xef\xbb\xbf" + activePage("", "u1"), ids: []string{"u1"}},
		{name: "BD09_two_byte_order_marks", body: "\xef\xbb\xbf\xef\xbb\xbf" + activePage("", "u1"), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_bad_utf8_in_id", body: usersOf(`{"id":"u` + "\xff" + `1","email":"a@example.com"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_lone_surrogate_in_id", body: usersOf(`{"id":"u\ud8001","email":"a@example.com"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_bad_utf8_in_email", body: usersOf(`{"id":"u1","email":"jane.canary` + "\xff" + `@example.com"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_lone_surrogate_in_status", body: usersOf(`{"id":"u1","status":"act\udc00ive"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_bad_utf8_in_type", body: usersOf(`{"id":"u1","type":"` + "\xff" + `2"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_bad_utf8_in_page_token", body: `{"users":[],"next_page_token":"` + "\xff" + `"}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD10_bad_utf8_in_name", body: usersOf(`{"id":"u1","first_name":"J` + "\xff" + `\ud800"}`), ids: []string{"u1"}, check: func(t *testing.T, u *zoom.User) {
			assert.Equal(t, "J\uFFFD\uFFFD", u.FirstName)
		}},
		{name: "BD11_id_twice", body: usersOf(`{"id":"owner","id":"victim","email":"a@example.com"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD11_id_twice_by_escape", body: usersOf(`{"id":"owner","i\u0064":"victim"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD11_users_twice", body: `{"users":[],"users":[` + userJSON("u1", "active") + `]}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD11_field_twice", body: usersOf(`{"id":"u1","dept":"a","dept":"b"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD12_other_case_beside", body: `{"USERS":[],"users":[{"ID":"x","id":"u1","Id":"y"}],"Next_Page_Token":"n"}`, ids: []string{"u1"}},
		{name: "BD12_other_case_alone", body: usersOf(`{"ID":"u1","status":"active"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD12_list_in_other_case", body: `{"Users":[],` + last + `}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD13_id_missing", body: usersOf(`{"email":"jane.canary@example.com","status":"active"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD13_id_null", body: usersOf(`{"id":null,"email":"jane.canary@example.com"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD13_user_null", body: usersOf(`null`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD13_pending_without_id", body: usersOf(`{"email":"new@example.com","status":"pending"}`), ids: []string{""}, check: func(t *testing.T, u *zoom.User) {
			assert.Equal(t, "new@example.com", u.Email)
		}},
		{name: "BD13_pending_with_nothing", body: usersOf(`{"id":null,"email":"","status":"pending"}`), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_null", body: `null`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_empty_object", body: `{}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_array", body: `[]`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_text", body: `"users"`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_list_null", body: `{"users":null,` + last + `}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_list_null_and_no_records", body: `{"users":null,"total_records":0}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_list_is_an_object", body: `{"users":{},` + last + `}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_list_missing", body: `{"total_records":5,` + last + `}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_list_missing_and_a_next_page", body: `{"total_records":0,"next_page_token":"n"}`, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD14_list_missing_and_no_records", body: `{"total_records":0,` + last + `}`, ids: []string{}},
		{name: "BD15_type_as_text", body: usersOf(`{"id":"u1","type":"2"}`), ids: []string{"u1"}, check: isType(2)},
		{name: "BD15_type_with_a_fraction_of_zero", body: usersOf(`{"id":"u1","type":2.0}`), ids: []string{"u1"}, check: isType(2)},
		{name: "BD15_type_with_an_exponent", body: usersOf(`{"id":"u1","type":1e0}`), ids: []string{"u1"}, check: isType(1)},
		{name: "BD15_unknown_type", body: usersOf(`{"id":"u1","type":7}`), ids: []string{"u1"}, check: func(t *testing.T, u *zoom.User) {
			assert.Equal(t, zoom.UserType(7), u.Type)
			assert.Equal(t, zoom.LicenseUnknown, zoom.LicenseOf(u).Type)
		}},
		{name: "BD15_type_is_no_number", body: usersOf(`{"id":"u1","type":"gold"}`), ids: []string{"u1"}, check: func(t *testing.T, u *zoom.User) {
			assert.Equal(t, zoom.LicenseUnknown, zoom.LicenseOf(u).Type)
		}},
		{name: "BD16_new_field_and_new_status", body: usersOf(`{"id":"u1","type":2,"status":"dormant","planet":{"name":"Mars"}}`), ids: []string{"u1"}, check: func(t *testing.T, u *zoom.User) {
			assert.Equal(t, zoom.UserStatus("dormant"), u.Status)
		}},
		{name: "BD17_text_after_the_value", body: activePage("", "u1") + secretBody, sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD17_two_documents", body: activePage("", "u1") + activePage("", "u2"), sentinel: zoom.ErrBadResponse, tries: 5},
		{name: "BD18_arrays_too_deep", body: `{"users":[],"x":` + nested("[", "]", 10_001) + `}`, sentinel: zoom.ErrBadResponse, tries: 1},
		{name: "BD18_objects_too_deep", body: usersOf(`{"id":"u1","x":` + nested(`{"x":`, "}", 10_001) + `}`), sentinel: zoom.ErrBadResponse, tries: 1},
		{name: "BD18_deep_enough", body: `{"users":[],"x":` + nested("[", "]", 9_000) + `}`, ids: []string{}},
		{name: "BD26_times", body: usersOf(`{"id":"u1","last_login_time":"","created_at":"2026-02-30T00:00:00Z","user_created_at":null}`), ids: []string{"u1"}, check: func(t *testing.T, u *zoom.User) {
			require.NotNil(t, u.LastLoginTime, "something was sent: no use can be concluded from it")
			assert.True(t, u.LastLoginTime.IsZero())
			require.NotNil(t, u.CreatedAt)
			assert.True(t, u.CreatedAt.IsZero())
			assert.Equal(t, "2026-02-30T00:00:00Z", u.CreatedAt.Raw())
			assert.Nil(t, u.UserCreatedAt)
		}},
		{name: "BD26_time_without_zone", body: usersOf(`{"id":"u1","last_login_time":"2026-02-03 04:05"}`), ids: []string{"u1"}, check: func(t *testing.T, u *zoom.User) {
			assert.True(t, u.LastLoginTime.IsZero())
			assert.Equal(t, "2026-02-03 04:05", u.LastLoginTime.Raw())
		}},
		{name: "BD27_refusal_under_200", body: `{"code":300,"message":"Validation failed for jane.canary@example.com"}`, sentinel: zoom.ErrInvalidArgument, tries: 1},
	} {
		t.Run(tc.name, inBubble(func(t *testing.T) {
			tp := newTape(ok(tc.body))
			// Inactive users, of whom there need not be any.
			users, err := tp.client(t).Users.List(&zoom.ListUsersOptions{Status: zoom.StatusInactive}).Collect(t.Context())
			if tc.sentinel != nil {
				require.ErrorIs(t, err, tc.sentinel)
				assert.Empty(t, users)
				assert.Equal(t, tc.tries, asError(t, err).Attempts)
				assert.Len(t, tp.requests(), tc.tries)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.ids, idsOf(users))
			assert.Len(t, tp.requests(), 1)
			if tc.check != nil {
				tc.check(t, users[0])
			}
		}))
	}
}

// usersOf is a page of one record.
func usersOf(record string) string {
	return `{"page_size":300,"next_page_token":"","users":[` + record + `]}`
}

func nested(opening, closing string, times int) string {
	return strings.Repeat(opening, times) + "1" + strings.Repeat(closing, times)
}

func isType(want zoom.UserType) func(*testing.T, *zoom.User) {
	return func(t *testing.T, u *zoom.User) { assert.Equal(t, want, u.Type) }
}

// The same answers under the calls that are no listing.
func TestFaultOddAnswers(t *testing.T) {
	var out struct{ Name string }
	calls := map[string]func(context.Context, *zoom.Client) error{
		"get": func(ctx context.Context, c *zoom.Client) error { _, err := c.Users.Get(ctx, secretEmail); return err },
		"summary": func(ctx context.Context, c *zoom.Client) error {
			_, err := c.Users.Summary(ctx)
			return err
		},
		"do": func(ctx context.Context, c *zoom.Client) error {
			return c.Do(ctx, &zoom.Request{Path: "/groups"}, &out)
		},
		"do without out": func(ctx context.Context, c *zoom.Client) error {
			return c.Do(ctx, &zoom.Request{Path: "/groups"}, nil)
		},
	}
	for _, tc := range []struct {
		name     string
		answer   answer
		sentinel error
		status   int
		code     int
		tries    int
	}{
		{"BD07_html_under_200", answer{status: 200, header: map[string]string{"Content-Type": "text/html"}, body: "<!doctype html><p>" + secretBody}, zoom.ErrBadResponse, 200, 0, 5},
		{"BD08_html_under_502", answer{status: 502, body: "<html>" + secretBody}, zoom.ErrServer, 502, 0, 5},
		{"BD17_text_after_the_value", ok(`{"id":"u1","total_users_count":1}` + secretBody), zoom.ErrBadResponse, 200, 0, 5},
		{"BD18_too_deep", ok(`{"id":"u1","total_users_count":1,"x":` + nested("[", "]", 10_001) + `}`), zoom.ErrBadResponse, 200, 0, 1},
		{"BD27_refusal_under_200", ok(`{"code":1001,"message":"User does not exist: jane.canary@example.com."}`), zoom.ErrNotFound, 200, 1001, 1},
		{"BD28_BD32_html_under_404", answer{status: 404, body: "<html>" + secretBody}, zoom.ErrBadResponse, 404, 0, 1},
		{"BD28_nothing_under_400", answer{status: 400}, nil, 400, 0, 1},
		{"BD28_text_under_403", answer{status: 403, body: secretBody}, zoom.ErrForbidden, 403, 0, 1},
	} {
		t.Run(tc.name, inBubble(func(t *testing.T) {
			for name, call := range calls {
				tp := newTape(tc.answer)
				err := call(t.Context(), tp.client(t))
				require.Error(t, err, name)
				if tc.sentinel != nil {
					require.ErrorIs(t, err, tc.sentinel, name)
				}
				e := asError(t, err)
				assert.Equal(t, tc.status, e.StatusCode, name)
				assert.Equal(t, tc.code, e.Code, name)
				assert.Len(t, tp.requests(), tc.tries, name)
			}
		}))
	}
	t.Run("BD27_a_record_may_have_a_code", inBubble(func(t *testing.T) {
		tp := newTape(ok(`{"code":"49","message":"hello","name":"Germany"}`))
		require.NoError(t, tp.client(t).Do(t.Context(), &zoom.Request{Path: "/countries"}, &out))
	}))
	t.Run("BD07_html_under_a_write", inBubble(func(t *testing.T) {
		tp := newTape(answer{status: http.StatusOK, body: "<html>" + secretBody})
		err := tp.client(t).Do(t.Context(), &zoom.Request{Method: http.MethodPost, Path: "/users", Body: map[string]string{"action": "create"}}, nil)
		require.ErrorIs(t, err, zoom.ErrOutcomeUnknown, "somebody else answered: it is no success")
		require.ErrorIs(t, err, zoom.ErrBadResponse)
		assertSilent(t, err)
		assert.Len(t, tp.requests(), 1)
	}))
}
