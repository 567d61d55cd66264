package zoomtest

import (
	"encoding/json"
	"math/bits"
	"slices"

	"github.com/seatkit/zoom"
)

// A userPatch is the body of PATCH /users/{userId}, as far as it is modelled.
type userPatch struct {
	Type            *zoom.UserType      `json:"type"`
	PlanUnitedType  *string             `json:"plan_united_type"`
	ZoomOneType     *int64              `json:"zoom_one_type"`
	LicenseInfoList *[]licensePatch     `json:"license_info_list"`
	Feature         map[string]any      `json:"feature"`
	FirstName       *string             `json:"first_name"`
	LastName        *string             `json:"last_name"`
	DisplayName     *string             `json:"display_name"`
	Dept            *string             `json:"dept"`
	Company         *string             `json:"company"`
	JobTitle        *string             `json:"job_title"`
	Location        *string             `json:"location"`
	CostCenter      *string             `json:"cost_center"`
	Manager         *string             `json:"manager"`
	Timezone        *string             `json:"timezone"`
	Language        *string             `json:"language"`
	Pronouns        *string             `json:"pronouns"`
	PronounsOption  *int                `json:"pronouns_option"`
	HostKey         *string             `json:"host_key"`
	PMI             *int64              `json:"pmi"`
	UsePMI          *bool               `json:"use_pmi"`
	PhoneNumbers    *[]zoom.PhoneNumber `json:"phone_numbers"`
	DivisionIDs     *[]string           `json:"division_ids"`

	CustomAttributes *[]zoom.CustomAttribute `json:"custom_attributes"`
}

type licensePatch struct {
	LicenseType    *string `json:"license_type"`
	LicenseOption  *int64  `json:"license_option"`
	SubscriptionID *string `json:"subscription_id"`
}

func readJSON(body []byte, out any) bool { return json.Unmarshal(body, out) == nil }

// patchUser is PATCH /users/{userId}.
func patchUser(c *call) *answer {
	m, refusal := c.userParam()
	if refusal != nil {
		return refusal
	}
	var p userPatch
	if _, isObject := decodeBody(c.body); !isObject || !readJSON(c.body, &p) {
		return badRequest(300, "Request Body should be a valid JSON object.")
	}
	if field := p.badField(); field != "" {
		return invalid(field)
	}
	if refusal := c.patch(m, &p); refusal != nil {
		return refusal
	}
	return noContent()
}

// badField names a field with a value that is never allowed.
func (p *userPatch) badField() string {
	for _, limited := range []struct {
		name  string
		value *string
		limit int
	}{
		{"first_name", p.FirstName, 64},
		{"last_name", p.LastName, 64},
		{"display_name", p.DisplayName, 128},
		{"company", p.Company, 255},
		{"job_title", p.JobTitle, 128},
		{"location", p.Location, 256},
		{"host_key", p.HostKey, 10},
	} {
		if limited.value != nil && len([]rune(*limited.value)) > limited.limit {
			return limited.name
		}
	}
	switch {
	case p.Type != nil && !slices.Contains([]zoom.UserType{zoom.TypeBasic, zoom.TypeLicensed, zoom.TypeOnPrem, zoom.TypeUnassigned}, *p.Type):
		return "type"
	case p.PMI != nil && (*p.PMI < 1_000_000_000 || *p.PMI > 9_999_999_999):
		return "pmi"
	case p.ZoomOneType != nil && (*p.ZoomOneType < 0 || bits.OnesCount64(uint64(*p.ZoomOneType)) > 1):
		return "zoom_one_type"
	case p.PhoneNumbers != nil && len(*p.PhoneNumbers) > 3:
		return "phone_numbers"
	case p.CustomAttributes != nil && len(*p.CustomAttributes) > 5:
		return "custom_attributes"
	}
	return ""
}

// patch applies a patch whole, or refuses it whole.
func (c *call) patch(m *member, p *userPatch) *answer {
	q := &c.s.quirks
	exclusive := 0
	for _, given := range []bool{p.Type != nil, p.PlanUnitedType != nil, p.ZoomOneType != nil} {
		if given {
			exclusive++
		}
	}
	switch {
	case exclusive > 1:
		return badRequest(300, "You can't change type or plan_united_type or zoom_one_type at the same time.")
	case m.user.Status == zoom.StatusPending:
		return nil // Zoom says that it worked, and does nothing
	case m.user.Status == zoom.StatusInactive && q.InactivePatch == InactivePatchIgnored:
		return nil
	case m.user.Status == zoom.StatusInactive && q.InactivePatch == InactivePatchRefused:
		return badRequest(300, "The user is deactivated and cannot be updated.")
	}
	u := cloneUser(&m.user)
	var refusal *answer
	switch {
	case p.Type != nil:
		refusal = c.patchType(m, &u, *p.Type)
	case p.ZoomOneType != nil:
		refusal = c.patchBundle(m, &u, *p.ZoomOneType != 0)
		u.ZoomOneType = *p.ZoomOneType
	case p.PlanUnitedType != nil:
		refusal = c.patchUnited(m, &u, *p.PlanUnitedType)
	}
	if refusal == nil && p.LicenseInfoList != nil {
		refusal = c.patchLicenses(m, &u, *p.LicenseInfoList)
	}
	if refusal != nil {
		return refusal
	}
	p.profile(&u)
	c.write(m, u)
	for name, value := range p.Feature {
		if m.features == nil {
			m.features = map[string]any{}
		}
		m.features[name] = value
	}
	return nil
}

