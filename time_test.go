package zoom_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestTimeReads(t *testing.T) {
	at := time.Date(2026, 10, 23, 6, 58, 9, 0, time.UTC)
	for raw, want := range map[string]time.Time{
		`"2026-10-23T06:58:09Z"`:      at,
		`"2026-10-23T08:58:09+02:00"`: at,
		`"2026-10-23T06:58:09.5Z"`:    at.Add(500 * time.Millisecond),
		`"10/23/2026 06:58"`:          at.Add(-9 * time.Second),
		`"\u0032026-10-23T06:58:09Z"`: at,
		`"2026-10-23T06:58:09.000Z"`:  at,
		`"9999-12-31T23:59:59Z"`:      time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`"2024-02-29T00:00:00Z"`:      time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		var got zoom.Time
		require.NoError(t, json.Unmarshal([]byte(raw), &got), raw)
		assert.True(t, want.Equal(got.Time()), "%s: %s", raw, got.Time())
		assert.Equal(t, time.UTC, got.Time().Location())
		assert.False(t, got.IsZero())
		back, err := json.Marshal(&got)
		require.NoError(t, err)
		var text string
		require.NoError(t, json.Unmarshal([]byte(raw), &text))
		assert.JSONEq(t, raw, string(back), "written as it was read")
		assert.Equal(t, text, got.String())
	}
	for raw, text := range map[string]string{
		`""`: "", `"never"`: "never", `"2026-02-30T00:00:00Z"`: "2026-02-30T00:00:00Z", `"2026-10-23"`: "2026-10-23", `1761202689`: "1761202689",
		`"2026-10-23 06:58:09"`: "2026-10-23 06:58:09", `"0000-00-00T00:00:00Z"`: "0000-00-00T00:00:00Z", `"2026-13-01T00:00:00Z"`: "2026-13-01T00:00:00Z",
		`"2026-10-23T24:00:00Z"`: "2026-10-23T24:00:00Z", `"2023-02-29T00:00:00Z"`: "2023-02-29T00:00:00Z", `"2026-10-23T06:58:60Z"`: "2026-10-23T06:58:60Z",
	} {
		var got zoom.Time
		require.NoError(t, json.Unmarshal([]byte(raw), &got), raw)
		assert.True(t, got.IsZero(), raw)
		assert.Equal(t, text, got.Raw())
	}
	for _, raw := range []string{`{}`, `[]`, `true`} {
		var got zoom.Time
		require.Error(t, json.Unmarshal([]byte(raw), &got), raw)
	}
}

// Absent, null and empty stay apart as far as a decision rests on them.
func TestFaultBD26TimesOfAUser(t *testing.T) {
	for field, check := range map[string]func(*testing.T, *zoom.Time){
		``:                        func(t *testing.T, got *zoom.Time) { assert.Nil(t, got) },
		`,"last_login_time":null`: func(t *testing.T, got *zoom.Time) { assert.Nil(t, got) },
		`,"last_login_time":""`:   func(t *testing.T, got *zoom.Time) { require.NotNil(t, got); assert.True(t, got.IsZero()) },
		`,"last_login_time":"nonsense"`: func(t *testing.T, got *zoom.Time) {
			assert.Equal(t, "nonsense", got.Raw())
			assert.True(t, got.IsZero())
		},
		`,"last_login_time":"2026-10-23T06:58:09Z"`: func(t *testing.T, got *zoom.Time) { assert.Equal(t, 2026, got.Time().Year()) },
	} {
		tp := newTape(ok(`{"id":"u1","type":2` + field + `}`))
		user, err := tp.client(t).Users.Get(t.Context(), "u1")
		require.NoError(t, err)
		check(t, user.LastLoginTime)
	}
}

func TestTimeMethods(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600))
	known, empty := zoom.NewTime(at), zoom.Time{}
	var none *zoom.Time
	for _, u := range []*zoom.Time{none, &empty} {
		assert.True(t, u.IsZero())
		assert.Empty(t, u.Raw())
		assert.Empty(t, u.String())
		assert.True(t, u.Time().IsZero())
		assert.False(t, u.Before(at), "not known is never before")
		assert.False(t, u.After(at))
		assert.True(t, u.Equal(none))
		assert.False(t, u.Equal(known))
	}
	assert.True(t, known.Before(at.Add(1)))
	assert.False(t, known.Before(at))
	assert.True(t, known.After(at.Add(-1)))
	assert.True(t, known.Equal(zoom.NewTime(at.UTC())))
	assert.Equal(t, "2026-01-02T02:04:05.000000006Z", known.String())
	data, err := none.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, "null", string(data))
	data, err = json.Marshal(struct{ T *zoom.Time }{&empty})
	require.NoError(t, err)
	assert.JSONEq(t, `{"T":""}`, string(data))
	data, err = json.Marshal(known)
	require.NoError(t, err)
	var back zoom.Time
	require.NoError(t, json.Unmarshal(data, &back))
	assert.True(t, back.Equal(known))
}

// FuzzTime: any text is taken, kept, and written as it was read; what is a moment
// is the one that the standard library reads.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"", "0001-01-01T00:00:00Z", "0001-01-01T01:00:00+01:00", "2026-10-23T06:58:09Z", "2026-10-23T06:58:09.123456789+05:45", "10/23/2026 06:58", "2026-02-30T00:00:00Z", "never",
		"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-10-23t06:58:09z", "2026-1-2T03:04:05Z", "20260-10-23T06:58:09", "2026-10-23T06:58:9xZ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(quoted, &text)) // bad UTF-8 is replaced
		var got zoom.Time
		require.NoError(t, json.Unmarshal(quoted, &got))
		require.Equal(t, text, got.Raw())
		want, err := time.Parse(time.RFC3339, text)
		if err != nil {
			want, err = time.Parse("01/02/2006 15:04", text)
		}
		require.Equal(t, err != nil || want.IsZero(), got.IsZero())
		if err == nil {
			require.True(t, want.Equal(got.Time()))
		}
		back, err := json.Marshal(&got)
		require.NoError(t, err)
		require.JSONEq(t, string(quoted), string(back))
	})
}

// The text of a time is what Zoom sent, whether it is a moment or not.
func TestTimeText(t *testing.T) {
	for _, text := range []string{"2026-10-23T06:58:09Z", "2026-10-23T08:58:09+02:00", "03/04/2026 05:06", "", "soon", "2026-02-30T00:00:00Z"} {
		var at, fromJSON zoom.Time
		require.NoError(t, at.UnmarshalText([]byte(text)))
		back, err := at.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, text, string(back))
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(quoted, &fromJSON))
		assert.Equal(t, fromJSON, at)
	}
	text, err := (*zoom.Time)(nil).MarshalText()
	require.NoError(t, err)
	assert.Empty(t, text)
}
