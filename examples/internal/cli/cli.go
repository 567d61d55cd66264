// Package cli holds what the example programs share at their edges: how a program
// begins and ends, its flags, the Zoom account it works on, its progress.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main runs a program until it is done, or until somebody interrupts it: then its
// context ends, and it returns through its deferred calls.
//
// The exit status is 0 for success, 2 for wrong flags or missing credentials, where
// nothing was sent or written, and 1 for any other error.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(status(err, os.Stderr))
}

func status(err error, stderr io.Writer) int {
	var usage *UsageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		Printf(stderr, "error: %v (-h shows the flags)\n", err)
		return 2
	default:
		Printf(stderr, "error: %v\n", err)
		return 1
	}
}

// A UsageError is a command line that makes no sense.
type UsageError struct{ Err error }

// Error returns the reason.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// Flags returns an empty set of flags for a program.
func Flags(name, synopsis string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		Printf(flags.Output(), "usage: %s %s\n", name, synopsis)
		flags.PrintDefaults()
		Printf(flags.Output(), "Exit status: 0 success, 1 failed or incomplete, 2 wrong flags or no credentials.\n")
		Printf(flags.Output(), "Credentials are taken from the environment: %s, or %s.\n", strings.Join(serverToServerVars, ", "), accessTokenVar)
	}
	return flags
}

// Parse reads the command line. With -h the flags are shown on stderr and the
// error is [flag.ErrHelp]; any other error is a [*UsageError].
func Parse(flags *flag.FlagSet, args []string, stderr io.Writer) error {
	flags.SetOutput(io.Discard) // Main prints the error, once
	err := flags.Parse(args)
	flags.SetOutput(stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.Usage()
		return err
	case err != nil:
		return &UsageError{err}
	default:
		return nil
	}
}

// NoArguments refuses what follows the flags.
func NoArguments(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return Usagef("unexpected argument %q", flags.Arg(0))
	}
	return nil
}

// FlagsFirst refuses flags among the arguments, where they would be taken for
// arguments.
func FlagsFirst(flags *flag.FlagSet) error {
	for _, arg := range flags.Args() {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && flags.Lookup(name) != nil {
			return Usagef("%s: flags go before the arguments", arg)
		}
	}
	return nil
}

// Printf writes a message for a person, who is not told when that fails.
func Printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
