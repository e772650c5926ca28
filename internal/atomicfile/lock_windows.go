package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// stale is how old a temporary file is whose writer is taken for dead. Windows removes
// no file that is open, so this is only about the moment between the closing of a file
// and its renaming.
const stale = time.Minute

// lock is for temporary files, which are closed before they are renamed: Windows renames no
// file that is open, so a lock could not last till then.
func lock(*os.File) (release func(), err error) { return nil, errors.ErrUnsupported }

// lockWhole locks a file until release is called. It is errHeld if another has it. The lock
// is on a byte behind all content, which others may read.
func lockWhole(f *os.File) (release func(), err error) {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return nil, errHeld
	case err != nil:
		return nil, err
	}
	return func() { _ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, at) }, nil
}

// removeLocked removes a file that lockWhole locked, once it is closed. Windows leaves it if
// another has opened it since.
func removeLocked(f *os.File, unlock func()) {
	unlock()
	f.Close()
	os.Remove(f.Name())
}
