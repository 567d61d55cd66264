package zoom_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// TestReclaimIf: the caller's condition is checked last, on the user as read, before each
// write.
func TestReclaimIf(t *testing.T) {
	errSpare := errors.New("spare this one")
	for name, tc := range map[string]struct {
		dryRun  bool
		refuses int // which call of If returns an error; 0: none
		answers []answer
		asked   string
		calls   int
		outcome zoom.ReclaimOutcome
		unknown bool
	}{
		"holds":                  {false, 0, []answer{ok(annLicensed), noReply, ok(annInactive)}, "GET PUT GET", 1, zoom.OutcomeReclaimed, false},
		"stops the write":        {false, 1, []answer{ok(annLicensed)}, "GET", 1, zoom.OutcomeUnknown, false},
		"stops a dry run":        {true, 1, []answer{ok(annLicensed)}, "GET", 1, zoom.OutcomeUnknown, false},
		"holds in a dry run":     {true, 0, []answer{ok(annLicensed)}, "GET", 1, zoom.OutcomeDryRun, false},
		"nothing is held":        {false, 1, []answer{ok(annInactive)}, "GET", 0, zoom.OutcomeAlreadyReclaimed, false},
		"protected before":       {false, 1, []answer{ok(annOwner)}, "GET", 0, zoom.OutcomeProtected, false},
		"stops the second write": {false, 2, []answer{ok(annLicensed), lost, ok(annLicensed)}, "GET PUT GET", 2, zoom.OutcomeUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := idleTape(tc.answers...)
				calls := 0
				result, err := tp.client(t).Users.Reclaim(t.Context(), "u1", zoom.ReclaimDeactivate, &zoom.ReclaimOptions{
					DryRun: tc.dryRun,
					If: func(ctx context.Context, u *zoom.User) error {
						calls++
						assert.Equal(t, t.Context(), ctx)
						assert.Equal(t, zoom.TypeLicensed, u.Type)
						u.Status = zoom.StatusPending // a copy
						if calls == tc.refuses {
							return errSpare
						}
						return nil
					},
				})
				assert.Equal(t, tc.asked, methodsAsked(tp))
				assert.Equal(t, tc.calls, calls)
				assert.Equal(t, tc.outcome, result.Outcome)
				assert.Equal(t, tc.unknown, errors.Is(err, zoom.ErrOutcomeUnknown))
				if tc.refuses > 0 && tc.calls >= tc.refuses {
					require.ErrorIs(t, err, errSpare)
					assert.NotEqual(t, zoom.StatusPending, result.Before.Status)
				}
			})
		})
	}
}
