//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stale is how old a temporary file is whose writer is taken for dead where locks do
// not tell.
const stale = time.Hour

// lock locks a file until release is called, also when f is closed before; the system
// unlocks it when the process ends, by whatever cause. It is errHeld if another has it,
// and another error where the file system has no locks.
func lock(f *os.File) (release func(), err error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errHeld
		}
		return nil, err
	}
	return func() {
		unix.Flock(fd, unix.LOCK_UN) // the lock is f's, too
		unix.Close(fd)
	}, nil
}
