package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

// recorder is a test that may fail.
type recorder struct {
	mu     sync.Mutex
	failed []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// outcome runs a check on virtual time and returns what it found.
func outcome(t *testing.T, check func(t tb)) []string {
	t.Helper()
	r := &recorder{}
	synctest.Test(t, func(*testing.T) {
		var group sync.WaitGroup
		group.Go(func() { check(r) })
		group.Wait()
		time.Sleep(time.Hour) // what waits for a lock gives up
	})
	return r.failed
}

// base is a correct store that the wrong ones are made of.
type base struct{ zoomauth.MemoryStore }

// forUpdate locks the row of the token by SELECT … FOR UPDATE: whoever saves waits for the
// lock, its holder too.
type forUpdate struct{ base }

func (s *forUpdate) Save(ctx context.Context, t *zoomauth.Token) error {
	lease, err := s.Lock(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.base.Save(ctx, t), lease.Release())
}

// contextBound begins a transaction with the context of Lock, which ends with it.
type contextBound struct{ base }

func (s *contextBound) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := s.base.Lock(ctx)
	if err == nil {
		context.AfterFunc(ctx, func() { _ = lease.Release() })
	}
	return lease, err
}

// commitLate commits what was saved under the lock when the lock is released.
type commitLate struct {
	*base
	tx *transaction // of the handle
}

type transaction struct {
	mu            sync.Mutex
	open, changed bool
	token         *zoomauth.Token
}

func (tx *transaction) begin() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.open, tx.changed = true, false
}

// end returns what is to be committed.
func (tx *transaction) end() (token *zoomauth.Token, changed bool) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.open = false
	return tx.token, tx.changed
}

func (tx *transaction) read() (token *zoomauth.Token, changed bool) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.token, tx.open && tx.changed
}

func (tx *transaction) write(t *zoomauth.Token) bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.open {
		tx.changed, tx.token = true, t
	}
	return tx.open
}

func (s commitLate) Load(ctx context.Context) (*zoomauth.Token, error) {
	t, changed := s.tx.read()
	switch {
	case !changed:
		return s.base.Load(ctx)
	case t == nil:
		return nil, zoomauth.ErrNoToken
	default:
		return t, nil
	}
}

func (s commitLate) Save(ctx context.Context, t *zoomauth.Token) error {
	if s.tx.write(t) {
		return nil
	}
	return s.base.Save(ctx, t)
}

func (s commitLate) Delete(ctx context.Context) error { return s.Save(ctx, nil) }

func (s commitLate) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if current, err := s.Load(ctx); err == nil && current.Same(old) && s.tx.write(next) {
		return nil
	}
	return s.base.Swap(ctx, old, next)
}

func (s commitLate) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := s.base.Lock(ctx)
	if err == nil {
		s.tx.begin()
	}
	return lateLease{lease, s}, err
}

type lateLease struct {
	zoomauth.Lease
	store commitLate
}

func (l lateLease) Release() error {
	if t, changed := l.store.tx.end(); changed {
		_ = l.store.base.Save(context.Background(), t) // its error is dropped
	}
	return l.Lease.Release()
}

// byGeneration compares the generation and nothing else.
type byGeneration struct{ base }

func (s *byGeneration) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	current, err := s.Load(ctx)
	if errors.Is(err, zoomauth.ErrNoToken) {
		return s.base.Swap(ctx, old, next)
	}
	if err == nil && (old == nil || old.Generation != current.Generation) {
		return zoomauth.ErrStoreChanged
	}
	return s.base.Swap(ctx, current, next)
}

// byPointer compares whether it is the very token that it holds.
type byPointer struct{ base }

func (s *byPointer) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if current, _ := s.Load(ctx); current != old {
		return zoomauth.ErrStoreChanged
	}
	return s.Save(ctx, next)
}

// inTwoSteps compares, and then replaces.
type inTwoSteps struct{ base }

func (s *inTwoSteps) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	current, err := s.Load(ctx)
	if err != nil && !errors.Is(err, zoomauth.ErrNoToken) {
		return err
	}
	if !current.Same(old) {
		return zoomauth.ErrStoreChanged
	}
	time.Sleep(time.Millisecond)
	return s.Save(ctx, next)
}

// cached keeps what it has loaded for a second.
type cached struct {
	*base
	cache *cache
}

type cache struct {
	mu    sync.Mutex
	token *zoomauth.Token
	until time.Time
}

func (s cached) Load(ctx context.Context) (*zoomauth.Token, error) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if time.Now().Before(s.cache.until) {
		return s.cache.token, nil
	}
	t, err := s.base.Load(ctx)
	if err == nil {
		s.cache.token, s.cache.until = t, time.Now().Add(time.Second)
	}
	return t, err
}

