package paging

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestFaultPG15PanicOnTheWay: a panic of the caller's own code comes out of the
// listing each time, whichever request it ends. Run it with -race too.
func TestFaultPG15PanicOnTheWay(t *testing.T) {
	for _, rule := range []Rule{Strict, Proof} {
		for range 500 {
			a := newAccount(1, [3]int{0, 10, 0}, "offset", 0, false)
			l := a.listing(5)
			l.Parts, l.Tokens, l.Rule, l.Ahead = l.Parts[:1], Tokens{Parts: 1, Mark: "m"}, rule, true
			l.Fetch = func(_ context.Context, r Request) (*Page[string], error) {
				if r.Token != "" || r.Size != 0 {
					panic("from a hook")
				}
				return &Page[string]{Items: rows(0, 5), PageSize: 5, TotalRecords: 10, HasTotal: true, NextPageToken: "more"}, nil
			}
			assert.PanicsWithValue(t, "from a hook", func() { _, _, _ = collect(t.Context(), l) })
			if t.Failed() {
				return
			}
		}
	}
}
