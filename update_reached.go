package zoom

import "reflect"

// isEmptyUpdate reports that nothing is set.
func isEmptyUpdate(u *UserUpdate) bool { return reflect.ValueOf(*u).IsZero() }

// reached returns how to tell from a user that the update was made, or nil when
// something is set that the user does not show: a field that Zoom does not give back,
// the credentials that were to go, or another login of the same address than the one
// that a read shows.
func (u *UserUpdate) reached() func(*User) bool {
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

func (u *UserUpdate) shownBy(user *User) bool {
	texts := []struct {
		want *string
		have string
	}{
		{u.FirstName, user.FirstName},
		{u.LastName, user.LastName},
		{u.DisplayName, user.DisplayName},
		{u.Dept, user.Dept},
		{u.Company, user.Company},
		{u.JobTitle, user.JobTitle},
		{u.Location, user.Location},
		{u.CostCenter, user.CostCenter},
		{u.Manager, user.Manager},
		{u.Timezone, user.Timezone},
		{u.Language, user.Language},
		{u.Pronouns, user.Pronouns},
	}
	for _, text := range texts {
		if text.want != nil && *text.want != text.have {
			return false
		}
	}
	return (u.Type == 0 || u.Type == user.Type) &&
		(u.ZoomOneType == nil || *u.ZoomOneType == user.ZoomOneType) &&
		samePlan(u.PlanUnitedType, user.PlanUnitedType) &&
		(u.PronounsOption == 0 || u.PronounsOption == user.PronounsOption) &&
		(u.PMI == 0 || u.PMI == user.PMI) &&
		(u.UsePMI == nil || *u.UsePMI == user.UsePMI)
}

// samePlan compares a Zoom United plan that was asked for with the one that is
// there; "none" shows as nothing or as "0".
func samePlan(want, have string) bool {
	switch want {
	case "":
		return true
	case "none":
		return have == "" || have == "0" || have == "none"
	default:
		return want == have
	}
}