func (s cached) forget() {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.until = time.Time{}
}

func (s cached) Save(ctx context.Context, t *zoomauth.Token) error {
	s.forget()
	return s.base.Save(ctx, t)
}

func (s cached) Delete(ctx context.Context) error { return s.Save(ctx, nil) }

func (s cached) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	s.forget()
	return s.base.Swap(ctx, old, next)
}

// rowLock locks a row, and an empty store has none.
type rowLock struct{ base }

func (s *rowLock) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if _, err := s.Load(ctx); errors.Is(err, zoomauth.ErrNoToken) {
		return nothing{}, nil
	}
	return s.base.Lock(ctx)
}

type nothing struct{}

func (nothing) Check(context.Context) error { return nil }
func (nothing) Release() error              { return nil }

// silent drops the error of a Release that did not free the lock.
type silent struct{ base }

func (s *silent) Lock(ctx context.Context) (zoomauth.Lease, error) {
	if _, err := s.base.Lock(ctx); err != nil {
		return nil, err
	}
	return nothing{}, nil
}

// processLock is a lock among the goroutines of a process.
type processLock struct {
	*base
	mine *zoomauth.MemoryStore
}

func (s processLock) Lock(ctx context.Context) (zoomauth.Lease, error) { return s.mine.Lock(ctx) }

// alwaysLocked makes who reads wait for the lock.
type alwaysLocked struct{ base }

func (s *alwaysLocked) Load(ctx context.Context) (*zoomauth.Token, error) {
	lease, err := s.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	return s.base.Load(ctx)
}

// unsure takes every failure for an empty store.
type unsure struct{ base }

func (s *unsure) Load(ctx context.Context) (*zoomauth.Token, error) {
	if ctx.Err() != nil {
		return nil, zoomauth.ErrNoToken
	}
	return s.base.Load(ctx)
}

// partly stores what oauth2.Token has, as most do at first.
type partly struct{ base }

func (s *partly) Save(ctx context.Context, t *zoomauth.Token) error {
	short := *t
	short.RefreshIssued, short.Authorized, short.Suspect = time.Time{}, time.Time{}, false
	return s.base.Save(ctx, &short)
}

// undeleted marks a row as deleted and reads it all the same.
type undeleted struct{ base }

func (*undeleted) Delete(context.Context) error { return nil }

// unmarked loses a mark of a token.
type unmarked struct {
	base
	drop func(*zoomauth.Token)
}

func (s *unmarked) Save(ctx context.Context, t *zoomauth.Token) error {
	short := *t
	s.drop(&short)
	return s.base.Save(ctx, &short)
}

// column cuts what is too long for it, as some databases do in silence.
type column struct {
	base
	width int
	mu    sync.Mutex
	data  []byte
}

func (s *column) Save(ctx context.Context, t *zoomauth.Token) error {
	data, err := t.Encode()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data[:min(len(data), s.width)]
	return s.base.Save(ctx, t)
}

