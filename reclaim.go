package zoom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/pace"
)

// A ReclaimMethod is how a seat is given back.
type ReclaimMethod int

// The two methods. The zero value is none of them: [UsersService.Reclaim] refuses it.
const (
	// ReclaimDeactivate is for leavers: PUT /users/{userId}/status. It blocks the sign-in
	// and takes away all licences, add-ons included.
	ReclaimDeactivate ReclaimMethod = iota + 1
	// ReclaimDowngrade is for the idle: PATCH /users/{userId} makes the user Basic. The
	// sign-in keeps working.
	ReclaimDowngrade
)

// String returns "deactivate", "downgrade" or, for any other value, "unknown".
func (m ReclaimMethod) String() string {
	switch m {
	case ReclaimDeactivate:
		return "deactivate"
	case ReclaimDowngrade:
		return "downgrade"
	default:
		return "unknown"
	}
}

// MarshalText writes the name, so that reports and logs can be read.
func (m ReclaimMethod) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what [ReclaimMethod.MarshalText] writes and refuses any other
// text.
func (m *ReclaimMethod) UnmarshalText(text []byte) error {
	return unmarshalName(m, text, "reclaim method", 0, ReclaimDeactivate, ReclaimDowngrade)
}

// An ReclaimOutcome is how an attempt to reclaim ended.
type ReclaimOutcome int

// The zero value says that it is not known what the user holds now.
const (
	OutcomeUnknown          ReclaimOutcome = iota
	OutcomeReclaimed                       // the seat was given back, and read back
	OutcomeAlreadyReclaimed                // there was no seat to give back; nothing was changed
	OutcomeProtected                       // nothing was changed; the error is ErrProtected
	OutcomeDryRun                          // it would have been given back; nothing was sent
)

var outcomeNames = [...]string{"unknown", "reclaimed", "already reclaimed", "protected", "dry run"}

// String names the outcome in words.
func (o ReclaimOutcome) String() string {
	if o < 0 || int(o) >= len(outcomeNames) {
		return outcomeNames[OutcomeUnknown]
	}
	return outcomeNames[o]
}

