package nettest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// Two tempers of a client. The road never waits less than 0.1 s before a retry,
// whatever is asked for.
var (
	// A black hole costs little.
	impatient = zoom.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond, AttemptTimeout: 300 * time.Millisecond, MaxElapsed: 5 * time.Second}
	// Where nothing hangs: a busy machine must not look like a fault.
	patient = zoom.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond, AttemptTimeout: 5 * time.Second, MaxElapsed: 20 * time.Second}
)

// A toxic is one of Toxiproxy's, for the bytes of one direction.
type toxic struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`     // up or down
	Toxicity   float64        `json:"toxicity"`   // the share of connections that it strikes
	Attributes map[string]int `json:"attributes"` // times in ms, rates in kB/s, sizes in bytes
}

const (
	up   = "upstream"   // requests
	down = "downstream" // answers
)

type attrs = map[string]int

// kind is the name in the table of faults: jitter is latency with a spread.
func (x toxic) kind() string {
	if x.Attributes["jitter"] > 0 {
		return "jitter"
	}
	return x.Type
}

// A proxy is Toxiproxy in front of a server.
type proxy struct {
	t        *testing.T
	server   *toxiproxy.ApiServer // not listening: it is only the proxies' parent
	current  *toxiproxy.Proxy
	upstream string // host:port
}

func newProxy(t *testing.T, srv *zoomtest.Server) *proxy {
	t.Helper()
	p := &proxy{t: t, server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), upstream: parse(t, srv.URL()).Host}
	p.start("127.0.0.1:0")
	t.Cleanup(func() { p.current.Stop() })
	return p
}

func (p *proxy) start(address string) {
	p.t.Helper()
	p.current = toxiproxy.NewProxy(p.server, "zoom", address, p.upstream)
	require.NoError(p.t, p.current.Start())
}

// poison adds a toxic to the connections that are there and to those that come.
func (p *proxy) poison(x toxic) {
	p.t.Helper()
	text, err := json.Marshal(x)
	require.NoError(p.t, err)
	_, err = p.current.Toxics.AddToxicJson(bytes.NewReader(text))
	require.NoError(p.t, err)
}

// cure removes all toxics. Toxiproxy can wait for ever for a connection whose
// reader has gone when a toxic is taken out of it, so that a new proxy takes the
// place and the address of the old one, whose connections end.
func (p *proxy) cure() {
	p.t.Helper()
	p.current.Stop()
	p.start(p.current.Listen)
}

// through is the address of one of the server's ends behind the proxy.
func (p *proxy) through(address string) string {
	u := parse(p.t, address)
	u.Host = p.current.Listen
	return u.String()
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

// newClient returns a client of the server behind the proxy. Without keepAlive
// each request has a connection of its own, so that a toxic that strikes some
// connections strikes some requests.
func newClient(t *testing.T, srv *zoomtest.Server, p *proxy, keepAlive bool, opts ...zoom.Option) *zoom.Client {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: !keepAlive, MaxIdleConnsPerHost: 16}
	src := srv.TokenSource()
	src.TokenURL, src.HTTPClient = srv.TokenURL(), nil
	opts = append([]zoom.Option{
		zoom.WithBaseURL(p.through(srv.URL())), zoom.WithHTTPClient(&http.Client{Transport: transport}), zoom.WithLimiter(zoom.Unlimited()),
	}, opts...)
	client, err := zoom.NewClient(src, opts...)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, client.Close())
		transport.CloseIdleConnections()
	})
	return client
}
