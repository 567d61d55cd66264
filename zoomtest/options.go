package zoomtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatkit/zoom"
)

// An Option sets something about a new [Server].
type Option func(*settings)

type settings struct {
	clock       func() time.Time
	plan        zoom.Plan
	scopes      []string
	credentials *[3]string
	redirects   []string
	public      bool
	quirks      Quirks
	logSize     int
	users       int
	seed        uint64
}

// WithUsers fills the account with a plausible company of n people: all licence
// types and statuses, one owner, some admins and custom roles, departments,
// groups, bundles, a few Zoom Rooms, scheduled, live and past meetings with their
// participants, sign-ins. The same n, seed and clock give the same company.
//
// Meetings and sign-ins are computed when they are asked for, so that a large
// company costs little more than its users.
func WithUsers(n int, seed uint64) Option {
	if n < 1 || n > maxUsers {
		panic(fmt.Sprintf("zoomtest: WithUsers: n is %d, want 1 to %d", n, maxUsers))
	}
	return func(set *settings) { set.users, set.seed = n, seed }
}

// WithPlan enforces the published limits of a plan strictly: never more requests
// than the limit in any window of a second, or of a minute for resource-intensive
// endpoints, and the budgets of a day, which ends at 00:00 UTC. Without it nothing
// is limited. Requests that are refused do not count.
func WithPlan(p zoom.Plan) Option {
	if _, known := planLimits[p]; !known {
		panic(fmt.Sprintf("zoomtest: WithPlan: unknown plan %d", p))
	}
	return func(set *settings) { set.plan = p }
}

// WithClock sets the server's clock. The default is time.Now.
func WithClock(now func() time.Time) Option {
	if now == nil {
		panic("zoomtest: WithClock: nil clock")
	}
	return func(set *settings) { set.clock = now }
}

// WithTime stops the server's clock at t; [Server.Advance] moves it. Clients, sources of
// tokens and zoomhook keep the clock of the machine: see [Server.Advance].
func WithTime(t time.Time) Option { return WithClock(func() time.Time { return t }) }

// WithScopes sets the scopes of the app, which its tokens get, classic or granular. An endpoint
// refuses a token that has none of those it takes. The default is [AllScopes].
func WithScopes(scopes ...string) Option {
	scopes = slices.Clone(scopes)
	if scopes == nil {
		scopes = []string{}
	}
	return func(set *settings) { set.scopes = scopes }
}

// WithCredentials sets what the token endpoint asks for. By default all three are
// made up.
func WithCredentials(accountID, clientID, clientSecret string) Option {
	if accountID == "" || clientID == "" || clientSecret == "" {
		panic("zoomtest: WithCredentials: an empty credential")
	}
	return func(set *settings) { set.credentials = &[3]string{accountID, clientID, clientSecret} }
}

// WithRedirectURLs registers the redirect URIs of the app, in Zoom's strict mode: a
// request has to bring one of them to the letter. Without it any is taken that is
// https, or http on a loopback address.
func WithRedirectURLs(urls ...string) Option {
	if len(urls) == 0 {
		panic("zoomtest: WithRedirectURLs: no URL")
	}
	for _, text := range urls {
		if parseRedirect(text) == nil {
			panic("zoomtest: WithRedirectURLs: want https, or http on a loopback address: " + text)
		}
	}
	urls = slices.Clone(urls)
	return func(set *settings) { set.redirects = urls }
}

// WithPublicClient makes the OAuth app one without a secret: a login needs PKCE,
// and the OAuth ends take the client_id in the form and refuse a secret. Only
// server-to-server tokens, which a public client cannot have at Zoom, keep theirs,
// so that [Server.Client] works all the same.
func WithPublicClient() Option {
	return func(set *settings) { set.public = true }
}

// WithQuirks chooses among the behaviours that Zoom is known or suspected to have.
func WithQuirks(q Quirks) Option {
	return func(set *settings) { set.quirks = q }
}

// WithRequestLog sets how many requests [Server.Requests] remembers; 0 turns the
// log off. The default is 10,000.
func WithRequestLog(n int) Option {
	if n < 0 {
		panic(fmt.Sprintf("zoomtest: WithRequestLog: negative size %d", n))
	}
	return func(set *settings) { set.logSize = n }
}
