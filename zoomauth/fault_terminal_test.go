package zoomauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// What any user of the machine can read holds nothing of the login.
func TestFaultAU38TheLinkSaysNothing(t *testing.T) {
	w := beginAtLoopback(t)
	entry, err := url.Parse(w.entry)
	require.NoError(t, err)
	assert.Equal(t, w.host, entry.Host)
	assert.Empty(t, entry.RawQuery)
	zoom, err := url.Parse(w.link)
	require.NoError(t, err)
	for name, values := range zoom.Query() {
		if name != "client_id" && name != "redirect_uri" && name != "response_type" && name != "code_challenge_method" {
			assert.NotContains(t, w.entry, values[0], name)
		}
	}
	assert.NotContains(t, w.entry, w.cookie.Value)
	assert.True(t, w.cookie.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, w.cookie.SameSite)
	assert.Equal(t, "/", w.cookie.Path)
	assert.Len(t, w.cookie.Value, 43)
	checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
	w.checkConnected()
}

// Whoever learns the state, and has an account, code and browser of their own, cannot end
// the login.
func TestFaultAU38ASecondClient(t *testing.T) {
	w := beginAtLoopback(t)
	good := w.allowed()
	other := beginAtLoopback(t) // of somebody else, on the same machine
	theirs := with(good, "code", other.allowed().Get("code"))
	for name, cookie := range map[string]*http.Cookie{
		"AU38 none":            nil,
		"AU38 of another":      other.cookie,
		"AU38 another's value": {Name: w.cookie.Name, Value: other.cookie.Value},
		"AU38 another's name":  {Name: other.cookie.Name, Value: w.cookie.Value},
		"AU38 made up":         {Name: w.cookie.Name, Value: strings.Repeat("A", 43)},
		"AU38 the state":       {Name: w.cookie.Name, Value: good.Get("state")},
		"AU38 the entry":       {Name: w.cookie.Name, Value: w.entry[strings.LastIndex(w.entry, "/")+1:]},
		"AU38 empty":           {Name: w.cookie.Name},
	} {
		t.Run(name, func(t *testing.T) {
			for _, query := range []string{theirs, good.Encode()} {
				res, err := w.browse(w.address+"?"+query, cookie)
				require.NoError(t, err)
				checkPage(t, http.StatusBadRequest, res)
			}
			assert.True(t, w.isOpen())
			assert.Zero(t, codesSent(w.zoom))
		})
	}
	checkPage(t, http.StatusOK, w.back(good.Encode()))
	w.checkConnected()
	assert.True(t, other.isOpen())
}

// Of two browsers that open the link one may be somebody else's: neither ends the login.
func TestFaultAU38OpenedTwice(t *testing.T) {
	t.Run("AU38 before the callback", func(t *testing.T) {
		w := beginAtLoopback(t)
		good := w.allowed().Encode() // of whoever came first
		res, err := w.browse(w.entry, nil)
		require.NoError(t, err)
		checkPage(t, http.StatusConflict, res)
		assert.Empty(t, res.Cookies())
		<-w.ended
		require.ErrorIs(t, w.err, zoomauth.ErrLogin)
		assert.Contains(t, w.err.Error(), "two browsers")
		assert.Nil(t, w.token)
		_, err = w.tryBack(good)
		require.Error(t, err, "nobody listens any more")
		assert.Zero(t, codesSent(w.zoom))
	})
	t.Run("AU38 during the exchange", inBubble(func(t *testing.T) {
		w := beginInBubble(t)
		w.zoom.Inject(zoomtest.Slow(5*time.Second).On("POST", "/oauth/token"))
		var group sync.WaitGroup
		query := w.allowed().Encode()
		group.Go(func() { _, _ = w.tryBack(query) })
		time.Sleep(time.Second)
		res, err := w.browse(w.entry, nil)
		require.NoError(t, err)
		checkPage(t, http.StatusConflict, res)
		<-w.ended
		group.Wait()
		require.ErrorIs(t, w.err, zoomauth.ErrLogin)
		assert.Nil(t, w.token)
		last := w.zoom.Requests()[len(w.zoom.Requests())-1]
		assert.Equal(t, "/oauth/revoke", last.Route, "the grant is not left behind")
	}))
	t.Run("AU38 by the same browser", func(t *testing.T) { // a person who reloads
		w := beginAtLoopback(t)
		first := w.link
		require.NoError(t, w.open(w.entry))
		assert.Equal(t, first, w.link)
		checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
		w.checkConnected()
	})
	t.Run("AU38 with other methods", func(t *testing.T) { // which open nothing
		srv := zoomtest.NewServer(zoomtest.WithPublicClient())
		token, err := publicApp(srv, "http://127.0.0.1:0/callback").Login(t.Context(), &zoomauth.LoginOptions{
			Open: func(ctx context.Context, link string) error {
				for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodOptions} {
					req, err := http.NewRequestWithContext(ctx, method, link, nil)
					require.NoError(t, err)
					res, err := http.DefaultClient.Do(req)
					require.NoError(t, err)
					assert.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
					assert.Empty(t, res.Cookies())
					res.Body.Close()
				}
				return srv.ApproveLogin(ctx, link, true)
			},
		})
		require.NoError(t, err)
		assert.NotNil(t, token)
	})
}

