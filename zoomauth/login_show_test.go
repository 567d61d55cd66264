package zoomauth_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func TestLoginPrintsTheLink(t *testing.T) {
	srv := zoomtest.NewServer(zoomtest.WithPublicClient())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	var shownLink string
	_, err := publicApp(srv, "http://127.0.0.1:0/callback").Login(ctx, &zoomauth.LoginOptions{
		Open: func(_ context.Context, link string) error {
			shownLink = link
			return errors.New("no screen")
		},
		Output: writerFunc(func(p []byte) (int, error) {
			defer cancel()
			return out.Write(p)
		}),
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, shownLink)
	assert.Contains(t, out.String(), shownLink)
}

func TestLoginCannotShowTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		var shownLink string
		_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(t.Context(), newPipes("127.0.0.1:8477"), zoomauth.LoginOptions{
			Open: func(_ context.Context, link string) error {
				shownLink = link
				return errors.New("no screen")
			},
			Output: writerFunc(func(p []byte) (int, error) { return 0, errors.New("cannot write " + string(p)) }),
		})
		require.Error(t, err)
		require.NotEmpty(t, shownLink)
		assert.NotContains(t, err.Error(), shownLink)
		assert.NotContains(t, err.Error(), shownLink[len("http://127.0.0.1:8477/"):])
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Nothing of a login stands in a print form.
func TestLoginHidesItself(t *testing.T) {
	srv := zoomtest.NewServer()
	link, login, err := appOf(srv).AuthCodeURL()
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	data, err := login.Encode()
	require.NoError(t, err)
	for _, text := range prints(t, login) {
		assert.NotContains(t, text, u.Query().Get("state"))
		assert.NotContains(t, text, member(t, data, "verifier"))
	}
}

// The five minutes are those of the login, also where it took a while to show the link.
func TestFaultAU28OpenTakesAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, showing := range []time.Duration{3 * time.Minute, 6 * time.Minute} {
			srv := zoomtest.NewServer(zoomtest.WithPublicClient())
			begun := time.Now()
			_, err := publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(t.Context(), newPipes("127.0.0.1:8477"), zoomauth.LoginOptions{
				Open: func(context.Context, string) error {
					time.Sleep(showing)
					return nil
				},
			})
			require.ErrorIs(t, err, zoom.ErrTimeout)
			assert.Equal(t, max(showing, 5*time.Minute), time.Since(begun))
		}
	})
}

// Nothing is left behind a hook that panics.
func TestLoginOpenPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		listener := newPipes("127.0.0.1:8477")
		assert.PanicsWithValue(t, "no screen", func() {
			_, _ = publicApp(srv, "http://127.0.0.1:8477/callback").LoginAt(t.Context(), listener, zoomauth.LoginOptions{
				Open: func(context.Context, string) error { panic("no screen") },
			})
		})
		_, err := listener.dial(t.Context(), "", "")
		require.Error(t, err, "nobody listens any more")
	})
}

// The link was seen and could not be printed: what is under way is not waited for.
func TestLoginCannotShowTheLinkInTheMidstOfAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		srv.Inject(zoomtest.Slow(20*time.Second).On("POST", "/oauth/token"))
		listener := newPipes("127.0.0.1:8477")
		w := &waiting{t: t, zoom: srv, address: "http://127.0.0.1:8477/callback", dial: listener.dial}
		begun, broken := time.Now(), errors.New("no paper")
		_, err := publicApp(srv, w.address).LoginAt(t.Context(), listener, zoomauth.LoginOptions{
			Open: func(_ context.Context, link string) error {
				go w.come(link)
				time.Sleep(time.Second)
				return errors.New("no screen")
			},
			Output: writerFunc(func([]byte) (int, error) { return 0, broken }),
		})
		require.ErrorIs(t, err, broken)
		assert.Equal(t, time.Second, time.Since(begun))
	})
}
