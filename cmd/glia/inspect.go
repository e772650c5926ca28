package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

func newInspect() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "List what is in a model or weights file",
		Long: `List the groups and tensors of a .keras, .h5, .weights.h5, .safetensors, .npy or
.npz file, whoever wrote it: names, types, shapes, bytes in the file, how they are
stored, attributes and metadata. What kind of file it is its first bytes tell.`,
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

// inspect lists a file, up to what is wrong with it.
func inspect(w io.Writer, path string) error {
	file, size, err := openRegular(path)
	if err != nil {
		return err
	}
	defer file.Close()
	l := &listing{root: &branch{label: printable(path) + ": " + plural(size, "byte")}, dirs: map[string]*branch{}}
	err = l.file(file, size)
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

// count counts what is in a tensor of the file, or is none.
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
		return fmt.Errorf("want a .keras, .h5, .safetensors, .npy or .npz file: %w", err)
	}
	return l.hdf5(l.root, root)
}

func (l *listing) npy(r io.Reader) error {
	h, err := npy.ReadHeader(r)
	if err != nil {
		return err
	}
	l.array(l.root, "array", h)
	return nil
}

// array lists an array of NumPy's.
func (l *listing) array(b *branch, name string, h npy.Header) {
	s, err := h.Spec(npy.BFloat16)
	l.count(s, err)
	kind, size, order := h.Descr, "", ""
	if err == nil {
		kind, size = s.DType.String(), plural(s.Bytes(), "byte")
	}
	if h.Fortran {
		order = "column-major"
	}
	if strings.HasPrefix(h.Descr, ">") {
		order = strings.TrimSpace("big-endian " + order)
	}
	b.add(name, printable(kind), fmt.Sprint(h.Shape), size, order)
}

// zip lists a .keras file, or a .npz.
func (l *listing) zip(r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "config.json" }) {
		return l.npz(r, size)
	}
	for _, f := range z.File {
		b := l.root.add(f.Name, "", "", plural(f.UncompressedSize64, "byte"), stored(f))
		if err := l.member(b, f, r); err != nil {
			return fmt.Errorf("%.200q: %w", f.Name, err)
		}
	}
	return nil
}

// stored tells how a member of an archive is stored.
func stored(f *zip.File) string {
	if f.Method == zip.Store {
		return ""
	}
	return "compressed to " + plural(f.CompressedSize64, "byte")
}

// member lists what is in a member of a .keras file.
func (l *listing) member(b *branch, f *zip.File, archive io.ReaderAt) error {
	switch {
	case f.Name == "config.json":
		text, err := content(f)
		if err != nil {
			return err
		}
		o, err := keras.ParseObject(text)
		if err != nil {
			return err
		}
		b.note("class_name", printable(o.Class))
		if layers, err := keras.Outline(o); err == nil {
			b.note("layers", grouped(len(layers)))
		}
	case f.Name == "metadata.json":
		text, err := content(f)
		if err != nil {
			return err
		}
		var values map[string]json.RawMessage
		if err := json.Unmarshal(text, &values); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			b.note(key, jsonText(values[key]))
		}
	case strings.HasSuffix(f.Name, ".h5"):
		weights, size, err := place(f, archive)
		if err != nil {
			return err
		}
		root, err := hdf5.Open(weights, size)
		if err != nil {
			return err
		}
		return l.hdf5(b, root)
	}
	return nil
}

// place returns where a member lies in its archive, or its content if that is
// compressed.
func place(f *zip.File, archive io.ReaderAt) (io.ReaderAt, int64, error) {
	if f.Method != zip.Store {
		b, err := content(f)
		return bytes.NewReader(b), int64(len(b)), err
	}
	if f.CompressedSize64 != f.UncompressedSize64 {
		return nil, 0, fmt.Errorf("%d bytes stored as %d: want the same", f.UncompressedSize64, f.CompressedSize64)
	}
	at, err := f.DataOffset()
	return io.NewSectionReader(archive, at, int64(f.UncompressedSize64)), int64(f.UncompressedSize64), err
}

// A member that becomes large and mostly air is no model.
const (
	airFloor = 64 << 20
	mostAir  = 100
)

// content returns what is in a member of an archive.
func content(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > airFloor && f.UncompressedSize64/mostAir > f.CompressedSize64 {
		return nil, fmt.Errorf("%d bytes come of %d: want no more than %d times as many", f.UncompressedSize64, f.CompressedSize64, mostAir)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func (l *listing) npz(r io.ReaderAt, size int64) error {
	a, err := npy.OpenArchive(r, size, npy.BFloat16)
	if err != nil {
		return err
	}
	if len(a.Names()) == 0 {
		return errors.New("an archive with neither config.json nor a .npy in it: want a .keras or .npz file")
	}
	for _, name := range a.Names() {
		h, err := a.Header(name)
		if err != nil {
			return err
		}
		b, last := l.dir(name)
		l.array(b, last, h)
	}
	return nil
}

func (l *listing) safetensors(r io.ReaderAt, size int64) error {
	f, err := safetensors.New(r, size)
	if err != nil {
		return err
	}
	meta := f.Metadata()
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		l.root.note(key, printable(meta[key]))
	}
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

// jsonText returns a string without its quotes, other values as they are.
func jsonText(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) != nil {
		s = string(v)
	}
	return printable(s)
}

// dir returns the branch that a name with slashes leads to, and its last part.
func (l *listing) dir(name string) (b *branch, last string) {
	if strings.Count(name, "/") > deepest {
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
