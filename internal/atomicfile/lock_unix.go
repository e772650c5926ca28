//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package atomicfile

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// stale is how old a temporary file is whose writer is taken for dead where locks do
// not tell.
const stale = time.Hour

// lock locks a file until release is called, also when f is closed before; the system
// unlocks it when the process ends, by whatever cause. It is errHeld if another has it,
// and another error where the file system has no locks.
func lock(f *os.File) (release func(), err error) {
	fd, err := duplicate(f.Fd())
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		syscall.Close(fd)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errHeld
		}
		return nil, err
	}
	return func() {
		syscall.Flock(fd, syscall.LOCK_UN) // the lock is f's, too
		syscall.Close(fd)
	}, nil
}

// duplicate returns another descriptor of a file, which programs that this one starts
// do not inherit.
func duplicate(fd uintptr) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	d, err := syscall.Dup(int(fd))
	if err == nil {
		syscall.CloseOnExec(d)
	}
	return d, err
}

// lockWhole is lock for a file that is locked as long as it is there.
func lockWhole(f *os.File) (release func(), err error) { return lock(f) }

// removeLocked removes a file that lockWhole locked, while it is locked.
func removeLocked(f *os.File, unlock func()) {
	os.Remove(f.Name())
	unlock()
	f.Close()
}
