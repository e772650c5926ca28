package keras

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// File is an open model or weights file. Its weights are read on demand: until they were, it
// must not be closed, nor the reader that [Open] got.
type File struct {
	// Format is the kind of file.
	Format Format
	// Version is that of the Keras that wrote the file, "" where it does not say.
	Version string
	// Object is the serialised model; nil in a file of weights.
	Object *Object
	// ClassNames are the names of the classes that the model tells apart, in the order of its
	// outputs, which glia writes and Keras ignores; nil if the file has none.
	ClassNames []string
	// Weights are the variables of the model's layers, Optimizer those of its
	// optimizer, Extra glia's own variables.
	Weights, Optimizer, Extra []*Weight
	// InPlace reads weights straight into the memory of variables. After an error some
	// are set: it is for models that nobody uses then. Otherwise weights of 16 MB and less
	// are in memory twice for a moment, more are read twice.
	InPlace bool

	size   int64        // of the file, in bytes
	count  int          // of weights so far
	verify func() error // compares a checksum of all weights, where there is one

	content sized             // of one that is a part of others
	layers  map[string]string // names of layers by their groups, of those without variables too

	closers []io.Closer // of the files that OpenFile or OpenFS opened
	opened  []fs.FileInfo
}

// Verify reads all weights and compares their checksum with the file's; a difference is an
// error. A .keras file has one, and shards that glia wrote; it is not compared when single
// weights are read.
func (f *File) Verify() error {
	if f.verify == nil {
		return nil
	}
	if err := f.verify(); err != nil {
		return fmt.Errorf("keras: %w", err)
	}
	return nil
}

// Size returns the size in bytes, with that of shards.
func (f *File) Size() int64 { return f.size }

// Elements returns the number of elements of all weights, at most that which a file of
// that size can hold, whatever it declares. As the limit of a [nn.Builder] it refuses a
// larger network before it takes memory.
func (f *File) Elements() int {
	n, most := 0, LimitsOf(f.size).Elements
	for _, w := range f.Weights {
		n += min(w.Spec.Shape.Size(), most-n)
	}
	return n
}

// Find returns the weight with a path, or nil.
func Find(weights []*Weight, path string) *Weight {
	i := slices.IndexFunc(weights, func(w *Weight) bool { return w.Path == path })
	if i < 0 {
		return nil
	}
	return weights[i]
}

func openHDF5(r io.ReaderAt, size int64) (*File, error) {
	root, err := hdf5.Open(r, size)
	if err != nil {
		return nil, err
	}
	f := &File{Format: WeightsHDF5, size: size}
	switch config, err := text(root, "model_config"); {
	case err == nil:
		f.Format = HDF5
		return f, f.readWhole(root, config)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if names, err := texts(root, "layer_names"); err == nil {
		return f, f.readLayers(root, names)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return f, f.readStore(root)
}

func openSafetensors(r io.ReaderAt, size int64) (*File, error) {
	s, err := safetensors.New(r, size)
	if err != nil {
		return nil, err
	}
	f := &File{Format: Safetensors, size: size}
	names := s.Names()
	if err := f.room(len(names)); err != nil {
		return nil, err
	}
	for _, name := range names {
		w := &Weight{Path: name, into: func(t *tensor.Tensor) error { return s.ReadInto(name, t) }}
		w.setSource(s.Source(name))
		f.add(w)
	}
	return f, nil
}

func openNPZ(r io.ReaderAt, size int64) (*File, error) {
	a, err := npy.OpenArchive(r, size, npy.BFloat16)
	if err != nil {
		return nil, err
	}
	f := &File{Format: NPZ, size: size}
	names := a.Names()
	if err := f.room(len(names)); err != nil {
		return nil, err
	}
	for _, name := range names {
		w := &Weight{Path: name, into: func(t *tensor.Tensor) error { return a.ReadInto(name, t) }}
		w.setSource(a.Source(name))
		f.add(w)
	}
	return f, nil
}

// room counts n weights that are about to be listed. It returns an error if they are too many.
func (f *File) room(n int) error {
	if f.count += n; f.count > mostWeights(f.size) {
		return fmt.Errorf("more than %d weights in a file of %d bytes: want fewer", mostWeights(f.size), f.size)
	}
	return nil
}

// add adds a weight of a file that is a list of names. Those of the optimizer and
// glia's own have their prefixes.
func (f *File) add(w *Weight) {
	switch first, _ := cut(w.Path); first {
	case "optimizer":
		f.Optimizer = append(f.Optimizer, w)
	case extraGroup:
		f.Extra = append(f.Extra, w)
	default:
		f.Weights = append(f.Weights, w)
	}
}
