package zoomauth_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

var leftoverRuns = flag.Int("leftover.runs", 4, "random schedules of killed processes")

// tempOf is a name that the store gives to a temporary file, by its number.
func tempOf(path string, n int) string {
	return path + ".new-" + strings.Repeat("A", 25) + string(rune('A'+n))
}

// after is the token that follows another one of the same grant.
func after(t *testing.T, token *zoomauth.Token, name string) *zoomauth.Token {
	t.Helper()
	made, err := (&wire{}).app().NewToken("access-"+name, "refresh-"+name, time.Now().Add(time.Hour))
	require.NoError(t, err)
	made.Authorized, made.Generation = token.Authorized, token.Generation+1
	return made
}

// written writes a token to a file as a process does that is killed before it renames it.
func written(t *testing.T, file string, token *zoomauth.Token) {
	t.Helper()
	data, err := token.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, data, 0o600))
}

func locked(t *testing.T, store *zoomauth.FileStore) {
	t.Helper()
	lease, err := store.Lock(t.Context())
	require.NoError(t, err)
	require.NoError(t, lease.Release())
}

// A leftover of a grant that somebody removed is never put over the next one's.
func TestFaultAU34ALeftoverOfAnEarlierGrant(t *testing.T) {
	app := new(wire).app()
	for name, removed := range map[string]func(t *testing.T, path string, store *zoomauth.FileStore){
		"AU34 rm":     func(t *testing.T, path string, _ *zoomauth.FileStore) { require.NoError(t, os.Remove(path)) },
		"AU34 Delete": func(t *testing.T, _ string, store *zoomauth.FileStore) { require.NoError(t, store.Delete(t.Context())) },
		"AU34 put aside": func(t *testing.T, path string, _ *zoomauth.FileStore) {
			require.NoError(t, os.Rename(path, path+".old"))
		},
	} {
		for _, ahead := range []int64{-1, 0, 1, 2} { // of the leftover's generation
			for how, anew := range map[string]func(*zoomauth.FileStore, string, *zoomauth.Token) error{
				"Keep": func(s *zoomauth.FileStore, _ string, token *zoomauth.Token) error {
					return zoomauth.Keep(t.Context(), s, token)
				},
				"Save": func(s *zoomauth.FileStore, _ string, token *zoomauth.Token) error { return s.Save(t.Context(), token) },
			} {
				t.Run(fmt.Sprint(name, " ", how, " ", ahead), func(t *testing.T) {
					store, path := savedFile(t, app)
					stored, err := store.Load(t.Context())
					require.NoError(t, err)
					left := after(t, stored, "left")
					left.Generation += ahead
					written(t, tempOf(path, 0), left)
					written(t, tempOf(path, 20), left) // of a build that named them at random
					removed(t, path, store)
					fresh, err := app.NewToken("access-anew", "refresh-anew", time.Now())
					require.NoError(t, err)
					fresh.Generation = 1 // as after an exchange
					next, err := zoomauth.NewFileStore(path, newLock())
					require.NoError(t, err)
					require.NoError(t, anew(next, path, fresh))
					for range 2 {
						locked(t, next)
						assert.Equal(t, "refresh-anew", refreshIn(t, next))
					}
				})
			}
		}
	}
	t.Run("AU34 written past the store", func(t *testing.T) {
		store, path := savedFile(t, app)
		stored, err := store.Load(t.Context())
		require.NoError(t, err)
		written(t, tempOf(path, 0), after(t, stored, "left"))
		require.NoError(t, os.Chtimes(tempOf(path, 0), time.Time{}, time.Now().Add(-time.Second)))
		fresh, err := app.NewToken("access-anew", "refresh-anew", time.Now())
		require.NoError(t, err)
		written(t, path, fresh) // restored from elsewhere
		locked(t, store)
		assert.Equal(t, "refresh-anew", refreshIn(t, store))
	})
}

