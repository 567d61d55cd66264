package meaning

import "github.com/seatkit/zoom/internal/transport"

// ofKind has an entry for each kind of failure. Nil: the answer or the cause
// decides.
var ofKind = [...]error{
	transport.KindStatus:       nil,
	transport.KindBadBody:      ErrBadResponse,
	transport.KindBadStatus:    ErrBadResponse,
	transport.KindProtocol:     ErrBadResponse,
	transport.KindTooLarge:     ErrBodyTooLarge,
	transport.KindRedirect:     ErrRedirect,
	transport.KindTimeout:      ErrTimeout,
	transport.KindUnreachable:  ErrUnreachable,
	transport.KindProxy:        ErrUnreachable,
	transport.KindTLS:          ErrTLS,
	transport.KindLimiter:      nil,
	transport.KindToken:        nil,
	transport.KindUnauthorized: ErrUnauthorized,
	transport.KindContext:      nil,
}

// It does not compile when a kind is missing at the end; a test finds one that is
// missing between.
var _ [transport.NumKinds]error = ofKind

// OfKind returns the sentinel of a kind of failure; nil for a kind of which the
// answer or the cause decides.
func OfKind(kind transport.Kind) error {
	if int(kind) >= len(ofKind) {
		return ErrUnreachable
	}
	return ofKind[kind]
}
