// Command contract checks the client and the fake against Zoom's own API
// description, with a program that is not ours in between: Prism.
//
//	go run ./internal/test/contract [-spec file]... [-prism command] [-timeout 3m]
//
// First it calls every endpoint method of the client against Prism's mock and
// fails on any request that the description does not allow and on any member of
// an answer that the types lose. Then it puts Prism's validating proxy in front
// of zoomtest, runs the client over it and fails on any answer of the fake that
// the description does not allow. Known defects of the description are listed by
// name in defects.go; nothing else is let through.
//
// The built-in description holds the structure of Zoom's only: paths, names,
// types, enumerations. With -spec it can be run on files fresh from Zoom, which
// has one for each product.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed testdata/zoom-openapi.json
var builtin []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("contract", flag.ContinueOnError)
	flags.SetOutput(stderr)
	command := flags.String("prism", "npx --yes @stoplight/prism-cli@5.16.0", "how to start Prism")
	timeout := flags.Duration("timeout", 3*time.Minute, "limit of the whole check")
	var files [][]byte
	flags.Func("spec", "API description instead of the built-in one; may be given several times", func(name string) error {
		data, err := os.ReadFile(name) //nolint:gosec // the maintainer's own argument
		files = append(files, data)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(files) == 0 {
		files = [][]byte{builtin}
	}
	prismCommand := strings.Fields(*command)
	if len(prismCommand) == 0 || flags.NArg() > 0 {
		return errors.New("want a command for Prism and no arguments")
	}
	d, err := parseDescription(files...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	return check(ctx, stdout, prismCommand, d)
}

// check runs both halves and prints the report.
func check(ctx context.Context, stdout io.Writer, prismCommand []string, d *description) error {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	strict, err := d.strict()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "strict.json")
	if err := os.WriteFile(file, strict, 0o600); err != nil {
		return err
	}
	p := &report{out: stdout}
	if err := checkMock(ctx, p, prismCommand, d, file); err != nil {
		return fmt.Errorf("the mock: %w", err)
	}
	if err := checkFake(ctx, p, prismCommand, d, file); err != nil {
		return fmt.Errorf("the fake: %w", err)
	}
	return p.end()
}
