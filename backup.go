package glia

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia/internal/atomicfile"
)

// BackupAndRestore returns a callback that saves the whole state of a training, at
// the end of every epoch unless options say otherwise, and also when the context
// is done. If the process ends, from any cause and at any moment, the same program
// resumes from the last backup when it is run again. It ends with the same weights,
// optimizer state and history, bit for bit, as an uninterrupted training; only the
// seconds differ.
//
// The backup is the file backup.safetensors in the directory, which is made if
// needed and is for one training alone: while that goes on it holds the file
// backup.safetensors.lock, and Fit of another is an error at its start. The lock ends with
// its process, however that ends. Where the system has no such locks (js, wasip1, Plan 9,
// Solaris, AIX, some network disks) only trainings of one process are told apart. It is always whole, and removed when
// training ends without an error. A backup that is damaged, or was made with
// another model, optimizer, loss, callbacks or visibly other data (count, shapes,
// batch size, order, class weights) is kept and refused with an error that names the
// differences. The number of epochs may be another one; the learning rate is that of
// the backup.
//
// The state of a callback is saved by its State and Restore. A dataset must give the
// same sample for the same number every time.
//
// Options: [EveryEpochs], [EveryBatches], [KeepBackup].
func BackupAndRestore(dir string, opts ...BackupOption) Callback {
	b := &backup{path: filepath.Join(dir, "backup.safetensors"), every: frequency{n: 1}}
	for _, o := range opts {
		o.backup(b)
	}
	if dir == "" {
		b.path = ""
	}
	return Callback{Name: fmt.Sprintf("BackupAndRestore(%q)", dir), Join: func(t *Training) error { return b.join(t.run) }}
}

// BackupOption is an option of [BackupAndRestore].
type BackupOption interface{ backup(*backup) }

// KeepBackup keeps the last file of [BackupAndRestore] when training ends: the same
// program with more epochs resumes from it.
const KeepBackup keepBackup = true

type keepBackup bool

func (k keepBackup) backup(b *backup)   { b.keep = bool(k) }
func (n EveryEpochs) backup(b *backup)  { b.every = n.frequency() }
func (n EveryBatches) backup(b *backup) { b.every = n.frequency() }

// backup is the state of a BackupAndRestore. Its methods do nothing if it is nil.
type backup struct {
	path  string
	every frequency
	keep  bool
	f     *fitRun
	facts facts  // of the training, as it began
	ready bool   // a former backup, if there was one, is restored
	free  func() // unlocks the directory; nil if it is not locked
}

// join makes b the backup of a training.
func (b *backup) join(f *fitRun) error {
	err := b.every.check()
	switch {
	case b.path == "":
		err = errors.New("no directory: want the name of one")
	case f.backup != nil:
		err = fmt.Errorf("%s and %s: want one backup of a training", f.backup.path, b.path)
	}
	if err != nil {
		return fmt.Errorf("BackupAndRestore: %w", err)
	}
	b.f, b.ready, b.every.since, f.backup = f, false, 0, b
	return nil
}

// check returns an error if the training cannot be saved: all callbacks have joined it.
func (b *backup) check() error {
	if b == nil {
		return nil
	}
	err := checkStates(b.f.callbacks)
	if v := b.f.foreignVar(); err == nil && v != nil {
		err = fmt.Errorf("variable %q changes in training and is no layer's: want one made with nn.Builder's State", v.Path)
	}
	if err == nil {
		err = atomicfile.Prepare(b.path)
	}
	if err == nil {
		b.free, err = atomicfile.Lock(b.path + ".lock")
	}
	if locked := (*atomicfile.LockedError)(nil); errors.As(err, &locked) {
		err = fmt.Errorf("%w: another training backs up there: want another directory, or wait for its end", err)
	}
	if err != nil {
		return fmt.Errorf("BackupAndRestore: %w", err)
	}
	return nil
}

// end unlocks the directory, however the training ended.
func (b *backup) end() {
	if b != nil && b.free != nil {
		b.free()
		b.free = nil
	}
}

// checkStates returns an error unless the states of callbacks can be told apart.
func checkStates(callbacks []Callback) error {
	names := map[string]bool{}
	for i, cb := range callbacks {
		switch {
		case (cb.State == nil) != (cb.Restore == nil):
			return fmt.Errorf("callback %d, %q, has one of State and Restore: want both", i, cb.Name)
		case cb.State == nil && cb.Vars == nil:
			continue
		case cb.Name == "" || names[cb.Name]:
			return fmt.Errorf("callback %d has State or Vars, and its Name is %q: want one that no other has", i, cb.Name)
		}
		names[cb.Name] = true
	}
	return nil
}

func (b *backup) errorf(err error) error {
	return fmt.Errorf("glia: Fit: BackupAndRestore: %s: %w", b.path, brief(err))
}

