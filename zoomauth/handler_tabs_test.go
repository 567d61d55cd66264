package zoomauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatkit/zoom/zoomtest"
)

func TestHandlerGoesOnWithoutTheBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, nil)
		v := s.visitor()
		good := v.allowed().Encode()
		s.zoom.Inject(zoomtest.Slow(8*time.Second).On("POST", "/oauth/token"))
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		v.get(ctx, callbackPath+"?"+good)
		assert.True(t, s.connected())
		assert.Equal(t, 1, codesSent(s.zoom))
	})
}

func TestHandlerTwoTabs(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	first := v.start("")
	cookie := v.cookies[cookieName]
	second := v.start("")
	assert.Equal(t, cookie, v.cookies[cookieName], "the second tab must not take the first one's login away")
	firstBack, secondBack := allow(t, s.zoom, first), allow(t, s.zoom, second)
	assert.NotEqual(t, firstBack.Get("state"), secondBack.Get("state"))
	checkPage(t, http.StatusOK, v.back(secondBack.Encode()))
	checkPage(t, http.StatusOK, v.back(firstBack.Encode()))
	assert.Equal(t, 2, codesSent(s.zoom))
}

// The code of one tab does not fit the state of the other.
func TestHandlerCodeOfAnotherTab(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	first, second := v.allowed(), v.allowed()
	checkPage(t, http.StatusBadRequest, v.back(with(first, "code", second.Get("code"))))
	assert.False(t, s.connected())
}

func TestHandlerParallelCallbacks(t *testing.T) {
	s := newService(t, nil)
	v := s.visitor()
	good := v.allowed().Encode()
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 20 {
		group.Go(func() {
			r := httptest.NewRequest(http.MethodGet, callbackPath+"?"+good, nil)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: v.cookies[cookieName]})
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
		})
	}
	group.Wait()
	assert.Equal(t, map[int]int{http.StatusOK: 1, http.StatusBadRequest: 19}, statuses)
	assert.Equal(t, 1, codesSent(s.zoom))
}
