package zoompg_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/contrib/zoompg"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomauth/storetest"
)

func TestFaultST01TokenStore(t *testing.T) {
	t.Parallel()
	p := database(t, 5)
	storetest.Run(t, func(t *testing.T) zoomauth.TokenStore {
		return tokens(t, pool(t, p.Config().ConnConfig.Database, 3), "acme's \"token\" 7")
	})
}

// A store of one connection works too: none is held while it waits for anything else.
func TestFaultST01OneConnection(t *testing.T) {
	t.Parallel()
	p := database(t, 1)
	storetest.Run(t, func(t *testing.T) zoomauth.TokenStore { return tokens(t, p, "acme") })
}

func TestFaultST01LoginStore(t *testing.T) {
	t.Parallel()
	p := database(t, 5)
	storetest.RunLogins(t, func(t *testing.T) zoomauth.LoginStore {
		s, err := zoompg.NewLoginStore(pool(t, p.Config().ConnConfig.Database, 3))
		require.NoError(t, err)
		return s
	})
}

var app = zoomauth.App{Region: zoomauth.RegionEU, ClientID: "client", ClientSecret: "secret", RedirectURL: "https://service.example/callback"}

func token(t *testing.T, access, refresh string) *zoomauth.Token {
	t.Helper()
	made, err := app.NewToken(access, refresh, time.Now().Add(time.Hour))
	require.NoError(t, err)
	return made
}

// The tables are made once, whoever comes first, and stay as they are.
func TestMigrate(t *testing.T) {
	t.Parallel()
	p := database(t, 8)
	store := tokens(t, p, "acme")
	require.NoError(t, store.Save(t.Context(), token(t, "access", "refresh")))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { assert.NoError(t, zoompg.Migrate(t.Context(), p)) })
	}
	group.Wait()
	_, err := store.Load(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, zoompg.Migrate(t.Context(), nil), zoom.ErrInvalidArgument)
}

func TestNewStores(t *testing.T) {
	_, err := zoompg.NewTokenStore(nil, "acme")
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = zoompg.NewTokenStore(pool(t, "postgres", 1), "")
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	_, err = zoompg.NewLoginStore(nil)
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
}

// Tenants do not see each other's tokens.
func TestTenants(t *testing.T) {
	t.Parallel()
	p := database(t, 4)
	names := []string{"acme", "ACME", "acme ", "acme.last", "", "ä", strings.Repeat("x", 2000)}
	for i, name := range names {
		if name == "" {
			continue
		}
		require.NoError(t, tokens(t, p, name).Save(t.Context(), token(t, "access", fmt.Sprint("refresh-", i))))
	}
	for i, name := range names {
		if name == "" {
			continue
		}
		got, err := tokens(t, p, name).Load(t.Context())
		require.NoError(t, err)
		assert.True(t, got.Same(token(t, "access", fmt.Sprint("refresh-", i))), name)
	}
	require.NoError(t, tokens(t, p, "acme").Delete(t.Context()))
	_, err := tokens(t, p, "ACME").Load(t.Context())
	require.NoError(t, err)
}

// What a process that died held is free when its lease has ended, and the lease of who was
// only stopped is lost: neither its Check nor its Release touches the next holder's.
func TestALeaseEnds(t *testing.T) {
	t.Parallel()
	p := database(t, 4)
	store := tokens(t, p, "acme")
	dead, err := store.Lock(t.Context())
	require.NoError(t, err)
	require.NoError(t, dead.Check(t.Context()))
	var left float64
	require.NoError(t, p.QueryRow(t.Context(), `SELECT extract(epoch FROM lease_end - clock_timestamp()) FROM zoom_tokens`).Scan(&left))
	assert.Greater(t, left, 60.0, "a minute more, as Check promises")
	_, err = p.Exec(t.Context(), `UPDATE zoom_tokens SET lease_end = clock_timestamp() - interval '1 ms'`)
	require.NoError(t, err)
	require.ErrorIs(t, dead.Check(t.Context()), zoomauth.ErrStoreUnavailable)
	next, err := store.Lock(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, dead.Check(t.Context()), zoomauth.ErrStoreUnavailable)
	require.NoError(t, dead.Release())
	require.NoError(t, next.Check(t.Context()), "it still holds the lock")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = store.Lock(ctx)
	require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, next.Release())
}

// What cannot be read is not taken for an empty store.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := database(t, 4)
	store := tokens(t, p, "acme")
	require.NoError(t, store.Save(t.Context(), token(t, "access", "refresh")))
	_, err := p.Exec(t.Context(), `UPDATE zoom_tokens SET sealed_by = 'key 1'`)
	require.NoError(t, err)
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	require.NotErrorIs(t, err, zoomauth.ErrNoToken)
	_, err = p.Exec(t.Context(), `UPDATE zoom_tokens SET sealed_by = '', token = 'half'`)
	require.NoError(t, err)
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStoreCorrupt)
	p.Close()
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	_, err = store.Lock(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, store.Save(t.Context(), token(t, "access", "refresh")), zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, store.Swap(t.Context(), nil, token(t, "access", "refresh")), zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, store.Delete(t.Context()), zoomauth.ErrStoreUnavailable)
}

// Anybody can begin a login: those that have expired go.
func TestExpiredLoginsAreRemoved(t *testing.T) {
	t.Parallel()
	p := database(t, 4)
	store, err := zoompg.NewLoginStore(p)
	require.NoError(t, err)
	count := func() (n int) {
		require.NoError(t, p.QueryRow(t.Context(), `SELECT count(*) FROM zoom_logins`).Scan(&n))
		return n
	}
	put := func(key string) {
		_, l, err := app.AuthCodeURL()
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), key, l))
	}
	for i := range 20 {
		put(fmt.Sprint("old-", i))
	}
	assert.Equal(t, 20, count())
	_, err = p.Exec(t.Context(), `UPDATE zoom_logins SET expires = clock_timestamp() - interval '2 minutes'`)
	require.NoError(t, err)
	put("new")
	assert.Equal(t, 1, count())
	require.ErrorIs(t, store.Put(t.Context(), "none", nil), zoom.ErrInvalidArgument)
}
