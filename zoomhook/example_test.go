package zoomhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom/zoomhook"
)

// send does what Zoom does: it signs a body with the secret token of the app and
// posts it.
func send(url, secretToken, body string) (*http.Response, error) {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secretToken))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("x-zm-request-timestamp", stamp)
	r.Header.Set("x-zm-signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return http.DefaultClient.Do(r)
}

func ExampleNewHandler() {
	const ourAccount, ourClientID, secretToken = "AAAAAABBBB", "c1i3ntId", "the app's secret token"

	verifier, err := zoomhook.NewVerifier(secretToken)
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := zoomhook.NewHandler(verifier, zoomhook.Handlers{
		AppDeauthorized: func(_ context.Context, e *zoomhook.AppDeauthorized) error {
			if e.AccountID != ourAccount || e.ClientID != ourClientID {
				return nil // another installation
			}
			fmt.Println("drop the tokens")
			return nil
		},
		User: func(_ context.Context, e *zoomhook.UserEvent) error {
			fmt.Println("read again:", e.User.ID, "after", e.Kind, e.Changed)
			return nil
		},
		Failed: func(_ context.Context, status int, err error) { fmt.Println(status, err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler) // in a program: an http.Server with a ReadTimeout
	defer server.Close()

	for _, body := range []string{
		`{"event":"user.updated","event_ts":1626230691572,"payload":{"account_id":"AAAAAABBBB","object":{"id":"abcD3ojfdbjfg","type":1},"old_object":{"type":2}}}`,
		`{"event":"app_deauthorized","payload":{"account_id":"someone else's","client_id":"c1i3ntId"}}`,
		`{"event":"app_deauthorized","payload":{"account_id":"AAAAAABBBB","client_id":"c1i3ntId"}}`,
	} {
		resp, err := send(server.URL, secretToken, body)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	resp, err := send(server.URL, "a guess", `{"event":"app_deauthorized","payload":{"account_id":"AAAAAABBBB"}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	// Output:
	// read again: abcD3ojfdbjfg after user.updated [type]
	// 204
	// 204
	// drop the tokens
	// 204
	// 401 zoomhook: signature missing or wrong
}
