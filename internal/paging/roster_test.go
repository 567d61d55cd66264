package paging

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	rosterRuns  = flag.Int("paging.runs", 144, "random runs of each seed, over all schedules")
	rosterSeeds = flag.Int("paging.seeds", 1, "seeds")
)

// TestFaultPG19NobodyIsLostWhilePeopleMove: whoever is in one list the whole time
// comes out of a listing that ends without an error.
func TestFaultPG19NobodyIsLostWhilePeopleMove(t *testing.T) {
	sizes := [][3]int{{120, 1000, 350}, {40, 2300, 900}, {250, 5000, 700}}
	const schedules = 48
	var all tallyOf
	for _, kind := range []string{"offset", "keyset", "once offset", "once keyset"} {
		for _, rate := range []float64{0.1, 0.5, 1} {
			for _, pairs := range []bool{false, true} {
				for _, page := range []int{100, 300} {
					name := fmt.Sprintf("PG19 %s, %v a request, pairs %v, pages of %d", kind, rate, pairs, page)
					t.Run(name, func(t *testing.T) {
						var tally tallyOf
						for seed := range *rosterSeeds {
							for i := range *rosterRuns / schedules {
								a := newAccount(uint64(seed*1_000_000+i), sizes[i%len(sizes)], kind, rate, pairs)
								tally.add(a, a.run(t, page))
							}
						}
						all.merge(tally)
						assert.Zero(t, tally.silent, "somebody is missing without an error")
						t.Log(tally)
						if rate == 0.1 {
							assert.LessOrEqual(t, tally.open*200, tally.runs, "less than 99.5 %% proven")
						}
						assert.LessOrEqual(t, tally.ratio(), 2.2)
					})
				}
			}
		}
	}
	t.Log(all)
}

// TestFaultPG19SomebodyComesBack: whoever leaves a list and comes back to another
// place of it makes nobody else go missing.
func TestFaultPG19SomebodyComesBack(t *testing.T) {
	var all tallyOf
	for _, c := range []struct{ least, most, page, largest int }{{21, 60, 10, 300}, {60, 400, 30, 45}, {200, 1500, 100, 150}, {1000, 3000, 300, 300}} {
		for _, back := range []float64{0.1, 0.3, 1} {
			for _, toEnd := range []bool{false, true} {
				t.Run(fmt.Sprintf("PG19 %v come back a request, to the end %v, pages of %d", back, toEnd, c.page), func(t *testing.T) {
					var tally tallyOf
					for seed := range *rosterSeeds * *rosterRuns * 4 / c.page {
						rng := rand.New(rand.NewPCG(uint64(seed), 19))
						n := [3]int{rng.IntN(c.most), c.least + rng.IntN(c.most-c.least), rng.IntN(c.most)}
						a := newAccount(uint64(seed), n, []string{"offset", "once offset", "keyset"}[seed%3], []float64{0, 0.1, 0.5}[seed/3%3], seed%2 == 0)
						a.back, a.toEnd, a.most = back, toEnd, c.largest
						tally.add(a, a.run(t, c.page))
					}
					all.merge(tally)
					assert.Zero(t, tally.silent, "somebody who never moved is missing without an error")
					t.Log(tally)
				})
			}
		}
	}
	t.Log(all)
}

// TestFaultPG19TinyPages: the same for pages of 1 to 5 rows, where few who come back can
// look like rows that two answers share.
func TestFaultPG19TinyPages(t *testing.T) {
	for page := 1; page <= 5; page++ {
		for _, largest := range []int{page + 2, 20, 30} {
			t.Run(fmt.Sprintf("PG19 pages of %d, at most %d", page, largest), func(t *testing.T) {
				var tally tallyOf
				for seed := range *rosterSeeds * *rosterRuns * 4 {
					rng := rand.New(rand.NewPCG(uint64(seed), 19))
					n := [3]int{rng.IntN(5 * page), page + 1 + rng.IntN(90), rng.IntN(5 * page)}
					a := newAccount(uint64(seed), n, []string{"offset", "once offset", "keyset"}[seed%3], []float64{0, 0.1, 0.5}[seed/3%3], seed%2 == 0)
					a.back, a.toEnd, a.most = []float64{0.1, 0.3, 1}[seed/9%3], seed/27%2 == 0, largest
					tally.add(a, a.run(t, page))
				}
				// Seen: 3 of 20,000 where the largest page has 20 rows, 0 of 280,000 elsewhere.
				assert.LessOrEqual(t, tally.silent, tally.runs/5000, "somebody who never moved is missing without an error")
				t.Log(tally)
			})
		}
	}
}

// TestFaultPG10ServerOfTinyPages: a server whose largest page has fewer than 20 rows gives
// no proof, and the roster does not spend calls on one. From 20 on it gives one, at a
// price.
func TestFaultPG10ServerOfTinyPages(t *testing.T) {
	for _, most := range []int{1, 2, 5, 8, 10, 15, 19, 20, 25, 30} {
		t.Run(fmt.Sprintf("PG10 pages of 10, at most %d", most), func(t *testing.T) {
			unproven, worst := 0, 0.0
			for people := 61; people <= 600; people += 14 {
				a := newAccount(1, [3]int{0, people, 0}, "offset", 0, false)
				a.most = most
				o := a.run(t, 10)
				if o.err != nil {
					unproven++
				}
				pages := (people + min(10, most) - 1) / min(10, most)
				worst = max(worst, float64(a.calls[1])/float64(pages))
			}
			t.Logf("%d not proven, at most %.2f x the calls", unproven, worst)
			assert.Equal(t, most < longAnswer, unproven > 0)
			dearest := 3.2
			if most == longAnswer { // the one size that there is has its edges where the first one has
				dearest = 7.5
			}
			assert.LessOrEqual(t, worst, dearest)
		})
	}
}

