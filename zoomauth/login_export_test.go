package zoomauth

import (
	"context"
	"net"
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
		pageStore, pageUnsaved, pageOrphaned,
	} {
		all = append(all, p.html())
	}
	return all
}
