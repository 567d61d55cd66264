package zoom

import "time"

// A Participant is one stay of one person in one meeting. Leaving and coming
// back, breakout rooms and second devices each make a row of their own: add up
// by ParticipantUserID, else by UserEmail, else by Name.
type Participant struct {
	ParticipantUserID string `json:"participant_user_id" zoom:"strict"` // the Zoom user id; empty for a guest
	ID                string `json:"id" zoom:"strict"`                  // the same value, being removed by Zoom
	UserID            string `json:"user_id"`                           // of this join only: changes on every rejoin
	Name              string `json:"name"`                              // empty on accounts under a BAA
	UserEmail         string `json:"user_email" zoom:"strict"`          // empty for people outside of the host's account
	JoinTime          *Time  `json:"join_time,omitzero"`
	LeaveTime         *Time  `json:"leave_time,omitzero"`
	Duration          int    `json:"duration"`                      // seconds, of this stay
	Status            string `json:"status,omitzero" zoom:"strict"` // ParticipantInMeeting, ParticipantInWaitingRoom
	RegistrantID      string `json:"registrant_id,omitzero"`
	BreakoutRoomID    string `json:"bo_mtg_id,omitzero"`
	CustomerKey       string `json:"customer_key,omitzero"`
	Failover          bool   `json:"failover"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// What Participant.Status can say. A stay in the waiting room is no attendance.
const (
	ParticipantInMeeting     = "in_meeting"
	ParticipantInWaitingRoom = "in_waiting_room"
)

// A Host is one row of the active or inactive hosts report: one person in one
// window of at most a month.
type Host struct {
	ID               string            `json:"id" zoom:"strict"`
	Email            string            `json:"email" zoom:"strict"`
	UserName         string            `json:"user_name"`
	Dept             string            `json:"dept"`
	Type             UserType          `json:"type" zoom:"strict"`
	Meetings         int               `json:"meetings"`        // hosted in the window
	MeetingMinutes   int               `json:"meeting_minutes"` // of those meetings
	Participants     int               `json:"participants"`    // in those meetings
	CustomAttributes []CustomAttribute `json:"custom_attributes,omitzero"`

	From time.Time `json:"-"` // first day of the window, 00:00 UTC
	To   time.Time `json:"-"` // last day of the window, 00:00 UTC, inclusive

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A ReportMeeting is one meeting or webinar of a user's meeting report. Only
// those with two or more different participants are in it.
type ReportMeeting struct {
	UUID                       string      `json:"uuid" zoom:"strict"`
	ID                         int64       `json:"id" zoom:"strict"`
	Topic                      string      `json:"topic"`
	Type                       int         `json:"type" zoom:"strict"`
	StartTime                  *Time       `json:"start_time,omitzero"`
	EndTime                    *Time       `json:"end_time,omitzero"`
	Duration                   int         `json:"duration"`           // minutes
	TotalMinutes               int         `json:"total_minutes"`      // summed over the participants
	ParticipantsCount          int         `json:"participants_count"` // different participants
	ParticipantsCountMyAccount int         `json:"participants_count_my_account"`
	UserEmail                  string      `json:"user_email" zoom:"strict"`
	UserName                   string      `json:"user_name"`
	Source                     string      `json:"source,omitzero"`
	CustomKeys                 []CustomKey `json:"custom_keys,omitzero"`
	SessionKey                 string      `json:"session_key,omitzero"`
	HostOrganization           string      `json:"host_organization,omitzero"`
	HostName                   string      `json:"host_name,omitzero"`
	HasScreenShare             bool        `json:"has_screen_share"`
	HasRecording               bool        `json:"has_recording"`
	HasChat                    bool        `json:"has_chat"`
	MeetingEncryptionStatus    int         `json:"meeting_encryption_status,omitzero"` // 1 end-to-end, 2 enhanced

	// Zoom writes these without a zone and does not say which one is meant: read
	// as UTC, with the text as sent in Raw.

	ScheduleTime        *Time `json:"schedule_time,omitzero"`
	JoinWaitingRoomTime *Time `json:"join_waiting_room_time,omitzero"`
	JoinTime            *Time `json:"join_time,omitzero"`
	LeaveTime           *Time `json:"leave_time,omitzero"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A CustomKey is a pair that an application attached to a meeting.
type CustomKey struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A SignIn is one row of the sign-in and sign-out report.
type SignIn struct {
	Email      string `json:"email" zoom:"strict"`
	Time       *Time  `json:"time,omitzero"`
	Type       string `json:"type" zoom:"strict"` // "Sign in" or "Sign out"
	IPAddress  string `json:"ip_address"`
	ClientType string `json:"client_type"`
	Version    string `json:"version"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}