// MarshalText writes the words, so that reports and logs can be read.
func (o ReclaimOutcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what [ReclaimOutcome.MarshalText] writes and refuses any other text.
func (o *ReclaimOutcome) UnmarshalText(text []byte) error {
	return unmarshalName(o, text, "outcome", OutcomeUnknown, OutcomeReclaimed, OutcomeAlreadyReclaimed, OutcomeProtected, OutcomeDryRun)
}

// unmarshalName finds the value that has the name. What is not known is refused: a
// decision may rest on it.
func unmarshalName[T fmt.Stringer](to *T, name []byte, what string, known ...T) error {
	for _, value := range known {
		if value.String() == string(name) {
			*to = value
			return nil
		}
	}
	return fmt.Errorf("%w: %s: the name is not known", ErrInvalidArgument, what)
}

// ReclaimOptions change [UsersService.Reclaim].
type ReclaimOptions struct {
	DryRun      bool // look and decide, and send no write
	AllowAdmins bool // let admins be reclaimed; never the owner. Zoom refuses to deactivate admins all the same
	AllowLive   bool // do not look for meetings that are in progress or begin within the hour
	AllowOnPrem bool // let On-Prem seats be reclaimed, which Zoom's API cannot give back

	// If is a condition of yours. It is called with the user as read for this call, when
	// all other checks have passed and right before the write: in a dry run too, and again
	// with the user as read then before the write is repeated after a lost answer. An error
	// stops Reclaim: nothing is sent, and the error that Reclaim returns wraps it. It is
	// not called for a user who holds no seat. The user is a copy. nil means no condition.
	If func(context.Context, *User) error
}

// A ReclaimResult says what was found, done and found again.
type ReclaimResult struct {
	UserID     string
	Email      string
	Method     ReclaimMethod
	Outcome    ReclaimOutcome
	Before     *User // as read before the write; nil: could not be read
	After      *User // as read after the write; nil: not written, or could not be read
	Reconciled bool  // an answer was lost and the state was read instead
}

// How often and when a change is read back.
var readBackAfter = [...]time.Duration{0, 3 * time.Second, 7 * time.Second}

// Reclaim gives the seat of one user back. It reads the user, decides, looks for
// meetings, writes, and reads back, up to three times over ten seconds. The write goes
// to the id that was read, also when userID is an e-mail address. An answer about
// another user is [ErrBadResponse]. A method that is none is [ErrInvalidArgument].
//
// Reclaim returns [ErrProtected] with [OutcomeProtected] for:
//   - "me" and the owner,
//   - admins, unless AllowAdmins is set; custom roles can carry rights of an admin and
//     are not protected here,
//   - pending users and Zoom Rooms,
//   - users whose type, licence or status is not known, or whose role cannot be read or
//     has no id and a name other than Owner, Admin or Member,
//   - On-Prem users, unless AllowOnPrem is set,
//   - hosts of a meeting that is in progress or begins within the hour, unless
//     AllowLive is set. Due is what is due by the clock of this machine or by Zoom's; an
//     upcoming meeting whose time cannot be read is due. Zoom lists scheduled meetings
//     alone: an instant meeting, or one with the personal meeting id, is not seen,
//   - by downgrade, holders of a bundle or, without being Licensed, of a licence of a
//     subscription (license_info_list), which it would not free, and users whose role is
//     not known.
//
// A downgrade of a Licensed user with a licence of a subscription is sent: whether Zoom
// takes the licence away with the type is not known. If it remains the error is
// [ErrNotApplied], says so, and After shows it; ReclaimDeactivate takes all licences.
//
// If the meetings cannot be read, because the token lacks the scope or for any other
// reason, nothing is written and the error is that of the read; where fewer come than
// Zoom counts it is [ErrListIncomplete].
//
// [ReclaimOptions] has If, a condition of yours that is checked last.
//
// A user who is inactive, or Basic or without any meetings licence and without a
// bundle, holds no seat: [OutcomeAlreadyReclaimed], and nothing is written, whatever
// the method. [UsersService.Deactivate] blocks the sign-in of such a user.
//
// When the answer to the write is lost the user is read, and the change is sent again
// only if it was not made, the user is still not protected, and If still returns nil.
//
// What a read shows in a form that cannot be read is never taken as made:
// [ErrOutcomeUnknown].
//
// The result is never nil, its Before may be. Look for [ErrOutcomeUnknown] first: the
// error also matches what happened to the requests. With an error its Outcome is
// [OutcomeProtected] or [OutcomeUnknown]; with the latter, unless the error is
// [ErrOutcomeUnknown] or [ErrNotApplied], nothing was changed.
//
// API: GET /users/{userId}, light, and GET /users/{userId}/meetings, medium; then PUT
// /users/{userId}/status or PATCH /users/{userId}, light; scopes user:read:admin,
// meeting:read:admin and user:write:admin, granular user:read:user:admin,
// meeting:read:list_meetings:admin and user:update:status:admin or
// user:update:user:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/PUT/users/{userId}/status
func (s *UsersService) Reclaim(ctx context.Context, userID string, method ReclaimMethod, opts *ReclaimOptions) (*ReclaimResult, error) {
	r := &reclaim{users: s, method: method, result: &ReclaimResult{Method: method}}
	if opts != nil {
		r.opts = *opts
	}
	return r.result, r.run(ctx, userID)
}

type reclaim struct {
	users  *UsersService
	method ReclaimMethod
	opts   ReclaimOptions
	result *ReclaimResult
	ahead  time.Duration // of our clock is Zoom's
}

func (r *reclaim) run(ctx context.Context, userID string) error {
	o := &operation{op: "users.reclaim"}
	switch {
	case r.method != ReclaimDeactivate && r.method != ReclaimDowngrade:
		return invalidArgument(o, errors.New("method: want ReclaimDeactivate or ReclaimDowngrade"))
	case isMe(userID):
		return r.protect(o, "it is the caller")
	}
	user, err := r.read(ctx, userID)
	if err != nil {
		return err
	}
	r.result.Before, r.result.UserID, r.result.Email = user, user.ID, user.Email
	if reason := r.protection(user); reason != "" {
		return r.protect(o, reason)
	}
	if holdsNothing(user) {
		r.result.Outcome = OutcomeAlreadyReclaimed
		return nil
	}
	switch reason, err := r.hosting(ctx, user.ID); {
	case err != nil:
		return err
	case reason != "":
		return r.protect(o, reason)
	}
	if err := r.condition(ctx, user); err != nil {
		return err
	}
	if r.opts.DryRun {
		r.result.Outcome = OutcomeDryRun
		return nil
	}
	return r.write(ctx, r.change(user.ID))
}

// condition asks the caller.
func (r *reclaim) condition(ctx context.Context, user *User) error {
	if r.opts.If == nil {
		return nil
	}
	copied := *user
	if err := r.opts.If(ctx, &copied); err != nil {
		return fmt.Errorf("zoom: users.reclaim: stopped by ReclaimOptions.If: %w", err)
	}
	return nil
}

// forbids says why a write must not be repeated.
func (r *reclaim) forbids(ctx context.Context, user *User) error {
	if reason := r.protection(user); reason != "" {
		return protected(&operation{op: "users.reclaim"}, reason)
	}
	return r.condition(ctx, user)
}

// read reads the user and compares Zoom's clock with ours. A pending user may come
// without the id that was asked for: nothing is done to one.
func (r *reclaim) read(ctx context.Context, userID string) (*User, error) {
	user, answer, err := r.users.get(ctx, userID)
	if err != nil {
		return nil, err
	}
	if !isAbout(user, userID) && (isAddress(userID) || user.ID != "") {
		return nil, otherUser("users.reclaim")
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		r.ahead = time.Until(date)
	}
	return user, nil
}

func (r *reclaim) change(id string) (ch *change) {
	if r.method == ReclaimDeactivate {
		ch = statusChange("users.reclaim", id, ActionDeactivate)
	} else {
		ch = updateChange("users.reclaim", id, &UserUpdate{Type: TypeBasic})
		ch.reached = func(u *User) shown {
			return u.shows(u.Type == TypeBasic && LicenseOf(u).isFree(), licenseFields[:]...)
		}
	}
	ch.forbids = r.forbids
	return ch
}

func (r *reclaim) write(ctx context.Context, ch *change) error {
	done, err := r.users.apply(ctx, ch)
	r.result.Reconciled, r.result.After = done.reconciled, done.user
	var refused *Error
	switch {
	case errors.Is(err, ErrOutcomeUnknown): // whatever else it is
		return err
	case errors.Is(err, ErrProtected): // a Zoom Room, an admin by a custom role
		r.result.Outcome = OutcomeProtected
		return err
	case errors.As(err, &refused) && refused.Code == meaning.CodeNotPaid:
		return r.seeNothingHeld(ctx, ch, err)
	case err != nil:
		return err
	case done.reconciled:
		r.result.Outcome = OutcomeReclaimed
		return nil
	}
	return r.readBack(ctx, ch)
}

// seeNothingHeld believes a refusal that says that there is no seat to give back only
// if the user shows it.
func (r *reclaim) seeNothingHeld(ctx context.Context, ch *change, refused error) error {
	user, err := r.users.look(ctx, ch)
	if err != nil {
		return refused
	}
	r.result.After = user
	if !holdsNothing(user) {
		return refused
	}
	r.result.Outcome = OutcomeAlreadyReclaimed
	return nil
}

// readBack looks whether the change that Zoom accepted was made.
func (r *reclaim) readBack(ctx context.Context, ch *change) error {
	state := shownNotMade
	for _, wait := range readBackAfter {
		if err := pace.Pause(ctx, wait); err != nil {
			return unknownOutcome(&ch.operation, nil, err)
		}
		user, err := r.users.look(ctx, ch)
		if err != nil {
			return unknownOutcome(&ch.operation, nil, err)
		}
		r.result.After = user
		if state = ch.reached(user); state == shownMade {
			r.result.Outcome = OutcomeReclaimed
			return nil
		}
	}
	if state == shownUnclear {
		return unknownOutcome(&ch.operation, nil, errUnread)
	}
	return r.notApplied(ch)
}

var errLicenseRemains = errors.New("the type changed, a licence of a subscription remains")

// notApplied is the error of a change that a read does not show. A downgrade can be made
// by half.
func (r *reclaim) notApplied(ch *change) error {
	e := &Error{Op: ch.op, Method: ch.method, Path: ch.path, Err: ErrNotApplied}
	after := r.result.After
	if r.method == ReclaimDowngrade && after.Type == TypeBasic && LicenseOf(after).Paid {
		e.Err = withSentinel(ErrNotApplied, errLicenseRemains)
	}
	return e
}

func (r *reclaim) protect(o *operation, reason string) error {
	r.result.Outcome = OutcomeProtected
	return protected(o, reason)
}
