package zoom_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestUpdateSends(t *testing.T) {
	for name, tc := range map[string]struct {
		update zoom.UserUpdate
		body   string
		query  string
	}{
		"free the licence":   {zoom.UserUpdate{Type: zoom.TypeBasic}, `{"type":1}`, ""},
		"bundle off":         {zoom.UserUpdate{ZoomOneType: new(int64(0))}, `{"zoom_one_type":0}`, ""},
		"bundle beyond 2^53": {zoom.UserUpdate{ZoomOneType: new(int64(1 << 59))}, `{"zoom_one_type":576460752303423488}`, ""},
		"United off":         {zoom.UserUpdate{PlanUnitedType: "none"}, `{"plan_united_type":"none"}`, ""},
		"clear a field":      {zoom.UserUpdate{Dept: new(""), UsePMI: new(false)}, `{"dept":"","use_pmi":false}`, ""},
		"Zoom Phone away":    {zoom.UserUpdate{Feature: &zoom.UserFeatureUpdate{ZoomPhone: new(false)}}, `{"feature":{"zoom_phone":false}}`, ""},
		"parameters": {
			zoom.UserUpdate{FirstName: new("Jill"), LoginType: new(101), RemoveTSPCredentials: true},
			`{"first_name":"Jill"}`, "login_type=101&remove_tsp_credentials=true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape(noReply)
			require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", &tc.update))
			requests := tp.requests()
			require.Len(t, requests, 1)
			assert.Equal(t, "PATCH", requests[0].method)
			assert.Equal(t, "/v2/users/u1", requests[0].path)
			assert.Equal(t, tc.query, requests[0].query)
			assert.Equal(t, tc.body, requests[0].body)
		})
	}
}

func TestUpdateRefuses(t *testing.T) {
	long := func(n int) *string { return new(strings.Repeat("ä", n)) }
	for name, update := range map[string]zoom.UserUpdate{
		"empty":                   {},
		"type and bundle":         {Type: 1, ZoomOneType: new(int64(0))},
		"type and United":         {Type: 1, PlanUnitedType: "none"},
		"bundle and United":       {ZoomOneType: new(int64(0)), PlanUnitedType: "none"},
		"type 99":                 {Type: zoom.TypeNone},
		"negative type":           {Type: -1},
		"negative bundle":         {ZoomOneType: new(int64(-1))},
		"pronouns option":         {PronounsOption: 4},
		"PMI of 9 digits":         {PMI: 999_999_999},
		"PMI of 11 digits":        {PMI: 10_000_000_000},
		"login type":              {FirstName: new("a"), LoginType: new(2)},
		"three licences":          {LicenseInfoList: make([]zoom.LicenseInfo, 3)},
		"four numbers":            {PhoneNumbers: make([]zoom.PhoneNumber, 4)},
		"six attributes":          {CustomAttributes: make([]zoom.CustomAttribute, 6)},
		"long first name":         {FirstName: long(65)},
		"long last name":          {LastName: long(65)},
		"long display name":       {DisplayName: long(129)},
		"long company":            {Company: long(256)},
		"long job title":          {JobTitle: long(129)},
		"long location":           {Location: long(257)},
		"short host key":          {HostKey: new("12345")},
		"long host key":           {HostKey: new("12345678901")},
		"long text about oneself": {AboutMe: long(151)},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape(noReply)
			refusedUnsent(t, tp, tp.client(t).Users.Update(t.Context(), "u1", &update))
		})
	}
	tp := newTape(noReply)
	require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", &zoom.UserUpdate{FirstName: long(64), DisplayName: long(128), PMI: 1_000_000_000}))
}