// What a process of the same grant left is taken up, however often the token had been
// replaced without being saved, and whatever clock its file was dated by.
func TestFaultAU34ALeftoverOfTheGrant(t *testing.T) {
	app := new(wire).app()
	for name, tc := range map[string]struct {
		ahead int64
		dated time.Duration
	}{
		"AU34 the next": {1, 0}, "AU34 two ahead": {2, 0}, "AU34 of long ago": {1, -time.Hour}, "AU34 dated in the future": {1, 365 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := savedFile(t, app)
			stored, err := store.Load(t.Context())
			require.NoError(t, err)
			left := after(t, stored, "left")
			left.Generation = stored.Generation + tc.ahead
			written(t, tempOf(path, 1), left)
			at := time.Now().Add(tc.dated)
			require.NoError(t, os.Chtimes(tempOf(path, 1), at, at))
			locked(t, store)
			assert.Equal(t, "refresh-left", refreshIn(t, store))
			assert.NoFileExists(t, tempOf(path, 1))
		})
	}
}

// A leftover is old after a minute, and if it is dated in the future.
func TestFaultAU34Swept(t *testing.T) {
	app := new(wire).app()
	for name, tc := range map[string]struct {
		dated time.Duration
		stays bool
	}{
		"AU34 now": {0, true}, "AU34 half a minute": {-30 * time.Second, true}, "AU34 two minutes": {-2 * time.Minute, false},
		"AU34 a minute ahead": {time.Minute, false}, "AU34 a year ahead": {365 * 24 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := savedFile(t, app)
			token, err := store.Load(t.Context())
			require.NoError(t, err)
			at := time.Now().Add(tc.dated)
			for _, temp := range []string{tempOf(path, 0), tempOf(path, 9), tempOf(path+".last", 2)} {
				require.NoError(t, os.WriteFile(temp, []byte("half"), 0o600))
				require.NoError(t, os.Chtimes(temp, at, at))
			}
			require.NoError(t, store.Save(t.Context(), token))
			for _, temp := range []string{tempOf(path, 0), tempOf(path, 9), tempOf(path+".last", 2)} {
				if tc.stays {
					assert.FileExists(t, temp)
				} else {
					assert.NoFileExists(t, temp)
				}
			}
		})
	}
}

// While a leftover may hold the next token, the one in place is not sent.
func TestFaultAU34CannotBePutInPlace(t *testing.T) {
	for name, strike := range map[string]func(t *testing.T, path string){
		"AU34 the file became a directory": func(t *testing.T, path string) { // after it was read
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		},
		"AU34 written by a newer version": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(tempOf(path, 0), []byte(`{"version":2,"sealed":"x"}`), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{answers: []wireAnswer{invalidGrant}}
			lock := newLock()
			store, path := fileOf(t, lock)
			token, err := w.app().NewToken("access-canary-1", "refresh-canary-1", time.Now())
			require.NoError(t, err)
			require.NoError(t, store.Save(t.Context(), token))
			written(t, tempOf(path, 0), after(t, token, "left"))
			strike(t, path)
			lease, err := store.Lock(t.Context())
			if name == "AU34 the file became a directory" {
				require.NoError(t, err, "there is no token that could be sent")
				require.NoError(t, lease.Release())
			} else {
				require.ErrorIs(t, err, zoomauth.ErrStore)
				assertSilent(t, err, path)
			}
			for range 2 { // the lock is free all the same
				_, err = sourceOf(t, w.app(), store, nil).Token(t.Context())
				require.ErrorIs(t, err, zoomauth.ErrStore)
			}
			assert.Empty(t, w.requests())
			lock.mu.Lock()
			assert.False(t, lock.held)
			lock.mu.Unlock()
		})
	}
}

// A directory that became read-only is no reason to send what was used up.
func TestFaultAU34AReadOnlyDirectory(t *testing.T) {
	w := &wire{answers: []wireAnswer{invalidGrant}}
	store, path := savedFile(t, w.app())
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	left := after(t, token, "left")
	written(t, tempOf(path, 0), left)
	dir := filepath.Dir(path)
	_ = exec.CommandContext(t.Context(), "chattr", "+i", dir).Run() // root may write where modes say no
	_ = os.Chmod(dir, 0o500)
	t.Cleanup(func() {
		_ = exec.CommandContext(context.Background(), "chattr", "-i", dir).Run()
		_ = os.Chmod(dir, 0o700)
	})
	if os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) == nil {
		t.Skip("nothing is read-only for this user")
	}
	asked := 0
	_, err = sourceOf(t, w.app(), store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { asked++ }}).Token(t.Context())
	require.ErrorIs(t, err, zoomauth.ErrStore)
	assertSilent(t, err, path)
	assert.Empty(t, w.requests())
	assert.Zero(t, asked)
}

