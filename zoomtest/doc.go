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
// # Faults
//
// [Server.Inject] scripts what goes wrong, [Server.InjectFunc] decides it request
// by request, and [Server.OnPage] disturbs listings:
//
//	server.Inject(zoomtest.ServerError(503).On("GET", "/users").Repeat(2))
//	server.Inject(zoomtest.LostAnswer().On("PUT", "/users/{userId}/status"))
//
// # Time
//
// The server reads time.Now, which a testing/synctest bubble replaces, unless
// [WithTime] or [WithClock] sets another clock; [Server.Advance] moves any of them.
// In memory it has no goroutines and needs no closing.
package zoomtest
