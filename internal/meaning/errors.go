// Package meaning is the one map from what went wrong to what it means: from the
// kind of a failure, Zoom's code and the operation to a sentinel. Package zoom
// exports the sentinels; package zoomauth uses the same map.
package meaning

import (
	"errors"
	"fmt"
)

// The sentinels. Package zoom documents them.
var (
	ErrInvalidArgument   = errors.New("invalid argument")
	ErrUnauthorized      = errors.New("access token refused")
	ErrReauthorize       = errors.New("a person must authorise again")
	ErrClientCredentials = errors.New("client id, secret or account id refused")
	ErrScope             = errors.New("the token lacks a scope or permission")
	ErrForbidden         = errors.New("forbidden")
	ErrNotFound          = errors.New("not found")
	ErrProtected         = errors.New("the user is protected")
	ErrNoSeats           = errors.New("no seat of that plan free")
	ErrRateLimited       = errors.New("rate limit reached")
	ErrDailyLimit        = errors.New("daily limit reached")
	ErrConcurrentOp      = errors.New("another operation on the same user is under way")
	ErrServer            = errors.New("server failure")
	ErrUnreachable       = errors.New("server unreachable")
	ErrTimeout           = errors.New("no answer in time")
	ErrTLS               = errors.New("secure connection failed")
	ErrRedirect          = errors.New("redirect refused")
	ErrBadResponse       = errors.New("answer is not what Zoom describes")
	ErrBodyTooLarge      = errors.New("answer exceeds the size limit")
	ErrPageTokenExpired  = errors.New("page token invalid or expired")
	ErrNoReport          = errors.New("this plan or account has no such report")

	// Those of a store of tokens; package zoomauth hands them out.

	ErrStore            = errors.New("token store failed")
	ErrStoreUnavailable = fmt.Errorf("%w: not available", ErrStore)
	ErrStoreCorrupt     = fmt.Errorf("%w: what is stored cannot be read", ErrStore)
	ErrStoreChanged     = fmt.Errorf("%w: the stored token was replaced meanwhile", ErrStore)
)