// Many are killed, remove and authorise, in any order: the store holds the latest token
// of the latest grant whenever somebody has had the lock.
func TestFaultAU34Schedules(t *testing.T) {
	for run := range *leftoverRuns {
		t.Run(fmt.Sprint("AU34 ", run), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(run), 34))
			store, path := savedFile(t, new(wire).app())
			want, err := store.Load(t.Context())
			require.NoError(t, err)
			for step := range 8 {
				name := fmt.Sprint(run, "-", step)
				switch random.IntN(5) {
				case 0: // a refresh
					want = after(t, want, name)
					require.NoError(t, store.Save(t.Context(), want))
				case 1: // one that was killed before the rename
					want = after(t, want, name)
					written(t, tempOf(path, random.IntN(3)), want)
				case 2: // one that was killed while it wrote, before Zoom had been asked for another
					require.NoError(t, os.WriteFile(tempOf(path, random.IntN(3)), []byte(`{"version":1,"cli`), 0o600))
				case 3: // killed, removed and authorised again, within a minute
					written(t, tempOf(path, random.IntN(3)), after(t, want, name+"-dead"))
					require.NoError(t, os.Remove(path))
					fresh, err := new(wire).app().NewToken("access-"+name, "refresh-"+name, time.Now())
					require.NoError(t, err)
					fresh.Generation = random.Int64N(want.Generation + 2)
					require.NoError(t, zoomauth.Keep(t.Context(), store, fresh))
					want = fresh
				case 4: // its clock was wrong
					at := time.Now().Add(time.Duration(random.Int64N(int64(48*time.Hour))) - 24*time.Hour)
					for n := range 3 {
						_ = os.Chtimes(tempOf(path, n), at, at)
					}
				}
				locked(t, store)
				got, err := store.Load(t.Context())
				require.NoError(t, err)
				require.True(t, got.Same(want), "step %d", step)
			}
		})
	}
}

const workerPath = "ZOOMAUTH_TEST_PATH"

// TestSaveLoop is the process that is killed.
func TestSaveLoop(t *testing.T) {
	path := os.Getenv(workerPath)
	if path == "" {
		t.Skip("is run by TestFaultAU34AKilledProcess")
	}
	store, err := zoomauth.NewFileStore(path, newLock())
	require.NoError(t, err)
	token, err := store.Load(t.Context())
	require.NoError(t, err)
	for i := 0; ; i++ {
		token = after(t, token, fmt.Sprint("loop-", i))
		require.NoError(t, store.Save(t.Context(), token))
	}
}

// A process that saves is killed; somebody removes its file, or not, and goes on.
func TestFaultAU34AKilledProcess(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint("AU34 kill ", i), func(t *testing.T) {
			store, path := savedFile(t, new(wire).app())
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSaveLoop$")
			cmd.Env = append(os.Environ(), workerPath+"="+path)
			require.NoError(t, cmd.Start())
			require.Eventually(t, func() bool { // it saves
				token, err := store.Load(t.Context())
				return err == nil && token.Generation > int64(3+i)
			}, 10*time.Second, time.Millisecond)
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait()
			stored, err := store.Load(t.Context())
			require.NoError(t, err)
			want := stored
			for _, temp := range leftovers(t, path) {
				if data, err := os.ReadFile(temp); err == nil {
					if token, err := zoomauth.DecodeToken(data); err == nil && token.Generation > want.Generation {
						want = token
					}
				}
			}
			if i%2 == 0 {
				require.NoError(t, os.Remove(path))
				want, err = new(wire).app().NewToken("access-anew", "refresh-anew", time.Now())
				require.NoError(t, err)
				require.NoError(t, zoomauth.Keep(t.Context(), store, want))
			}
			locked(t, store)
			got, err := store.Load(t.Context())
			require.NoError(t, err)
			assert.True(t, got.Same(want))
		})
	}
}

