package zoomtest

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/wire"
)

// postUser is POST /users. A user of the action create stays pending.
func postUser(c *call) *answer {
	var body struct {
		Action   string    `json:"action"`
		UserInfo zoom.User `json:"user_info"`
	}
	if !readJSON(c.body, &body) || body.UserInfo.Email == "" {
		return invalid("user_info.email")
	}
	u := body.UserInfo
	if !slices.Contains([]string{"create", "autoCreate", "custCreate", "ssoCreate"}, body.Action) {
		return invalid("action")
	}
	if !slices.Contains([]zoom.UserType{zoom.TypeBasic, zoom.TypeLicensed, zoom.TypeUnassigned, zoom.TypeNone}, u.Type) {
		return invalid("user_info.type")
	}
	if c.s.find(u.Email) != nil {
		return refuse(http.StatusConflict, 1005, fmt.Sprintf("User already in the account: %s", u.Email))
	}
	if refusal := c.s.seatFor(nil, u.Type); refusal != nil {
		return refusal
	}
	id := c.s.newID()
	stored := zoom.User{
		ID: id, Email: u.Email, Type: u.Type, FirstName: u.FirstName, LastName: u.LastName, DisplayName: u.DisplayName,
		UserCreatedAt: zoom.NewTime(c.now),
	}
	if body.Action == "create" {
		stored.Status = zoom.StatusPending
	}
	c.s.fillUser(&stored)
	c.s.add(&member{user: stored})
	o := beginObject(nil)
	o.text("id", id)
	o.text("email", stored.Email)
	o.text("first_name", stored.FirstName)
	o.text("last_name", stored.LastName)
	o.number("type", int64(stored.Type))
	return &answer{status: http.StatusCreated, body: o.end()}
}

// deleteUser is DELETE /users/{userId}: disassociate (default) or delete.
func deleteUser(c *call) *answer {
	m, refusal := c.userParam()
	if refusal != nil {
		return refusal
	}
	action, heir := or(c.query.Get("action"), "disassociate"), c.query.Get("transfer_email")
	switch {
	case action != "disassociate" && action != "delete":
		return invalid("action")
	case m.room:
		return badRequest(200, "Zoom Rooms users cannot be deleted or disassociated.")
	case m.user.RoleID == zoom.RoleOwner, m.user.RoleID == zoom.RoleAdmin && action == "disassociate":
		return badRequest(1117, "You can not disassociate an Admin user.")
	case wire.LowerASCII(heir) == wire.LowerASCII(m.user.Email):
		return badRequest(300, "The transfer email address cannot be that of the user.")
	case m.events && heir == "":
		return badRequest(300, "The user has upcoming Zoom Events events. Name a transfer email address.")
	}
	c.s.remove(m)
	return noContent()
}

// deleteToken is DELETE /users/{userId}/token: signs the user out.
func deleteToken(c *call) *answer {
	if _, refusal := c.userParam(); refusal != nil {
		return refusal
	}
	return noContent()
}
