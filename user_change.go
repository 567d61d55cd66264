package zoom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

const (
	maxWrites  = 3 // of one change whose answers are lost
	writePause = 500 * time.Millisecond
)

// A change is a write to one user under the rule for writes: what surely had no
// effect is sent again by the road; when it is unknown whether it had one, the
// user is read, and only if the wanted state is not reached is it sent again. After a
// change that went to an e-mail address the user is not read: its holder may be another
// one by now, and the id of the user who was written to is not known.
type change struct {
	operation
	reached func(*User) shown                  // nil: the wanted state cannot be read back
	id      string                             // of the user as read before; empty: not read
	forbids func(context.Context, *User) error // asked before the change is sent again: why it must not be; nil: nothing speaks against it
}

// shown is what a user tells of a change.
type shown int

const (
	shownNotMade shown = iota
	shownMade
	shownUnclear // what tells it cannot be read
)

// shows tells of a change whether it was made, where that rests on these fields alone.
func (u *User) shows(made bool, fields ...string) shown {
	switch {
	case slices.ContainsFunc(fields, u.isUnread):
		return shownUnclear
	case made:
		return shownMade
	default:
		return shownNotMade
	}
}

// newChange makes a change of the user at the only placeholder of the path.
func newChange(op, method, path, userID string, body any, reached func(*User) shown) *change {
	return &change{
		operation: operation{
			op: op, method: method, path: path, values: []string{userID}, body: body, class: ClassLight, accept: acceptWrite,
		},
		reached: reached,
	}
}

func (ch *change) userID() string { return ch.values[0] }

// writeResult is what is known after a change.
type writeResult struct {
	reconciled bool  // the answer was lost and the state read instead
	user       *User // as read, where it was
}

func (s *UsersService) apply(ctx context.Context, ch *change) (writeResult, error) {
	c := s.client()
	byAddress := isAddress(ch.userID())
	var open error // of the first write that may have been made, and may still be on its way
	for writes := 1; ; writes++ {
		_, err := c.do(ctx, &ch.operation)
		lost := errors.Is(err, ErrOutcomeUnknown)
		if err == nil || (open == nil && (!lost || ch.reached == nil)) {
			if err == nil {
				c.road.Repeated(writes - 1)
			}
			return writeResult{}, err
		}
		if open == nil {
			open = err
		}
		if byAddress { // whoever holds it now may be another user than the one who was written to
			return writeResult{}, unknownOutcome(&ch.operation, open, errAddress)
		}
		user, errGet := s.look(ctx, ch)
		if errGet != nil {
			return writeResult{}, unknownOutcome(&ch.operation, open, errGet)
		}
		switch state := ch.reached(user); {
		case state == shownMade:
			c.road.Repeated(writes - 1)
			return writeResult{reconciled: true, user: user}, nil
		case state == shownUnclear:
			return writeResult{user: user}, unknownOutcome(&ch.operation, open, errUnread)
		case !lost || writes == maxWrites:
			return writeResult{user: user}, unknownOutcome(&ch.operation, open, err)
		}
		if reason := ch.forbidden(ctx, user); reason != nil {
			return writeResult{user: user}, unknownOutcome(&ch.operation, open, reason)
		}
		if !c.road.AllowRepeat() {
			return writeResult{user: user}, unknownOutcome(&ch.operation, open, err)
		}
		wait, patient := c.beforeWrite(ctx, err)
		if !patient {
			return writeResult{user: user}, unknownOutcome(&ch.operation, open, err)
		}
		if errPause := pace.Pause(ctx, wait); errPause != nil {
			return writeResult{user: user}, unknownOutcome(&ch.operation, open, errPause)
		}
	}
}

var (
	errOtherUser = errors.New("it is about another user")
	errUnread    = errors.New("a field that was to change cannot be read")
	errAddress   = errors.New("neither read nor sent again by e-mail address, which can change hands")
)

