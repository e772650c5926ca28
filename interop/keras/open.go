package keras

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/internal/plaintext"
)

// Open opens a model or weights file of any [Format] but Sharded, which its first bytes
// show. Errors name the place in the file, and for a file of another kind what it is.
func Open(r io.ReaderAt, size int64) (*File, error) { return open(r, size, nil) }

// OpenFile opens the model or weights file at a path, as Open does, and the shards that a
// .weights.json file names. A directory is opened if it holds a model, as Keras writes one
// that is not zipped. Errors do not name the path. [File.Close] closes the files.
func OpenFile(path string) (*File, error) {
	info, err := os.Stat(path) // opening a pipe would wait for its writer
	if err != nil {
		return nil, withoutPath(err)
	}
	if info.IsDir() {
		return openDirectory(os.DirFS(path))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("got a %v, want a file", info.Mode().Type())
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	return openIn(file, os.DirFS(filepath.Dir(path)))
}

// OpenFS is [OpenFile] from a file system. A file that cannot be read at any place is read
// into memory.
func OpenFS(fsys fs.FS, name string) (*File, error) {
	if fsys == nil {
		return nil, errors.New("the file system is nil")
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		dir, err := fs.Sub(fsys, name)
		if err != nil {
			return nil, err
		}
		return openDirectory(dir)
	}
	beside, err := fs.Sub(fsys, path.Dir(name))
	if err != nil {
		file.Close()
		return nil, err
	}
	return openIn(file, beside)
}

// Close closes the files that [OpenFile] or [OpenFS] opened. Weights cannot be read
// afterwards.
func (f *File) Close() error {
	var errs []error
	for _, c := range f.closers {
		errs = append(errs, c.Close())
	}
	f.closers = nil
	return errors.Join(errs...)
}

// Includes reports whether the file that info describes is one of those that [OpenFile]
// opened.
func (f *File) Includes(info fs.FileInfo) bool {
	for _, o := range f.opened {
		if os.SameFile(o, info) {
			return true
		}
	}
	return false
}

// openIn opens a file in the directory beside, and closes it after an error.
func openIn(file fs.File, beside fs.FS) (*File, error) {
	r, info, err := readable(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	f, err := open(r, r.Size(), beside)
	if err != nil {
		file.Close()
		return nil, err
	}
	f.closers, f.opened = append(f.closers, file), append(f.opened, info)
	return f, nil
}

// sized is a reader that knows its size.
type sized interface {
	io.ReaderAt
	Size() int64
}

// readable returns a file as a reader of any place, from memory if it is not one.
func readable(file fs.File) (sized, fs.FileInfo, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, nil, withoutPath(err)
	}
	if r, ok := file.(io.ReaderAt); ok {
		return io.NewSectionReader(r, 0, info.Size()), info, nil
	}
	b, err := io.ReadAll(file)
	if err != nil {
		return nil, nil, err
	}
	return bytes.NewReader(b), info, nil
}

// withoutPath returns the cause of an error about a path, which the caller names.
func withoutPath(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// open opens a file whose shards, if it names some, are in beside.
func open(r io.ReaderAt, size int64, beside fs.FS) (*File, error) {
	head := make([]byte, 512)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("keras: %w", err)
	}
	head = head[:n]
	open := func(r io.ReaderAt, size int64) (*File, error) { // HDF5 may begin behind a block of the user's
		f, err := openHDF5(r, size)
		if err != nil {
			err = foreign(head, size, err)
		}
		return f, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK")):
		open = openZip
	case n >= 9 && head[8] == '{' && bytes.IndexByte(head[:8], 0) >= 0:
		open = openSafetensors
	case isJSON(head):
		open = func(r io.ReaderAt, size int64) (*File, error) { return openShards(r, size, beside) }
	}
	f, err := open(r, size)
	if err != nil {
		return nil, plaintext.Error(fmt.Errorf("keras: %w", err))
	}
	f.noteSize(size)
	return f, nil
}

// noteSize notes the size of an open file, and what its config tells of its writer.
func (f *File) noteSize(size int64) {
	f.size += size
	if f.Object != nil {
		f.Object.old, f.Object.later = f.old(), f.later() && len(f.Extra) == 0 // glia wrote a file that has these
	}
}

// isJSON reports whether a file that begins so may be an object of JSON.
func isJSON(head []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) }

// openDirectory opens a model that Keras wrote without zipping it.
func openDirectory(dir fs.FS) (*File, error) {
	for _, name := range []string{configFile, weightsFile} {
		if _, err := fs.Stat(dir, name); err != nil {
			return nil, foreignDirectory(dir)
		}
	}
	f, err := openParts(dir)
	if err != nil {
		return nil, plaintext.Error(fmt.Errorf("keras: %w", err))
	}
	return f, nil
}

// openParts opens the files that the members of a .keras file are otherwise.
func openParts(dir fs.FS) (*File, error) {
	f := &File{Format: Archive}
	config, err := smallFile(dir, configFile, LimitsOf(1<<40).Config)
	if err != nil {
		return nil, err
	}
	meta, err := smallFile(dir, metadataFile, LimitsOf(0).Metadata)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := f.setConfig(config, meta); err != nil {
		return nil, err
	}
	part, err := openPart(dir, weightsFile)
	if err != nil {
		return nil, err
	}
	f.take(part)
	f.noteSize(part.size + int64(len(config)+len(meta)))
	return f, nil
}

// take takes over the weights of a part and its open files.
func (f *File) take(part *File) {
	f.Weights, f.Optimizer, f.Extra = append(f.Weights, part.Weights...), append(f.Optimizer, part.Optimizer...), append(f.Extra, part.Extra...)
	f.closers, f.opened = append(f.closers, part.closers...), append(f.opened, part.opened...)
}

// openPart opens one of several files of a model: a store of weights.
func openPart(dir fs.FS, name string) (*File, error) {
	info, err := fs.Stat(dir, name) // opening a pipe would wait for its writer
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, withoutPath(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q: got a %v, want a file", name, info.Mode().Type())
	}
	file, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, withoutPath(err))
	}
	f, err := openStore(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return f, nil
}

// openStore opens a .weights.h5 file.
func openStore(file fs.File) (*File, error) {
	r, info, err := readable(file)
	if err != nil {
		return nil, err
	}
	root, err := hdf5.Open(r, r.Size())
	if err != nil {
		head := make([]byte, 512)
		n, _ := r.ReadAt(head, 0)
		return nil, foreign(head[:n], r.Size(), err)
	}
	f := &File{Format: WeightsHDF5, size: r.Size(), content: r, layers: map[string]string{}, closers: []io.Closer{file}, opened: []fs.FileInfo{info}}
	return f, f.readStore(root)
}

// smallFile reads a file of text of most bytes.
func smallFile(dir fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q: %w", name, withoutPath(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q: got a %v, want a file", name, info.Mode().Type())
	case info.Size() > most:
		return nil, fmt.Errorf("%q: got %d bytes, want %d or less", name, info.Size(), most)
	}
	return fs.ReadFile(dir, name)
}
