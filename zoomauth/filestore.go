package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seatkit/zoom/internal/redact"
)

// A FileLock is a lock on a file that the system frees when its holder dies. A
// *flock.Flock of github.com/gofrs/flock is one.
type FileLock interface {
	TryLockContext(ctx context.Context, retryDelay time.Duration) (bool, error)
	Unlock() error
}

// A FileStore keeps a token in a file of its own: mode 0600 in a directory of mode
// 0700, written to a temporary file, synced and renamed, so that there is always a
// whole one. Links are not followed, neither in place of the file nor of its directory, and
// a file or directory that others can read or write, or that another user owns, is refused:
// [ErrStore]. A second copy, with ".last" behind its name, is written after
// the first.
//
// On Windows modes say nothing about access: put the file where only the account of
// the service can read.
type FileStore struct {
	redactor
	*watchers

	dir, name string
	lock      FileLock
	busy      chan struct{} // holds one element while this process has the lock
}

const (
	lastSuffix    = ".last"
	corruptSuffix = ".corrupt"
	lockSuffix    = ".lock"
	lockPoll      = 10 * time.Millisecond
)

// NewFileStore keeps a token at path. lock must stand for a file beside it, the same
// in all processes, and belong to this store alone; it is what keeps two of them from
// using one refresh token:
//
//	store, err := zoomauth.NewFileStore(path, flock.New(path+".lock"))
//
// A path that ends like a copy of another store's file is refused: in ".last",
// ".corrupt", ".lock", or as a temporary file does.
//
// It does no I/O; the directory is made when a token is saved or the lock is taken.
func NewFileStore(path string, lock FileLock) (*FileStore, error) {
	const op = "auth.store"
	dir, name := filepath.Split(path)
	switch {
	case name == "" || name == "." || name == "..":
		return nil, invalid(op, errors.New("path: want a file"))
	case isReserved(name):
		return nil, invalid(op, errors.New("path: its name is kept for copies of a token file: .last, .corrupt, .lock, .new-…"))
	case lock == nil:
		return nil, invalid(op, errors.New("lock: is nil"))
	}
	if dir == "" {
		dir = "."
	}
	return &FileStore{watchers: &watchers{}, dir: dir, name: name, lock: lock, busy: make(chan struct{}, 1)}, nil
}

// Load reads the token. A file that is cut, empty or something else is
// [ErrStoreCorrupt] and stays; see [FileStore.LastGood].
func (s *FileStore) Load(ctx context.Context) (*Token, error) { return s.read(ctx, s.name) }

// LastGood reads the second copy of the token, for a person who has to decide what to
// do about a file that is [ErrStoreCorrupt]: what it holds is the same token or the
// one before. Save puts it in place.
func (s *FileStore) LastGood(ctx context.Context) (*Token, error) {
	return s.read(ctx, s.name+lastSuffix)
}

func (s *FileStore) read(ctx context.Context, name string) (*Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	root, err := openDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoToken
	}
	if err != nil {
		return nil, fileError(err)
	}
	defer func() { _ = root.Close() }()
	data, err := readFile(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoToken
	}
	if err != nil {
		return nil, fileError(err)
	}
	return DecodeToken(data)
}

// Save writes the token to disk: when it returns nil it is there, whatever happens to
// the machine. A file that could not be read is kept beside it, as ".corrupt".
func (s *FileStore) Save(ctx context.Context, t *Token) error {
	data, err := t.Encode()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	root, err := s.open()
	if err != nil {
		return fileError(err)
	}
	defer func() { _ = root.Close() }()
	_, err = root.Lstat(s.name)
	sweep(root, s.name, errors.Is(err, fs.ErrNotExist)) // none belongs to what is not there
	s.setAside(root)
	if err := replaceFile(root, s.name, data); err != nil {
		return fileError(err)
	}
	_ = replaceFile(root, s.name+lastSuffix, data) // the token is safe; this is for the case that the first copy is damaged
	return nil
}

// open opens the directory, and makes it if it is missing.
func (s *FileStore) open() (*os.Root, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	root, err := openDir(s.dir)
	if err != nil {
		return nil, err
	}
	if err := private(root); err != nil {
		_ = root.Close()
		return nil, err
	}
	return root, nil
}

// prove shows that a token could be saved now, as far as that can be known: it writes as
// much to the disk.
func (s *FileStore) prove(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	root, err := s.open()
	if err != nil {
		return fileError(err)
	}
	defer func() { _ = root.Close() }()
	if info, err := root.Lstat(s.name); err == nil && info.IsDir() {
		return fileError(errNoFile) // which a rename does not replace
	}
	temp, err := writeTemp(root, s.name, make([]byte, maxStored))
	if err != nil {
		return fileError(err)
	}
	return fileError(root.Remove(temp))
}

// Delete removes the token and its copies.
func (s *FileStore) Delete(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	root, err := openDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileError(err)
	}
	defer func() { _ = root.Close() }()
	var names []string // also what a killed process left a moment ago: a token is in it
	for _, of := range []string{s.name, s.name + lastSuffix} {
		temps, err := tempsOf(root, of)
		if err != nil {
			return fileError(err)
		}
		names = append(names, temps...)
	}
	for _, name := range append(names, s.name+lastSuffix, s.name+corruptSuffix) {
		if err := removeFile(root, name); err != nil && !errors.Is(err, errNoFile) {
			return fileError(err)
		}
	}
	return fileError(removeFile(root, s.name))
}

// removeFile removes a file or a link, if it is there. A directory is none of ours.
func removeFile(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if err == nil && info.IsDir() {
		return errNoFile
	}
	if err == nil {
		err = root.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Lock waits for the lock, in this process and among all others. Where files cannot
// be locked it is an [ErrStore], and nothing is refreshed.
//
// A process that was killed may have left the next token in a temporary file. Whoever
// has the lock puts it in its place. If that fails, Lock fails: the token in place is
// used up.
func (s *FileStore) Lock(ctx context.Context) (Lease, error) {
	root, err := s.open() // the lock file stands in it
	if err != nil {
		return nil, fileError(err)
	}
	defer func() { _ = root.Close() }()
	select {
	case s.busy <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrStoreUnavailable, ctx.Err())
	}
	locked := false
	defer func() {
		if !locked {
			<-s.busy
		}
	}()
	locked, err = s.lock.TryLockContext(ctx, lockPoll)
	locked = locked && err == nil
	if !locked {
		return nil, s.notLocked(ctx, err)
	}
	lease := &fileLease{store: s}
	if err := s.salvage(root); err != nil {
		return nil, errors.Join(fileError(err), lease.Release())
	}
	return lease, nil
}

// notLocked says why the lock was not had.
func (s *FileStore) notLocked(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: the lock is held: %w", ErrStoreUnavailable, ctx.Err())
	case err == nil:
		return fmt.Errorf("%w: the lock is held", ErrStoreUnavailable)
	default:
		return fmt.Errorf("%w: the file cannot be locked: %w", ErrStore, redact.Cause(withoutPath(err), s.dir+s.name))
	}
}

type fileLease struct {
	redactor
	store    *FileStore
	released bool // a lease belongs to one goroutine
}

// Check returns nil: the system keeps a file locked as long as its holder lives.
func (l *fileLease) Check(context.Context) error { return nil }

// Release lets the next one have the lock.
func (l *fileLease) Release() error {
	if l.released {
		return nil
	}
	l.released = true
	defer func() { <-l.store.busy }()
	return fileError(l.store.lock.Unlock())
}
