package zoomhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

type digestKey struct{}

// Digest returns the digest of the event that a handler was called with, from its context:
// 64 hexadecimal digits, the SHA-256 of the body as it came. A delivery that is sent again
// has the same one, whatever its timestamp. It is empty for any other context. A program
// that calls [Verifier.Verify] itself makes the same digest of the body.
func Digest(ctx context.Context) string {
	digest, _ := ctx.Value(digestKey{}).(string)
	return digest
}

func withDigest(ctx context.Context, body []byte) context.Context {
	sum := sha256.Sum256(body)
	return context.WithValue(ctx, digestKey{}, hex.EncodeToString(sum[:]))
}
