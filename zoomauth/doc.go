// Package zoomauth gets and keeps Zoom's tokens for programs that others trust with
// their account: the authorize flow, a refresh token that survives restarts and
// several processes, and server-to-server tokens that processes share.
//
// # Which way
//
// A service whose customers connect their own Zoom account uses a [Handler]: an admin
// clicks a button, Zoom asks "Permissions Requested", and Allow brings a token into
// the service's [TokenStore]. A program at a terminal uses [App.Login], a machine
// without a browser [App.DeviceLogin]. A job on the own account needs no person: use
// [zoom.ServerToServer], or [App.ServerToServer] where several processes run. For
// unattended jobs server-to-server is the safer way: there is nothing to lose.
//
//	app := zoomauth.App{ClientID: id, ClientSecret: secret, RedirectURL: callback}
//	source, err := app.TokenSource(store, nil)
//	client, err := app.Client(source)
//
// # What is promised
//
// A refresh token is used by one refresher at a time, in this process and in all that
// share the store, and the new one is saved before it is used. A save that fails does
// not lose it: it stays in memory, is used, and is saved again every second. When an
// answer is lost the store is read again and the form is sent once more. The stored
// token is never deleted, and only [zoom.ErrReauthorize] asks for a person.
//
// One window cannot be closed by a client: a process that is killed after Zoom has
// replaced the refresh token and before the answer is in a file has lost the grant,
// unless Zoom takes the old one for a while (seen once, not documented).
//
// A refresh token lives 90 days without use. [SourceOptions] has hooks that tell 14
// days before, and when a person must authorise again.
//
// When an account removes the app, Zoom sends the event app_deauthorized. Package zoomhook
// receives it, and [Forget] deletes the token that it ended.
//
// # Checklist
//
// Register the app with the redirect mode "strict". Register no more scopes than
// [zoom.Task.Scopes] names. Keep the stores where only the service can read: whoever
// reads one can use the account. Go cannot wipe strings from memory, and this package
// does not promise it.
//
// Zoom's pages: https://developers.zoom.us/docs/integrations/oauth/ and
// https://developers.zoom.us/docs/integrations/oauth-error-messages/
package zoomauth
