package zoom_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

const bundleOption = int64(1) << 59

func TestLicenseOf(t *testing.T) {
	list := func(kind string, option int64) []zoom.LicenseInfo {
		return []zoom.LicenseInfo{{LicenseType: kind, LicenseOption: option}}
	}
	for _, tc := range []struct {
		name  string
		user  *zoom.User
		want  zoom.License
		print string
	}{
		{"nil", nil, zoom.License{}, "Unknown (0)"},
		{"zero", &zoom.User{}, zoom.License{}, "Unknown (0)"},
		{"Basic", &zoom.User{Type: 1}, zoom.License{Type: zoom.LicenseBasic, Raw: 1}, "Basic"},
		{"Licensed", &zoom.User{Type: 2}, zoom.License{Type: zoom.LicenseLicensed, Paid: true, Raw: 2}, "Licensed"},
		{"On-Prem", &zoom.User{Type: 3}, zoom.License{Type: zoom.LicenseOnPrem, Paid: true, Raw: 3}, "On-Prem"},
		{"Unassigned", &zoom.User{Type: 4}, zoom.License{Type: zoom.LicenseUnassigned, Raw: 4}, "Unassigned"},
		{"None", &zoom.User{Type: 99}, zoom.License{Type: zoom.LicenseNone, Raw: 99}, "None"},
		{"unknown", &zoom.User{Type: 5}, zoom.License{Raw: 5}, "Unknown (5)"},
		{"negative", &zoom.User{Type: -1}, zoom.License{Raw: -1}, "Unknown (-1)"},
		{"Basic with Zoom One", &zoom.User{Type: 1, ZoomOneType: bundleOption}, zoom.License{Type: zoom.LicenseBasic, Paid: true, Bundle: true, Raw: 1}, "Basic + bundle"},
		{"Licensed with United", &zoom.User{Type: 2, PlanUnitedType: "131072"}, zoom.License{Type: zoom.LicenseLicensed, Paid: true, Bundle: true, Raw: 2}, "Licensed + bundle"},
		{"United 0", &zoom.User{Type: 1, PlanUnitedType: "0"}, zoom.License{Type: zoom.LicenseBasic, Raw: 1}, "Basic"},
		{"United none", &zoom.User{Type: 1, PlanUnitedType: "none"}, zoom.License{Type: zoom.LicenseBasic, Raw: 1}, "Basic"},
		{"bundle of a subscription", &zoom.User{Type: 4, LicenseInfoList: list("ZOOM_WORKPLACE_BUNDLE", bundleOption)}, zoom.License{Type: zoom.LicenseUnassigned, Paid: true, Bundle: true, Raw: 4}, "Unassigned + bundle"},
		{"bundle that is turned off", &zoom.User{Type: 1, LicenseInfoList: list("ZOOM_WORKPLACE_BUNDLE", 0)}, zoom.License{Type: zoom.LicenseBasic, Raw: 1}, "Basic"},
		{"meetings licence of a subscription", &zoom.User{Type: 1, LicenseInfoList: list("MEETING", 2)}, zoom.License{Type: zoom.LicenseBasic, Paid: true, Raw: 1}, "Basic"},
		{"unknown with a bundle", &zoom.User{Type: 7, ZoomOneType: 16}, zoom.License{Paid: true, Bundle: true, Raw: 7}, "Unknown (7) + bundle"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, zoom.LicenseOf(tc.user))
			assert.Equal(t, tc.print, tc.want.String())
		})
	}
}