// Whatever address is tried, it is the entry or the callback or nothing.
func TestFaultAU38OtherAddresses(t *testing.T) {
	w := beginAtLoopback(t)
	for _, path := range []string{"/", w.entry[len("http://"+w.host):] + "/", w.entry[len("http://"+w.host):] + "x", "/zoom", "/favicon.ico"} {
		res, err := w.browse("http://"+w.host+path, nil)
		require.NoError(t, err)
		checkPage(t, http.StatusNotFound, res)
	}
	assert.True(t, w.isOpen())
	checkPage(t, http.StatusOK, w.back(w.allowed().Encode()))
	w.checkConnected()
}

// The kernel's tables say whose a connection is.
func TestFaultAU38TheOwnerOfAConnection(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	row := func(local, remote string, uid int) string {
		return fmt.Sprintf("   7: %s %s 01 00000000:00000000 00:00000000 00000000 %5d        0 12345 1 0000000000000000 20 4 30 10 -1\n", local, remote, uid)
	}
	const browser, server = "127.0.0.1:46725", "127.0.0.1:8477"
	v4 := row("0100007F:B685", "0100007F:211D", 1000)
	for name, tc := range map[string]struct {
		table    string
		from, to string
		uid      int
		found    bool
	}{
		"AU38 found":                   {table: head + row("0100007F:0016", "0100007F:211D", 0) + v4, from: browser, to: server, uid: 1000, found: true},
		"AU38 the server's own end":    {table: head + row("0100007F:211D", "0100007F:B685", 0), from: browser, to: server},
		"AU38 another port":            {table: head + v4, from: "127.0.0.1:46726", to: server},
		"AU38 another server":          {table: head + v4, from: browser, to: "127.0.0.1:8478"},
		"AU38 IPv4 in IPv6":            {table: head + row("0000000000000000FFFF00000100007F:B685", "0000000000000000FFFF00000100007F:211D", 1001), from: browser, to: server, uid: 1001, found: true},
		"AU38 IPv6":                    {table: head + row("00000000000000000000000001000000:B685", "00000000000000000000000001000000:211D", 1002), from: "[::1]:46725", to: "[::1]:8477", uid: 1002, found: true},
		"AU38 an empty table":          {table: head, from: browser, to: server},
		"AU38 nothing that is a table": {table: "\x00\xff : : : : : : : : :\n0: X:Y Z:W 1 2 3 4 5 6\n", from: browser, to: server},
		"AU38 no number":               {table: head + strings.Replace(v4, " 1000 ", " none ", 1), from: browser, to: server},
	} {
		t.Run(name, func(t *testing.T) {
			uid, found := zoomauth.OwnerOf(tc.table, tc.from, tc.to)
			assert.Equal(t, tc.found, found)
			if tc.found {
				assert.Equal(t, tc.uid, uid)
			}
		})
	}
}
