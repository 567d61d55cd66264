package zoom_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestUsersListReadsAPage(t *testing.T) {
	tp := newTape(ok(`{"page_size":2,"total_records":3,"next_page_token":"n1","users":[
		{"id":"KDcuGIm1QgePTO8WbOqwIQ","email":"jchill@example.com","type":2,"pmi":6589310093,"verified":1,"last_login_time":"2021-05-05T20:40:30Z"},
		{"id":12345,"email":"other@example.com","type":"3","pmi":"77","last_login_time":"","created_at":"2018-10-31 04:32"}]}`),
		ok(`{"page_size":2,"total_records":3,"next_page_token":"","users":[{"id":"c","email":"c@example.com","type":99}]}`))
	users, err := tp.client(t).Users.List(nil).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 3)
	assert.Equal(t, "KDcuGIm1QgePTO8WbOqwIQ", users[0].ID)
	assert.Equal(t, zoom.TypeLicensed, users[0].Type)
	assert.Equal(t, int64(6589310093), users[0].PMI)
	assert.Equal(t, 2021, users[0].LastLoginTime.Time().Year())
	assert.Equal(t, "12345", users[1].ID)
	assert.Equal(t, zoom.TypeOnPrem, users[1].Type)
	assert.Equal(t, int64(77), users[1].PMI)
	require.NotNil(t, users[1].LastLoginTime)
	assert.True(t, users[1].LastLoginTime.IsZero())
	assert.Equal(t, "2018-10-31 04:32", users[1].CreatedAt.Raw())
	assert.Nil(t, users[1].UserCreatedAt)
	requests := tp.requests()
	require.Len(t, requests, 2)
	assert.Equal(t, "/v2/users", requests[0].path)
	assert.Equal(t, "page_size=300&status=active", requests[0].query)
	assert.Equal(t, "next_page_token=n1&page_size=300&status=active", requests[1].query)
	assert.Equal(t, "Bearer test-token", requests[0].auth)
}

func TestUsersGetNotFound(t *testing.T) {
	tp := newTape(answer{status: http.StatusNotFound, body: `{"code":1001,"message":"User does not exist: nobody@example.com."}`})
	_, err := tp.client(t).Users.Get(t.Context(), "nobody@example.com")
	require.ErrorIs(t, err, zoom.ErrNotFound)
	assert.NotContains(t, err.Error(), "nobody")
	assert.Equal(t, "/v2/users/nobody%40example.com", tp.requests()[0].path)
}
