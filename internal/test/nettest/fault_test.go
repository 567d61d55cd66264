package nettest

import (
	"testing"
	"time"

	"github.com/seatkit/zoom"
)

// A toxic with toxicity 1 that lets every request through, slowly, must not show.
// One that lets none through must end the listing in one error, wherever it sets
// in. In between, some requests pass and some are struck: either end will do, as
// long as what is said is so.
var listings = []listing{
	{
		name: "downstream", keepAlive: true, slow: 35 * time.Millisecond,
		toxic: toxic{"latency", down, 1, attrs{"latency": 40}},
	}, {
		name: "upstream", keepAlive: true, ahead: true, slow: 35 * time.Millisecond,
		toxic: toxic{"latency", up, 1, attrs{"latency": 40}},
	}, {
		name: "downstream beyond the timeout", keepAlive: true, after: 1000, want: zoom.ErrTimeout, fails: true,
		toxic: toxic{"latency", down, 1, attrs{"latency": 1500}},
	}, {
		name: "upstream beyond the timeout, of some", want: errEither, fails: true,
		toxic: toxic{"latency", up, 0.3, attrs{"latency": 1500}},
	}, {
		name: "downstream", keepAlive: true, ahead: true, slow: 10 * time.Millisecond,
		toxic: toxic{"latency", down, 1, attrs{"latency": 60, "jitter": 50}},
	}, {
		name: "upstream", slow: 10 * time.Millisecond,
		toxic: toxic{"latency", up, 1, attrs{"latency": 60, "jitter": 50}},
	}, {
		name: "downstream, around the timeout", want: errEither, fails: true,
		toxic: toxic{"latency", down, 0.7, attrs{"latency": 280, "jitter": 280}},
	}, {
		name: "downstream", slow: 30 * time.Millisecond,
		toxic: toxic{"bandwidth", down, 1, attrs{"rate": 500}},
	}, {
		name: "upstream", slow: 30 * time.Millisecond,
		toxic: toxic{"bandwidth", up, 1, attrs{"rate": 5}},
	}, {
		name: "downstream, a trickle", keepAlive: true, after: 1500, want: zoom.ErrTimeout, fails: true,
		toxic: toxic{"bandwidth", down, 1, attrs{"rate": 10}},
	}, {
		name: "downstream, a trickle for some", ahead: true, want: errEither, fails: true,
		toxic: toxic{"bandwidth", down, 0.3, attrs{"rate": 10}},
	}, {
		name:  "downstream",
		toxic: toxic{"slow_close", down, 1, attrs{"delay": 400}},
	}, {
		name:  "upstream",
		toxic: toxic{"slow_close", up, 0.5, attrs{"delay": 400}},
	}, {
		name: "downstream, nothing comes", keepAlive: true, after: 500, ahead: true, want: zoom.ErrTimeout, fails: true,
		toxic: toxic{"timeout", down, 1, attrs{"timeout": 0}},
	}, {
		name: "upstream, closed", want: zoom.ErrUnreachable, fails: true,
		toxic: toxic{"timeout", up, 1, attrs{"timeout": 20}},
	}, {
		name: "downstream, closed, of some", want: errEither, fails: true,
		toxic: toxic{"timeout", down, 0.4, attrs{"timeout": 50}},
	}, {
		name: "upstream, nothing goes, of some", want: errEither, fails: true,
		toxic: toxic{"timeout", up, 0.3, attrs{"timeout": 0}},
	}, {
		name: "downstream", keepAlive: true, slow: 20 * time.Millisecond,
		toxic: toxic{"slicer", down, 1, attrs{"average_size": 3000, "size_variation": 1000, "delay": 3000}},
	}, {
		name: "upstream", slow: 20 * time.Millisecond,
		toxic: toxic{"slicer", up, 1, attrs{"average_size": 20, "size_variation": 10, "delay": 3000}},
	}, {
		name: "downstream, finely, of some", ahead: true, want: errEither,
		toxic: toxic{"slicer", down, 0.5, attrs{"average_size": 500, "size_variation": 200, "delay": 10}},
	}, {
		name: "downstream, every third page", keepAlive: true, fails: true,
		toxic: toxic{"limit_data", down, 1, attrs{"bytes": 200_000}},
	}, {
		name: "upstream, every few requests", keepAlive: true, ahead: true,
		toxic: toxic{"limit_data", up, 1, attrs{"bytes": 2000}},
	}, {
		name: "downstream, every page", after: 2000, want: zoom.ErrBadResponse, fails: true,
		toxic: toxic{"limit_data", down, 1, attrs{"bytes": 30_000}},
	}, {
		name: "downstream, some pages", want: errEither, fails: true,
		toxic: toxic{"limit_data", down, 0.5, attrs{"bytes": 30_000}},
	}, {
		name: "downstream, within the header, of some", want: errEither, fails: true,
		toxic: toxic{"limit_data", down, 0.5, attrs{"bytes": 60}},
	}, {
		name: "upstream, within the request, of some", want: errEither, fails: true,
		toxic: toxic{"limit_data", up, 0.5, attrs{"bytes": 60}},
	}, {
		name: "downstream", keepAlive: true, after: 1200, ahead: true, want: zoom.ErrUnreachable, fails: true,
		toxic: toxic{"reset_peer", down, 1, attrs{"timeout": 0}},
	}, {
		name: "upstream", want: zoom.ErrUnreachable, fails: true,
		toxic: toxic{"reset_peer", up, 1, attrs{"timeout": 10}},
	}, {
		name: "downstream, of some", want: errEither, fails: true,
		toxic: toxic{"reset_peer", down, 0.4, attrs{"timeout": 0}},
	}, {
		name: "upstream, of some", ahead: true, want: errEither, fails: true,
		toxic: toxic{"reset_peer", up, 0.4, attrs{"timeout": 0}},
	},
}

func TestFault(t *testing.T) {
	t.Parallel()
	var said tally
	t.Cleanup(func() { said.require(t) })
	for _, kind := range kinds {
		t.Run("NW19_"+kind, func(t *testing.T) {
			t.Parallel()
			for _, l := range listings {
				if l.toxic.kind() != kind {
					continue
				}
				t.Run(l.name, func(t *testing.T) {
					t.Parallel()
					runListing(t, &l)
				})
			}
			t.Run("writes", func(t *testing.T) {
				t.Parallel()
				runWrites(t, kind, &said)
			})
		})
	}
}
