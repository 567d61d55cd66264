package zoomtest

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom"
)

func TestServerServesOnAfterAHandlerPanicked(t *testing.T) {
	s := NewServer()
	s.AddUser(zoom.User{Email: "stays@example.com"})
	c := &call{s: s, route: &route{handle: func(*call) *answer { panic("a handler's mistake") }}}

	assert.PanicsWithValue(t, "a handler's mistake", func() { c.run() })

	assert.True(t, s.mu.TryLock(), "the server is still locked")
	s.mu.Unlock()
	assert.Len(t, s.Users(), 1)
}
