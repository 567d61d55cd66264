package zoom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/redact"
)

// What an error means for the program that meets it. Match with [errors.Is];
// the detail is in [*Error].
var (
	ErrInvalidArgument   = meaning.ErrInvalidArgument                       // refused before anything was sent, or by Zoom's validation
	ErrUnauthorized      = meaning.ErrUnauthorized                          // also after a new token
	ErrReauthorize       = meaning.ErrReauthorize                           // the grant is gone
	ErrClientCredentials = meaning.ErrClientCredentials                     // by the token endpoint
	ErrScope             = meaning.ErrScope                                 // named in Error.Scopes
	ErrScopesUnknown     = errors.New("the token does not tell its scopes") // of Preflight
	ErrForbidden         = meaning.ErrForbidden
	ErrNotFound          = meaning.ErrNotFound
	ErrProtected         = meaning.ErrProtected   // owner, admin, Zoom Room, pending, the caller
	ErrNoSeats           = meaning.ErrNoSeats     // also no Basic seat
	ErrRateLimited       = meaning.ErrRateLimited // per second or minute
	ErrDailyLimit        = meaning.ErrDailyLimit  // RetryAt says until when
	ErrConcurrentOp      = meaning.ErrConcurrentOp
	ErrServer            = meaning.ErrServer
	ErrUnreachable       = meaning.ErrUnreachable
	ErrTimeout           = meaning.ErrTimeout
	ErrTLS               = meaning.ErrTLS
	ErrRedirect          = meaning.ErrRedirect
	ErrBadResponse       = meaning.ErrBadResponse // cut, not JSON, wrong shape
	ErrBodyTooLarge      = meaning.ErrBodyTooLarge
	ErrPageTokenExpired  = meaning.ErrPageTokenExpired            // it lives 15 minutes
	ErrNoReport          = meaning.ErrNoReport                    // or the role may not read it; a program falls back on another source
	ErrPageLoop          = errors.New("the listing does not end") // repeated tokens, endless pages
	ErrListIncomplete    = errors.New("the listing cannot be vouched for")
	ErrOutcomeUnknown    = errors.New("it is unknown whether the change was made")
	ErrNotApplied        = errors.New("the change was accepted and not made")
	ErrAccountMismatch   = errors.New("the token belongs to another account")
	ErrClosed            = errors.New("client closed")
)

// RetryAt returns when it makes sense to try again, for an error that waiting mends
// ([Temporary]): the moment that Zoom named, of several the last, else 30 seconds from
// now. That distance does not grow: count your tries. ok is false for any other error. It
// looks through [*PageError] and through wrapped and joined errors.
func RetryAt(err error) (at time.Time, ok bool) {
	if !Temporary(err) {
		return time.Time{}, false
	}
	eachError(err, func(e *Error) {
		if e.RetryAt.After(at) {
			at = e.RetryAt
		}
	})
	if at.IsZero() {
		const whileFromNow = 30 * time.Second
		at = time.Now().Add(whileFromNow)
	}
	return at, true
}

// Temporary reports whether the same again may succeed later: after a limit, a failure
// of Zoom's or of the network, an answer that is not what Zoom describes, a listing
// that must be listed again from its start, a change that Zoom accepted and did not make,
// a store of tokens that cannot be reached, or any error for which Zoom named a moment.
// [ErrOutcomeUnknown] is not one of them: look first whether the change was made.
func Temporary(err error) bool {
	if errors.Is(err, ErrOutcomeUnknown) {
		return false
	}
	named := false
	eachError(err, func(e *Error) { named = named || !e.RetryAt.IsZero() })
	return named || isAny(err, ErrRateLimited, ErrDailyLimit, ErrConcurrentOp, ErrServer, ErrUnreachable, ErrTimeout,
		ErrBadResponse, ErrPageTokenExpired, ErrListIncomplete, ErrNotApplied, meaning.ErrStoreUnavailable, meaning.ErrStoreChanged)
}

// Unavailable reports whether Zoom, the way to it, or the store of the tokens failed or is
// overloaded: the error says nothing about the request itself.
func Unavailable(err error) bool {
	return isAny(err, ErrServer, ErrUnreachable, ErrTimeout, ErrRateLimited, ErrTLS, ErrRedirect, ErrBadResponse, ErrBodyTooLarge,
		meaning.ErrStoreUnavailable)
}