func TestLicenseTypeNames(t *testing.T) {
	for want, l := range map[string]zoom.LicenseType{
		"Basic": zoom.LicenseBasic, "Licensed": zoom.LicenseLicensed, "On-Prem": zoom.LicenseOnPrem, "Unassigned": zoom.LicenseUnassigned,
		"None": zoom.LicenseNone, "Unknown": zoom.LicenseUnknown,
	} {
		assert.Equal(t, want, l.String())
		text, err := l.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	assert.Equal(t, "Unknown Unknown", fmt.Sprint(zoom.LicenseType(-1), " ", zoom.LicenseType(6)))
}

func TestFaultBD15UserTypes(t *testing.T) {
	for raw, want := range map[string]zoom.UserType{
		`2`: 2, `"2"`: 2, `2.0`: 2, `1e0`: 1, `"3"`: 3, `99`: 99, `7`: 7, `-1`: -1, `0`: 0, `null`: 0, `""`: 0, `"Licensed"`: 0, `1.5`: 0, `1e400`: 0,
		`9223372036854775808`: 0,
	} {
		var got zoom.UserType
		require.NoError(t, json.Unmarshal([]byte(raw), &got), raw)
		assert.Equal(t, want, got, raw)
		tp := newTape(ok(`{"id":"u1","email":"u1@example.com","status":"active","type":` + raw + `}`))
		user, err := tp.client(t).Users.Get(t.Context(), "u1")
		require.NoError(t, err, raw)
		assert.Equal(t, want, user.Type, raw)
	}
	for _, raw := range []string{`{}`, `[]`, `true`, `"\ufffd"`} {
		var got zoom.UserType
		require.Error(t, json.Unmarshal([]byte(raw), &got), raw)
	}
}

// Licence options do not fit into a float64.
func TestLicenseOptionsAreExact(t *testing.T) {
	for _, option := range []string{`576460752303423489`, `"576460752303423489"`} {
		tp := newTape(ok(`{"id":"u1","type":2,"zoom_one_type":` + option + `,"license_info_list":[{"license_type":"ZOOM_WORKPLACE_BUNDLE","license_option":` + option + `,"subscription_id":"s"}]}`))
		user, err := tp.client(t).Users.Get(t.Context(), "u1")
		require.NoError(t, err)
		assert.Equal(t, bundleOption+1, user.ZoomOneType)
		assert.Equal(t, bundleOption+1, user.LicenseInfoList[0].LicenseOption)
	}
}

func TestParseIncludeFreeUsers(t *testing.T) {
	for text, want := range map[string]bool{
		"Yes": true, "yes": true, "YES": true, " yEs\t": true, "No": false, "no": false, "NO ": false, "": false, "  \n": false,
	} {
		got, err := zoom.ParseIncludeFreeUsers(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"y", "n", "true", "false", "1", "0", "yes please", "Ja", "yesno"} {
		got, err := zoom.ParseIncludeFreeUsers(text)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, text)
		assert.False(t, got)
	}
}

var errListing = errors.New("page 2 failed")

func usersThen(err error, users ...*zoom.User) iter.Seq2[*zoom.User, error] {
	return func(yield func(*zoom.User, error) bool) {
		for _, u := range users {
			if !yield(u, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func oneOfEach() []*zoom.User {
	return []*zoom.User{
		{ID: "basic", Type: 1, Status: "active"},
		{ID: "licensed", Type: 2, Status: "active"},
		{ID: "onprem", Type: 3, Status: "active"},
		{ID: "unassigned", Type: 4, Status: "active"},
		{ID: "none", Type: 99, Status: "active"},
		{ID: "unknown", Type: 12, Status: "active"},
		{ID: "bundle", Type: 1, Status: "active", ZoomOneType: 16},
		{ID: "gone", Type: 2, Status: "inactive"},
		{ID: "gone-basic", Type: 1, Status: "inactive"},
		{Email: "new@example.com", Type: 2, Status: "pending"},
		nil,
	}
}

func TestClassifierFilter(t *testing.T) {
	kept := func(c zoom.Classifier, err error) (ids []string, failure error) {
		for u, err := range c.Filter(usersThen(err, oneOfEach()...)) {
			if err != nil {
				failure = err
				continue
			}
			ids = append(ids, u.ID+u.Email)
		}
		return ids, failure
	}
	ids, err := kept(zoom.Classifier{}, errListing)
	require.ErrorIs(t, err, errListing, "errors are passed on")
	assert.Equal(t, []string{"licensed", "onprem", "unknown", "bundle", "gone", "new@example.com"}, ids)
	ids, err = kept(zoom.Classifier{IncludeFreeUsers: true}, nil)
	require.NoError(t, err)
	assert.Len(t, ids, 10)
	for range (zoom.Classifier{}).Filter(usersThen(nil, oneOfEach()...)) {
		break
	}
	for range (zoom.Classifier{}).Filter(nil) {
		t.Fatal("nothing in nothing")
	}
	assert.False(t, zoom.Classifier{IncludeFreeUsers: true}.Includes(nil))
}

func TestClassifierSummarize(t *testing.T) {
	all, err := zoom.Classifier{IncludeFreeUsers: true}.Summarize(usersThen(nil, oneOfEach()...))
	require.NoError(t, err)
	assert.Equal(t, zoom.LicenseSummary{
		Total: 10, Basic: 3, Licensed: 2, OnPrem: 1, Unassigned: 1, None: 1, Unknown: 1, Pending: 1, Inactive: 2, Bundles: 1,
	}, all)
	assert.Equal(t, all.Total, all.Basic+all.Licensed+all.OnPrem+all.Unassigned+all.None+all.Unknown+all.Pending, "everybody once")
	var ranged zoom.LicenseSummary
	for _, u := range oneOfEach() {
		if u != nil {
			ranged.Add(u)
		}
	}
	again, err := zoom.Classifier{IncludeFreeUsers: true}.Summarize(usersThen(nil, oneOfEach()...))
	require.NoError(t, err)
	assert.Equal(t, all, again)
	assert.EqualExportedValues(t, all, ranged)

	paid, err := zoom.Classifier{}.Summarize(usersThen(nil, oneOfEach()...))
	require.NoError(t, err)
	assert.Equal(t, zoom.LicenseSummary{Total: 6, Basic: 1, Licensed: 2, OnPrem: 1, Unknown: 1, Pending: 1, Inactive: 1, Bundles: 1}, paid)
	part, err := zoom.Classifier{}.Summarize(usersThen(errListing, oneOfEach()[:2]...))
	require.ErrorIs(t, err, errListing)
	assert.Equal(t, 1, part.Total)
}

func TestLicenseSummaryPrintsCountsAlone(t *testing.T) {
	var s zoom.LicenseSummary
	s.Add(&zoom.User{Email: "ann@example.com", Status: zoom.StatusPending})
	s.Add(&zoom.User{ID: "b", Type: zoom.TypeLicensed, Status: zoom.StatusActive})
	want := "total 2: Basic 0, Licensed 1, On-Prem 0, Unassigned 0, None 0, Unknown 0, pending 1; inactive 0, bundles 0"
	for _, verb := range []string{"%v", "%+v", "%s"} {
		assert.Equal(t, want, fmt.Sprintf(verb, s))
		assert.Equal(t, want, fmt.Sprintf(verb, &s))
	}
}
