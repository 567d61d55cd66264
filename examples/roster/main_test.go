package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/cli"
	"github.com/seatkit/zoom/examples/internal/clitest"
	"github.com/seatkit/zoom/zoomtest"
)

type row struct {
	Email, Name, Dept, License, Status, ID string
	LastSignIn                             *string `json:"last_sign_in"`
}

func TestJSONEqualsTheAccount(t *testing.T) {
	server, flags := clitest.Account(t, zoomtest.WithUsers(700, 3))
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), append(flags, "-format", "json", "-include-free", "Yes"), &stdout, &stderr))
	var rows []row
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &rows))
	want := server.Roster()
	require.Len(t, rows, len(want))
	for i := range want {
		assert.Equal(t, want[i].Email, rows[i].Email)
		assert.Equal(t, want[i].ID, rows[i].ID)
		assert.Equal(t, string(want[i].Status), rows[i].Status)
		assert.Equal(t, zoom.LicenseOf(&want[i]).String(), rows[i].License)
		if want[i].LastLoginTime.IsZero() {
			assert.Nil(t, rows[i].LastSignIn)
		} else {
			assert.Equal(t, want[i].LastLoginTime.String(), *rows[i].LastSignIn)
		}
	}
	assert.True(t, strings.HasPrefix(stderr.String(), "700 users are listed.\n"), stderr.String())
	assert.NotContains(t, stderr.String(), "left out")
}

func smallAccount(t *testing.T) (server *zoomtest.Server, flags []string) {
	server, flags = clitest.Account(t)
	for _, u := range []zoom.User{
		{Email: "paid@example.com", DisplayName: "Paid", Type: zoom.TypeLicensed},
		{Email: "formula@example.com", DisplayName: "=1+1", Type: zoom.TypeOnPrem},
		{Email: "odd@example.com", FirstName: "Odd", LastName: "One", Type: 7},
		{Email: "free@example.com", Type: zoom.TypeBasic},
		{Email: "gone@example.com", Type: zoom.TypeBasic, Status: zoom.StatusInactive},
		{Email: "new@example.com", Type: zoom.TypeLicensed, Status: zoom.StatusPending},
	} {
		server.AddUser(u)
	}
	return server, flags
}

func TestIncludeFree(t *testing.T) {
	_, flags := smallAccount(t)
	paid := []string{"new@example.com", "paid@example.com", "formula@example.com", "odd@example.com"}
	all := slices.Concat(paid, []string{"free@example.com", "gone@example.com"})
	for _, tt := range []struct {
		args    []string
		want    []string
		summary string
	}{
		{nil, all, "6 users are listed.\nOf"},
		{[]string{"-include-free", "no"}, paid, "4 users are listed.\n2 more are free users and left out.\nOf the users listed:\n" +
			"      1 Licensed\n      1 On-Prem\n      1 Unknown\n      1 invited and not yet accepted, of any licence\n"},
		{[]string{"-include-free="}, paid, "4 users are listed.\n2 more "},
		{[]string{"-include-free", "NO"}, paid, "4 users are listed.\n2 more "},
		{[]string{"-include-free", "yes"}, all, "6 users are listed.\nOf the users listed:\n      1 Licensed\n      1 On-Prem\n      2 Basic\n      1 Unknown\n" +
			"      1 invited and not yet accepted, of any licence\nDeactivated users are in the counts above: 1.\n"},
		{[]string{"-include-free", "yes", "-status", "inactive, Active"}, all[1:], "5 users are listed, only active and inactive.\n"},
		{[]string{"-status", "pending", "-include-free", "no"}, paid[:1], "1 users are listed, only pending.\n"},
	} {
		var stdout, stderr bytes.Buffer
		require.NoError(t, run(t.Context(), slices.Concat(flags, []string{"-format", "csv"}, tt.args), &stdout, &stderr), "%q", tt.args)
		records, err := csv.NewReader(&stdout).ReadAll()
		require.NoError(t, err)
		var emails []string
		for _, record := range records[1:] {
			emails = append(emails, record[0])
		}
		assert.Equal(t, tt.want, emails, "%q", tt.args)
		assert.True(t, strings.HasPrefix(stderr.String(), tt.summary), "%q: %s", tt.args, stderr.String())
	}
}

func TestTableHasTheSummaryBelow(t *testing.T) {
	_, flags := smallAccount(t)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), flags, &stdout, &stderr))
	lines := strings.Split(stdout.String(), "\n")
	assert.Regexp(t, `^EMAIL +NAME +DEPT +LICENSE +STATUS +LAST SIGN IN +ID$`, lines[0])
	assert.Regexp(t, `^formula@example\.com +=1\+1 +- +On-Prem +active +- +\S{22}$`, lines[3])
	assert.Equal(t, "6 users are listed.", lines[8])
	assert.Empty(t, stderr.String())
}

func TestFormulaInCSV(t *testing.T) {
	_, flags := smallAccount(t)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), append(flags, "-format", "csv"), &stdout, &stderr))
	assert.Contains(t, stdout.String(), "formula@example.com,'=1+1,")
}

