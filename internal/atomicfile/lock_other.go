//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package atomicfile

import (
	"errors"
	"os"
	"time"
)

// stale is how old a temporary file is whose writer is taken for dead.
const stale = time.Hour

func lock(*os.File) (release func(), err error) { return nil, errors.ErrUnsupported }

// lockWhole is lock for a file that is locked as long as it is there.
func lockWhole(f *os.File) (release func(), err error) { return lock(f) }

// removeLocked removes a file that lockWhole locked, while it is locked.
func removeLocked(f *os.File, unlock func()) {
	os.Remove(f.Name())
	unlock()
	f.Close()
}
