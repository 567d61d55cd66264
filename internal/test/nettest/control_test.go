package nettest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// TestControl shows that the toxics bite: a plain client loses people, or fails
// at the first page, where ours goes on.
func TestControl(t *testing.T) {
	t.Parallel()
	cut := toxic{"limit_data", down, 1, attrs{"bytes": 200_000}} // as "every third page" of TestFault
	t.Run("a decoder loop loses people", func(t *testing.T) {
		t.Parallel()
		rows, err := plainRoster(t, decodeLoosely, nil)
		require.NoError(t, err)
		require.Equal(t, people, rows, "without a toxic")

		rows, err = plainRoster(t, decodeLoosely, &cut)
		require.NoError(t, err, "it notices nothing")
		require.Positive(t, rows)
		require.Less(t, rows, people)
		t.Logf("%d of %d people, and no error", rows, people)
	})
	t.Run("reading whole bodies fails", func(t *testing.T) {
		t.Parallel()
		rows, err := plainRoster(t, decodeWhole, nil)
		require.NoError(t, err)
		require.Equal(t, people, rows, "without a toxic")

		rows, err = plainRoster(t, decodeWhole, &cut)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Less(t, rows, people)
		t.Logf("%d of %d people, and %v", rows, people, err)
	})
	t.Run("slow_close holds connections", func(t *testing.T) {
		t.Parallel()
		srv := zoomtest.NewServer()
		t.Cleanup(srv.Close)
		p := newProxy(t, srv)
		p.poison(toxic{"slow_close", down, 1, attrs{"delay": 400}})
		conn, err := net.Dial("tcp", p.current.Listen)
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		_, err = io.WriteString(conn, "GET /v2/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		_, err = io.ReadAll(conn)
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), 400*time.Millisecond)
	})
}

type page struct {
	Next  string      `json:"next_page_token"`
	Users []zoom.User `json:"users"`
}

// plainRoster lists all statuses as a program without this library would, and
// counts the people.
func plainRoster(t *testing.T, decode func(io.Reader) (page, error), x *toxic) (int, error) {
	t.Helper()
	srv := company(t)
	p := newProxy(t, srv)
	if x != nil {
		p.poison(*x)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	token, rows := srv.IssueToken(), 0
	for _, status := range []zoom.UserStatus{zoom.StatusPending, zoom.StatusActive, zoom.StatusInactive} {
		for next, more := "", true; more; more = next != "" {
			query := url.Values{"status": {string(status)}, "page_size": {strconv.Itoa(pageSize)}, "next_page_token": {next}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.through(srv.URL())+"/users?"+query.Encode(), nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := client.Do(req)
			if err != nil {
				return rows, err
			}
			got, err := decode(resp.Body)
			resp.Body.Close()
			if err != nil {
				return rows, err
			}
			rows, next = rows+len(got.Users), got.Next
		}
	}
	return rows, nil
}

func decodeWhole(body io.Reader) (page, error) {
	var got page
	text, err := io.ReadAll(body)
	if err != nil {
		return got, err
	}
	err = json.Unmarshal(text, &got)
	return got, err
}

// decodeLoosely takes user after user off the stream and any error for its end.
func decodeLoosely(body io.Reader) (page, error) {
	var got page
	decoder := json.NewDecoder(body)
	for {
		token, err := decoder.Token()
		if err != nil {
			return got, nil //nolint:nilerr // this is the mistake that is shown
		}
		switch token {
		case "next_page_token":
			_ = decoder.Decode(&got.Next)
		case "users":
			_, _ = decoder.Token() // [
			for decoder.More() {
				var user zoom.User
				if decoder.Decode(&user) != nil {
					break
				}
				got.Users = append(got.Users, user)
			}
		}
	}
}
