package zoom

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/meaning"
)

// A ReclaimMethod is how a seat is given back.
type ReclaimMethod int

// The zero value deactivates: PUT /users/{userId}/status, sign-in is blocked and
// all licences go, add-ons included. ReclaimDowngrade makes the user Basic:
// PATCH /users/{userId}, sign-in goes on working.
const (
	ReclaimDeactivate ReclaimMethod = iota
	ReclaimDowngrade
)

// String returns "deactivate" or "downgrade".
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

// An Outcome is how an attempt to reclaim ended.
type Outcome int

// The zero value says that it is not known what the user holds now.
const (
	OutcomeUnknown          Outcome = iota
	OutcomeReclaimed                // the seat was given back, and read back
	OutcomeAlreadyReclaimed         // there was no seat to give back; nothing was sent
	OutcomeProtected                // nothing was changed; the error is ErrProtected
	OutcomeDryRun                   // it would have been given back; nothing was sent
)

var outcomeNames = [...]string{"unknown", "reclaimed", "already reclaimed", "protected", "dry run"}

// String names the outcome in words.
func (o Outcome) String() string {
	if o < 0 || int(o) >= len(outcomeNames) {
		return outcomeNames[OutcomeUnknown]
	}
	return outcomeNames[o]
}

// MarshalText writes the words, so that reports and logs can be read.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// ReclaimOptions change [UsersService.Reclaim].
type ReclaimOptions struct {
	Method      ReclaimMethod
	DryRun      bool // look and decide, and send no write
	AllowAdmins bool // let admins be reclaimed; never the owner. Zoom refuses to deactivate admins all the same
}

// A ReclaimResult says what was found, done and found again.
type ReclaimResult struct {
	UserID     string
	Email      string
	Method     ReclaimMethod
	Outcome    Outcome
	Before     *User // as read before the write; nil: could not be read
	After      *User // as read after the write; nil: not written, or could not be read
	Reconciled bool  // an answer was lost and the state was read instead
}

// How often and when a change is read back.
var readBackAfter = [...]time.Duration{0, 3 * time.Second, 7 * time.Second}

// Reclaim gives the seat of one user back. It reads the user, decides, writes,
// and reads back, up to three times over ten seconds. The write goes to the id
// that was read, also when userID is an e-mail address.
//
// Never reclaimed, with [ErrProtected] and [OutcomeProtected]: "me", the owner,
// admins unless they are allowed, pending users, Zoom Rooms, users whose type or
// status is not known, and, by downgrade, holders of a bundle, whose bundle it
// would not free, and users whose role is not told. A user who is inactive, or Basic or without any meetings licence and
// without a bundle, holds no seat: [OutcomeAlreadyReclaimed], and nothing is sent,
// whatever the method. [UsersService.Deactivate] blocks the sign-in of such a user. Custom roles can carry rights of an admin; they are
// not protected here.
//
// The result is never nil, its Before may be. Look for [ErrOutcomeUnknown] first: the
// error also matches what happened to the requests. With an error its Outcome is [OutcomeProtected] or
// [OutcomeUnknown]; with the latter, unless the error is [ErrOutcomeUnknown] or
// [ErrNotApplied], nothing was changed.
//
// API: GET /users/{userId}, then PUT /users/{userId}/status or PATCH
// /users/{userId}, light; scopes user:read:admin and user:write:admin, granular
// user:read:user:admin and user:update:status:admin or user:update:user:admin.
// https://developers.zoom.us/docs/api/users/#tag/users/PUT/users/{userId}/status
func (s *UsersService) Reclaim(ctx context.Context, userID string, opts *ReclaimOptions) (*ReclaimResult, error) {
	r := &reclaim{users: s, result: &ReclaimResult{}}
	if opts != nil {
		r.opts = *opts
	}
	r.result.Method = r.opts.Method
	return r.result, r.run(ctx, userID)
}

