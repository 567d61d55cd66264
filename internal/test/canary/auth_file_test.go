package canary_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
)

// fileLock is a lock that fails, or one that is always free.
type fileLock struct {
	held        bool
	try, unlock error
}

func (l *fileLock) TryLockContext(ctx context.Context, _ time.Duration) (bool, error) {
	if l.held {
		<-ctx.Done()
		return false, ctx.Err()
	}
	return l.try == nil, l.try
}

func (l *fileLock) Unlock() error { return l.unlock }

// home is the directory of somebody's token, with their name in it. Whoever runs the
// test has a name of their own, which is no part of it.
func (s *site) home() string {
	dir := filepath.Join(s.t.TempDir(), "home", s.UserName, s.UserName+"-tokens")
	require.NoError(s.t, os.MkdirAll(dir, 0o700))
	return dir
}

// files prepare a directory so that a token cannot be read from it, or written.
func files() map[string]func(s *site, dir, path string) error {
	write := func(text func(s *site) string) func(s *site, _, path string) error {
		return func(s *site, _, path string) error {
			for _, name := range []string{path, path + ".last"} {
				if err := os.WriteFile(name, []byte(text(s)), 0o600); err != nil {
					return err
				}
			}
			return nil
		}
	}
	good := func(s *site) string { return string(s.storedToken(-time.Hour)) }
	member := func(name string) func(s *site) string { // one more
		return func(s *site) string {
			return strings.Replace(good(s), "{", "{"+fmt.Sprintf(name, s.RefreshToken)+",", 1)
		}
	}
	return map[string]func(s *site, dir, path string) error{
		"none":           func(*site, string, string) error { return nil },
		"good":           write(good),
		"AU29 cut":       write(func(s *site) string { return good(s)[:len(good(s))-40] }),
		"AU29 cut early": write(func(s *site) string { return good(s)[:150] }),
		"AU29 empty":     write(func(*site) string { return "" }),
		"AU29 text":      write(func(s *site) string { return s.RefreshToken + "\n" + s.AccessToken }),
		"AU29 quoted":    write(func(s *site) string { return `"` + s.RefreshToken + `"` }),
		"AU29 list":      write(func(s *site) string { return `["` + s.RefreshToken + `"]` }),
		"AU29 two":       write(func(s *site) string { return good(s) + good(s) }),
		"AU29 text more": write(func(s *site) string { return good(s) + s.RefreshToken }),
		"AU29 twice":     write(member(`"refresh_token":%q`)),
		"AU29 name":      write(member(`%q:1,"generation":"x"`)),
		"AU29 names":     write(func(s *site) string { return fmt.Sprintf(`{%q:1,%[1]q:2}`, s.RefreshToken) }),
		"AU29 type":      write(member(`"version":%q,"x":1`)),
		"AU29 time":      write(func(s *site) string { return strings.Replace(good(s), `"expiry":"`, `"expiry":"`+s.AccessToken, 1) }),
		"AU29 number": write(func(s *site) string {
			return strings.Replace(good(s), `"generation":`, `"generation":"`+s.AccessToken+`","x":`, 1)
		}),
		"AU29 token":   write(func(s *site) string { return strings.Replace(good(s), s.AccessToken, s.AccessToken+`\r\n`, 1) }),
		"AU29 UTF-8":   write(func(s *site) string { return strings.Replace(good(s), s.AccessToken, s.AccessToken+"\xff", 1) }),
		"AU29 newer":   write(func(s *site) string { return strings.Replace(good(s), `"version":1`, `"version":2`, 1) }),
		"AU29 long":    write(func(s *site) string { return good(s) + strings.Repeat(s.RefreshToken, 600) }),
		"AU32 app":     write(func(s *site) string { return strings.Replace(good(s), s.ClientID, s.UserID, 1) }),
		"AU32 account": write(func(s *site) string { return strings.Replace(good(s), s.AccountID, s.UserID, 1) }),
		"AU30 link": func(s *site, dir, path string) error {
			return errors.Join(write(good)(s, dir, path+"-x"), os.Symlink(path+"-x", path))
		},
		"AU30 loop": func(_ *site, _, path string) error { return os.Symlink(path, path) },
		"AU30 mode": func(s *site, dir, path string) error {
			return errors.Join(write(good)(s, dir, path), os.Chmod(path, 0o644))
		},
		"AU30 directory mode": func(_ *site, dir, _ string) error { return os.Chmod(dir, 0o755) },
		"a directory":         func(_ *site, _, path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		"a directory beside": func(_ *site, _, path string) error {
			return os.MkdirAll(filepath.Join(path+".last", "x"), 0o700)
		},
		"no directory":   func(_ *site, dir, _ string) error { return os.Remove(dir) },
		"file above":     func(_ *site, dir, _ string) error { return errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)) },
		"loop above":     func(_ *site, dir, _ string) error { return errors.Join(os.Remove(dir), os.Symlink(dir, dir)) },
		"dead link":      func(_ *site, dir, _ string) error { return errors.Join(os.Remove(dir), os.Symlink(dir+"-x", dir)) },
		"not to be read": func(_ *site, dir, _ string) error { return os.Chmod(dir, 0) },
	}
}

