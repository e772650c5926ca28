package atomicfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Set is several files that belong together. Each is written to a temporary file beside its
// path; Commit puts them in place. The zero value is an empty set.
type Set struct{ files []staged }

// staged is a file that is written and synced and has its temporary name.
type staged struct {
	temporary, path string
	release         func()
}

// Write writes one more file of the set to a temporary file. After an error the set must be
// aborted. A pipe or a device is an error.
func (s *Set) Write(path string, write func(w io.Writer) error) error {
	path, mode, special, err := target(path)
	if err != nil {
		return err
	}
	if special {
		return fmt.Errorf("%s: got a device or pipe, want a file: others are beside it", path)
	}
	return s.stage(path, mode, write)
}

// stage writes one more file, whose path leads through no link.
func (s *Set) stage(path string, mode fs.FileMode, write func(w io.Writer) error) error {
	if len(s.files) == 0 {
		RemoveLeftovers(path)
	}
	f, release, err := beside(path, mode)
	if err != nil {
		return err
	}
	s.files = append(s.files, staged{f.Name(), path, release})
	return finish(f, write, f.Sync, f.Close)
}

// Commit renames the files, in the order in which they were written. An error leaves those
// before it in place, and the others as they were; so does a kill.
func (s *Set) Commit() error {
	defer s.Abort()
	for len(s.files) > 0 {
		f := s.files[0]
		if err := os.Rename(f.temporary, f.path); err != nil {
			return err
		}
		f.release()
		s.files = s.files[1:]
		syncDir(filepath.Dir(f.path))
	}
	return nil
}

// Abort removes the temporary files of those that are not in place.
func (s *Set) Abort() {
	for _, f := range s.files {
		os.Remove(f.temporary)
		f.release()
	}
	s.files = nil
}
