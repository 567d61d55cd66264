package zoom

// A Meeting is one row of [MeetingsService.List]: a meeting that is scheduled,
// live or past and not yet expired. Instant meetings are not in it.
type Meeting struct {
	UUID      string `json:"uuid" zoom:"strict"`
	ID        int64  `json:"id" zoom:"strict"`
	HostID    string `json:"host_id" zoom:"strict"`
	Topic     string `json:"topic,omitzero"`
	Agenda    string `json:"agenda,omitzero"`    // cut at 250 characters
	Type      int    `json:"type" zoom:"strict"` // 1 instant, 2 scheduled, 3 recurring without fixed time, 8 recurring with fixed time
	StartTime *Time  `json:"start_time,omitzero"`
	Duration  int    `json:"duration,omitzero"` // minutes
	Timezone  string `json:"timezone,omitzero"`
	CreatedAt *Time  `json:"created_at,omitzero"`
	JoinURL   string `json:"join_url,omitzero"`
	PMI       string `json:"pmi,omitzero"` // only for meetings with the personal meeting id

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}

// A MeetingInstance is one past occurrence of a meeting.
type MeetingInstance struct {
	UUID      string `json:"uuid" zoom:"strict"`
	StartTime *Time  `json:"start_time,omitzero"`

	UnreadFields []string `json:"unread_fields,omitzero"` // as in [User]
}
