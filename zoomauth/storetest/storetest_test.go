package storetest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

func TestFaultST01MemoryStore(t *testing.T) {
	t.Parallel()
	store := &zoomauth.MemoryStore{}
	Run(t, func(*testing.T) zoomauth.TokenStore { return store })
}

func TestFaultST01FileStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "private", "token")
	Run(t, func(t *testing.T) zoomauth.TokenStore {
		store, err := zoomauth.NewFileStore(path, dirLock(path+".lock"))
		require.NoError(t, err)
		return store
	})
}

// dirLock is a lock of the file system: who can make the directory has it.
type dirLock string

func (l dirLock) TryLockContext(ctx context.Context, pause time.Duration) (bool, error) {
	for {
		err := os.Mkdir(string(l), 0o700)
		if err == nil || !os.IsExist(err) {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (l dirLock) Unlock() error { return os.Remove(string(l)) }

func TestFaultST01MemoryLogins(t *testing.T) {
	t.Parallel()
	store := &zoomauth.MemoryLogins{}
	RunLogins(t, func(*testing.T) zoomauth.LoginStore { return store })
}

// A store for one process is tested as far as its rules go.
func TestRunOfAPlainStore(t *testing.T) {
	type plain struct{ zoomauth.TokenStore }
	store := plain{&zoomauth.MemoryStore{}}
	for _, c := range tokenChecks {
		skipped := c.lacks(store) != ""
		require.Equal(t, c.needs != anyStore, skipped, c.name)
	}
	Run(t, func(*testing.T) zoomauth.TokenStore { return store })
}
