package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
	"github.com/seatkit/zoom/examples/internal/clitest"
	"github.com/seatkit/zoom/zoomtest"
)

type row struct {
	Email, Name, License    string
	Hosted, Joined, Minutes int
	LastSeen                string `json:"last_seen"`
}

type meetingRow struct {
	Email, Name, License, Role, Topic, UUID, Start string
	Minutes                                        int
}

// account has a meeting of ann with bob, who comes twice, on two devices, and out
// of the waiting room, with a free user and a guest; and one of bob's with ann.
func account(t *testing.T) (server *zoomtest.Server, flags []string, start time.Time) {
	server, flags = clitest.Account(t)
	for _, u := range []zoom.User{
		{ID: "ann-id", Email: "ann@example.com", DisplayName: "Ann", Type: zoom.TypeLicensed},
		{ID: "bob-id", Email: "bob@example.com", DisplayName: "Bob", Type: zoom.TypeLicensed},
		{ID: "free-id", Email: "free@example.com", DisplayName: "Free", Type: zoom.TypeBasic},
		{ID: "idle-id", Email: "idle@example.com", DisplayName: "Idle", Type: zoom.TypeLicensed},
	} {
		server.AddUser(u)
	}
	start = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2).Add(9 * time.Hour)
	at := func(minutes int) *zoom.Time { return zoom.NewTime(start.Add(time.Duration(minutes) * time.Minute)) }
	server.AddPastMeeting(zoomtest.PastMeeting{
		UUID: "/ann//meeting/uuid0000==", HostID: "ann-id", Topic: "Plan", Start: start, End: start.Add(time.Hour),
		Participants: []zoom.Participant{
			{ParticipantUserID: "ann-id", JoinTime: at(0), LeaveTime: at(60), Status: zoom.ParticipantInMeeting},
			{ParticipantUserID: "bob-id", JoinTime: at(0), LeaveTime: at(5), Status: zoom.ParticipantInWaitingRoom},
			{ParticipantUserID: "bob-id", JoinTime: at(5), LeaveTime: at(20), Status: zoom.ParticipantInMeeting},
			{UserEmail: "Bob@example.com", JoinTime: at(15), LeaveTime: at(30), Status: zoom.ParticipantInMeeting},
			{ParticipantUserID: "bob-id", JoinTime: at(40), LeaveTime: at(50), Status: zoom.ParticipantInMeeting},
			{ParticipantUserID: "free-id", JoinTime: at(0), LeaveTime: at(60), Status: zoom.ParticipantInMeeting},
			{Name: "Guest", JoinTime: at(0), LeaveTime: at(60), Status: zoom.ParticipantInMeeting},
		},
	})
	server.AddPastMeeting(zoomtest.PastMeeting{
		UUID: "bob+meeting+uuid000000==", HostID: "bob-id", Topic: "Review", Start: start.Add(2 * time.Hour), End: start.Add(150 * time.Minute),
		Participants: []zoom.Participant{{ParticipantUserID: "bob-id"}, {ParticipantUserID: "ann-id"}},
	})
	return server, flags, start
}

func read(t *testing.T, args ...string) (rows []row, stderr string) {
	t.Helper()
	return readAs[row](t, args...)
}

func readAs[R any](t *testing.T, args ...string) (rows []R, stderr string) {
	t.Helper()
	var stdout, errors bytes.Buffer
	err := run(t.Context(), append(args, "-format", "json"), &stdout, &errors)
	if strings.Contains(errors.String(), "INCOMPLETE") {
		require.ErrorContains(t, err, "the result is incomplete")
	} else {
		require.NoError(t, err)
	}
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &rows))
	return rows, errors.String()
}

// A result that was cut short is shown, and replaces no file.
func TestFaultEX02PartialResultReplacesNoFile(t *testing.T) {
	_, flags, _ := account(t)
	path := filepath.Join(t.TempDir(), "access.csv")
	require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o600))
	var stdout, stderr bytes.Buffer
	require.ErrorContains(t, run(t.Context(), slices.Concat(flags, []string{"-limit", "2", "-format", "csv", "-o", path}), &stdout, &stderr), "incomplete")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "yesterday", string(content))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	assert.Contains(t, stderr.String(), "access.csv is not replaced.\n")
}

