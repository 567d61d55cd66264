package paging

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A person is in one of three lists, whose order never changes.
type person struct {
	key   float64
	name  string
	stays bool // in the same list the whole time
}

// account is a server with three lists and people who move between them. Each
// answer is of one instant.
type account struct {
	rng    *rand.Rand
	lists  [3][]*person // pending, active, inactive
	kind   string       // "offset", "keyset", "once offset", "once keyset"
	rate   float64      // moves before an answer
	pairs  bool         // somebody joins whenever somebody leaves, in the same instant
	back   float64      // moves before an answer in which somebody leaves and comes back elsewhere
	toEnd  bool         // at the end of the list
	most   int          // largest page size; 0: any
	silent bool         // it does not count
	empty  bool         // a full last page has an empty one behind it
	number bool         // it takes the number of a page
	rule   Rule

	mu    sync.Mutex // of all that changes: two pages are fetched side by side
	born  int
	used  map[string]bool
	calls [3]int
}

func newAccount(seed uint64, sizes [3]int, kind string, rate float64, pairs bool) *account {
	a := &account{rng: rand.New(rand.NewPCG(seed, 7)), kind: kind, rate: rate, pairs: pairs, used: map[string]bool{}, rule: Proof}
	for i, n := range sizes {
		for range n {
			a.lists[i] = append(a.lists[i], a.newPerson(float64(a.born), true))
		}
	}
	return a
}

func (a *account) newPerson(key float64, stays bool) *person {
	a.born++
	return &person{key: key, name: fmt.Sprintf("u%05d", a.born), stays: stays}
}

// leave takes somebody out of a list.
func (a *account) leave(list int) *person {
	l := a.lists[list]
	if len(l) == 0 {
		return nil
	}
	i := a.rng.IntN(len(l))
	p := l[i]
	p.stays = false
	a.lists[list] = slices.Delete(l, i, i+1)
	return p
}

// join puts somebody, or a new person, into a list at a place of his own.
func (a *account) join(list int, p *person) {
	l := a.lists[list]
	i := a.rng.IntN(len(l) + 1)
	low, high := -1e9, 1e9
	if i > 0 {
		low = l[i-1].key
	}
	if i < len(l) {
		high = l[i].key
	}
	if p == nil {
		p = a.newPerson(0, false)
	}
	p.key = low + (high-low)/2
	a.lists[list] = slices.Insert(l, i, p)
}

// move is one move of a kind: people accept, are deactivated, are deleted, come; in
// pairs one leaves a list and another joins it in the same instant.
func (a *account) move() {
	if a.pairs {
		list := a.rng.IntN(3)
		a.leave(list)
		a.join(list, nil)
		return
	}
	switch a.rng.IntN(4) {
	case 0:
		if p := a.leave(0); p != nil {
			a.join(1, p)
		}
	case 1:
		if p := a.leave(1); p != nil {
			a.join(2, p)
		}
	case 2:
		a.leave(a.rng.IntN(3))
	default:
		a.join(a.rng.IntN(2), nil)
	}
}

// comeBack is one who leaves a list and is in it again at once, at another place.
func (a *account) comeBack(list int) {
	p := a.leave(list)
	switch l := a.lists[list]; {
	case p == nil:
	case a.toEnd && len(l) > 0:
		p.key = l[len(l)-1].key + 1
		a.lists[list] = append(l, p)
	default:
		a.join(list, p)
	}
}

// times is a whole number, by chance so that its mean is rate.
func (a *account) times(rate float64) int {
	n := int(rate)
	if a.rng.Float64() < rate-float64(n) {
		n++
	}
	return n
}

var errToken = errors.New("the page token is invalid or expired")

func (a *account) fetch(_ context.Context, r Request) (*Page[string], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range a.times(a.rate) {
		a.move()
	}
	for range a.times(a.back) {
		a.comeBack(r.Part)
	}
	a.calls[r.Part]++
	if strings.HasPrefix(a.kind, "once") && r.Token != "" {
		if a.used[r.Token] {
			return nil, errToken
		}
		a.used[r.Token] = true
	}
	size := r.Size
	if size == 0 {
		size = testSize
	}
	if a.most > 0 {
		size = min(size, a.most)
	}
	return a.page(r, size), nil
}