// The roster of yesterday stays unless today's is complete, whatever the reason.
func TestFileStaysWhenIncomplete(t *testing.T) {
	for name, fail := range map[string]func(server *zoomtest.Server, cancel context.CancelFunc){
		"refused": func(server *zoomtest.Server, _ context.CancelFunc) {
			server.Inject(zoomtest.Failure(403, 0, "No.").On("GET", "/users").After(2).Repeat(-1))
		},
		"rows missing": func(server *zoomtest.Server, _ context.CancelFunc) {
			server.OnPage(func(p *zoomtest.Page) { p.Total += 1000 })
		},
		"interrupted": func(server *zoomtest.Server, cancel context.CancelFunc) {
			server.OnPage(func(p *zoomtest.Page) {
				if !p.First {
					cancel()
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, flags := clitest.Account(t, zoomtest.WithUsers(700, 1))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			fail(server, cancel)
			path := filepath.Join(t.TempDir(), "roster.csv")
			require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o600))
			var stdout, stderr bytes.Buffer
			err := run(ctx, append(flags, "-format", "csv", "-o", path), &stdout, &stderr)
			require.ErrorContains(t, err, "the roster is incomplete: ")

			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "yesterday", string(content))
			entries, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			assert.Len(t, entries, 1, "the temporary file is gone")
			assert.Empty(t, stdout.String())
			assert.Empty(t, stderr.String(), "no summary of a part")
		})
	}
}

func TestFileReplacedWhenComplete(t *testing.T) {
	_, flags := smallAccount(t)
	path := filepath.Join(t.TempDir(), "roster.json")
	require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o600))
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), append(flags, "-format", "json", "-o", path), &stdout, &stderr))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var rows []row
	require.NoError(t, json.Unmarshal(content, &rows))
	assert.Len(t, rows, 6)
	assert.Empty(t, stdout.String())
	assert.Contains(t, stderr.String(), "6 users are listed.\n")
}

// As a mock server does that answers every request with the same example.
func TestEndlessListing(t *testing.T) {
	server, flags := smallAccount(t)
	server.OnPage(func(p *zoomtest.Page) { p.Next = p.Token })
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), append(flags, "-format", "json"), &stdout, &stderr)
	require.ErrorIs(t, err, zoom.ErrPageLoop)
	require.ErrorContains(t, err, "the roster is incomplete")
	assert.Contains(t, stdout.String(), `"email": "new@example.com"`, "the rows so far are shown")
	assert.False(t, json.Valid(stdout.Bytes()), "and nobody takes them for the whole")
}

func TestAccessTokenIsEnough(t *testing.T) {
	server, flags := smallAccount(t)
	clitest.NoCredentials(t)
	t.Setenv("ZOOM_ACCESS_TOKEN", server.IssueToken())
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), flags[:2], &stdout, &stderr))
	assert.Contains(t, stdout.String(), "paid@example.com")

	t.Setenv("ZOOM_ACCESS_TOKEN", "x")
	require.ErrorIs(t, run(t.Context(), flags[:2], &stdout, &stderr), zoom.ErrUnauthorized)
}

func TestDemo(t *testing.T) {
	clitest.NoCredentials(t)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-demo", "-include-free", "yes"}, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "\nDEMO: all of these people are invented.\n1200 users are listed.\n")
	assert.Equal(t, "DEMO: this is an invented account of 1200 people inside the program, and no real Zoom.\n", stderr.String())
}

// A job whose credentials are gone writes nothing: not even with -o.
func TestFaultEX01NightlyJobWithoutCredentials(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"none": {}, "empty token": {"ZOOM_ACCESS_TOKEN": ""}, "a part": {"ZOOM_ACCOUNT_ID": "a"},
		"empty": {"ZOOM_ACCOUNT_ID": "", "ZOOM_CLIENT_ID": "", "ZOOM_CLIENT_SECRET": ""},
	} {
		t.Run("EX01 "+name, func(t *testing.T) {
			clitest.NoCredentials(t)
			for key, value := range env {
				t.Setenv(key, value)
			}
			path := filepath.Join(t.TempDir(), "roster.csv")
			require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o664))
			var stdout, stderr bytes.Buffer
			var usage *cli.UsageError
			require.ErrorAs(t, run(t.Context(), []string{"-format", "csv", "-o", path}, &stdout, &stderr), &usage, "exit status 2")
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "yesterday", string(content))
			assert.Empty(t, stdout.String())
		})
	}
}

// What a demonstration wrote is not taken for a real roster, whatever the format.
func TestFaultEX01DemoSaysSoInTheData(t *testing.T) {
	clitest.NoCredentials(t)
	for _, format := range []string{"table", "csv", "json"} {
		t.Run("EX01 "+format, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.NoError(t, run(t.Context(), []string{"-demo", "-format", format}, &stdout, &stderr))
			marked := strings.Count(stdout.String(), "invented")
			assert.GreaterOrEqual(t, marked, 1200, "every row")
			assert.Contains(t, stderr.String(), "DEMO: ")
		})
	}
}

func TestUsage(t *testing.T) {
	clitest.NoCredentials(t)
	for _, args := range [][]string{
		{"-include-free", "maybe"},
		{"-format", "xml"},
		{"-status", "active,deleted"},
		{"-status", ""},
		{"-bogus"},
		{"argument"},
		{"-base-url", "http://127.0.0.1:1"},
	} {
		var stdout, stderr bytes.Buffer
		var usage *cli.UsageError
		require.ErrorAs(t, run(t.Context(), args, &stdout, &stderr), &usage, "%q", args)
		assert.Empty(t, stdout.String())
	}
	var stdout, stderr bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, &stdout, &stderr), flag.ErrHelp)
	assert.Contains(t, stderr.String(), "usage: roster [flags]")
}

func TestPartialCredentials(t *testing.T) {
	clitest.NoCredentials(t)
	t.Setenv("ZOOM_ACCOUNT_ID", "a")
	t.Setenv("ZOOM_CLIENT_ID", "b")
	var stdout, stderr bytes.Buffer
	require.ErrorContains(t, run(t.Context(), nil, &stdout, &stderr), "ZOOM_CLIENT_SECRET")
	assert.Empty(t, stdout.String())
}