func (c *call) patchType(m *member, u *zoom.User, want zoom.UserType) *answer {
	s := c.s
	admin := u.RoleID == zoom.RoleOwner || u.RoleID == zoom.RoleAdmin
	bundled := u.ZoomOneType != 0 || u.PlanUnitedType != "" && u.PlanUnitedType != "0"
	loses := want == zoom.TypeBasic || want == zoom.TypeUnassigned
	switch {
	case want == zoom.TypeOnPrem && !s.quirks.AllowOnPrem:
		return badRequest(300, "Your account can't set user type as On-prem.")
	case m.room && loses:
		return badRequest(200, "A Zoom Room user cannot be changed to a free user type: "+m.user.ID+".")
	case m.events && want == zoom.TypeBasic:
		return badRequest(300, `You cannot change the user type to "Basic" because this user has an upcoming Zoom Events scheduled.`)
	case admin && s.quirks.ProtectAdmins && want != u.Type:
		return badRequest(1108, "Permission requirements to change the user type of this user were not met.")
	case bundled && loses:
		return badRequest(300, "The user holds a Zoom Workplace plan. Turn off that plan.")
	case want == u.Type && want == zoom.TypeBasic && s.quirks.RefuseBasicAgain:
		return badRequest(1109, "Host is not a paid user.")
	case want == u.Type:
		return nil
	}
	if refusal := s.seatFor(u, want); refusal != nil {
		return refusal
	}
	if refusal := c.assign(u.Type, want); refusal != nil {
		return refusal
	}
	u.Type = want
	return nil
}

// patchBundle turns a bundle on or off; the type follows.
func (c *call) patchBundle(m *member, u *zoom.User, on bool) *answer {
	want := zoom.TypeBasic
	if on {
		want = zoom.TypeLicensed
	}
	switch {
	case m.room && !on:
		return badRequest(200, "A Zoom Room user cannot be changed to a free user type: "+m.user.ID+".")
	case m.events && !on:
		return badRequest(300, `You cannot change the user type to "Basic" because this user has an upcoming Zoom Events scheduled.`)
	case want == u.Type:
		return nil
	}
	if c.s.seatFor(u, want) != nil {
		if !on {
			return badRequest(2039, "The plan cannot be turned off: there are not enough Basic licenses.")
		}
		return badRequest(2038, "There are no licenses left for this plan.")
	}
	if refusal := c.assign(u.Type, want); refusal != nil {
		return refusal
	}
	u.Type = want
	return nil
}

func (c *call) patchUnited(m *member, u *zoom.User, plan string) *answer {
	var option uint64
	if plan != "none" {
		if json.Unmarshal([]byte(plan), &option) != nil || bits.OnesCount64(option) != 1 || option > 131072 {
			return badRequest(300, "Invalid plan_united_type.")
		}
	}
	if refusal := c.patchBundle(m, u, plan != "none"); refusal != nil {
		return refusal
	}
	u.PlanUnitedType = plan
	if plan == "none" {
		u.PlanUnitedType = ""
	}
	return nil
}

func (c *call) patchLicenses(m *member, u *zoom.User, list []licensePatch) *answer {
	if len(list) > 2 {
		return invalid("license_info_list")
	}
	licenses := make([]zoom.LicenseInfo, len(list))
	for i, l := range list {
		if l.LicenseType == nil || l.LicenseOption == nil || l.SubscriptionID == nil ||
			*l.LicenseType != "MEETING" && *l.LicenseType != "ZOOM_WORKPLACE_BUNDLE" || *l.SubscriptionID == "" {
			return invalid("license_info_list")
		}
		licenses[i] = zoom.LicenseInfo{LicenseType: *l.LicenseType, LicenseOption: *l.LicenseOption, SubscriptionID: *l.SubscriptionID}
	}
	if refusal := c.patchBundle(m, u, len(list) > 0); refusal != nil {
		return refusal
	}
	u.LicenseInfoList = licenses
	return nil
}

// profile applies the fields that have no rules. A changed name makes Zoom derive
// the display name anew, unless one is given.
func (p *userPatch) profile(u *zoom.User) {
	renamed := p.FirstName != nil || p.LastName != nil
	set(&u.FirstName, p.FirstName)
	set(&u.LastName, p.LastName)
	set(&u.DisplayName, p.DisplayName)
	set(&u.Dept, p.Dept)
	set(&u.Company, p.Company)
	set(&u.JobTitle, p.JobTitle)
	set(&u.Location, p.Location)
	set(&u.CostCenter, p.CostCenter)
	set(&u.Manager, p.Manager)
	set(&u.Timezone, p.Timezone)
	set(&u.Language, p.Language)
	set(&u.Pronouns, p.Pronouns)
	set(&u.PronounsOption, p.PronounsOption)
	set(&u.HostKey, p.HostKey)
	set(&u.PMI, p.PMI)
	set(&u.UsePMI, p.UsePMI)
	set(&u.PhoneNumbers, p.PhoneNumbers)
	set(&u.DivisionIDs, p.DivisionIDs)
	set(&u.CustomAttributes, p.CustomAttributes)
	if renamed && p.DisplayName == nil || u.DisplayName == "" {
		u.DisplayName = displayName(u)
	}
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// write stores a user and keeps the former state for reads that lag behind.
func (c *call) write(m *member, u zoom.User) {
	if delay := c.s.quirks.ReadDelay; delay > 0 {
		former := cloneUser(m.view(c.now))
		m.shown, m.shownUntil = &former, c.now.Add(delay)
		c.s.lagging = m.shownUntil
	}
	m.user = u
	c.s.version++
}
