package meaning_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom/internal/meaning"
	"github.com/seatkit/zoom/internal/transport"
)

func TestEveryKindHasAMeaning(t *testing.T) {
	byItself := map[transport.Kind]bool{
		transport.KindStatus: true, transport.KindLimiter: true, transport.KindToken: true, transport.KindContext: true,
	}
	for kind := range transport.NumKinds {
		assert.Equal(t, byItself[kind], meaning.OfKind(kind) == nil, "kind %d", kind)
	}
}
