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

// summary has a line for each licence that somebody holds.
func summary(s zoom.LicenseSummary, leftOut int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d users\n", s.Total, s.Total+leftOut)
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
		{s.Pending, "pending"},
		{s.Inactive, "deactivated, of these"},
		{s.Bundles, "with a bundle, of these"},
		{leftOut, "free users are left out"},
	}
	for _, line := range lines {
		if line.count > 0 {
			fmt.Fprintf(&b, "%7d %s\n", line.count, line.what)
		}
	}
	return b.String()
}
