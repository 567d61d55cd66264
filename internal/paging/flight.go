package paging

import (
	"context"
	"errors"
)

// flight is one request on its way.
type flight[T any] struct {
	ask      Request
	landed   chan struct{} // closed when what follows is known
	page     *Page[T]
	err      error
	dropped  bool // it was cancelled because another one failed
	panicked any  // of code of the caller's on the way
}

// depart sends what is wanted. The first request runs on the caller's goroutine
// unless it is fetched ahead. Each other one has a goroutine of its own, which ends
// with the request. When one fails for good the others are cancelled: their answers
// could not save the listing.
func (p *Pager[T]) depart(ctx context.Context, ahead bool) {
	group, cancel := context.WithCancel(ctx)
	p.recall = cancel
	failed := make(chan struct{}, 1) // taken by the first failure
	for _, ask := range p.asks {
		f := &flight[T]{ask: ask, landed: make(chan struct{}), err: errors.New("zoom: a hook or the transport ended the goroutine")}
		p.flights = append(p.flights, f)
	}
	fly := func(f *flight[T]) {
		f.page, f.err = p.l.Fetch(group, f.ask)
		if f.err == nil || p.l.Expired(f.err) {
			return
		}
		select {
		case failed <- struct{}{}:
			cancel()
		default:
			f.dropped = true
		}
	}
	flights := p.flights
	if !ahead {
		flights = flights[1:]
	}
	for _, f := range flights {
		go func() {
			defer close(f.landed) // after the panic has been kept
			defer func() {
				if f.panicked = recover(); f.panicked != nil {
					cancel()
				}
			}()
			fly(f)
		}()
	}
	if !ahead {
		defer close(p.flights[0].landed)
		fly(p.flights[0])
	}
}

// land waits for what was sent, in the order of the requests.
func (p *Pager[T]) land(ctx context.Context) []*flight[T] {
	if len(p.flights) == 0 {
		p.depart(ctx, false)
	}
	flights := p.flights
	p.Close()
	p.recall()
	p.flights = nil
	for _, f := range flights {
		if f.panicked != nil {
			panic(f.panicked)
		}
	}
	return flights
}
