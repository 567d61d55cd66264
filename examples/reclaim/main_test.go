package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
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

func account(t *testing.T) (server *zoomtest.Server, flags []string) {
	server, flags = clitest.Account(t)
	for _, u := range []zoom.User{
		{ID: "-ann_0000000000000000w", Email: "ann@example.com", Type: zoom.TypeLicensed},
		{Email: "bob@example.com", Type: zoom.TypeLicensed},
		{Email: "boss@example.com", Type: zoom.TypeLicensed, RoleID: zoom.RoleAdmin},
		{Email: "gone@example.com", Type: zoom.TypeBasic, Status: zoom.StatusInactive},
	} {
		server.AddUser(u)
	}
	return server, flags
}

func writes(server *zoomtest.Server) (routes []string) {
	for _, r := range server.Requests() {
		if r.Method != http.MethodGet && r.Route != "/oauth/token" {
			routes = append(routes, r.Method+" "+r.Route)
		}
	}
	return routes
}

func TestDryRun(t *testing.T) {
	server, flags := account(t)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), append(flags, "ann@example.com", "gone@example.com"), &stdout, &stderr))
	assert.Equal(t, `ann@example.com: deactivate, dry run
  before  active, type 2, Licensed
  after   would be inactive, without licences
gone@example.com: deactivate, already reclaimed
  before  inactive, type 1, Basic
`, stdout.String())
	assert.Equal(t, "Dry run: nothing is changed without -apply.\n", stderr.String())
	assert.Empty(t, writes(server))
}

func TestApply(t *testing.T) {
	for method, want := range map[string]struct{ after, write string }{
		"deactivate": {"inactive, type 1, Basic", "PUT /users/{userId}/status"},
		"downgrade":  {"active, type 1, Basic", "PATCH /users/{userId}"},
	} {
		t.Run(method, func(t *testing.T) {
			server, flags := account(t)
			var stdout, stderr bytes.Buffer
			flags = append(flags, "-apply", "-method", method, "--", "-ann_0000000000000000w", "bob@example.com")
			require.NoError(t, run(t.Context(), flags, &stdout, &stderr))
			for _, email := range []string{"ann@example.com", "bob@example.com"} {
				assert.Contains(t, stdout.String(), email+": "+method+", reclaimed\n  before  active, type 2, Licensed\n  after   "+want.after+"\n")
			}
			assert.Empty(t, stderr.String())
			assert.Equal(t, []string{want.write, want.write}, writes(server))
		})
	}
}

func TestOneProtectedUserDoesNotStopTheRun(t *testing.T) {
	server, flags := account(t)
	var stdout, stderr bytes.Buffer
	flags = append(flags, "-apply", "boss@example.com", "nobody@example.com", "ann@example.com")
	require.EqualError(t, run(t.Context(), flags, &stdout, &stderr), "2 of 3 users cannot be reclaimed or were not")
	assert.Contains(t, stdout.String(), "boss@example.com: deactivate, protected\n  before  active, type 2, Licensed\n  error   ")
	assert.Contains(t, stdout.String(), "nobody@example.com: deactivate, unknown\n  error   ")
	assert.Contains(t, stdout.String(), "ann@example.com: deactivate, reclaimed\n")
	assert.Len(t, writes(server), 1)
}

func TestErrorsOfAllUsersStopTheRun(t *testing.T) {
	for name, tt := range map[string]struct {
		fault zoomtest.Fault
		want  error
	}{
		"scope":       {zoomtest.MissingScope("user:update:status:admin"), zoom.ErrScope},
		"token":       {zoomtest.Unauthorized().Repeat(-1), zoom.ErrUnauthorized},
		"daily limit": {zoomtest.DailyLimit(zoomtest.NewServer().Now().AddDate(0, 0, 1)), zoom.ErrDailyLimit},
	} {
		t.Run(name, func(t *testing.T) {
			server, flags := account(t)
			server.Inject(tt.fault.On("PUT", "/users/{userId}/status"))
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), append(flags, "-apply", "ann@example.com", "bob@example.com"), &stdout, &stderr)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, "stopped, 1 of 2 users were not tried: ")
			assert.NotContains(t, stdout.String(), "bob@example.com")
			bob, _ := server.User("bob@example.com")
			assert.Equal(t, zoom.StatusActive, bob.Status)
		})
	}
}

func TestInterrupted(t *testing.T) {
	server, flags := account(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	err := run(ctx, append(flags, "-apply", "ann@example.com", "bob@example.com"), &stdout, &stderr)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, writes(server))
}

func TestReportSaysFirstWhatIsNotKnown(t *testing.T) {
	for err, note := range map[error]string{
		errors.Join(zoom.ErrOutcomeUnknown, zoom.ErrForbidden, zoom.ErrNotApplied): "it is not known whether the user was changed",
		zoom.ErrNotApplied: "did not make all of it",
		zoom.ErrForbidden:  "",
	} {
		var b strings.Builder
		require.NoError(t, report(&b, "ann@example.com", &zoom.ReclaimResult{}, err))
		before, _, _ := strings.Cut(b.String(), "  error   ")
		assert.Equal(t, note != "", strings.Contains(before, "  note    "), b.String())
		assert.Contains(t, before, note)
	}
}

func TestDemoChoosesUsers(t *testing.T) {
	clitest.NoCredentials(t)
	for _, args := range [][]string{{"-demo"}, {"-demo", "-apply"}, {"-demo", "-apply", "-method", "downgrade"}} {
		var stdout, stderr bytes.Buffer
		require.NoError(t, run(t.Context(), args, &stdout, &stderr))
		assert.Equal(t, chosen, strings.Count(stdout.String(), "  after   "), stdout.String())
		assert.True(t, strings.HasPrefix(stdout.String(), "DEMO: all of these people are invented.\n"))
		assert.Contains(t, stderr.String(), "No user is named: these have a licence and the oldest sign-ins.\n")
	}
}

func TestFaultEX01NothingWithoutCredentials(t *testing.T) {
	clitest.NoCredentials(t)
	for _, args := range [][]string{nil, {"-apply"}, {"ann@example.com"}, {"-apply", "ann@example.com"}} {
		var stdout, stderr bytes.Buffer
		var usage *cli.UsageError
		require.ErrorAs(t, run(t.Context(), args, &stdout, &stderr), &usage, "%q", args)
		assert.Empty(t, stdout.String())
	}
}

func TestUsage(t *testing.T) {
	_, flags := account(t)
	for _, args := range [][]string{
		{},
		{"-method", "delete", "ann@example.com"},
		{"ann@example.com", "-apply"},
	} {
		var stdout, stderr bytes.Buffer
		var usage *cli.UsageError
		require.ErrorAs(t, run(t.Context(), slices.Concat(flags, args), &stdout, &stderr), &usage, "%q", args)
	}
}
