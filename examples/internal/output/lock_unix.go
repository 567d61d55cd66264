//go:build unix && !solaris && !illumos && !aix

package output

import (
	"os"
	"syscall"
)

// lock locks a file until it is closed, unless another process or open file has it.
func lock(f *os.File) bool { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil }
