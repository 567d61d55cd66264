package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/examples/internal/cli"
	"github.com/seatkit/zoom/examples/internal/clitest"
)

// asMain makes the test binary a program that ends as the variable says.
const asMain = "CLI_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	ending := os.Getenv(asMain)
	if ending == "" {
		os.Exit(m.Run())
	}
	cli.Main(func(ctx context.Context, _ []string, _, _ io.Writer) error {
		switch ending {
		case "help":
			return flag.ErrHelp
		case "usage":
			return cli.Usagef("bad flag")
		case "error":
			return errors.New("it failed")
		case "interrupt":
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			if err := self.Signal(os.Interrupt); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		default:
			return nil
		}
	})
}

func TestMainExitStatus(t *testing.T) {
	for ending, want := range map[string]struct {
		status int
		stderr string
	}{
		"success":   {0, ""},
		"help":      {0, ""},
		"usage":     {2, "error: bad flag (-h shows the flags)\n"},
		"error":     {1, "error: it failed\n"},
		"interrupt": {1, "error: context canceled\n"},
	} {
		t.Run(ending, func(t *testing.T) {
			program := exec.Command(os.Args[0])
			program.Env = append(os.Environ(), asMain+"="+ending)
			var stderr bytes.Buffer
			program.Stderr = &stderr
			err := program.Run()
			if want.status == 0 {
				require.NoError(t, err)
			}
			assert.Equal(t, want.status, program.ProcessState.ExitCode())
			assert.Equal(t, want.stderr, stderr.String())
		})
	}
}

func TestParse(t *testing.T) {
	newFlags := func() *flag.FlagSet {
		flags := cli.Flags("program", "[flags] name ...")
		flags.Bool("apply", false, "do it")
		flags.String("method", "", "how")
		return flags
	}
	var stderr bytes.Buffer
	require.ErrorIs(t, cli.Parse(newFlags(), []string{"-h"}, &stderr), flag.ErrHelp)
	assert.Contains(t, stderr.String(), "usage: program [flags] name ...\n  -apply\n")

	stderr.Reset()
	var usage *cli.UsageError
	require.ErrorAs(t, cli.Parse(newFlags(), []string{"-bogus"}, &stderr), &usage)
	assert.Empty(t, stderr.String(), "the error is told once, by Main")

	for _, tt := range []struct {
		args []string
		ok   bool
	}{
		{[]string{"-apply", "ann@example.com"}, true},
		{[]string{"--", "-gbbm4KGTsSvL5zmELDJdw"}, true},
		{[]string{"ann@example.com", "-apply"}, false},
		{[]string{"ann@example.com", "--method=downgrade"}, false},
	} {
		flags := newFlags()
		require.NoError(t, cli.Parse(flags, tt.args, &stderr))
		assert.Equal(t, tt.ok, cli.FlagsFirst(flags) == nil, "%q", tt.args)
		require.ErrorAs(t, cli.NoArguments(flags), &usage)
	}
}

const demoText = "DEMO: this is an invented account of 1200 people inside the program, and no real Zoom.\n"

func TestConnect(t *testing.T) {
	const base = "http://127.0.0.1:1/v2"
	for _, tt := range []struct {
		name    string
		env     map[string]string
		baseURL string
		demo    bool
		stderr  string
		err     string // of wrong usage, unless it begins with "zoom:"
	}{
		{name: "demo", demo: true, stderr: demoText},
		{name: "demo beside credentials", demo: true, env: map[string]string{"ZOOM_ACCESS_TOKEN": "x"}, stderr: demoText},
		{name: "demo at an address", demo: true, baseURL: base, err: "-demo works on an invented account: it takes no -base-url and no -token-url"},
		{
			name: "EX01 nothing",
			err:  "no credentials: set ZOOM_ACCESS_TOKEN, or ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET; -demo shows the program on an invented account",
		},
		{name: "token", env: map[string]string{"ZOOM_ACCESS_TOKEN": "x"}, baseURL: base},
		{name: "server to server", env: map[string]string{"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "b", "ZOOM_CLIENT_SECRET": "c"}, baseURL: base},
		{
			name: "token before others", env: map[string]string{"ZOOM_ACCESS_TOKEN": "x", "ZOOM_CLIENT_ID": "b"},
			stderr: "ZOOM_ACCESS_TOKEN is used; ZOOM_CLIENT_ID not.\n",
		},
		{
			name: "two of three", env: map[string]string{"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_SECRET": "c"},
			err: "the credentials are incomplete: ZOOM_CLIENT_ID not set or empty",
		},
		{
			name: "all empty", env: map[string]string{"ZOOM_ACCOUNT_ID": "", "ZOOM_CLIENT_ID": " ", "ZOOM_CLIENT_SECRET": ""},
			err: "the credentials are incomplete: ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET not set or empty",
		},
		{name: "empty token", env: map[string]string{"ZOOM_ACCESS_TOKEN": ""}, err: "ZOOM_ACCESS_TOKEN is empty"},
		{
			name: "address without credentials", baseURL: base,
			err: "no credentials: set ZOOM_ACCESS_TOKEN, or ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET; -demo shows the program on an invented account",
		},
		{
			name: "address without encryption", env: map[string]string{"ZOOM_ACCESS_TOKEN": "x"}, baseURL: "http://zoom.example.com",
			err: "zoom: base URL: want https, or http on loopback: invalid argument",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clitest.NoCredentials(t)
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			var stderr bytes.Buffer
			account := &cli.Account{BaseURL: tt.baseURL, Demo: tt.demo}
			defer account.Close()
			client, err := account.Connect(&stderr)
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				var usage *cli.UsageError
				assert.Equal(t, !strings.HasPrefix(tt.err, "zoom:"), errors.As(err, &usage))
				assert.Empty(t, stderr.String())
				return
			}
			require.NoError(t, err)
			assert.NotNil(t, client)
			assert.Equal(t, tt.stderr, stderr.String())
		})
	}
}