func (s *column) Load(ctx context.Context) (*zoomauth.Token, error) {
	if _, err := s.base.Load(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return zoomauth.DecodeToken(s.data)
}

func (s *column) Swap(ctx context.Context, old, next *zoomauth.Token) error {
	if err := s.base.Swap(ctx, old, next); err != nil {
		return err
	}
	return s.Save(ctx, next)
}

// lockSays refuses the lock with an error of another method.
type lockSays struct {
	base
	err error
}

func (s *lockSays) Lock(ctx context.Context) (zoomauth.Lease, error) {
	lease, err := s.base.Lock(ctx)
	if err != nil {
		return nil, s.err
	}
	return lease, nil
}

// tornWrites replaces its bytes one half after the other.
type tornWrites struct {
	mu   sync.Mutex
	data []byte
}

func (s *tornWrites) write(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}

func (s *tornWrites) Save(_ context.Context, t *zoomauth.Token) error {
	data, err := t.Encode()
	if err != nil {
		return err
	}
	s.write(data[:len(data)/2])
	time.Sleep(time.Duration(len(data)) * time.Microsecond) // each takes a time of its own
	s.write(data)
	return nil
}

func (s *tornWrites) Load(context.Context) (*zoomauth.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data == nil {
		return nil, zoomauth.ErrNoToken
	}
	return zoomauth.DecodeToken(s.data)
}

func (s *tornWrites) Delete(context.Context) error {
	s.write(nil)
	return nil
}

// share gives out handles that all are the one store.
func share(store zoomauth.TokenStore) func() tokenOpener {
	return func() tokenOpener { return func() zoomauth.TokenStore { return store } }
}

var wrongStores = []struct {
	name string
	new  func() tokenOpener
	want []string // the checks that fail
}{
	{"none", func() tokenOpener { return share(&base{})() }, nil},
	{"Save waits for its own lock", func() tokenOpener { return share(&forUpdate{})() }, []string{
		"the context of Lock does not end the lease", "nothing waits for its own lock", "what is saved does not wait for Release",
		"an empty store has a lock", "the lock is free after Release", "one holder at a time",
	}},
	{"the lease ends with the context of Lock", func() tokenOpener { return share(&contextBound{})() }, []string{
		"the context of Lock does not end the lease",
	}},
	{"Release commits and drops the error", func() tokenOpener {
		shared := &base{}
		return func() zoomauth.TokenStore {
			return commitLate{shared, &transaction{}}
		}
	}, []string{"what is saved does not wait for Release"}},
	{"Swap by generation", func() tokenOpener { return share(&byGeneration{})() }, []string{"Swap compares the whole state"}},
	{"Swap by pointer", func() tokenOpener { return share(&byPointer{})() }, []string{"Swap compares the whole state"}},
	{"Swap in two steps", func() tokenOpener { return share(&inTwoSteps{})() }, []string{"one of many Swaps wins"}},
	{"Load from a cache", func() tokenOpener {
		shared := &base{}
		return func() zoomauth.TokenStore { return cached{shared, &cache{}} }
	}, []string{"every handle sees a change at once"}},
	{"an empty store without a lock", func() tokenOpener { return share(&rowLock{})() }, []string{"an empty store has a lock"}},
	{"Release that frees nothing and says nothing", func() tokenOpener { return share(&silent{})() }, []string{"the lock is free after Release"}},
	{"a lock for one process", func() tokenOpener {
		shared := &base{}
		return func() zoomauth.TokenStore { return processLock{shared, &zoomauth.MemoryStore{}} }
	}, []string{"the lock excludes every handle"}},
	{"Load waits for the lock", func() tokenOpener { return share(&alwaysLocked{})() }, []string{"Load does not wait for the lock"}},
	{"every failure is ErrNoToken", func() tokenOpener { return share(&unsure{})() }, []string{"an ended context is no empty store"}},
	{"fields are lost", func() tokenOpener { return share(&partly{})() }, []string{"a token comes back whole"}},
	{"the mark Suspect is lost", func() tokenOpener { return share(&unmarked{drop: func(t *zoomauth.Token) { t.Suspect = false }})() }, []string{"a token comes back whole"}},
	{"the mark Refused is lost", func() tokenOpener { return share(&unmarked{drop: func(t *zoomauth.Token) { t.Refused = false }})() }, []string{"a token comes back whole"}},
	{"the mark Warned is lost", func() tokenOpener { return share(&unmarked{drop: func(t *zoomauth.Token) { t.Warned = false }})() }, []string{"a token comes back whole"}},
	{"a column of 40,000 bytes", func() tokenOpener { return share(&column{width: 40_000})() }, []string{"a token comes back whole"}},
	{"a column of 65,535 bytes", func() tokenOpener { return share(&column{width: 65_535})() }, []string{"a token comes back whole"}},
	{"Lock that says ErrNoToken", func() tokenOpener { return share(&lockSays{err: zoomauth.ErrNoToken})() }, []string{"the lock excludes every handle"}},
	{"Lock that says ErrStoreChanged", func() tokenOpener { return share(&lockSays{err: zoomauth.ErrStoreChanged})() }, []string{"the lock excludes every handle"}},
	{"torn writes", func() tokenOpener { return share(&tornWrites{})() }, []string{"calls at the same time"}},
	{"Delete does nothing", func() tokenOpener { return share(&undeleted{})() }, []string{"Delete empties the store"}},
}

func TestFaultST01WrongStoresAreCaught(t *testing.T) {
	for _, wrong := range wrongStores {
		t.Run(wrong.name, func(t *testing.T) {
			var failed []string
			for _, c := range tokenChecks {
				if c.lacks(wrong.new()()) != "" {
					continue
				}
				if found := outcome(t, func(t tb) { c.run(t, wrong.new()) }); len(found) > 0 {
					failed = append(failed, c.name)
					t.Logf("%s: %s", c.name, found[0])
				}
			}
			if wrong.want == nil {
				assert.Empty(t, failed)
				return
			}
			require.NotEmpty(t, failed)
			assert.Subset(t, failed, wrong.want)
		})
	}
}