type tallyOf struct{ runs, silent, open, calls, bare int }

func (y *tallyOf) add(a *account, o outcome) {
	y.runs++
	y.calls += o.calls
	y.bare += o.bare
	switch {
	case o.err != nil:
		y.open++
	case a.lost(o) > 0:
		y.silent++
	}
}

func (y *tallyOf) merge(o tallyOf) {
	y.runs, y.silent, y.open, y.calls, y.bare = y.runs+o.runs, y.silent+o.silent, y.open+o.open, y.calls+o.calls, y.bare+o.bare
}

func (y tallyOf) ratio() float64 { return float64(y.calls) / float64(max(1, y.bare)) }

func (y tallyOf) String() string {
	return fmt.Sprintf("%d runs: %d silent, %d not proven, %.2f x the calls", y.runs, y.silent, y.open, y.ratio())
}

// TestQuietRosterIsProven: while nobody moves every list is proven, whatever its
// size and the size of its pages.
func TestQuietRosterIsProven(t *testing.T) {
	var tally tallyOf
	for _, size := range []int{2, 3, 5, 7, 30, 99, 100, 101, 250, 300, 301, 999, 2000} {
		for _, kind := range []string{"offset", "keyset", "once offset"} {
			for i := range 4 * *rosterSeeds {
				rng := rand.New(rand.NewPCG(uint64(size), uint64(i)))
				n := [3]int{rng.IntN(3 * size), 1 + rng.IntN([]int{size, 4 * size, min(30*size, 3000)}[i%3]), rng.IntN(3)}
				a := newAccount(uint64(i), n, kind, 0, false)
				if i%4 == 1 {
					a.most = 300
				}
				a.silent = i%5 == 1
				a.empty = i%2 == 1 // a page more, which is empty
				o := a.run(t, size)
				require.NoError(t, o.err, "pages of %d, %v people, %s, run %d", size, n, kind, i)
				require.Zero(t, a.lost(o))
				tally.add(a, o)
			}
		}
	}
	t.Log(tally)
}

// TestFaultPG10QuietRosterOfSmallPages: a server whose largest page is small gives a
// quiet roster all the same, whatever page size is asked for.
func TestFaultPG10QuietRosterOfSmallPages(t *testing.T) {
	for _, most := range []int{300, 100, 50, 30} {
		for _, size := range []int{1, 2, 5, 10, 15, 20, 25, 30, 50, 100} {
			t.Run(fmt.Sprintf("PG10 pages of %d, at most %d", size, most), func(t *testing.T) {
				for people := 20; people <= min(3000, 60*size); people += 149 {
					a := newAccount(1, [3]int{0, people, 0}, "offset", 0, false)
					a.most = most
					o := a.run(t, size)
					assert.NoError(t, o.err, "%d people, %v calls", people, a.calls)
					assert.Zero(t, a.lost(o))
				}
			})
		}
	}
}

// TestEdgesThatMeet: beyond about 90,000 people in pages of 300, or where the server
// has small pages, no second size keeps all edges apart. A page by its number spans
// the edge; where the server does not know numbers it takes another walk.
func TestEdgesThatMeet(t *testing.T) {
	for _, c := range []struct {
		people, size, most int
		number             bool
		ratio              float64
	}{
		{95_000, 300, 300, true, 2.05},
		{2_000, 300, 30, true, 2.15},
		{2_000, 300, 30, false, 3.2},
	} {
		a := newAccount(1, [3]int{0, c.people, 0}, "offset", 0, false)
		a.most, a.number = c.most, c.number
		o := a.run(t, c.size)
		require.NoError(t, o.err, "%+v", c)
		assert.Zero(t, a.lost(o))
		pages := (c.people + min(c.size, c.most) - 1) / min(c.size, c.most)
		assert.LessOrEqual(t, float64(a.calls[1]), c.ratio*float64(pages), "%+v", c)
	}
}

// TestPlainWalkLosesPeople is the control: without the proof the same schedules lose
// somebody, with the right count.
func TestPlainWalkLosesPeople(t *testing.T) {
	lost := 0
	for i := range 30 {
		a := newAccount(uint64(i), [3]int{0, 1000, 0}, "offset", 0.5, true)
		a.rule = Recount
		if o := a.run(t, 100); o.err == nil && a.lost(o) > 0 {
			lost++
		}
	}
	assert.Positive(t, lost)
	t.Logf("lost in %d of 30", lost)
}

// TestProofMemory: what a proven listing remembers is the ids and a few pages.
func TestProofMemory(t *testing.T) {
	const people, most = 60_000, 40
	a := newAccount(1, [3]int{0, people, 0}, "offset", 0, false)
	for i, p := range a.lists[1] {
		p.name = idOf(uint64(i))
	}
	testSize = 300
	p := Start(a.listing(300), Place{})
	before, used := live(), int64(0)
	for !p.Done() {
		page, _, err := p.Next(t.Context())
		require.NoError(t, err)
		if page.NextPageToken == "" { // the last one
			used = live() - before
		}
	}
	runtime.KeepAlive(p)
	t.Logf("%.1f bytes a person", float64(used)/people)
	assert.LessOrEqual(t, used, int64(people*most))
}
