package zoomauth

import (
	"bytes"
	"errors"
	"os"
)

// salvage puts a token in its place that a process had written whole when it was
// killed, before it could rename the file. The lock is held, so that nobody is about
// to; a token that is not the next one is left to be swept.
func (s *FileStore) salvage() {
	root, err := s.open()
	if err != nil {
		return
	}
	defer func() { _ = root.Close() }()
	stored, err := readToken(root, s.name)
	if err != nil {
		return
	}
	for _, file := range tempsOf(root, s.name) {
		t, err := readToken(root, file.Name())
		if err == nil && t.follows(stored) {
			_ = adopt(root, file.Name(), s.name) // else it stays for the next one
			return
		}
	}
}

func readToken(root *os.Root, name string) (*Token, error) {
	data, err := readFile(root, name)
	if err != nil {
		return nil, err
	}
	return DecodeToken(data)
}

// setAside keeps a file that cannot be read, under another name. It stays in its place
// until there is a better one.
func (s *FileStore) setAside(root *os.Root) {
	data, err := readFile(root, s.name)
	if err != nil && !errors.Is(err, errOpen) {
		return
	}
	if _, err := DecodeToken(data); errors.Is(err, ErrStoreCorrupt) && len(bytes.TrimSpace(data)) > 0 {
		_ = root.Remove(s.name + corruptSuffix)
		err := root.Link(s.name, s.name+corruptSuffix)
		if err != nil { // not every file system has links
			err = root.Rename(s.name, s.name+corruptSuffix)
		}
		if err == nil {
			_ = root.Chmod(s.name+corruptSuffix, 0o600)
		}
	}
}
