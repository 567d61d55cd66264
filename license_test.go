package zoom_test

import (
	"encoding/json"
	"fmt"
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
