package zoomtest

import "time"

// Quirks are the points on which Zoom's behaviour varies or is not known. The zero
// value is the likeliest Zoom. [Server.SetQuirks] changes them at any time.
type Quirks struct {
	// SingleToken makes every new access token kill the former ones of the same
	// kind: those of server-to-server, or those of the same person's grant.
	SingleToken bool
	// RefreshGrace is how long a refresh token still works after it was replaced. It
	// was seen to work at times, and not at others; 0 is not at all.
	RefreshGrace time.Duration
	// KeepRefreshToken answers a refresh without a new refresh token; the old one
	// stays good.
	KeepRefreshToken bool
	// OldGrantError is the older form of the refusal of a refresh token: 401 with
	// invalid_request. By default it is 400 with invalid_grant.
	OldGrantError bool
	// ExpiresIn is sent as it stands as the value of expires_in, whatever the life of
	// the token: `"3599.5"`, `1e400`; "-" leaves the member out. By default it is the
	// number of seconds.
	ExpiresIn string
	// TokenErrorStatus is the HTTP status of code 124, a bad access token: 401
	// (default, seen live) or 400 (as documented).
	TokenErrorStatus int
	// ScopeErrorCode is the form of the missing-scope error: 4711 (default), 104,
	// whose body is broken JSON, or 4700, which names no scope.
	ScopeErrorCode int

	// StatusCode is the HTTP status of a successful PUT of a user's status: 200
	// (default) or 204.
	StatusCode int
	// InactivePatch says what a PATCH of a deactivated user does.
	InactivePatch InactivePatch
	// InactiveKeepsType shows a deactivated user with the type from before, although
	// the licence is gone. By default the type becomes 1.
	InactiveKeepsType bool
	// ProtectAdmins refuses a PATCH of the type of the owner and of admins (1108).
	ProtectAdmins bool
	// RefuseBasicAgain answers 400/1109 to type 1 for a user who is Basic already.
	RefuseBasicAgain bool
	// AllowOnPrem lets a PATCH set type 3.
	AllowOnPrem bool
	// SeatErrorCode is the code of a refusal for want of seats: 2034 (default),
	// 3412 or 2038. Want of Basic seats is 2033, or 3412 where that is chosen.
	SeatErrorCode int
	// AssignmentCap is how many licences can be assigned in 30 days; 0: any number.
	AssignmentCap int
	// AssignmentCapCode is the code of that refusal: 300 (default), 2038 or 3412.
	AssignmentCapCode int
	// ReadDelay is how long reads show a user as before a write.
	ReadDelay time.Duration

	// UsersPageMax is the largest page of GET /users: 2000 (default), or 300 as
	// Zoom's guide says.
	UsersPageMax int
	// RefuseLargePages answers 400/300 to a page_size above the maximum. By default
	// the size is cut to the maximum.
	RefuseLargePages bool
	// OffsetPageTokens makes page tokens name how many rows come before a page. Whoever
	// leaves moves the others up by one, and the first of the next page is in neither.
	// By default a token names a row, after which a page begins.
	OffsetPageTokens bool
	// OncePageTokens refuses a page token that was used before, as one that expired.
	OncePageTokens bool
	// NoLastToken leaves next_page_token out of a last page. By default it is "".
	NoLastToken bool

	// SoloReportMissing answers 404/3001 to the participants report of a meeting
	// with one participant. By default the report is empty.
	SoloReportMissing bool
	// ReportLag is how long after its end a meeting is missing in reports.
	ReportLag time.Duration

	// ForeignWords writes the messages of refusals in another language, whatever the
	// request asks for, as was seen live. Names of scopes and permissions stay.
	ForeignWords bool

	// OmitHeaders names headers that answers do not carry.
	OmitHeaders []string
}

// An InactivePatch is what a PATCH of a deactivated user does.
type InactivePatch int

// Refusing is the default; which one Zoom does is unconfirmed.
const (
	InactivePatchRefused InactivePatch = iota // 400/300
	InactivePatchIgnored                      // 204, and nothing changes
	InactivePatchApplied
)

// SetQuirks replaces all quirks.
func (s *Server) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = q
}

// or returns value, or fallback where it is zero.
func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