type reclaim struct {
	users  *UsersService
	opts   ReclaimOptions
	result *ReclaimResult
}

func (r *reclaim) run(ctx context.Context, userID string) error {
	o := &operation{op: "users.reclaim"}
	switch {
	case r.opts.Method != ReclaimDeactivate && r.opts.Method != ReclaimDowngrade:
		return invalidArgument(o, errors.New("method: want ReclaimDeactivate or ReclaimDowngrade"))
	case isMe(userID):
		return r.protect(o, "it is the caller")
	}
	user, err := r.users.Get(ctx, userID)
	if err != nil {
		return err
	}
	if !isAbout(user, userID) {
		return &Error{Op: o.op, Err: withSentinel(ErrBadResponse, errOtherUser)}
	}
	r.result.Before, r.result.UserID, r.result.Email = user, user.ID, user.Email
	if reason := r.protection(user); reason != "" {
		return r.protect(o, reason)
	}
	switch {
	case holdsNothing(user):
		r.result.Outcome = OutcomeAlreadyReclaimed
		return nil
	case r.opts.DryRun:
		r.result.Outcome = OutcomeDryRun
		return nil
	default:
		return r.write(ctx, r.change(user.ID))
	}
}

// protection says why a user must not be reclaimed; empty: nothing speaks against
// it.
func (r *reclaim) protection(u *User) string {
	license := LicenseOf(u)
	switch {
	case u.Status == StatusPending || u.ID == "":
		return "the invitation is pending"
	case u.RoleID == RoleOwner || strings.EqualFold(u.RoleName, "Owner"):
		return "it is the account owner"
	case (u.RoleID == RoleAdmin || strings.EqualFold(u.RoleName, "Admin")) && !r.opts.AllowAdmins:
		return "it is an admin"
	case u.Status != StatusActive && u.Status != StatusInactive:
		return "the status is not known"
	case license.Type == LicenseUnknown:
		return "the user type is not known"
	case r.opts.Method == ReclaimDowngrade && u.RoleID == "" && u.RoleName == "" && !holdsNothing(u):
		return "the role is not known" // Zoom itself refuses to deactivate owner and admins
	case r.opts.Method == ReclaimDowngrade && u.Status == StatusActive && license.Bundle:
		return "a downgrade does not free the bundle"
	default:
		return ""
	}
}

// holdsNothing reports that there is no seat to give back: deactivation took all
// licences away, or there is none.
func holdsNothing(u *User) bool { return u.Status == StatusInactive || LicenseOf(u).isFree() }

func (r *reclaim) change(id string) *change {
	if r.opts.Method == ReclaimDeactivate {
		return statusChange("users.reclaim", id, ActionDeactivate)
	}
	ch := updateChange("users.reclaim", id, &UserUpdate{Type: TypeBasic})
	ch.reached = func(u *User) bool { return u.Type == TypeBasic && LicenseOf(u).isFree() }
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
		r.result.Outcome = OutcomeAlreadyReclaimed
		return nil
	case err != nil:
		return err
	case done.reconciled:
		r.result.Outcome = OutcomeReclaimed
		return nil
	}
	return r.readBack(ctx, ch)
}

// readBack looks whether the change that Zoom accepted was made.
func (r *reclaim) readBack(ctx context.Context, ch *change) error {
	for _, wait := range readBackAfter {
		if err := pause(ctx, wait); err != nil {
			return unknownOutcome(&ch.operation, nil, err)
		}
		user, err := r.users.look(ctx, ch)
		if err != nil {
			return unknownOutcome(&ch.operation, nil, err)
		}
		r.result.After = user
		if ch.reached(user) {
			r.result.Outcome = OutcomeReclaimed
			return nil
		}
	}
	return &Error{Op: ch.op, Method: ch.method, Path: ch.path, Err: ErrNotApplied}
}

func (r *reclaim) protect(o *operation, reason string) error {
	r.result.Outcome = OutcomeProtected
	return protected(o, reason)
}
