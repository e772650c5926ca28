package main

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// named is a weight that can be read, and the name that it gets.
type named struct {
	*keras.Weight
	name   string
	source tensor.Source
}

// raw returns a function that copies the weights of f under their own names to a file of a
// format.
func (v *conversion) raw(f *modelFile, format keras.Format) (func(path string) error, error) {
	all, err := namesOf(f)
	if err == nil {
		err = f.Verify()
	}
	if err != nil {
		return nil, err
	}
	switch format {
	case keras.Safetensors:
		return func(path string) error {
			return atomicfile.Write(path, func(w io.Writer) error { return rawSafetensors(w, all) })
		}, nil
	case keras.NPZ:
		return func(path string) error {
			return atomicfile.Write(path, func(w io.Writer) error { return rawNPZ(w, all) })
		}, nil
	case keras.WeightsHDF5, keras.Sharded:
		for _, n := range all {
			if !storeName.MatchString(n.name) {
				return nil, fmt.Errorf("%s: where in a %v it stands its name does not tell, as layers/dense/vars/0 does: want --model MODEL.keras", printable(n.name), format)
			}
		}
		if format == keras.Sharded {
			return func(path string) error { return keras.WriteShards(path, groupsOf(all), v.shardSize()) }, nil
		}
		return func(path string) error {
			return atomicfile.Write(path, func(w io.Writer) error { return keras.WriteStore(w, groupsOf(all)) })
		}, nil
	}
	return nil, fmt.Errorf("a %v file of weights alone does not tell the layers of a model: want --model MODEL.keras", f.Format)
}

// storeName matches the places of Keras's store, and those that glia adds.
var storeName = regexp.MustCompile(`^((.+/)?vars/\d+|glia/[^/]+)$`)

// namesOf lists all weights of a file.
func namesOf(f *modelFile) ([]named, error) {
	var all []named
	seen := map[string]bool{}
	twice := slices.ContainsFunc(f.Weights, func(w *keras.Weight) bool {
		defer func() { seen[w.Path] = true }()
		return seen[w.Path]
	})
	for _, w := range f.Weights {
		n := named{Weight: w, name: w.Path}
		if twice { // the older form repeats names from layer to layer
			n.name = path.Join(w.Layer, w.Path)
		}
		all = append(all, n)
	}
	for _, w := range f.Optimizer {
		all = append(all, named{Weight: w, name: "optimizer/" + strings.TrimPrefix(w.Path, "optimizer/")})
	}
	for _, w := range f.Extra {
		all = append(all, named{Weight: w, name: w.Path})
	}
	seen = map[string]bool{}
	for i, n := range all {
		if seen[n.name] {
			return nil, fmt.Errorf("two weights are named %s: want different names", printable(n.name))
		}
		seen[n.name] = true
		var err error
		if all[i].source, err = n.Source(); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: got no weights", f.path)
	}
	return all, nil
}

func rawSafetensors(w io.Writer, all []named) error {
	entries := make([]safetensors.Entry, len(all))
	for i, n := range all {
		entries[i] = safetensors.Entry{Name: n.name, Tensor: n.source}
	}
	return safetensors.Write(w, entries, map[string]string{"format": "keras"})
}

func rawNPZ(w io.Writer, all []named) error {
	a := npy.NewArchiveWriter(w)
	for _, n := range all {
		if err := a.Add(n.name, n.source); err != nil {
			return err
		}
	}
	return a.Close()
}

// groupsOf puts weights whose names are their places in groups.
func groupsOf(all []named) []keras.Group {
	var groups []keras.Group
	at := map[string]int{}
	for _, n := range all {
		dir, base := path.Split(n.name)
		dir = strings.TrimSuffix(dir, "/")
		i, ok := at[dir]
		if !ok {
			i = len(groups)
			at[dir], groups = i, append(groups, keras.Group{Path: dir, Layer: n.Layer})
		}
		g := &groups[i]
		g.Names, g.Values = append(g.Names, base), append(g.Values, n.source)
	}
	return groups
}
