package zoomauth

import (
	"slices"
	"sync"
	"weak"
)

// watchers are the sources over a store in this process. A store that embeds them lets
// [Keep] report a new token to its sources. They do not keep a source alive.
type watchers struct {
	mu      sync.Mutex
	sources []weak.Pointer[Source]
}

type watched interface {
	watch(s *Source)
	replaced(t *Token)
}

func watch(store TokenStore, s *Source) {
	if w, ok := store.(watched); ok {
		w.watch(s)
	}
}

// tellSources reports to the sources of a store that a token has taken the place of the
// stored one.
func tellSources(store TokenStore, t *Token) {
	if w, ok := store.(watched); ok {
		w.replaced(t)
	}
}

func (w *watchers) watch(s *Source) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources = slices.DeleteFunc(w.sources, func(p weak.Pointer[Source]) bool {
		known := p.Value()
		return known == nil || known.isClosing()
	})
	w.sources = append(w.sources, weak.Make(s))
}

func (w *watchers) replaced(t *Token) {
	if w == nil {
		return
	}
	w.mu.Lock()
	sources := slices.Clone(w.sources)
	w.mu.Unlock()
	for _, p := range sources {
		if s := p.Value(); s != nil {
			s.replaced(t)
		}
	}
}
