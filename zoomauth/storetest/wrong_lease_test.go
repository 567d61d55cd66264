package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

const leaseLife = 75 * time.Second

// leased is a correct store whose lease has an end, but for its faults.
type leased struct {
	base
	faults leaseFaults

	mu    sync.Mutex
	owner *timedLease
	end   time.Time
}

type leaseFaults struct {
	checkKeepsTheEnd, checkIsNil, checkTakes, releaseFreesAny, endsNever bool
}

type timedLease struct{ store *leased }

func (s *leased) isHeld() bool {
	return s.owner != nil && (s.faults.endsNever || time.Now().Before(s.end))
}

func (s *leased) take(l *timedLease) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isHeld() {
		return false
	}
	s.owner, s.end = l, time.Now().Add(leaseLife)
	return true
}

func (s *leased) Lock(ctx context.Context) (zoomauth.Lease, error) {
	l := &timedLease{s}
	for !s.take(l) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return l, nil
}

func (l *timedLease) Check(context.Context) error {
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.faults.checkTakes:
		s.owner = l
	case s.owner == l && s.isHeld():
	case s.faults.checkIsNil:
		return nil
	default:
		return errors.New("the lease was lost")
	}
	if !s.faults.checkKeepsTheEnd {
		s.end = time.Now().Add(leaseLife)
	}
	return nil
}

func (l *timedLease) Release() error {
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner == l || s.faults.releaseFreesAny {
		s.owner = nil
	}
	return nil
}

func TestFaultST01WrongLeasesAreCaught(t *testing.T) {
	for name, tc := range map[string]struct {
		faults leaseFaults
		want   string
	}{
		"none":                               {},
		"Check does not prolong":             {leaseFaults{checkKeepsTheEnd: true}, "less than a minute after Check: Lock succeeded"},
		"Check is always nil":                {leaseFaults{checkIsNil: true}, "Check of a lease that was lost returned nil"},
		"Check takes the lock back":          {leaseFaults{checkTakes: true}, "Check of a lease that was lost returned nil"},
		"Release frees the lock of the next": {leaseFaults{releaseFreesAny: true}, "after Release of a lease that was lost: Lock succeeded"},
		"the lease ends never":               {leaseFaults{endsNever: true}, "Lock failed though the lease must have ended"},
	} {
		t.Run(name, func(t *testing.T) {
			store := &leased{faults: tc.faults}
			found := outcome(t, func(t tb) { leaseEnds(t, func() zoomauth.TokenStore { return store }, leaseLife) })
			if tc.want == "" {
				assert.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			assert.Contains(t, found[0], tc.want)
			for _, c := range tokenChecks {
				store := &leased{faults: tc.faults}
				assert.Empty(t, outcome(t, func(t tb) { c.run(t, func() zoomauth.TokenStore { return store }) }), "only the end of a lease shows it")
			}
		})
	}
}

// bytes is a store that can be damaged.
type bytes struct {
	column
	onCorrupt func(*bytes) error
}

func (s *bytes) Load(ctx context.Context) (*zoomauth.Token, error) {
	t, err := s.column.Load(ctx)
	if errors.Is(err, zoomauth.ErrStoreCorrupt) && s.onCorrupt != nil {
		err = s.onCorrupt(s)
	}
	return t, err
}

func (s *bytes) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if _, err := s.Load(ctx); errors.Is(err, zoomauth.ErrStoreCorrupt) {
		return err
	}
	return s.column.Swap(ctx, old, next)
}

func (s *bytes) damage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = []byte("{")
}

func TestFaultST01DamagedBytes(t *testing.T) {
	for name, tc := range map[string]struct {
		onCorrupt func(*bytes) error
		want      string
	}{
		"none":                     {},
		"taken for an empty store": {func(*bytes) error { return zoomauth.ErrNoToken }, "damaged: Load returned the error"},
		"deleted on Load": {func(s *bytes) error {
			return errors.Join(s.Delete(context.Background()), zoomauth.ErrStoreCorrupt)
		}, "damaged: Load returned the error"},
	} {
		t.Run(name, func(t *testing.T) {
			store := &bytes{column: column{width: 1 << 20}, onCorrupt: tc.onCorrupt}
			found := outcome(t, func(t tb) { damagedStays(t, func() zoomauth.TokenStore { return store }, store.damage) })
			if tc.want == "" {
				assert.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			assert.Contains(t, found[0], tc.want)
		})
	}
}

func TestFaultST01DamagedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "private", "token")
	RunDamaged(t, func(t *testing.T) zoomauth.TokenStore {
		store, err := zoomauth.NewFileStore(path, dirLock(path+".lock"))
		require.NoError(t, err)
		return store
	}, func(t *testing.T) { require.NoError(t, os.WriteFile(path, []byte("{"), 0o600)) })
}
