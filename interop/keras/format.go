package keras

import (
	"fmt"
	"strings"
)

// Format is a kind of model or weights file.
type Format uint8

// The formats. Invalid is the zero value, so that a forgotten format shows.
const (
	Invalid Format = iota
	// Archive is a .keras file: a zip of config, metadata and weights.
	Archive
	// HDF5 is the older form of a whole model in one .h5 file, as Keras 2 writes it.
	HDF5
	// WeightsHDF5 is a .weights.h5 file.
	WeightsHDF5
	// Safetensors is weights by Keras's paths: sequential/dense/kernel in a chain, and
	// dense/kernel in a model of the functional form. Paths in a network in a model begin
	// with the names of all networks around it. Keras's own may be without these names, and
	// then belong to two variables: they are read as well, unless they are ambiguous.
	Safetensors
	// NPZ is weights by these paths in NumPy's archive.
	NPZ
	// Sharded is a .weights.json file: the index of weights in several .weights.h5 files
	// beside it, the shards.
	Sharded
)

var extensions = []struct {
	end    string
	format Format
}{
	{".keras", Archive}, {".weights.h5", WeightsHDF5}, {".weights.json", Sharded}, {".h5", HDF5}, {".hdf5", HDF5}, {".safetensors", Safetensors}, {".npz", NPZ},
}

// FormatOf returns the format that a file's name asks for. Another ending than
// .keras, .weights.h5, .weights.json, .h5, .hdf5, .safetensors or .npz is an error.
func FormatOf(name string) (Format, error) {
	var ends []string
	for _, e := range extensions {
		if strings.HasSuffix(strings.ToLower(name), e.end) {
			return e.format, nil
		}
		ends = append(ends, e.end)
	}
	return Invalid, fmt.Errorf("file name %q: want one that ends in one of %s", name, strings.Join(ends, " "))
}

// String returns the format as files of it are named.
func (f Format) String() string {
	for _, e := range extensions {
		if e.format == f {
			return e.end
		}
	}
	return "invalid"
}

// Whole reports whether files of the format hold a whole model, not only weights.
func (f Format) Whole() bool { return f == Archive || f == HDF5 }