func TestWhoHostedAndJoined(t *testing.T) {
	_, flags, start := account(t)
	end := start.Add(150 * time.Minute).Format(time.RFC3339)
	want := []row{
		{"ann@example.com", "Ann", "Licensed", 1, 1, 90, end},
		{"bob@example.com", "Bob", "Licensed", 1, 1, 25 + 10 + 30, end},
		{"free@example.com", "Free", "Basic", 0, 1, 60, start.Add(time.Hour).Format(time.RFC3339)},
	}
	rows, stderr := read(t, slices.Concat(flags, []string{"-include-free", "yes"})...)
	assert.Equal(t, want, rows)
	assert.Contains(t, stderr, ": 3 people hosted or joined, in 2 meetings with participants.\n"+
		"Not counted: 1 stays of people who are not in the account.\n")
	assert.NotContains(t, stderr, "left out")

	rows, stderr = read(t, slices.Concat(flags, []string{"-days", "180", "-include-free", "no"})...)
	assert.Equal(t, want[:2], rows)
	assert.Contains(t, stderr, "1 free users who did are left out.\n")

	rows, _ = read(t, slices.Concat(flags, []string{"-days", "1"})...)
	assert.Empty(t, rows, "the meetings were the day before yesterday")
}

func TestMeetings(t *testing.T) {
	server, flags, start := account(t)
	plan, review := "/ann//meeting/uuid0000==", "bob+meeting+uuid000000=="
	first, second := start.Format(time.RFC3339), start.Add(2*time.Hour).Format(time.RFC3339)
	want := []meetingRow{
		{"ann@example.com", "Ann", "Licensed", "hosted", "Plan", plan, first, 60},
		{"ann@example.com", "Ann", "Licensed", "joined", "Review", review, second, 30},
		{"bob@example.com", "Bob", "Licensed", "joined", "Plan", plan, first, 25 + 10},
		{"bob@example.com", "Bob", "Licensed", "hosted", "Review", review, second, 30},
		{"free@example.com", "Free", "Basic", "joined", "Plan", plan, first, 60},
	}
	flags = append(flags, "-meetings")
	rows, stderr := readAs[meetingRow](t, flags...)
	assert.Equal(t, want, rows)
	assert.Contains(t, stderr, ": 3 people hosted or joined, in 2 meetings with participants.\n")
	assert.NotContains(t, stderr, "Without a row")

	// One listing of hosts and one of meetings: no participants are read.
	rows, stderr = readAs[meetingRow](t, slices.Concat(flags, []string{"-limit", "2", "-include-free", "no"})...)
	require.Len(t, rows, 1, "who hosted is known")
	assert.Equal(t, []any{"hosted", 0}, []any{rows[0].Role, rows[0].Minutes})
	assert.Contains(t, stderr, "Without a row: 1 meetings that these people hosted.\nINCOMPLETE: after -limit 2 requests ")

	server.AddPastMeeting(zoomtest.PastMeeting{HostID: "idle-id", Start: start, End: start.Add(time.Hour)})
	rows, stderr = readAs[meetingRow](t, flags...)
	assert.Equal(t, want, rows, "nobody else came")
	assert.Contains(t, stderr, "Without a row: 1 meetings that these people hosted.\n")

	for format, line := range map[string]string{
		"csv":   "bob@example.com,Bob,Licensed,hosted,Review," + review + "," + second + ",30\n",
		"table": "EMAIL             NAME  LICENSE   ROLE    TOPIC   UUID                      START                 MINUTES\n",
	} {
		var stdout, errors bytes.Buffer
		require.NoError(t, run(t.Context(), slices.Concat(flags, []string{"-format", format}), &stdout, &errors))
		assert.Contains(t, stdout.String(), line)
	}
}

func TestLimitSaysWhatIsLeftOut(t *testing.T) {
	_, flags, _ := account(t)
	for limit, want := range map[string]string{
		"1": "INCOMPLETE: after -limit 1 requests the meetings of 2 hosts and the participants of 0 meetings were left out;\n",
		"2": "INCOMPLETE: after -limit 2 requests the meetings of 1 hosts and the participants of 1 meetings were left out;\n",
		"4": "INCOMPLETE: after -limit 4 requests the meetings of 0 hosts and the participants of 1 meetings were left out;\n",
	} {
		rows, stderr := read(t, slices.Concat(flags, []string{"-limit", limit, "-include-free", "no"})...)
		assert.Len(t, rows, 2, "who hosted is known")
		assert.Contains(t, stderr, want)
	}
	_, stderr := read(t, slices.Concat(flags, []string{"-limit", "5"})...)
	assert.NotContains(t, stderr, "INCOMPLETE")
}

