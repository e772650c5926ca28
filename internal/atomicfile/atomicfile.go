// Package atomicfile writes files that are there whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Write makes the file hold what write writes. That goes to a file beside, which
// is synced and renamed in the end: an error, a kill or a full disk leaves the
// former file as it was. Links are followed, the permissions of a file that was
// there stay. A pipe or a device is written to as it is.
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
	removeLeftovers(path)
	f, err := beside(path, mode)
	if err != nil {
		return err
	}
	err = finish(f, write, f.Sync, f.Close)
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// Check reports whether Write could write the file now, without touching what is
// there: for those who ask before long work.
func Check(path string) error {
	path, mode, special, err := target(path)
	if err != nil || special {
		return err
	}
	f, err := beside(path, mode)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
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

// behind returns what a link to a file that is not there means; other paths as they are.
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

// beside creates a file next to path.
func beside(path string, mode fs.FileMode) (*os.File, error) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%s.%d-%d%s", path, os.Getpid(), i, suffix)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		switch e := (*fs.PathError)(nil); {
		case err == nil:
			return f, nil
		case errors.Is(err, fs.ErrExist) && i < 1000: // another goroutine's
		case errors.As(err, &e):
			return nil, fmt.Errorf("%s: cannot be written: %w", path, e.Err)
		default:
			return nil, err
		}
	}
}

const suffix = ".tmp"

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

// removeLeftovers removes what processes that were killed have left beside path.
func removeLeftovers(path string) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base+".") || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		var pid, i int
		n, _ := fmt.Sscanf(strings.TrimPrefix(e.Name(), base+"."), "%d-%d"+suffix, &pid, &i)
		if info, err := e.Info(); err == nil && n == 2 && time.Since(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// syncDir makes a rename in dir last, where the system can do so.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