func leftovers(t *testing.T, path string) []string {
	t.Helper()
	temps, err := filepath.Glob(path + ".new-*")
	require.NoError(t, err)
	return temps
}

// A name that would be that of another token's copy is refused.
func TestFaultAU40NamesThatCollide(t *testing.T) {
	random := strings.Repeat("A", 26)
	for _, name := range []string{
		"acme.last", "acme.corrupt", "acme.lock", "acme.new-" + random, "acme.last.new-" + random, "acme.corrupt.last", ".last",
		"acme.LAST", "acme.Lock", "acme.NEW-" + random, "acme.new-" + strings.ToLower(random), "acme.last.", "acme.last ", "acme.lock. .",
	} {
		_, err := zoomauth.NewFileStore(filepath.Join(t.TempDir(), name), newLock())
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, name)
	}
	dir := filepath.Join(t.TempDir(), "private")
	var stores []*zoomauth.FileStore
	names := []string{"acme", "last", "acme.last.token", "acme.new-", "acme.new-" + random + "2", "acme.newest", "lock", "acmelock", "a.token"}
	for i, name := range names { // none of them sees what another one holds
		store, err := zoomauth.NewFileStore(filepath.Join(dir, name), newLock())
		require.NoError(t, err, name)
		stores = append(stores, store)
		token, err := new(wire).app().NewToken("", fmt.Sprint("refresh-", i), time.Now())
		require.NoError(t, err)
		require.NoError(t, zoomauth.Keep(t.Context(), store, token))
	}
	for i, store := range stores {
		assert.Equal(t, fmt.Sprint("refresh-", i), refreshIn(t, store))
		require.NoError(t, store.Delete(t.Context()))
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// neighbours fills the directory of a store with the files of others.
func neighbours(tb testing.TB, n int) *zoomauth.FileStore {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "private")
	require.NoError(tb, os.Mkdir(dir, 0o700))
	for i := range n {
		for _, suffix := range []string{"", ".last", ".lock"} {
			require.NoError(tb, os.WriteFile(filepath.Join(dir, fmt.Sprint("tenant-", i, suffix)), nil, 0o600))
		}
	}
	store, err := zoomauth.NewFileStore(filepath.Join(dir, "mine"), newLock())
	require.NoError(tb, err)
	token, err := new(wire).app().NewToken("access", "refresh", time.Now().Add(time.Hour))
	require.NoError(tb, err)
	require.NoError(tb, store.Save(tb.Context(), token))
	return store
}

// A directory that is read costs allocations for each of its files.
func TestFaultAU41NeighboursCostNothing(t *testing.T) {
	work := map[string]func(*zoomauth.FileStore){
		"AU41 lock": func(s *zoomauth.FileStore) { locked(t, s) },
		"AU41 load": func(s *zoomauth.FileStore) { refreshIn(t, s) },
	}
	alone, among := neighbours(t, 0), neighbours(t, 300)
	for name, do := range work {
		t.Run(name, func(t *testing.T) {
			few, many := testing.AllocsPerRun(5, func() { do(alone) }), testing.AllocsPerRun(5, func() { do(among) })
			assert.LessOrEqual(t, many, few+20)
		})
	}
}

func BenchmarkFileStore(b *testing.B) {
	for _, n := range []int{0, 100, 3000} {
		store := neighbours(b, n)
		token, err := store.Load(b.Context())
		require.NoError(b, err)
		b.Run(fmt.Sprint("lock/", n), func(b *testing.B) {
			for b.Loop() {
				lease, _ := store.Lock(b.Context())
				_ = lease.Release()
			}
		})
		b.Run(fmt.Sprint("load/", n), func(b *testing.B) {
			for b.Loop() {
				_, _ = store.Load(b.Context())
			}
		})
		b.Run(fmt.Sprint("save/", n), func(b *testing.B) {
			for b.Loop() {
				_ = store.Save(b.Context(), token)
			}
		})
	}
}
