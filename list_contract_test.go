package zoom_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// contract is one thing that every listing keeps. It runs in a synctest bubble:
// a goroutine that is left behind fails it.
type contract struct {
	name  string
	check func(t *testing.T, l *listing)
}

func TestListContract(t *testing.T) {
	clauses := []contract{
		{"is lazy", isLazy},
		{"starts anew when ranged again", startsAnew},
		{"sends nothing after a break", breaksOff},
		{"ends in the error of a page", endsInError},
		{"gives the items so far with the error", collectsSoFar},
		{"goes on after an empty page", passesEmptyPage},
		{"refuses a repeated token", refusesRepeat},
		{"refuses a loop of tokens", refusesLoop},
		{"refuses empty pages without end", refusesEndless},
		{"stops between pages when cancelled", stopsBetweenPages},
		{"stops a fetch when cancelled", stopsFetch},
		{"resumes at the page that failed", resumes},
		{"resumes at the token of a page", resumesAtPage},
		{"asks for one page at a time", onePage},
		{"escapes tokens and repeats the parameters", keepsParameters},
		{"may be shared", isShared},
		{"refuses what is not there", refusesNothing},
		{"fetches ahead the same items", prefetchesSame},
		{"fetches one page ahead", prefetchesOne},
		{"leaves no fetch behind after a break", prefetchBreaksOff},
		{"leaves no fetch behind after a panic", prefetchPanics},
		{"ends in the error of a page fetched ahead", prefetchFails},
		{"hands on a panic of a fetch ahead", prefetchHandsOnPanic},
	}
	for _, l := range listings() {
		t.Run(l.name, func(t *testing.T) {
			for _, clause := range clauses {
				t.Run(clause.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { clause.check(t, l) })
				})
			}
		})
	}
}

// gather ranges over all items and checks that an error comes once and last.
func gather(t *testing.T, l lister) (names []string, failure error) {
	t.Helper()
	for name, err := range l.All(t.Context()) {
		require.NoError(t, failure, "something came after the error")
		if failure = err; err == nil {
			names = append(names, name)
		}
	}
	return names, failure
}

// pageError checks the error that ends a listing.
func pageError(t *testing.T, err, sentinel error, yielded int) *zoom.PageError {
	t.Helper()
	require.ErrorIs(t, err, sentinel)
	var page *zoom.PageError
	require.ErrorAs(t, err, &page)
	assert.Equal(t, yielded, page.Yielded)
	if len(page.Token) > len("t1.1") { // shorter ones may stand in any text
		assert.NotContains(t, err.Error(), page.Token)
	}
	return page
}

func isLazy(t *testing.T, l *listing) {
	b := newBook(l, 2, 2)
	list := l.open(b.tape().client(t))
	all, pages := list.Prefetch().Resume("").All(t.Context()), list.Pages(t.Context())
	synctest.Wait()
	assert.Zero(t, b.requests())
	assert.NotNil(t, all)
	assert.NotNil(t, pages)
}

func startsAnew(t *testing.T, l *listing) {
	b := newBook(l, 2, 3)
	tp := b.tape()
	list := l.open(tp.client(t))
	pages := len(b.pages) * 2
	all := list.All(t.Context())
	for range 2 {
		var names []string
		for name, err := range all {
			require.NoError(t, err)
			names = append(names, name)
		}
		assert.Equal(t, b.names(), names)
	}
	names, err := list.Collect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, b.names(), names)
	assert.Equal(t, 3*pages, b.requests())
	for _, asked := range tp.requests() {
		assert.Equal(t, http.MethodGet, asked.method)
		assert.Equal(t, l.path, asked.path)
	}
}

func breaksOff(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	list := l.open(b.tape().client(t))
	got := 0
	for _, err := range list.All(t.Context()) {
		require.NoError(t, err)
		if got++; got == 3 {
			break
		}
	}
	for page, err := range list.Pages(t.Context()) {
		require.NoError(t, err)
		assert.Len(t, page.Items, 2)
		break
	}
	synctest.Wait()
	assert.Equal(t, 2+1, b.requests())
}

// failing makes the page with the number, counted over all parts, fail.
func (b *book) failing(number int, with answer) {
	b.over = func(at place, l *leaf) {
		if at.part*len(b.pages[0])+at.page == number {
			l.instead = &with
		}
	}
}

