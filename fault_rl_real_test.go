package zoom_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

var realWindow = flag.Duration("rl24.real", 0, "run the windows of RL24 against a real server for so long, in real time")

// The windows as a real server sees them, with refreshes that take their time and a
// token that the API refuses in mid-run. It logs the throughput.
func TestFaultRL24OnARealServer(t *testing.T) {
	if *realWindow == 0 {
		t.Skip("asked for by -rl24.real 30s")
	}
	for plan, limit := range map[zoom.Plan]int{zoom.PlanPro: 30, zoom.PlanBusiness: 80} {
		for _, takes := range []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second} {
			for _, refuses := range []bool{false, true} {
				t.Run(fmt.Sprintf("RL24 limit %d, refresh of %s, refused %t", limit, takes, refuses), func(t *testing.T) {
					t.Parallel()
					var mu sync.Mutex
					var at []time.Time
					begin := time.Now()
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
						mu.Lock()
						at = append(at, time.Now())
						mu.Unlock()
						if refuses && req.Header.Get("Authorization") == "Bearer t1" && time.Since(begin) > *realWindow/2 {
							w.WriteHeader(http.StatusUnauthorized)
							return
						}
						time.Sleep(50 * time.Millisecond)
						_, _ = w.Write([]byte(`{"id":"u1","email":"u@example.com","type":2,"status":"active"}`))
					}))
					defer server.Close()
					var made atomic.Int64
					src := sourceFunc(func(ctx context.Context) (*oauth2.Token, error) {
						n := made.Add(1)
						if n > 1 {
							time.Sleep(takes)
						}
						life := time.Hour
						if !refuses {
							life = *realWindow / 3 // due after half of it
						}
						return &oauth2.Token{AccessToken: fmt.Sprintf("t%d", n), Expiry: time.Now().Add(life)}, ctx.Err()
					})
					c, err := zoom.NewClient(src, zoom.WithBaseURL(server.URL), zoom.WithPlan(plan))
					require.NoError(t, err)
					ctx, cancel := context.WithTimeout(t.Context(), *realWindow)
					defer cancel()
					var done atomic.Int64
					var callers sync.WaitGroup
					for range 100 {
						callers.Go(func() {
							for ctx.Err() == nil {
								if _, err := c.Users.Get(ctx, "u1"); err == nil {
									done.Add(1)
								}
							}
						})
					}
					callers.Wait()
					require.NoError(t, c.Close())
					slices.SortFunc(at, time.Time.Compare)
					most := mostWithin(at, time.Second-1)
					t.Logf("%d done, %.2f a second, at most %d in a second, %d tokens", done.Load(), float64(done.Load())/realWindow.Seconds(), most, made.Load())
					assert.LessOrEqual(t, most, limit)
				})
			}
		}
	}
}
