package zoom_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"github.com/seatkit/zoom"
)

// noop answers at once, so that only the road is measured.
type noop struct{ body string }

func (n noop) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(n.body)), ContentLength: int64(len(n.body)), Request: req,
	}, nil
}

const fast = 1e6 // requests a second: the limiter is asked and does not hold up

// stacked is the same by hand, in the right order: retry over limiter over bearer
// over a timeout for each attempt, with the whole body read within it.
type stacked struct {
	limiter *rate.Limiter
	next    http.RoundTripper
}

func (s *stacked) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := s.limiter.Wait(req.Context()); err != nil {
		return nil, err
	}
	return s.next.RoundTrip(req)
}

type wholeBody struct{ next http.RoundTripper }

func (w wholeBody) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), 30*time.Second)
	defer cancel()
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp, nil
}

func newStacked(rt http.RoundTripper) *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient = &http.Client{Transport: &stacked{
		limiter: rate.NewLimiter(fast, 1),
		next:    &oauth2.Transport{Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t"}), Base: wholeBody{rt}},
	}}
	return c
}

// The goal is at most twice the time of the stack by hand and at most ten
// allocations more.
func BenchmarkRoad(b *testing.B) {
	rt := noop{`{"id":"KDcuGIm1QgePTO8WbOqwIQ"}`}
	b.Run("client", func(b *testing.B) {
		limiter := zoom.NewLocalLimiter(zoom.PlanBusiness, zoom.LimitRate(zoom.ClassLight, fast), zoom.LimitPerDay(zoom.ClassLight, 0))
		c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithHTTPClient(&http.Client{Transport: rt}), zoom.WithLimiter(limiter))
		if err != nil {
			b.Fatal(err)
		}
		req := &zoom.Request{Path: "/users/{userId}", PathValues: []string{"KDcuGIm1QgePTO8WbOqwIQ"}, Class: zoom.ClassLight}
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Do(b.Context(), req, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("stacked", func(b *testing.B) {
		c := newStacked(rt)
		b.ReportAllocs()
		for b.Loop() {
			req, err := retryablehttp.NewRequestWithContext(b.Context(), http.MethodGet, "https://api.zoom.us/v2/users/KDcuGIm1QgePTO8WbOqwIQ", nil)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}
