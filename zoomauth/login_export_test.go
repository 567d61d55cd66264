package zoomauth

import (
	"context"
	"net"
	"net/netip"
	"strings"
)

// LoginAt is [App.Login] at a listener of the test's own: one that a bubble sees
// through, or one whose port is known.
func (a App) LoginAt(ctx context.Context, listener net.Listener, opts LoginOptions) (*Token, error) {
	return a.loginAt(ctx, listener, &opts)
}

// Pages returns all pages that a browser can be shown.
func Pages() []string {
	var all []string
	for _, p := range []page{
		pageDone, pageDenied, pageNoLogin, pageRefused, pageZoomDown,
		pageFailed, pageNoRegion, pageSession, pageMethod, pageNotFound,
		pageStore, pageTwice, pageUnsaved, pageOrphaned, pageNotAccepted,
	} {
		all = append(all, p.html())
	}
	return all
}

// OwnerOf looks a connection up in the kernel's table, on a machine that writes the least
// byte first.
func OwnerOf(table, from, to string) (uid int, found bool) {
	return ownerOf(strings.NewReader(table), netip.MustParseAddrPort(from), netip.MustParseAddrPort(to))
}
