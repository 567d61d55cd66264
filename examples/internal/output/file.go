package output

import (
	"fmt"
	"os"
	"path/filepath"
)

// A file takes the place of another one, or appears, only when it is complete.
// Until then it is a temporary file in the same directory, readable by its owner
// alone, as the finished one will be: it names people.
type file struct {
	*os.File
	path string
}

func createFile(path string) (*file, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path) // a link, a device, a directory
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &file{temp, path}, nil
}

// commit makes the content safe on disk before it gives it its name.
func (f *file) commit() error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.File.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
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
	_ = f.File.Close()
	_ = os.Remove(f.Name()) // nothing is there after a commit
}
