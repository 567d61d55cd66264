package zoom_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func prefetchesSame(t *testing.T, l *listing) {
	b := newBook(l, 3, 2)
	list := l.open(b.tape().client(t)).Prefetch()
	for range 2 {
		names, err := gather(t, list)
		require.NoError(t, err)
		assert.Equal(t, b.names(), names)
	}
	assert.Equal(t, 2*3*len(b.pages), b.requests())
}

// prefetchesOne: while the items of a page are worked on, the next page has been
// asked for and no other, also where that is the first one of the next part.
func prefetchesOne(t *testing.T, l *listing) {
	b := newBook(l, 2, 2)
	b.delay = time.Second
	pages, start := 0, time.Now()
	for _, err := range l.open(b.tape().client(t)).Prefetch().Pages(t.Context()) {
		require.NoError(t, err)
		pages++
		time.Sleep(time.Second) // on the bubble's clock: the work on a page
		synctest.Wait()
		assert.Equal(t, min(pages+1, 2*len(b.pages)), b.requests())
	}
	assert.Equal(t, 2*len(b.pages), pages)
	assert.Equal(t, time.Duration(1+pages)*time.Second, time.Since(start), "fetching and working overlap")
}

// watchedWire is a wire that knows what is under way on it, and takes its time to
// give up a request whose context has ended.
type watchedWire struct {
	*tape
	inFlight atomic.Int32
}

const givingUp = time.Second

func (w *watchedWire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.inFlight.Add(1)
	defer w.inFlight.Add(-1)
	resp, err := w.tape.RoundTrip(req)
	if req.Context().Err() != nil {
		time.Sleep(givingUp) // on the bubble's clock
	}
	return resp, err
}

// hanging opens a listing whose second page does not come.
func hanging(t *testing.T, l *listing) (*book, *watchedWire, lister) {
	t.Helper()
	b := newBook(l, 3, 2)
	b.over = func(at place, leaf *leaf) {
		if at.page == 1 {
			leaf.instead = &answer{status: http.StatusOK, delay: time.Hour}
		}
	}
	w := &watchedWire{tape: b.tape()}
	c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithHTTPClient(&http.Client{Transport: w}), zoom.WithLimiter(zoom.Unlimited()))
	require.NoError(t, err)
	return b, w, l.open(c).Prefetch()
}

func prefetchBreaksOff(t *testing.T, l *listing) {
	b, w, list := hanging(t, l)
	start := time.Now()
	for _, err := range list.All(t.Context()) {
		require.NoError(t, err)
		synctest.Wait()
		assert.EqualValues(t, 1, w.inFlight.Load())
		break
	}
	assert.Zero(t, w.inFlight.Load(), "the fetch goes on")
	assert.Equal(t, givingUp, time.Since(start), "the fetch was waited out, or left alone")
	assert.Equal(t, 2, b.requests())
}

func prefetchPanics(t *testing.T, l *listing) {
	b, w, list := hanging(t, l)
	start := time.Now()
	assert.PanicsWithValue(t, "from the loop", func() {
		for range list.All(t.Context()) {
			synctest.Wait()
			panic("from the loop")
		}
	})
	assert.Zero(t, w.inFlight.Load(), "the fetch goes on")
	assert.Equal(t, givingUp, time.Since(start), "the fetch was waited out, or left alone")
	assert.Equal(t, 2, b.requests())
}

func prefetchFails(t *testing.T, l *listing) {
	for n := range 2 * max(1, len(l.parts)) {
		b := newBook(l, 2, 2)
		b.failing(n, answer{status: http.StatusInternalServerError})
		list := l.open(b.tape().client(t)).Prefetch()
		names, err := gather(t, list)
		assert.Equal(t, b.first(2*n), names)
		failed := pageError(t, err, zoom.ErrServer, 2*n)
		assert.Equal(t, n+5, b.requests())

		b.over = nil
		after, err := gather(t, list.Resume(failed.Token))
		require.NoError(t, err)
		assert.Equal(t, b.names(), append(names, after...))
	}
}

// prefetchHandsOnPanic: a panic of a hook or a RoundTripper of the caller's ends
// the call, as it does without fetching ahead, and not the process.
func prefetchHandsOnPanic(t *testing.T, l *listing) {
	for _, ahead := range []bool{false, true} {
		b := newBook(l, 2, 2)
		b.over = func(at place, _ *leaf) {
			if at.page == 1 {
				panic("from the wire")
			}
		}
		list, got := l.open(b.tape().client(t)), 0
		if ahead {
			list = list.Prefetch()
		}
		assert.PanicsWithValue(t, "from the wire", func() {
			for range list.All(t.Context()) {
				got++
			}
		})
		assert.Equal(t, 2, got)
	}
}
