package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

func newInspect() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "List what is in a model or weights file",
		Long: `List the groups and tensors of a .keras, .h5, .weights.h5, .safetensors, .npy or
.npz file, whoever wrote it: names, types, shapes, bytes in the file, how they are
stored, attributes and metadata. What kind of file it is its first bytes tell. Of a
.weights.json the tensors in its shards are listed, and in which of them they are.`,
		Example: `  glia inspect mnist.keras
  glia inspect model.safetensors | head -40`,
		Args: wantArgs(argument{name: "FILE"}),
		RunE: func(c *cobra.Command, args []string) error {
			w := bufio.NewWriter(c.OutOrStdout())
			defer w.Flush() // main tells of its errors
			return inspect(w, args[0])
		},
	}
}

// inspect lists a file up to the first error.
func inspect(w io.Writer, path string) error {
	file, size, err := openRegular(path)
	if err != nil {
		return err
	}
	defer file.Close()
	l := &listing{root: &branch{label: printable(path) + ": " + plural(size, "byte")}, dirs: map[string]*branch{}}
	if format, e := keras.FormatOf(path); e == nil && format == keras.Sharded {
		err = l.shards(path)
	} else {
		err = l.file(file, size)
	}
	if err == nil || len(l.root.below)+len(l.root.notes) > 0 {
		l.root.print(w)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(w, "\n%s, %s, %s\n", plural(l.tensors, "tensor"), plural(l.numbers, "number"), plural(l.bytes, "byte"))
	if l.unread > 0 {
		fmt.Fprintf(w, "Not among them: %s that no tensor holds\n", plural(l.unread, "array"))
	}
	return nil
}

// listing is a tree of a file's content, and totals.
type listing struct {
	root            *branch
	dirs            map[string]*branch // by name, of files that are lists of names
	tensors, unread int
	numbers, bytes  int64
}

// count counts a tensor of the file, or an object that is not a tensor.
func (l *listing) count(s tensor.Spec, err error) {
	size := 0
	if err == nil {
		size, err = tensor.CheckedBytes(s)
	}
	if err != nil {
		l.unread++
		return
	}
	l.tensors++
	l.numbers += int64(s.Shape.Size())
	l.bytes += int64(size)
}

// file lists a file of any kind.
func (l *listing) file(r io.ReaderAt, size int64) error {
	head := make([]byte, 9)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch head := string(head[:n]); {
	case strings.HasPrefix(head, "\x93NUMPY"):
		return l.npy(io.NewSectionReader(r, 0, size))
	case strings.HasPrefix(head, "PK"):
		return l.zip(r, size)
	case n == 9 && head[8] == '{' && !strings.HasPrefix(head, "\x89HDF"):
		return l.safetensors(r, size)
	}
	root, err := hdf5.Open(r, size)
	if err != nil {
		return otherKind(r, size, err)
	}
	return l.hdf5(l.root, root)
}

// otherKind returns an error that says what a file is which gave err.
func otherKind(r io.ReaderAt, size int64, err error) error {
	if _, e := keras.Open(r, size); e != nil {
		return e
	}
	return err
}

// shards lists the tensors in the shards of an index.
func (l *listing) shards(path string) error {
	f, err := keras.OpenFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, list := range [][]*keras.Weight{f.Weights, f.Optimizer, f.Extra} {
		for _, w := range list {
			_, err := w.Source()
			l.count(w.Spec, err)
			b, last := l.dir(w.Path)
			b.add(last, w.Spec.DType.String(), fmt.Sprint(w.Spec.Shape), plural(w.Spec.Bytes(), "byte"), printable(w.Shard))
		}
	}
	return nil
}

func (l *listing) safetensors(r io.ReaderAt, size int64) error {
	f, err := safetensors.New(r, size)
	if err != nil {
		return err
	}
	meta := f.Metadata()
	for i, key := range slices.Sorted(maps.Keys(meta)) {
		if i == mostNotes {
			l.root.note("and", plural(len(meta)-i, "more text"))
			break
		}
		l.root.note(key, printable(meta[key]))
	}
	meta = nil // it may be most of the file
	for _, name := range f.Names() {
		i, err := f.Info(name)
		if err != nil {
			return err
		}
		l.count(f.Spec(name))
		b, last := l.dir(name)
		b.add(last, printable(i.DType), fmt.Sprint(i.Shape), plural(i.Bytes, "byte"))
	}
	return nil
}

// mostNotes bounds the texts of a file that are listed, and mostDirs the branches that its
// names lead through: those of the names behind are not taken apart.
const (
	mostNotes = 1000
	mostDirs  = 1 << 14
)

// dir returns the branch that a name with slashes leads to, and its last part.
func (l *listing) dir(name string) (b *branch, last string) {
	if strings.Count(name, "/") > deepest || len(l.dirs) > mostDirs {
		return l.root, name
	}
	b = l.root
	for at := 0; ; {
		i := strings.IndexByte(name[at:], '/')
		if i < 0 {
			return b, name[at:]
		}
		next := l.dirs[name[:at+i]]
		if next == nil {
			next = b.add(name[at : at+i])
			l.dirs[name[:at+i]] = next
		}
		b, at = next, at+i+1
	}
}
