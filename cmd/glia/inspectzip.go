package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
)

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

// member lists the content of a member of a .keras file.
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

// content returns the bytes of a member of an archive.
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

// jsonText returns a string without its quotes, other values as they are.
func jsonText(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) != nil {
		s = string(v)
	}
	return printable(s)
}
