package zoom_test

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// The first write may arrive late: whatever becomes of the second one, it stays
// unknown whether the change was made, unless the user shows it.
func TestFaultNW07FirstWriteStaysOpen(t *testing.T) {
	user := func(status string) answer {
		return ok(`{"id":"u1","email":"u@example.com","type":2,"role_id":"2","status":"` + status + `"}`)
	}
	lost := answer{err: errors.New("connection reset by peer")}
	refusedDial := answer{err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}}
	notPaid := answer{status: http.StatusBadRequest, body: `{"code":1109,"message":"Host is not a paid user."}`}
	forbidden := answer{status: http.StatusForbidden, body: `{"code":403,"message":"no"}`}
	for name, tt := range map[string]struct {
		second []answer // what comes after the first write was lost and the user shows the old state
		want   error
	}{
		"second never leaves":       {[]answer{refusedDial, refusedDial, refusedDial, refusedDial, refusedDial, user("active")}, zoom.ErrOutcomeUnknown},
		"second refused":            {[]answer{forbidden, user("active")}, zoom.ErrOutcomeUnknown},
		"second refused, and shown": {[]answer{forbidden, user("inactive")}, nil},
		"nothing left, and shown":   {[]answer{notPaid, user("inactive")}, nil},
		"nothing left, not shown":   {[]answer{notPaid, user("active")}, zoom.ErrOutcomeUnknown},
		"second refused, and blind": {[]answer{forbidden, forbidden}, zoom.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape(append([]answer{user("active"), lost, user("active")}, tt.second...)...)
				result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", nil)
				if tt.want == nil {
					require.NoError(t, err)
					assert.Equal(t, zoom.OutcomeReclaimed, result.Outcome)
					assert.True(t, result.Reconciled)
					return
				}
				require.ErrorIs(t, err, tt.want)
				assert.Equal(t, zoom.OutcomeUnknown, result.Outcome)
			})
		})
	}
}
