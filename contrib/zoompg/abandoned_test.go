package zoompg_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/contrib/zoompg"
	"github.com/seatkit/zoom/zoomauth"
)

// slowNet is a network that keeps the statement that takes a lease until deliver is closed,
// also when the client has closed its connection meanwhile.
type slowNet struct {
	kept    chan struct{} // closed when a statement is kept
	deliver chan struct{}
	reset   chan struct{} // closed: the client loses the connection that the statement is on
	once    sync.Once
}

func newSlowNet() *slowNet {
	return &slowNet{kept: make(chan struct{}), deliver: make(chan struct{}), reset: make(chan struct{})}
}

// pool is a pool that dials over the network.
func (n *slowNet) pool(t *testing.T, database string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	config.ConnConfig.Database = database
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec // each message has the text
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &slowConn{Conn: conn, net: n}, err
	}
	config.MaxConns = 3
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

type slowConn struct {
	net.Conn
	net  *slowNet
	sent sync.WaitGroup
	kept bool
}

func (c *slowConn) Write(b []byte) (int, error) {
	first := false
	if bytes.Contains(b, []byte("INSERT INTO zoom_tokens (name, lease_owner")) {
		c.net.once.Do(func() { first = true })
	}
	switch {
	case first:
		c.kept = true
		b := bytes.Clone(b)
		c.sent.Go(func() {
			<-c.net.deliver
			_, _ = c.Conn.Write(b)
		})
		go func() {
			<-c.net.reset
			_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
		}()
		close(c.net.kept)
		return len(b), nil
	case c.kept:
		c.sent.Wait()
	}
	return c.Conn.Write(b)
}

func (c *slowConn) Close() error {
	c.sent.Wait()
	return c.Conn.Close()
}

func holders(t *testing.T, p *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, p.QueryRow(context.Background(), `SELECT count(*) FROM zoom_tokens WHERE lease_owner IS NOT NULL`).Scan(&n))
	return n
}

// becomesFree fails the test if the lease lasts.
func becomesFree(t *testing.T, p *pgxpool.Pool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	lease, err := tokens(t, p, "acme").Lock(ctx)
	require.NoError(t, err, "the lease of a Lock that failed lasts")
	require.NoError(t, lease.Release())
}

// delivered waits until the server has executed what the network kept.
func delivered(t *testing.T, p *pgxpool.Pool) {
	t.Helper()
	require.Eventually(t, func() (there bool) {
		require.NoError(t, p.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM zoom_tokens)`).Scan(&there))
		return there
	}, 10*time.Second, time.Millisecond)
}

// The network delivers the statement that takes the lease after Lock has returned.
func TestFaultST01LockThatFailedLeavesNoLease(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(n *slowNet, cancel func()){
		"the context ended":       func(_ *slowNet, cancel func()) { cancel() },
		"the connection was lost": func(n *slowNet, _ func()) { close(n.reset) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newSlowNet()
			deliver := sync.OnceFunc(func() { close(n.deliver) })
			direct := database(t, 2)
			p := n.pool(t, direct.Config().ConnConfig.Database)
			t.Cleanup(deliver) // before the pool is closed, which waits for it
			store := tokens(t, p, "acme")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-n.kept
				fail(n, cancel)
			}()
			begin := time.Now()
			_, err := store.Lock(ctx)
			require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
			assert.Less(t, time.Since(begin), 4*time.Second)
			deliver()
			delivered(t, direct)
			becomesFree(t, direct)
		})
	}
}

// Lock does not send anything for a caller that left while it waited for a connection.
func TestFaultST01LockThatGotNoConnection(t *testing.T) {
	t.Parallel()
	p := database(t, 1)
	store := tokens(t, p, "acme")
	busy, err := p.Acquire(t.Context())
	require.NoError(t, err)
	release := sync.OnceFunc(busy.Release)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = store.Lock(ctx)
	require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	before := p.Stat()
	assert.EqualValues(t, 1, before.CanceledAcquireCount(), "it does not wait for a connection any more")
	release()
	var rows int
	require.NoError(t, p.QueryRow(t.Context(), `SELECT count(*) FROM zoom_tokens`).Scan(&rows))
	assert.Zero(t, rows)
	assert.EqualValues(t, before.AcquireCount()+1, p.Stat().AcquireCount(), "the query of this test")
}

// The context ends at any moment of Lock.
func TestFaultST01LockIsCancelledAtAnyMoment(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]pgx.QueryExecMode{
		"prepared": pgx.QueryExecModeCacheStatement, "simple": pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := database(t, 2)
			config := direct.Config().Copy()
			config.MaxConns = 4
			config.ConnConfig.DefaultQueryExecMode = mode
			p, err := pgxpool.NewWithConfig(t.Context(), config)
			require.NoError(t, err)
			t.Cleanup(p.Close)
			took := lockTime(t, tokens(t, p, "acme"))
			failed := 0
			for range 150 {
				store := tokens(t, p, "acme")
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(2*took))
				lease, err := store.Lock(ctx)
				cancel()
				if err == nil {
					require.NoError(t, lease.Release())
					continue
				}
				failed++
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Zero(t, holders(t, direct))
			}
			t.Logf("%d of 150 Locks failed; one takes %v", failed, took)
			require.NotZero(t, failed)
		})
	}
}

// lockTime is how long a Lock takes that is not cancelled, about.
func lockTime(t *testing.T, store *zoompg.TokenStore) (least time.Duration) {
	t.Helper()
	for range 5 {
		begin := time.Now()
		lease, err := store.Lock(t.Context())
		took := time.Since(begin)
		require.NoError(t, err)
		require.NoError(t, lease.Release())
		if least == 0 || took < least {
			least = took
		}
	}
	return least
}