func TestReportThatIsNotThere(t *testing.T) {
	server, flags, _ := account(t)
	server.Inject(zoomtest.Failure(404, 3001, "Meeting not found or has expired.").On("GET", "/report/meetings/{meetingId}/participants"))
	server.Inject(zoomtest.Failure(404, 1001, "User does not exist.").On("GET", "/report/users/{userId}/meetings").After(1))
	_, stderr := read(t, flags...)
	assert.Contains(t, stderr, "Zoom has no report, or none yet, of 1 hosts and 1 meetings.\n")
}

func TestFailureWritesNothing(t *testing.T) {
	for _, route := range []string{"/users", "/report/users", "/report/users/{userId}/meetings", "/report/meetings/{meetingId}/participants"} {
		server, flags, _ := account(t)
		server.Inject(zoomtest.MissingScope("some:scope").On("GET", route).Repeat(-1))
		var stdout, stderr bytes.Buffer
		require.ErrorIs(t, run(t.Context(), flags, &stdout, &stderr), zoom.ErrScope, route)
		assert.Empty(t, stdout.String())
	}
}

func TestDemo(t *testing.T) {
	clitest.NoCredentials(t)
	rows, stderr := readAs[map[string]any](t, "-demo", "-days", "7")
	assert.NotEmpty(t, rows)
	for _, row := range rows {
		assert.Equal(t, "invented", row["demo"])
	}
	assert.Contains(t, stderr, "DEMO: ")
}

func TestUsage(t *testing.T) {
	clitest.NoCredentials(t)
	for _, args := range [][]string{nil, {"-days", "0"}, {"-days", "181"}, {"-limit", "-1"}, {"-include-free", "maybe"}, {"argument"}} {
		var stdout, stderr bytes.Buffer
		var usage *cli.UsageError
		require.ErrorAs(t, run(t.Context(), args, &stdout, &stderr), &usage, "%q", args)
	}
}

func TestAttendance(t *testing.T) {
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	at := func(minutes int) *zoom.Time { return zoom.NewTime(start.Add(time.Duration(minutes) * time.Minute)) }
	for name, tt := range map[string]struct {
		stays   []zoom.Participant
		minutes int
		last    *zoom.Time
	}{
		"none":             {},
		"inside another":   {[]zoom.Participant{{JoinTime: at(5), LeaveTime: at(10)}, {JoinTime: at(0), LeaveTime: at(30)}}, 30, at(30)},
		"overlap":          {[]zoom.Participant{{JoinTime: at(20), LeaveTime: at(40)}, {JoinTime: at(0), LeaveTime: at(30)}}, 40, at(40)},
		"one after other":  {[]zoom.Participant{{JoinTime: at(0), LeaveTime: at(10)}, {JoinTime: at(10), LeaveTime: at(20)}}, 20, at(20)},
		"gap":              {[]zoom.Participant{{JoinTime: at(0), LeaveTime: at(10)}, {JoinTime: at(50), LeaveTime: at(60)}}, 20, at(60)},
		"no leave time":    {[]zoom.Participant{{JoinTime: at(0), LeaveTime: new(zoom.Time), Duration: 600}}, 10, at(10)},
		"no join time":     {[]zoom.Participant{{LeaveTime: at(10), Duration: 300}}, 5, at(10)},
		"no time at all":   {[]zoom.Participant{{Duration: 300}}, 0, nil},
		"left before join": {[]zoom.Participant{{JoinTime: at(10), LeaveTime: at(0)}}, 0, at(0)},
	} {
		t.Run(name, func(t *testing.T) {
			v := &visit{}
			for i := range tt.stays {
				v.add(&tt.stays[i])
			}
			minutes, last := attendance(v.stays)
			assert.Equal(t, tt.minutes, minutes)
			assert.Equal(t, tt.last.Time(), last)
		})
	}
}
