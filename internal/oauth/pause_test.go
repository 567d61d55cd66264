package oauth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom/internal/oauth"
)

func TestPause(t *testing.T) {
	failure, now := errors.New("failure"), time.Now()
	t.Run("RL04 a moment that is named", func(t *testing.T) {
		var p oauth.Pause
		p.Note("a", failure, now.Add(time.Minute), now)
		assert.Equal(t, failure, p.Err("a", now.Add(time.Minute-1)))
		assert.NoError(t, p.Err("b", now), "another credential")
		assert.NoError(t, p.Err("a", now.Add(time.Minute)))
		p.Note("a", failure, now.Add(1000*time.Hour), now)
		assert.NoError(t, p.Err("a", now.Add(time.Hour)))
	})
	t.Run("the pause grows", func(t *testing.T) {
		var p oauth.Pause
		at := now
		for _, seconds := range []int{0, 1, 2, 4, 8, 16, 30, 30} {
			p.Note("a", failure, time.Time{}, at)
			end := at.Add(time.Duration(seconds) * time.Second)
			if seconds > 0 {
				assert.Equal(t, failure, p.Err("a", end.Add(-1)))
			}
			assert.NoError(t, p.Err("a", end))
			at = end
		}
		p.Note("b", failure, time.Time{}, at)
		assert.NoError(t, p.Err("b", at), "the first of another credential")
		at = at.Add(time.Minute)
		p.Note("b", failure, time.Time{}, at)
		assert.NoError(t, p.Err("b", at), "a late one is a first one")
		p.Note("b", nil, time.Time{}, at)
		assert.NoError(t, p.Err("b", at))
	})
}