// What a read does not show is not taken as done after a lost answer, whatever else
// the read shows; alone it is no empty update.
func TestFaultIN22ParametersCannotBeReadBack(t *testing.T) {
	for name, tc := range map[string]struct {
		update zoom.UserUpdate
		query  string
		body   string
	}{
		"TSP credentials":                {zoom.UserUpdate{RemoveTSPCredentials: true}, "remove_tsp_credentials=true", `{}`},
		"TSP credentials with a licence": {zoom.UserUpdate{Type: zoom.TypeBasic, RemoveTSPCredentials: true}, "remove_tsp_credentials=true", `{"type":1}`},
		"another login":                  {zoom.UserUpdate{LoginType: new(101), Dept: new("New")}, "login_type=101", `{"dept":"New"}`},
		"login type alone":               {zoom.UserUpdate{LoginType: new(0)}, "login_type=0", `{}`},
		"all of it":                      {zoom.UserUpdate{LoginType: new(101), Type: zoom.TypeBasic, RemoveTSPCredentials: true}, "login_type=101&remove_tsp_credentials=true", `{"type":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, answered := range []answer{lost, {status: 502}, {status: 202}, {status: 200, body: "<html>"}} {
				tp := newTape(answered, ok(`{"id":"u1","email":"u1@example.com","type":1,"status":"active","dept":"New"}`))
				require.ErrorIs(t, tp.client(t).Users.Update(t.Context(), "u1", &tc.update), zoom.ErrOutcomeUnknown)
				assert.Equal(t, "PATCH", methodsAsked(tp))
			}
			tp := newTape(noReply)
			require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", &tc.update))
			assert.Equal(t, tc.query, tp.requests()[0].query)
			assert.Equal(t, tc.body, tp.requests()[0].body)
		})
	}
}

// Each field that Zoom gives back decides over a lost answer; one that it does
// not leaves the outcome open after one write.
func TestUpdateWRule(t *testing.T) {
	for name, tc := range map[string]struct {
		update zoom.UserUpdate
		made   string // fields of the user
	}{
		"type":             {zoom.UserUpdate{Type: zoom.TypeBasic}, `"type":1`},
		"bundle":           {zoom.UserUpdate{ZoomOneType: new(int64(16))}, `"zoom_one_type":16`},
		"United":           {zoom.UserUpdate{PlanUnitedType: "32"}, `"plan_united_type":"32"`},
		"first name":       {zoom.UserUpdate{FirstName: new("Jill")}, `"first_name":"Jill"`},
		"last name":        {zoom.UserUpdate{LastName: new("Chill")}, `"last_name":"Chill"`},
		"display name":     {zoom.UserUpdate{DisplayName: new("JC")}, `"display_name":"JC"`},
		"department":       {zoom.UserUpdate{Dept: new("HR")}, `"dept":"HR"`},
		"company":          {zoom.UserUpdate{Company: new("A")}, `"company":"A"`},
		"job title":        {zoom.UserUpdate{JobTitle: new("A")}, `"job_title":"A"`},
		"location":         {zoom.UserUpdate{Location: new("A")}, `"location":"A"`},
		"cost centre":      {zoom.UserUpdate{CostCenter: new("A")}, `"cost_center":"A"`},
		"manager":          {zoom.UserUpdate{Manager: new("m@example.com")}, `"manager":"m@example.com"`},
		"time zone":        {zoom.UserUpdate{Timezone: new("UTC")}, `"timezone":"UTC"`},
		"language":         {zoom.UserUpdate{Language: new("de-DE")}, `"language":"de-DE"`},
		"pronouns":         {zoom.UserUpdate{Pronouns: new("they")}, `"pronouns":"they"`},
		"pronouns option":  {zoom.UserUpdate{PronounsOption: 3}, `"pronouns_option":3`},
		"PMI":              {zoom.UserUpdate{PMI: 1234567890}, `"pmi":1234567890`},
		"use of the PMI":   {zoom.UserUpdate{UsePMI: new(true)}, `"use_pmi":true`},
		"several together": {zoom.UserUpdate{Type: 1, Dept: new("HR")}, `"type":1,"dept":"HR"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				made := ok(`{"id":"u1","email":"u1@example.com","status":"active",` + tc.made + `}`)
				before := ok(`{"id":"u1","email":"u1@example.com","status":"active","type":2,"dept":"HR2"}`)
				tp := newTape(lost, made)
				require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", &tc.update))
				assert.Equal(t, "PATCH GET", methodsAsked(tp))
				tp = newTape(answer{status: 503}, before, noReply)
				require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", &tc.update))
				assert.Equal(t, "PATCH GET PATCH", methodsAsked(tp))
			})
		})
	}
	for name, have := range map[string]string{"gone": ``, "zero": `,"plan_united_type":"0"`, "none": `,"plan_united_type":"none"`} {
		tp := newTape(lost, ok(`{"id":"u1","type":2`+have+`}`))
		require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", &zoom.UserUpdate{PlanUnitedType: "none"}), name)
		assert.Equal(t, "PATCH GET", methodsAsked(tp))
	}
	for name, update := range map[string]zoom.UserUpdate{
		"host key": {HostKey: new("123456")}, "feature": {Feature: &zoom.UserFeatureUpdate{ZoomPhone: new(true)}},
		"about me": {AboutMe: new("x")}, "vanity name": {VanityName: new("x")}, "attributes": {CustomAttributes: make([]zoom.CustomAttribute, 1)},
		"derived display name": {DisplayName: new("")}, "hidden with shown": {Type: 1, HostKey: new("123456")},
		"licences": {LicenseInfoList: make([]zoom.LicenseInfo, 1)},
	} {
		t.Run("hidden/"+name, func(t *testing.T) {
			tp := newTape(lost)
			require.ErrorIs(t, tp.client(t).Users.Update(t.Context(), "u1", &update), zoom.ErrOutcomeUnknown)
			assert.Equal(t, "PATCH", methodsAsked(tp))
		})
	}
}

