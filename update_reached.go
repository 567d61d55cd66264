package zoom

import "reflect"

// isEmptyUpdate reports that nothing is set.
func isEmptyUpdate(u *UserUpdate) bool { return reflect.ValueOf(*u).IsZero() }

// reached returns how to tell from a user that the update was made, or nil when
// something is set that the user does not show: a field that Zoom does not give back,
// the credentials that were to go, or another login of the same address than the one
// that a read shows.
func (u *UserUpdate) reached() func(*User) shown {
	hidden := *u
	hidden.Type, hidden.ZoomOneType, hidden.PlanUnitedType = 0, nil, ""
	hidden.FirstName, hidden.LastName, hidden.DisplayName, hidden.Dept = nil, nil, nil, nil
	hidden.Company, hidden.JobTitle, hidden.Location, hidden.CostCenter = nil, nil, nil, nil
	hidden.Manager, hidden.Timezone, hidden.Language = nil, nil, nil
	hidden.Pronouns, hidden.PronounsOption, hidden.UsePMI, hidden.PMI = nil, 0, nil, 0
	if !isEmptyUpdate(&hidden) {
		return nil
	}
	if u.DisplayName != nil && *u.DisplayName == "" {
		return nil // Zoom derives one
	}
	return u.shownBy
}

// A wish is one field of an update and whether a user shows it.
type wish struct {
	field string // its name in JSON
	asked bool
	shown bool
}

func (u *UserUpdate) wishes(user *User) []wish {
	text := func(field string, want *string, have string) wish {
		return wish{field, want != nil, want != nil && *want == have}
	}
	return []wish{
		text("first_name", u.FirstName, user.FirstName),
		text("last_name", u.LastName, user.LastName),
		text("display_name", u.DisplayName, user.DisplayName),
		text("dept", u.Dept, user.Dept),
		text("company", u.Company, user.Company),
		text("job_title", u.JobTitle, user.JobTitle),
		text("location", u.Location, user.Location),
		text("cost_center", u.CostCenter, user.CostCenter),
		text("manager", u.Manager, user.Manager),
		text("timezone", u.Timezone, user.Timezone),
		text("language", u.Language, user.Language),
		text("pronouns", u.Pronouns, user.Pronouns),
		{"type", u.Type != 0, u.Type == user.Type},
		{"zoom_one_type", u.ZoomOneType != nil, u.ZoomOneType != nil && *u.ZoomOneType == user.ZoomOneType},
		{"plan_united_type", u.PlanUnitedType != "", samePlan(u.PlanUnitedType, user.PlanUnitedType)},
		{"pronouns_option", u.PronounsOption != 0, u.PronounsOption == user.PronounsOption},
		{"pmi", u.PMI != 0, u.PMI == user.PMI},
		{"use_pmi", u.UsePMI != nil, u.UsePMI != nil && *u.UsePMI == user.UsePMI},
	}
}

// shownBy tells whether the update was made. A field that was asked for and cannot be
// read leaves that open, whatever the others show.
func (u *UserUpdate) shownBy(user *User) shown {
	state := shownMade
	for _, w := range u.wishes(user) {
		switch {
		case !w.asked:
		case user.isUnread(w.field):
			return shownUnclear
		case !w.shown:
			state = shownNotMade
		}
	}
	return state
}

// samePlan compares a Zoom United plan that was asked for with the one that is
// there; "none" shows as nothing or as "0".
func samePlan(want, have string) bool {
	if want == "none" {
		return have == "" || have == "0" || have == "none"
	}
	return want == have
}
