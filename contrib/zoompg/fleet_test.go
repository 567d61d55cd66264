package zoompg_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

var (
	fleetTenants   = flag.Int("fleet.tenants", 30, "tenants of the fleet")
	fleetRefreshes = flag.Int("fleet.refreshes", 2, "refreshes of each tenant's token, each asked for by every host at once")
	fleetAnswer    = flag.Duration("fleet.answer", 40*time.Millisecond, "what Zoom takes for an answer at most")
)

// tenant is an account of its own, whose Zoom replaces the refresh token with each use.
type tenant struct {
	name    string
	zoom    *zoomtest.Server
	app     zoomauth.App
	refused atomic.Int64 // refresh tokens that were spent when they were sent
	failed  atomic.Int64 // calls of a hook
}

func newTenant(t testing.TB, p *pgxpool.Pool, name string, answer time.Duration) *tenant {
	t.Helper()
	tn := &tenant{name: name, zoom: zoomtest.NewServer()}
	_, refresh := tn.zoom.IssueGrant()
	tn.app = zoomauth.App{ClientID: tn.zoom.ClientID(), ClientSecret: tn.zoom.ClientSecret(), HTTPClient: &http.Client{Transport: slowly{tn, answer}}}
	first, err := tn.app.NewToken("", refresh, time.Time{})
	require.NoError(t, err)
	require.NoError(t, tokens(t, p, name).Save(t.Context(), first))
	return tn
}

// slowly answers after a while, and sees what is refused.
type slowly struct {
	tenant *tenant
	answer time.Duration
}

func (s slowly) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := s.tenant.zoom.RoundTripper().RoundTrip(req) // the refresh token is spent from here on
	if err == nil && res.StatusCode != http.StatusOK {
		s.tenant.refused.Add(1)
	}
	select {
	case <-time.After(s.answer/2 + rand.N(s.answer/2+1)):
		return res, err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// source is a process that has just started on a host.
func (tn *tenant) source(t testing.TB, host *pgxpool.Pool) *zoomauth.Source {
	t.Helper()
	failed := func(context.Context, error) { tn.failed.Add(1) }
	src, err := tn.app.TokenSource(tokens(t, host, tn.name), &zoomauth.SourceOptions{Reauthorize: failed, StoreFailed: failed})
	require.NoError(t, err)
	return src
}

// isAlive reports whether the store holds the token that Zoom would take.
func (tn *tenant) isAlive(t testing.TB, p *pgxpool.Pool) bool {
	t.Helper()
	stored, err := tokens(t, p, tn.name).Load(t.Context())
	require.NoError(t, err)
	data, err := stored.Encode()
	require.NoError(t, err)
	var form struct {
		Refresh string `json:"refresh_token"`
	}
	require.NoError(t, json.Unmarshal(data, &form))
	return tn.zoom.GrantAlive(form.Refresh)
}

// sum is what went wrong for many tenants.
type sum struct{ refreshes, refused, lost, failed int }

func sumOf(t testing.TB, p *pgxpool.Pool, all []*tenant) (s sum) {
	t.Helper()
	for _, tn := range all {
		s.refreshes += tn.zoom.TokenCalls()
		s.refused += int(tn.refused.Load())
		s.failed += int(tn.failed.Load())
		if !tn.isAlive(t, p) {
			s.lost++
		}
	}
	return s
}

// More tenants refresh at once than there are connections: a lease holds none, so that the
// token of each answer is saved.
func TestFaultAU33MoreTenantsThanConnections(t *testing.T) {
	t.Parallel()
	const tenants, connections = 50, 10
	p := database(t, connections)
	var all []*tenant
	for i := range tenants {
		all = append(all, newTenant(t, p, fmt.Sprint("tenant-", i), 400*time.Millisecond))
	}
	began := time.Now()
	var group sync.WaitGroup
	for _, tn := range all {
		group.Go(func() {
			src := tn.source(t, p)
			_, err := src.Token(t.Context())
			assert.NoError(t, err)
			assert.NoError(t, src.Close())
		})
	}
	group.Wait()
	assert.Equal(t, sum{refreshes: tenants}, sumOf(t, p, all))
	t.Logf("%d tenants on %d connections: %+v in %v", tenants, connections, sumOf(t, p, all), time.Since(began).Round(time.Millisecond))
}

// Three hosts find the token of every tenant refused at the same time, again and again: one
// of them refreshes, nothing spent is sent, and no grant is lost.
func TestFaultST01Fleet(t *testing.T) {
	t.Parallel()
	const hosts, connections = 3, 10
	p := database(t, connections)
	pools := []*pgxpool.Pool{p}
	for range hosts - 1 {
		pools = append(pools, pool(t, p.Config().ConnConfig.Database, connections))
	}
	var all []*tenant
	for i := range *fleetTenants {
		all = append(all, newTenant(t, p, fmt.Sprint("tenant-", i), *fleetAnswer))
	}
	began := time.Now()
	var group sync.WaitGroup
	for _, tn := range all {
		group.Go(func() {
			for range *fleetRefreshes {
				tn.refreshOn(t, pools)
			}
		})
	}
	group.Wait()
	want := sum{refreshes: *fleetTenants * (1 + *fleetRefreshes)} // the first one fills the store
	assert.Equal(t, want, sumOf(t, p, all))
	t.Logf("%d tenants, %d hosts with %d connections each, %d refreshes: %+v in %v", *fleetTenants, hosts, connections,
		*fleetRefreshes, sumOf(t, p, all), time.Since(began).Round(time.Millisecond))
}

func (tn *tenant) refreshOn(t testing.TB, hosts []*pgxpool.Pool) {
	var sources []*zoomauth.Source
	for _, host := range hosts {
		src := tn.source(t, host)
		sources = append(sources, src)
		held, err := src.Token(t.Context())
		if !assert.NoError(t, err) {
			return
		}
		src.Rejected(t.Context(), held.AccessToken)
	}
	var group sync.WaitGroup
	for _, src := range sources {
		group.Go(func() {
			_, err := src.Token(t.Context())
			assert.NoError(t, err)
			assert.NoError(t, src.Close())
		})
	}
	group.Wait()
}
