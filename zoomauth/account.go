package zoomauth

import (
	"encoding/base64"
	"strings"

	"github.com/seatkit/zoom/internal/wire"
)

// accountOf reads the account out of an access token, as far as it can be read:
// today's are JSON web tokens with a claim "aid", and Zoom calls them opaque. So it
// may tell that a token is of another account, and never that it is of the right one.
func accountOf(accessToken string) string {
	_, rest, _ := strings.Cut(accessToken, ".")
	payload, _, found := strings.Cut(rest, ".")
	if !found {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	members, err := wire.Members(raw)
	if err != nil {
		return ""
	}
	id, err := wire.Text(members["aid"])
	if err != nil || wire.CheckText("", id) != nil {
		return ""
	}
	return id
}