// StopsRun reports whether the same error would come back for every other user, so
// that a loop over users must stop. The caller's own context that ended is such an error.
// One that is not known does not stop it, and neither does a limit that Zoom says is of
// this one user.
func StopsRun(err error) bool {
	unknownRoute, oneUser := false, false
	eachError(err, func(e *Error) {
		unknownRoute = unknownRoute || e.Code == meaning.CodeNoRoute
		oneUser = oneUser || e.oneUser
	})
	limited := isAny(err, ErrDailyLimit, ErrRateLimited) && !oneUser
	return unknownRoute || limited || isAny(err, context.Canceled, context.DeadlineExceeded,
		ErrUnauthorized, ErrReauthorize, ErrClientCredentials, ErrScope, ErrForbidden, ErrAccountMismatch, ErrNoReport, ErrClosed,
		ErrNoSeats, // no seat is left to move anybody to
		ErrServer, ErrUnreachable, ErrTimeout, ErrTLS, ErrRedirect, meaning.ErrStore)
}

// StopsPromotions reports whether the refusal of a promotion, a licence that was to be
// given, speaks against every other promotion too: there is no seat, or Zoom's cap on
// moving licences is reached. Zoom does not say by which code the cap is told, so that
// a refusal with status 400 that is not known to be about the one user counts too.
func StopsPromotions(err error) bool {
	if isAny(err, ErrNotFound, ErrInvalidArgument) {
		return false
	}
	refused := false
	eachError(err, func(e *Error) { refused = refused || e.StatusCode == http.StatusBadRequest })
	return refused || StopsRun(err)
}

// NeedsPerson reports whether somebody must act before the call can succeed:
// authorise again, mend credentials, grant a scope or a permission, buy seats, look at a
// token that is stored and cannot be read.
func NeedsPerson(err error) bool {
	return isAny(err, ErrReauthorize, ErrUnauthorized, ErrClientCredentials, ErrScope, ErrForbidden, ErrAccountMismatch,
		ErrNoSeats, ErrNoReport, ErrTLS, ErrRedirect, meaning.ErrStoreCorrupt)
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// eachError visits every *Error in the tree of an error.
func eachError(err error, visit func(*Error)) {
	if e, ok := err.(*Error); ok && e != nil { //nolint:errorlint // the tree is walked here
		visit(e)
	}
	switch inner := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() error }:
		if next := inner.Unwrap(); next != nil {
			eachError(next, visit)
		}
	case interface{ Unwrap() []error }:
		for _, next := range inner.Unwrap() {
			eachError(next, visit)
		}
	}
}

// An Error says why an operation failed. It never holds a URL, a query, a
// request body, a user id, an e-mail address, a token or a page token, in no
// print form.
type Error struct {
	Op         string       // "users.get"
	Method     string       // "GET"
	Path       string       // the route template, "/users/{userId}"
	Message    string       // Zoom's own words, with identifiers taken out
	TrackingID string       // x-zm-trackingid; Zoom's support asks for it
	StatusCode int          // 0: no answer
	Code       int          // Zoom's error code, independent of the status; 0: none
	Attempts   int          // requests put on the wire
	Fields     []FieldError // what Zoom's validation found
	RetryAt    time.Time    // when it makes sense to try again; zero: not known
	Scopes     []string     // with ErrScope: what Zoom, or Preflight, says is missing
	Err        error        // the sentinel or the cause; may be nil for a refusal without a sentinel

	wait    time.Duration // what the answer asked for, by the server's clock
	oneUser bool          // a limit of this one user and not of the account
}

// A FieldError is one finding of Zoom's validation.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Unwrap returns the sentinel or the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Error returns one line: the operation, what was asked, what came back.
func (e *Error) Error() string {
	if e == nil {
		return "zoom: no error"
	}
	var b strings.Builder
	b.WriteString("zoom")
	if e.Op != "" {
		b.WriteString(": " + e.Op)
	}
	if e.Path != "" {
		b.WriteString(": " + e.Method + " " + e.Path)
	}
	saidWithin := e.saysOf(e.Err)
	if e.StatusCode != 0 && !saidWithin {
		fmt.Fprintf(&b, ": status %d", e.StatusCode)
		if e.Code != 0 {
			fmt.Fprintf(&b, ", code %d", e.Code)
		}
	}
	missing, named := e.Err.(*MissingScopesError) //nolint:errorlint // the very type: its text is ours, and never cut
	switch {
	case named:
		b.WriteString(": " + missing.Error())
	case e.Err != nil:
		b.WriteString(": " + scrub(e.Err.Error()))
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %q", scrub(e.Message))
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, ", field %q: %q", scrub(f.Field), scrub(f.Message))
	}
	if len(e.Scopes) > 0 && !named {
		b.WriteString(", missing: " + strings.Join(e.Scopes, " "))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.Attempts)
	}
	if !e.RetryAt.IsZero() {
		b.WriteString(", retry at " + e.RetryAt.UTC().Format(time.RFC3339))
	}
	if e.TrackingID != "" && !saidWithin {
		b.WriteString(", tracking id " + scrub(e.TrackingID))
	}
	return b.String()
}

