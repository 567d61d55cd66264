package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/examples/internal/output"
)

// report writes what happened to a user at once, so that a run that is broken off
// has told what it did.
func report(w io.Writer, user string, result *zoom.ReclaimResult, err error) error {
	if result.Email != "" {
		user = result.Email
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s\n", output.Visible(user), result.Method, result.Outcome)
	if result.Before != nil {
		fmt.Fprintf(&b, "  before  %s\n", state(result.Before))
	}
	switch {
	case result.After != nil:
		fmt.Fprintf(&b, "  after   %s\n", state(result.After))
	case result.Outcome == zoom.OutcomeDryRun && result.Method == zoom.ReclaimDowngrade:
		fmt.Fprintf(&b, "  after   would be type %d\n", zoom.TypeBasic)
	case result.Outcome == zoom.OutcomeDryRun:
		fmt.Fprintf(&b, "  after   would be %s, without licences\n", zoom.StatusInactive)
	}
	if result.Reconciled {
		b.WriteString("  note    the answer was lost; the user was read to see what happened\n")
	}
	switch {
	case errors.Is(err, zoom.ErrOutcomeUnknown): // first: the error also matches what led to it
		b.WriteString("  note    it is not known whether the user was changed; look before you run this again\n")
	case errors.Is(err, zoom.ErrNotApplied):
		b.WriteString("  note    Zoom took the change and did not make all of it\n")
	}
	if err != nil {
		fmt.Fprintf(&b, "  error   %v\n", err)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func state(u *zoom.User) string {
	return fmt.Sprintf("%s, type %d, %s", u.Status, u.Type, zoom.LicenseOf(u))
}

const chosen = 3

// chooseUsers finds users for the demonstration: they hold a licence, can be
// reclaimed, and signed in longest ago. A real decision needs more than that
// date, which says nothing of meetings hosted: see the program access.
func chooseUsers(ctx context.Context, client *zoom.Client, method zoom.ReclaimMethod) ([]string, error) {
	users, err := client.Users.List(nil).Collect(ctx) // active ones
	if err != nil {
		return nil, err
	}
	users = slices.DeleteFunc(users, func(u *zoom.User) bool {
		return u.RoleID != zoom.RoleMember || !zoom.LicenseOf(u).Paid || u.LastLoginTime.IsZero()
	})
	slices.SortFunc(users, func(a, b *zoom.User) int { return a.LastLoginTime.Time().Compare(b.LastLoginTime.Time()) })
	var emails []string
	for _, u := range users {
		// A list does not tell all that protects a user.
		result, err := client.Users.Reclaim(ctx, u.ID, method, &zoom.ReclaimOptions{DryRun: true})
		if err == nil && result.Outcome == zoom.OutcomeDryRun {
			emails = append(emails, u.Email)
		}
		if len(emails) == chosen {
			break
		}
	}
	return emails, nil
}
