package zoom_test

import (
	"errors"
	"math/rand/v2"
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
				tp := idleTape(append([]answer{user("active"), lost, user("active")}, tt.second...)...)
				result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, nil)
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

// An endpoint that takes no writes is not asked more often because users can be read:
// the repeats of a write draw on a budget that only writes refill.
func TestFaultRL27RepeatsOfAWriteHaveABudget(t *testing.T) {
	const changes = 1000
	for name, lostReads := range map[string]float64{"RL27 reads work": 0, "RL27 reads fail now and then": 0.05} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(27, 1))
				writes := 0
				tp := idleTape(answer{do: func(req *http.Request) answer {
					if req.Method == http.MethodGet {
						if random.Float64() < lostReads {
							return answer{status: http.StatusServiceUnavailable}
						}
						return ok(`{"id":"u1","email":"u@example.com","type":2,"role_id":"2","status":"active"}`)
					}
					writes++
					return answer{status: http.StatusServiceUnavailable}
				}})
				c := tp.client(t)
				for range changes {
					require.ErrorIs(t, c.Users.Deactivate(t.Context(), "u1"), zoom.ErrOutcomeUnknown)
				}
				assert.LessOrEqual(t, writes, changes+35)
				assert.Greater(t, writes, changes+30, "the budget is used")
			})
		})
	}
}

// A repeat that succeeds costs nothing in the end.
func TestFaultRL27ASuccessfulRepeatIsPaidBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes, status := 0, "active"
		tp := idleTape(answer{do: func(req *http.Request) answer {
			if req.Method == http.MethodGet {
				return ok(`{"id":"u1","email":"u@example.com","type":2,"role_id":"2","status":"` + status + `"}`)
			}
			if writes++; writes%2 == 1 {
				return answer{status: http.StatusServiceUnavailable}
			}
			status = "inactive"
			return answer{status: http.StatusNoContent}
		}})
		c := tp.client(t)
		for range 200 {
			status = "active"
			require.NoError(t, c.Users.Deactivate(t.Context(), "u1"))
		}
		assert.Equal(t, 400, writes)
	})
}