// look reads the user of a change, which must be the same one each time.
func (s *UsersService) look(ctx context.Context, ch *change) (*User, error) {
	user, err := s.Get(ctx, ch.userID())
	if err != nil {
		return nil, err
	}
	if !isAbout(user, ch.userID()) || (ch.id != "" && user.ID != ch.id) {
		return nil, otherUser(ch.op)
	}
	ch.id = user.ID
	return user, nil
}

func (ch *change) forbidden(ctx context.Context, user *User) error {
	if ch.forbids == nil {
		return nil
	}
	return ch.forbids(ctx, user)
}

func otherUser(op string) *Error {
	return &Error{Op: op, Err: withSentinel(ErrBadResponse, errOtherUser)}
}

// isAbout reports whether an answer is about the user who was asked for: an id must
// come back, an address too, in any case. Behind "me" is whoever has an id. A pending
// user has none and is known by the address.
func isAbout(user *User, userID string) bool {
	switch {
	case isMe(userID):
		return user.ID != ""
	case isAddress(userID):
		return wire.LowerASCII(user.Email) == wire.LowerASCII(userID)
	default:
		return user.ID == userID
	}
}

// isAddress reports whether a user is named by e-mail address.
func isAddress(userID string) bool { return strings.Contains(userID, "@") }

// beforeWrite is how long to wait before a change is sent again: what the answer
// to the former one asked for, if that can be slept through.
func (c *Client) beforeWrite(ctx context.Context, err error) (wait time.Duration, patient bool) {
	wait = writePause + rand.N(writePause)
	var asked time.Duration
	if e, ok := errors.AsType[*Error](err); ok {
		asked = e.wait
	}
	wait = max(wait, asked+rand.N(asked/10+1))
	return wait, c.road.Patient(ctx, asked, wait)
}

// acceptWrite takes the answers that Zoom gives to a write that it made: 200 or
// 204, nothing or an empty object. A body that is nothing but a refusal is one; after
// any other the user must be read.
func acceptWrite(a *transport.Answer) error {
	body := bytes.TrimSpace(a.Body)
	expected := a.Status == http.StatusOK || a.Status == http.StatusNoContent
	if expected && (len(body) == 0 || string(body) == "{}") {
		return nil
	}
	if refused := wire.Refusal(body); refused != nil {
		return refused
	}
	return &wire.ShapeError{Reason: "the answer is not that of a change", Final: true}
}

// unknownOutcome is the error of a change that may have been made. write is that of
// the request that made it, nil if it was answered well; what happened later is
// told in words and by sentinel, and its status and tracking id are not the
// change's.
func unknownOutcome(o *operation, write error, later ...error) *Error {
	e := &Error{Op: o.op, Method: o.method, Path: o.path}
	causes := later
	if first, ok := errors.AsType[*Error](write); ok {
		*e = *first
		causes = append([]error{whyUnknown(first.Err)}, later...)
	}
	for _, cause := range later {
		if inner, ok := errors.AsType[*Error](cause); ok && e.RetryAt.IsZero() {
			e.RetryAt = inner.RetryAt
		}
	}
	e.Err = withSentinel(ErrOutcomeUnknown, &afterwards{causes})
	return e
}

// whyUnknown takes out of a cause that the outcome is unknown, which the whole error
// says once.
func whyUnknown(err error) error {
	if e, ok := err.(*causedError); ok && e.sentinel == ErrOutcomeUnknown { //nolint:errorlint // the very type and value
		return e.cause
	}
	return err
}

// afterwards is several causes on one line, in the order in which they came.
type afterwards struct{ causes []error }

func (e *afterwards) Unwrap() []error { return e.causes }

func (e *afterwards) Error() string {
	texts := make([]string, 0, len(e.causes))
	for _, cause := range e.causes {
		if inner, ok := cause.(*Error); ok && inner.Err != nil { //nolint:errorlint // what wraps one has words of its own
			cause = fmt.Errorf("%s: %w", inner.Op, whyUnknown(inner.Err))
		}
		texts = append(texts, cause.Error())
	}
	return strings.Join(texts, "; then ")
}