var testSize = 300

func (a *account) page(r Request, size int) *Page[string] {
	l := a.lists[r.Part]
	from := 0
	value, _, _ := strings.Cut(r.Token, "#")
	byKey := strings.HasSuffix(a.kind, "keyset")
	switch {
	case r.Number > 0 && a.number:
		from = (r.Number - 1) * size
	case value == "":
	case byKey:
		key, _ := strconv.ParseFloat(value, 64)
		from, _ = slices.BinarySearchFunc(l, key, func(p *person, key float64) int {
			if p.key <= key {
				return -1
			}
			return 1
		})
	default:
		from, _ = strconv.Atoi(value)
	}
	from = min(from, len(l))
	to := min(from+size, len(l))
	page := &Page[string]{PageSize: size, TotalRecords: len(l), HasTotal: !a.silent}
	for _, p := range l[from:to] {
		page.Items = append(page.Items, p.name)
	}
	if to < len(l) || (a.empty && to == from+size) {
		value = strconv.Itoa(from + size)
		if byKey {
			value = strconv.FormatFloat(l[to-1].key, 'g', -1, 64)
		}
		page.NextPageToken = fmt.Sprintf("%s#%d.%d", value, size, sumCalls(a.calls))
		if !strings.HasPrefix(a.kind, "once") {
			page.NextPageToken = fmt.Sprintf("%s#%d", value, size)
		}
	}
	return page
}

func sumCalls(calls [3]int) (sum int) {
	for _, n := range calls {
		sum += n
	}
	return sum
}

func (a *account) listing(size int) *Listing[string] {
	return &Listing[string]{
		Parts:   []Part{{Size: size}, {Size: size, NeverEmpty: true}, {Size: size}},
		Tokens:  Tokens{Parts: 3, Joined: true, Mark: "m"},
		Rule:    a.rule,
		Key:     func(name string) (string, string) { return name, "" },
		Fetch:   a.fetch,
		Expired: func(err error) bool { return errors.Is(err, errToken) },
		Fail:    func(r Reason, detail string) error { return &failure{r, detail} },
		Notice:  func(context.Context, Event) {},
	}
}

type failure struct {
	reason Reason
	detail string
}

func (f *failure) Error() string { return f.detail }

// outcome is how one listing ended.
type outcome struct {
	got   map[string]int
	err   error
	calls int // in lists of more than one page
	bare  int // pages of these lists when the listing began
}

// run lists everybody. The answers of one step come in an order by chance, one after
// the other, so that the run is the same each time.
func (a *account) run(t testing.TB, size int) outcome {
	t.Helper()
	testSize = size
	bare := [3]int{}
	for i, l := range a.lists {
		bare[i] = (len(l) + size - 1) / size
	}
	ctx := context.Background()
	p := Start(a.listing(size), Place{})
	o := outcome{got: map[string]int{}}
	for !p.done {
		for !p.isDue() && p.failure == nil {
			flights := make([]*flight[string], len(p.asks))
			for _, i := range a.rng.Perm(len(p.asks)) {
				flights[i] = &flight[string]{ask: p.asks[i]}
				flights[i].page, flights[i].err = a.fetch(ctx, p.asks[i])
			}
			p.digest(ctx, flights)
		}
		page, _, err := p.Next(ctx)
		if err != nil {
			o.err = err
			break
		}
		for _, name := range page.Items {
			o.got[name]++
			require.Equal(t, 1, o.got[name], "handed out twice")
		}
	}
	for i := range bare {
		if bare[i] > 1 {
			o.bare += bare[i]
			o.calls += a.calls[i]
		}
	}
	return o
}

// lost counts those who were in one list the whole time and did not come out.
func (a *account) lost(o outcome) (n int) {
	for _, l := range a.lists {
		for _, p := range l {
			if p.stays && o.got[p.name] == 0 {
				n++
			}
		}
	}
	return n
}
