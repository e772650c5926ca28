// Package atomicfile writes files that are there whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// Write replaces the content of the file by the bytes that write writes. They go to a
// temporary file in the same directory, which is synced and renamed in the end: an error,
// a kill or a full disk leaves the former file as it was. Links are followed, and an
// existing file keeps its permissions. A pipe or a device is written to directly.
// Temporary files of killed processes in the directory are removed: see [RemoveLeftovers].
func Write(path string, write func(w io.Writer) error) error {
	path, mode, special, err := target(path)
	if err != nil {
		return err
	}
	if special {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return finish(f, write, f.Close)
	}
	var one Set
	defer one.Abort()
	if err := one.stage(path, mode, write); err != nil {
		return err
	}
	return one.Commit()
}

// Check returns an error if Write could not write the file now. It leaves an existing file
// as it is.
func Check(path string) error {
	path, mode, special, err := target(path)
	if err != nil || special {
		return err
	}
	f, release, err := beside(path, mode)
	if err != nil {
		return err
	}
	defer release()
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Prepare makes the directory that path is in, unless it exists, and returns an error if
// Write could not write the file: for callers that ask before long work.
func Prepare(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return Check(path)
}

// target returns the file that path means, links followed, and its permissions.
func target(path string) (file string, mode fs.FileMode, special bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return behind(path), 0o666, false, nil
	case err != nil:
		return path, 0, false, err
	case info.IsDir():
		return path, 0, false, fmt.Errorf("%s: got a directory, want a file", path)
	case !info.Mode().IsRegular():
		return path, 0, true, nil
	}
	file, err = filepath.EvalSymlinks(path)
	return file, info.Mode().Perm(), false, err
}

// behind returns the target of a link to a missing file, and other paths unchanged.
func behind(path string) string {
	for range 255 { // no system follows more
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// beside creates a file next to path, and holds it if the system can: who could hold it,
// too, may take its writer for dead.
func beside(path string, mode fs.FileMode) (f *os.File, release func(), err error) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%s.%s-%d-%d%s", path, host, os.Getpid(), i, suffix)
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			release, err = hold(f)
			if err != nil && err != errHeld { // there are no locks
				release, err = func() {}, nil
			}
			if err == nil {
				return f, written(name, release), nil
			}
			f.Close()
		}
		switch e := (*fs.PathError)(nil); {
		case (err == errHeld || errors.Is(err, fs.ErrExist)) && i < 1000: // another's
		case errors.As(err, &e):
			return nil, nil, fmt.Errorf("%s: cannot be written: %w", path, e.Err)
		default:
			return nil, nil, err
		}
	}
}

// unfinished are the temporary files that this process writes.
var (
	unfinishedMu sync.Mutex
	unfinished   = map[string]bool{}
)

// written notes that a temporary file is being written, until its release is called.
func written(name string, release func()) func() {
	set := func(on bool) {
		unfinishedMu.Lock()
		defer unfinishedMu.Unlock()
		if unfinished[name] = on; !on {
			delete(unfinished, name)
		}
	}
	set(true)
	return func() {
		set(false)
		release()
	}
}

// Abandon removes the temporary files that this process writes, for a process that ends at
// once.
func Abandon() {
	unfinishedMu.Lock()
	defer unfinishedMu.Unlock()
	for name := range unfinished {
		os.Remove(name)
	}
}

// hold locks a temporary file until release is called. It is errHeld if another has it,
// or had it and the file is there no longer; another error if there are no locks.
func hold(f *os.File) (release func(), err error) {
	if release, err = lock(f); err != nil {
		return nil, err
	}
	is, err := f.Stat()
	there, e := os.Lstat(f.Name())
	if err != nil || e != nil || !os.SameFile(is, there) {
		release()
		return nil, errHeld
	}
	return release, nil
}

var errHeld = errors.New("another process has the temporary file")

const suffix = ".tmp"

// host tells the files of this machine from those of others, whose locks it might not
// see on a disk that they share.
var host = func() string {
	name, _ := os.Hostname()
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(name)))
}()

// temporary finds the end of a temporary file's name, with the host.
var temporary = regexp.MustCompile(`\.([0-9a-f]{8})-\d+-\d+\.tmp$`)

// finish writes and takes the last steps, all of them, and returns the first error.
func finish(f *os.File, write func(io.Writer) error, last ...func() error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	for _, step := range last {
		if e := step(); err == nil {
			err = e
		}
	}
	return err
}

// RemoveLeftovers removes the temporary files of killed processes of this machine in the
// directory of path: those that no process holds. Where the system has no locks, it removes
// old ones of path itself alone. Files of other machines, whose processes may live, and
// files with other names are no business of ours.
func RemoveLeftovers(path string) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, e := range entries {
		end := temporary.FindStringSubmatchIndex(e.Name())
		if end == nil || !e.Type().IsRegular() || e.Name()[end[2]:end[3]] != host {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if removeDead(name) {
			continue
		}
		if info, err := e.Info(); err == nil && e.Name()[:end[0]] == base && time.Since(info.ModTime()) > stale {
			os.Remove(name)
		}
	}
}

// removeDead removes a temporary file that no process holds, and tells whether that can
// be known.
func removeDead(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	release, err := hold(f)
	if err != nil {
		return err == errHeld
	}
	defer release()
	os.Remove(name)
	return true
}

// syncDir makes a rename in dir last, where the system can do so.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
