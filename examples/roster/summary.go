package main

import (
	"fmt"
	"strings"

	"github.com/seatkit/zoom"
)

func name(u *zoom.User) string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// summary has a line for each licence that somebody holds. statuses are those that were
// asked for, nil for all.
func summary(s zoom.LicenseSummary, leftOut int, statuses []zoom.UserStatus) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d users are listed%s.\n", s.Total, only(statuses))
	if leftOut > 0 {
		fmt.Fprintf(&b, "%d more are free users and left out.\n", leftOut)
	}
	if s.Total > 0 {
		b.WriteString("Of the users listed:\n")
	}
	lines := []struct {
		count int
		what  string
	}{
		{s.Licensed, "Licensed"},
		{s.OnPrem, "On-Prem"},
		{s.Basic, "Basic"},
		{s.Unassigned, "Unassigned"},
		{s.None, "None"},
		{s.Unknown, "Unknown"},
		{s.Pending, "invited and not yet accepted, of any licence"},
	}
	for _, line := range lines {
		if line.count > 0 {
			fmt.Fprintf(&b, "%7d %s\n", line.count, line.what)
		}
	}
	if s.Inactive > 0 {
		fmt.Fprintf(&b, "Deactivated users are in the counts above: %d.\n", s.Inactive)
	}
	if s.Bundles > 0 {
		fmt.Fprintf(&b, "Holders of a bundle are in the counts above: %d.\n", s.Bundles)
	}
	return b.String()
}

// only says which statuses a roster is limited to.
func only(statuses []zoom.UserStatus) string {
	if statuses == nil {
		return ""
	}
	words := make([]string, len(statuses))
	for i, status := range statuses {
		words[i] = string(status)
	}
	return ", only " + strings.Join(words, " and ")
}
