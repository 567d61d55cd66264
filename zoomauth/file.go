package zoomauth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/redact"
)

const (
	tempInfix  = ".new-"
	tempRandom = 26          // letters and digits behind it
	tempLife   = time.Minute // of a temporary file that a killed process left
)

var (
	errExchanged = errors.New("the token file was exchanged while it was opened")
	errOpen      = errors.New("the token file is open to others: its mode must be 0600")
)

// readFile reads a regular file that is nobody else's to read; one that is comes with
// errOpen. Another process may save just then, and does so once an hour.
func readFile(root *os.Root, name string) (data []byte, err error) {
	if err := private(root); err != nil {
		return nil, err
	}
	const tries = 5
	for range tries {
		data, err = readOnce(root, name)
		if !errors.Is(err, errExchanged) {
			break
		}
	}
	return data, err
}

func readOnce(root *os.Root, name string) ([]byte, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, errors.New("the token file is a link or no file")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	opened, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !os.SameFile(before, opened):
		return nil, errExchanged
	}
	data, err := io.ReadAll(io.LimitReader(file, maxStored+1))
	if err == nil && isOpen(opened) {
		err = errOpen
	}
	return data, err
}

func private(root *os.Root) error {
	info, err := root.Stat(".")
	if err == nil && isOpen(info) {
		err = errors.New("the directory of the token file is open to others: its mode must be 0700")
	}
	return err
}

func isOpen(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// replaceFile puts data in the place of a file. A link there is replaced, not
// followed.
func replaceFile(root *os.Root, name string, data []byte) (err error) {
	temp := name + tempInfix + rand.Text()[:tempRandom]
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = root.Remove(temp)
		}
	}()
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return place(root, temp, name)
}

// adopt makes a file that another process wrote the one in place.
func adopt(root *os.Root, temp, name string) error {
	file, err := root.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return place(root, temp, name)
}

func place(root *os.Root, temp, name string) error {
	if err := root.Rename(temp, name); err != nil || runtime.GOOS == "windows" { // which cannot sync a directory
		return err
	}
	return syncDir(root)
}

func syncDir(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

// sweep removes the temporary files of processes that were killed while they wrote
// the file: a token is in them.
func sweep(root *os.Root, name string) {
	for _, file := range append(tempsOf(root, name), tempsOf(root, name+lastSuffix)...) {
		if info, err := file.Info(); err == nil && time.Since(info.ModTime()) > tempLife {
			_ = root.Remove(file.Name())
		}
	}
}

// tempsOf returns the temporary files of a file.
func tempsOf(root *os.Root, name string) []fs.DirEntry {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !isTemp(e.Name(), name) })
}

// isTemp reports whether a file is one of those that replaceFile writes, and not
// somebody else's with a like name.
func isTemp(file, name string) bool {
	random, ok := strings.CutPrefix(file, name+tempInfix)
	return ok && len(random) == tempRandom && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// fileError makes an ErrStore of an error of the file system, without its path: a
// home directory tells whose it is.
func fileError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrStore, redact.Cause(withoutPath(err)))
}

func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return err
}
