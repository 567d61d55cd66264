package seats

import (
	"testing"

	"github.com/seatkit/zoom/zoomtest"
)

// A module of its own can do the main job with what the module exports.
func TestRosterFromOutside(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(700, 1))
	defer srv.Close()
	users, err := srv.Client().Users.Roster(nil).Collect(t.Context())
	if err != nil || len(users) != 700 {
		t.Fatalf("want 700 users and no error, have %d, %v", len(users), err)
	}
}
