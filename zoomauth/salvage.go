package zoomauth

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"time"
)

// salvage puts a token in its place that a process had written whole when it was
// killed, before it could rename the file. The lock is held, so that nobody is about to.
//
// It fails if there is such a token, or may be, and it cannot be put in place: what is
// stored was used up for it and must not be sent.
func (s *FileStore) salvage(root *os.Root) error {
	temps, err := tempsOf(root, s.name)
	if err != nil || len(temps) == 0 {
		return err
	}
	stored, err := readToken(root, s.name)
	if errors.Is(err, fs.ErrNotExist) {
		sweep(root, s.name, true) // of a grant that is no more
		return nil
	}
	if err != nil {
		return nil //nolint:nilerr // it has no next token, and Load says what is wrong
	}
	var next *Token
	var from string
	for _, temp := range temps {
		t, err := readToken(root, temp)
		switch {
		case isNoToken(err):
		case err != nil:
			return err
		case t.follows(stored, isOlder(root, temp, s.name)) && (next == nil || t.Generation > next.Generation):
			next, from = t, temp
		}
	}
	if next == nil {
		return nil
	}
	return adopt(root, from, s.name)
}

// isNoToken reports that a temporary file is none of ours, or was not written to its end.
// With any other error it may hold a token.
func isNoToken(err error) bool {
	return errors.Is(err, ErrStoreCorrupt) || errors.Is(err, ErrNoToken) || errors.Is(err, errOpen) || errors.Is(err, errNoFile) || errors.Is(err, fs.ErrNotExist)
}

// isOlder reports that a temporary file was written before the stored one, or under another
// clock.
func isOlder(root *os.Root, temp, name string) bool {
	left, err := root.Lstat(temp)
	if err != nil {
		return true
	}
	stored, err := root.Lstat(name)
	return err != nil || left.ModTime().Before(stored.ModTime()) || time.Until(left.ModTime()) > tempAhead
}

// follows reports whether a token was to replace a stored one. A later one of the same
// grant was. The first one of another grant was if its file is not the older one: a
// leftover of an earlier grant is never put over a new one, whatever its generation.
func (t *Token) follows(stored *Token, isOlder bool) bool {
	isSame := t.ClientID == stored.ClientID && t.Region == stored.Region && (t.AccountID == stored.AccountID || stored.AccountID == "")
	switch {
	case !isSame:
		return false
	case t.Authorized.Equal(stored.Authorized) && !t.Authorized.IsZero():
		return t.Generation > stored.Generation
	default:
		return t.Generation == stored.Generation+1 && !isOlder
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
