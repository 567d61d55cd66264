package zoom_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const largeAccount = 300_000

// liveHeap is what is in use after everything that can be let go has been.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkListLargeAccount lists 300,000 users from the fake in memory. It
// reports how much the live heap grows between page 10 and page 880: the goal is
// under 5 MB, for a roster apart from at most 40 bytes for each user seen.
func BenchmarkListLargeAccount(b *testing.B) {
	srv := zoomtest.NewServer(zoomtest.WithUsers(largeAccount, 1))
	defer srv.Close()
	client := srv.Client()
	for _, bench := range []struct {
		name string
		list *zoom.List[*zoom.User]
	}{
		{"List", client.Users.List(nil)},
		{"Roster", client.Users.Roster(nil)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				users, growth := 0, int64(0)
				pages := 0
				for page, err := range bench.list.Pages(b.Context()) {
					require.NoError(b, err)
					users += len(page.Items)
					switch pages++; pages {
					case 10:
						b.StopTimer()
						srv.ResetRequests()
						growth = -liveHeap()
						b.StartTimer()
					case 880:
						b.StopTimer()
						srv.ResetRequests()
						growth += liveHeap()
						b.StartTimer()
					}
				}
				b.ReportMetric(float64(growth), "B-growth")
				b.ReportMetric(float64(growth)/float64(users), "B-growth/user")
				b.ReportMetric(float64(users), "users")
			}
		})
	}
}
