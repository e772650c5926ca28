package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/internal/zipfile"
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
	files, err := zipfile.Open(r, size)
	if err != nil {
		return otherKind(r, size, err)
	}
	if !slices.ContainsFunc(files, func(f *zipfile.File) bool { return f.Name == "config.json" }) {
		return l.npz(r, size)
	}
	for _, f := range files {
		b := l.root.add(f.Name, "", "", plural(f.UncompressedSize64, "byte"), stored(f))
		if err := l.member(b, f, size); err != nil {
			return fmt.Errorf("%.200q: %w", f.Name, err)
		}
	}
	return nil
}

// stored tells how a member of an archive is stored.
func stored(f *zipfile.File) string {
	if f.Method == zip.Store {
		return ""
	}
	return "compressed to " + plural(f.CompressedSize64, "byte")
}

// member lists the content of a member of a .keras file of size bytes.
func (l *listing) member(b *branch, f *zipfile.File, size int64) error {
	switch {
	case f.Name == "config.json":
		text, err := f.ReadAll(keras.LimitsOf(size).Config)
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
		text, err := f.ReadAll(keras.LimitsOf(size).Metadata)
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
		weights, err := f.Content(keras.LimitsOf(size).Inflated)
		if err != nil {
			return err
		}
		root, err := hdf5.Open(weights, weights.Size())
		if err != nil {
			return err
		}
		return l.hdf5(b, root)
	}
	return nil
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
