package zoomauth_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser opens connections in advance and never asks anything on them.
func TestLoginDoesNotWaitForSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		for range 3 {
			conn, err := w.dial(t.Context(), "", "")
			require.NoError(t, err)
			t.Cleanup(func() { conn.Close() })
		}
		begun := time.Now()
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
		assert.Zero(t, time.Since(begun))
	})
}

func TestLoginCutsSlowRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := beginInBubble(t)
		begun := time.Now()
		var group sync.WaitGroup
		defer group.Wait()
		for name, text := range map[string]string{
			"nothing":     "",
			"half a line": "GET /call",
			"half a head": "GET /callback?code=x HTTP/1.1\r\nHost: 127.0.0.1:8477\r\nX",
		} {
			conn, err := w.dial(t.Context(), "", "")
			require.NoError(t, err)
			group.Go(func() { // a byte each second
				for i := range len(text) {
					if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			})
			answer, _ := io.ReadAll(conn)
			assert.NotContains(t, string(answer), " 200 ", name)
			conn.Close()
		}
		assert.LessOrEqual(t, time.Since(begun), 3*6*time.Second)
		assert.True(t, w.isOpen())
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
	})
}

// Many silent connections do not keep the right one out.
func TestLoginAmongManyConnections(t *testing.T) {
	w := beginAtLoopback(t)
	for range 200 {
		conn, err := net.Dial("tcp", w.host)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
	}
	checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
	w.checkConnected()
	_, err := net.Dial("tcp", w.host)
	require.Error(t, err, "nobody listens any more")
}
