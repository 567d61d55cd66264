// Package zoomtest is a Zoom account in memory, for the tests of programs that use
// package [github.com/seatkit/zoom] and for trying such programs out. It keeps
// state: who was deactivated is inactive in the next listing.
//
//	server := zoomtest.NewServer(zoomtest.WithUsers(1200, 1))
//	defer server.Close()
//	client := server.Client()
//	for user, err := range client.Users.Roster(nil).All(ctx) { … }
//
// [NewServer] makes the account, empty or with a company of any size. [Server.Client]
// returns a client that is authorised already and works in memory; programs that
// take addresses get [Server.URL] and [Server.TokenURL], behind which is a listener
// on the loopback with the very same account. The credentials are
// [Server.AccountID], [Server.ClientID] and [Server.ClientSecret].
//
// # A person's consent
//
// The same app is an OAuth app as well. [Server.AuthorizeURL] is a page like the one
// on which an admin clicks Allow, to be opened in a browser; [Server.Allow] and
// [Server.Deny] do without one. The token endpoint exchanges the code once, in five
// minutes, for the same redirect URI and PKCE verifier, and replaces the refresh
// token at each refresh. [Server.IssueGrant] skips the click; the device grant has
// [Server.DeviceURL] and [Server.ApproveDevice]:
//
//	callback, err := server.Allow(loginURL) // the address with the code, not opened
//
// [Server.RevokeURL], [Server.Uninstall] and a further authorisation end a grant;
// [Server.GrantAlive] and [Server.TokenCalls] tell what became of it. Options:
// [WithRedirectURLs] and [WithPublicClient]. The person is the owner of the account,
// or an admin: /users/me with a token of the grant.
//
// # State
//
// [Server.AddUser], [Server.AddMeeting], [Server.AddPastMeeting], [Server.AddSignIn],
// [Server.AddGroup] and [Server.AddRole] fill the account; [Server.UpdateUser],
// [Server.SetStatus], [Server.RemoveUser] and [Server.SetSeats] change it past the
// rules of the API. [Server.User], [Server.Users] and [Server.Roster] tell what it
// is, [Server.Requests] what was asked.
//
// # What it does
//
// It answers as Zoom's documentation and its users say that Zoom does, with its
// codes and words: page tokens that live 15 minutes and fit only the listing that
// they came from, pending users without an id, refusals to deactivate admins and
// Zoom Rooms, seats that run out, reports that cover a month and leave meetings of
// one person out, meeting UUIDs that must be escaped twice, scopes, and with
// [WithPlan] the limits per second, minute and day. Where it is not known what Zoom
// does, or where Zoom does one thing or another, [Quirks] choose.
//
// The paths of users, past meetings and reports exist under /accounts/{accountId}
// too, for the account's own id or me, as for a partner with sub-accounts.
//
// # Faults
//
// [Server.Inject] scripts what goes wrong, [Server.InjectFunc] decides it request
// by request, and [Server.OnPage] disturbs listings:
//
//	server.Inject(zoomtest.ServerError(503).On("GET", "/users").Repeat(2))
//	server.Inject(zoomtest.LostAnswer().On("PUT", "/users/{userId}/status"))
//	server.Inject(zoomtest.LostAnswer().On("POST", "/oauth/token")) // the refresh token is replaced, and nobody knows by what
//
// # Webhooks
//
// [Server.Event] makes the body of an event, [SignEvent] its headers,
// [NewEventRequest] the whole request; [Server.Deliver] sends it.
//
// # Time
//
// The server reads time.Now, which a testing/synctest bubble replaces, unless
// [WithTime] or [WithClock] sets another clock; [Server.Advance] moves any of them.
// In memory it has no goroutines and needs no closing.
package zoomtest
