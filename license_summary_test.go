package zoom_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom"
)

func TestLicenseSummaryPrintsCountsAlone(t *testing.T) {
	var s zoom.LicenseSummary
	s.Add(&zoom.User{Email: "ann@example.com", Status: zoom.StatusPending})
	s.Add(&zoom.User{ID: "b", Type: zoom.TypeLicensed, Status: zoom.StatusActive})
	want := "total 2: Basic 0, Licensed 1, On-Prem 0, Unassigned 0, None 0, Unknown 0, pending 1; inactive 0, bundles 0"
	for _, verb := range []string{"%v", "%+v", "%s"} {
		assert.Equal(t, want, fmt.Sprintf(verb, s))
		assert.Equal(t, want, fmt.Sprintf(verb, &s))
	}
}
