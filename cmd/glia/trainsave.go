package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
)

// saving holds the files that a training leaves: the model, and a backup until it is
// done.
type saving struct {
	path, dir string
	resume    bool

	stdout, stderr io.Writer
}

func (s *saving) flags(f *pflag.FlagSet) {
	f.StringVar(&s.path, "save", "", "file to write the trained model to: .keras, or .h5")
	f.StringVar(&s.dir, "checkpoint", "", "directory to keep a backup of the training in")
	f.BoolVar(&s.resume, "resume", false, "go on from the backup that --checkpoint left, if there is one")
}

// check finds values that make no sense.
func (s *saving) check(c *cobra.Command) error {
	if err := wantNames(c, "save", "checkpoint"); err != nil {
		return err
	}
	if s.resume && s.dir == "" {
		return misused(c, "--resume: want --checkpoint DIR with it")
	}
	if s.path == "" {
		return nil
	}
	if f, err := keras.FormatOf(s.path); err != nil || !f.Whole() {
		return misused(c, "--save: file name %q: want one that ends in .keras or .h5", s.path)
	}
	return nil
}

// begin makes sure, before the work, that the files can be written after it, and
// that no backup is lost.
func (s *saving) begin(stdout, stderr io.Writer) error {
	s.stdout, s.stderr = stdout, stderr
	if s.path != "" {
		if err := atomicfile.Check(s.path); err != nil {
			return fmt.Errorf("--save: %w", err)
		}
	}
	if s.dir == "" {
		return nil
	}
	if free, err := s.lock(); err == nil { // the training locks it again
		free()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	switch _, err := os.Stat(s.backup()); {
	case err == nil && !s.resume:
		return fmt.Errorf("--checkpoint: %s is there, the backup of a training that did not end: want --resume to go on from it, another directory, or none of that file", s.backup())
	case err == nil:
		fmt.Fprintf(stdout, "Going on from %s\n", s.backup())
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--checkpoint: %w", err)
	case s.resume:
		fmt.Fprintf(stderr, "glia: --resume: no backup in %s: the training begins anew\n", s.dir)
	}
	return nil
}

// backup is the file that glia.BackupAndRestore writes.
func (s *saving) backup() string { return filepath.Join(s.dir, "backup.safetensors") }

// lock locks the backup, as glia.BackupAndRestore does.
func (s *saving) lock() (free func(), err error) {
	free, err = atomicfile.Lock(s.backup() + ".lock")
	if locked := (*atomicfile.LockedError)(nil); errors.As(err, &locked) {
		err = fmt.Errorf("%w: another training backs up there: want another directory, or wait for its end", err)
	}
	return free, err
}

// callbacks returns the callbacks that save during training. The backup stays beyond its
// end, until the results are written.
func (s *saving) callbacks() []glia.Callback {
	if s.dir == "" {
		return nil
	}
	return []glia.Callback{glia.BackupAndRestore(s.dir, glia.KeepBackup)}
}

// model saves the trained model. It returns an error, and leaves the file that there may be
// as it is, if the training ended in numbers that are not finite.
func (s *saving) model(m *glia.Model, h *glia.History) error {
	if s.path == "" {
		return nil
	}
	if bad := notFinite(m, h); bad != "" {
		return fmt.Errorf("--save: %s at the end of the training: %s is not written: want a smaller --learning-rate, or another --optimizer", bad, s.path)
	}
	if err := m.Save(s.path); err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	fmt.Fprintf(s.stdout, "\nSaved: %s\n", s.path)
	return nil
}

// notFinite returns the number of a trained model that is not finite, in words, "" if all
// are.
func notFinite(m *glia.Model, h *glia.History) string {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	if n := len(h.Epochs); n > 0 && !finite(h.Epochs[n-1].Loss) {
		return fmt.Sprintf("the loss is %v", h.Epochs[n-1].Loss)
	}
	for _, v := range m.Network().Vars() {
		if !v.Spec().DType.IsFloat() {
			continue
		}
		for _, x := range v.Value().Float64s() {
			if !finite(x) {
				return fmt.Sprintf("%s is %v", v.Path, x)
			}
		}
	}
	return ""
}

// stopped tells the way on.
func (s *saving) stopped() {
	if s.dir == "" {
		return
	}
	if _, err := os.Stat(s.backup()); err == nil {
		fmt.Fprintf(s.stdout, "To go on, run the same command with --resume\n")
	}
}

// end removes the backup and the temporary files of killed trainings: everything is done
// and written. It leaves them if another training has the directory since.
func (s *saving) end() error {
	if s.dir == "" {
		return nil
	}
	free, err := s.lock()
	if locked := (*atomicfile.LockedError)(nil); errors.As(err, &locked) {
		return nil
	} else if err != nil {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	defer free()
	atomicfile.RemoveLeftovers(s.backup())
	if err := os.Remove(s.backup()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	return nil
}
