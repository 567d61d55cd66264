// Package zoomhook receives the events that Zoom sends to a server (webhooks), so
// that a service can drop the tokens of an app that was removed and freshen its
// roster before the next full listing.
//
//	verifier, err := zoomhook.NewVerifier(secretToken) // of the app, from the Marketplace
//	…
//	handler, err := zoomhook.NewHandler(verifier, zoomhook.Handlers{
//		User: func(ctx context.Context, e *zoomhook.UserEvent) error {
//			return queue.Add(ctx, e.AccountID, e.User.ID) // a worker reads the user again
//		},
//	})
//	…
//	mux.Handle("/zoom/events", handler)
//
// Mount it behind nothing that rewrites bodies: the signature is over the very
// bytes. Give the [net/http.Server] a ReadTimeout of a few seconds, as everybody
// may connect, and keep the machine's clock right: what is more than 5 minutes off
// is refused.
//
// # Events are hints
//
// Zoom delivers at least once, in any order, late, and at times not at all: it sends
// an event again after 5, 20 and 60 minutes when the answer was a 5xx or took more
// than 3 s, gives it up on a 4xx, and ends the subscription when the endpoint fails
// six validations in a row. It does not say whether an event that is sent again has
// a new timestamp; if not, it is refused as stale. Therefore
//
//   - expect doubles: the same Kind, AccountID, User and Time is the same event, and
//     what is done twice must be the same as done once;
//   - order by Time, and never let an older event undo a newer one;
//   - take an event as a reason to read the user again (Client.Users.Get), and decide
//     by what that says: the event's type can differ from the licence that is held;
//   - keep the nightly Client.Users.Roster: it finds what no event told.
//
// # Dropping tokens
//
// One endpoint hears of all the accounts that installed an app. Before
// tokens go, compare the event with the installation that they belong to: the ids
// exactly, as they came, with the AccountID and ID that Client.Users.Get of "me"
// gave when the app was authorised, and the time with the moment of that:
//
//	AppDeauthorized: func(ctx context.Context, e *zoomhook.AppDeauthorized) error {
//		in, err := installations.Find(ctx, e.AccountID)
//		switch {
//		case err != nil:
//			return err
//		case in == nil, in.AccountID != e.AccountID, e.ClientID != clientID:
//			return nil // not ours
//		case in.UserManaged && in.UserID != e.UserID:
//			return nil // another person of the account removed the app
//		case e.Time.Before(in.AuthorisedAt):
//			return nil // installed anew since, or the time is not known
//		}
//		return installations.DropTokens(ctx, in)
//	},
//
// Tokens that are kept by mistake do no harm: Zoom refuses them, and the next call
// says so. The event comes for published apps only, so programs must live without it.
//
// # Security
//
// The signature is checked before a byte of the body is read as JSON and before a
// challenge is answered, in constant time, with every secret token. Bodies end at
// 1 MiB. A name that is read and stands twice, or an id with broken characters, makes an
// event unreadable. A [Verifier] prints as "[redacted]".
//
// API: https://developers.zoom.us/docs/api/webhooks/
package zoomhook
