package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A file takes the place of another one, or appears, only when it is complete. Until then
// it is a temporary file in the same directory that only its owner can read: it names
// people. It ends with the mode of the file that it replaces.
type file struct {
	*os.File
	path string
	mode os.FileMode
}

const ownerOnly = 0o600

func createFile(path string) (*file, error) {
	mode := os.FileMode(ownerOnly)
	if info, err := os.Lstat(path); err == nil {
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", path) // a link, a device, a directory
		}
		mode = info.Mode().Perm()
	}
	removeLeftovers(path)
	temp, err := createTemp(path)
	if err != nil {
		return nil, err
	}
	return &file{temp, path, mode}, nil
}

// The name of a temporary file is the name that it will have between these.
const (
	tempPrefix = "."
	tempSuffix = ".tmp"
)

// createTemp makes a temporary file and locks it for as long as it is open, which tells it
// from what a killed run left.
func createTemp(path string) (*os.File, error) {
	const tries = 10
	for range tries {
		temp, err := os.CreateTemp(filepath.Dir(path), tempPrefix+filepath.Base(path)+".*"+tempSuffix)
		if err != nil {
			return nil, err
		}
		if lock(temp) && exists(temp.Name()) {
			return temp, nil
		}
		_ = temp.Close() // another run took it for a leftover
		_ = os.Remove(temp.Name())
	}
	return nil, fmt.Errorf("no temporary file for %s", path)
}

// removeLeftovers removes the temporary files of runs that were killed: those that nobody
// has locked. What cannot be removed stays.
func removeLeftovers(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := filepath.Join(filepath.Dir(path), entry.Name())
		if !isTempOf(entry.Name(), filepath.Base(path)) || !entry.Type().IsRegular() {
			continue
		}
		if f, err := os.Open(name); err == nil { //nolint:gosec // the name is one that createTemp makes
			if lock(f) {
				_ = os.Remove(name)
			}
			_ = f.Close()
		}
	}
}

// isTempOf reports whether a name is one that createTemp makes for a file.
func isTempOf(name, base string) bool {
	digits, found := strings.CutPrefix(name, tempPrefix+base+".")
	digits, ends := strings.CutSuffix(digits, tempSuffix)
	return found && ends && digits != "" && strings.Trim(digits, "0123456789") == ""
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// commit makes the content safe on disk before it gives it its name.
func (f *file) commit() error {
	if err := f.Chmod(f.mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	renamed := os.Rename(f.Name(), f.path) // while it is locked
	if err := f.File.Close(); err != nil {
		return err
	}
	if renamed != nil { // some systems rename no open file
		if err := os.Rename(f.Name(), f.path); err != nil {
			return err
		}
	}
	// The name is kept in the directory. Some systems cannot sync one; the file is
	// complete in either case.
	if dir, err := os.Open(filepath.Dir(f.path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// discard removes what was not committed.
func (f *file) discard() {
	_ = os.Remove(f.Name()) // nothing is there after a commit
	_ = f.File.Close()
}
