package zoom_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func faultPG05(t *testing.T) {
	srv := staff(40)
	c := srv.Client()
	users, err := c.Users.Roster(&zoom.RosterOptions{PageSize: 3}).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 40)
	for _, u := range users { // the list is finished: what happens now cannot shorten it
		result, err := c.Users.Reclaim(t.Context(), u.ID, zoom.ReclaimDeactivate, nil)
		require.NoError(t, err)
		assert.Equal(t, zoom.OutcomeReclaimed, result.Outcome)
	}
	for _, u := range srv.Users() {
		assert.Equal(t, zoom.StatusInactive, u.Status, u.Email)
	}
}

// faultPG06: a listing by offset, into which somebody comes in front of all
// others after the first page.
func faultPG06(t *testing.T) {
	for _, roster := range []bool{false, true} {
		present := staffNames(1, 10)
		tp := newTape(answer{do: func(req *http.Request) answer {
			a := ok(offsetPage(present, req, 3))
			if len(present) == 10 {
				present = slices.Insert(present, 0, "u00")
			}
			return a
		}})
		var log notes
		names, err := gather(t, inThrees(tp.client(t, log.option()), roster))
		require.NoError(t, err)
		if !roster { // as Zoom lists them
			assert.Equal(t, slices.Concat(staffNames(1, 3), staffNames(3, 10)), names)
			assert.Empty(t, log.seen)
			assert.Len(t, tp.requests(), 4)
			continue
		}
		assert.Equal(t, append(staffNames(1, 10), "u00"), names, "each once, also the one who came")
		assert.Equal(t, []zoom.ListNote{zoom.NoteListedAgain}, log.seen)
		assert.Len(t, tp.requests(), 4+4)
		assert.Equal(t, 11+11, log.rows)
	}
}

// offsetPage is a page of a server whose tokens are offsets.
func offsetPage(names []string, req *http.Request, size int) string {
	at := 0
	_, _ = fmt.Sscan(req.URL.Query().Get("next_page_token"), &at)
	end, next := min(at+size, len(names)), ""
	if end < len(names) {
		next = fmt.Sprint(end)
	}
	users := []json.RawMessage{}
	for _, name := range names[min(at, end):end] {
		users = append(users, json.RawMessage(rowOf(userRow)(0, name)))
	}
	page, _ := json.Marshal(map[string]any{"users": users, "next_page_token": next, "page_size": size, "total_records": len(names)})
	return string(page)
}