// afterBatch is called after a batch and its callbacks.
func (b *backup) afterBatch() error {
	if b == nil || !b.every.batches || !b.every.due() {
		return nil
	}
	return b.save()
}

// afterEpoch is called after an epoch and its callbacks.
func (b *backup) afterEpoch() error {
	if b == nil || b.every.batches || !b.every.due() {
		return nil
	}
	return b.save()
}

// stopped is called when an error stops an epoch between two batches or while
// validating. It saves if the context is done, and returns the error.
func (b *backup) stopped(err error) error {
	if b == nil || b.f.ctx.Err() == nil {
		return err
	}
	return errors.Join(err, b.save())
}

// finish is called when the training has ended without an error.
func (b *backup) finish() error {
	if b == nil || b.keep || !b.ready {
		return nil
	}
	if err := os.Remove(b.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return b.errorf(err)
	}
	return nil
}

// save writes the file.
func (b *backup) save() error {
	b.every.since = 0
	s := backupState{Version: backupVersion, Position: b.f.at, Seed: b.f.m.Seed, Facts: b.facts, Callbacks: map[string]json.RawMessage{}}
	for _, cb := range b.f.callbacks {
		if cb.State == nil {
			continue
		}
		state, err := cb.State()
		if err == nil && !json.Valid(state) {
			err = fmt.Errorf("got %q: want JSON", state)
		}
		if err != nil {
			return b.errorf(fmt.Errorf("callback %s: State: %w", cb.Name, err))
		}
		s.Callbacks[cb.Name] = state
	}
	past, err := pack(b.f.history)
	if err == nil {
		vars := b.f.vars()
		access := accessTo(vars)
		access.Lock()
		defer access.Unlock()
		err = writeBackup(b.path, s, append(entriesOf(vars), past...))
	}
	if err != nil {
		return b.errorf(err)
	}
	return nil
}

// restore reads the file, if there is one, and sets the training to its state. It
// changes nothing unless all of the file fits.
func (b *backup) restore() error {
	if b == nil {
		return nil
	}
	b.facts = b.f.facts()
	s, tensors, err := readBackup(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		b.ready = true
		return nil
	}
	if err == nil {
		err = b.compare(s, tensors)
	}
	var past []Epoch
	if err == nil {
		past, err = unpack(tensors, b.f.totals.names)
	}
	if err == nil {
		err = b.apply(s, tensors)
	}
	if err != nil {
		return b.errorf(err)
	}
	b.f.history.Epochs, b.ready = past, true
	return nil
}

// compare returns an error unless the backup is one of this training.
func (b *backup) compare(s backupState, tensors tensorMap) error {
	saved, now := s.Facts, b.facts
	for name := range s.Callbacks {
		saved = append(saved, fact{"callback " + name, "a state"})
	}
	for _, cb := range b.f.callbacks {
		if cb.State != nil {
			now = append(now, fact{"callback " + cb.Name, "a state"})
		}
	}
	for name, t := range tensors {
		if !isPast(name) {
			saved = append(saved, fact{"variable " + name, t.Spec().String()})
		}
	}
	for _, e := range entriesOf(b.f.vars()) {
		now = append(now, fact{"variable " + e.Name, e.Tensor.Spec().String()})
	}
	if err := saved.differ(now); err != nil {
		return fmt.Errorf("it is the backup of another training: %w: want the program that made it, or another directory", err)
	}
	epochs := s.Position.Epoch // begun or done in the backup
	if s.Position.Begun {
		epochs++
	}
	switch f := b.f; {
	case f.first > s.Position.Epoch:
		return fmt.Errorf("it resumes in epoch %d: want InitialEpoch(%d) or less, got %d", s.Position.Epoch+1, s.Position.Epoch, f.first)
	case f.epochs < epochs:
		return fmt.Errorf("it is of %d epochs: want %d or more, got %d", epochs, epochs, f.epochs)
	}
	return nil
}

// apply sets the training to the state of the backup.
func (b *backup) apply(s backupState, tensors tensorMap) error {
	for _, cb := range b.f.callbacks {
		if cb.Restore == nil {
			continue
		}
		if err := cb.Restore(s.Callbacks[cb.Name]); err != nil {
			return fmt.Errorf("callback %s: Restore: %w", cb.Name, err)
		}
	}
	m := b.f.m
	if err := m.hold(); err != nil { // Save reads the seed
		return err
	}
	defer m.traceMu.unlock()
	m.weightsMu.Lock()
	defer m.weightsMu.Unlock()
	for _, v := range b.f.vars() {
		if err := v.of.Set(tensors[v.name]); err != nil {
			return err
		}
	}
	b.f.at, m.Seed = s.Position, s.Seed
	return nil
}
