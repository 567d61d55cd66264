package zoomtest

import (
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// appendListed writes a user as GET /users does. What may be absent is absent.
func appendListed(buf []byte, u *zoom.User, include string, now time.Time) []byte {
	o := beginObject(buf)
	writeListed(&o, u, now)
	switch include {
	case "host_key":
		o.textIf("host_key", u.HostKey)
	case "custom_attributes":
		if len(u.CustomAttributes) > 0 {
			o.any("custom_attributes", u.CustomAttributes)
		}
	}
	return o.end()
}

func writeListed(o *object, u *zoom.User, now time.Time) {
	pending := u.Status == zoom.StatusPending
	if !pending {
		o.text("id", u.ID)
	}
	o.textIf("first_name", u.FirstName)
	o.textIf("last_name", u.LastName)
	o.textIf("display_name", u.DisplayName)
	o.text("email", u.Email)
	o.number("type", int64(u.Type))
	o.number("pmi", u.PMI)
	o.text("timezone", u.Timezone)
	o.number("verified", int64(u.Verified))
	o.text("dept", u.Dept)
	if pending {
		o.date("created_at", now)
	} else {
		o.moment("created_at", u.CreatedAt)
		o.moment("user_created_at", u.UserCreatedAt)
		o.textIf("role_id", u.RoleID)
	}
	o.moment("last_login_time", u.LastLoginTime)
	o.textIf("last_client_version", u.LastClientVersion)
	o.texts("group_ids", u.GroupIDs)
	o.texts("im_group_ids", u.IMGroupIDs)
	o.texts("division_ids", u.DivisionIDs)
	o.textIf("employee_unique_id", u.EmployeeUniqueID)
	o.textIf("plan_united_type", u.PlanUnitedType)
	if len(u.LicenseInfoList) > 0 {
		o.any("license_info_list", u.LicenseInfoList)
	}
	o.text("status", string(u.Status))
}

// listed clears what GET /users does not send.
func listed(u *zoom.User) {
	*u = zoom.User{
		ID: u.ID, Email: u.Email, Type: u.Type, Status: u.Status,
		FirstName: u.FirstName, LastName: u.LastName, DisplayName: u.DisplayName,
		Dept: u.Dept, RoleID: u.RoleID,
		LastLoginTime: u.LastLoginTime, LastClientVersion: u.LastClientVersion,
		UserCreatedAt: u.UserCreatedAt, CreatedAt: u.CreatedAt,
		PMI: u.PMI, Timezone: u.Timezone, Verified: u.Verified,
		GroupIDs: nonEmpty(u.GroupIDs), IMGroupIDs: nonEmpty(u.IMGroupIDs), DivisionIDs: nonEmpty(u.DivisionIDs),
		EmployeeUniqueID: u.EmployeeUniqueID,
		PlanUnitedType:   u.PlanUnitedType, LicenseInfoList: nonEmpty(u.LicenseInfoList),
	}
	if u.Status == zoom.StatusPending {
		u.RoleID, u.UserCreatedAt, u.CreatedAt = "", nil, nil
	}
}

func nonEmpty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// appendUser writes a user as GET /users/{userId} does.
func (s *Server) appendUser(buf []byte, m *member, now time.Time) []byte {
	u := m.view(now)
	o := beginObject(buf)
	writeListed(&o, u, now)
	if u.Status == zoom.StatusPending {
		return o.end() // little is known of who has not come yet
	}
	o.text("role_name", or(u.RoleName, s.roleName(u.RoleID)))
	o.text("account_id", or(u.AccountID, s.accountID))
	o.number("account_number", or(u.AccountNumber, 5_000_001))
	o.text("cluster", or(u.Cluster, "us06"))
	o.textIf("cms_user_id", u.CMSUserID)
	o.text("company", u.Company)
	o.text("job_title", u.JobTitle)
	o.text("cost_center", u.CostCenter)
	o.text("location", u.Location)
	o.textIf("manager", u.Manager)
	o.text("language", or(u.Language, "en-US"))
	o.text("jid", or(u.JID, u.ID+"@xmpp.zoom.us"))
	o.any("login_types", orList(u.LoginTypes, 100))
	o.text("personal_meeting_url", or(u.PersonalMeetingURL, "https://us06web.zoom.us/j/"+strconv.FormatInt(u.PMI, 10)))
	o.textIf("vanity_url", u.VanityURL)
	o.textIf("pic_url", u.PicURL)
	o.text("phone_country", u.PhoneCountry)
	o.text("phone_number", u.PhoneNumber)
	if len(u.PhoneNumbers) > 0 {
		o.any("phone_numbers", u.PhoneNumbers)
	}
	o.textIf("pronouns", u.Pronouns)
	o.numberIf("pronouns_option", int64(u.PronounsOption))
	o.flag("use_pmi", u.UsePMI)
	o.numberIf("zoom_one_type", u.ZoomOneType)
	if len(u.CustomAttributes) > 0 {
		o.any("custom_attributes", u.CustomAttributes)
	}
	return o.end()
}

func orList(list []int, fallback ...int) []int {
	if len(list) == 0 {
		return fallback
	}
	return list
}
