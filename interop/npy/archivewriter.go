package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/glia-ml/glia/tensor"
)

// WriteOption is an option to [NewArchiveWriter].
type WriteOption uint8

// Deflate compresses the arrays, as NumPy's savez_compressed does.
const Deflate WriteOption = 1

// ArchiveWriter writes a .npz.
type ArchiveWriter struct {
	z      *zip.Writer
	method uint16
	names  map[string]bool
	err    error // the first of an array that was begun: the archive is broken
}

// NewArchiveWriter returns a writer of arrays to an archive, uncompressed as NumPy's
// savez makes it unless [Deflate] is given. The archive is complete after Close.
func NewArchiveWriter(w io.Writer, opts ...WriteOption) *ArchiveWriter {
	a := &ArchiveWriter{z: zip.NewWriter(w), method: zip.Store, names: map[string]bool{}}
	for _, o := range opts {
		if o == Deflate {
			a.method = zip.Deflate
		}
	}
	return a
}

// newYear1980 is the oldest date that ZIP can tell: the archive depends on nothing
// but its arrays.
var newYear1980 = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Add writes t under a name, which may have slashes. The name must differ from
// those before. An array may be of any length, and so may the archive: beyond 4 GB
// both are ZIP64. When an array cannot be written in full the archive is broken, and
// Close returns the error once more.
func (a *ArchiveWriter) Add(name string, t tensor.Source) error {
	member := name + suffix
	_, err := tensor.CheckSource(t)
	switch {
	case a.names == nil:
		return fmt.Errorf("npy: archive: Add %q: the archive is closed", name)
	case a.err != nil:
		return fmt.Errorf("npy: archive: Add %q: the archive is broken: %w", name, a.err)
	case a.names[name]:
		return fmt.Errorf("npy: archive: Add %q: want another name, this one is taken", name)
	case !fs.ValidPath(member) || strings.ContainsAny(member, "\\\x00") || strings.IndexByte(member, ':') == 1:
		return fmt.Errorf("npy: archive: Add %q: want a UTF-8 name without \"..\", \"//\", \"\\\" and NUL, and without \"/\" or a drive such as \"C:\" at the start", name)
	case err != nil:
		return fmt.Errorf("npy: archive: Add %q: %w", name, err)
	}
	head := &zip.FileHeader{Name: member, Method: a.method, Modified: newYear1980}
	head.SetMode(0o600)
	w, err := a.z.CreateHeader(head)
	if err == nil {
		a.names[name] = true
		err = Write(w, t)
	}
	if err != nil {
		a.err = fmt.Errorf("npy: archive: Add %q: %w", name, err)
	}
	return a.err
}

// Close writes the directory of the archive. It does not close the writer below.
func (a *ArchiveWriter) Close() error {
	switch {
	case a.names == nil:
		return errors.New("npy: archive: Close: the archive is closed")
	case a.err != nil:
		return a.err
	}
	a.names = nil
	if err := a.z.Close(); err != nil {
		return fmt.Errorf("npy: archive: Close: %w", err)
	}
	return nil
}
