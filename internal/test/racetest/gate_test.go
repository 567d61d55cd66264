//go:build linux || darwin

package racetest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/seatkit/zoom/zoomtest"
)

// A gate stands in front of the fake, on the network. It keeps what the fake gave out
// and can hold a request or an answer. A request that has arrived is carried out,
// whatever becomes of the process that sent it.
type gate struct {
	fake *zoomtest.Server

	mu       sync.Mutex
	spending bool      // an access token is good for one call
	renewals []renewal // the token calls that the fake answered with tokens, in order
	refused  int       // and those that it refused
	used     stringSet // access tokens that came with a call
	holds    map[place]*hold
}

type stringSet = map[string]bool

// A renewal is one call of the token endpoint that brought tokens. Without refresh
// tokens it was of server-to-server.
type renewal struct {
	worker    string
	old, next string // refresh tokens
	access    string // the new access token
}

// A place is where a request can be held.
type place int

const (
	tokenAnswer place = iota // the fake has replaced the token, and nobody knows it yet
	firstUse                 // of the latest access token
)

type hold struct {
	reach    func()
	released chan struct{}
}

func newGate(fake *zoomtest.Server) *gate {
	return &gate{fake: fake, used: stringSet{}, holds: map[place]*hold{}}
}

// handler is the gate as one worker sees it.
func (g *gate) handler(worker string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the worker has gone in the middle of it
		}
		isToken := r.URL.Path == "/oauth/token"
		if access := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); !isToken && g.isFirstUse(access) {
			g.wait(firstUse)
		}
		status, header, answer := g.ask(r, body)
		if isToken {
			g.note(worker, body, status, answer)
		} else {
			g.spend(status)
		}
		if isToken && status == http.StatusOK {
			g.wait(tokenAnswer)
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	})
}

func (g *gate) ask(r *http.Request, body []byte) (int, http.Header, []byte) {
	req := r.Clone(context.WithoutCancel(r.Context()))
	req.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := g.fake.RoundTripper().RoundTrip(req)
	if err != nil {
		panic(err) // the fake has no faults in it
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	return resp.StatusCode, resp.Header, answer
}

// note writes a token call down.
func (g *gate) note(worker string, form []byte, status int, answer []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if status != http.StatusOK {
		g.refused++
		return
	}
	sent, _ := url.ParseQuery(string(form))
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(answer, &tokens); err != nil {
		panic(err)
	}
	g.renewals = append(g.renewals, renewal{worker: worker, old: sent.Get("refresh_token"), next: tokens.Refresh, access: tokens.Access})
}

// isFirstUse keeps that a token was used.
func (g *gate) isFirstUse(access string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.used[access] && len(g.renewals) > 0 && g.renewals[len(g.renewals)-1].access == access
	g.used[access] = true
	return first
}

func (g *gate) wasUsed(access string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.used[access]
}

// spendTokens makes each access token good for one call, or for its hour again.
func (g *gate) spendTokens(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spending = on
}

func (g *gate) spend(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.spending && status == http.StatusOK {
		g.fake.RevokeTokens()
	}
}

// last returns the latest renewal.
func (g *gate) last() renewal {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.renewals[len(g.renewals)-1]
}

// before returns the refresh token that another one replaced; empty: it is of a fresh
// grant.
func (g *gate) before(refresh string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.renewals {
		if r.next == refresh {
			return r.old
		}
	}
	return ""
}

// replays counts the renewals with a refresh token that had been replaced already.
func (g *gate) replays() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	count, spent := 0, stringSet{}
	for _, r := range g.renewals {
		if spent[r.old] {
			count++
		}
		spent[r.old] = true
	}
	return count
}

func (g *gate) counts() (renewed, refused int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.renewals), g.refused
}

// hold holds all that comes to a place until release. The channel is closed when the
// first is there.
func (g *gate) hold(at place) (reached <-chan struct{}) {
	there := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds[at] = &hold{reach: sync.OnceFunc(func() { close(there) }), released: make(chan struct{})}
	return there
}

// release lets go what is held.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for at, h := range g.holds {
		close(h.released)
		delete(g.holds, at)
	}
}

func (g *gate) wait(at place) {
	g.mu.Lock()
	h := g.holds[at]
	g.mu.Unlock()
	if h != nil {
		h.reach()
		<-h.released
	}
}
