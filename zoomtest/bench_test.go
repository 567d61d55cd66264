package zoomtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomtest"
)

func BenchmarkWithUsers(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		zoomtest.NewServer(zoomtest.WithUsers(100_000, 1))
	}
}

func BenchmarkUsersPage(b *testing.B) {
	server := zoomtest.NewServer(zoomtest.WithUsers(10_000, 1))
	req, err := http.NewRequest(http.MethodGet, "https://api.zoom.us/v2/users?page_size=300", nil)
	require.NoError(b, err)
	req.Header.Set("Authorization", "Bearer "+server.IssueToken())
	b.ReportAllocs()
	for b.Loop() {
		res, err := server.RoundTripper().RoundTrip(req)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res.StatusCode, err)
		}
	}
}
