package zoom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/wire"
)

// plainUser has the fields of User as plain string, int and time.Time, the way a
// program without this library would write them down.
type plainUser struct {
	ID                string            `json:"id"`
	Email             string            `json:"email"`
	Type              int               `json:"type"`
	Status            string            `json:"status"`
	FirstName         string            `json:"first_name"`
	LastName          string            `json:"last_name"`
	DisplayName       string            `json:"display_name"`
	Dept              string            `json:"dept"`
	RoleID            string            `json:"role_id"`
	LastLoginTime     time.Time         `json:"last_login_time"`
	LastClientVersion string            `json:"last_client_version"`
	UserCreatedAt     time.Time         `json:"user_created_at"`
	CreatedAt         time.Time         `json:"created_at"`
	PMI               int64             `json:"pmi"`
	Timezone          string            `json:"timezone"`
	Verified          int               `json:"verified"`
	GroupIDs          []string          `json:"group_ids"`
	IMGroupIDs        []string          `json:"im_group_ids"`
	DivisionIDs       []string          `json:"division_ids"`
	EmployeeUniqueID  string            `json:"employee_unique_id"`
	HostKey           string            `json:"host_key"`
	CustomAttributes  []CustomAttribute `json:"custom_attributes"`
	PlanUnitedType    string            `json:"plan_united_type"`
	LicenseInfoList   []LicenseInfo     `json:"license_info_list"`
}

type plainPage struct {
	NextPageToken string       `json:"next_page_token"`
	PageSize      int          `json:"page_size"`
	TotalRecords  int          `json:"total_records"`
	Users         []*plainUser `json:"users"`
}

// usersPage is a page of 300 users, about 200 KB, as Zoom sends it: names,
// departments and groups repeat as they do in a company; ids and addresses do not.
func usersPage() []byte {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	rng := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return string(b)
	}
	several := func(count, length int) []string {
		texts := make([]string, count)
		for i := range texts {
			texts[i] = text(length)
		}
		return texts
	}
	one := func(of []string) string { return of[rng.IntN(len(of))] }
	firsts, lasts, groups := several(80, 6), several(200, 8), several(20, 22)
	depts := []string{"Developers", "Sales", "Human Resources", "Finance", ""}
	var b strings.Builder
	b.WriteString(`{"page_size":300,"total_records":8482,"next_page_token":"8V8HigQkzm2O5r9RUn31D9ZyJHgrmFfbLa2","users":[`)
	for i := range 300 {
		if i > 0 {
			b.WriteByte(',')
		}
		first, last := one(firsts), one(lasts)
		fmt.Fprintf(&b, `{"id":%q,"first_name":%q,"last_name":%q,"display_name":%q,"email":%q,"type":%d,"pmi":%d,`+
			`"timezone":"America/Los_Angeles","verified":1,"dept":%q,"created_at":"2018-10-31T04:32:37Z",`+
			`"user_created_at":"2018-10-%02dT04:32:37Z","last_login_time":"2026-05-%02dT20:40:30Z",`+
			`"last_client_version":"5.9.6.4993(mac)","group_ids":[%q,%q],"im_group_ids":[%q],"role_id":"2","status":"active",`+
			`"employee_unique_id":%q,"plan_united_type":"1"}`,
			text(21)+"A", first, last, first+" "+last, fmt.Sprintf("%s.%s%d@example.com", first, last, i), 1+rng.IntN(2), 1e9+rng.Int64N(8e9),
			one(depts), 1+i%28, 1+i%28, one(groups), one(groups), one(groups), text(22))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// BenchmarkDecodePage: the goal is at most 60 % of the time and 70 % of the allocations of the
// standard library, side by side.
func BenchmarkDecodePage(b *testing.B) {
	body := usersPage()
	b.Run("wire", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			page, err := wire.DecodePage(wire.Record, body, "users", newUser)
			if err != nil || len(page.Items) != 300 {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var page plainPage
			if err := json.Unmarshal(body, &page); err != nil || len(page.Users) != 300 {
				b.Fatal(err)
			}
		}
	})
}

// The benchmark compares like with like: both readings agree.
func TestDecodePageAgreesWithEncodingJSON(t *testing.T) {
	body := usersPage()
	page, err := wire.DecodePage(wire.Record, body, "users", newUser)
	require.NoError(t, err)
	var plain plainPage
	require.NoError(t, json.Unmarshal(body, &plain))
	require.Len(t, page.Items, len(plain.Users))
	for i, want := range plain.Users {
		got := page.Items[i]
		require.Equal(t, want.ID, got.ID)
		require.Equal(t, want.Email, got.Email)
		require.Equal(t, want.PMI, got.PMI)
		require.Equal(t, want.GroupIDs, got.GroupIDs)
		require.True(t, want.LastLoginTime.Equal(got.LastLoginTime.Time()))
	}
}

// What odd rows cost: the page is read a second time, and only the odd rows part by part.
func BenchmarkDecodePageOdd(b *testing.B) {
	odd := []byte(`"custom_attributes":{"key":"k","name":"Floor","value":"3"},"plan_united_type"`)
	for name, n := range map[string]int{"one of 300": 1, "all": -1} {
		body := bytes.Replace(usersPage(), []byte(`"plan_united_type"`), odd, n)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				page, err := wire.DecodePage(wire.Record, body, "users", newUser)
				if err != nil || len(page.Items) != 300 {
					b.Fatal(err)
				}
			}
		})
	}
}