// A token file whose path tells who runs the service, in all the ways in which it
// cannot be used.
func TestAuthFile(t *testing.T) {
	scanner := authScanner()
	for name, prepare := range files() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()                          // they wait for the disk
			synctest.Test(t, func(t *testing.T) { // and repeat a save that fails
				s := newSite(t, authScanner())
				defer s.close()
				dir := s.home()
				path := filepath.Join(dir, s.UserName)
				require.NoError(t, prepare(s, dir, path))
				defer func() { _ = os.Chmod(dir, 0o700) }()
				s.file(path, &fileLock{})
			})
		})
	}
	long := strings.Repeat("x", 300)
	for name, path := range map[string]string{ // below home
		"long name": "/" + long, "long directory": "/" + long + "/x", "NUL": "/\x00/x", "NUL in name": "/\x00", "dots": "/../../..", "no name": "/", "relative": "/../x",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, scanner)
			defer s.close()
			s.file(s.home()+path, &fileLock{})
		})
	}
	for _, above := range []string{"/dev/null/", "/proc/"} { // of letters alone: plain words
		t.Run(above, func(t *testing.T) {
			s := newSite(t, scanner)
			defer s.close()
			s.file(above+s.UserName+"/tokens/"+s.UserName, &fileLock{})
		})
	}
}

// file drives a store through all that it can do.
func (s *site) file(path string, lock *fileLock) {
	s.t.Helper()
	store, err := zoomauth.NewFileStore(path, lock)
	s.may(err)
	if store == nil {
		return
	}
	ctx := s.t.Context()
	ended, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("enough of " + s.RefreshToken + " of " + s.UserName))
	for _, ctx := range []context.Context{ended, ctx} {
		s.may(second(store.Load(ctx)))
		s.may(second(store.LastGood(ctx)))
		lease, err := store.Lock(ctx)
		s.may(err)
		if err == nil {
			s.may(lease.Check(ctx))
			s.may(lease.Release())
			s.value(lease)
		}
	}
	rt := wire(func(req *http.Request) (*http.Response, error) { // Zoom does not know the token
		return echoes(http.StatusBadRequest, "invalid_grant", "Invalid Token!", 4741)()(req)
	})
	src := s.source(rt, store)
	s.may(second(src.Token(ctx)))
	s.may(second(src.Installation(ctx)))
	s.may(src.Close())
	s.comeBack(s.handler(s.tokens(), true, store), s.callback())
	s.may(store.Save(ended, s.token(time.Hour)))
	s.may(store.Save(ctx, s.token(time.Hour)))
	s.may(store.Delete(ended))
	s.may(store.Delete(ctx))
	s.value(store)
}

// The errors of a lock know its path.
func TestAuthFileLock(t *testing.T) {
	s := canary.New()
	path := filepath.Join(t.TempDir(), s.UserName, s.UserName)
	letters := "/home/" + s.UserName + "/tokens"
	locks := []*fileLock{{held: true}}
	failures := storeErrors(&s)
	failures["lock open"] = &fs.PathError{Op: "open", Path: path + ".lock", Err: fs.ErrPermission}
	failures["lock flock"] = fmt.Errorf("lock: %w", &fs.PathError{Op: "flock", Path: path, Err: errors.ErrUnsupported})
	failures["lock open, letters"] = &fs.PathError{Op: "open", Path: letters, Err: fs.ErrPermission}
	failures["lock flock, letters"] = fmt.Errorf("lock: %w", &os.LinkError{Op: "link", Old: letters, New: letters, Err: fs.ErrPermission})
	failures["lock link"] = &os.LinkError{Op: "link", Old: path, New: path + ".lock", Err: errors.ErrUnsupported}
	for _, err := range failures {
		locks = append(locks, &fileLock{try: err}, &fileLock{unlock: err})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, authScanner())
		defer s.close()
		for _, lock := range locks {
			store, err := zoomauth.NewFileStore(path, lock)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			lease, err := store.Lock(ctx)
			s.may(err)
			if err == nil {
				s.may(lease.Release())
			}
			src := s.source(s.tokens(), store)
			s.may(second(src.Token(ctx)))
			s.may(src.Disconnect(ctx))
			s.may(src.Close())
			if lock.unlock == nil {
				s.may(zoomauth.Keep(ctx, store, s.token(time.Hour)))
			}
			cancel()
		}
	})
}
