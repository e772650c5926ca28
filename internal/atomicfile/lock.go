package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// LockedError tells that a file is locked.
type LockedError struct {
	Path string
	// PID is the process that locked it, which may be this one; 0 if it is not known.
	PID int
}

// Error implements error.
func (e *LockedError) Error() string {
	switch e.PID {
	case 0:
		return e.Path + ": another process has it"
	case os.Getpid():
		return e.Path + ": this process has it already"
	}
	return fmt.Sprintf("%s: process %d has it", e.Path, e.PID)
}

// Lock makes the file and locks it until release is called, which removes it, or the
// process ends, by whatever cause. The error is a *LockedError if it is locked.
//
// Where the system or the file system has no locks that end with their process (js, wasip1,
// Plan 9, Solaris, AIX, some network disks), the callers in one process alone are told
// apart.
func Lock(path string) (release func(), err error) {
	key, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(key)); err == nil {
		key = filepath.Join(dir, filepath.Base(key))
	}
	if !claim(key) {
		return nil, &LockedError{path, os.Getpid()}
	}
	unlock, err := lockPath(key)
	if locked := (*LockedError)(nil); errors.As(err, &locked) {
		locked.Path = path
	}
	if err != nil {
		unclaim(key)
		return nil, err
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			unlock()
			unclaim(key)
		})
	}, nil
}

// lockPath is Lock between processes.
func lockPath(path string) (unlock func(), err error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		unlock, err := lockWhole(f)
		if err == errHeld {
			defer f.Close()
			return nil, &LockedError{path, readPID(f)}
		}
		if err != nil { // there are no locks
			f.Close()
			os.Remove(path)
			return func() {}, nil
		}
		is, err := f.Stat()
		there, e := os.Stat(path)
		if err == nil && e == nil && os.SameFile(is, there) {
			writePID(f)
			return func() { removeLocked(f, unlock) }, nil
		}
		unlock() // its holder removed it meanwhile
		f.Close()
	}
}

// writePID notes this process in the file, for the error of others.
func writePID(f *os.File) {
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // without it they know less
	}
}

func readPID(f *os.File) int {
	var text [20]byte
	n, _ := f.ReadAt(text[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return 0
	}
	return pid
}

// claims are the paths that callers in this process have locked.
var (
	claimsMu sync.Mutex
	claims   = map[string]bool{}
)

// claim reports whether no other caller has the path, which is the caller's then.
func claim(path string) bool {
	claimsMu.Lock()
	defer claimsMu.Unlock()
	free := !claims[path]
	claims[path] = true
	return free
}

func unclaim(path string) {
	claimsMu.Lock()
	defer claimsMu.Unlock()
	delete(claims, path)
}
