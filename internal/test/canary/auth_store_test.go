package canary_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
)

// storeErrors are what a store of the caller's may say, besides what any code may:
// the row that it could not write, and where.
func storeErrors(s *canary.Secrets) map[string]error {
	dsn := &url.URL{Scheme: "postgres", User: url.UserPassword(s.UserID, s.RedisPassword), Host: "db.example.com", Path: "/zoom"}
	row := fmt.Sprintf(`{"access_token":%q,"refresh_token":%q}`, s.AccessToken, s.RefreshToken)
	next := fmt.Sprintf(`{"access_token":%q,"refresh_token":%q}`, s.NextAccess, s.NextRefresh)
	all := map[string]error{
		"DSN":          fmt.Errorf("connect to %s: password authentication failed", dsn),
		"DSN, key=val": fmt.Errorf("pq: host=db.example.com user=%s password=%s dbname=zoom: refused", s.UserID, s.RedisPassword),
		"DSN, parsed":  &url.Error{Op: "parse", URL: dsn.String(), Err: errors.New("invalid port " + dsn.String())},
		"row":          fmt.Errorf("INSERT INTO tokens VALUES ('%s'): duplicate key", row),
		"new row":      fmt.Errorf("duplicate key value violates unique constraint: Key (token)=(%s)", next),
		"ErrStore":     fmt.Errorf("%w: %s at %s", zoomauth.ErrStore, next, dsn),
		"unavailable":  fmt.Errorf("%w: %s at %s", zoomauth.ErrStoreUnavailable, row, dsn),
		"corrupt":      fmt.Errorf("%w: %s", zoomauth.ErrStoreCorrupt, row),
		"changed":      fmt.Errorf("%w: found %s, not %s", zoomauth.ErrStoreChanged, row, next),
		"no token":     fmt.Errorf("%w: GET zoom:%s: (nil)", zoomauth.ErrNoToken, s.AccountID),
		"login":        fmt.Errorf("%w: %s of %s", zoomauth.ErrLogin, s.State, s.Cookie),
		"value":        valueError{row, dsn.String()},
		"path":         &fs.PathError{Op: "open", Path: "/srv/" + s.AccountID + "/token-" + s.RefreshToken, Err: fs.ErrPermission},
		"token alone":  errors.New(s.RefreshToken),
	}
	maps.Copy(all, foreign(s))
	return all
}

func everyAuthSecret(t *testing.T, run func(t *testing.T, s *site, name string, err error)) {
	t.Helper()
	s := canary.New()
	scanner := authScanner()
	for name, err := range storeErrors(&s) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, scanner)
				defer s.close()
				run(t, s, name, err)
			})
		})
	}
}

// brokenStore fails in one of its calls.
type brokenStore struct {
	zoomauth.MemoryStore
	at     string
	err    error
	panics bool

	mu    sync.Mutex
	loads int
}

var storeCalls = []string{"load", "second load", "save", "swap", "delete", "lock", "check", "release"}

func (b *brokenStore) fails(at string) error {
	if at != b.at {
		return nil
	}
	if b.panics {
		panic(b.err)
	}
	return b.err
}

func (b *brokenStore) Load(ctx context.Context) (*zoomauth.Token, error) {
	b.mu.Lock()
	b.loads++
	at := "load"
	if b.loads > 1 && b.at != at {
		at = "second load"
	}
	b.mu.Unlock()
	if err := b.fails(at); err != nil {
		return nil, err
	}
	return b.MemoryStore.Load(ctx)
}

func (b *brokenStore) Save(ctx context.Context, t *zoomauth.Token) error {
	if err := b.fails("save"); err != nil {
		return err
	}
	return b.MemoryStore.Save(ctx, t)
}

func (b *brokenStore) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if err := b.fails("swap"); err != nil {
		return err
	}
	return b.MemoryStore.Swap(ctx, old, next)
}

func (b *brokenStore) Delete(ctx context.Context) error {
	if err := b.fails("delete"); err != nil {
		return err
	}
	return b.MemoryStore.Delete(ctx)
}

func (b *brokenStore) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if err := b.fails("lock"); err != nil {
		return nil, err
	}
	lease, err := b.MemoryStore.Lock(ctx)
	return brokenLease{lease, b}, err
}

type brokenLease struct {
	zoomauth.Lease
	store *brokenStore
}

func (l brokenLease) Check(context.Context) error { return l.store.fails("check") }

func (l brokenLease) Release() error {
	_ = l.Lease.Release()
	return l.store.fails("release")
}

// swapless is a store that only knows how to save.
type swapless struct{ zoomauth.TokenStore }

// What a store says stays there, whatever was asked of it and by whom.
func TestAuthStore(t *testing.T) {
	everyAuthSecret(t, func(t *testing.T, s *site, name string, err error) {
		for i, at := range storeCalls {
			if skips(i) {
				continue
			}
			for _, panics := range []bool{false, true} {
				if panics && name != "dump" && name != "row" { // of a panic nothing is kept
					continue
				}
				store := &brokenStore{at: at, err: err, panics: panics}
				require.NoError(t, store.MemoryStore.Save(t.Context(), s.token(-time.Hour)))
				src := s.source(s.tokens(), store)
				s.may(second(src.Token(t.Context())))
				time.Sleep(time.Minute)
				s.use(src)
				src = s.source(s.tokens(), swapless{store})
				s.may(second(src.Installation(t.Context())))
				s.may(src.Close())
				s.may(zoomauth.Keep(t.Context(), store, s.token(time.Hour)))
				src, errNew := s.app(s.tokens()).ServerToServer(s.AccountID, store, s.sourceOptions())
				require.NoError(t, errNew)
				s.may(second(src.Token(t.Context())))
				s.may(src.Close())
			}
		}
	})
}
