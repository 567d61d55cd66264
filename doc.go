// Package zoom is a client for licence work on a Zoom account: who has an
// account (the roster), who uses it (access), which licence each person holds,
// and giving unused seats back (reclaim).
//
// It is made for programs that run unattended on accounts of 50 to 1,000,000
// people, where a wrong answer takes the licence from somebody who needs it.
// Hence its first rule: a listing is complete or it is an error.
//
// # Where to begin
//
// [NewClient] with a token source - [ServerToServer] for an unattended job,
// [StaticToken] for a quick look, [FromOAuth2] for anything that speaks
// golang.org/x/oauth2 - and then
//
//   - Client.Users.Roster for everybody, Client.Users.Get for one person,
//   - [LicenseOf] and [Classifier] for licences,
//   - Client.Reports for who hosted, joined and signed in, Client.Meetings for
//     what is scheduled,
//   - Client.Users.Reclaim to give a seat back. Prefer it to Deactivate and
//     Update: it looks before it writes, and after.
//
// Endpoints that are not modelled are called with Client.Do and [ListOf], down
// the same road. Package zoomtest is a fake Zoom for your tests.
//
// # Listings
//
// A [List] is lazy: it sends nothing before it is ranged over, and asks for page after
// page while it is. It is complete or it ends in an error: see [List] for what that
// means. [List.Resume] continues at the page that failed.
//
// Zoom's page tokens live 15 minutes. Do not do slow work in the loop body: gather
// first ([List.Collect]), or let the next page come early ([List.Prefetch]). Never
// change users while listing them: rows move between the pages.
//
// # Licences
//
// A user's type is Basic, Licensed, On-Prem, or one of the rarer ones; numbers
// that are not known are kept and classified as [LicenseUnknown], which is shown,
// never hidden, and never reclaimed. The account's setting "Include Free Users"
// (Yes, No, blank) is read by [ParseIncludeFreeUsers] and applied by [Classifier].
//
// # Times
//
// A nil [*Time] means that Zoom sent nothing. A zero one means that it sent
// something unreadable. Neither means "never": a sign-in shows in last_login_time
// only when it is three days or more after the recorded one, and hosting does not
// show in it at all.
//
// # Errors
//
// Match with [errors.Is] against the Err variables; the detail is in [*Error]:
// Zoom's code and message, the HTTP status, the tracking id that Zoom's support
// asks for, how many requests were made, and when to try again. No error, log
// line or trace holds a URL, a token, a body, a user id or an e-mail address.
//
// # Limits
//
// Zoom limits requests per account, over all apps and users on it: light, medium,
// heavy and resource-intensive requests per second or minute, and per day. A
// client keeps a little below the published limits of the Pro plan unless
// [WithPlan] or [WithLimiter] says otherwise, slows down on a 429 and recovers
// gradually. When a day's budget is spent the error is [ErrDailyLimit] and RetryAt
// says when the next day begins; it is never slept through.
//
// # Retries
//
// What only reads is tried up to 5 times, with full jitter between 0.1 s and a
// ceiling that doubles from 0.5 s to 30 s. What a server asks for in Retry-After is
// waited for, up to 60 s; more is returned at once, with RetryAt. An attempt takes
// at most 30 s, its headers 15 s; a call 120 s without its waits for the limiter;
// a body 32 MiB. A budget of retries for each client keeps an outage from being
// multiplied.
//
// A write is sent again only if it surely had no effect: a 429 (of a POST
// only one that bears Zoom's code or header), no connection.
// When its answer is lost the user is read, and the write is sent again only if
// the wanted state was not reached, three times at most; when that cannot be
// told either the error is [ErrOutcomeUnknown].
//
// # Security
//
// Addresses must be https (http on loopback), redirects are refused, TLS is 1.2 or
// newer and cannot be turned off, tokens stand in no URL and in no print form.
package zoom
