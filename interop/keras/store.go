package keras

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/tensor"
)

// Keras 3 keeps the variables of every part of a model in a group of HDF5 that
// follows the attributes of its Python objects:
//
//	layers/dense/vars/0                  first variable of the first Dense layer
//	layers/sequential/layers/dense/vars/0    of one in a network among the layers
//	optimizer/vars/0
//
// The names in the path count classes; the layer's own name is an attribute.
const (
	varsGroup      = "vars"
	optimizerGroup = "optimizer"
	metricsGroup   = "metrics" // Keras 2 kept the totals of an epoch, too
	extraGroup     = "glia"    // glia's own, which Keras ignores
	oldLayers      = "_layer_checkpoint_dependencies"
)

// readStore lists the variables in such a file.
func (f *File) readStore(root *hdf5.Group) error {
	return hdf5.Walk(root, func(o hdf5.Object) error {
		g, ok := o.(*hdf5.Group)
		if !ok {
			return nil
		}
		group, base := path.Split(strings.TrimPrefix(g.Path(), "/"))
		if base != varsGroup && g.Path() != "/"+extraGroup {
			return nil
		}
		group = strings.TrimSuffix(group, "/")
		if first, _ := cut(group); first == metricsGroup {
			return nil
		}
		layer, err := text(g, "name")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if layer != "" && f.layers != nil {
			f.layers[group] = layer
		}
		names, err := g.Names()
		if err != nil {
			return err
		}
		if err := f.room(len(names)); err != nil {
			return err
		}
		slices.SortFunc(names, byNumber)
		for _, name := range names {
			w, err := weightOf(g, name)
			if err != nil {
				return err
			}
			w.Path, w.Layer, w.group = strings.TrimPrefix(path.Join(g.Path(), name), "/"), layer, group
			f.add(w)
		}
		return nil
	})
}

// byNumber orders names that are numbers by their value.
func byNumber(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	if errX == nil && errY == nil {
		return x - y
	}
	return strings.Compare(a, b)
}

// weightOf returns the dataset of a group as a weight.
func weightOf(g *hdf5.Group, name string) (*Weight, error) {
	d, err := g.Dataset(name)
	if err != nil {
		return nil, err
	}
	return datasetWeight(d), nil
}

// datasetWeight returns a dataset as a weight.
func datasetWeight(d *hdf5.Dataset) *Weight {
	w := &Weight{into: d.ReadInto}
	w.setSource(d.Source())
	return w
}

// text returns an attribute that is a string; a missing one is fs.ErrNotExist.
func text(o hdf5.Object, name string) (string, error) {
	a, err := o.Attr(name)
	if err != nil {
		return "", err
	}
	if s, ok := a.(string); ok {
		return s, nil
	}
	return "", badAttr(o, name, a, "a string")
}

// texts returns an attribute that is a list of strings. Keras splits long ones
// into name0, name1 and so on.
func texts(o hdf5.Object, name string) ([]string, error) {
	all, err := textList(o, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return all, err
	}
	for i := 0; ; i++ {
		part, e := textList(o, name+strconv.Itoa(i))
		if errors.Is(e, fs.ErrNotExist) && i > 0 {
			return all, nil
		}
		if e != nil {
			return nil, e
		}
		all = append(all, part...)
	}
}

func textList(o hdf5.Object, name string) ([]string, error) {
	a, err := o.Attr(name)
	if err != nil {
		return nil, err
	}
	switch a := a.(type) {
	case nil:
		return nil, nil
	case []string:
		return a, nil
	case *tensor.Tensor:
		if a.Len() == 0 { // NumPy makes numbers of an empty list
			return nil, nil
		}
	}
	return nil, badAttr(o, name, a, "strings")
}
