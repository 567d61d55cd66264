package zoomauth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom/internal/redact"
)

const (
	tempInfix  = ".new-"
	tempRandom = 26              // letters and digits behind it
	tempSlots  = len("ABC")      // names that are tried before one at random
	tempLife   = time.Minute     // of a temporary file that a killed process left
	tempAhead  = 2 * time.Second // a file that is dated further in the future was written under another clock

	smallDir  = 8 << 10 // bytes of a directory that is read whole
	smallRead = 256     // entries of it at most
)

var (
	errExchanged = errors.New("the token file was exchanged while it was opened")
	errOpen      = errors.New("the token file is open to others: its mode must be 0600, and its owner the user of this process")
	errNoFile    = errors.New("the token file is a link or no file")
	errNoDir     = errors.New("the directory of the token file is a link or no directory")
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
		return nil, errNoFile
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
		err = errors.New("the directory of the token file is open to others: its mode must be 0700, and its owner the user of this process")
	}
	return err
}

func isOpen(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 || !isOurs(info)
}

// openDir opens a directory. A link is not followed, but in a directory above.
func openDir(dir string) (*os.Root, error) {
	before, err := os.Lstat(trimDir(dir))
	if err == nil && before.Mode().Type() != fs.ModeDir {
		err = errNoDir
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	opened, err := root.Stat(".")
	if err == nil && !os.SameFile(before, opened) {
		err = errNoDir // exchanged in the meantime
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return root, nil
}

// trimDir drops what follows the name of a directory, behind which a link would be followed.
func trimDir(dir string) string {
	first := len(filepath.VolumeName(dir)) + 1
	for len(dir) > first {
		last := dir[len(dir)-1]
		isDot := last == '.' && os.IsPathSeparator(dir[len(dir)-2])
		if !isDot && !os.IsPathSeparator(last) {
			break
		}
		dir = dir[:len(dir)-1]
	}
	return dir
}

// replaceFile puts data in the place of a file. A link there is replaced, not followed.
func replaceFile(root *os.Root, name string, data []byte) (err error) {
	const tries = 3 // another process may take the temporary file for a leftover
	for range tries {
		var temp string
		if temp, err = writeTemp(root, name, data); err != nil {
			return err
		}
		if err = place(root, temp, name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

// writeTemp writes data to disk, to a temporary file beside a file.
func writeTemp(root *os.Root, name string, data []byte) (temp string, err error) {
	file, temp, err := createTemp(root, name)
	if err != nil {
		return "", err
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
	return temp, err
}

// createTemp creates a temporary file. Its names are few, so that what a killed process
// left is found without a look at every file of the directory.
func createTemp(root *os.Root, name string) (*os.File, string, error) {
	for slot := range tempSlots + 1 {
		temp := tempName(name, slot)
		file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return file, temp, err
		}
	}
	return nil, "", fs.ErrExist
}

func tempName(name string, slot int) string {
	if slot >= tempSlots {
		return name + tempInfix + rand.Text()[:tempRandom]
	}
	return name + tempInfix + strings.Repeat("A", tempRandom-1) + "ABC"[slot:slot+1]
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
	if err := root.Rename(temp, name); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			_ = root.Remove(temp)
		}
		return err
	}
	if runtime.GOOS == "windows" { // which cannot sync a directory
		return nil
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

// sweep removes the temporary files of processes that were killed while they wrote the
// file: a token is in them. Young ones may be in use, unless all is asked for.
func sweep(root *os.Root, name string, all bool) {
	for _, of := range []string{name, name + lastSuffix} {
		temps, _ := tempsOf(root, of) // those that are found
		for _, temp := range temps {
			info, err := root.Lstat(temp)
			if err == nil && (all || isLeft(time.Since(info.ModTime()))) {
				_ = root.Remove(temp)
			}
		}
	}
}

// isLeft reports whether a temporary file of an age is in nobody's use.
func isLeft(age time.Duration) bool { return age > tempLife || age < -tempAhead }

// tempsOf returns the names of the temporary files of a file. What is no regular file is not
// one of them: we write no other. A name at random, of a
// process that found the others taken, or of an earlier build, is looked for in a small
// directory only: its neighbours must cost nothing.
func tempsOf(root *os.Root, name string) (temps []string, err error) {
	for slot := range tempSlots {
		temp := tempName(name, slot)
		switch info, err := root.Lstat(temp); {
		case err == nil && !info.Mode().IsRegular():
		case err == nil:
			temps = append(temps, temp)
		case !errors.Is(err, fs.ErrNotExist):
			return temps, err
		}
	}
	info, err := root.Stat(".")
	if err != nil || info.Size() > smallDir {
		return temps, err
	}
	dir, err := root.Open(".")
	if err != nil {
		return temps, err
	}
	defer func() { _ = dir.Close() }()
	entries, err := dir.ReadDir(smallRead)
	if err != nil && !errors.Is(err, io.EOF) {
		return temps, err
	}
	for _, e := range entries {
		if isTemp(e.Name(), name) && e.Type().IsRegular() && !slices.Contains(temps, e.Name()) {
			temps = append(temps, e.Name())
		}
	}
	return temps, nil
}

// isTemp reports whether a file is one of those that replaceFile writes, and not
// somebody else's with a like name.
func isTemp(file, name string) bool {
	random, ok := strings.CutPrefix(file, name+tempInfix)
	return ok && isTempRandom(random)
}

func isTempRandom(text string) bool {
	return len(text) == tempRandom && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// isReserved reports whether the name of a token file would be that of another one's
// copy, temporary file or lock. Some file systems know no case, and some drop dots and
// blanks at the end.
func isReserved(name string) bool {
	name = strings.ToUpper(strings.TrimRight(name, ". "))
	for _, suffix := range []string{lastSuffix, corruptSuffix, lockSuffix} {
		if strings.HasSuffix(name, strings.ToUpper(suffix)) {
			return true
		}
	}
	at := strings.LastIndex(name, strings.ToUpper(tempInfix))
	return at >= 0 && isTempRandom(name[at+len(tempInfix):])
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