func TestUpdateIsRefusedByZoom(t *testing.T) {
	for name, tc := range map[string]struct {
		answer answer
		is     error
		code   int
	}{
		"full plan":       {refusal(400, 2034, "You have reached the maximum number of users."), zoom.ErrNoSeats, 2034},
		"no licence left": {refusal(400, 2038, "There are no licenses left."), zoom.ErrNoSeats, 2038},
		"Zoom Room":       {refusal(400, 200, "A Zoom Room user cannot become a free user."), zoom.ErrProtected, 200},
		"not found":       {refusal(404, 1001, "User does not exist: u1."), zoom.ErrNotFound, 1001},
		"On-Prem":         {refusal(400, 300, "Your account can't set user type as On-prem."), nil, 300},
	} {
		tp := newTape(tc.answer)
		err := tp.client(t).Users.Update(t.Context(), "u1", &zoom.UserUpdate{Type: zoom.TypeLicensed})
		var e *zoom.Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, tc.code, e.Code)
		if tc.is != nil {
			require.ErrorIs(t, err, tc.is)
		}
		assert.Equal(t, "PATCH", methodsAsked(tp))
		require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
	}
}

// A caller may change what he passed as soon as the call is on its way.
func TestUpdateDoesNotKeepTheArgument(t *testing.T) {
	update := &zoom.UserUpdate{Type: zoom.TypeBasic}
	before, err := json.Marshal(update)
	require.NoError(t, err)
	tp := newTape(noReply)
	require.NoError(t, tp.client(t).Users.Update(t.Context(), "u1", update))
	after, err := json.Marshal(update)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

// A field that was to change and cannot be read tells nothing, whatever the others show.
func TestFaultBD25FieldsOfAnUpdateThatCannotBeRead(t *testing.T) {
	const odd = `{"a":1}`
	for name, tc := range map[string]struct {
		update zoom.UserUpdate
		fields string
		made   bool
	}{
		"bundle off":                      {zoom.UserUpdate{ZoomOneType: new(int64(0))}, `"zoom_one_type":` + odd, false},
		"bundle on":                       {zoom.UserUpdate{ZoomOneType: new(int64(8))}, `"zoom_one_type":` + odd, false},
		"United off":                      {zoom.UserUpdate{PlanUnitedType: "none"}, `"plan_united_type":[1,2]`, false},
		"department cleared":              {zoom.UserUpdate{Dept: new("")}, `"dept":` + odd, false},
		"personal id off":                 {zoom.UserUpdate{UsePMI: new(false)}, `"use_pmi":` + odd, false},
		"personal id":                     {zoom.UserUpdate{PMI: 1234567890}, `"pmi":` + odd, false},
		"manager cleared":                 {zoom.UserUpdate{Manager: new("")}, `"manager":` + odd, false},
		"names cleared":                   {zoom.UserUpdate{FirstName: new(""), LastName: new("")}, `"first_name":"","last_name":[]`, false},
		"company cleared":                 {zoom.UserUpdate{Company: new("")}, `"company":[["x"]]`, false},
		"job title cleared":               {zoom.UserUpdate{JobTitle: new("")}, `"job_title":true`, false},
		"location cleared":                {zoom.UserUpdate{Location: new("")}, `"location":` + odd, false},
		"cost center cleared":             {zoom.UserUpdate{CostCenter: new("")}, `"cost_center":` + odd, false},
		"time zone cleared":               {zoom.UserUpdate{Timezone: new("")}, `"timezone":` + odd, false},
		"language cleared":                {zoom.UserUpdate{Language: new("")}, `"language":` + odd, false},
		"pronouns cleared":                {zoom.UserUpdate{Pronouns: new("")}, `"pronouns":` + odd, false},
		"pronouns option":                 {zoom.UserUpdate{PronounsOption: 2}, `"pronouns_option":` + odd, false},
		"one made, the other not read":    {zoom.UserUpdate{Type: zoom.TypeLicensed, Dept: new("")}, `"dept":` + odd, false},
		"one not made, one not read":      {zoom.UserUpdate{Type: zoom.TypeBasic, Dept: new("")}, `"dept":` + odd, false},
		"what was not to change":          {zoom.UserUpdate{Type: zoom.TypeLicensed}, `"dept":` + odd + `,"use_pmi":[2]`, true},
		"cleared, and a text stands here": {zoom.UserUpdate{Dept: new("")}, `"dept":""`, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, answered := range []answer{lost, {status: 503}, {status: 202}} {
				synctest.Test(t, func(t *testing.T) {
					tp := newTape(answered, ok(`{"id":"u1","email":"u1@example.com","type":2,"status":"active",`+tc.fields+`}`))
					err := tp.client(t).Users.Update(t.Context(), "u1", &tc.update)
					assert.Equal(t, "PATCH GET", methodsAsked(tp), "not written again")
					if tc.made {
						require.NoError(t, err)
						return
					}
					require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
					assert.Contains(t, err.Error(), "cannot be read")
				})
			}
		})
	}
}
