package zoomauth_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func TestFaultAU28NobodyComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		w := beginInBubble(t)
		time.Sleep(4 * time.Minute)
		checkPage(t, http.StatusBadRequest, w.back("code=x&state=y")) // does not prolong it
		<-w.ended
		require.ErrorIs(t, w.err, zoom.ErrTimeout)
		require.NotErrorIs(t, w.err, zoom.ErrReauthorize)
		assert.Equal(t, 5*time.Minute, time.Since(begun))
		assert.Zero(t, codesSent(w.zoom))
		_, err := w.tryBack(w.allowed().Encode())
		require.Error(t, err, "nobody listens any more")
	})
}

// Who comes in the last second gets the whole time for the exchange: the code is used up.
func TestFaultAU28ComesBackInTheLastSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		time.Sleep(5*time.Minute - time.Second)
		w.zoom.Inject(zoomtest.Slow(8*time.Second).On("POST", "/oauth/token"))
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
	})
}

func TestFaultAU28TheCallerHasLessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(ctx, newPipes("127.0.0.1:8477"), zoomauth.LoginOptions{
			Open: func(context.Context, string) error { return nil },
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, zoom.ErrTimeout)
		assert.Equal(t, time.Minute, time.Since(begun))
	})
}

func TestLoginEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which also sees that no goroutine is left
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		listener := newPipes("127.0.0.1:8477")
		begun := time.Now()
		_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(ctx, listener, zoomauth.LoginOptions{
			Open: func(context.Context, string) error { return nil },
		})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, time.Since(begun))
		_, err = listener.dial(t.Context(), "", "")
		require.Error(t, err)
	})
}

func TestLoginEndsInTheMidstOfAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		srv.Inject(zoomtest.Slow(20*time.Second).On("POST", "/oauth/token"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		listener := newPipes("127.0.0.1:8477")
		w := &waiting{t: t, zoom: srv, address: "http://127.0.0.1:8477/callback", dial: listener.dial}
		begun := time.Now()
		_, err := publicApp(srv, w.address).LoginAt(ctx, listener, zoomauth.LoginOptions{Open: func(_ context.Context, link string) error {
			go w.come(link)
			return nil
		}})
		require.ErrorIs(t, err, context.Canceled)
		assert.Less(t, time.Since(begun), 2*time.Second)
	})
}
