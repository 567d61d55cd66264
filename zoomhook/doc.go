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
// bytes. Give the [net/http.Server] a ReadHeaderTimeout and a ReadTimeout of a few
// seconds, as everybody may connect, and keep the machine's clock right: what is more than
// 5 minutes off is refused.
//
// # Events are hints
//
// Zoom delivers at least once, in any order, late, and at times not at all: it sends
// an event again after 5, 20 and 60 minutes when the answer was a 5xx or took more
// than 3 s, gives it up on a 4xx, and ends the subscription when the endpoint fails
// six validations in a row. Therefore
//
//   - expect doubles: the same Kind, AccountID, User and Time is the same event, and
//     what is done twice must be the same as done once;
//   - order by Time, and never let an older event undo a newer one;
//   - take an event as a reason to read the user again (Client.Users.Get), and decide
//     by what that says: the event's type can differ from the licence that is held;
//   - keep the nightly Client.Users.Roster: it finds what no event told.
//
// # Late deliveries and repeats
//
// Zoom does not say whether an event that is sent again has a new timestamp. If it has
// not, the second try is 5 minutes old and refused as stale, and the event is lost. Where
// that matters accept older deliveries, and drop those that were handled before by their
// digest:
//
//	handler, err := zoomhook.NewHandler(verifier.WithMaxAge(90*time.Minute), zoomhook.Handlers{
//		User: func(ctx context.Context, e *zoomhook.UserEvent) error {
//			return db.Tx(ctx, func(tx Tx) error {
//				// INSERT INTO seen (digest) VALUES ($1) ON CONFLICT DO NOTHING
//				isNew, err := tx.Insert(ctx, zoomhook.Digest(ctx))
//				if err != nil || !isNew {
//					return err
//				}
//				return tx.Enqueue(ctx, e.AccountID, e.User.ID)
//			})
//		},
//	})
//
// Store the digest together with the work, or after it: an event whose handler failed is
// sent again and must not be taken for a repeat. Keep digests for longer than the maximum
// age and 5 minutes more, in a place that all processes share.
//
// # Dropping tokens
//
// One endpoint gets the events of all accounts that installed an app, and an event can
// arrive after the app was installed again. zoomauth.Forget compares both with the stored
// token:
//
//	AppDeauthorized: func(ctx context.Context, e *zoomhook.AppDeauthorized) error {
//		store, err := storeOf(ctx, e.AccountID) // the accounts are those of your customers
//		if err != nil {
//			return err
//		}
//		_, err = zoomauth.Forget(ctx, store, zoomauth.Removal{ClientID: e.ClientID, AccountID: e.AccountID, At: e.Time})
//		return err
//	},
//
// Where each user installs the app for themselves, compare UserID first with the id that
// Client.Users.Get of "me" gave when the app was authorised.
//
// Tokens that are kept by mistake do no harm: Zoom refuses them, and the next call
// says so. The event comes for published apps only, so programs must live without it.
//
// # Security
//
// The headers are checked before the body is read, and the signature before a byte of it
// is read as JSON and before a challenge is answered, in constant time, with every secret
// token. Bodies end at 1 MiB and must arrive within 2.5 s. A name that is read and stands twice, or an id with broken characters, makes an
// event unreadable. A [Verifier] prints as "[redacted]".
//
// API: https://developers.zoom.us/docs/api/webhooks/
package zoomhook
