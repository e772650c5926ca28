package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/glia-ml/glia/internal/hdf5"
)

// The older form, of Keras 1 to 3: one HDF5 file with the config as an attribute,
// a group for every layer, named as the layer, and in it the variables by their
// paths. Attributes list layers and variables in order.

// readWhole reads such a file of a whole model.
func (f *File) readWhole(root *hdf5.Group, config string) (err error) {
	if f.Version, err = text(root, "keras_version"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.Object, err = ParseObject([]byte(config)); err != nil {
		return fmt.Errorf("attribute model_config: %w", err)
	}
	switch training, err := text(root, "training_config"); {
	case err == nil:
		f.Object.CompileConfig = json.RawMessage(training)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := f.readClassNames(root); err != nil {
		return fmt.Errorf("attribute %s: %w", classNamesKey, err)
	}
	layers, err := root.Group("model_weights")
	if err != nil {
		return err
	}
	names, err := texts(layers, "layer_names")
	if err != nil {
		return err
	}
	if err := f.readLayers(layers, names); err != nil {
		return err
	}
	switch g, err := root.Group("optimizer_weights"); {
	case err == nil:
		if f.Optimizer, err = f.weightsByName(g); err != nil { // the model is whole without them
			f.Optimizer = []*Weight{{Path: "optimizer_weights", bad: err}}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if g, err := root.Group(extraGroup); err == nil {
		return f.readExtra(g)
	}
	return nil
}

// readLayers lists the weights of layers, named in the order of the model.
func (f *File) readLayers(g *hdf5.Group, names []string) error {
	for _, name := range append(names, "top_level_model_weights") {
		layer, err := g.Group(name)
		if errors.Is(err, fs.ErrNotExist) && name == "top_level_model_weights" {
			continue
		}
		if err != nil {
			return err
		}
		weights, err := f.weightsByName(layer)
		if err != nil {
			return err
		}
		for _, w := range weights {
			w.Layer, w.group = name, name
		}
		f.Weights = append(f.Weights, weights...)
	}
	return nil
}

// weightsByName lists the weights that an attribute of the group names.
func (f *File) weightsByName(g *hdf5.Group) ([]*Weight, error) {
	names, err := texts(g, "weight_names")
	if err == nil {
		err = f.room(len(names))
	}
	if err != nil {
		return nil, err
	}
	weights := make([]*Weight, len(names))
	for i, name := range names {
		d, err := g.Dataset(name)
		if err != nil {
			return nil, err
		}
		d.OpaqueBFloat16() // as Keras 3 writes it here, and cannot read it
		weights[i] = datasetWeight(d)
		weights[i].Path = strings.TrimSuffix(name, ":0") // as TensorFlow numbers a variable's values
	}
	return weights, nil
}

func (f *File) readExtra(g *hdf5.Group) error {
	names, err := g.Names()
	if err == nil {
		err = f.room(len(names))
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		w, err := weightOf(g, name)
		if err != nil {
			return err
		}
		w.Path, w.group = extraGroup+"/"+name, extraGroup
		f.Extra = append(f.Extra, w)
	}
	return nil
}

func badAttr(o hdf5.Object, name string, got any, want string) error {
	return fmt.Errorf("%s: attribute %s: got %T, want %s", o.Path(), name, got, want)
}

// cut splits a path behind its first name.
func cut(path string) (first, rest string) {
	first, rest, _ = strings.Cut(path, "/")
	return first, rest
}
