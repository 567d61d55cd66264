package zoom_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// TestFaultPG20RosterCountedTooHigh: one rule for a status of one page and of several. A
// count that is too high by less than a page is a note; by more it is an error.
func TestFaultPG20RosterCountedTooHigh(t *testing.T) {
	for _, people := range []int{1, 299, 300, 301, 900} {
		for high, fails := range map[int]bool{0: false, 1: false, 600: true} {
			t.Run(fmt.Sprintf("PG20 %d users, counted %d too high", people, high), func(t *testing.T) {
				srv := zoomtest.NewServer()
				for i := range people {
					srv.AddUser(zoom.User{Email: fmt.Sprintf("u%03d@example.com", i), Type: zoom.TypeLicensed})
				}
				srv.OnPage(func(p *zoomtest.Page) { p.Total += high })
				var log notes
				roster := srv.Client(log.option()).Users.Roster(&zoom.RosterOptions{Statuses: []zoom.UserStatus{zoom.StatusActive}})
				users, err := roster.Collect(t.Context())
				t.Logf("%d requests, notes %v", listRequests(srv), log.seen)
				if fails {
					require.ErrorIs(t, err, zoom.ErrListIncomplete)
					return
				}
				require.NoError(t, err)
				assert.Len(t, users, people)
				assert.Equal(t, high > 0, slices.Contains(log.seen, zoom.NoteCountDiffers))
			})
		}
	}
}
