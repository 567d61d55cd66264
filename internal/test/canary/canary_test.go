package canary_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
)

var all = flag.Bool("canary.all", false, "look at every fault in every way, not at each in some of them")

// skips leaves out half of the pairs of fault and way; under the race detector, which is
// slow, three of four.
func skips(pair int) bool {
	switch {
	case *all:
		return false
	case raceEnabled:
		return pair%4 != 0
	default:
		return pair%2 != 0
	}
}

// No error path tells a secret: each fault of the wire, in each way into the
// client, under each sink.
func TestWire(t *testing.T) {
	kinds := faults()
	for i, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := canary.New()
			scanner := canary.NewScanner(s.List()...)
			for j, name := range slices.Sorted(maps.Keys(kinds)) {
				if skips(i + j) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := newSite(t, scanner)
						defer s.close()
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						defer cancel()
						wire := kinds[name]()
						for turn := range 2 { // the answers repeat another piece each time, the errors the same
							if turn > 0 && strings.HasPrefix(name, "NW ") {
								break
							}
							if err := c.run(s, ctx, s.client(wire)); err != nil {
								s.fails(err)
							}
						}
					})
				})
			}
			_, forms, sinks, texts := scanner.Stats()
			require.Positive(t, texts)
			t.Logf("%s: %d faults, %d forms, %d sinks, %d texts", c.name, len(kinds), forms, sinks, texts)
		})
	}
}

// The same where the wire is well and the caller's time is not.
func TestLifetime(t *testing.T) {
	s := canary.New()
	scanner := canary.NewScanner(s.List()...)
	hangs := wire(func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, fmt.Errorf("%s: %w", dump(req), req.Context().Err())
	})
	for _, c := range calls {
		for name, limit := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"BD24 no answer": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
			"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeoutCause(ctx, time.Second, fmt.Errorf("no time for %s", s.Email))
			},
			"IN17 cancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { cancel(fmt.Errorf("enough of %s", s.AccessToken)) })
				return ctx, func() { cancel(nil) }
			},
			"IN09 done before": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				cancel(fmt.Errorf("enough of %s", s.AccessToken))
				return ctx, func() {}
			},
		} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSite(t, scanner)
					defer s.close()
					ctx, cancel := limit(t.Context())
					defer cancel()
					s.fails(c.run(s, ctx, s.client(hangs)))
					closed := s.client(hangs)
					require.NoError(t, closed.Close())
					s.fails(c.run(s, t.Context(), closed))
				})
			})
		}
	}
}