// saysOf reports whether the answer of this error is that of an [*Error] within, which
// names it: a token call failed, and the call that needed the token was not sent.
func (e *Error) saysOf(cause error) bool {
	inner, ok := errors.AsType[*Error](cause)
	return ok && inner != nil && inner.StatusCode != 0 && inner.StatusCode == e.StatusCode && inner.TrackingID == e.TrackingID
}

// GoString keeps %#v from walking into the cause.
func (e *Error) GoString() string { return fmt.Sprintf("&zoom.Error{%q}", e.Error()) }

// LogValue gives a structured log the fields worth a column.
func (e *Error) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue(e.Error())
	}
	attrs := []slog.Attr{slog.String("msg", e.Error()), slog.String("op", e.Op)}
	if e.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", e.StatusCode), slog.Int("code", e.Code))
	}
	if e.TrackingID != "" {
		attrs = append(attrs, slog.String("tracking_id", scrub(e.TrackingID)))
	}
	attrs = append(attrs, slog.Int("attempts", e.Attempts))
	if !e.RetryAt.IsZero() {
		attrs = append(attrs, slog.Time("retry_at", e.RetryAt))
	}
	return slog.GroupValue(attrs...)
}

// MarshalJSON writes the same fields as [Error.LogValue].
func (e *Error) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	out := map[string]any{}
	for _, a := range e.LogValue().Group() {
		out[a.Key] = a.Value.Any()
	}
	return json.Marshal(out)
}

const (
	redacted   = redact.Mark
	maxMessage = 300 // bytes of Zoom's words that an error keeps
)

// scrub takes out of a text what must not be printed whoever wrote it: e-mail
// addresses, URLs (with their queries and passwords), line breaks and overlength.
func scrub(text string) string {
	text = redact.Patterns(text)
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, text)
	}
	if len(text) > maxMessage {
		cut := maxMessage
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return text
}

// scrubValues takes what was sent with a call out of a text too, and what looks
// like a secret: Zoom's messages repeat the user id, the meeting id and the token
// that they refuse.
func scrubValues(text string, values ...string) string { return scrub(redact.Text(text, values...)) }

// scrubScopes drops what is not a scope.
func scrubScopes(scopes, values []string) []string {
	var kept []string
	for _, scope := range scopes {
		if redact.Text(scope, tellingOf(values)...) == scope {
			kept = append(kept, scope)
		}
	}
	return kept
}

// scopeWords are words that scopes and the names of operations are made of.
var scopeWords = strings.Fields(`account admin billing dashboard dashboards delete do get group limiter list master meeting meetings
	oauth operation page past past_meeting phone read report reports role roles room roster settings status sub_account token update user users
	view webinar write GET POST PUT PATCH DELETE`)

// tellingOf leaves out the values that may be words of Zoom's own, which a scope or the
// name of an operation is made of.
func tellingOf(values []string) []string {
	var telling []string
	for _, value := range values {
		if !slices.Contains(scopeWords, value) {
			telling = append(telling, value)
		}
	}
	return telling
}

// isTemplate reports whether a path can be shown as what was asked. One that was
// put together by hand, with a value or a query in it, cannot.
func isTemplate(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.ContainsFunc(segment, func(r rune) bool {
			return r > unicode.MaxASCII || (!unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-{}", r))
		}) || looksLikeValue(strings.Trim(segment, "{}")) {
			return false
		}
	}
	return true
}

// apiVersion is what alone has a dot in a route of Zoom's.
var apiVersion = regexp.MustCompile(`^v?[0-9]{1,2}(\.[0-9]{1,2}){1,2}$`)

// looksLikeValue reports whether a segment is rather an id, a number or a name than a
// word of Zoom's routes, whose longest has 20 letters in a row.
func looksLikeValue(segment string) bool {
	const mostDigits, mostLetters = 4, 20
	digits, run := 0, 0
	for _, r := range segment {
		switch {
		case unicode.IsDigit(r):
			digits++
			run = 0
		case unicode.IsLetter(r):
			if run++; run > mostLetters {
				return true
			}
		default:
			run = 0
		}
	}
	dotted := strings.Contains(segment, ".") && strings.Trim(segment, ".") != ""
	return digits > mostDigits || (dotted && !apiVersion.MatchString(segment)) || redact.Opaque(segment)
}