func endsInError(t *testing.T, l *listing) {
	for _, fault := range []struct {
		with     answer
		sentinel error
		tries    int
	}{
		{answer{status: http.StatusForbidden, body: `{"code":403,"message":"No."}`}, zoom.ErrForbidden, 1},
		{answer{status: http.StatusInternalServerError}, zoom.ErrServer, 5},
		{ok(`{"total_records":7}`), zoom.ErrBadResponse, 5},
	} {
		for n := range 2 * max(1, len(l.parts)) {
			b := newBook(l, 2, 2)
			b.failing(n, fault.with)
			names, err := gather(t, l.open(b.tape().client(t)))
			assert.Equal(t, b.first(2*n), names)
			page := pageError(t, err, fault.sentinel, 2*n)
			assert.Equal(t, n == 0, page.Token == "")
			assert.Equal(t, n+fault.tries, b.requests())
			var e *zoom.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, fault.tries, e.Attempts)
		}
	}
}

func collectsSoFar(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	b.failing(2, answer{status: http.StatusForbidden})
	names, err := l.open(b.tape().client(t)).Collect(t.Context())
	assert.Equal(t, b.first(4), names)
	pageError(t, err, zoom.ErrForbidden, 4)
}

func passesEmptyPage(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	for part := range b.pages {
		b.pages[part][1] = nil
	}
	list := l.open(b.tape().client(t))
	pages, items := 0, []string(nil)
	for page, err := range list.Pages(t.Context()) {
		require.NoError(t, err)
		pages++
		items = append(items, page.Items...)
	}
	assert.Equal(t, b.names(), items)
	assert.Equal(t, 3*len(b.pages), pages)
	assert.Equal(t, pages, b.requests())
}

func refusesRepeat(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	b.over = func(at place, leaf *leaf) {
		if at.part == 0 && at.page == 1 {
			leaf.next = tokenOf(0, 1)
		}
	}
	names, err := gather(t, l.open(b.tape().client(t)))
	assert.Equal(t, b.first(4), names)
	pageError(t, err, zoom.ErrPageLoop, 4)
	assert.Equal(t, 2, b.requests())
}

func refusesLoop(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	b.over = func(at place, leaf *leaf) {
		if at.part == 0 && at.page == 2 {
			leaf.next = tokenOf(0, 1)
		}
	}
	names, err := gather(t, l.open(b.tape().client(t)))
	assert.Equal(t, b.first(6), names)
	pageError(t, err, zoom.ErrPageLoop, 6)
	assert.Equal(t, 3, b.requests())
}

func refusesEndless(t *testing.T, l *listing) {
	b := newBook(l, 1, 2)
	b.over = func(at place, leaf *leaf) { leaf.next = tokenOf(at.part, at.page+1) }
	names, err := gather(t, l.open(b.tape().client(t)))
	assert.Equal(t, b.first(2), names)
	pageError(t, err, zoom.ErrPageLoop, 2)
	assert.Equal(t, 1+10, b.requests())
}

func stopsBetweenPages(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	got, failure := 0, error(nil)
	for page, err := range l.open(b.tape().client(t)).Pages(ctx) {
		if failure = err; err != nil {
			continue
		}
		got += len(page.Items)
		if got == 4 {
			cancel(errors.New("enough"))
		}
	}
	assert.Equal(t, 4, got)
	pageError(t, failure, context.Canceled, 4)
	assert.Equal(t, 2, b.requests())
}

func stopsFetch(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	b.over = func(at place, leaf *leaf) {
		if at.page == 1 {
			leaf.instead = &answer{status: http.StatusOK, delay: 10 * time.Second}
		}
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	names, err := l.open(b.tape().client(t)).Collect(ctx)
	assert.Equal(t, b.first(2), names)
	pageError(t, err, context.DeadlineExceeded, 2)
	assert.Equal(t, 3*time.Second, time.Since(start))
	assert.Equal(t, 2, b.requests())
}

func isShared(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	list := l.open(b.tape().client(t))
	shared := []lister{list, list, list.Prefetch(), list}
	var wg sync.WaitGroup
	results := make([][]string, len(shared))
	for i, list := range shared {
		wg.Go(func() {
			for name, err := range list.All(t.Context()) {
				if assert.NoError(t, err) {
					results[i] = append(results[i], name)
				}
			}
		})
	}
	wg.Wait()
	for _, names := range results {
		assert.Equal(t, b.names(), names)
	}
	assert.Equal(t, len(shared)*3*len(b.pages), b.requests())
}
